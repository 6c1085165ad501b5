//! In which form a document leaves the program.

use std::ffi::OsStr;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use levator_record::visit::put_new;
use levator_report::picture::Picture;
use levator_report::{Document, html, text};

use crate::failure::{Attempt, Code, Failure};

/// Where to, and in which form.
#[derive(Clone, Debug, Args)]
pub(crate) struct OutArgs {
    /// What to write. Without it, what the name given with --out ends in, or text.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The picture that is written as SVG or PNG; without it, the first. `page-1` is a whole page, as PNG.
    #[arg(long, value_name = "NAME")]
    picture: Option<String>,
    /// Fineness of PNG, pixels an inch: a page is 8.3 inches wide, a picture's unit is a 96th.
    #[cfg(feature = "paper")]
    #[arg(long, value_name = "NUMBER", default_value_t = 150, value_parser = clap::value_parser!(u16).range(10..=1200))]
    dpi: u16,
    /// File to write; one that is there is not overwritten. Without it, standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One file for a browser and for print.
    Html,
    /// Pages of A4.
    #[cfg(feature = "paper")]
    Pdf,
    /// One picture.
    Svg,
    /// One picture, or a page, as pixels.
    #[cfg(feature = "paper")]
    Png,
    /// For a program.
    Json,
    /// For a terminal.
    Text,
}

impl OutArgs {
    /// As asked for, or as the name of the file says.
    pub(crate) fn format(&self) -> Result<Format, Failure> {
        let Some(out) = self.out.as_ref().filter(|_| self.format.is_none()) else {
            return Ok(self.format.unwrap_or(Format::Text));
        };
        let extension = out.extension().and_then(OsStr::to_str).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "html" | "htm" => Ok(Format::Html),
            #[cfg(feature = "paper")]
            "pdf" => Ok(Format::Pdf),
            "svg" => Ok(Format::Svg),
            #[cfg(feature = "paper")]
            "png" => Ok(Format::Png),
            "json" => Ok(Format::Json),
            "txt" => Ok(Format::Text),
            _ => {
                let text = "what to write cannot be told from its name: add --format";
                Err(Failure::new(Code::Usage, anyhow!("{}: {text}", out.display())))
            }
        }
    }

    /// Writes a document; what is asked for as JSON is made only then.
    pub(crate) fn write(
        &self,
        format: Format,
        document: &Document,
        json: impl FnOnce() -> serde_json::Value,
    ) -> Result<(), Failure> {
        let bytes = match format {
            Format::Html => html::render(document).into_bytes(),
            Format::Text => text::render(document).into_bytes(),
            Format::Svg => (self.picture(document)?.drawing.element() + "\n").into_bytes(),
            #[cfg(feature = "paper")]
            Format::Pdf => levator_report::paper::pdf(document, crate::json::VERSION),
            #[cfg(feature = "paper")]
            Format::Png => self.png(document)?,
            Format::Json => {
                let mut text =
                    serde_json::to_string_pretty(&json()).map_err(std::io::Error::from)?;
                text.push('\n');
                text.into_bytes()
            }
        };
        write(self.out.as_deref(), &bytes)
    }

    fn picture<'a>(&self, document: &'a Document) -> Result<&'a Picture, Failure> {
        let mut all = document.pictures();
        let found = match &self.picture {
            Some(name) => all.find(|one| one.name == *name),
            None => all.next(),
        };
        found.ok_or_else(|| {
            let names: Vec<&str> = document.pictures().map(|one| one.name).collect();
            let text = match names.is_empty() {
                true => "there is no picture in this report".to_owned(),
                false => {
                    format!(
                        "there is no such picture in this report; there are: {}",
                        names.join(", ")
                    )
                }
            };
            Failure::new(Code::Usage, anyhow!("{text}"))
        })
    }

    /// A picture, or one of the pages.
    #[cfg(feature = "paper")]
    fn png(&self, document: &Document) -> Result<Vec<u8>, Failure> {
        use levator_report::paper;

        let number = self.picture.as_ref().and_then(|name| name.strip_prefix("page-"));
        let made = match number.and_then(|number| number.parse::<usize>().ok()) {
            Some(number) => {
                let pages = paper::pages(document);
                let page = number.checked_sub(1).and_then(|at| pages.get(at));
                let page = page.ok_or_else(|| {
                    let text = format!("there are {} pages", pages.len());
                    Failure::new(Code::Usage, anyhow!("page-{number}: {text}"))
                })?;
                paper::png(page, f64::from(self.dpi) / 72.0)
            }
            None => paper::png(&self.picture(document)?.drawing, f64::from(self.dpi) / 96.0),
        };
        made.ok_or_else(|| Failure::new(Code::Other, anyhow!("a picture without a size")))
    }
}

/// To a new file, which nobody else may read, or to standard output.
fn write(out: Option<&Path>, bytes: &[u8]) -> Result<(), Failure> {
    let Some(path) = out else {
        stdout().lock().write_all(bytes)?;
        return Ok(());
    };
    put_new(path, bytes).attempt(Code::Recording, path.display())
}
