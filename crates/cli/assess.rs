//! `levator assess`: tight or weak, both, neither, or cannot tell, and why.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use levator_catalog::references;
use levator_catalog::told::Told;
use levator_detect::manoeuvre::Role;
use levator_engine::{ChannelSummary, EmgBand};
use levator_measure::{Measure, Reason, Validity};
use levator_programme::{Position, Stamp};
use levator_score::{
    Assessment, Bandwidth, Detector, Earlier, Modality, Observed, Reference, Visit, explain,
    number, reason_text,
};
use levator_signal::SignalKind;
use serde_json::json;

use crate::analysis::{self, Analysis};
use crate::args::{Assess, Setup};
use crate::failure::Failure;
use crate::json::VERSION;
use crate::{answer, imported};

pub(crate) fn run(args: &Assess) -> Result<ExitCode, Failure> {
    let options = args.text.options();
    let analysis = analysis::analyse(&args.file, &options, &args.setup)?;
    let told = Told::united(args.symptoms.clone(), analysis.told.clone());
    let about = About::new(told, args.reference.clone());
    let earlier = earlier(&args.earlier, &options, &args.setup, &about)?;
    let (assessment, notes) = judge(&analysis, &about, &earlier);
    let mut out = stdout().lock();
    if args.json {
        let document = json!({
            "tool": "levator",
            "version": VERSION,
            "file": analysis.file.display().to_string(),
            "blake3": analysis.blake3,
            "notes": analysis.notes.iter().chain(&notes).collect::<Vec<_>>(),
            "programme": answer::programme(&analysis),
            "assessment": answer::assessment(&assessment),
            "measures": answer::measures(&analysis),
            "trials": answer::trials(&analysis),
        });
        crate::json::print(&mut out, &document)?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{}", analysis.file.display())?;
    // Marks of the file are what the programme or the schedule was made of.
    let own = analysis.notes.iter().filter(|note| !imported::is_of_file(note));
    for note in own.chain(&notes) {
        writeln!(out, "  {note}")?;
    }
    tell_trials(&mut out, &analysis, about.told.lift)?;
    writeln!(out)?;
    tell(&mut out, &assessment)?;
    if args.measures {
        writeln!(out)?;
        tell_measures(&mut out, &analysis)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Repetitions and answer of a visit in which something was asked for, with what lies beside it.
pub(crate) fn answer(out: &mut impl Write, analysis: &Analysis) -> std::io::Result<()> {
    let (assessment, notes) = judge(analysis, &About::new(analysis.told.clone(), None), &[]);
    for note in &notes {
        writeln!(out, "  {note}")?;
    }
    tell_trials(out, analysis, analysis.told.as_ref().and_then(|told| told.lift))?;
    tell(out, &assessment)
}

/// The answer in words, wrapped.
pub(crate) fn tell(out: &mut impl Write, assessment: &Assessment) -> std::io::Result<()> {
    for line in explain(assessment) {
        wrapped(out, &line)?;
    }
    Ok(())
}

/// Width of lines. Our choice: what is read at ease, and fits where nobody says how wide it is.
const WIDTH: usize = 100;

/// A line, broken between words; what follows stands two places further in.
fn wrapped(out: &mut impl Write, line: &str) -> std::io::Result<()> {
    let indent = line.len() - line.trim_start().len();
    let mut length = indent;
    write!(out, "{:indent$}", "")?;
    for (at, word) in line.split_whitespace().enumerate() {
        let word_length = word.chars().count();
        if at > 0 && length + 1 + word_length > WIDTH {
            write!(out, "\n{:1$}", "", indent + 2)?;
            length = indent + 2;
        } else if at > 0 {
            write!(out, " ")?;
            length += 1;
        }
        write!(out, "{word}")?;
        length += word_length;
    }
    writeln!(out)
}

/// What is known beside the signals of a visit, and what it is held against.
pub(crate) struct About {
    pub(crate) told: Told,
    references: Vec<Reference>,
}

impl About {
    /// If nothing is told of the device, it is that of `reference`.
    pub(crate) fn new(told: Option<Told>, reference: Option<Reference>) -> Self {
        let mut told = told.unwrap_or_else(Told::nothing);
        let mut all = references::all();
        if let Some(reference) = reference {
            let pack = reference.pack();
            if told.setup.device.is_none() {
                told.setup.device = Some(pack.device.clone());
                told.setup.site = told.setup.site.or(Some(pack.site));
            }
            // The one that was asked for comes first, and counts if several fit.
            all.retain(|one| one.id() != reference.id());
            all.insert(0, reference);
        }
        Self { told, references: all }
    }
}

/// The assessment of a visit in which something was asked for, with its first channel of the pelvic
/// floor; `None` for other channels, and where nothing was asked for.
pub(crate) fn of_channel(analysis: &Analysis, channel: &ChannelSummary) -> Option<Assessment> {
    let is_asked = analysis.config.course.is_some() || analysis.config.schedule.is_some();
    let about = is_asked.then(|| About::new(analysis.told.clone(), None))?;
    let first = observed(analysis, &about, &mut Vec::new()).first().map(|one| one.channel);
    (first == Some(channel.id)).then(|| judge(analysis, &about, &[]).0)
}

/// The channel that is reported on: the first of the pelvic floor.
pub(crate) fn reported(analysis: &Analysis, about: &About) -> Option<levator_signal::ChannelId> {
    observed(analysis, about, &mut Vec::new()).first().map(|one| one.channel)
}

/// Judges a visit, and says what was assumed.
pub(crate) fn judge(
    analysis: &Analysis,
    about: &About,
    earlier: &[Earlier],
) -> (Assessment, Vec<String>) {
    let mut notes = Vec::new();
    let channels = observed(analysis, about, &mut notes);
    if about.told.setup.device.is_none() {
        notes.push(
            "nothing is told of the device, so no reference can fit: --reference or --symptoms"
                .to_owned(),
        );
    }
    let measures = &analysis.summary.measures;
    let told = &about.told;
    let assessment = levator_score::assess(&Visit {
        symptoms: told.symptoms,
        palpation: told.palpation,
        lift: told.lift,
        expulsion: told.expulsion,
        insertion_to_rest_s: told.insertion_to_rest_s,
        stamp: stamp(analysis),
        position: position(analysis, about),
        earlier,
        ..Visit::new(measures, &channels, &told.person, &about.references)
    });
    (assessment, notes)
}

/// Visits that came before, analysed and ready to be compared with.
pub(crate) fn earlier(
    files: &[PathBuf],
    options: &levator_record::text::TextOptions,
    setup: &Setup,
    about: &About,
) -> Result<Vec<Earlier>, Failure> {
    files
        .iter()
        .map(|file| {
            let analysis = analysis::analyse(file, options, setup)?;
            Ok(as_earlier(&analysis, about))
        })
        .collect()
}

/// A visit, as those that come after are compared with it.
pub(crate) fn as_earlier(analysis: &Analysis, about: &About) -> Earlier {
    Earlier {
        stamp: stamp(analysis),
        position: position(analysis, about),
        channels: observed(analysis, about, &mut Vec::new()),
        measures: analysis.summary.measures.clone(),
    }
}

fn stamp(analysis: &Analysis) -> Option<Stamp> {
    analysis.config.course.as_ref().map(|course| course.programme.stamp())
}

/// As told, or the first that the programme asks for.
fn position(analysis: &Analysis, about: &About) -> Option<Position> {
    let course = analysis.config.course.as_ref();
    let phases = course.map(|course| course.programme.definition().phases.as_slice());
    let asked = phases.unwrap_or_default().iter().find_map(|phase| phase.position);
    about.told.position.or(asked)
}

/// The channels that look at the pelvic floor: by their roles, or else the first that was searched.
fn observed(analysis: &Analysis, about: &About, notes: &mut Vec<String>) -> Vec<Observed> {
    let roles = &analysis.config.roles;
    let is_pelvic = |channel: &&ChannelSummary| {
        let role = roles.iter().find(|(id, _)| *id == channel.id).map(|(_, role)| *role);
        matches!(role, Some(Role::PelvicEmg | Role::PelvicPressure))
    };
    let searched = || analysis.summary.channels.iter().filter(|one| one.passed.is_none());
    let pelvic: Vec<&ChannelSummary> = if roles.is_empty() {
        let first: Vec<&ChannelSummary> = searched().take(1).collect();
        if searched().count() > 1
            && let Some(channel) = first.first()
        {
            let name = analysis.channel_name(channel);
            notes.push(format!("{name} was taken for the pelvic floor (--role)"));
        }
        first
    } else {
        searched().filter(is_pelvic).collect()
    };
    pelvic
        .into_iter()
        .map(|channel| {
            let modality = match channel.kind {
                SignalKind::Emg | SignalKind::EmgEnvelope => Modality::Emg,
                SignalKind::Pressure | SignalKind::Other => Modality::Pressure,
            };
            let mut profile = about.told.setup.profile(modality, channel.unit);
            if channel.kind == SignalKind::Emg {
                // What is measured here is known, whatever the device says of itself.
                profile.detector = profile.detector.or(Some(Detector::Rms));
                profile.bandwidth = profile.bandwidth.or(Some(band(analysis.config.emg_band)));
            }
            Observed { channel: channel.id, profile }
        })
        .collect()
}

const fn band(band: EmgBand) -> Bandwidth {
    let from_hz = match band {
        EmgBand::Wide => 20.0,
        EmgBand::Pelvic => 30.0,
        EmgBand::HeartSafe => 100.0,
    };
    Bandwidth { from_hz, to_hz: 450.0 }
}

fn tell_trials(
    out: &mut impl Write,
    analysis: &Analysis,
    lift: Option<bool>,
) -> std::io::Result<()> {
    let trials = &analysis.summary.trials;
    for channel in analysis.summary.channels.iter().filter(|one| one.passed.is_none()) {
        let of = || trials.iter().filter(|trial| trial.channel == channel.id);
        if of().next().is_none() {
            continue;
        }
        let all = of().count();
        let count = |validity| of().filter(|trial| trial.validity == validity).count();
        let (doubtful, invalid) = (count(Validity::Doubtful), count(Validity::Invalid));
        let name = analysis.channel_name(channel);
        write!(out, "  {name}: {} of {all} repetitions count", all - invalid)?;
        match doubtful {
            0 => writeln!(out)?,
            _ => writeln!(out, ", {doubtful} of them with doubt")?,
        }
        // Somebody saw the probe move inward: that it was a squeeze is verified.
        let is_seen = lift == Some(true);
        for trial in of().filter(|trial| trial.validity != Validity::Valid) {
            let seen = |reason: &&Reason| !(is_seen && **reason == Reason::Unverified);
            let reasons = trial.reasons.iter().filter(|reason| seen(&reason));
            let why: Vec<&str> = reasons.map(reason_text).collect();
            if why.is_empty() {
                continue;
            }
            writeln!(
                out,
                "    {} {} at {:.1} s: {} ({})",
                trial.task.name(),
                trial.trial,
                channel.rate.time_s(trial.asked.start),
                match trial.validity {
                    Validity::Valid => "counts",
                    Validity::Doubtful => "counts with doubt",
                    Validity::Invalid => "not counted",
                },
                why.join("; ")
            )?;
        }
    }
    Ok(())
}

/// Summaries of each channel, a line each.
fn tell_measures(out: &mut impl Write, analysis: &Analysis) -> std::io::Result<()> {
    for channel in analysis.summary.channels.iter().filter(|one| one.passed.is_none()) {
        writeln!(out, "Measures of {}", analysis.channel_name(channel))?;
        let of = |one: &&Measure| one.channel == channel.id && one.trial.is_none();
        for one in analysis.summary.measures.iter().filter(of) {
            let value = one.value.map_or_else(|| "-".to_owned(), number);
            let sem = one.sem.map_or_else(String::new, |sem| format!(" ± {}", number(sem)));
            let why: Vec<&str> = one.reasons.iter().map(|reason| reason.name()).collect();
            let state = match one.validity {
                Validity::Valid => "",
                Validity::Doubtful => "doubtful: ",
                Validity::Invalid => "not valid: ",
            };
            writeln!(
                out,
                "  {:<26} {:<15} {:<18} {value}{sem} {}, n = {}  {state}{}",
                one.quantity.name(),
                one.task.name(),
                one.how.name(),
                one.unit,
                one.count,
                why.join(", ")
            )?;
        }
    }
    Ok(())
}
