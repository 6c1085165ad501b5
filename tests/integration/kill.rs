//! A recorder that is killed in mid-sentence leaves a recording that opens and lacks a second at most.

use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use levator_engine::{Engine, EngineConfig, Summary};
use levator_record::edf::EdfFile;
use levator_record::visit::Report;
use levator_record::{Item, Reader, Reason};
use levator_signal::HostTime;
use levator_simulate::{
    DeviceConfig, Line, LineSettings, PseudoTerminal, Scenario, SeededRng, VirtualDevice,
    VirtualPerson, serve,
};

use crate::support::levator;

/// A thousand, as reported in the documentation: `LEVATOR_KILLS=1000 cargo test --test integration kill`.
const KILLS: usize = 200;
/// Most of a kill's life is waiting, so many fit on one core.
const AT_ONCE: usize = 20;
const RATE: u64 = 1000;

#[test]
fn two_hundred_killed_recorders_leave_recordings_that_lack_a_second_at_most() {
    #[expect(clippy::disallowed_methods, reason = "a test may be asked to look longer")]
    let kills = std::env::var("LEVATOR_KILLS").ok().and_then(|text| text.parse().ok());
    let kills = kills.unwrap_or(KILLS);
    let next = AtomicUsize::new(0);
    let with_samples = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= kills {
                            return;
                        }
                        with_samples.fetch_add(kill_one(number as u64, None), Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().expect("the message stands above");
        }
    });
    // Where the machine is busy, all of them may have been killed before their first second was over.
    let life = Duration::from_secs(6);
    let mut seeds = (0..5).map(|number| 10_000 + 10 * number);
    assert!(
        with_samples.into_inner() > 0 || seeds.any(|seed| kill_one(seed, Some(life)) == 1),
        "none had samples for other programs"
    );
}

/// Whether there were samples for other programs, as a number.
fn kill_one(seed: u64, life: Option<Duration>) -> usize {
    let mut rng = SeededRng::new(seed);
    // From the very start to a few flushes later.
    let chosen = Duration::from_micros(20_000 + rng.bits() % 3_500_000);
    let life = life.unwrap_or(chosen);
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let person = VirtualPerson::new(Scenario::Healthy, seed);
    let mut device = VirtualDevice::new(DeviceConfig::emg_probe(), person).expect("a legal device");
    let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
    let mut line = Line::new(LineSettings::real_time(), None).expect("a legal speed");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let server = scope.spawn(|| serve(&mut device, &terminal, &mut line, &over));
        let mut recorder = levator()
            .args(["record", "--port", terminal.port_name(), "--out"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary was built");
        // A kill at a random moment needs a moment: there is nothing to wait for but time.
        std::thread::sleep(life);
        recorder.kill().expect("it runs until it is killed");
        recorder.wait().expect("it was killed");
        over.store(true, Ordering::Relaxed);
        server.join().expect("the device does not break").expect("nor its terminal");
    });
    let journal = folder.path().join("raw.journal");
    let sent = device.scan_counts(0).sent;
    let kept = if journal.exists() { kept_scan_count(&journal) } else { 0 };
    assert!(
        sent.saturating_sub(kept) <= RATE,
        "killed after {life:?} (seed {seed}): {sent} scans were sent, {kept} are in the recording"
    );
    if !folder.path().join("signals.bdf").exists() {
        assert!(kept < 2 * RATE, "seed {seed}: no samples for other programs after {kept} scans");
        return 0;
    }
    samples_are_those_of_the_journal(folder.path(), seed);
    if seed.is_multiple_of(10) {
        can_be_put_together_again(folder.path(), seed);
    }
    1
}

/// As a program opens them that knows nothing of the kill: before any recovery.
fn samples_are_those_of_the_journal(folder: &Path, seed: u64) {
    let signals = folder.join("signals.bdf");
    let file = EdfFile::open(&signals).expect("a BDF file");
    let header = file.header();
    let len = std::fs::metadata(&signals).expect("it exists").len();
    let whole = (len - header.header_len as u64) / header.record_len as u64;
    let counted = header.record_count.expect("never left open");
    // At most one was appended and not counted yet.
    assert!(
        (1..=whole).contains(&counted) && whole <= counted + 1,
        "seed {seed}: {counted} {whole}"
    );
    let report = Report::of(folder, &mut |_| {});
    assert!(!report.is_closed(), "seed {seed}");
    assert_eq!(report.signals.len(), 1, "seed {seed}");
    let compared = report.signals[0].outcome.as_ref().expect("its header fits");
    assert_eq!(compared.wrong_count, 0, "seed {seed}: {compared:?}");
    assert!(compared.same_count > 0 && compared.not_yet_count < 2 * RATE, "seed {seed}");
}

fn can_be_put_together_again(folder: &Path, seed: u64) {
    let again = folder.join("again");
    let done = levator().arg("recover").arg(folder).arg("--out").arg(&again).output();
    let done = done.expect("the binary was built");
    let stderr = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "seed {seed}: {stderr}");
    let done = levator().arg("verify").arg(&again).output().expect("the binary was built");
    let stderr = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "seed {seed}: {stderr}");
    let done = levator().arg("verify").arg(folder).output().expect("the binary was built");
    assert_eq!(done.status.code(), Some(9), "seed {seed}");
}

/// One past the last scan that the recording gives back.
fn kept_scan_count(journal: &Path) -> u64 {
    let Ok(mut reader) = Reader::open(journal) else {
        // Killed before the first block was written.
        let len = std::fs::metadata(journal).expect("it exists").len();
        assert!(len < 64, "a recording of {len} bytes does not open");
        return 0;
    };
    let mut engine = Engine::new(&EngineConfig::device()).expect("legal");
    let mut summary = Summary::new();
    while let Some(item) = reader.next() {
        match item {
            Item::Input(input) => engine.handle(input, &mut summary),
            Item::Damage(damage) => assert!(
                matches!(damage.reason, Reason::CutShort | Reason::NotClosed | Reason::HeaderLost),
                "a kill cuts, it does not damage: {damage}"
            ),
            Item::End(_) => panic!("a killed recorder does not close its recording"),
        }
    }
    engine.finish(HostTime::ZERO, &mut summary);
    summary.channels.first().map_or(0, |channel| channel.end.0)
}
