//! A page that is being filled from above.

use super::font::Font;
use crate::document::Document;
use crate::picture::{Anchor, Svg, ink};

/// A4 in points.
const PAGE: (f64, f64) = (595.28, 841.89);

/// Points of a millimetre.
pub(super) const MM: f64 = 72.0 / 25.4;

/// Height of a line, to the size of its font, as in `page.css`.
pub(super) const LINE: f64 = 1.36;

/// How words are set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Points, before the scale.
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) colour: &'static str,
}

impl Style {
    pub(super) const fn new(size: f64, bold: bool, colour: &'static str) -> Self {
        Self { size, bold, colour }
    }
}

pub(super) const BODY: Style = Style::new(9.6, false, ink::TEXT);
const TITLE: Style = Style::new(17.0, true, ink::LINE);
const SUBTITLE: Style = Style::new(9.6, false, ink::AXIS);
const SCREENING: Style = Style::new(7.6, true, "#2f3b47");
const ORIGIN: Style = Style::new(7.6, false, ink::AXIS);

/// Pages with the same head and foot.
pub(super) struct Sheet<'a> {
    document: &'a Document,
    number: &'a str,
    /// Everything is set by this smaller.
    pub(super) scale: f64,
    full: Vec<Svg>,
    pub(super) page: Svg,
    /// Where the next block begins.
    pub(super) y: f64,
    /// Where the foot begins.
    bottom: f64,
    /// Whether anything stands on the page but its head.
    is_fresh: bool,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(document: &'a Document, number: &'a str, scale: f64) -> Self {
        let page = Svg::new(PAGE.0, PAGE.1);
        let mut sheet = Self {
            document,
            number,
            scale,
            full: Vec::new(),
            page,
            y: 0.0,
            bottom: 0.0,
            is_fresh: true,
        };
        sheet.begin();
        sheet
    }

    pub(super) const fn left() -> f64 {
        14.0 * MM
    }

    pub(super) const fn right() -> f64 {
        PAGE.0 - 14.0 * MM
    }

    pub(super) const fn width() -> f64 {
        Self::right() - Self::left()
    }

    /// A distance of `page.css` in points, at this scale.
    pub(super) fn mm(&self, length: f64) -> f64 {
        length * MM * self.scale
    }

    /// Head and foot of a new page.
    fn begin(&mut self) {
        self.page = Svg::new(PAGE.0, PAGE.1);
        self.y = 12.0 * MM;
        self.is_fresh = true;
        let document = self.document;
        // Head and foot are not made smaller: they are what tells one paper from another.
        let scale = std::mem::replace(&mut self.scale, 1.0);
        self.text(&document.title, TITLE, Self::left(), Self::width(), 1.2);
        self.y += 0.6 * MM;
        self.text(&document.subtitle, SUBTITLE, Self::left(), Self::width(), LINE);
        self.y += 1.5 * MM;
        self.rule(self.y, ink::LINE, 1.2);
        self.y += 3.0 * MM;
        let top = self.y;
        let origin = format!("{}{}", document.origin, self.number);
        let foot = self.height(&document.screening, SCREENING, Self::width(), 1.3)
            + self.height(&origin, ORIGIN, Self::width(), 1.3);
        self.bottom = PAGE.1 - 9.0 * MM - foot - 3.0 * MM;
        self.y = PAGE.1 - 9.0 * MM - foot;
        self.rule(self.y - 1.4 * MM, "#b9c4d0", 0.6);
        self.text(&document.screening, SCREENING, Self::left(), Self::width(), 1.3);
        self.text(&origin, ORIGIN, Self::left(), Self::width(), 1.3);
        self.scale = scale;
        self.y = top;
    }

    fn rule(&mut self, y: f64, colour: &str, width: f64) {
        self.page.line((Self::left(), y), (Self::right(), y), colour, width, "");
    }

    /// Begins a new page if this height does not fit below what is there.
    pub(super) fn need(&mut self, height: f64) {
        if self.y + height > self.bottom && !self.is_fresh {
            let full = std::mem::replace(&mut self.page, Svg::new(PAGE.0, PAGE.1));
            self.full.push(full);
            self.begin();
        }
        self.is_fresh = false;
    }

    /// Height of words that are broken into lines.
    pub(super) fn height(&self, text: &str, style: Style, width: f64, line: f64) -> f64 {
        let size = style.size * self.scale;
        Font::of(style.bold).lines(text, size, width).len() as f64 * size * line
    }

    /// Sets words below what is there.
    pub(super) fn text(&mut self, text: &str, style: Style, left: f64, width: f64, line: f64) {
        self.y = self.text_at(text, style, (left, self.y), width, line);
    }

    /// Sets words at a place, and says where they end.
    pub(super) fn text_at(
        &mut self,
        text: &str,
        style: Style,
        (left, top): (f64, f64),
        width: f64,
        line: f64,
    ) -> f64 {
        let size = style.size * self.scale;
        let mut y = top;
        for words in Font::of(style.bold).lines(text, size, width) {
            self.words(&words, style, (left, y), Anchor::Start, line);
            y += size * line;
        }
        y
    }

    /// Sets one line of words whose upper edge is given.
    pub(super) fn words(
        &mut self,
        text: &str,
        style: Style,
        (x, top): (f64, f64),
        anchor: Anchor,
        line: f64,
    ) {
        let size = style.size * self.scale;
        // Letters without descent stand in the middle of their line.
        let base = top + size * (line / 2.0 + 0.36);
        match style.bold {
            true => self.page.bold((x, base), size, anchor, style.colour, text),
            false => self.page.text((x, base), size, anchor, style.colour, text),
        }
    }

    /// All pages.
    pub(super) fn finish(mut self) -> Vec<Svg> {
        self.full.push(self.page);
        let title = &self.document.title;
        self.full.into_iter().map(|page| page.finish(title)).collect()
    }
}
