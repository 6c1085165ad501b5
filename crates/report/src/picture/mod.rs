//! Pictures, drawn as SVG by hand: the same for the page, for a file of its own, for PNG and for PDF.
//!
//! A plotting library would bring a chart's look and its own text sizes; here every line has its place on
//! a page that is printed, in greys too, and the same bytes come out every time.

pub mod colour;
pub mod overlay;
pub mod overview;
pub mod plane;
pub mod release;
pub mod repetition;
pub mod rests;
pub mod spectrum;
pub mod trend;

mod scale;
mod svg;

pub use scale::Scale;
pub(crate) use svg::escaped;
pub use svg::{Anchor, Line, Mark, Svg};

/// A finished picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Name, for files.
    pub name: &'static str,
    /// What is drawn.
    pub drawing: Svg,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// What stands below it.
    pub caption: String,
}

/// Colours that stay apart in greys: dark lines, light grounds.
pub(crate) mod ink {
    pub(crate) const LINE: &str = "#16324f";
    pub(crate) const FAINT: &str = "#8fa3b8";
    pub(crate) const AXIS: &str = "#4a5866";
    pub(crate) const GRID: &str = "#e3e8ee";
    pub(crate) const REST: &str = "#eef4f1";
    pub(crate) const WORK: &str = "#fbe6cf";
    pub(crate) const PUSH: &str = "#e6def1";
    pub(crate) const FOUND: &str = "#c8630a";
    pub(crate) const BAND: &str = "#c9d8e8";
    pub(crate) const REGION: &str = "#dcebe0";
    pub(crate) const REGION_EDGE: &str = "#6d9a7b";
    pub(crate) const WARN: &str = "#f3d9d6";
    pub(crate) const TEXT: &str = "#1c2733";
}
