//! Blocks of a document on a page.

use levator_programme::Gate;

use super::font::Font;
use super::sheet::{BODY, LINE, Sheet, Style};
use super::table;
use crate::document::{Block, Card};
use crate::picture::{Picture, ink};

const HEADING: Style = Style::new(11.0, true, ink::LINE);
const ANSWER: Style = Style::new(12.5, true, ink::TEXT);
const TRAINING: Style = Style::new(9.6, true, ink::TEXT);
const CAPTION: Style = Style::new(7.8, false, ink::AXIS);
const CARD_NAME: Style = Style::new(9.6, true, ink::AXIS);
const CARD_VALUE: Style = Style::new(15.0, true, ink::LINE);
const CARD_SURE: Style = Style::new(8.2, false, ink::AXIS);
const FACT: f64 = 8.4;
const FACT_LINES: f64 = 7.4;

impl Sheet<'_> {
    pub(super) fn put(&mut self, block: &Block) {
        match block {
            Block::Heading(text) => {
                // Not alone at the end of a page.
                self.need(self.mm(14.0));
                self.y += self.mm(3.6);
                self.text(text, HEADING, Self::left(), Self::width(), LINE);
                self.y += self.mm(1.2);
            }
            Block::Verdict { text, training, more, gate } => {
                self.verdict(text, training, more, *gate);
            }
            Block::Paragraph(text) => {
                self.need(self.height(text, BODY, Self::width(), LINE));
                self.text(text, BODY, Self::left(), Self::width(), LINE);
                self.y += self.mm(1.2);
            }
            Block::List(items) => items.iter().for_each(|item| self.item(item)),
            Block::Cards(cards) => self.cards(cards),
            Block::Facts(facts) => self.facts(facts, 2, FACT, LINE),
            Block::Lines(facts) => self.facts(facts, 1, FACT_LINES, 1.25),
            Block::Table { head, rows, notes } => {
                table::put(self, head, rows);
                for note in notes {
                    self.need(self.height(note, CAPTION, Self::width(), LINE));
                    self.text(note, CAPTION, Self::left(), Self::width(), LINE);
                    self.y += self.mm(0.6);
                }
            }
            Block::Picture(picture) => self.pictures(std::slice::from_ref(picture), 1),
            Block::Row(pictures) => self.pictures(pictures, 2),
        }
    }

    fn verdict(&mut self, text: &str, training: &str, more: &[String], gate: Gate) {
        let (left, inner) = (Self::left() + self.mm(6.4), Self::width() - self.mm(10.4));
        let lines: Vec<(&str, Style, f64)> = [(text, ANSWER, 1.25), (training, TRAINING, LINE)]
            .into_iter()
            .chain(more.iter().map(|sentence| (sentence.as_str(), BODY, LINE)))
            .collect();
        let gap = self.mm(1.2);
        let heights =
            lines.iter().map(|(text, style, line)| self.height(text, *style, inner, *line) + gap);
        let height = heights.sum::<f64>() + self.mm(3.2);
        self.need(height + self.mm(5.0));
        self.y += self.mm(2.0);
        let (top, base) = (self.y, self.y + height);
        self.page.rect((Self::left(), top), (Self::right(), base), "#f3f5f8");
        self.edge(gate, top, base);
        self.y += self.mm(2.4);
        for (text, style, line) in lines {
            self.text(text, style, left, inner, line);
            self.y += gap;
        }
        self.y = base + self.mm(3.0);
    }

    /// What a gate looks like, in greys, too: a bar, two lines, or dots.
    fn edge(&mut self, gate: Gate, top: f64, base: f64) {
        let (x, width) = (Self::left(), self.mm(2.4));
        match gate {
            Gate::Green => self.page.rect((x, top), (x + width, base), "#3f8f63"),
            Gate::Amber => {
                let third = width / 3.0;
                self.page.rect((x, top), (x + third, base), "#c98a1b");
                self.page.rect((x + 2.0 * third, top), (x + width, base), "#c98a1b");
            }
            Gate::Red | Gate::RedWithPain | Gate::Refer => {
                let count = ((base - top) / (1.9 * width)).floor().max(1.0);
                let step = (base - top) / count;
                for index in 0..count as usize {
                    let y = top + (index as f64 + 0.5) * step;
                    self.page.disc((x + width / 2.0, y), width / 2.0 - 0.5, "#a63d2f", "#a63d2f");
                }
            }
        }
    }

    fn item(&mut self, text: &str) {
        let inner = Self::width() - self.mm(5.0);
        self.need(self.height(text, BODY, inner, LINE));
        let middle = self.y + BODY.size * self.scale * LINE / 2.0;
        let radius = 1.3 * self.scale;
        self.page.disc((Self::left() + self.mm(2.6), middle), radius, ink::TEXT, ink::TEXT);
        self.text(text, BODY, Self::left() + self.mm(5.0), inner, LINE);
        self.y += self.mm(0.5);
    }

    fn cards(&mut self, cards: &[Card]) {
        if cards.is_empty() {
            return;
        }
        let gap = self.mm(4.0);
        let count = cards.len() as f64;
        let width = (Self::width() - gap * (count - 1.0)) / count;
        let inner = width - self.mm(6.0);
        let bar =
            |card: &Card| card.bar.as_ref().map_or(0.0, |bar| bar.height() * inner / bar.width());
        let height = |card: &Card| {
            self.height(&card.name, CARD_NAME, inner, LINE)
                + self.height(&card.value, CARD_VALUE, inner, 1.15)
                + bar(card)
                + self.height(&card.meaning, BODY, inner, LINE)
                + self.height(&card.sure, CARD_SURE, inner, LINE)
                + self.mm(8.6)
        };
        let tallest = cards.iter().map(height).fold(0.0, f64::max);
        self.need(tallest + self.mm(4.0));
        let top = self.y + self.mm(2.0);
        for (index, card) in cards.iter().enumerate() {
            let x = Self::left() + index as f64 * (width + gap);
            self.frame((x, top), (x + width, top + tallest));
            let left = x + self.mm(3.0);
            self.y = top + self.mm(2.4);
            self.text(&card.name, CARD_NAME, left, inner, LINE);
            self.y += self.mm(0.6);
            self.text(&card.value, CARD_VALUE, left, inner, 1.15);
            self.y += self.mm(1.0);
            if let Some(drawing) = &card.bar {
                self.page.place(drawing, (left, self.y), inner / drawing.width());
                self.y += bar(card) + self.mm(1.0);
            }
            self.text(&card.meaning, BODY, left, inner, LINE);
            self.y += self.mm(1.2);
            self.text(&card.sure, CARD_SURE, left, inner, LINE);
        }
        self.y = top + tallest + self.mm(2.0);
    }

    fn frame(&mut self, (x, y): (f64, f64), (to_x, to_y): (f64, f64)) {
        let corners = [(x, y), (to_x, y), (to_x, to_y), (x, to_y), (x, y)];
        self.page.path(&corners, "#b9c4d0", 0.6);
    }

    /// Names with values in columns, row by row.
    fn facts(&mut self, facts: &[(String, String)], columns: usize, size: f64, line: f64) {
        let (name_style, value_style) =
            (Style::new(size, false, ink::AXIS), Style::new(size, false, ink::TEXT));
        let gap = self.mm(6.0);
        let count = columns as f64;
        let width = (Self::width() - gap * (count - 1.0)) / count;
        for row in facts.chunks(columns) {
            let set: Vec<(String, f64, &str)> = row
                .iter()
                .map(|(name, value)| {
                    let name = format!("{name}:");
                    let indent = Font::of(false).width(&name, size * self.scale) + self.mm(2.0);
                    (name, indent, value.as_str())
                })
                .collect();
            let heights = set.iter().map(|(_, indent, value)| {
                self.height(value, value_style, width - indent, line).max(size * self.scale * line)
            });
            let tallest = heights.fold(0.0, f64::max);
            self.need(tallest);
            let top = self.y;
            for (index, (name, indent, value)) in set.iter().enumerate() {
                let x = Self::left() + index as f64 * (width + gap);
                self.text_at(name, name_style, (x, top), width, line);
                self.text_at(value, value_style, (x + indent, top), width - indent, line);
            }
            self.y = top + tallest + self.mm(if columns > 1 { 0.3 } else { 0.0 });
        }
        self.y += self.mm(2.0);
    }

    /// Pictures beside each other in columns, with what stands below them.
    fn pictures(&mut self, pictures: &[Picture], columns: usize) {
        if pictures.is_empty() {
            return;
        }
        let gap = self.mm(4.0);
        let count = columns.max(pictures.len()) as f64;
        let column = (Self::width() - gap * (count - 1.0)) / count;
        // Where all is set smaller, pictures are, too, and stand in the middle.
        let width = column * self.scale.max(0.8);
        let tall = |picture: &Picture| picture.drawing.height() * width / picture.drawing.width();
        let height = |picture: &Picture| {
            tall(picture) + self.height(&picture.caption, CAPTION, column, LINE)
        };
        let tallest = pictures.iter().map(height).fold(0.0, f64::max);
        self.need(tallest + self.mm(1.6));
        let top = self.y + self.mm(0.6);
        for (index, picture) in pictures.iter().enumerate() {
            let x = Self::left() + index as f64 * (column + gap);
            let corner = (x + (column - width) / 2.0, top);
            self.page.place(&picture.drawing, corner, width / picture.drawing.width());
            self.text_at(&picture.caption, CAPTION, (x, top + tall(picture)), column, LINE);
        }
        self.y = top + tallest + self.mm(1.0);
    }
}
