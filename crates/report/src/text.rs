//! A document for a terminal.

use std::fmt::Write;

use crate::document::{Block, Document};

/// Longest line. Our choice: what is read at ease.
const WIDTH: usize = 96;

/// Widest table. Our choice: a terminal that was made wider.
const MOST_WIDTH: usize = 132;

/// The document without its pictures, wrapped.
#[must_use]
pub fn render(document: &Document) -> String {
    let mut out = format!("{}\n", document.title);
    let _ = writeln!(out, "{}", "=".repeat(document.title.chars().count()));
    wrapped(&mut out, &document.subtitle, 0);
    for page in &document.pages {
        for block in page {
            put(&mut out, block);
        }
        out.push('\n');
        wrapped(&mut out, &document.screening, 0);
    }
    wrapped(&mut out, &document.origin, 0);
    out
}

fn put(out: &mut String, block: &Block) {
    match block {
        Block::Heading(text) => {
            let _ = write!(out, "\n{text}\n");
        }
        Block::Verdict { text, training, more, .. } => {
            out.push('\n');
            wrapped(out, text, 2);
            wrapped(out, training, 2);
            for sentence in more {
                wrapped(out, sentence, 2);
            }
        }
        Block::Paragraph(text) => wrapped(out, text, 2),
        Block::List(items) => {
            for item in items {
                wrapped(out, &format!("- {item}"), 2);
            }
        }
        Block::Cards(cards) => {
            for card in cards {
                wrapped(out, &format!("{}: {}", card.name, card.value), 2);
                wrapped(out, &card.meaning, 4);
                wrapped(out, &card.sure, 4);
            }
        }
        Block::Facts(facts) | Block::Lines(facts) => {
            for (name, value) in facts {
                wrapped(out, &format!("{name}: {value}"), 2);
            }
        }
        Block::Table { head, rows, notes } => table(out, head, rows, notes),
        Block::Picture(_) | Block::Row(_) => {}
    }
}

fn table(out: &mut String, head: &[String], rows: &[Vec<String>], notes: &[String]) {
    let width = |column: usize| {
        let of = |row: &[String]| row.get(column).map_or(0, |cell| cell.chars().count());
        rows.iter().map(|row| of(row)).fold(of(head), usize::max)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    if widths.iter().sum::<usize>() + 2 * widths.len() > MOST_WIDTH {
        for row in rows {
            wrapped(out, &sentence(head, row), 2);
        }
    } else {
        aligned(out, head, rows, &widths);
    }
    for note in notes {
        wrapped(out, note, 2);
    }
}

/// A row of a table that is too wide: what it is of, then every value with its name.
fn sentence(head: &[String], row: &[String]) -> String {
    let (first, values) =
        row.split_first().map_or(("", row), |(first, rest)| (first.as_str(), rest));
    let named = head.iter().skip(1).zip(values).filter(|(_, value)| *value != "\u{2013}");
    let named: Vec<String> = named.map(|(name, value)| format!("{name} {value}")).collect();
    format!("{first}: {}", named.join("; "))
}

fn aligned(out: &mut String, head: &[String], rows: &[Vec<String>], widths: &[usize]) {
    for row in std::iter::once(head).chain(rows.iter().map(Vec::as_slice)) {
        let mut line = String::from(" ");
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, " {cell:<width$} ");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// Breaks between words; nothing for nothing.
fn wrapped(out: &mut String, text: &str, indent: usize) {
    let mut length = 0;
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
        let word_length = word.chars().count();
        if length > 0 && length + 1 + word_length > WIDTH {
            out.push('\n');
            length = 0;
        }
        if length == 0 {
            let _ = write!(out, "{:indent$}", "");
            length = indent;
        } else {
            out.push(' ');
            length += 1;
        }
        out.push_str(word);
        length += word_length;
    }
    if length > 0 {
        out.push('\n');
    }
}
