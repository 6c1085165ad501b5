//! `levator progress`: what has become of a person over visits, beyond what chance does.

use std::io::{Write, stderr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;
use levator_measure::{How, Quantity, Task};
use levator_report::Words;
use levator_report::progress::{Followed, Series, document};
use levator_score::{Change, Earlier, Reference};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::analysis::{self, Analysis, TOLD};
use crate::args::{Setup, TextArgs, reference};
use crate::assess::{self, About};
use crate::failure::{Attempt, Code, Failure};
use crate::json::VERSION;
use crate::language::LangArgs;
use crate::written::{Format, OutArgs};
use crate::{answer, batch, report};

/// What can be asked of it.
#[derive(Debug, Args)]
pub(crate) struct Progress {
    /// Folders with visits of one person, or the visits themselves. They are put in the order in which they
    /// were recorded, or else of their names.
    #[arg(required = true, value_name = "FOLDER")]
    visits: Vec<PathBuf>,
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
    analysis: Analysis,
    about: About,
    /// What it is compared by.
    earlier: Earlier,
}

pub(crate) fn run(args: &Progress) -> Result<ExitCode, Failure> {
    let format = if args.json { Format::Json } else { args.out.format()? };
    let files = batch::expanded(&args.visits)?;
    let read: Vec<Result<Visit, Failure>> =
        files.par_iter().map(|file| visit(file, args)).collect();
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

fn visit(file: &std::path::Path, args: &Progress) -> Result<Visit, Failure> {
    let analysis = analysis::analyse(file, &args.text.options(), &args.setup)?;
    let beside = file.with_file_name(TOLD);
    let told = match &analysis.told {
        None if beside.is_file() => {
            Some(levator_catalog::told::read(&beside).attempt(Code::File, beside.display())?)
        }
        told => told.clone(),
    };
    let about = About::new(told, args.reference.clone());
    let earlier = assess::as_earlier(&analysis, &about);
    if earlier.channels.is_empty() {
        let error = anyhow!("{}: no channel that can be judged", file.display());
        return Err(Failure::new(Code::File, error));
    }
    Ok(Visit { analysis, about, earlier })
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
        file: one.analysis.file.display().to_string(),
        date: report::opened(&one.analysis),
    });
    Series {
        programme: course.map(|course| course.programme.definition().id.clone()),
        visits: visits.collect(),
        measures: FOLLOWED.iter().filter_map(|one| followed(series, one, &since_first)).collect(),
        latest,
    }
}

fn followed(
    series: &[Visit],
    choices: &[(Quantity, Task)],
    changes: &[Change],
) -> Option<Followed> {
    let last = series.last()?;
    let channel = last.earlier.channels.first()?.channel;
    let hows = [How::BestThree, How::Plain, How::Median, How::Mean, How::Best];
    let measure = choices.iter().find_map(|(quantity, task)| {
        hows.iter().find_map(|how| {
            last.analysis.summary.measures.iter().find(|one| {
                (one.channel, one.quantity, one.task, one.how) == (channel, *quantity, *task, *how)
                    && one.trial.is_none()
                    && one.value.is_some()
            })
        })
    })?;
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
        "files": series.visits.iter().map(|one| one.file.as_str()).collect::<Vec<_>>(),
        "programme": series.programme,
        "measures": measures.collect::<Vec<_>>(),
        "assessment": answer::assessment(&series.latest),
    })
}
