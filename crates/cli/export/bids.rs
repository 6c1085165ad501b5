//! A folder as the Brain Imaging Data Structure (BIDS 1.11, electromyography) wants it.
//!
//! ```text
//! OUT/dataset_description.json, README, participants.tsv
//! OUT/sub-01/[ses-1/]emg/sub-01[_ses-1]_task-rest[_acq-emg0]_emg.bdf, _emg.json, _channels.tsv, _events.tsv
//! ```
//!
//! Pressure is a MISC channel. Streams at several rates are several files, told apart by `acq`.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use levator_record::edf::Variant;
use levator_record::edf::write::Gaps;
use levator_signal::SignalKind;
use serde_json::{Value, json};

use super::edf;
use super::source::{Kind, Source};
use super::survey::{Stream, Survey};
use crate::failure::{Attempt, Code, Failure};
use crate::json::VERSION;

/// How a file is named in a BIDS folder.
#[derive(Debug, Args)]
#[command(next_help_heading = "BIDS")]
pub(crate) struct BidsArgs {
    /// Whose visit it is: letters and digits, no name.
    #[arg(long, value_name = "LABEL", default_value = "01", value_parser = label)]
    subject: String,
    /// Which visit: letters and digits.
    #[arg(long, value_name = "LABEL", value_parser = label)]
    session: Option<String>,
    /// What the person did: letters and digits. [default: that of the programme, else rest]
    #[arg(long, value_name = "LABEL", value_parser = label)]
    task: Option<String>,
}

fn label(text: &str) -> Result<String, String> {
    match !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric()) {
        true => Ok(text.to_owned()),
        false => Err("must be letters and digits without accents".to_owned()),
    }
}

/// The files of one visit, without their ends: one for each stream.
pub(super) struct Names {
    root: PathBuf,
    folder: PathBuf,
    subject: String,
    task: String,
    stems: Vec<PathBuf>,
}

impl Names {
    pub(super) fn new(source: &Source, survey: &Survey, args: &BidsArgs, root: &Path) -> Self {
        let task = args.task.clone().or_else(|| {
            let programme = survey.settings["programme"].as_str()?;
            let plain: String = programme.chars().filter(char::is_ascii_alphanumeric).collect();
            (!plain.is_empty() && matches!(source.kind(), Kind::Recording { .. })).then_some(plain)
        });
        let task = task.unwrap_or_else(|| "rest".to_owned());
        let subject = format!("sub-{}", args.subject);
        let (mut folder, mut stem) = (root.join(&subject), subject.clone());
        if let Some(session) = &args.session {
            folder.push(format!("ses-{session}"));
            let _ = write!(stem, "_ses-{session}");
        }
        folder.push("emg");
        let _ = write!(stem, "_task-{task}");
        let count = survey.streams.len();
        let stems = survey.streams.iter().map(|stream| match count {
            1 => folder.join(&stem),
            _ => {
                let kind: String =
                    stream.info.kind.name().chars().filter(char::is_ascii_alphanumeric).collect();
                folder.join(format!("{stem}_acq-{kind}{}", stream.number))
            }
        });
        let stems = stems.collect();
        Self { root: root.to_owned(), folder, subject, task, stems }
    }

    /// Every file that belongs to this visit alone.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let ends = ["_emg.bdf", "_emg.json", "_channels.tsv", "_events.tsv"];
        self.stems.iter().flat_map(|stem| ends.map(|end| with(stem, end))).collect()
    }
}

fn with(stem: &Path, end: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

pub(super) fn write(
    source: &Source,
    survey: &Survey,
    names: &Names,
    gaps: Gaps,
) -> Result<Vec<Value>, Failure> {
    fs::create_dir_all(&names.folder).attempt(Code::Recording, names.folder.display())?;
    let mut values = Vec::with_capacity(names.stems.len());
    for (stream, stem) in survey.streams.iter().zip(&names.stems) {
        let bdf = with(stem, "_emg.bdf");
        let mut value = edf::write(source, survey, stream, Variant::Bdf, gaps, &bdf)?;
        let sidecar = sidecar(survey, stream, names, &value);
        let text =
            serde_json::to_string_pretty(&sidecar).attempt(Code::Recording, "the sidecar")?;
        put(&with(stem, "_emg.json"), &format!("{text}\n"))?;
        put(&with(stem, "_channels.tsv"), &channels(stream))?;
        put(&with(stem, "_events.tsv"), &events(survey, stream))?;
        value["bids"] = "1.11.0".into();
        values.push(value);
    }
    dataset(names)?;
    Ok(values)
}

fn put(path: &Path, text: &str) -> Result<(), Failure> {
    let mut file = super::create(path).attempt(Code::Recording, path.display())?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .attempt(Code::Recording, path.display())
}

/// What the whole folder needs: made when it is not there, and a line for each person.
fn dataset(names: &Names) -> Result<(), Failure> {
    let description = names.root.join("dataset_description.json");
    if !description.exists() {
        let value = json!({
            "Name": "Pelvic floor recordings",
            "BIDSVersion": "1.11.0",
            "DatasetType": "raw",
            "License": "not stated",
            "Authors": ["not stated"],
            "GeneratedBy": [{ "Name": "levator", "Version": VERSION }],
        });
        let text = serde_json::to_string_pretty(&value).attempt(Code::Recording, "the dataset")?;
        put(&description, &format!("{text}\n"))?;
    }
    if !names.root.join("README").exists() && !names.root.join("README.md").exists() {
        let text = "Recordings of the pelvic floor, written by levator. Pressure is in MISC channels.\n\
                    Say here who was measured, how, and who may use it.\n";
        put(&names.root.join("README"), text)?;
    }
    let list = names.root.join("participants.tsv");
    let known = match list.exists() {
        true => fs::read_to_string(&list).attempt(Code::File, list.display())?,
        false => "participant_id\n".to_owned(),
    };
    if known.lines().any(|line| line.split('\t').next() == Some(names.subject.as_str())) {
        return Ok(());
    }
    let columns = known.lines().next().map_or(1, |line| line.split('\t').count());
    let line = format!("{}{}\n", names.subject, "\tn/a".repeat(columns - 1));
    let end = if known.ends_with('\n') { "" } else { "\n" };
    levator_record::visit::replace(&list, format!("{known}{end}{line}").as_bytes())
        .attempt(Code::Recording, list.display())
}

fn sidecar(survey: &Survey, stream: &Stream, names: &Names, written: &Value) -> Value {
    let is_emg = matches!(stream.info.kind, SignalKind::Emg | SignalKind::EmgEnvelope);
    json!({
        "TaskName": names.task,
        "EMGPlacementScheme": "Other",
        "EMGPlacementSchemeDescription":
            "intracavitary or surface probe at the pelvic floor; what is known of it is in the source",
        "EMGReference": "not stated",
        "SamplingFrequency": stream.rate.hz(),
        "PowerLineFrequency": survey.settings["mains_hz"].as_f64().map_or("n/a".into(), Value::from),
        "SoftwareFilters": "n/a",
        "RecordingType":
            if written["gap_count"].as_u64() > Some(0) { "discontinuous" } else { "continuous" },
        "RecordingDuration": stream.sample_count() as f64 / stream.rate.hz(),
        "EMGChannelCount": if is_emg { stream.channels.len() } else { 0 },
        "SoftwareVersions": format!("levator {VERSION}"),
    })
}

fn channels(stream: &Stream) -> String {
    let kind = match stream.info.kind {
        SignalKind::Emg | SignalKind::EmgEnvelope => "EMG",
        SignalKind::Pressure | SignalKind::Other => "MISC",
    };
    let mut text = "name\ttype\tunits\tsampling_frequency\n".to_owned();
    for channel in &stream.channels {
        let label: String =
            channel.label.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let unit = match channel.unit.symbol() {
            "count" | "" => "n/a",
            symbol => symbol,
        };
        let _ = writeln!(text, "{label}\t{kind}\t{unit}\t{}", stream.rate.hz());
    }
    text
}

fn events(survey: &Survey, stream: &Stream) -> String {
    let base_s = stream.start_s();
    let mut text = "onset\tduration\ttrial_type\n".to_owned();
    for one in &survey.annotations {
        let plain: String =
            one.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let duration = one.duration_s.map_or("n/a".to_owned(), |seconds| seconds.to_string());
        let _ = writeln!(text, "{}\t{duration}\t{}", one.onset_s - base_s, plain.trim());
    }
    text
}

/// Refuses what would be no BIDS folder.
pub(super) fn root(out: Option<&Path>) -> Result<&Path, Failure> {
    match out {
        Some(out) if !out.is_file() => Ok(out),
        _ => Err(Failure::new(Code::Usage, anyhow!("BIDS is a folder: name one with --out"))),
    }
}
