//! The font of paper and of rasters: Open Sans, a part of it, which is built in.

use std::sync::OnceLock;

use ttf_parser::{Face, GlyphId, OutlineBuilder};

const REGULAR: &[u8] = include_bytes!("../../fonts/OpenSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/OpenSans-Bold.ttf");

/// One of the two faces.
pub(crate) struct Font {
    /// Its file.
    pub(crate) bytes: &'static [u8],
    /// Its name in a PDF.
    pub(crate) name: &'static str,
    pub(crate) face: Face<'static>,
}

impl Font {
    /// Regular or bold.
    pub(crate) fn of(bold: bool) -> &'static Self {
        static FONTS: OnceLock<[Font; 2]> = OnceLock::new();
        let made = || {
            [("OpenSans-Regular", REGULAR), ("OpenSans-Bold", BOLD)].map(|(name, bytes)| Self {
                bytes,
                name,
                face: Face::parse(bytes, 0).expect("a test reads both files"),
            })
        };
        &FONTS.get_or_init(made)[usize::from(bold)]
    }

    /// The glyph of a sign. Spaces that must not break are spaces; what the font lacks is its empty box.
    pub(crate) fn glyph(&self, sign: char) -> GlyphId {
        let sign = match sign {
            '\u{202f}' | '\u{2009}' => '\u{a0}',
            '\u{27e6}' => '[',
            '\u{27e7}' => ']',
            sign => sign,
        };
        self.face.glyph_index(sign).unwrap_or(GlyphId(0))
    }

    /// Units in which the font is drawn, to one size.
    pub(crate) fn units(&self) -> f64 {
        f64::from(self.face.units_per_em())
    }

    /// How far a glyph advances, in units of the font.
    pub(crate) fn advance(&self, glyph: GlyphId) -> f64 {
        f64::from(self.face.glyph_hor_advance(glyph).unwrap_or(0))
    }

    /// Width of a text. The font is set without kerning, here as in what is drawn.
    pub(crate) fn width(&self, text: &str, size: f64) -> f64 {
        let units: f64 = text.chars().map(|sign| self.advance(self.glyph(sign))).sum();
        units * size / self.units()
    }

    /// Draws a glyph in units of the font, y upwards.
    pub(crate) fn outline(&self, glyph: GlyphId, builder: &mut dyn OutlineBuilder) {
        // A space has no outline.
        let _ = self.face.outline_glyph(glyph, builder);
    }

    /// Breaks a text into lines no wider than this. A word that is wider is broken, too.
    pub(crate) fn lines(&self, text: &str, size: f64, width: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&longer, size) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for sign in word.chars() {
                line.push(sign);
                if self.width(&line, size) > width && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, sign.to_string()));
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// Width of the longest word.
    pub(crate) fn longest(&self, text: &str, size: f64) -> f64 {
        text.split(' ').map(|word| self.width(word, size)).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Lang, Words};

    #[test]
    fn every_sign_of_every_catalogue_is_in_both_fonts() {
        let mut signs: Vec<char> =
            "0123456789 \u{2212}\u{b1}\u{d7}\u{f7}\u{2264}\u{2265}\u{b5}\u{2082}\u{2013}\u{b7}\u{a0}"
                .chars()
                .collect();
        for lang in Lang::ALL {
            let words = Words::of(lang);
            let texts = words.texts().chain(words.sentences().map(|one| one.1));
            signs.extend(texts.flat_map(str::chars));
        }
        signs.sort_unstable();
        signs.dedup();
        for bold in [false, true] {
            for sign in &signs {
                assert_ne!(Font::of(bold).glyph(*sign), GlyphId(0), "{sign} {:x}", *sign as u32);
            }
        }
    }

    #[test]
    fn lines_are_no_wider_than_they_may_be_and_nothing_is_lost() {
        let font = Font::of(false);
        let text = "A long sentence with averyveryverylongwordthatdoesnotfit and a short end.";
        for width in [20.0, 60.0, 200.0, 1e4] {
            let lines = font.lines(text, 10.0, width);
            assert!(lines.iter().all(|line| font.width(line, 10.0) <= width), "{lines:?}");
            let bare = |text: &str| text.replace(' ', "");
            assert_eq!(bare(&lines.concat()), bare(text));
        }
        assert!(font.lines("", 10.0, 50.0).is_empty());
    }
}
