//! How fast files are read and written, beside other programs that do the same work.
//!
//! ```sh
//! cargo run --release --example files -- write FILE.edf 3600 8     # an hour of 8 channels at 2 kHz
//! cargo run --release --example files -- read FILE.edf             # every sample as a double
//! cargo run --release --example files -- table FILE.csv            # the same of a table
//! cargo run --release --example files -- visits FOLDER 1000        # that many visits, for `analyse FOLDER`
//! ```
//!
//! Seven rounds each; the median is printed with the least and the most. `visits` measures nothing: it writes
//! visits of ten minutes of two channels at 2 kHz as BDF, each another part of what virtual people do in half
//! an hour, one file that is empty, and one that is damaged.

#![allow(clippy::print_stdout, reason = "it is what the program is for")]

use std::fs::File;
use std::io::{Error, Result};
use std::path::Path;
use std::time::Instant;

use levator_record::edf::write::{EdfWriter, Range, SignalSpec, WriteSettings};
use levator_record::edf::{EdfFile, Variant};
use levator_record::text::{TextFile, TextOptions};
use levator_signal::{SampleRate, SignalKind};
use levator_simulate::{Scenario, VirtualPerson};

const ROUNDS: usize = 7;
const HZ: u64 = 2000;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["write", path, seconds, channels] => {
            let seconds = seconds.parse().map_err(Error::other)?;
            write(Path::new(path), seconds, channels.parse().map_err(Error::other)?)
        }
        ["read", path] => read(Path::new(path)),
        ["table", path] => table(Path::new(path)),
        ["visits", folder, count] => {
            visits(Path::new(folder), count.parse().map_err(Error::other)?)
        }
        _ => {
            Err(Error::other("give write, read, table or visits, a file, and what the source says"))
        }
    }
}

/// Rounds of `work`, which says how much it did.
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn rounds(unit: &str, mut work: impl FnMut() -> Result<f64>) -> Result<()> {
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let done = work()?;
        rates.push(done / begun.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    let (least, median, most) = (rates[0], rates[ROUNDS / 2], rates[ROUNDS - 1]);
    println!("{median:.4e} {unit} a second ({least:.4e} to {most:.4e})");
    Ok(())
}

/// Bytes of samples, as they stand in the file.
fn write(path: &Path, seconds: usize, channels: usize) -> Result<()> {
    let len = seconds * HZ as usize;
    let mut state = 1_u64;
    let noise: Vec<f64> = (0..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as f64 / 65_536.0 - 128.0
        })
        .collect();
    let rate = SampleRate::new(HZ, 1).ok_or_else(|| Error::other("no rate"))?;
    let range = Range::Values { low: -1638.4, high: 1638.4 };
    let signals = (0..channels).map(|at| SignalSpec::new(&format!("EMG{at}"), "uV", rate, range));
    let settings = WriteSettings::new(Variant::Edf, signals.collect());
    rounds("bytes of samples", || {
        let mut writer = EdfWriter::create(File::create(path)?, &settings).map_err(Error::other)?;
        for second in noise.chunks(HZ as usize * 4) {
            for channel in 0..channels {
                writer.write(channel, second).map_err(Error::other)?;
            }
        }
        writer.finish().map_err(Error::other)?;
        Ok((len * channels * 2) as f64)
    })
}

fn read(path: &Path) -> Result<()> {
    let mut values = Vec::new();
    rounds("bytes of samples", || {
        let mut file = EdfFile::open(path).map_err(Error::other)?;
        let width = file.header().variant.sample_len();
        let signals: Vec<usize> = (0..file.header().signals.len()).collect();
        let (mut count, mut sum) = (0, 0.0);
        while let Some(record) = file.read_record().map_err(Error::other)? {
            for signal in &signals {
                values.clear();
                record.values_into(*signal, &mut values);
                count += values.len();
                sum += values.first().copied().unwrap_or_default();
            }
        }
        if count == 0 || !f64::is_finite(sum) {
            return Err(Error::other("no samples"));
        }
        Ok((count * width) as f64)
    })
}

fn table(path: &Path) -> Result<()> {
    let options = TextOptions::default();
    rounds("lines", || {
        let source = File::open(path)?;
        let take = |sum: &mut f64, scans: levator_decode::Scans<'_>| {
            *sum += scans.codes.iter().sum::<f64>();
        };
        let (file, sum) = TextFile::read_through(source, &options, |_| 0.0, take)
            .map_err(|error| Error::other(error.to_string()))?;
        if !sum.is_finite() {
            return Err(Error::other("no sum"));
        }
        Ok(file.layout().row_count as f64)
    })
}

/// Seconds of a person, and of the part of it that a visit is.
const PERSON_S: usize = 1800;
const VISIT_S: usize = 600;

fn visits(folder: &Path, count: usize) -> Result<()> {
    let rate = SampleRate::new(HZ, 1).ok_or_else(|| Error::other("no rate"))?;
    let scenarios = [Scenario::Healthy, Scenario::Weak, Scenario::Tight, Scenario::Flicks];
    let whole = PERSON_S * HZ as usize;
    std::fs::create_dir_all(folder)?;
    for (kind, scenario) in scenarios.into_iter().enumerate() {
        let person = VirtualPerson::new(scenario, kind as u64 + 1);
        let mut signal = person.signal(0, SignalKind::Emg, rate, 2);
        let mut channels = [Vec::with_capacity(whole), Vec::with_capacity(whole)];
        let mut scan = [0.0; 2];
        for _ in 0..whole {
            signal.next_scan(&mut scan);
            channels.iter_mut().zip(scan).for_each(|(all, value)| all.push(value));
        }
        let range = Range::Values { low: -8388.608, high: 8388.607 };
        let specs = ["pelvic", "abdomen"].map(|name| SignalSpec::new(name, "uV", rate, range));
        let settings = WriteSettings::new(Variant::Bdf, specs.to_vec());
        let of_kind = (0..count).filter(|at| at % scenarios.len() == kind);
        for (place, at) in of_kind.enumerate() {
            // A prime number of scans further each time: no two begin alike.
            let from = place * 7919 % (whole - VISIT_S * HZ as usize);
            let file = File::create(folder.join(format!("visit-{at:04}.bdf")))?;
            let mut writer = EdfWriter::create(file, &settings).map_err(Error::other)?;
            for second in (0..VISIT_S).step_by(4) {
                let first = from + second * HZ as usize;
                for (channel, all) in channels.iter().enumerate() {
                    let part = &all[first..first + 4 * HZ as usize];
                    writer.write(channel, part).map_err(Error::other)?;
                }
            }
            writer.finish().map_err(Error::other)?;
        }
    }
    File::create(folder.join("empty.bdf"))?;
    let first = std::fs::read(folder.join("visit-0000.bdf"))?;
    std::fs::write(folder.join("damaged.bdf"), &first[..first.len().min(300)])
}
