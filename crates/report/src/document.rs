//! A report in words: what stands on each page, in order. Text, HTML and PDF are made of the same.

use levator_programme::Gate;

use crate::picture::{Picture, Svg};
use levator_catalog::lang::Lang;

/// A report in the words of a language.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The language.
    pub lang: Lang,
    /// What it is.
    pub title: String,
    /// Below the title: which visit.
    pub subtitle: String,
    /// Pages, one or two.
    pub pages: Vec<Vec<Block>>,
    /// Further pictures, for which the pages have no room.
    pub further: Vec<Picture>,
    /// What stands at the foot of every page: what this is, and what it is not.
    pub screening: String,
    /// Below that: where it comes from, in a line.
    pub origin: String,
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// The answer, in a box.
    Verdict {
        /// What was found.
        text: String,
        /// What is open.
        training: String,
        /// Further sentences.
        more: Vec<String>,
        /// Decides how the box looks.
        gate: Gate,
    },
    /// Sentences.
    Paragraph(String),
    /// Sentences, each for itself.
    List(Vec<String>),
    /// Numbers with what they mean.
    Cards(Vec<Card>),
    /// Names with values.
    Facts(Vec<(String, String)>),
    /// Names with long values, below each other.
    Lines(Vec<(String, String)>),
    /// A table: the first row names the columns.
    Table {
        /// Names of the columns.
        head: Vec<String>,
        /// The rest.
        rows: Vec<Vec<String>>,
        /// What stands below it.
        notes: Vec<String>,
    },
    /// A picture.
    Picture(Picture),
    /// Pictures beside each other.
    Row(Vec<Picture>),
}

/// A number with what it means.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// What it is about.
    pub name: String,
    /// The number, with what it counts.
    pub value: String,
    /// In plain words.
    pub meaning: String,
    /// How sure the number is, where that is known.
    pub sure: String,
    /// A bar.
    pub bar: Option<Svg>,
}

impl Document {
    /// All pictures, in order.
    pub fn pictures(&self) -> impl Iterator<Item = &Picture> {
        self.pages
            .iter()
            .flatten()
            .flat_map(|block| match block {
                Block::Picture(picture) => std::slice::from_ref(picture).iter(),
                Block::Row(pictures) => pictures.iter(),
                _ => [].iter(),
            })
            .chain(&self.further)
    }
}
