//! Reads the labelled recordings and their table, and runs filter and detector over them.

use std::error::Error;
use std::path::Path;

use levator_detect::{Detector, DetectorConfig, Transition};
use levator_signal::preset::{self, Harmonics, Mains};
use levator_signal::{Cascade, Quality, SampleIndex, SampleRate};

/// One row of the table.
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) is_emg: bool,
    pub(crate) signal: Signal,
}

/// Values at a regular rate, in runs between gaps.
#[derive(Clone)]
pub(crate) struct Signal {
    pub(crate) rate: SampleRate,
    pub(crate) runs: Vec<(SampleIndex, Vec<f64>)>,
}

/// All recordings of the table.
pub(crate) fn read_all(folder: &Path, table: &Path) -> Result<Vec<Recording>, Box<dyn Error>> {
    let table = std::fs::read_to_string(table)?;
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let mut recordings = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let cells: Vec<&str> = line.split(',').collect();
        let cell = |name: &str| {
            head.iter().position(|h| *h == name).and_then(|i| cells.get(i)).copied().unwrap_or("")
        };
        let text = std::fs::read_to_string(folder.join(cell("file")))?;
        let mut signal = read(&text, cell("reader"), cell("column"), cell("fs"))?;
        let (scale, shift): (f64, f64) = (cell("scale").parse()?, cell("shift").parse()?);
        for (_, values) in &mut signal.runs {
            values.iter_mut().for_each(|x| *x = (*x + shift) * scale);
        }
        recordings.push(Recording {
            name: cell("name").to_owned(),
            is_emg: cell("kind") == "emg",
            signal,
        });
    }
    Ok(recordings)
}

/// Reads one recording; the layouts are those of the table.
pub(crate) fn read(
    text: &str,
    reader: &str,
    column: &str,
    fs: &str,
) -> Result<Signal, Box<dyn Error>> {
    let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pick = |line: &str, index: usize| line.split(',').nth(index).map(str::to_owned);
    let values: Vec<f64> = match reader {
        "csv" => {
            let head = lines.next().ok_or("no header")?;
            let index = head.split(',').position(|h| h == column).ok_or("no such column")?;
            lines.filter_map(|l| pick(l, index)?.parse().ok()).collect()
        }
        "lines" => lines.filter_map(|l| l.trim().parse().ok()).collect(),
        "myo" => {
            let index = column.parse()?;
            lines.filter_map(|l| pick(l, index)?.trim().parse().ok()).collect()
        }
        "grip" => return Ok(resample(lines.skip(1))),
        other => return Err(format!("unknown reader {other}").into()),
    };
    let rate = SampleRate::from_hz(fs.parse()?).ok_or("impossible rate")?;
    Ok(Signal { rate, runs: vec![(SampleIndex::ZERO, values)] })
}

/// Straight lines between irregular points, at the median interval; more than three intervals
/// without a point are a gap.
fn resample<'a>(lines: impl Iterator<Item = &'a str>) -> Signal {
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut first = None;
    for line in lines {
        let mut cells = line.split(',');
        let time: Option<f64> = cells.next().and_then(|c| c.parse().ok());
        let value: Option<f64> = cells.next().and_then(|c| c.parse().ok());
        let Some(time) = time else { continue };
        let start = *first.get_or_insert(time);
        if let Some(value) = value {
            points.push((time - start, value));
        }
    }
    let mut steps: Vec<f64> = points.windows(2).map(|w| w[1].0 - w[0].0).collect();
    steps.sort_unstable_by(f64::total_cmp);
    let step_s = steps[steps.len() / 2];
    let mut runs: Vec<(SampleIndex, Vec<f64>)> = Vec::new();
    let mut index = 0u64;
    for pair in points.windows(2) {
        let [(t0, x0), (t1, x1)] = [pair[0], pair[1]];
        let is_gap = t1 - t0 > 3.0 * step_s;
        while (index as f64) * step_s < t1 {
            let t = index as f64 * step_s;
            if !is_gap {
                let x = x0 + (x1 - x0) * (t - t0) / (t1 - t0);
                match runs.last_mut() {
                    Some((start, values)) if start.0 + values.len() as u64 == index => {
                        values.push(x);
                    }
                    _ => runs.push((SampleIndex(index), vec![x])),
                }
            }
            index += 1;
        }
    }
    let rate = SampleRate::from_hz(1.0 / step_s).expect("the interval is positive");
    Signal { rate, runs }
}

/// Everything that the standard filter and detector say about a signal.
pub(crate) fn detect(signal: &Signal, is_emg: bool) -> Result<Vec<Transition>, Box<dyn Error>> {
    let rate = signal.rate;
    let (config, sections) = if is_emg {
        let band = preset::emg_wide(rate)?.sections;
        let notch = preset::mains_notch(Mains::Hz50, Harmonics::FundamentalOnly, rate)?;
        (DetectorConfig::emg(), band.then(&notch.sections)?)
    } else {
        (DetectorConfig::pressure(), preset::pressure_low_pass(rate)?.sections)
    };
    let mut cascade = Cascade::new(&sections);
    let mut detector = Detector::new(&config, rate)?;
    detector.start(rate, cascade.delay_samples())?;
    let mut found = Vec::new();
    let mut due = SampleIndex::ZERO;
    for (first, values) in &signal.runs {
        if *first > due {
            cascade.reset();
            detector.gap(due, *first, &mut |t| found.push(t));
        }
        let mut values = values.clone();
        cascade.process(&mut values);
        detector.process(*first, &values, Quality::GOOD, &mut |t| found.push(t));
        due = first.saturating_add(values.len() as u64);
    }
    detector.finish(due, &mut |t| found.push(t));
    Ok(found)
}
