//! A document as one file of HTML: no script, nothing from elsewhere, made to be printed on A4.

use std::fmt::Write;

use levator_programme::Gate;

use crate::document::{Block, Card, Document};
use crate::picture::{Picture, Svg, escaped};

const STYLE: &str = include_str!("page.css");

/// The whole file.
#[must_use]
pub fn render(document: &Document) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        document.lang.code(),
        escaped(&document.title)
    );
    let count = document.pages.len();
    // Several pages are for those who read much: smaller letters.
    let look = if count > 1 { "page dense" } else { "page" };
    for (index, page) in document.pages.iter().enumerate() {
        let level = if index == 0 { "h1" } else { "p" };
        let _ = write!(
            out,
            "<section class=\"{look}\">\n<header><{level} class=\"title\">{}</{level}><p>{}</p></header>\n<div class=\"body\">\n",
            escaped(&document.title),
            escaped(&document.subtitle)
        );
        for block in page {
            put(&mut out, block);
        }
        let number = if count > 1 { format!(" {}/{count}", index + 1) } else { String::new() };
        let _ = write!(
            out,
            "</div>\n<footer><p class=\"screening\">{}</p><p class=\"origin\">{}{number}</p></footer>\n</section>\n",
            escaped(&document.screening),
            escaped(&document.origin)
        );
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn put(out: &mut String, block: &Block) {
    let is_lines = matches!(block, Block::Lines(_));
    let _ = match block {
        Block::Heading(text) => writeln!(out, "<h2>{}</h2>", escaped(text)),
        Block::Paragraph(text) => writeln!(out, "<p>{}</p>", escaped(text)),
        Block::Verdict { text, training, more, gate } => {
            let _ = write!(
                out,
                "<div class=\"verdict {}\"><p class=\"answer\">{}</p><p class=\"training\">{}</p>",
                look(*gate),
                escaped(text),
                escaped(training)
            );
            for sentence in more {
                let _ = write!(out, "<p>{}</p>", escaped(sentence));
            }
            writeln!(out, "</div>")
        }
        Block::List(items) => {
            let items: Vec<String> =
                items.iter().map(|item| format!("<li>{}</li>", escaped(item))).collect();
            match items.is_empty() {
                true => Ok(()),
                false => writeln!(out, "<ul>{}</ul>", items.concat()),
            }
        }
        Block::Cards(cards) => {
            let cards: Vec<String> = cards.iter().map(card).collect();
            writeln!(out, "<div class=\"cards\">{}</div>", cards.concat())
        }
        Block::Facts(facts) | Block::Lines(facts) => {
            let facts = facts.iter().map(|(name, value)| {
                format!("<div><dt>{}</dt><dd>{}</dd></div>", escaped(name), escaped(value))
            });
            let look = if is_lines { " class=\"lines\"" } else { "" };
            writeln!(out, "<dl{look}>{}</dl>", facts.collect::<String>())
        }
        Block::Table { head, rows, notes } => table(out, head, rows, notes),
        Block::Picture(picture) => writeln!(out, "{}", figure(picture)),
        Block::Row(pictures) => {
            let pictures: Vec<String> = pictures.iter().map(figure).collect();
            writeln!(out, "<div class=\"row\">{}</div>", pictures.concat())
        }
    };
}

const fn look(gate: Gate) -> &'static str {
    match gate {
        Gate::Green => "green",
        Gate::Amber => "amber",
        Gate::Red | Gate::RedWithPain | Gate::Refer => "red",
    }
}

fn card(card: &Card) -> String {
    let sure = match card.sure.as_str() {
        "" => String::new(),
        sure => format!("<p class=\"sure\">{}</p>", escaped(sure)),
    };
    format!(
        "<div class=\"card\"><h3>{}</h3><p class=\"value\">{}</p>{}<p>{}</p>{sure}</div>",
        escaped(&card.name),
        escaped(&card.value),
        card.bar.as_ref().map(Svg::element).unwrap_or_default(),
        escaped(&card.meaning)
    )
}

fn figure(picture: &Picture) -> String {
    let caption = match picture.caption.as_str() {
        "" => String::new(),
        caption => format!("<figcaption>{}</figcaption>", escaped(caption)),
    };
    format!("<figure class=\"{}\">{}{caption}</figure>", picture.name, picture.drawing.element())
}

fn table(
    out: &mut String,
    head: &[String],
    rows: &[Vec<String>],
    notes: &[String],
) -> std::fmt::Result {
    out.push_str("<table><thead><tr>");
    for cell in head {
        write!(out, "<th scope=\"col\">{}</th>", escaped(cell))?;
    }
    out.push_str("</tr></thead><tbody>");
    for row in rows {
        out.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            match column {
                0 => write!(out, "<th scope=\"row\">{}</th>", escaped(cell))?,
                _ => write!(out, "<td>{}</td>", escaped(cell))?,
            }
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table>\n");
    for note in notes {
        writeln!(out, "<p class=\"note\">{}</p>", escaped(note))?;
    }
    Ok(())
}
