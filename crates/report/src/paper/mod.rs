//! A document on A4 pages, for PDF and PNG, without a browser.
//!
//! The same blocks in the same order and colours as the page in HTML (`page.css`), set by hand: what is
//! drawn are marks, as in the pictures. Where a page is too full, everything on it is set a little
//! smaller, and only what does not fit even then goes on to a further page.

mod blocks;
mod font;
mod pdf;
mod raster;
mod sheet;
mod table;

use crate::document::Document;
use crate::picture::Svg;

pub use raster::png;

use sheet::Sheet;

/// Sizes that are tried, largest first. Our choice: the smallest text is then still above 5 points.
const SCALES: [f64; 8] = [1.0, 0.96, 0.92, 0.88, 0.84, 0.8, 0.75, 0.7];

/// The pages, 595.3 by 841.9 points each.
#[must_use]
pub fn pages(document: &Document) -> Vec<Svg> {
    let mut all = Vec::new();
    let count = document.pages.len();
    for (index, page) in document.pages.iter().enumerate() {
        let number = if count > 1 { format!(" {}/{count}", index + 1) } else { String::new() };
        let mut set = Vec::new();
        for scale in SCALES {
            let mut sheet = Sheet::new(document, &number, scale);
            for block in page {
                sheet.put(block);
            }
            set = sheet.finish();
            if set.len() == 1 {
                break;
            }
        }
        all.extend(set);
    }
    all
}

/// The document as one PDF file.
#[must_use]
pub fn pdf(document: &Document, version: &str) -> Vec<u8> {
    pdf::write(&pages(document), &document.title, document.lang.code(), version)
}

/// Red, green and blue of `#rrggbb`; black for what is none.
fn rgb(text: &str) -> [u8; 3] {
    let part = |at: usize| {
        let digits = text.get(1 + 2 * at..3 + 2 * at);
        digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).unwrap_or(0)
    };
    [part(0), part(1), part(2)]
}
