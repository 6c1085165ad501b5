//! `levator progress`: what has become of a person over visits, beyond what chance does.

use std::io::{Write, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;
use levator_measure::{How, Quantity, Task};
use levator_programme::Opening;
use levator_score::explain::gate_text;
use levator_score::{Assessment, Change, Earlier, Limit, Reference, Size, Trend, number};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::analysis::{self, Analysis, TOLD};
use crate::args::{Setup, TextArgs, reference};
use crate::assess::{self, About};
use crate::failure::{Attempt, Code, Failure};
use crate::json::VERSION;
use crate::{answer, batch};

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
    /// Prints JSON.
    #[arg(long)]
    json: bool,
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

/// Visits that can be compared: the same programme and the same way of measuring.
type Series = Vec<Visit>;

pub(crate) fn run(args: &Progress) -> Result<ExitCode, Failure> {
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
    let series = joined(visits);
    let told: Vec<Course> = series.iter().map(|one| tell(one)).collect();
    let mut out = stdout().lock();
    if args.json {
        let document = json!({
            "tool": "levator",
            "version": VERSION,
            "series": told.iter().map(Course::json).collect::<Vec<_>>(),
        });
        serde_json::to_writer_pretty(&mut out, &document).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        if series.len() > 1 {
            writeln!(
                out,
                "{} series that cannot be compared with each other: another programme, device, probe or \
                 setting starts a new baseline",
                series.len()
            )?;
        }
        for (number, one) in told.iter().enumerate() {
            one.print(&mut out, number + 1)?;
        }
        writeln!(out, "{}", levator_score::SCREENING)?;
    }
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
fn joined(visits: Vec<Visit>) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for visit in visits {
        let is_alike = |series: &Series| {
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

/// What is said of a series.
struct Course {
    files: Vec<String>,
    programme: Option<String>,
    rows: Vec<Row>,
    latest: Assessment,
}

struct Row {
    quantity: Quantity,
    task: Task,
    how: How,
    unit: String,
    /// Of each visit, where it was measured.
    values: Vec<Option<f64>>,
    /// Of the last visit against the first; none for one visit.
    change: Option<Change>,
}

fn tell(series: &[Visit]) -> Course {
    let (last, before) = series.split_last().expect("a series has a visit");
    let earlier: Vec<Earlier> = before.iter().map(|one| one.earlier.clone()).collect();
    let (latest, _) = assess::judge(&last.analysis, &last.about, &earlier);
    let since_first = match earlier.first() {
        Some(first) => {
            assess::judge(&last.analysis, &last.about, std::slice::from_ref(first)).0.changes
        }
        None => Vec::new(),
    };
    let rows = FOLLOWED.iter().filter_map(|choices| row(series, choices, &since_first)).collect();
    let course = last.analysis.config.course.as_ref();
    Course {
        files: series.iter().map(|one| one.analysis.file.display().to_string()).collect(),
        programme: course.map(|course| course.programme.definition().id.clone()),
        rows,
        latest,
    }
}

fn row(series: &[Visit], choices: &[(Quantity, Task)], changes: &[Change]) -> Option<Row> {
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
    Some(Row {
        quantity: measure.quantity,
        task: measure.task,
        how: measure.how,
        unit: measure.unit.to_string(),
        values: series.iter().map(of).collect(),
        change: change.cloned(),
    })
}

/// What became of it, in words; a change is named only beyond what can be told from chance.
fn trend_text(change: &Change) -> String {
    let limit = match (change.mdc, &change.limit) {
        (Some(Size::Absolute(size)), Some(Limit::Reference(id))) => {
            format!(" (counts beyond {}, {id})", number(size))
        }
        (Some(Size::Relative(ratio)), Some(Limit::Reference(id))) => {
            format!(" (counts beyond a factor of {}, {id})", number(ratio.exp()))
        }
        _ => String::new(),
    };
    let word = match change.trend {
        Trend::Improved => "better than at the first visit",
        Trend::Worse => "not as good as at the first visit",
        Trend::Changed => "other than at the first visit",
        Trend::NotDetectable => "no change that can be told from chance",
        Trend::NotComparable(why) => return format!("not comparable: {}", why.text()),
    };
    format!("{word}{limit}")
}

impl Course {
    fn print(&self, out: &mut impl Write, at: usize) -> std::io::Result<()> {
        let programme = self.programme.as_deref().unwrap_or("no programme");
        writeln!(out, "\nSeries {at}: {} visits, {programme}", self.files.len())?;
        for (number, file) in self.files.iter().enumerate() {
            writeln!(out, "  {:>2}  {file}", number + 1)?;
        }
        for row in &self.rows {
            let values: Vec<String> =
                row.values.iter().map(|one| one.map_or_else(|| "-".to_owned(), number)).collect();
            writeln!(
                out,
                "  {} ({}): {} {}",
                row.quantity.name(),
                row.task.name(),
                values.join(" > "),
                row.unit
            )?;
            let said = row.change.as_ref().map_or_else(|| "one visit only".to_owned(), trend_text);
            writeln!(out, "    {said}")?;
        }
        writeln!(out, "  Training: {}", gate_text(self.latest.gate))?;
        writeln!(out, "  {}", self.latest.progression.text())?;
        for offer in self.latest.offers.iter().filter(|one| one.rank.is_some()) {
            writeln!(out, "  next: {}: {}", offer.programme, offer.why)?;
        }
        let closed = self.latest.offers.iter().filter(|one| one.opening == Opening::Closed);
        let closed: Vec<&str> = closed.map(|one| one.programme).collect();
        if !closed.is_empty() {
            writeln!(out, "  closed for now: {}", closed.join(", "))?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            json!({
                "quantity": row.quantity.name(),
                "task": row.task.name(),
                "how": row.how.name(),
                "unit": row.unit,
                "values": row.values,
                "since_first": row.change.as_ref().map(answer::change),
            })
        });
        json!({
            "files": self.files,
            "programme": self.programme,
            "measures": rows.collect::<Vec<_>>(),
            "assessment": answer::assessment(&self.latest),
        })
    }
}
