//! A picture as a list of marks, and its form as SVG.

use std::fmt::Write;

/// A picture that is being drawn; places are in units of its view box, from its upper left corner.
#[derive(Clone, Debug, PartialEq)]
pub struct Svg {
    width: f64,
    height: f64,
    title: String,
    marks: Vec<Mark>,
}

/// What is drawn, in order: the same for the screen, for paper and for a raster.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A filled rectangle.
    Rect {
        /// Its upper left corner.
        at: (f64, f64),
        /// Width and height.
        size: (f64, f64),
        /// `#rrggbb`.
        fill: String,
    },
    /// A straight line.
    Line {
        /// From here.
        from: (f64, f64),
        /// To here.
        to: (f64, f64),
        /// `#rrggbb`.
        stroke: String,
        /// How thick.
        width: f64,
        /// Lengths of strokes and gaps; none for a whole line.
        dash: Vec<f64>,
    },
    /// A line through places.
    Path {
        /// At least two.
        places: Vec<(f64, f64)>,
        /// `#rrggbb`.
        stroke: String,
        /// How thick.
        width: f64,
    },
    /// A filled shape.
    Shape {
        /// Its corners, at least three.
        places: Vec<(f64, f64)>,
        /// `#rrggbb`.
        fill: String,
    },
    /// A disc with an edge.
    Disc {
        /// Its middle.
        at: (f64, f64),
        /// Its radius.
        radius: f64,
        /// `#rrggbb`.
        fill: String,
        /// `#rrggbb`.
        stroke: String,
        /// How thick the edge is.
        width: f64,
    },
    /// Words on a line.
    Words(Line),
}

/// Words on a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Where their base line begins, ends, or has its middle.
    pub at: (f64, f64),
    /// Size of the font.
    pub size: f64,
    /// What stands at the place.
    pub anchor: Anchor,
    /// `#rrggbb`.
    pub fill: String,
    /// Whether they are bold.
    pub bold: bool,
    /// Whether they run from bottom to top.
    pub upright: bool,
    /// The words.
    pub text: String,
}

/// Where a text stands with respect to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// What a text may hold.
#[must_use]
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A place, with a tenth of a unit: finer than any print, and the same on every machine.
pub(crate) fn at(value: f64) -> String {
    let text = format!("{:.1}", if value.is_finite() { value } else { 0.0 });
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None if text == "-0.0" => "0".to_owned(),
        None => text,
    }
}

impl Svg {
    /// An empty picture.
    #[must_use]
    pub const fn new(width: f64, height: f64) -> Self {
        Self { width, height, title: String::new(), marks: Vec::new() }
    }

    /// Its width.
    #[must_use]
    pub const fn width(&self) -> f64 {
        self.width
    }

    /// Its height.
    #[must_use]
    pub const fn height(&self) -> f64 {
        self.height
    }

    /// What is drawn, in order.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// A filled rectangle, by two opposite corners.
    pub fn rect(&mut self, (x, y): (f64, f64), (to_x, to_y): (f64, f64), fill: &str) {
        self.marks.push(Mark::Rect {
            at: (x.min(to_x), y.min(to_y)),
            size: ((to_x - x).abs(), (to_y - y).abs()),
            fill: fill.to_owned(),
        });
    }

    /// A straight line. `dash` holds lengths of strokes and gaps; nothing for a whole line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str, width: f64, dash: &str) {
        let dash = dash.split(' ').filter_map(|length| length.parse().ok()).collect();
        self.marks.push(Mark::Line { from, to, stroke: stroke.to_owned(), width, dash });
    }

    /// A line through places; fewer than two draw nothing.
    pub fn path(&mut self, places: &[(f64, f64)], stroke: &str, width: f64) {
        if places.len() > 1 {
            let (places, stroke) = (places.to_vec(), stroke.to_owned());
            self.marks.push(Mark::Path { places, stroke, width });
        }
    }

    /// A filled shape; fewer than three corners draw nothing.
    pub fn shape(&mut self, places: &[(f64, f64)], fill: &str) {
        if places.len() > 2 {
            self.marks.push(Mark::Shape { places: places.to_vec(), fill: fill.to_owned() });
        }
    }

    /// A disc.
    pub fn disc(&mut self, at: (f64, f64), radius: f64, fill: &str, stroke: &str) {
        let (fill, stroke) = (fill.to_owned(), stroke.to_owned());
        self.marks.push(Mark::Disc { at, radius, fill, stroke, width: 1.0 });
    }

    /// Words.
    pub fn text(&mut self, place: (f64, f64), size: f64, anchor: Anchor, fill: &str, words: &str) {
        self.words(place, size, anchor, fill, words);
    }

    /// Bold words.
    pub fn bold(&mut self, place: (f64, f64), size: f64, anchor: Anchor, fill: &str, words: &str) {
        self.words(place, size, anchor, fill, words).bold = true;
    }

    /// Words from bottom to top, around their middle; smaller where the picture is not high enough for them.
    pub fn upright(&mut self, place: (f64, f64), size: f64, fill: &str, words: &str) {
        // A letter is some six tenths of its size wide.
        let length = 0.6 * size * words.chars().count() as f64;
        let room = 2.0 * place.1.min(self.height - place.1) - 4.0;
        let size = size * (room / length).clamp(0.5, 1.0);
        self.words(place, size, Anchor::Middle, fill, words).upright = true;
    }

    fn words(
        &mut self,
        at: (f64, f64),
        size: f64,
        anchor: Anchor,
        fill: &str,
        words: &str,
    ) -> &mut Line {
        let (fill, text) = (fill.to_owned(), words.to_owned());
        let line = Line { at, size, anchor, fill, bold: false, upright: false, text };
        self.marks.push(Mark::Words(line));
        match self.marks.last_mut() {
            Some(Mark::Words(line)) => line,
            _ => unreachable!("it was pushed just now"),
        }
    }

    /// Draws another picture onto this one, its upper left corner at a place, larger or smaller.
    pub fn place(&mut self, other: &Self, corner: (f64, f64), scale: f64) {
        self.marks.extend(other.marks.iter().map(|mark| mark.moved(corner, scale)));
    }

    /// The finished picture. `title` is read out by programs that read to people.
    #[must_use]
    pub fn finish(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// It as an `svg` element.
    #[must_use]
    pub fn element(&self) -> String {
        let mut body = String::new();
        for mark in &self.marks {
            let _ = mark.write(&mut body);
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" \
             role=\"img\" font-family=\"DejaVu Sans, Verdana, sans-serif\"><title>{}</title>{body}</svg>",
            at(self.width),
            at(self.height),
            at(self.width),
            at(self.height),
            escaped(&self.title),
        )
    }
}

impl Mark {
    fn moved(&self, (left, top): (f64, f64), scale: f64) -> Self {
        let to = |(x, y): (f64, f64)| (left + scale * x, top + scale * y);
        let mut mark = self.clone();
        match &mut mark {
            Self::Rect { at, size, .. } => {
                *at = to(*at);
                *size = (size.0 * scale, size.1 * scale);
            }
            Self::Line { from, to: end, width, dash, .. } => {
                (*from, *end) = (to(*from), to(*end));
                *width *= scale;
                dash.iter_mut().for_each(|length| *length *= scale);
            }
            Self::Path { places, width, .. } => {
                places.iter_mut().for_each(|place| *place = to(*place));
                *width *= scale;
            }
            Self::Shape { places, .. } => places.iter_mut().for_each(|place| *place = to(*place)),
            Self::Disc { at, radius, width, .. } => {
                *at = to(*at);
                *radius *= scale;
                *width *= scale;
            }
            Self::Words(line) => {
                line.at = to(line.at);
                line.size *= scale;
            }
        }
        mark
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        match self {
            Self::Rect { at: (x, y), size: (width, height), fill } => write!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"/>",
                at(*x),
                at(*y),
                at(*width),
                at(*height)
            ),
            Self::Line { from, to, stroke, width, dash } => {
                write!(
                    out,
                    "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{stroke}\" stroke-width=\"{}\"",
                    at(from.0),
                    at(from.1),
                    at(to.0),
                    at(to.1),
                    at(*width)
                )?;
                let dash: Vec<String> = dash.iter().map(|length| at(*length)).collect();
                match dash.is_empty() {
                    true => out.write_str("/>"),
                    false => write!(out, " stroke-dasharray=\"{}\"/>", dash.join(" ")),
                }
            }
            Self::Path { places, stroke, width } => write!(
                out,
                "<path d=\"{}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{}\" stroke-linejoin=\"round\"/>",
                outline(places),
                at(*width)
            ),
            Self::Shape { places, fill } => {
                write!(out, "<path d=\"{}Z\" fill=\"{fill}\"/>", outline(places))
            }
            Self::Disc { at: (x, y), radius, fill, stroke, .. } => write!(
                out,
                "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{fill}\" stroke=\"{stroke}\"/>",
                at(*x),
                at(*y),
                at(*radius)
            ),
            Self::Words(line) => line.write(out),
        }
    }
}

impl Line {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        let anchor = match self.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let (x, y) = (at(self.at.0), at(self.at.1));
        let turn = match self.upright {
            true => format!(" transform=\"rotate(-90 {x} {y})\""),
            false => String::new(),
        };
        let bold = if self.bold { " font-weight=\"bold\"" } else { "" };
        write!(
            out,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" fill=\"{}\"{anchor}{bold}{turn}>{}</text>",
            at(self.size),
            self.fill,
            escaped(&self.text)
        )
    }
}

fn outline(places: &[(f64, f64)]) -> String {
    let mut text = String::with_capacity(places.len() * 10);
    for (index, (x, y)) in places.iter().enumerate() {
        let _ = write!(text, "{}{} {}", if index == 0 { "M" } else { "L" }, at(*x), at(*y));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_placed_is_moved_and_made_larger() {
        let mut small = Svg::new(10.0, 100.0);
        small.line((1.0, 2.0), (3.0, 4.0), "#000000", 0.5, "2 1");
        small.upright((5.0, 50.0), 8.0, "#000000", "a < b");
        let mut large = Svg::new(100.0, 100.0);
        large.place(&small.finish("small"), (10.0, 20.0), 2.0);
        let text = large.finish("large & wide").element();
        assert!(text.contains("<title>large &amp; wide</title>"), "{text}");
        assert!(text.contains("x1=\"12\" y1=\"24\" x2=\"16\" y2=\"28\""), "{text}");
        assert!(text.contains("stroke-width=\"1\" stroke-dasharray=\"4 2\"/>"), "{text}");
        assert!(text.contains("font-size=\"16\""), "{text}");
        assert!(text.contains("transform=\"rotate(-90 20 120)\">a &lt; b</text>"), "{text}");
    }

    #[test]
    fn upright_words_fit_into_their_picture() {
        let mut low = Svg::new(10.0, 52.0);
        low.upright((5.0, 26.0), 10.0, "#000000", "sixteen letters!");
        // 48 of 96 are there.
        let text = low.finish("low").element();
        assert!(text.contains("font-size=\"5\""), "{text}");
    }
}
