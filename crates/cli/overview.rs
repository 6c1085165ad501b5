//! `levator overview`: smallest and largest values of any stretch of a visit, at once.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;
use levator_record::visit::overview::{OverviewError, OverviewStream, View};
use levator_record::visit::{self, Overview as File};
use levator_signal::SampleIndex;
use serde_json::{Value, json};

use crate::bar::Progress;
use crate::failure::{Attempt, Code, Failure};
use crate::json::VERSION;

#[derive(Debug, Args)]
pub(crate) struct Overview {
    /// The folder of the visit. The file `overview` in it is made if it is not there.
    #[arg(value_name = "VISIT")]
    folder: PathBuf,
    /// Begins so many seconds after sample 0 of the device. Without it, at the first sample.
    #[arg(long, value_name = "S", default_value_t = 0.0, value_parser = crate::args::moment)]
    from: f64,
    /// Ends there. Without it, after the last sample.
    #[arg(long, value_name = "S", value_parser = crate::args::moment)]
    to: Option<f64>,
    /// Most pieces of each channel.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = pieces)]
    pieces: u32,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

fn pieces(text: &str) -> Result<u32, String> {
    let count = text.parse().ok().filter(|count| (1..=100_000).contains(count));
    count.ok_or_else(|| "must be 1 to 100000".to_owned())
}

pub(crate) fn run(args: &Overview) -> Result<ExitCode, Failure> {
    let (folder, name) = (&args.folder, args.folder.display());
    let journal = folder.join(visit::JOURNAL);
    let Ok(found) = std::fs::metadata(&journal) else {
        let error = anyhow!("{name} holds no visit: there is no raw.journal in it");
        return Err(Failure::new(Code::File, error));
    };
    let progress = Progress::bytes("reading", found.len());
    let mut position = 0;
    let opened = File::open_or_make(folder, &mut |at: u64| {
        progress.add(at.saturating_sub(position));
        position = at;
    });
    progress.finish();
    let mut file = opened.attempt(Code::File, &name)?;
    let mut out = stdout().lock();
    let mut streams = Vec::new();
    for at in 0..file.streams().len() {
        let about = file.streams()[at].clone();
        let views =
            (0..about.labels.len()).map(|channel| view(&mut file, &about, (at, channel), args));
        let views = views.collect::<Result<Vec<_>, _>>().attempt(Code::File, &name)?;
        match args.json {
            true => streams.push(to_value(&about, &views)),
            false => print(&mut out, &about, &views)?,
        }
    }
    if args.json {
        let all = json!({
            "tool": "levator",
            "version": VERSION,
            "visit": name.to_string(),
            "streams": streams,
        });
        crate::json::print(&mut out, &all)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn view(
    file: &mut File,
    about: &OverviewStream,
    (stream, channel): (usize, usize),
    args: &Overview,
) -> Result<View, OverviewError> {
    let from = about.rate.index_at(args.from).0;
    let to = args.to.map_or(u64::MAX, |to_s| about.rate.index_at(to_s).0);
    file.view(stream, channel, from..to, args.pieces as usize)
}

/// What is missing of the bucket at `at`, within the stream.
fn missing(about: &OverviewStream, view: &View, at: usize) -> u64 {
    let first = view.first + at as u64 * view.bucket_len;
    let start = first.max(about.samples.start);
    let end = (first + view.bucket_len).min(about.samples.end);
    end.saturating_sub(start).saturating_sub(view.buckets[at].count)
}

fn print(out: &mut impl Write, about: &OverviewStream, views: &[View]) -> std::io::Result<()> {
    let time_s = |index: u64| about.rate.time_s(SampleIndex(index));
    let (start_s, end_s) = (time_s(about.samples.start), time_s(about.samples.end));
    let unit = about.unit.symbol();
    writeln!(out, "stream {}: {} from {start_s:.3} s to {end_s:.3} s", about.stream, about.rate)?;
    for (label, view) in about.labels.iter().zip(views) {
        writeln!(out, "  {label}, {unit}")?;
        for (at, bucket) in view.buckets.iter().enumerate() {
            let from_s = time_s(view.first + at as u64 * view.bucket_len);
            let extremes = match bucket.extremes {
                Some((low, high)) => format!("{low:>12.3} to {high:>12.3}"),
                None => format!("{:>12}    {:>12}", "-", "-"),
            };
            let missing = match missing(about, view, at) {
                0 => String::new(),
                count => format!("  {count} samples missing"),
            };
            writeln!(out, "    {from_s:>10.3} s  {extremes}{missing}")?;
        }
    }
    Ok(())
}

fn to_value(about: &OverviewStream, views: &[View]) -> Value {
    let time_s = |index: u64| about.rate.time_s(SampleIndex(index));
    let channels = about.labels.iter().zip(views).map(|(label, view)| {
        let buckets = view.buckets.iter().enumerate().map(|(at, bucket)| {
            json!({
                "low": bucket.extremes.map(|(low, _)| low),
                "high": bucket.extremes.map(|(_, high)| high),
                "envelope_low": bucket.envelope.map(|(low, _)| low),
                "envelope_high": bucket.envelope.map(|(_, high)| high),
                "missing": missing(about, view, at),
            })
        });
        json!({
            "label": label,
            "from_s": time_s(view.first),
            "piece_s": time_s(view.bucket_len),
            "pieces": buckets.collect::<Vec<_>>(),
        })
    });
    json!({
        "stream": about.stream,
        "kind": about.kind.name(),
        "unit": about.unit.symbol(),
        "rate": { "scans": about.rate.scans(), "seconds": about.rate.seconds() },
        "from_s": time_s(about.samples.start),
        "to_s": time_s(about.samples.end),
        "channels": channels.collect::<Vec<_>>(),
    })
}
