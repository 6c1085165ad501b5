//! Pages as PDF 1.7: vector marks, and text with its font in the file, so that it can be searched, copied
//! and read aloud.
//!
//! Written here and not by a package: what a page is made of are six marks and two fonts, and a package
//! that reads SVG and shapes text would be some fifty others. The same pages give the same bytes: there is
//! no date, and the identifier is left out.
//!
//! # Source
//!
//! ISO 32000-1:2008, clauses 7.3 (objects), 7.5 (file structure), 8.4 to 8.5 (graphics), 9.6 to 9.10 (fonts,
//! `ToUnicode`).

use std::collections::BTreeMap;
use std::fmt::Write;

use super::font::Font;
use crate::picture::{Anchor, Line, Mark, Svg};

/// Objects before those of the pages: catalogue, list of pages, information, and five a font.
const FIXED: usize = 3 + 2 * FONT_OBJECTS;
const FONT_OBJECTS: usize = 5;

/// Writes pages, each as large as its picture, in points.
#[must_use]
pub(crate) fn write(pages: &[Svg], title: &str, lang: &str, version: &str) -> Vec<u8> {
    let mut file = File::new();
    let kids: Vec<String> =
        (0..pages.len()).map(|page| format!("{} 0 R", FIXED + 1 + 2 * page)).collect();
    file.object(&format!(
        "<</Type/Catalog/Pages 2 0 R/Lang({lang})/ViewerPreferences<</DisplayDocTitle true>>>>"
    ));
    file.object(&format!("<</Type/Pages/Kids[{}]/Count {}>>", kids.join(" "), pages.len()));
    file.object(&format!(
        "<</Title{}/Producer(levator {version})/Creator(levator {version})>>",
        unicode(title)
    ));
    for bold in [false, true] {
        font(&mut file, bold, &glyphs(pages, bold));
    }
    for (index, page) in pages.iter().enumerate() {
        file.object(&format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 {} {}]/Contents {} 0 R/Resources<</Font<</F0 4 0 R/F1 {} 0 R>>>>>>",
            number(page.width()),
            number(page.height()),
            FIXED + 2 + 2 * index,
            4 + FONT_OBJECTS
        ));
        file.stream("", content(page).as_bytes());
    }
    file.finish()
}

/// Glyphs that are used, with the sign that each stands for.
fn glyphs(pages: &[Svg], bold: bool) -> BTreeMap<u16, char> {
    let font = Font::of(bold);
    let mut used = BTreeMap::new();
    for mark in pages.iter().flat_map(Svg::marks) {
        if let Mark::Words(line) = mark
            && line.bold == bold
        {
            used.extend(line.text.chars().map(|sign| (font.glyph(sign).0, sign)));
        }
    }
    used
}

/// Five objects: the font for text, the font of glyphs, its metrics, its file, and what glyphs stand for.
fn font(file: &mut File, bold: bool, used: &BTreeMap<u16, char>) {
    let font = Font::of(bold);
    let first = file.next();
    let name = font.name;
    let scale = 1000.0 / font.units();
    let mut widths = String::new();
    for glyph in used.keys() {
        let width = scale * font.advance(ttf_parser::GlyphId(*glyph));
        let _ = write!(widths, "{glyph}[{}]", number(width));
    }
    file.object(&format!(
        "<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/Identity-H/DescendantFonts[{} 0 R]/ToUnicode {} 0 R>>",
        first + 1,
        first + 4
    ));
    file.object(&format!(
        "<</Type/Font/Subtype/CIDFontType2/BaseFont/{name}/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor {} 0 R/CIDToGIDMap/Identity/DW 600/W[{widths}]>>",
        first + 2
    ));
    let face = &font.face;
    let bounds = face.global_bounding_box();
    let of = |value: i16| number(scale * f64::from(value));
    file.object(&format!(
        "<</Type/FontDescriptor/FontName/{name}/Flags 4/FontBBox[{} {} {} {}]/ItalicAngle 0/Ascent {}/Descent {}/CapHeight {}/StemV {}/FontFile2 {} 0 R>>",
        of(bounds.x_min),
        of(bounds.y_min),
        of(bounds.x_max),
        of(bounds.y_max),
        of(face.ascender()),
        of(face.descender()),
        of(face.capital_height().unwrap_or(face.ascender())),
        if bold { 140 } else { 80 },
        first + 3
    ));
    file.stream(&format!("/Length1 {}", font.bytes.len()), font.bytes);
    file.stream("", to_unicode(used).as_bytes());
}

/// Which sign each glyph stands for.
fn to_unicode(used: &BTreeMap<u16, char>) -> String {
    let mut text = String::from(
        "/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n\
         /CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n\
         /CMapName/Adobe-Identity-UCS def/CMapType 2 def\n\
         1 begincodespacerange<0000><FFFF>endcodespacerange\n",
    );
    let all: Vec<(&u16, &char)> = used.iter().collect();
    // The standard allows a hundred at once.
    for some in all.chunks(100) {
        let _ = writeln!(text, "{} beginbfchar", some.len());
        for (glyph, sign) in some {
            let mut units = [0; 2];
            let units = sign.encode_utf16(&mut units).iter();
            let code: String = units.map(|unit| format!("{unit:04X}")).collect();
            let _ = writeln!(text, "<{glyph:04X}><{code}>");
        }
        text.push_str("endbfchar\n");
    }
    text.push_str("endcmap CMapName currentdict/CMap defineresource pop end end");
    text
}

/// What is drawn on a page, with y downwards as in the marks.
fn content(page: &Svg) -> String {
    let mut out = format!("1 0 0 -1 0 {} cm\n", number(page.height()));
    for mark in page.marks() {
        let _ = put(&mut out, mark);
    }
    out
}

fn put(out: &mut String, mark: &Mark) -> std::fmt::Result {
    match mark {
        Mark::Rect { at: (x, y), size: (width, height), fill } => writeln!(
            out,
            "{} rg {} {} {} {} re f",
            colour(fill),
            number(*x),
            number(*y),
            number(*width),
            number(*height)
        ),
        Mark::Line { from, to, stroke, width, dash } => {
            let dash: Vec<String> = dash.iter().map(|length| number(*length)).collect();
            let (line, whole) =
                (outline(&[*from, *to]), if dash.is_empty() { "" } else { "[]0 d" });
            let dash =
                if dash.is_empty() { String::new() } else { format!("[{}]0 d ", dash.join(" ")) };
            writeln!(out, "{} RG {} w {dash}{line}S {whole}", colour(stroke), number(*width))
        }
        Mark::Path { places, stroke, width } => {
            writeln!(out, "{} RG {} w 1 j {}S", colour(stroke), number(*width), outline(places))
        }
        Mark::Shape { places, fill } => {
            writeln!(out, "{} rg {}h f", colour(fill), outline(places))
        }
        Mark::Disc { at, radius, fill, stroke, width } => writeln!(
            out,
            "{} rg {} RG {} w {}b",
            colour(fill),
            colour(stroke),
            number(*width),
            circle(*at, *radius)
        ),
        Mark::Words(line) => words(out, line),
    }
}

fn words(out: &mut String, line: &Line) -> std::fmt::Result {
    let font = Font::of(line.bold);
    let width = font.width(&line.text, line.size);
    let back = match line.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => width / 2.0,
        Anchor::End => width,
    };
    let (x, y) = line.at;
    let (turn, x, y) = match line.upright {
        // Letters run upwards and stand to the left.
        true => ("0 -1 -1 0", x, y + back),
        false => ("1 0 0 -1", x - back, y),
    };
    let code: String =
        line.text.chars().map(|sign| format!("{:04X}", font.glyph(sign).0)).collect();
    writeln!(
        out,
        "BT {} rg /F{} {} Tf {turn} {} {} Tm <{code}> Tj ET",
        colour(&line.fill),
        u8::from(line.bold),
        number(line.size),
        number(x),
        number(y)
    )
}

fn outline(places: &[(f64, f64)]) -> String {
    let mut text = String::new();
    for (index, (x, y)) in places.iter().enumerate() {
        let sign = if index == 0 { 'm' } else { 'l' };
        let _ = write!(text, "{} {} {sign} ", number(*x), number(*y));
    }
    text
}

/// Four curves. They leave a circle by a fiftieth of a percent of its radius.
fn circle((x, y): (f64, f64), radius: f64) -> String {
    const BEND: f64 = 0.552_285;
    let at = |dx: f64, dy: f64| format!("{} {} ", number(x + radius * dx), number(y + radius * dy));
    let mut text = format!("{}m ", at(1.0, 0.0));
    for [(ax, ay), (bx, by), (cx, cy)] in [
        [(1.0, BEND), (BEND, 1.0), (0.0, 1.0)],
        [(-BEND, 1.0), (-1.0, BEND), (-1.0, 0.0)],
        [(-1.0, -BEND), (-BEND, -1.0), (0.0, -1.0)],
        [(BEND, -1.0), (1.0, -BEND), (1.0, 0.0)],
    ] {
        let _ = write!(text, "{}{}{}c ", at(ax, ay), at(bx, by), at(cx, cy));
    }
    text
}

/// Three parts of one.
fn colour(text: &str) -> String {
    let parts = super::rgb(text).map(|part| number(f64::from(part) / 255.0));
    parts.join(" ")
}

/// With a thousandth of a point.
fn number(value: f64) -> String {
    let text = format!("{:.3}", if value.is_finite() { value } else { 0.0 });
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A text that may hold any sign.
fn unicode(text: &str) -> String {
    let units: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    format!("<FEFF{units}>")
}

/// The file: objects one after the other, then where each begins.
struct File {
    bytes: Vec<u8>,
    begins: Vec<usize>,
}

impl File {
    fn new() -> Self {
        // Four bytes that are no text: whoever copies the file takes it for binary.
        Self { bytes: b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec(), begins: Vec::new() }
    }

    /// Number of the object that comes next.
    fn next(&self) -> usize {
        self.begins.len() + 1
    }

    fn open(&mut self) {
        self.begins.push(self.bytes.len());
        let head = format!("{} 0 obj\n", self.begins.len());
        self.bytes.extend(head.as_bytes());
    }

    fn object(&mut self, text: &str) {
        self.open();
        self.bytes.extend(text.as_bytes());
        self.bytes.extend(b"\nendobj\n");
    }

    fn stream(&mut self, more: &str, data: &[u8]) {
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(data, 6);
        self.open();
        let head = format!("<</Length {}/Filter/FlateDecode{more}>>stream\n", packed.len());
        self.bytes.extend(head.as_bytes());
        self.bytes.extend(packed);
        self.bytes.extend(b"\nendstream\nendobj\n");
    }

    fn finish(mut self) -> Vec<u8> {
        let table = self.bytes.len();
        let count = self.begins.len() + 1;
        let mut text = format!("xref\n0 {count}\n0000000000 65535 f \n");
        for begin in &self.begins {
            let _ = writeln!(text, "{begin:010} 00000 n ");
        }
        let _ = write!(
            text,
            "trailer<</Size {count}/Root 1 0 R/Info 3 0 R>>\nstartxref\n{table}\n%%EOF\n"
        );
        self.bytes.extend(text.as_bytes());
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_is_where_the_table_says() {
        let mut page = Svg::new(100.0, 50.0);
        page.text((10.0, 20.0), 8.0, Anchor::End, "#102030", "Ruhe \u{2265} 2 \u{b5}V");
        page.disc((5.0, 5.0), 2.0, "#ffffff", "#000000");
        let bytes = write(&[page.clone(), page], "Titel", "de", "1");
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.starts_with("%PDF-1.7\n") && text.ends_with("%%EOF\n"));
        let at = |from: usize, what: &str| bytes[from..].starts_with(what.as_bytes());
        let start: usize = text
            .rsplit("startxref\n")
            .next()
            .and_then(|rest| rest.lines().next())
            .and_then(|line| line.parse().ok())
            .expect("a place");
        assert!(at(start, "xref\n0 18\n"), "fonts, and two objects a page");
        let table = String::from_utf8_lossy(&bytes[start..]).into_owned();
        for (index, line) in table.lines().skip(3).take(17).enumerate() {
            let place: usize = line[..10].parse().expect("ten digits");
            assert_eq!(line.len(), 19, "twenty bytes with the end of the line");
            assert!(at(place, &format!("{} 0 obj\n", index + 1)), "{line}");
        }
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, -0.0001, 1.5, 12.0, -3.25].map(number), ["0", "0", "1.5", "12", "-3.25"]);
        assert_eq!(colour("#ff8000"), "1 0.502 0");
        assert_eq!(unicode("a\u{e9}"), "<FEFF006100E9>");
    }
}
