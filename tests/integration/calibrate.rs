//! `levator calibrate`: the real program at a pseudo-terminal, with a probe whose level the test sets.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use levator_protocol::{
    Ack, AckResult, Calib, CalibSource, Capabilities, Decoder, Direction, Encoder, Flags, Hello,
    MAX_WIRE, Message, SampleFormat, SampleStatus, Samples, StreamDesc, StreamFlags, StreamKind,
    WireUnit,
};
use levator_simulate::PseudoTerminal;
use serde_json::Value;

use crate::support::levator;

/// One stream at 200 Hz. What it measures is what the test says.
struct Probe {
    port: String,
    level: Arc<AtomicI32>,
    /// Calibrations that it was told to keep.
    kept: Arc<Mutex<Vec<Calib>>>,
    over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Clone, Copy)]
struct Kind {
    kind: StreamKind,
    unit: WireUnit,
    scale: f32,
    uid: u8,
    /// Keeps calibrations.
    keeps: bool,
    /// Half the height of a square wave of 25 Hz on the level.
    wave: i32,
}

const PRESSURE: Kind = Kind {
    kind: StreamKind::Pressure,
    unit: WireUnit::Pascal,
    scale: 0.12,
    uid: 1,
    keeps: false,
    wave: 0,
};

impl Probe {
    fn new(kind: Kind) -> Self {
        let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
        let port = terminal.port_name().to_owned();
        let (level, over) = (Arc::new(AtomicI32::new(1000)), Arc::new(AtomicBool::new(false)));
        let (seen, ended) = (Arc::clone(&level), Arc::clone(&over));
        let kept = Arc::default();
        let told = Arc::clone(&kept);
        let thread = std::thread::spawn(move || run(&terminal, kind, &seen, &told, &ended));
        Self { port, level, kept, over, thread: Some(thread) }
    }

    fn set(&self, level: i32) {
        self.level.store(level, Ordering::SeqCst);
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        drop(self.thread.take().map(std::thread::JoinHandle::join));
    }
}

fn run(
    terminal: &PseudoTerminal,
    kind: Kind,
    level: &AtomicI32,
    kept: &Mutex<Vec<Calib>>,
    over: &AtomicBool,
) {
    let mut encoder = Encoder::new(Direction::DeviceToHost);
    let mut say = |message: &Message<'_>| {
        let mut wire = [0; MAX_WIRE];
        let len = encoder.encode(message, Flags::default(), &mut wire).expect("it fits");
        let _ = terminal.write(&wire[..len]);
    };
    let mut decoder = Decoder::new(Direction::HostToDevice);
    let (mut index, mut streams) = (0_u32, false);
    while !over.load(Ordering::SeqCst) {
        // 20 ms without a word, or a word.
        let _ = terminal.wait(Duration::from_millis(20));
        let mut buffer = [0; 256];
        let len = terminal.read(&mut buffer).unwrap_or(0);
        let mut rest = &buffer[..len];
        while let Some(frame) = decoder.next(&mut rest) {
            let Ok(frame) = frame else { continue };
            let ack = Message::Ack(Ack {
                kind: frame.kind(),
                sequence: frame.sequence(),
                result: AckResult::Ok,
                data: &[],
            });
            match frame.message() {
                Message::Identify(_) => say(&Message::Hello(Hello {
                    minor: 0,
                    max_payload: 240,
                    model: 1,
                    boot_id: 7,
                    uid: [kind.uid; 8],
                    firmware: [0, 1, 0],
                    stream_count: 1,
                    capabilities: if kind.keeps {
                        Capabilities::STORED_CALIBRATION
                    } else {
                        Capabilities::NONE
                    },
                    name: "bench probe".into(),
                })),
                Message::GetDesc { .. } => {
                    say(&Message::StreamDesc(StreamDesc {
                        stream: 0,
                        epoch: 1,
                        kind: kind.kind,
                        format: SampleFormat::I24,
                        channels: 1,
                        unit: kind.unit,
                        flags: StreamFlags::NONE,
                        rate_mhz: 200_000,
                        max_scans: 4,
                        filter_delay_us: 0,
                        adc_min: -8_388_608,
                        adc_max: 8_388_607,
                        label: "bench".into(),
                    }));
                    say(&Message::Calib(Calib {
                        stream: 0,
                        channel: 0,
                        epoch: 1,
                        source: CalibSource::Nominal,
                        scale: kind.scale,
                        offset: 0.0,
                        calibrated_at_s: 0,
                        reference_span: 0.0,
                    }));
                }
                Message::Start(_) => {
                    streams = true;
                    say(&ack);
                }
                Message::Stop => {
                    streams = false;
                    say(&ack);
                }
                Message::SetCal { calib, persist: true } => {
                    kept.lock().expect("no panic").push(calib);
                    say(&ack);
                }
                _ => {}
            }
        }
        if streams && len == 0 {
            let codes: [i32; 4] = std::array::from_fn(|place| {
                let at = index + place as u32;
                let side = if (at / 4).is_multiple_of(2) { kind.wave } else { -kind.wave };
                level.load(Ordering::SeqCst) + side + (at % 3).cast_signed() - 1
            });
            let mut data = [0; 12];
            SampleFormat::I24.pack(&codes, &mut data).expect("they fit");
            say(&Message::Samples(Samples {
                stream: 0,
                epoch: 1,
                status: SampleStatus::NONE,
                index,
                time_us: index.wrapping_mul(5000),
                scan_count: 4,
                fault_channels: 0,
                data: &data,
            }));
            index += 4;
        }
    }
}

/// `levator calibrate` under way.
struct Dialogue {
    child: Child,
    said: BufReader<std::process::ChildStderr>,
    heard: String,
}

impl Dialogue {
    fn new(probe: &Probe, data: &std::path::Path, arguments: &[&str]) -> Self {
        let mut child = levator()
            .args(["calibrate", "--seconds", "0.4", "--json", "--port", &probe.port, "--data"])
            .arg(data)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let said = BufReader::new(child.stderr.take().expect("piped"));
        Self { child, said, heard: String::new() }
    }

    /// Waits until it has said `words`, then types `line`.
    fn answer(&mut self, words: &str, line: &str) {
        assert!(self.hears(words), "it never said {words:?}: {}", self.heard);
        self.types(line);
    }

    /// Waits until it says `words`; whether it does before it ends.
    fn hears(&mut self, words: &str) -> bool {
        while let Some(line) = self.line() {
            if line.contains(words) {
                return true;
            }
        }
        false
    }

    /// The next line that it says; `None` at its end.
    fn line(&mut self) -> Option<String> {
        let mut said = String::new();
        let len = self.said.read_line(&mut said).expect("it can be read");
        self.heard += &said;
        (len > 0).then_some(said)
    }

    fn types(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("piped");
        writeln!(stdin, "{line}").expect("it listens");
    }

    /// Exit code, what it printed, what it said.
    fn end(mut self) -> (i32, Value, String) {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.said, &mut rest).expect("it can be read");
        let output = self.child.wait_with_output().expect("it ends");
        let found = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap_or(-1), found, self.heard + &rest)
    }
}

fn by_hand(probe: &Probe, data: &std::path::Path, step: i32, told: &str) -> (i32, Value, String) {
    probe.set(1000);
    let mut dialogue = Dialogue::new(probe, data, &[]);
    dialogue.answer("Open the probe", "");
    // Asked for once the zero has been measured.
    if !dialogue.hears("Apply the known pressure") {
        return dialogue.end();
    }
    probe.set(1000 + step);
    // What was on its way is of the level before.
    std::thread::sleep(Duration::from_millis(100));
    dialogue.types("");
    if dialogue.line().is_some_and(|said| said.contains("How much")) {
        dialogue.types(told);
    }
    dialogue.end()
}

fn live(probe: &Probe, data: &std::path::Path, out: Option<&std::path::Path>) -> (Value, String) {
    let mut command = levator();
    command.args(["live", "--plain", "--json", "--seconds", "2", "--port", &probe.port, "--data"]);
    command.arg(data);
    if let Some(out) = out {
        command.arg("--out").arg(out);
    }
    let output = command.output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    (serde_json::from_slice(&output.stdout).expect("JSON"), said)
}

/// Level that the live view showed last.
fn level(said: &str) -> f64 {
    let line = said.lines().rev().find(|line| line.contains("streaming")).expect("it streamed");
    let words: Vec<&str> = line.split_whitespace().collect();
    let unit = words.iter().position(|word| *word == "cmH2O").expect("a level");
    words[unit - 1].parse().expect("a number")
}

#[test]
fn a_pressure_probe_is_calibrated_by_hand_kept_by_its_number_and_used_in_every_recording() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let data = folder.path().join("data");
    let probe = Probe::new(PRESSURE);
    let (_, before) = live(&probe, &data, None);
    assert!((level(&before) - 1000.0 * 0.12 / 98.0665).abs() < 0.1, "{before}");

    let (code, found, said) = by_hand(&probe, &data, 20_000, "40 cmH2O");
    assert_eq!(code, 0, "{said}");
    let scale = found["calibration"]["scale"].as_f64().expect("a number");
    assert!((scale / (40.0 / 20_000.0) - 1.0).abs() < 1e-3, "{scale}");
    assert_eq!(found["calibration"]["unit"], "cmH2O");
    assert_eq!(found["calibration"]["against"], "hand");
    assert_eq!(found["zero_drift"], Value::Null);
    let file = found["file"].as_str().expect("a path").to_owned();
    assert!(file.contains("native-0101010101010101"), "{file}");

    // In every recording, with its day; and the recording alone gives the same again.
    let visit = folder.path().join("visit");
    let (recorded, said) = live(&probe, &data, Some(&visit));
    assert!((level(&said) - 40.0).abs() < 0.1, "{said}");
    assert!(said.contains("the same as live, bit for bit"), "{said}");
    let calibration = &recorded["files"][0]["calibration"];
    assert_eq!(calibration["reference"], 40.0);
    assert_eq!(calibration["age_days"], 0);
    let again = levator().args(["analyse", "--json"]).arg(&visit).output().expect("it runs");
    let again: Value = serde_json::from_slice(&again.stdout).expect("JSON");
    assert_eq!(again["files"][0]["calibration"], *calibration);
    assert_eq!(again["files"][0]["digest"], recorded["files"][0]["digest"]);

    // A zero of the day: only that moves, and a large one is told.
    probe.set(3000);
    let mut dialogue = Dialogue::new(&probe, &data, &["--zero"]);
    dialogue.answer("Open the probe", "");
    let (code, found, said) = dialogue.end();
    assert_eq!(code, 0, "{said}");
    assert_eq!(found["calibration"]["scale"].as_f64(), Some(scale));
    assert!((found["zero_drift"].as_f64().expect("known") - 4.0).abs() < 0.1, "{found}");
    assert!(said.contains("has drifted by +4.0"), "{said}");
    let (_, said) = live(&probe, &data, None);
    assert!(level(&said).abs() < 0.1, "{said}");

    // Another probe on the same port has nothing to do with it.
    drop(probe);
    let other = Probe::new(Kind { uid: 2, ..PRESSURE });
    let (seen, said) = live(&other, &data, None);
    assert!((level(&said) - 1000.0 * 0.12 / 98.0665).abs() < 0.1, "{said}");
    assert_eq!(seen["files"][0]["calibration"], Value::Null);
}

#[test]
fn a_probe_that_keeps_calibrations_is_told_its_own_in_its_unit_and_no_other_is() {
    for keeps in [true, false] {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let probe = Probe::new(Kind { keeps, ..PRESSURE });
        let (code, _, said) = by_hand(&probe, folder.path(), 20_000, "40 cmH2O");
        assert_eq!(code, 0, "{said}");
        assert_eq!(said.contains("the device keeps it, too"), keeps, "{said}");
        let kept = probe.kept.lock().expect("no panic").clone();
        assert_eq!(kept.len(), usize::from(keeps), "{said}");
        for calib in kept {
            // Pascal a count, as the stream is described.
            let scale = f64::from(calib.scale);
            assert!((scale / (40.0 * 98.0665 / 20_000.0) - 1.0).abs() < 1e-3, "{calib:?}");
            assert!((calib.offset - 1000.0).abs() < 1.0, "{calib:?}");
            assert!((calib.reference_span - 3922.66).abs() < 0.1, "{calib:?}");
            assert_eq!(calib.source, CalibSource::User);
            assert!(calib.calibrated_at_s > 1_700_000_000, "{calib:?}");
        }
    }
}

#[test]
fn a_manometer_on_another_port_says_how_much_it_is() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let probe = Probe::new(PRESSURE);
    let manometer = PseudoTerminal::open().expect("this system has pseudo-terminals");
    let name = manometer.port_name().to_owned();
    let over = AtomicBool::new(false);
    let (code, found, said) = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                let _ = manometer.write(b"p = 3.000 kPa\r\n");
                let _ = manometer.wait(Duration::from_millis(30));
            }
        });
        let arguments = ["--manometer", name.as_str()];
        let mut dialogue = Dialogue::new(&probe, folder.path(), &arguments);
        dialogue.answer("Open the probe", "");
        let level = Arc::clone(&probe.level);
        // The pressure is on before Enter is pressed.
        assert!(dialogue.hears("Apply the known pressure"), "{}", dialogue.heard);
        level.store(11_000, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(100));
        dialogue.types("");
        let ended = dialogue.end();
        over.store(true, Ordering::SeqCst);
        ended
    });
    assert_eq!(code, 0, "{said}");
    let cmh2o = 3000.0 / 98.0665;
    let scale = found["calibration"]["scale"].as_f64().expect("a number");
    assert!((scale / (cmh2o / 10_000.0) - 1.0).abs() < 1e-3, "{scale}");
    assert_eq!(found["calibration"]["against"], "manometer");
}

#[test]
fn emg_is_calibrated_by_a_square_wave_of_known_height() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let emg = Kind {
        kind: StreamKind::EmgRaw,
        unit: WireUnit::Microvolt,
        scale: 4.0,
        uid: 3,
        keeps: false,
        wave: 25,
    };
    let probe = Probe::new(emg);
    let mut dialogue = Dialogue::new(&probe, folder.path(), &["--reference", "0.1 mV"]);
    dialogue.answer("Join the electrodes", "");
    dialogue.answer("Apply a square wave", "");
    let (code, found, said) = dialogue.end();
    assert_eq!(code, 0, "{said}");
    let scale = found["calibration"]["scale"].as_f64().expect("a number");
    assert!((scale - 2.0).abs() < 0.1, "{scale}");
    assert_eq!(found["calibration"]["unit"], "uV");
}

#[test]
fn what_calibrates_nothing_is_refused_and_nothing_is_kept() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let probe = Probe::new(PRESSURE);
    let (code, _, said) = by_hand(&probe, folder.path(), 0, "40 cmH2O");
    assert_eq!(code, 7, "{said}");
    assert!(said.contains("take a larger one"), "{said}");
    let (code, _, said) = by_hand(&probe, folder.path(), 20_000, "40 uV");
    assert_eq!(code, 2, "{said}");
    let (code, _, said) = by_hand(&probe, folder.path(), 20_000, "quite a lot");
    assert_eq!(code, 2, "{said}");
    let dialogue = Dialogue::new(&probe, folder.path(), &[]);
    let (code, _, said) = dialogue.end();
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("nothing was calibrated"), "{said}");
    let mut dialogue = Dialogue::new(&probe, folder.path(), &["--zero"]);
    dialogue.answer("Open the probe", "");
    let (code, _, said) = dialogue.end();
    assert_eq!(code, 2, "{said}");
    let dialogue = Dialogue::new(&probe, folder.path(), &["--channel", "1.0"]);
    let (code, ..) = dialogue.end();
    assert_eq!(code, 2);
    assert!(!folder.path().join("calibrations").exists(), "something was kept");
}
