//! A recorder that is killed in mid-sentence leaves a recording that opens and lacks a second at most.

use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use levator_engine::{Engine, EngineConfig, Summary};
use levator_record::{Item, Reader, Reason};
use levator_signal::HostTime;
use levator_simulate::{
    DeviceConfig, Line, LineSettings, PseudoTerminal, Scenario, SeededRng, VirtualDevice,
    VirtualPerson, serve,
};

use crate::support::levator;

const KILLS: usize = 200;
/// Most of a kill's life is waiting, so many fit on one core.
const AT_ONCE: usize = 20;
const RATE: u64 = 1000;

#[test]
fn two_hundred_killed_recorders_leave_recordings_that_lack_a_second_at_most() {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= KILLS {
                            return;
                        }
                        kill_one(number as u64);
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().expect("the message stands above");
        }
    });
}

fn kill_one(seed: u64) {
    let mut rng = SeededRng::new(seed);
    // From the very start to a few flushes later.
    let life = Duration::from_micros(20_000 + rng.bits() % 2_500_000);
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
