//! Files of anorectal manometry: sensors folded into two channels, marks as what was asked for.

use std::fs::File;
use std::path::Path;

use levator_decode::{Scans, StreamInfo};
use levator_detect::manoeuvre::Role;
use levator_engine::summary::Note;
use levator_engine::{Engine, EngineConfig, Input};
use levator_measure::{Marker, MarkerRules, Schedule};
use levator_record::text::anorectal::{Fold, Sensors};
use levator_record::text::{ChannelChoice, Layout, TextFile, TextOptions};
use levator_report::picture::colour::Grid;
use levator_score::Site;
use levator_signal::{ChannelId, HostTime, SignalKind, Unit};

use crate::analysis::{self, Analysis, Kept};
use crate::args::Setup;
use crate::failure::{Attempt, Code, Failure};
use crate::imported;

/// Columns of a [`Grid`]: five hours of four a second.
const MOST_COLUMNS: usize = 72_000;

/// The sensors of a file that begins so, if it is one of manometry.
pub(crate) fn sensors(start: &[u8]) -> Option<Sensors> {
    let line = start.split(|byte| *byte == b'\n').next()?;
    Sensors::of_header(str::from_utf8(line).ok()?)
}

pub(crate) fn analyse(
    path: &Path,
    all: &Sensors,
    text: &TextOptions,
    setup: &Setup,
) -> Result<Analysis, Failure> {
    let name = path.display();
    let channels = all.names().map(|name| ChannelChoice::Name(name.to_owned())).collect();
    // Nothing in these exports names the unit; the programs that write them measure in mmHg.
    let unit = text.unit.unwrap_or(Unit::MillimetreMercury);
    let options = TextOptions {
        channels,
        kind: Some(SignalKind::Pressure),
        unit: Some(unit),
        ..text.clone()
    };
    let blake3 = hash(path).attempt(Code::File, &name)?;
    let mut file = TextFile::open(path, &options).attempt(Code::File, &name)?;
    let layout = file.layout().clone();
    let mut on = all.clone();
    on.switch_off(&layout);
    let fold = Fold::new(all, &on);
    let mut notes = imported::notes(&layout);
    notes.push(format!(
        "anorectal manometry: the largest of {} sensors of the anal canal{}; {}",
        on.anal.len(),
        if fold.channel_count() == 2 { ", and the balloon in the rectum" } else { ", no balloon" },
        if text.unit.is_some() { unit.symbol() } else { "in mmHg, as such exports are (--unit)" },
    ));
    if !on.switched_off.is_empty() {
        notes.push(format!("sensors that were switched off: {}", on.switched_off.join(", ")));
    }

    let whole = file.stream_info();
    let mut info =
        StreamInfo::of_values(SignalKind::Pressure, unit, whole.rate, fold.channel_count());
    info.label = whole.label;
    let id = |channel| ChannelId { stream: 0, channel };
    let roles = [(id(0), Role::PelvicPressure), (id(1), Role::AbdominalPressure)];
    let mut config = EngineConfig {
        roles: roles[..usize::from(fold.channel_count())].to_vec(),
        ..EngineConfig::scans(info)
    };
    analysis::prepare(setup, &mut config);
    let (markers, marks) = markers(&layout);
    if config.course.is_none() {
        let end = whole.rate.index_at(layout.duration_s());
        let rules = MarkerRules::anorectal();
        let (schedule, missing) = Schedule::from_markers(&markers, &rules, whole.rate, end);
        if schedule.steps().is_empty() {
            notes.push("no marks found: nothing says what was asked for and when".to_owned());
        } else {
            for phase in &missing.phases {
                notes.push(format!("there is no mark {phase}: what belongs to it is not measured"));
            }
            for phase in &missing.outside {
                notes.push(format!("the mark {phase} lies behind the end of the signal"));
            }
            config.schedule = Some(schedule);
        }
    }
    let mut engine = Engine::new(&config).attempt(Code::File, &name)?;
    let mut sink = Kept::new(&config, setup.keeps_trace);
    let (mut codes, channel_count) = (Vec::new(), fold.channel_count());
    file.read(&mut |scans: Scans<'_>| {
        codes.clear();
        fold.fold(scans.codes, &mut codes);
        let scans = Scans { channel_count, codes: &codes, ..scans };
        engine.handle(Input::Scans { at: HostTime::ZERO, scans }, &mut sink);
    })
    .attempt(Code::File, &name)?;
    engine.finish(HostTime::ZERO, &mut sink);
    let Kept { mut summary, digest, trace } = sink;
    summary.marks = marks
        .iter()
        .map(|(at_s, text)| Note {
            at: HostTime::ZERO,
            index: whole.rate.index_at(*at_s),
            text: text.clone(),
        })
        .collect();
    let titles = ["anal canal", "rectum"].map(str::to_owned);
    Ok(Analysis {
        file: path.to_owned(),
        blake3,
        summary,
        digest,
        trace,
        opened_unix_ms: None,
        // Where the sensors lay is in the name of the file's kind; what else is told is laid over it.
        told: Some(levator_catalog::told::of_site(Site::Anal)),
        config,
        titles: vec![titles[..usize::from(channel_count)].to_vec()],
        notes,
        skipped: imported::skipped(&layout),
    })
}

/// Pressures of all sensors of a file of manometry, for a picture; `None` for another file.
pub(crate) fn grid(path: &Path, unit: Option<Unit>) -> Result<Option<Grid>, Failure> {
    let name = path.display();
    let Some(all) = sensors(&analysis::start_of(path)) else { return Ok(None) };
    let names: Vec<String> = all.balloon.iter().chain(&all.anal).cloned().collect();
    let channels = names.iter().map(|name| ChannelChoice::Name(name.clone())).collect();
    let unit = unit.unwrap_or(Unit::MillimetreMercury);
    let options = TextOptions {
        channels,
        kind: Some(SignalKind::Pressure),
        unit: Some(unit),
        ..TextOptions::default()
    };
    let mut file = TextFile::open(path, &options).attempt(Code::File, &name)?;
    let mut off = all.clone();
    off.switch_off(file.layout());
    let is_off: Vec<bool> = names.iter().map(|name| off.switched_off.contains(name)).collect();
    let hz = file.stream_info().rate.hz();
    // Joined to about four a second: more is not seen on a page.
    let per = ((hz / 4.0).floor() as u64).max(1);
    let mut columns: Vec<Vec<f32>> = Vec::new();
    file.read(&mut |scans: Scans<'_>| {
        for (index, scan) in (scans.first.0..).zip(scans.codes.chunks_exact(names.len())) {
            let at = (index / per) as usize;
            if index % per != 0 || at >= MOST_COLUMNS {
                continue;
            }
            columns.resize_with(at, || vec![f32::NAN; names.len()]);
            let value =
                |(value, is_off): (&f64, &bool)| if *is_off { f32::NAN } else { *value as f32 };
            columns.push(scan.iter().zip(&is_off).map(value).collect());
        }
    })
    .attempt(Code::File, &name)?;
    let unit = unit.symbol().to_owned();
    Ok(Some(Grid { sensors: names, step_s: per as f64 / hz, unit, columns }))
}

/// The marks of the file that have a time, for the schedule and for the summary.
fn markers(layout: &Layout) -> (Vec<Marker<'_>>, Vec<(f64, String)>) {
    let timed = || layout.notes.iter().filter_map(|note| Some((note.at_s?, note.text.as_str())));
    let markers = timed().map(|(at_s, text)| Marker { at_s, text }).collect();
    let marks =
        timed().filter(|(at_s, _)| *at_s >= 0.0).map(|(at_s, text)| (at_s, text.to_owned()));
    (markers, marks.collect())
}

fn hash(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells() {
        assert!(sensors(b"TIME:\tB2\tB1\t10\t9\t8\t7\r\n 0.0\t1").is_some());
        assert!(sensors(b"t_s,adc\n0,1\n").is_none());
        assert!(sensors(&[0xff, 0xfe, 0, b'\n']).is_none());
    }
}
