//! A small writer of SVG.

use std::fmt::Write;

/// A picture that is being drawn; places are in units of its view box.
#[derive(Clone, Debug)]
pub struct Svg {
    width: f64,
    height: f64,
    body: String,
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
        Self { width, height, body: String::new() }
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

    /// A filled rectangle, by two opposite corners.
    pub fn rect(&mut self, (x, y): (f64, f64), (to_x, to_y): (f64, f64), fill: &str) {
        let _ = write!(
            self.body,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"/>",
            at(x.min(to_x)),
            at(y.min(to_y)),
            at((to_x - x).abs()),
            at((to_y - y).abs())
        );
    }

    /// A straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str, width: f64, dash: &str) {
        let dash = match dash {
            "" => String::new(),
            dash => format!(" stroke-dasharray=\"{dash}\""),
        };
        let _ = write!(
            self.body,
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{stroke}\" stroke-width=\"{}\"{dash}/>",
            at(from.0),
            at(from.1),
            at(to.0),
            at(to.1),
            at(width)
        );
    }

    /// A line through places; fewer than two draw nothing.
    pub fn path(&mut self, places: &[(f64, f64)], stroke: &str, width: f64) {
        if places.len() < 2 {
            return;
        }
        let _ = write!(
            self.body,
            "<path d=\"{}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{}\" stroke-linejoin=\"round\"/>",
            outline(places),
            at(width)
        );
    }

    /// A filled shape.
    pub fn shape(&mut self, places: &[(f64, f64)], fill: &str) {
        if places.len() > 2 {
            let _ = write!(self.body, "<path d=\"{}Z\" fill=\"{fill}\"/>", outline(places));
        }
    }

    /// A disc.
    pub fn disc(&mut self, (x, y): (f64, f64), radius: f64, fill: &str, stroke: &str) {
        let _ = write!(
            self.body,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{fill}\" stroke=\"{stroke}\"/>",
            at(x),
            at(y),
            at(radius)
        );
    }

    /// Words.
    pub fn text(&mut self, place: (f64, f64), size: f64, anchor: Anchor, fill: &str, words: &str) {
        self.words(place, size, anchor, fill, words, "");
    }

    /// Bold words.
    pub fn bold(&mut self, place: (f64, f64), size: f64, anchor: Anchor, fill: &str, words: &str) {
        self.words(place, size, anchor, fill, words, " font-weight=\"bold\"");
    }

    /// Words from bottom to top, around their middle.
    pub fn upright(&mut self, (x, y): (f64, f64), size: f64, fill: &str, words: &str) {
        let turn = format!(" transform=\"rotate(-90 {} {})\"", at(x), at(y));
        self.words((x, y), size, Anchor::Middle, fill, words, &turn);
    }

    fn words(
        &mut self,
        (x, y): (f64, f64),
        size: f64,
        anchor: Anchor,
        fill: &str,
        words: &str,
        more: &str,
    ) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let _ = write!(
            self.body,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{fill}\"{anchor}{more}>{}</text>",
            at(x),
            at(y),
            at(size),
            escaped(words)
        );
    }

    /// The whole element. `title` is read out by programs that read to people.
    #[must_use]
    pub fn finish(&self, title: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" \
             role=\"img\" font-family=\"DejaVu Sans, Verdana, sans-serif\"><title>{}</title>{}</svg>",
            at(self.width),
            at(self.height),
            at(self.width),
            at(self.height),
            escaped(title),
            self.body
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
