//! The power fails while a visit is recorded: whatever the disk had not synced is there in any order, in
//! parts, or not at all. Every visit opens, lacks a second at most, and can be put together again.
//!
//! The program under test is the one that people run. What it does to the files of the visit is written
//! down by `shim.c`, and `disk.rs` makes of that what a disk may hold after each moment.

mod disk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use levator_record::edf::EdfFile;
use levator_record::visit::{self, About, Report, SIGNALS};
use levator_record::{Item, Reader};
use levator_simulate::{
    DeviceConfig, Line, LineSettings, PseudoTerminal, Scenario, SeededRng, VirtualDevice,
    VirtualPerson, serve,
};

use crate::support::levator;
use disk::{Deed, Disk, What};

/// How often the power fails; `LEVATOR_POWER_CUTS=1000` for what the documentation says.
const CUTS: usize = 200;
/// How long the visit lasts; the loss is that of any moment in it.
const SECONDS: &str = "8";
const MOST_LOST_S: f64 = 1.0;

#[test]
fn visits_whose_power_fails_open_and_lack_a_second_at_most() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let visit = folder.path().join("visit");
    let deeds = record(folder.path(), &visit);
    let truth = Truth::of(&visit, &deeds);
    let cuts = asked("LEVATOR_POWER_CUTS").and_then(|text| text.parse().ok()).unwrap_or(CUTS);
    let keep = asked("LEVATOR_POWER_KEEP").map(PathBuf::from);
    let mut rng = SeededRng::new(4);
    let mut moments: Vec<usize> =
        (0..cuts).map(|_| (rng.bits() % (deeds.len() as u64 + 1)) as usize).collect();
    moments.sort_unstable();
    let mut disk = Disk::default();
    let mut done = 0;
    let mut found = Found::default();
    for (number, moment) in moments.into_iter().enumerate() {
        for deed in &deeds[done..moment] {
            disk.take(&deed.what);
        }
        done = moment;
        let left = folder.path().join(format!("left-{number}"));
        put(&left, &disk.after_power_cut(&mut rng));
        // Just before the next thing it does, when the most is at stake.
        let at_ns = deeds.get(moment).or(deeds.last()).map_or(0, |deed| deed.at_ns);
        truth.hold_against(&left, at_ns, number, &mut found);
        if let Some(keep) = &keep
            && left.join(SIGNALS).exists()
        {
            let to = keep.join(format!("{number}.bdf"));
            std::fs::copy(left.join(SIGNALS), to).expect("room");
        }
        std::fs::remove_dir_all(&left).expect("ours");
    }
    // All that was synced at the end is all there is.
    deeds[done..].iter().for_each(|deed| disk.take(&deed.what));
    for mode in 0..8 {
        let left = folder.path().join(format!("end-{mode}"));
        put(&left, &disk.after_power_cut(&mut rng));
        let report = Report::of(&left, &mut |_| {});
        assert!(report.is_whole(), "a closed visit: {report:?}");
    }
    let Found { worst_lost_s, opened, with_samples, recovered } = found;
    {
        println!(
            "{cuts} power cuts: {opened} visits opened, {with_samples} with signals.bdf, \
             {recovered} recovered; at most {worst_lost_s:.3} s lost"
        );
    }
    assert!(opened * 10 > cuts * 8 && with_samples * 2 > cuts && recovered * 10 > cuts);
    assert!(worst_lost_s > 0.4, "{worst_lost_s} s: the test does not look hard enough");
}

#[expect(clippy::disallowed_methods, reason = "a test may be asked to look longer")]
fn asked(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Records a visit, and gives what was done to its files.
fn record(folder: &Path, visit: &Path) -> Vec<Deed> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/power/shim.c");
    let (shim, log) = (folder.join("shim.so"), folder.join("log"));
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-o"])
        .args([&shim, &source])
        .args(["-ldl", "-lpthread"])
        .status();
    assert!(built.expect("what links this test is there").success(), "shim.c does not compile");
    std::fs::create_dir(visit).expect("new");
    let person = VirtualPerson::new(Scenario::Healthy, 4);
    let mut device = VirtualDevice::new(DeviceConfig::emg_probe(), person).expect("legal");
    let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
    let mut line = Line::new(LineSettings::real_time(), None).expect("a legal speed");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let server = scope.spawn(|| serve(&mut device, &terminal, &mut line, &over));
        let done = levator()
            .args(["record", "--seconds", SECONDS, "--port", terminal.port_name(), "--out"])
            .arg(visit)
            .env("LD_PRELOAD", &shim)
            .env("LEVATOR_WATCHED", visit)
            .env("LEVATOR_WATCH_LOG", &log)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .output()
            .expect("the binary was built");
        over.store(true, Ordering::Relaxed);
        server.join().expect("the device does not break").expect("nor its terminal");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    });
    let deeds = disk::deeds(&std::fs::read(log).expect("it was written"), visit);
    let count = |wanted: fn(&What) -> bool| deeds.iter().filter(|deed| wanted(&deed.what)).count();
    assert!(count(|what| matches!(what, What::Wrote { .. })) > 20, "nothing was watched");
    assert!(count(|what| matches!(what, What::Synced { .. })) > 10, "nothing was watched");
    deeds
}

fn put(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    std::fs::create_dir(folder).expect("new");
    for (name, content) in files {
        std::fs::write(folder.join(name), content).expect("room");
    }
}

/// The visit as it was recorded, without a loss of power.
struct Truth {
    /// Each input, and when it came, in nanoseconds of the recording.
    inputs: Vec<(u64, String)>,
    signals: Vec<u8>,
    header_len: usize,
    record_len: usize,
    /// From nanoseconds of the machine to those of the recording.
    zero_ns: u64,
}

#[derive(Default)]
struct Found {
    worst_lost_s: f64,
    opened: usize,
    with_samples: usize,
    recovered: usize,
}

impl Truth {
    fn of(visit: &Path, deeds: &[Deed]) -> Self {
        let report = Report::of(visit, &mut |_| {});
        assert!(report.is_whole(), "{report:?}");
        let inputs = inputs(&visit.join(visit::JOURNAL)).expect("it opens");
        let file = EdfFile::open(&visit.join(SIGNALS)).expect("it opens");
        Self {
            signals: std::fs::read(visit.join(SIGNALS)).expect("it opens"),
            header_len: file.header().header_len,
            record_len: file.header().record_len,
            zero_ns: zero_ns(visit, deeds, &inputs),
            inputs,
        }
    }

    fn hold_against(&self, left: &Path, at_ns: u64, number: usize, found: &mut Found) {
        let now_ns = at_ns.saturating_sub(self.zero_ns);
        let kept = inputs(&left.join(visit::JOURNAL));
        let is_open = kept.is_some();
        let kept = kept.unwrap_or_default();
        // Nothing that was not recorded, and in its order.
        let mut all = self.inputs.iter();
        for one in &kept {
            assert!(all.any(|input| input == one), "cut {number} made up {one:?}");
        }
        let same = self.inputs.iter().zip(&kept).take_while(|(one, other)| one == other).count();
        if let Some((first_ns, _)) = self.inputs.get(same) {
            let lost_s = now_ns.saturating_sub(*first_ns) as f64 * 1e-9;
            assert!(lost_s <= MOST_LOST_S, "cut {number} cost {lost_s} s");
            found.worst_lost_s = found.worst_lost_s.max(lost_s);
        }
        found.opened += usize::from(is_open);
        found.with_samples += usize::from(self.samples_are_true(left, number));
        let about = About::read(left);
        assert!(
            about.is_ok() || !left.join(visit::ABOUT).exists(),
            "cut {number}: half of visit.json"
        );
        if is_open && number.is_multiple_of(4) {
            found.recovered += 1;
            let again = left.with_extension("again");
            let recovered = visit::recover(left, &again, &mut |_| {}).expect("it opens");
            assert_eq!(recovered.totals.input_count, kept.len() as u64, "cut {number}");
            recovered.finish(&again).expect("room");
            let report = Report::of(&again, &mut |_| {});
            assert!(report.is_whole(), "cut {number}: {report:?}");
            std::fs::remove_dir_all(&again).expect("ours");
        }
    }

    /// Before any recovery: every data record that the header counts is as it was written.
    fn samples_are_true(&self, left: &Path, number: usize) -> bool {
        let Ok(bytes) = std::fs::read(left.join(SIGNALS)) else { return false };
        let file = EdfFile::from_read(&bytes[..]).expect("a file with a name is whole");
        let count = file.header().record_count.expect("never left open") as usize;
        assert!(count > 0, "cut {number}");
        let end = self.header_len + count * self.record_len;
        let mut wanted = self.signals.get(..end).expect("no more than were recorded").to_vec();
        wanted[236..244].copy_from_slice(&bytes[236..244]);
        assert!(bytes.get(..end) == Some(&wanted[..]), "cut {number}: {count} data records");
        true
    }
}

/// Every input of a journal, as text; `None` where there is none.
fn inputs(journal: &Path) -> Option<Vec<(u64, String)>> {
    let mut reader = Reader::open(journal).ok()?;
    let mut all = Vec::new();
    while let Some(item) = reader.next() {
        if let Item::Input(input) = item {
            all.push((input.at().as_nanos(), format!("{input:?}")));
        }
    }
    Some(all)
}

/// When the recording began, by the clock of the machine: no input can be written before it came, and
/// most are written milliseconds after.
fn zero_ns(visit: &Path, deeds: &[Deed], inputs: &[(u64, String)]) -> u64 {
    let journal = std::fs::read(visit.join(visit::JOURNAL)).expect("it opens");
    let mut fd_of_journal = None;
    let mut least = u64::MAX;
    for deed in deeds {
        match &deed.what {
            What::Opened { fd, name, is_new: true } if name == visit::JOURNAL => {
                fd_of_journal = Some(*fd);
            }
            What::Wrote { fd, offset, bytes } if Some(*fd) == fd_of_journal => {
                let mut reader =
                    Reader::from_read(&journal[..offset + bytes.len()]).expect("it opens");
                let mut newest = None;
                while let Some(item) = reader.next() {
                    if let Item::Input(input) = item {
                        newest = Some(input.at().as_nanos());
                    }
                }
                if let Some(newest) = newest {
                    least = least.min(deed.at_ns - newest);
                }
            }
            _ => {}
        }
        if deed.at_ns > deeds[0].at_ns + 3_000_000_000 {
            break;
        }
    }
    assert!(least < u64::MAX && !inputs.is_empty());
    least
}
