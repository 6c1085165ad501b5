//! `levator replay`: a recorded visit, seen again as it was seen live.

use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;
use levator_engine::{Digest, Tee};
use levator_live::{Playback, Played, Speed};
use levator_record::Reader;
use levator_record::visit::{RESULT, manifest};
use serde_json::Value;

use crate::analysis::{self, Analysis};
use crate::args::ViewArgs;
use crate::failure::{Attempt, Code, Failure};
use crate::original::{Original, journal_of};
use crate::stop::Stop;
use crate::view::{self, Face, Scene};
use crate::{json, visit};

/// What `replay` is told.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The visit: its folder, or its `raw.journal`.
    pub(crate) visit: PathBuf,
    /// How fast: `real`, a number of times as fast as it was, or `max`.
    #[arg(long, value_name = "real|N|max", default_value = "real", value_parser = speed)]
    pub(crate) speed: Speed,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
    /// Prints what was found as JSON, as `analyse --json` does.
    #[arg(long)]
    pub(crate) json: bool,
}

fn speed(text: &str) -> Result<Speed, String> {
    let factor = match text {
        "real" => return Ok(Speed::REAL),
        "max" => return Ok(Speed::MAX),
        number => number.parse().ok(),
    };
    factor.and_then(Speed::times).ok_or_else(|| "must be real, 0.001 to 100000, or max".to_owned())
}

/// Plays the visit and prints what was found in it, which is what was found live.
pub(crate) fn run(args: &Replay) -> Result<ExitCode, Failure> {
    let journal = journal_of(&args.visit);
    let name = args.visit.display().to_string();
    if args.visit.is_dir() && Original::of(&args.visit).is_some() {
        let text = "was taken in from a file of another program, which keeps no time at which samples came, \
                    so it cannot be played; what is in it finds";
        return Err(Failure::new(Code::File, anyhow!("{name} {text} `levator analyse {name}`")));
    }
    let reader = Reader::open(&journal).attempt(Code::File, &name)?;
    let (config, notes) = analysis::recorded_settings(reader.header());
    let told = analysis::told_beside(&journal)?;
    let opened_unix_ms = reader.header().map(|header| header.opened_unix_ms);
    let stop = Stop::listen()?;
    let sink = Tee(analysis::summary(&config), Digest::new());
    let playback = Playback::start(reader, &config, args.speed, sink).attempt(Code::File, &name)?;
    let title = view::title(&name);
    let programme = config.course.as_ref().map(|course| &course.programme);
    let scene = Scene {
        title: &title,
        programme,
        patience_s: f64::INFINITY,
        any_rate: true,
        is_played: true,
        stale: &[],
        page: None,
    };
    let shown = view::show(&playback.handle(), Face::choose(args.view.plain), &scene, &stop);
    if shown.is_err() {
        playback.handle().stop();
    }
    let (played, Tee(summary, digest)) = playback.wait().attempt(Code::Other, &name)?;
    shown.attempt(Code::Other, "terminal")?;
    let mut analysis = Analysis {
        file: args.visit.clone(),
        blake3: manifest::hash(&journal, &mut |_| {}).attempt(Code::File, &name)?,
        summary,
        digest,
        trace: None,
        opened_unix_ms,
        told,
        config,
        titles: Vec::new(),
        notes,
        skipped: played.damage.iter().map(analysis::skipped).collect(),
    };
    analysis.notes.extend(played.totals.and_then(|totals| analysis::dropped(&totals)));
    if !played.completed {
        let until = played.ended_at.as_secs_f64();
        analysis.notes.push(format!("stopped at {until:.3} s: the rest was not played"));
    }
    visit::print(&analysis, args.json)?;
    compare(&journal, &analysis, &played)
}

/// Says whether the outputs are those that were kept with the visit.
fn compare(journal: &Path, analysis: &Analysis, played: &Played) -> Result<ExitCode, Failure> {
    let mut err = stderr().lock();
    writeln!(
        err,
        "played {:.1} s of the visit in {:.1} s",
        played.ended_at.as_secs_f64(),
        played.took.as_secs_f64()
    )?;
    let Some(kept) = Kept::beside(journal).filter(|_| played.completed) else {
        return Ok(ExitCode::SUCCESS);
    };
    if kept.digest == format!("{:016x}", analysis.digest.signal()) {
        writeln!(err, "the same as live, bit for bit")?;
    } else if kept.version == json::VERSION {
        let error = anyhow!(
            "what was played differs from {RESULT} of the same version; please report this"
        );
        return Err(Failure::new(Code::Other, error));
    } else {
        writeln!(
            err,
            "differs from {RESULT}, which levator {} wrote: another version finds other things",
            kept.version
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What `result.json` beside a journal says of itself.
pub(crate) struct Kept {
    /// Version of the program that wrote it.
    pub(crate) version: String,
    /// Fingerprint of the outputs.
    pub(crate) digest: String,
    /// All of it.
    pub(crate) document: Value,
}

impl Kept {
    /// `None` if there is none that can be understood: it can be made again at any time.
    pub(crate) fn beside(journal: &Path) -> Option<Self> {
        let text = std::fs::read(journal.with_file_name(RESULT)).ok()?;
        let document: Value = serde_json::from_slice(&text).ok()?;
        let word = |value: &Value| value.as_str().map(str::to_owned);
        let (version, digest) =
            (word(&document["version"])?, word(&document["files"][0]["digest"])?);
        Some(Self { version, digest, document })
    }
}
