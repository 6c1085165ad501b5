//! The binary, by what it prints and how it ends.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{data, header, levator};

fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the binary was built");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    (status.code().expect("no signal ended it"), text(stdout), text(stderr))
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder for temporary files")
}

fn analyse(path: &Path) -> (i32, String, String) {
    run(levator().arg("analyse").arg(path))
}

/// A file with these bytes, analysed: the exit code and the line on standard error.
fn analyse_bytes(name: &str, bytes: &[u8]) -> (i32, String) {
    let folder = folder();
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("the folder can be written");
    let (code, stdout, stderr) = analyse(&path);
    assert_eq!(stdout, "", "{name}");
    (code, stderr)
}

fn assert_one_line(stderr: &str, words: &str) {
    assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");
    assert!(stderr.contains(words), "{stderr:?} does not say {words:?}");
}

#[test]
fn a_real_recording_is_analysed_to_stable_json() {
    let path = data("recordings/biceps_9_bursts.csv");
    let (code, stdout, stderr) = run(levator().args(["analyse", "--json"]).arg(&path));
    assert_eq!((code, stderr.as_str()), (0, ""));
    let document: Value = serde_json::from_str(&stdout).expect("it is JSON");
    assert_eq!(document["tool"], "levator");
    assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
    let file = &document["files"][0];
    assert_eq!(file["file"], path.display().to_string());
    assert_eq!(file["kind"], "emg");
    assert_eq!(file["channel"], "adc");
    assert_eq!(file["rate_hz"], 1000.0);
    assert_eq!(file["unit"], "count");
    assert_eq!(file["duration_s"], 28.519);
    assert_eq!(file["gaps"], Value::Array(vec![]));
    assert!(file["rest"]["level"].as_f64().is_some_and(|level| level > 0.0));
    let expected = blake3::hash(&fs::read(&path).expect("it is there")).to_hex().to_string();
    assert_eq!(file["blake3"], expected);
    let contractions = file["contractions"].as_array().expect("a list");
    assert_eq!(contractions.len(), 9);
    for contraction in contractions {
        let number = |name: &str| contraction[name].as_f64().expect("a number");
        assert!(number("onset_s") < number("offset_s"));
        assert!(number("decided_s") > number("onset_s"));
        assert!(number("peak") >= number("mean"));
        assert!((0.0..=1.0).contains(&number("confidence")));
    }
}

#[test]
fn the_unit_and_scale_that_are_given_are_used() {
    let path = data("recordings/biceps_9_bursts.csv");
    let microvolts = ["--unit", "uV", "--scale", "0.0457763671875", "--offset", "-32768"];
    let (code, stdout, _) = run(levator().args(["analyse", "--json"]).args(microvolts).arg(&path));
    assert_eq!(code, 0);
    let document: Value = serde_json::from_str(&stdout).expect("it is JSON");
    let file = &document["files"][0];
    assert_eq!(file["unit"], "uV");
    // The table of the recordings says 8 µV RMS at rest and 55 to 144 µV in contractions.
    let rest = file["rest"]["level"].as_f64().expect("rest was learnt");
    assert!((4.0..12.0).contains(&rest), "{rest}");
    for contraction in file["contractions"].as_array().expect("a list") {
        let mean = contraction["mean"].as_f64().expect("a number");
        assert!((40.0..200.0).contains(&mean), "{mean}");
    }
}

#[test]
fn several_channels_of_one_file_give_an_entry_each() {
    let path = data("recordings/hold_10s_knee_ID1.csv");
    let channels = ["--channel", "emg_VL", "--channel", "2"];
    let (code, stdout, _) = run(levator().args(["analyse", "--json"]).args(channels).arg(path));
    assert_eq!(code, 0);
    let document: Value = serde_json::from_str(&stdout).expect("it is JSON");
    assert_eq!(document["files"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_bad_file_among_good_ones_stops_nothing() {
    let good = data("recordings/mixed_4_bursts.txt");
    let (code, stdout, stderr) =
        run(levator().arg("analyse").arg(&good).arg("no-such-file.csv").arg(&good));
    assert_eq!(code, 3);
    assert_eq!(stdout.matches("mixed_4_bursts.txt").count(), 2);
    assert_one_line(&stderr, "no-such-file.csv");
}

#[test]
fn files_that_are_none_get_one_clear_line() {
    let (code, stderr) = analyse_bytes("empty.csv", b"");
    assert_eq!(code, 3);
    assert_one_line(&stderr, "empty");
    let (code, stderr) = analyse_bytes("one.csv", b"t_s,emg\n0.0,1.0\n");
    assert_eq!(code, 3);
    assert_one_line(&stderr, "one.csv");
    let (code, stderr) = analyse_bytes("poem.txt", b"The owl and the pussycat\nwent to sea\n");
    assert_eq!(code, 3);
    assert_one_line(&stderr, "poem.txt");
    let (code, stderr) = analyse_bytes("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01");
    assert_eq!(code, 3);
    assert_one_line(&stderr, "picture.png");
    let (code, stderr) = analyse_bytes("no-rate.txt", b"3\n1\n4\n1\n5\n9\n2\n6\n5\n");
    assert_eq!(code, 3);
    assert_one_line(&stderr, "--rate");
    let folder = folder();
    let (code, _, stderr) = analyse(folder.path());
    assert_eq!(code, 3);
    assert_one_line(&stderr, "folder");
}

#[test]
fn a_channel_that_is_not_there_is_answered_with_those_that_are() {
    let path = data("recordings/emg_with_force_1.csv");
    let (code, _, stderr) = run(levator().args(["analyse", "--channel", "ecg"]).arg(path));
    assert_eq!(code, 3);
    assert_one_line(&stderr, "force");
}

#[test]
fn a_recording_of_a_newer_version_is_refused_by_name() {
    let folder = folder();
    let path = folder.path().join("raw.journal");
    let writer = levator_record::Writer::create(&path, &header()).expect("an empty folder");
    writer.close(levator_signal::HostTime::ZERO).expect("the disk has room");
    let mut bytes = fs::read(&path).expect("it was written");
    // Version and checksum of the file start: docs/recording-format.md.
    bytes[8] = 99;
    let checksum = crc32fast::hash(&bytes[..12]);
    bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
    let (code, stderr) = analyse_bytes("newer.journal", &bytes);
    assert_eq!(code, 3);
    assert_one_line(&stderr, "newer");
}

#[test]
fn wrong_use_is_exit_code_two() {
    let (code, stdout, stderr) = run(levator().args(["analyse", "--rate", "0", "x.csv"]));
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("0.1 to 100000 Hz"), "{stderr}");
    assert_eq!(run(&mut levator()).0, 2);
    assert_eq!(run(levator().arg("dance")).0, 2);
}

#[test]
fn help_lists_every_exit_code() {
    let (code, stdout, _) = run(levator().arg("--help"));
    assert_eq!(code, 0);
    for number in 0..=8 {
        assert!(stdout.contains(&format!("\n  {number}  ")), "exit code {number} is not listed");
    }
}

#[test]
fn devices_are_listed_as_text_and_as_json() {
    let (code, _, _) = run(levator().arg("devices"));
    assert_eq!(code, 0);
    let (code, stdout, _) = run(levator().args(["devices", "--json"]));
    assert_eq!(code, 0);
    let document: Value = serde_json::from_str(&stdout).expect("it is JSON");
    assert!(document["ports"].is_array());
}

#[test]
fn a_port_that_is_not_there_is_exit_code_four() {
    for command in ["live", "record"] {
        let folder = folder();
        let out = folder.path().join("visit");
        let mut levator = levator();
        levator.args([command, "--port", "/dev/no-such-port"]);
        let (code, stdout, stderr) = run(levator.arg("--out").arg(&out));
        assert_eq!((code, stdout.as_str()), (4, ""), "{command}");
        assert_one_line(&stderr, "/dev/no-such-port");
        assert!(!out.exists(), "{command} left an empty folder");
    }
    let (code, _, stderr) = run(levator().args(["live", "--port", "Cargo.toml"]));
    assert_eq!(code, 4);
    assert_one_line(&stderr, "not a serial port");
}

#[test]
fn an_unknown_scenario_is_answered_with_those_there_are() {
    let (code, _, stderr) = run(levator().args(["demo", "--scenario", "giraffe"]));
    assert_eq!(code, 2);
    assert_one_line(&stderr, "healthy");
}

#[cfg(unix)]
mod ports {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    use levator_simulate::PseudoTerminal;

    use super::*;
    use crate::support::Simulated;

    #[test]
    fn a_simulated_device_is_recorded_and_analysed() {
        let simulated = Simulated::start(&["--scenario", "flicks", "--seed", "4"]);
        let folder = folder();
        let (code, stdout, stderr) = run(levator()
            .args(["record", "--port", &simulated.port, "--seconds", "6", "--json", "--out"])
            .arg(folder.path()));
        assert_eq!(code, 0, "{stderr}");
        assert!(stderr.contains("bit for bit"), "{stderr}");
        let recorded: Value = serde_json::from_str(&stdout).expect("it is JSON");
        let (code, stdout, _) = run(levator().args(["analyse", "--json"]).arg(folder.path()));
        assert_eq!(code, 0);
        let analysed: Value = serde_json::from_str(&stdout).expect("it is JSON");
        assert_eq!(analysed["files"], recorded["files"]);
        let saved = fs::read_to_string(folder.path().join("result.json")).expect("it was saved");
        assert_eq!(serde_json::from_str::<Value>(&saved).expect("JSON"), recorded);
        let samples = analysed["files"][0]["sample_count"].as_u64().expect("a count");
        assert!((5000..=6100).contains(&samples), "{samples} samples in 6 s");
        // A recording is never overwritten.
        let (code, _, stderr) = run(levator()
            .args(["record", "--port", &simulated.port, "--seconds", "1", "--out"])
            .arg(folder.path()));
        assert_eq!(code, 6);
        assert_one_line(&stderr, "never overwritten");
    }

    #[test]
    fn a_visit_with_a_programme_is_judged_with_what_was_told() {
        let simulated = Simulated::start(&["--scenario", "rest"]);
        let folder = folder();
        let visit = folder.path().join("visit");
        let told = folder.path().join("me.toml");
        fs::write(&told, "format = 1\nsymptoms = [\"leakage\"]\n").expect("a folder of our own");
        let record = |reference: &str| {
            run(levator()
                .args(["record", "--port", &simulated.port, "--seconds", "3"])
                .args(["--programme", "perry", "--reference", reference])
                .arg("--symptoms")
                .arg(&told)
                .arg("--out")
                .arg(&visit))
        };
        let (code, stdout, stderr) = record("kasper-2025");
        assert_eq!(code, 0, "{stderr}");
        assert!(stdout.contains("Answer: ") && stdout.contains("Not a diagnosis"), "{stdout}");
        assert!(stderr.contains("the same as live, bit for bit"), "{stderr}");
        let kept = fs::read_to_string(visit.join("told.toml")).expect("it is kept");
        assert!(kept.contains("leakage") && kept.contains("kasper-2025"), "{kept}");
        // What is reported at the next visit adds up with what was reported at this one.
        let later = folder.path().join("later");
        let more = folder.path().join("more.toml");
        fs::write(&more, "format = 1\nsymptoms = [\"pain\"]\n").expect("a folder of our own");
        let (code, _, stderr) = run(levator()
            .args(["record", "--port", &simulated.port, "--seconds", "1", "--symptoms"])
            .arg(&more)
            .arg("--after")
            .arg(&visit)
            .arg("--out")
            .arg(&later));
        assert_eq!(code, 0, "{stderr}");
        let united = fs::read_to_string(later.join("told.toml")).expect("it is kept");
        for word in ["leakage", "pain", "kasper-2025"] {
            assert!(united.contains(word), "{united}");
        }
        // A second visit into the same folder is refused, and changes nothing.
        let (code, _, stderr) = record("oleksy-2020");
        assert_eq!(code, 6, "{stderr}");
        assert_eq!(fs::read_to_string(visit.join("told.toml")).ok(), Some(kept));
        let (code, stdout, _) = run(levator().args(["assess", "--json"]).arg(&visit));
        assert_eq!(code, 0);
        let found: Value = serde_json::from_str(&stdout).expect("it is JSON");
        assert_eq!(found["programme"]["id"], "perry");
        let steps = found["programme"]["steps"].as_array().expect("a list");
        assert_eq!(steps[0]["outcome"], "stopped");
    }

    #[test]
    fn a_clean_probe_passes_the_check_and_one_with_hum_does_not() {
        let clean = Simulated::start(&["--scenario", "rest"]);
        let (code, stdout, stderr) =
            run(levator().args(["check", "--port", &clean.port, "--json"]));
        assert_eq!(code, 0, "{stdout}{stderr}");
        let check: Value = serde_json::from_str(&stdout).expect("it is JSON");
        assert_eq!(check["clean"], true);
        assert_eq!(check["channels"][0]["verdict"], "clean");

        let noisy = Simulated::start(&["--scenario", "noisy"]);
        let (code, stdout, stderr) =
            run(levator().args(["check", "--port", &noisy.port, "--seconds", "7"]));
        assert_eq!(code, 7, "{stdout}{stderr}");
        assert!(stdout.contains("mains hum (50 Hz)"), "{stdout}");
        assert!(stdout.contains("reference electrode"), "{stdout}");
        assert!(stderr.contains("levator: the signal was not clean"), "{stderr}");
    }

    #[test]
    fn a_port_in_use_is_said_to_be() {
        let simulated = Simulated::start(&[]);
        let mut first = levator()
            .args(["live", "--plain", "--port", &simulated.port, "--seconds", "20"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary was built");
        // Its first line says that the port is open; it may say more, and somebody has to hear it.
        let mut line = String::new();
        let mut said = BufReader::new(first.stderr.take().expect("it was piped"));
        said.read_line(&mut line).expect("it says something");
        let again = ["live", "--seconds", "5", "--port", &simulated.port];
        let (code, _, stderr) = run(levator().args(again));
        first.kill().expect("it runs for 20 s");
        first.wait().expect("it was killed");
        assert_eq!(code, 4);
        assert_one_line(&stderr, "in use");
    }

    #[test]
    fn a_silent_device_is_given_up_with_a_hint() {
        let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
        let port = terminal.port_name();
        let (code, _, stderr) =
            run(levator().args(["live", "--plain", "--patience", "0.5", "--port", port]));
        assert_eq!(code, 5);
        assert!(stderr.contains("says nothing"), "{stderr}");
    }

    #[test]
    fn a_wrong_speed_is_named_as_the_likely_cause() {
        let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
        let noise: Vec<u8> =
            (0..2000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let port = terminal.port_name().to_owned();
        let stop = std::sync::atomic::AtomicBool::new(false);
        let (code, _, stderr) = std::thread::scope(|scope| {
            scope.spawn(|| {
                // Opening discards what came before, so the noise goes on.
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    terminal.write(&noise).expect("the terminal lives");
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
            });
            let result =
                run(levator().args(["live", "--plain", "--patience", "0.5", "--port", &port]));
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            result
        });
        assert_eq!(code, 5);
        assert!(stderr.contains("--baud"), "{stderr}");
    }

    #[test]
    fn a_full_disk_is_loud_and_the_visit_goes_on() {
        let simulated = Simulated::start(&[]);
        let folder = folder();
        // A limit on the size of files stands in for a disk that fills up.
        let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
        let (code, _, stderr) = run(Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_levator")])
            .args(["record", "--port", &simulated.port, "--seconds", "5", "--out"])
            .arg(folder.path()));
        assert_eq!(code, 6, "{stderr}");
        assert!(stderr.contains("disk"), "{stderr}");
        // What was written before can be read.
        let (code, stdout, _) = run(levator().args(["analyse", "--json"]).arg(folder.path()));
        assert_eq!(code, 0);
        let analysed: Value = serde_json::from_str(&stdout).expect("it is JSON");
        assert!(analysed["files"][0]["sample_count"].as_u64().is_some_and(|count| count > 500));
    }

    #[test]
    fn a_port_without_permission_names_the_remedy() {
        use std::os::unix::fs::PermissionsExt;
        use std::os::unix::process::CommandExt;

        let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
        let port = terminal.port_name();
        fs::set_permissions(port, fs::Permissions::from_mode(0o000)).expect("the port is ours");
        // Root may open everything, so a copy of the binary runs as nobody (65534).
        let folder = folder();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("ours");
        let copy = folder.path().join("levator");
        fs::copy(env!("CARGO_BIN_EXE_levator"), &copy).expect("there is room");
        let mut command = Command::new(&copy);
        if rustix::process::geteuid().is_root() {
            command.uid(65534).gid(65534);
        }
        // Nor may nobody read the data folder of root.
        command.env("LEVATOR_DATA", folder.path().join("data"));
        let (code, _, stderr) = run(command.args(["live", "--port", port]).current_dir("/"));
        assert_eq!(code, 4, "{stderr}");
        assert_one_line(&stderr, "permission");
    }

    /// `setsid -c` makes the pseudo-terminal the one that hangs up on the child (util-linux).
    #[cfg(target_os = "linux")]
    #[test]
    fn a_terminal_that_goes_away_ends_the_visit_and_closes_the_recording() {
        let folder = folder();
        let out = folder.path().join("visit");
        let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
        let end = || {
            let mut options = fs::OpenOptions::new();
            options.read(true).write(true).open(terminal.port_name()).expect("the terminal's end")
        };
        let size = rustix::termios::Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(end(), size).expect("it is a terminal");
        let mut demo = Command::new("setsid")
            .args(["-c", env!("CARGO_BIN_EXE_levator"), "demo", "--seconds", "60", "--out"])
            .arg(&out)
            .env("TERM", "xterm")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("setsid belongs to util-linux");
        // The picture is drawn once the session runs.
        let mut drawn = Vec::new();
        let mut buffer = [0; 4096];
        while !String::from_utf8_lossy(&drawn).contains("recording") {
            assert!(demo.try_wait().expect("it is ours").is_none(), "ended before its time");
            terminal.wait(std::time::Duration::from_millis(100)).expect("the terminal lives");
            let len = terminal.read(&mut buffer).expect("the terminal lives");
            drawn.extend_from_slice(&buffer[..len]);
        }
        terminal.hang_up();
        let ended = (0..200).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            demo.try_wait().expect("it is ours").is_some()
        });
        if !ended {
            demo.kill().expect("it is ours");
            panic!("still there 10 s after its terminal went away");
        }
        let (code, stdout, stderr) = run(levator().args(["analyse", "--json"]).arg(&out));
        assert_eq!(code, 0, "{stderr}");
        assert!(!stdout.contains("not closed"), "{stdout}");
    }

    #[test]
    fn the_demo_shows_records_and_analyses() {
        let folder = folder();
        let out = folder.path().join("visit");
        let (code, stdout, stderr) = run(levator()
            .args(["demo", "--seconds", "8", "--no-open", "--json", "--out"])
            .arg(&out));
        assert_eq!(code, 0, "{stderr}");
        assert!(stderr.contains("bit for bit"), "{stderr}");
        assert!(stderr.contains("streaming"), "{stderr}");
        assert!(stderr.contains(&out.display().to_string()), "{stderr}");
        let document: Value = serde_json::from_str(&stdout).expect("it is JSON");
        assert!(out.join("raw.journal").is_file());
        assert_eq!(document["files"][0]["kind"], "emg");
    }
}

/// A plain EDF file of one signal whose values are whole numbers from 0 to 65535.
fn edf(codes: &[u16], rate_hz: usize, label: &str, unit: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let count = codes.len() / rate_hz;
    for (text, len) in [
        ("0", 8),
        ("A name that nobody should see", 80),
        ("Startdate X X X X", 80),
        ("01.01.26", 8),
        ("00.00.00", 8),
        ("512", 8),
        ("", 44),
        (count.to_string().as_str(), 8),
        ("1", 8),
        ("1", 4),
        (label, 16),
        ("", 80),
        (unit, 8),
        ("0", 8),
        ("65535", 8),
        ("-32768", 8),
        ("32767", 8),
        ("", 80),
        (rate_hz.to_string().as_str(), 8),
        ("", 32),
    ] {
        bytes.extend(format!("{text:len$}").bytes());
    }
    let codes = &codes[..count * rate_hz];
    bytes.extend(codes.iter().flat_map(|code| (code ^ 0x8000).to_le_bytes()));
    bytes
}

#[test]
fn an_edf_file_gives_what_the_text_of_its_samples_gives() {
    let text = fs::read_to_string(data("recordings/biceps_9_bursts.csv")).expect("it is there");
    let rows = text.lines().skip(1).filter_map(|line| line.split(',').nth(1));
    let mut codes: Vec<u16> = rows.map(|code| code.parse().expect("a count")).collect();
    codes.truncate(28_000);
    let folder = folder();
    let (as_text, as_edf) = (folder.path().join("a.csv"), folder.path().join("a.edf"));
    let rows: String = codes.iter().map(|code| format!("{code}\n")).collect();
    fs::write(&as_text, format!("emg\n{rows}")).expect("the folder can be written");
    let bytes = edf(&codes, 1000, "emg", "");
    fs::write(&as_edf, &bytes).expect("the folder can be written");
    let (code, stdout, _) =
        run(levator().args(["analyse", "--json", "--rate", "1000"]).args([&as_text, &as_edf]));
    assert_eq!(code, 0);
    assert!(!stdout.contains("nobody should see"));
    let document: Value = serde_json::from_str(&stdout).expect("it is JSON");
    let (text, edf) = (&document["files"][0], &document["files"][1]);
    for field in ["kind", "channel", "rate_hz", "unit", "duration_s", "contractions", "rest"] {
        assert_eq!(edf[field], text[field], "{field}");
    }
    assert!(edf["contractions"].as_array().is_some_and(|found| found.len() == 9));
    assert_eq!(edf["blake3"], blake3::hash(&bytes).to_hex().to_string());
    // Half a data record more: told, and left out.
    let cut = [&bytes[..], &[0; 1001]].concat();
    fs::write(&as_edf, &cut).expect("the folder can be written");
    let (code, stdout, _) = run(levator().args(["analyse", "--json"]).arg(&as_edf));
    assert_eq!(code, 0);
    let document: Value = serde_json::from_str(&stdout).expect("it is JSON");
    let file = &document["files"][0];
    assert_eq!(file["contractions"], edf["contractions"]);
    assert_eq!(file["refusals"][0]["count"], 1001);
    assert_eq!(file["blake3"], blake3::hash(&cut).to_hex().to_string());
}

#[test]
fn signals_at_two_rates_and_annotations_come_from_one_edf_file() {
    let path = data("interop/made_edfio_plus_d.edf");
    let channels = ["--channel", "press", "--channel", "0"];
    let (code, stdout, _) = run(levator().args(["analyse", "--json"]).args(channels).arg(&path));
    assert_eq!(code, 0);
    let document: Value = serde_json::from_str(&stdout).expect("it is JSON");
    let files = document["files"].as_array().expect("a list");
    let of = |field: &str| files.iter().map(|file| file[field].clone()).collect::<Vec<_>>();
    assert_eq!(of("channel"), ["Pressure", "EMG left"]);
    assert_eq!(of("kind"), ["pressure", "emg"]);
    assert_eq!(of("unit"), ["cmH2O", "uV"]);
    assert_eq!(of("rate_hz"), [10.0, 500.0]);
    assert_eq!(of("duration_s"), [10.5, 10.5]);
    for file in files {
        let gaps = file["gaps"].as_array().expect("a list");
        assert_eq!((gaps.len(), &gaps[0]["from_s"]), (2, &Value::from(1.0)));
        let marks: Vec<_> = file["marks"].as_array().expect("a list").iter().collect();
        assert_eq!((marks.len(), &marks[1]["text"]), (3, &Value::from("Squeeze 1")));
    }
}

#[test]
fn a_broken_edf_file_says_where() {
    let bytes = edf(&[0; 1000], 1000, "emg", "uV");
    let (code, stderr) = analyse_bytes("cut.edf", &bytes[..400]);
    assert_eq!(code, 3);
    assert_one_line(&stderr, "the header takes 512 bytes, but the file ends at byte 400");
    let (code, stderr) = analyse_bytes("no.bdf", b"1,2\n3,4\n");
    assert_eq!(code, 3);
    assert_one_line(&stderr, "neither EDF nor BDF");
}
