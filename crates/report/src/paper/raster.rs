//! Pictures as PNG.

use tiny_skia::{
    Color, FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform,
};
use ttf_parser::OutlineBuilder;

use super::font::Font;
use crate::picture::{Anchor, Line, Mark, Svg};

/// Longest side, pixels: more would be a mistake, and no paper needs it.
const MOST: f64 = 12_000.0;

/// Draws a picture on white, `scale` pixels a unit, and packs it as PNG. `None` for one without a size.
#[must_use]
pub fn png(picture: &Svg, scale: f64) -> Option<Vec<u8>> {
    let scale = scale.min(MOST / picture.width().max(picture.height()));
    let side = |length: f64| (length * scale).round().max(1.0) as u32;
    let mut pixels = Pixmap::new(side(picture.width()), side(picture.height()))?;
    pixels.fill(Color::WHITE);
    let view = Transform::from_scale(scale as f32, scale as f32);
    for mark in picture.marks() {
        put(&mut pixels, mark, view);
    }
    Some(packed(&pixels))
}

fn put(pixels: &mut Pixmap, mark: &Mark, view: Transform) {
    match mark {
        Mark::Rect { at: (x, y), size: (width, height), fill } => {
            let (to_x, to_y) = (x + width, y + height);
            area(pixels, &[(*x, *y), (to_x, *y), (to_x, to_y), (*x, to_y)], fill, view);
        }
        Mark::Line { from, to, stroke, width, dash } => {
            line(pixels, &[*from, *to], (stroke, *width), dash, view);
        }
        Mark::Path { places, stroke, width } => line(pixels, places, (stroke, *width), &[], view),
        Mark::Shape { places, fill } => area(pixels, places, fill, view),
        Mark::Disc { at: (x, y), radius, fill, stroke, width } => {
            let mut builder = PathBuilder::new();
            builder.push_circle(*x as f32, *y as f32, *radius as f32);
            if let Some(path) = builder.finish() {
                filled(pixels, &path, fill, view);
                stroked(pixels, &path, (stroke, *width), &[], view);
            }
        }
        Mark::Words(words) => letters(pixels, words, view),
    }
}

fn area(pixels: &mut Pixmap, places: &[(f64, f64)], fill: &str, view: Transform) {
    if let Some(path) = outline(places, true) {
        filled(pixels, &path, fill, view);
    }
}

fn line(
    pixels: &mut Pixmap,
    places: &[(f64, f64)],
    stroke: (&str, f64),
    dash: &[f64],
    view: Transform,
) {
    if let Some(path) = outline(places, false) {
        stroked(pixels, &path, stroke, dash, view);
    }
}

fn filled(pixels: &mut Pixmap, path: &Path, fill: &str, view: Transform) {
    pixels.fill_path(path, &paint(fill), FillRule::Winding, view, None);
}

fn stroked(
    pixels: &mut Pixmap,
    path: &Path,
    (colour, width): (&str, f64),
    dash: &[f64],
    view: Transform,
) {
    let mut stroke =
        Stroke { width: width as f32, line_join: LineJoin::Round, ..Stroke::default() };
    if !dash.is_empty() {
        stroke.dash = StrokeDash::new(dash.iter().map(|length| *length as f32).collect(), 0.0);
    }
    pixels.stroke_path(path, &paint(colour), &stroke, view, None);
}

fn outline(places: &[(f64, f64)], is_closed: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (index, (x, y)) in places.iter().enumerate() {
        match index {
            0 => builder.move_to(*x as f32, *y as f32),
            _ => builder.line_to(*x as f32, *y as f32),
        }
    }
    if is_closed {
        builder.close();
    }
    builder.finish()
}

fn paint(colour: &str) -> Paint<'static> {
    let [red, green, blue] = super::rgb(colour);
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, 255);
    paint.anti_alias = true;
    paint
}

fn letters(pixels: &mut Pixmap, words: &Line, view: Transform) {
    let font = Font::of(words.bold);
    let width = font.width(&words.text, words.size);
    let mut along = match words.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -width / 2.0,
        Anchor::End => -width,
    };
    let unit = words.size / font.units();
    let (x, y) = words.at;
    let mut pen = Pen { builder: PathBuilder::new(), at: (0.0, 0.0), unit, upright: words.upright };
    for sign in words.text.chars() {
        let glyph = font.glyph(sign);
        pen.at = if words.upright { (x, y - along) } else { (x + along, y) };
        font.outline(glyph, &mut pen);
        along += font.advance(glyph) * unit;
    }
    if let Some(path) = pen.builder.finish() {
        filled(pixels, &path, &words.fill, view);
    }
}

/// Draws a glyph at its place; its own y is upwards.
struct Pen {
    builder: PathBuilder,
    at: (f64, f64),
    unit: f64,
    upright: bool,
}

impl Pen {
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = (f64::from(x) * self.unit, f64::from(y) * self.unit);
        let (x, y) = if self.upright { (-y, -x) } else { (x, -y) };
        ((self.at.0 + x) as f32, (self.at.1 + y) as f32)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.builder.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.builder.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.place(x1, y1), self.place(x, y));
        self.builder.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2)) = (self.place(x1, y1), self.place(x2, y2));
        let (x, y) = self.place(x, y);
        self.builder.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.builder.close();
    }
}

/// PNG of eight bits a colour, without transparency.
///
/// # Source
///
/// ISO/IEC 15948:2004 (PNG), clauses 5, 7.3, 9.2 (filter type 2, "Up") and 11.2.
fn packed(pixels: &Pixmap) -> Vec<u8> {
    let (width, height) = (pixels.width(), pixels.height());
    let row = 3 * width as usize;
    let mut data = Vec::with_capacity((row + 1) * height as usize);
    let mut above = vec![0; row];
    let mut this = Vec::with_capacity(row);
    for line in pixels.data().chunks_exact(4 * width as usize) {
        this.clear();
        this.extend(line.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]));
        data.push(2);
        data.extend(this.iter().zip(&above).map(|(one, over): (&u8, &u8)| one.wrapping_sub(*over)));
        std::mem::swap(&mut above, &mut this);
    }
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = width.to_be_bytes().to_vec();
    head.extend(height.to_be_bytes());
    // Eight bits, colours, deflate, the usual filters, no interlace.
    head.extend([8, 2, 0, 0, 0]);
    chunk(&mut file, *b"IHDR", &head);
    chunk(&mut file, *b"IDAT", &miniz_oxide::deflate::compress_to_vec_zlib(&data, 6));
    chunk(&mut file, *b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).expect("a picture of at most 12,000 pixels a side");
    file.extend(length.to_be_bytes());
    let from = file.len();
    file.extend(kind);
    file.extend(data);
    let sum = crc32fast::hash(&file[from..]);
    file.extend(sum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The other way round, by the same standard.
    fn unpacked(file: &[u8]) -> (usize, usize, Vec<u8>) {
        let number = |at: usize| {
            u32::from_be_bytes(file[at..at + 4].try_into().expect("four bytes")) as usize
        };
        let (width, height) = (number(16), number(20));
        let length = number(33);
        assert_eq!(&file[37..41], b"IDAT");
        let data = miniz_oxide::inflate::decompress_to_vec_zlib(&file[41..41 + length])
            .expect("it was packed");
        let row = 3 * width;
        let mut pixels: Vec<u8> = Vec::new();
        for line in data.chunks_exact(row + 1) {
            assert_eq!(line[0], 2);
            let above = pixels.len().checked_sub(row);
            for (index, byte) in line[1..].iter().enumerate() {
                let over = above.map_or(0, |from| pixels[from + index]);
                pixels.push(byte.wrapping_add(over));
            }
        }
        (width, height, pixels)
    }

    #[test]
    fn marks_lie_where_they_were_put() {
        let mut picture = Svg::new(20.0, 10.0);
        picture.rect((0.0, 0.0), (10.0, 10.0), "#ff0000");
        picture.line((15.0, 0.0), (15.0, 10.0), "#0000ff", 2.0, "");
        let (width, height, pixels) = unpacked(&png(&picture, 2.0).expect("it has a size"));
        assert_eq!((width, height), (40, 20));
        let at = |x: usize, y: usize| &pixels[3 * (y * width + x)..][..3];
        assert_eq!(at(5, 5), [255, 0, 0]);
        assert_eq!(at(25, 5), [255, 255, 255]);
        assert_eq!(at(30, 10), [0, 0, 255]);
    }

    #[test]
    fn letters_stand_on_their_line_and_upright_ones_beside_it() {
        let ink = |picture: &Svg, (x, y): (usize, usize), (to_x, to_y): (usize, usize)| {
            let (width, _, pixels) = unpacked(&png(picture, 1.0).expect("it has a size"));
            let mut sum = 0;
            for row in y..to_y {
                for column in x..to_x {
                    sum += 255 - u64::from(pixels[3 * (row * width + column)]);
                }
            }
            sum
        };
        let mut picture = Svg::new(100.0, 100.0);
        picture.text((50.0, 50.0), 20.0, Anchor::Start, "#000000", "HH");
        assert!(ink(&picture, (50, 30), (90, 50)) > 1000);
        assert_eq!(ink(&picture, (0, 0), (50, 100)) + ink(&picture, (50, 51), (100, 100)), 0);
        let mut picture = Svg::new(100.0, 100.0);
        picture.upright((50.0, 50.0), 20.0, "#000000", "HH");
        assert!(ink(&picture, (30, 30), (50, 70)) > 1000);
        assert_eq!(ink(&picture, (51, 0), (100, 100)), 0);
    }

    #[test]
    fn a_picture_that_is_far_too_large_is_made_smaller() {
        let bytes = png(&Svg::new(10_000.0, 1.0), 1e6).expect("it has a size");
        assert_eq!(unpacked(&bytes).0, 12_000);
    }
}
