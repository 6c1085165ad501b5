//! What lies beside a journal, held against the journal.

mod broken;

use std::path::{Path, PathBuf};

use levator_decode::{Scans, StreamInfo};
use levator_engine::{Command, EngineConfig, Input};
use levator_signal::{Calibration, HostTime, Quality, SampleIndex, SampleRate, SignalKind, Unit};

use super::{EVENTS, JOURNAL, MANIFEST, Projection, SIGNALS, manifest, rebuild};
use crate::edf::{Continuity, EdfFile, EdfOptions, Item};
use crate::tests::support::header;
use crate::text::ChannelChoice;
use crate::{Header, Writer};

const RATE: u64 = 200;

/// A folder of its own for one test, gone afterwards.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("levator-visit-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a writable temporary folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Two channels of a converter of 12 bits.
fn info() -> StreamInfo {
    let rate = SampleRate::new(RATE, 1).expect("not zero");
    let mut info = StreamInfo::of_values(SignalKind::Pressure, Unit::CentimetreWater, rate, 2);
    info.rails = Some((0.0, 4095.0));
    // A third has no text of eight characters.
    info.calibrations[..2].fill(Calibration { scale: 1.0 / 3.0, offset_counts: 400.0 });
    info
}

pub(crate) fn about_scans(info: StreamInfo) -> Header {
    Header { config: EngineConfig::scans(info), ..header() }
}

fn code(at: u64, channel: u64) -> f64 {
    (at * (7 + channel * 4) % 4096) as f64
}

fn codes(span: core::ops::Range<u64>) -> Vec<f64> {
    span.flat_map(|at| [code(at, 0), code(at, 1)]).collect()
}

fn scans(first: u64, codes: &[f64]) -> Input<'_> {
    let at = HostTime::from_secs_f64((first + codes.len() as u64 / 2) as f64 / RATE as f64);
    let (stream, channel_count, first) = (0, 2, SampleIndex(first));
    let quality = Quality::GOOD;
    let scans = Scans { stream, first, channel_count, codes, quality, fault_channels: 0 };
    Input::Scans { at, scans }
}

/// Index and codes of every sample that the file gives back, its marks, and the file.
type Read = (Vec<(u64, [f64; 2])>, Vec<(f64, String)>, EdfFile);

fn read(path: &Path) -> Read {
    let mut file = EdfFile::open(path).expect("a BDF file");
    let channels = vec![ChannelChoice::Index(0), ChannelChoice::Index(1)];
    let selection = file.header().select(&EdfOptions { channels, ..EdfOptions::default() });
    let selection = selection.expect("it has two");
    let (mut samples, mut notes) = (Vec::new(), Vec::new());
    file.read(&selection, &mut |item| match item {
        Item::Scans(scans) => {
            for (at, scan) in scans.codes.as_chunks::<2>().0.iter().enumerate() {
                samples.push((scans.first.0 + at as u64, *scan));
            }
        }
        Item::Annotation(one) => notes.push((one.onset_s, one.text.into_owned())),
    })
    .expect("it can be read");
    (samples, notes, file)
}

fn expected(spans: &[core::ops::Range<u64>], base: u64) -> Vec<(u64, [f64; 2])> {
    let all = spans.iter().flat_map(Clone::clone);
    all.map(|at| (at - base, [code(at, 0), code(at, 1)])).collect()
}

/// Records pieces of a quarter of a second, and a mark after each stretch.
fn record(folder: &Path, spans: &[core::ops::Range<u64>]) {
    let mut writer = Writer::create(&folder.join(JOURNAL), &about_scans(info())).expect("new");
    let mut at = HostTime::ZERO;
    for span in spans {
        for first in span.clone().step_by(50) {
            let codes = codes(first..(first + 50).min(span.end));
            let input = scans(first, &codes);
            at = input.at();
            writer.record(&input).expect("room");
        }
        let mark = Command::Mark { text: "dr\u{fc}cken" };
        writer.record(&Input::Command { at, command: mark }).expect("room");
    }
    writer.close(at).expect("room");
}

#[test]
fn what_is_made_from_a_journal_holds_its_very_codes() {
    let folder = Folder::new("codes");
    // Begins at sample 100; a short gap inside a second, one of 3 s, one too long to fill.
    let spans = [100..760, 770..1300, 1900..2345, 20_000..20_500];
    record(&folder.0, &spans);
    let made = rebuild(&folder.0, &mut |_| {}).expect("room");
    assert_eq!(made.files.len(), 1);
    assert_eq!((made.files[0].base, &made.files[0].is_raw[..]), (100, &[true, true][..]));
    let (samples, notes, file) = read(&folder.0.join(SIGNALS));
    assert_eq!(samples, expected(&spans, 100));
    assert_eq!(file.header().continuity, Continuity::Discontinuous);
    let marks: Vec<f64> = notes.iter().filter(|n| n.1 == "dr\u{fc}cken").map(|n| n.0).collect();
    assert_eq!(marks, [3.295, 5.995, 11.22, 101.995]);
    let tsv = std::fs::read_to_string(folder.0.join(EVENTS)).expect("it is there");
    assert!(tsv.contains("3.300000\t0.050000\tgap\t660\tsource\tn/a\n"), "{tsv}");
    assert!(tsv.contains("3.295000\tn/a\tmark\t659\tdr\u{fc}cken\tn/a\n"), "{tsv}");
}

#[test]
fn gaps_of_seconds_leave_the_file_continuous() {
    let folder = Folder::new("filled");
    let spans = [0..740, 1340..1740];
    record(&folder.0, &spans);
    let made = rebuild(&folder.0, &mut |_| {}).expect("room");
    let (samples, _, file) = read(&folder.0.join(SIGNALS));
    assert_eq!(samples, expected(&spans, 0));
    assert_eq!(file.header().continuity, Continuity::Continuous);
    assert_eq!(made.files[0].written.gap_count, 1);
}

#[test]
fn a_file_that_is_written_live_is_whole_after_every_input_and_as_if_made_later() {
    let folder = Folder::new("live");
    let header = about_scans(info());
    let opened = header.opened_unix_ms;
    let mut projection = Projection::live(&folder.0, &header.config, opened).expect("legal");
    let path = folder.0.join(SIGNALS);
    let spans = [0..1000, 1400..2210];
    let mut last = HostTime::ZERO;
    for span in &spans {
        for first in span.clone().step_by(50) {
            let codes = codes(first..(first + 50).min(span.end));
            let input = scans(first, &codes);
            last = input.at();
            projection.take(input);
            // As a kill leaves it: at most a data record behind, and counted right.
            let end = (first + 50).min(span.end);
            let Ok(bytes) = std::fs::read(&path) else {
                assert!(end < RATE, "there is no file after {end} samples");
                continue;
            };
            let file = EdfFile::from_read(&bytes[..]).expect("a BDF file");
            let count = file.header().record_count;
            assert_eq!(count, Some(end / RATE), "after {end} samples");
            let (samples, ..) = read(&path);
            let mut all = expected(&spans, 0);
            all.retain(|(at, _)| *at < end / RATE * RATE);
            assert_eq!(samples, all, "after {end} samples");
        }
        let command = Command::Mark { text: "dr\u{fc}cken" };
        projection.take(Input::Command { at: last, command });
    }
    projection.close(last).put_in_place().expect("room");
    let live = std::fs::read(&path).expect("it is there");
    let events = std::fs::read(folder.0.join(EVENTS)).expect("it is there");
    record(&folder.0, &spans);
    rebuild(&folder.0, &mut |_| {}).expect("room");
    assert!(std::fs::read(&path).expect("it is there") == live, "other bytes than live");
    assert_eq!(std::fs::read(folder.0.join(EVENTS)).expect("it is there"), events);
}

#[test]
fn values_without_rails_are_written_a_second_time_in_their_range() {
    let folder = Folder::new("range");
    let rate = SampleRate::new(RATE, 1).expect("not zero");
    let info = StreamInfo::of_values(SignalKind::Emg, Unit::Microvolt, rate, 2);
    let mut writer = Writer::create(&folder.0.join(JOURNAL), &about_scans(info)).expect("new");
    let codes: Vec<f64> = (0..2000).map(|at| f64::from(at) * 1e3 - 7.125e5).collect();
    writer.record(&scans(0, &codes)).expect("room");
    writer.close(HostTime::from_secs_f64(6.0)).expect("room");
    let made = rebuild(&folder.0, &mut |_| {}).expect("room");
    let written = &made.files[0].written.signals[0];
    assert_eq!((written.clamped_count, written.sample_count), (0, 1000));
    assert!(written.worst_error <= 0.5 * written.step * (1.0 + 1e-9));
}

#[test]
fn more_short_gaps_than_fit_at_first_are_all_told() {
    let folder = Folder::new("gaps");
    let spans: Vec<_> = (0..100).map(|at| at * 10..at * 10 + 8).collect();
    record(&folder.0, &spans);
    let made = rebuild(&folder.0, &mut |_| {}).expect("room");
    assert_eq!(made.files[0].written.gap_count, 99);
    let (samples, ..) = read(&folder.0.join(SIGNALS));
    assert_eq!(samples, expected(&spans, 0));
}

#[test]
fn a_manifest_tells_what_was_changed_lost_and_added() {
    use manifest::Fate;
    let folder = Folder::new("manifest");
    let put = |name: &str, text: &str| std::fs::write(folder.0.join(name), text).expect("room");
    let check = || manifest::check(&folder.0, &mut |_| {}).expect("it can be read");
    put("a", "1");
    put("b", "22");
    put("c", "333");
    assert_eq!(check(), None);
    manifest::write(&folder.0).expect("room");
    let text = std::fs::read_to_string(folder.0.join(MANIFEST)).expect("it is there");
    assert_eq!(text.lines().next(), Some(&*format!("{}  a", blake3::hash(b"1").to_hex())));
    put("b", "23");
    put("d", "");
    std::fs::remove_file(folder.0.join("c")).expect("it is there");
    let fates = [("a", Fate::Same), ("b", Fate::Changed), ("c", Fate::Missing), ("d", Fate::Added)];
    assert_eq!(check(), Some(fates.map(|(name, fate)| (name.to_owned(), fate)).to_vec()));
    put(MANIFEST, "0123  ../elsewhere\n");
    assert!(manifest::check(&folder.0, &mut |_| {}).is_err());
}
