//! What was found, for people.

use std::io::{self, Write};

use levator_detect::manoeuvre::Answer;
use levator_engine::{ChannelSummary, Pace, PressureEvent};
use levator_signal::quality::Severity;
use levator_signal::{Breathing, Drift};

use crate::analysis::Analysis;
use crate::assess;
use crate::calibrate::date;
use crate::calibrations;
use crate::json::reason;
use crate::view::figure;

/// Gaps and refusals that are listed one by one; the rest is counted.
const MOST_LISTED: usize = 12;

/// Prints all channels of one file.
pub(crate) fn print(out: &mut impl Write, analysis: &Analysis) -> io::Result<()> {
    writeln!(out, "{}", analysis.file.display())?;
    for note in &analysis.notes {
        writeln!(out, "  {note}")?;
    }
    if analysis.summary.channels.is_empty() {
        writeln!(out, "  no channel was described: nothing to analyse")?;
    }
    for channel in &analysis.summary.channels {
        one(out, analysis, channel)?;
    }
    if let Some(first) = analysis.summary.channels.first() {
        for mark in &analysis.summary.marks {
            writeln!(out, "  mark at {:.3} s {}", first.rate.time_s(mark.index), mark.text)?;
        }
    }
    let events = &analysis.summary.manoeuvres;
    for event in events.iter().take(MOST_LISTED) {
        let said = match event.answer {
            Answer::Told { manoeuvre, .. } => manoeuvre.name(),
            Answer::CannotTell(doubt) => doubt.name(),
        };
        writeln!(out, "  {:.1} to {:.1} s: {said}", event.start_s, event.end_s)?;
    }
    more(out, events.len())?;
    for part in &analysis.skipped {
        match part.what {
            "recording" => writeln!(out, "  {} ({} bytes)", part.reason, part.count)?,
            what => writeln!(out, "  {} {what} left out: {}", part.count, part.reason)?,
        }
    }
    for (reason, count) in &analysis.summary.refusals {
        writeln!(out, "  {count} frames refused: {reason}")?;
    }
    if analysis.config.course.is_some() || analysis.config.schedule.is_some() {
        writeln!(out)?;
        assess::answer(out, analysis)?;
    }
    writeln!(out)
}

fn one(out: &mut impl Write, analysis: &Analysis, channel: &ChannelSummary) -> io::Result<()> {
    let unit = channel.unit;
    write!(
        out,
        "  {}: {}, {}, {} Hz, {:.1} s",
        analysis.channel_name(channel),
        channel.kind.name(),
        unit,
        rate(channel.rate.hz()),
        channel.duration_s()
    )?;
    if let Some(reason) = channel.passed {
        return writeln!(out, ", not searched: {}", reason.name());
    }
    match channel.contractions.len() {
        0 => writeln!(out, ", no contraction found")?,
        1 => writeln!(out, ", 1 contraction")?,
        count => writeln!(out, ", {count} contractions")?,
    }
    if let Some(known) = calibrations::used(analysis, channel) {
        let day = date(known.made_unix_s);
        write!(out, "    calibrated {day} against {} {}", figure(known.reference), known.unit)?;
        let opened = analysis.opened_unix_ms.map(|ms| ms / 1000);
        let days = opened.map_or(0, |opened| calibrations::age_days(known.made_unix_s, opened));
        if days > calibrations::STALE_DAYS {
            write!(out, ", {days} days before: it may have drifted; see levator calibrate")?;
        }
        writeln!(out)?;
    }
    let clock = analysis.summary.clocks.get(&channel.id.stream);
    if let Some(clock) = clock.filter(|clock| clock.pace != Pace::AsDeclared) {
        writeln!(
            out,
            "    the device declares {} Hz and gives {:.2}; times are by what it gives",
            rate(clock.declared.hz()),
            clock.real_hz
        )?;
    }
    let seconds = |index| channel.rate.time_s(index);
    if !channel.contractions.is_empty() {
        writeln!(
            out,
            "      #    onset s   offset s   length s       peak       mean  confidence"
        )?;
    }
    for (index, found) in channel.contractions.iter().enumerate() {
        let onset = seconds(found.onset);
        let (offset, length) = match found.offset.map(seconds) {
            Some(offset) => (format!("{offset:.3}"), format!("{:.3}", offset - onset)),
            None => ("open".to_owned(), "-".to_owned()),
        };
        writeln!(
            out,
            "    {:>3} {onset:>10.3} {offset:>10} {length:>10} {:>10} {:>10}        {:.2}{}",
            index + 1,
            figure(found.peak),
            figure(found.mean),
            found.confidence,
            if channel.is_like_cough(found) { "  like a cough" } else { "" },
        )?;
    }
    match channel.rest {
        Some(rest) => writeln!(
            out,
            "    rest {} {unit} ± {}, from {:.1} s",
            figure(rest.level),
            figure(rest.spread),
            rest.span_s
        )?,
        None => writeln!(out, "    rest: cannot tell")?,
    }
    if let Some(event) = &channel.pressure {
        pressure(out, event)?;
    }
    match channel.heart {
        Some(Some(heart)) => writeln!(
            out,
            "    {} heart beats taken out, {:.1} % of the samples",
            heart.beat_count,
            100.0 * heart.touched_ratio()
        )?,
        Some(None) => writeln!(out, "    rate too low to look for heart beats")?,
        None => {}
    }
    for stretch in channel.undetermined.iter().take(MOST_LISTED) {
        writeln!(
            out,
            "    cannot tell from {:.3} s to {:.3} s: {}",
            seconds(stretch.span.start),
            seconds(stretch.span.end),
            reason(stretch.reason)
        )?;
    }
    more(out, channel.undetermined.len())?;
    let summary = &analysis.summary;
    let gaps = || summary.gaps.iter().filter(|gap| gap.stream == channel.id.stream);
    for gap in gaps().take(MOST_LISTED) {
        writeln!(
            out,
            "    {} samples missing from {:.3} s to {:.3} s ({})",
            gap.span.sample_count(),
            seconds(gap.span.start),
            seconds(gap.span.end),
            gap.cause.name()
        )?;
    }
    more(out, gaps().count())?;
    let serious = || channel.findings.iter().filter(|f| f.fault.severity() > Severity::Note);
    for found in serious().take(MOST_LISTED) {
        writeln!(
            out,
            "    {} from {:.1} s to {:.1} s. {}",
            found.fault.name(),
            seconds(found.span.start),
            seconds(found.span.end),
            found.fault.remedy()
        )?;
    }
    more(out, serious().count())?;
    for (fault, count) in &channel.faults {
        writeln!(out, "    {fault}: {:.1} s", *count as f64 / channel.rate.hz())?;
    }
    Ok(())
}

/// Drift and breathing, where there is something to say.
fn pressure(out: &mut impl Write, event: &PressureEvent) -> io::Result<()> {
    let unit = event.unit;
    if let Drift::Known(known) = event.drift {
        writeln!(
            out,
            "    level at rest has moved by {} {unit} ± {} since {:.1} s (sensor and tone together)",
            figure(known.change),
            figure(known.bound),
            event.rate.time_s(known.since)
        )?;
    }
    if let Some(Breathing::Present { rate_per_min, amplitude, .. }) = event.breathing {
        let amplitude = figure(amplitude);
        writeln!(out, "    breathing: {rate_per_min:.0} a minute, {amplitude} {unit}")?;
    }
    Ok(())
}

fn more(out: &mut impl Write, count: usize) -> io::Result<()> {
    match count.saturating_sub(MOST_LISTED) {
        0 => Ok(()),
        more => writeln!(out, "    … and {more} more (all of them with --json)"),
    }
}

/// A rate without the digits that nobody reads.
fn rate(hz: f64) -> String {
    let text = format!("{hz:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
