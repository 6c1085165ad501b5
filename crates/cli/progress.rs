//! `levator progress`: what has become of a person over visits, beyond what chance does.

use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;
use levator_measure::{How, Measure, Quantity, Task};
use levator_record::text::TextOptions;
use levator_report::Words;
use levator_report::progress::{Followed, Series, document};
use levator_score::{Change, Earlier, Reference};
use levator_store::{Query, Store, StoreError, Which};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::analysis::{self, Analysis};
use crate::args::{Setup, TextArgs, reference};
use crate::assess::{self, About};
use crate::data::{self, DataArgs};
use crate::failure::{Code, Failure};
use crate::json::VERSION;
use crate::language::LangArgs;
use crate::written::{Format, OutArgs};
use crate::{answer, batch, report};

/// What can be asked of it.
#[derive(Debug, Args)]
pub(crate) struct Progress {
    /// Folders with visits of one person, the visits themselves, or somebody whose visits are kept, by their
    /// code (PERSON, PERSON/VISIT or the beginning of the name of a visit: `levator visits`). What is there as
    /// a file or a folder is read as that. Visits are put in the order in which they were recorded, or else of
    /// their names.
    #[arg(required = true, value_name = "FOLDER|PERSON")]
    visits: Vec<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
    /// What to hold them against, as for `assess`.
    #[arg(long, value_name = "NAME|FILE", value_parser = reference)]
    reference: Option<Reference>,
    /// The same as `--format json`.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    #[command(flatten)]
    out: OutArgs,
    #[command(flatten)]
    lang: LangArgs,
    #[command(flatten)]
    text: TextArgs,
    #[command(flatten)]
    setup: Setup,
}

/// What is followed: rest, strength, letting go, holding; the first of each that was measured.
const FOLLOWED: [&[(Quantity, Task)]; 4] = [
    &[(Quantity::RestLevel, Task::RestBefore)],
    &[
        (Quantity::MaximalContraction, Task::Maximal),
        (Quantity::SqueezeIncrement, Task::Maximal),
        (Quantity::ContractionMean, Task::Hold),
        (Quantity::Peak, Task::Hold),
    ],
    &[(Quantity::RelaxationRatio, Task::Between), (Quantity::RelaxationResidual, Task::Between)],
    &[(Quantity::EnduranceArea, Task::Maximal), (Quantity::EnduranceTime, Task::Endurance)],
];

struct Visit {
    /// What it is called on paper.
    name: String,
    analysis: Analysis,
    about: About,
    /// What it is compared by.
    earlier: Earlier,
}

pub(crate) fn run(args: &Progress) -> Result<ExitCode, Failure> {
    let format = if args.json { Format::Json } else { args.out.format()? };
    let files = asked_for(args)?;
    let how = (args.text.options(), &args.setup, args.reference.as_ref());
    let read: Vec<Result<Visit, Failure>> =
        files.par_iter().map(|(file, name)| visit(file, name, &how.0, how.1, how.2)).collect();
    let (mut visits, mut first_failure) = (Vec::new(), None);
    for one in read {
        match one {
            Ok(visit) => visits.push(visit),
            Err(failure) => {
                writeln!(stderr(), "levator: {failure}")?;
                first_failure.get_or_insert(failure.exit_code());
            }
        }
    }
    if visits.is_empty() {
        return Err(Failure::new(Code::File, anyhow!("no visit could be read")));
    }
    visits.sort_by_key(|one| one.analysis.opened_unix_ms);
    let series: Vec<Series> = joined(visits).iter().map(|one| tell(one)).collect();
    let words = Words::of(args.lang.chosen());
    let document = document(&series, VERSION, &words);
    args.out.write(format, &document, || {
        json!({
            "tool": "levator",
            "version": VERSION,
            "lang": words.lang.code(),
            "series": series.iter().map(as_json).collect::<Vec<_>>(),
        })
    })?;
    Ok(first_failure.unwrap_or(ExitCode::SUCCESS))
}

/// Files and folders of visits, each once, and what they are called: those of somebody whose visits are
/// kept by code and visit, others by their paths.
fn asked_for(args: &Progress) -> Result<Vec<(PathBuf, String)>, Failure> {
    let mut all: Vec<(PathBuf, String)> = Vec::new();
    for given in &args.visits {
        let found = match given.exists() {
            true => {
                let files = batch::expanded(std::slice::from_ref(given))?.into_iter();
                files.map(|file| (file.clone(), file.display().to_string())).collect()
            }
            false => kept(&args.data.store()?, given)?,
        };
        for one in found {
            if !all.iter().any(|(file, _)| *file == one.0) {
                all.push(one);
            }
        }
    }
    Ok(all)
}

/// Visits that are kept of the person, or the visit, that a word on the command line names.
fn kept(store: &Store, given: &Path) -> Result<Vec<(PathBuf, String)>, Failure> {
    let text = given.to_string_lossy();
    let visits = match store.resolve(&text) {
        Ok(Which::Visit(entry)) => vec![*entry],
        Ok(Which::Person(person)) => {
            let query = Query { person: Some(person), ..Query::default() };
            store.find(&query).map_err(data::failure)?
        }
        Err(StoreError::Unknown { .. }) => {
            let root = store.root().display();
            let text = format!("neither a file or folder here, nor a person or visit in {root}");
            let error = anyhow!("{}: {text} (levator visits lists them)", given.display());
            return Err(Failure::new(Code::File, error));
        }
        Err(error) => return Err(data::failure(error)),
    };
    if visits.is_empty() {
        let error = anyhow!("{text}: no visit is kept of this person");
        return Err(Failure::new(Code::File, error));
    }
    let visits = visits.iter().map(|entry| {
        let name = format!("{}/{}", entry.person, entry.visit);
        (store.folder(&entry.person, &entry.visit), name)
    });
    Ok(visits.collect())
}

/// What has become of somebody over these visits, and how many of them could not be read, for the page.
pub(crate) fn of_visits(
    files: &[PathBuf],
    words: &Words,
) -> Result<(levator_report::Document, Vec<Value>, usize), Failure> {
    let (options, setup) = (TextOptions::default(), Setup::default());
    let read: Vec<Result<Visit, Failure>> = files
        .par_iter()
        .map(|file| {
            // Without its folder, which says who somebody is.
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
            visit(file, &name.unwrap_or_default(), &options, &setup, None)
        })
        .collect();
    let mut visits: Vec<Visit> = read.into_iter().filter_map(Result::ok).collect();
    if visits.is_empty() {
        return Err(Failure::new(Code::File, anyhow!("no visit could be read")));
    }
    let unread = files.len() - visits.len();
    visits.sort_by_key(|one| one.analysis.opened_unix_ms);
    let series: Vec<Series> = joined(visits).iter().map(|one| tell(one)).collect();
    let told = series.iter().map(as_json).collect();
    Ok((document(&series, VERSION, words), told, unread))
}

fn visit(
    file: &Path,
    name: &str,
    options: &TextOptions,
    setup: &Setup,
    reference: Option<&Reference>,
) -> Result<Visit, Failure> {
    let analysis = analysis::analyse(file, options, setup)?;
    let told = match &analysis.told {
        // That of a folder is a part of it.
        None if file.is_file() => analysis::told_beside(file)?,
        told => told.clone(),
    };
    let about = About::new(told, reference.cloned());
    let earlier = assess::as_earlier(&analysis, &about);
    if earlier.channels.is_empty() {
        let error = anyhow!("{}: no channel that can be judged", file.display());
        return Err(Failure::new(Code::File, error));
    }
    Ok(Visit { name: name.to_owned(), analysis, about, earlier })
}

/// Puts visits together that have programme, position and profiles in common, each in its order.
fn joined(visits: Vec<Visit>) -> Vec<Vec<Visit>> {
    let mut all: Vec<Vec<Visit>> = Vec::new();
    for visit in visits {
        let is_alike = |series: &[Visit]| {
            let (one, other) = (&series[0].earlier, &visit.earlier);
            let profiles =
                |of: &Earlier| of.channels.first().map(|channel| channel.profile.clone());
            (one.stamp, one.position) == (other.stamp, other.position)
                && profiles(one) == profiles(other)
        };
        // What was asked for is not known without a programme, and then nothing can be compared.
        let found = all.iter_mut().find(|series| visit.earlier.stamp.is_some() && is_alike(series));
        match found {
            Some(series) => series.push(visit),
            None => all.push(vec![visit]),
        }
    }
    all
}

fn tell(series: &[Visit]) -> Series {
    let (last, before) = series.split_last().expect("a series has a visit");
    let earlier: Vec<Earlier> = before.iter().map(|one| one.earlier.clone()).collect();
    let (latest, _) = assess::judge(&last.analysis, &last.about, &earlier);
    let since_first = match earlier.first() {
        Some(first) => {
            assess::judge(&last.analysis, &last.about, std::slice::from_ref(first)).0.changes
        }
        None => Vec::new(),
    };
    let course = last.analysis.config.course.as_ref();
    let visits = series.iter().map(|one| levator_report::progress::Visit {
        name: one.name.clone(),
        date: report::opened(&one.analysis),
    });
    Series {
        programme: course.map(|course| course.programme.definition().id.clone()),
        visits: visits.collect(),
        measures: FOLLOWED.iter().filter_map(|one| followed(series, one, &since_first)).collect(),
        latest,
    }
}

/// The first of some quantities that was measured in a visit.
fn measured<'a>(visit: &'a Visit, choices: &[(Quantity, Task)]) -> Option<&'a Measure> {
    let channel = visit.earlier.channels.first()?.channel;
    let hows = [How::BestThree, How::Plain, How::Median, How::Mean, How::Best];
    choices.iter().find_map(|(quantity, task)| {
        hows.iter().find_map(|how| {
            visit.analysis.summary.measures.iter().find(|one| {
                (one.channel, one.quantity, one.task, one.how) == (channel, *quantity, *task, *how)
                    && one.trial.is_none()
                    && one.value.is_some()
            })
        })
    })
}

fn followed(
    series: &[Visit],
    choices: &[(Quantity, Task)],
    changes: &[Change],
) -> Option<Followed> {
    // Of the last visit in which one of them was measured: a visit without it hides no earlier value.
    let measure = series.iter().rev().find_map(|visit| measured(visit, choices))?;
    let channel = series.last()?.earlier.channels.first()?.channel;
    let key = (measure.quantity, measure.task, measure.how);
    let of = |visit: &Visit| {
        let channel = visit.earlier.channels.first()?.channel;
        let measures = visit.analysis.summary.measures.iter();
        let mut own = measures.filter(|one| one.channel == channel && one.trial.is_none());
        own.find(|one| (one.quantity, one.task, one.how) == key)?.value
    };
    let change = changes
        .iter()
        .find(|one| one.channel == channel && (one.quantity, one.task, one.how) == key);
    Some(Followed {
        quantity: measure.quantity,
        task: measure.task,
        how: measure.how,
        unit: measure.unit.to_string(),
        values: series.iter().map(of).collect(),
        change: change.cloned(),
    })
}

fn as_json(series: &Series) -> Value {
    let measures = series.measures.iter().map(|one| {
        json!({
            "quantity": one.quantity.name(),
            "task": one.task.name(),
            "how": one.how.name(),
            "unit": one.unit,
            "values": one.values,
            "since_first": one.change.as_ref().map(answer::change),
        })
    });
    json!({
        "files": series.visits.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(),
        "programme": series.programme,
        "measures": measures.collect::<Vec<_>>(),
        "assessment": answer::assessment(&series.latest),
    })
}
