//! `levator report`: what is left in the hand after a visit.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use levator_catalog::lang::Lang;
use levator_catalog::told::Told;
use levator_record::text::TextOptions;
use levator_record::visit::manifest;
use levator_report::picture::colour::Grid;
use levator_report::report::Audit;
use levator_report::{Document, Words, person, referrer, text};
use levator_score::{Assessment, Reference};
use levator_signal::ChannelId;
use serde_json::{Value, json};

use crate::analysis::{self, Analysis, TOLD};
use crate::answer;
use crate::args::{Setup, TextArgs, reference};
use crate::assess::{self, About};
use crate::failure::{Attempt, Code, Failure};
use crate::json::VERSION;
use crate::language::LangArgs;
use crate::manometry;
use crate::original::{self, Original};
use crate::written::OutArgs;

/// What can be asked of a report.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The visit: a recording, an EDF or BDF file, or a text file, also one of anorectal manometry.
    pub(crate) visit: PathBuf,
    /// For whom: plain words on one page, or every number on two.
    #[arg(long = "for", value_enum, default_value_t = Reader::Person)]
    reader: Reader,
    #[command(flatten)]
    lang: LangArgs,
    #[command(flatten)]
    out: OutArgs,
    /// What to hold it against, as for `assess`.
    #[arg(long, value_name = "NAME|FILE", value_parser = reference)]
    reference: Option<Reference>,
    /// What is told beside the signals (docs/references.md).
    #[arg(long, value_name = "FILE")]
    symptoms: Option<PathBuf>,
    /// An earlier visit of the same person, the oldest first; may be given again.
    #[arg(long, value_name = "FILE")]
    earlier: Vec<PathBuf>,
    #[command(flatten)]
    text: TextArgs,
    #[command(flatten)]
    setup: Setup,
}

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reader {
    /// Who was measured.
    Person,
    /// Who refers or treats.
    Referrer,
}

impl Reader {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Referrer => "referrer",
        }
    }
}

pub(crate) fn run(args: &Report) -> Result<ExitCode, Failure> {
    let format = args.out.format()?;
    let mut setup = args.setup.clone();
    setup.keeps_trace = true;
    let options = args.text.options();
    let analysis = analysis::analyse(&args.visit, &options, &setup)?;
    let told = match &args.symptoms {
        Some(path) => Some(levator_catalog::told::read(path).attempt(Code::File, path.display())?),
        None => None,
    };
    let about = About::new(Told::united(told, analysis.told.clone()), args.reference.clone());
    let earlier = assess::earlier(&args.earlier, &options, &args.setup, &about)?;
    let (assessment, notes) = assess::judge(&analysis, &about, &earlier);
    let audit = audit(args, &analysis, &assessment)?;
    let words = Words::of(args.lang.chosen());
    let channel = assess::reported(&analysis, &about).ok_or_else(|| {
        let error = anyhow!("{}: no channel that can be judged", args.visit.display());
        Failure::new(Code::File, error)
    })?;
    let made = Made {
        analysis: &analysis,
        assessment: &assessment,
        about: &about,
        audit: &audit,
        grid: grid(&args.visit, &options)?,
    };
    let document = made.document(args.reader, channel, &words);
    args.out.write(format, &document, || {
        let all: Vec<&String> = analysis.notes.iter().chain(&notes).collect();
        made.json(args.reader, &document, &all)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Pressures of all sensors, also of a visit that was taken in from a file of manometry.
fn grid(visit: &Path, options: &TextOptions) -> Result<Option<Grid>, Failure> {
    match Original::of(visit) {
        Some(original) => manometry::grid(&original.file, original.text(options).unit),
        None => manometry::grid(visit, options.unit),
    }
}

/// The report of a visit that was analysed with its curves, for the page; `asked` is the reference that was
/// asked for when it was recorded.
pub(crate) fn of_visit(
    analysis: &Analysis,
    about: &About,
    assessment: &Assessment,
    asked: Option<&str>,
    reader: Reader,
    words: &Words,
) -> Result<Document, Failure> {
    let channel = assess::reported(analysis, about).ok_or_else(|| {
        let error = anyhow!("{}: no channel that can be judged", analysis.file.display());
        Failure::new(Code::File, error)
    })?;
    let file = name_of(&analysis.file);
    let mut arguments: Vec<String> =
        ["report", &file, "--for", reader.name(), "--lang", words.lang.code()]
            .map(str::to_owned)
            .to_vec();
    if let Some(reference) = asked {
        arguments.extend(["--reference".to_owned(), reference.to_owned()]);
    }
    let told = analysis.file.join(TOLD);
    let others = match told.is_file() {
        true => vec![hashed(&told)?],
        false => Vec::new(),
    };
    let audit = audit_of(file, analysis, assessment, arguments, others);
    let grid = grid(&analysis.file, &TextOptions::default())?;
    let made = Made { analysis, assessment, about, audit: &audit, grid };
    Ok(made.document(reader, channel, words))
}

/// A visit, judged.
struct Made<'a> {
    analysis: &'a Analysis,
    assessment: &'a Assessment,
    about: &'a About,
    audit: &'a Audit,
    grid: Option<Grid>,
}

impl Made<'_> {
    fn document(&self, reader: Reader, channel: ChannelId, words: &Words) -> Document {
        let analysis = self.analysis;
        let trace = analysis.trace.clone().unwrap_or_default();
        let name = analysis.summary.channel(channel).map(|one| analysis.channel_name(one));
        let about = facts(analysis, &self.about.told);
        let report = levator_report::Report {
            summary: &analysis.summary,
            config: &analysis.config,
            assessment: self.assessment,
            trace: &trace,
            channel,
            channel_name: name.as_deref().unwrap_or_default(),
            grid: self.grid.as_ref(),
            about: &about,
            notes: &analysis.notes,
            audit: self.audit,
        };
        match reader {
            Reader::Person => person::document(&report, words),
            Reader::Referrer => referrer::document(&report, words),
        }
    }

    fn json(&self, reader: Reader, document: &Document, notes: &[&String]) -> Value {
        let audit = self.audit;
        let map = |pairs: &[(String, String)]| -> Value {
            pairs.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect()
        };
        json!({
            "tool": "levator",
            "version": VERSION,
            "for": reader.name(),
            "lang": document.lang.code(),
            "audit": {
                "file": audit.file,
                "blake3": audit.blake3,
                "digest": audit.digest,
                "version": audit.version,
                "rule": audit.rule,
                "settings": map(&audit.settings),
                "arguments": audit.arguments,
                "others": map(&audit.others),
            },
            "notes": notes,
            "text": text::render(document),
            "pictures": document.pictures().map(|one| one.name).collect::<Vec<_>>(),
            "programme": answer::programme(self.analysis),
            "assessment": answer::assessment(self.assessment),
            "measures": answer::measures(self.analysis),
            "trials": answer::trials(self.analysis),
        })
    }
}

/// When a recording began, where that is known.
pub(crate) fn opened(analysis: &Analysis) -> Option<String> {
    let ms = i64::try_from(analysis.opened_unix_ms?).ok()?;
    let date = jiff::Timestamp::from_millisecond(ms).ok()?;
    Some(date.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// What was told and is known of how it was measured; keys of the catalogue, and values.
fn facts(analysis: &Analysis, told: &Told) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut fact = |key: &str, value: Option<String>| {
        facts.extend(value.filter(|value| !value.is_empty()).map(|value| (key.to_owned(), value)));
    };
    fact("about.date", opened(analysis));
    let setup = &told.setup;
    fact("about.device", setup.device.clone());
    fact("about.probe", setup.probe.clone());
    fact("about.site", setup.site.map(|site| site.name().to_owned()));
    fact("about.position", told.position.map(|position| position.name().to_owned()));
    if let Some(course) = &analysis.config.course {
        let programme = &course.programme;
        let stamp = programme.stamp().to_string();
        let text = format!("{} ({})", programme.definition().id, &stamp[..stamp.len().min(12)]);
        fact("about.programme", Some(text));
    }
    let symptoms: Vec<&str> = told.symptoms.iter().map(levator_score::Symptom::text).collect();
    fact("about.reported", Some(symptoms.join("; ")));
    facts
}

fn audit(args: &Report, analysis: &Analysis, answer: &Assessment) -> Result<Audit, Failure> {
    let mut others = Vec::new();
    let beside = original::file_of(&args.visit).with_file_name(TOLD);
    // Beside a file of another program nothing is looked for.
    let is_read = beside.is_file() && (args.visit.is_dir() || analysis::is_recording(&args.visit));
    let told = args.symptoms.iter().chain(is_read.then_some(&beside));
    for path in told {
        others.push(hashed(path)?);
    }
    for path in &args.earlier {
        let (_, hash) = hashed(&original::file_of(path))?;
        others.push((name_of(path), hash));
    }
    let file = name_of(&args.visit);
    Ok(audit_of(file, analysis, answer, arguments(args.lang.chosen()), others))
}

/// The name of a file without its folder, and its BLAKE3.
fn hashed(path: &Path) -> Result<(String, String), Failure> {
    let hash = manifest::hash(path, &mut |_| {}).attempt(Code::File, path.display())?;
    Ok((name_of(path), hash))
}

fn audit_of(
    file: String,
    analysis: &Analysis,
    answer: &Assessment,
    arguments: Vec<String>,
    others: Vec<(String, String)>,
) -> Audit {
    Audit {
        file,
        blake3: analysis.blake3.clone(),
        digest: format!("{:016x}", analysis.digest.signal()),
        version: VERSION.to_owned(),
        rule: answer.rule.to_owned(),
        settings: settings(analysis),
        arguments,
        others,
    }
}

/// Without its folder, which says nothing about it, and may say who somebody is.
fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn settings(analysis: &Analysis) -> Vec<(String, String)> {
    let value = crate::json::settings(analysis);
    let mut pairs: Vec<(String, String)> = value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            (name.clone(), value.as_str().map_or(value.to_string(), str::to_owned))
        })
        .collect();
    for (channel, role) in &analysis.config.roles {
        pairs.push((format!("{}.{}", channel.stream, channel.channel), role.name().to_owned()));
    }
    if let Some(course) = &analysis.config.course {
        pairs.push(("programme".to_owned(), course.programme.stamp().to_string()));
    }
    pairs
}

/// The words of the command line that decide what comes out, with files by their names alone.
/// The language is among them, too, where it was that of the system.
fn arguments(lang: Lang) -> Vec<String> {
    let mut words = Vec::new();
    let mut given = std::env::args_os().skip(1);
    while let Some(word) = given.next() {
        let text = word.to_string_lossy();
        if text == "--out" {
            given.next();
        } else if !text.starts_with("--out=") {
            let path = Path::new(&word);
            let is_path = !text.starts_with('-') && path.exists();
            words.push(if is_path { name_of(path) } else { text.into_owned() });
        }
    }
    if !words.iter().any(|word| word == "--lang" || word.starts_with("--lang=")) {
        words.extend(["--lang".to_owned(), lang.code().to_owned()]);
    }
    words
}
