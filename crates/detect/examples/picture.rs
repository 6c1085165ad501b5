//! Draws how one hard recording was decided, as an SVG for `DESIGN.md`.
//!
//! ```sh
//! cargo run --release -p levator-detect --example picture > crates/detect/decision.svg
//! ```
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

#[path = "score/recording.rs"]
mod recording;

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use levator_detect::Transition;
use levator_signal::preset::{self, Harmonics, Mains};
use levator_signal::{Cascade, SampleRate};
use recording::{Recording, Signal};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 56.0;
const FROM_S: f64 = 5.0;
const TO_S: f64 = 65.0;
/// Level, in decibels above rest, at the lower and the upper edge.
const LOW_DB: f64 = -4.0;
const HIGH_DB: f64 = 16.0;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/recordings");
    let recordings = recording::read_all(&folder, &folder.join("recordings.csv"))?;
    let one = recordings.iter().find(|r| r.name == "weak_2_contractions").ok_or("not listed")?;
    let Recording { is_emg, signal, .. } = one;
    let labels = std::fs::read_to_string(folder.join("weak_2_contractions.labels.csv"))?;
    println!("{}", draw(signal, &recording::detect(signal, *is_emg)?, &labels)?);
    Ok(())
}

fn x(time_s: f64) -> f64 {
    LEFT + (WIDTH - LEFT - 8.0) * ((time_s - FROM_S) / (TO_S - FROM_S)).clamp(0.0, 1.0)
}

fn y(level: f64) -> f64 {
    let db = 10.0 * level.max(1e-9).log10();
    HEIGHT - 34.0 - (HEIGHT - 60.0) * ((db - LOW_DB) / (HIGH_DB - LOW_DB)).clamp(0.0, 1.0)
}

/// Power over 0.1 s of sums of three samples, as the detector sees it, over its low third.
fn levels(signal: &Signal) -> Result<Vec<(f64, f64)>, Box<dyn Error>> {
    let rate: SampleRate = signal.rate;
    let band = preset::emg_wide(rate)?.sections;
    let notch = preset::mains_notch(Mains::Hz50, Harmonics::FundamentalOnly, rate)?.sections;
    let mut values = signal.runs[0].1.clone();
    Cascade::new(&band.then(&notch)?).process(&mut values);
    let powers: Vec<f64> = values
        .chunks_exact(102)
        .map(|block| {
            block.chunks_exact(3).map(|g| (g[0] + g[1] + g[2]).powi(2)).sum::<f64>() / 306.0
        })
        .collect();
    let mut sorted = powers.clone();
    sorted.sort_by(f64::total_cmp);
    let rest = sorted[sorted.len() / 3];
    Ok(powers.iter().enumerate().map(|(i, p)| (0.102 * (i as f64 + 0.5), p / rest)).collect())
}

fn draw(signal: &Signal, said: &[Transition], labels: &str) -> Result<String, Box<dyn Error>> {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    let bottom = HEIGHT - 34.0;
    for label in labels.lines().skip(1) {
        let mut cells = label.split(',');
        let mut number = || cells.next().and_then(|c| c.parse::<f64>().ok()).ok_or("no number");
        let (onset, offset) = (number()?, number()?);
        writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"26\" width=\"{:.1}\" height=\"{:.1}\" fill=\"#dbe7f3\"/>",
            x(onset),
            x(offset) - x(onset),
            bottom - 26.0
        )?;
    }
    for (level, name) in [(1.0, "rest"), (1.9, "onset"), (1.7, "")] {
        writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{2:.1}\" y2=\"{2:.1}\" stroke=\"#999\" \
             stroke-dasharray=\"4 3\"/><text x=\"{1:.1}\" y=\"{3:.1}\" \
             text-anchor=\"end\" fill=\"#555\">{name}</text>",
            WIDTH - 8.0,
            LEFT - 6.0,
            y(level),
            y(level) + 4.0
        )?;
    }
    let mut path = String::new();
    for (time_s, level) in levels(signal)?.iter().filter(|(t, _)| (FROM_S..TO_S).contains(t)) {
        let pen = if path.is_empty() { 'M' } else { 'L' };
        write!(path, "{pen}{:.1} {:.1}", x(*time_s), y(*level))?;
    }
    writeln!(svg, "<path d=\"{path}\" fill=\"none\" stroke=\"#444\"/>")?;
    let time = |index| signal.rate.time_s(index);
    for transition in said {
        let Transition::Contraction(one) = transition else { continue };
        let (onset, end) = (time(one.onset), one.offset.map_or(TO_S, time));
        writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"12\" width=\"{:.1}\" height=\"8\" fill=\"#b5472f\"/>",
            x(onset),
            x(end) - x(onset)
        )?;
        for (at, within) in [(onset, one.onset_uncertainty), (end, one.offset_uncertainty)] {
            match within.seconds() {
                Some(within) => writeln!(
                    svg,
                    "<rect x=\"{:.1}\" y=\"10\" width=\"{:.1}\" height=\"12\" fill=\"#b5472f\" \
                     fill-opacity=\"0.45\"/>",
                    x(at - within),
                    x(at + within) - x(at - within)
                )?,
                None => writeln!(
                    svg,
                    "<text x=\"{:.1}\" y=\"21\" font-size=\"14\">?</text>",
                    x(at) - 9.0
                )?,
            }
        }
        writeln!(
            svg,
            "<line x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"26\" y2=\"{bottom:.1}\" stroke=\"#b5472f\"/>",
            x(time(one.decided))
        )?;
    }
    for second in (10..=60).step_by(10) {
        let at = x(f64::from(second));
        writeln!(
            svg,
            "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555\">{second} s</text>",
            HEIGHT - 16.0
        )?;
    }
    svg.push_str("</svg>");
    Ok(svg)
}
