//! Tables on a page: columns as wide as what stands in them, within what there is.

use super::font::Font;
use super::sheet::{Sheet, Style};
use crate::picture::{Anchor, ink};

const SIZE: f64 = 7.9;
const HEAD: Style = Style::new(SIZE, false, ink::AXIS);
const FIRST: Style = Style::new(SIZE, true, ink::TEXT);
const CELL: Style = Style::new(SIZE, false, ink::TEXT);
const LINE: f64 = 1.25;

pub(super) fn put(sheet: &mut Sheet<'_>, head: &[String], rows: &[Vec<String>]) {
    let widths = widths(sheet, head, rows);
    row(sheet, head, &widths, |_| HEAD, ("#16324f", 0.8));
    for cells in rows {
        let style = |column: usize| if column == 0 { FIRST } else { CELL };
        row(sheet, cells, &widths, style, ("#d5dce4", 0.4));
    }
    sheet.y += sheet.mm(1.0);
}

/// Space beside what stands in a cell.
fn pad(sheet: &Sheet<'_>) -> f64 {
    sheet.mm(1.2)
}

/// Each column gets what its longest word needs, and of the rest a part by what it could use.
fn widths(sheet: &Sheet<'_>, head: &[String], rows: &[Vec<String>]) -> Vec<f64> {
    let size = SIZE * sheet.scale;
    let pads = 2.0 * pad(sheet);
    let columns: Vec<(f64, f64)> = (0..head.len())
        .map(|column| {
            let bold = column == 0;
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| (cell, bold));
            let all = cells.chain([(&head[column], false)]);
            all.fold((pads, pads), |(least, most), (cell, bold)| {
                let font = Font::of(bold);
                // Numbers stay on one line.
                let is_number = !bold && cell.starts_with(|sign: char| !sign.is_alphabetic());
                let whole = pads + font.width(cell, size);
                let word = if is_number { whole } else { pads + font.longest(cell, size) };
                (least.max(word), most.max(whole))
            })
        })
        .collect();
    let least: f64 = columns.iter().map(|one| one.0).sum();
    let most: f64 = columns.iter().map(|one| one.1).sum();
    let there = Sheet::width();
    if least >= there {
        return columns.iter().map(|one| one.0 * there / least).collect();
    }
    if most <= there {
        let spare = (there - most) / columns.len().max(1) as f64;
        return columns.iter().map(|one| one.1 + spare).collect();
    }
    let share = (there - least) / (most - least);
    columns.iter().map(|one| one.0 + share * (one.1 - one.0)).collect()
}

fn row(
    sheet: &mut Sheet<'_>,
    cells: &[String],
    widths: &[f64],
    style: impl Fn(usize) -> Style,
    (rule, thick): (&str, f64),
) {
    let inner = |width: f64| width - 2.0 * pad(sheet) + 0.01;
    let broken: Vec<Vec<String>> = cells
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(column, (cell, width))| {
            let style = style(column);
            Font::of(style.bold).lines(cell, style.size * sheet.scale, inner(*width))
        })
        .collect();
    let step = SIZE * sheet.scale * LINE;
    let lines = broken.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let height = lines as f64 * step + sheet.mm(1.1);
    sheet.need(height);
    let top = sheet.y + sheet.mm(0.55);
    let mut left = Sheet::left();
    for (column, (lines, width)) in broken.iter().zip(widths).enumerate() {
        let (x, anchor) = match column {
            0 => (left + pad(sheet), Anchor::Start),
            _ => (left + width - pad(sheet), Anchor::End),
        };
        for (index, line) in lines.iter().enumerate() {
            let place = (x, top + index as f64 * step);
            sheet.words(line, style(column), place, anchor, LINE);
        }
        left += width;
    }
    sheet.y += height;
    let y = sheet.y;
    sheet.page.line((Sheet::left(), y), (Sheet::right(), y), rule, thick, "");
}
