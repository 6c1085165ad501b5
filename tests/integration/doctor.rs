//! `levator check` and `levator devices` over pseudo-terminals: what is wrong is named, with what to do.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use levator_simulate::PseudoTerminal;
use serde_json::Value;

use crate::support::{Simulated, levator};

/// A program that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A virtual device, and its port.
fn simulated(arguments: &[&str]) -> (Simulated, String) {
    let device = Simulated::start(arguments);
    let port = device.port.clone();
    (device, port)
}

fn check(port: &str, more: &[&str]) -> (Option<i32>, Value, String) {
    let output = levator()
        .args(["check", "--json", "--patience", "2", "--seconds", "8", "--port", port])
        .args(more)
        .output()
        .expect("it starts");
    told(&output)
}

fn told(output: &Output) -> (Option<i32>, Value, String) {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {} {stderr}", String::from_utf8_lossy(&output.stdout))
    });
    (output.status.code(), json, stderr)
}

fn problem<'a>(json: &'a Value, name: &str) -> &'a Value {
    let problems = json["problems"].as_array().expect("a list");
    problems.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name}: {json}"))
}

#[test]
fn a_silent_port_is_called_silent() {
    let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
    let (code, json, stderr) = check(terminal.port_name(), &[]);
    assert_eq!(code, Some(5), "{stderr}");
    assert!(problem(&json, "silence")["do"].as_str().expect("words").contains("switched on"));
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn another_device_is_named_and_noise_is_a_wrong_speed() {
    let (_device, port) = simulated(&["--device", "nogasm"]);
    let (code, json, _) = check(&port, &[]);
    assert_eq!(code, Some(5));
    let what = problem(&json, "other-device")["do"].as_str().expect("words").to_owned();
    assert!(what.contains("--device nogasm"), "{what}");

    let (_device, port) = simulated(&["--device", "text", "--fault", "wrong-baud"]);
    let (code, json, _) = check(&port, &["--device", "text"]);
    assert_eq!(code, Some(5));
    assert!(problem(&json, "wrong-speed")["do"].as_str().expect("words").contains("--baud"));
}

/// A description of a pressure probe in counts with this rate.
fn described(folder: &Path, rate_hz: f64) -> String {
    let text = format!(
        "id = \"mine\"\nname = \"Mine\"\nabout = \"x\"\nsource = \"x\"\nrate_hz = {rate_hz}\n[line]\n\
         baud = 115200\ndtr = \"raise\"\n[framing]\nkind = \"text\"\n[[layout]]\ncolumns = [0]\n\
         [[channel]]\nlabel = \"p\"\nkind = \"pressure\"\nunit = \"cmH2O\"\n"
    );
    let path = folder.join(format!("{rate_hz}.toml"));
    std::fs::write(&path, text).expect("room");
    path.to_string_lossy().into_owned()
}

#[test]
fn a_rate_that_is_not_the_nominal_one_is_told_and_a_wrong_one_refused() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let real = described(folder.path(), 47.6);
    std::thread::scope(|scope| {
        for (nominal, is_note) in [(50.0, true), (60.0, false)] {
            let (real, declared) = (&real, described(folder.path(), nominal));
            scope.spawn(move || {
                let (_device, port) = simulated(&["--device", real, "--scenario", "rest"]);
                let (code, json, stderr) = check(&port, &["--device", &declared]);
                let found = problem(&json, "rate");
                assert_eq!(found["note"], is_note, "{json}");
                assert!(found["do"].as_str().expect("words").contains("rate_hz = 47"), "{json}");
                let measured = json["channels"][0]["rate_hz"].as_f64().expect("it was measured");
                assert!((measured - 47.6).abs() < 0.6, "{measured}");
                assert!(is_note || code == Some(7), "{code:?} {stderr}");
                // What is printed agrees with how it ended.
                assert_eq!(json["clean"] == true, code == Some(0), "{json}");
                if !is_note {
                    let (code, json, stderr) = check(&port, &["--device", &declared, "--any-rate"]);
                    assert_eq!(problem(&json, "rate")["note"], true, "{json}");
                    assert_eq!((code, &json["clean"]), (Some(0), &Value::Bool(true)), "{stderr}");
                }
                let found = &json["channels"][0]["measured"];
                assert!(found["smallest_step"].as_f64().is_some_and(|step| step > 0.005), "{json}");
            });
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn whoever_else_is_at_the_port_is_named() {
    let (_device, port) = simulated(&["--scenario", "rest"]);
    let other = Command::new("cat").arg(&port).stdout(Stdio::null()).spawn().expect("it starts");
    let other = Running(other);
    let (_, json, _) = check(&port, &[]);
    let what = problem(&json, "shared")["what"].as_str().expect("words").to_owned();
    assert!(what.contains(&format!("cat (process {})", other.0.id())), "{what}");
    drop(other);

    let holder = levator()
        .args(["live", "--plain", "--port", &port])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut holder = Running(holder);
    // It speaks once the port is open.
    let mut said = BufReader::new(holder.0.stderr.take().expect("it was piped"));
    said.read_line(&mut String::new()).expect("it speaks");
    let (code, json, stderr) = check(&port, &[]);
    assert_eq!(code, Some(4), "{stderr}");
    let what = problem(&json, "busy")["what"].as_str().expect("words").to_owned();
    assert!(what.contains(&format!("levator (process {})", holder.0.id())), "{what}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_service_that_disturbs_ports_is_named_with_what_stops_it() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let service = folder.path().join("ModemManager");
    std::fs::copy("/bin/sleep", &service).expect("room");
    let _running = Running(Command::new(&service).arg("60").spawn().expect("it starts"));
    let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
    let (_, json, _) = check(terminal.port_name(), &[]);
    let found = problem(&json, "service");
    assert!(found["what"].as_str().expect("words").contains("ModemManager runs"), "{json}");
    assert!(found["do"].as_str().expect("words").contains("ID_MM_DEVICE_IGNORE"), "{json}");
    assert_eq!(found["note"], true);
}

#[cfg(target_os = "linux")]
#[test]
fn a_port_that_may_not_be_opened_comes_with_the_command_that_helps() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;

    /// Nobody: somebody else than whoever runs this.
    const NOBODY: u32 = 65_534;
    let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
    let port = terminal.port_name();
    std::fs::set_permissions(port, std::fs::Permissions::from_mode(0o000)).expect("it is ours");
    // Permissions do not hold the administrator; then somebody else has to try, with a program in reach.
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let mut command = if std::fs::File::open(port).is_ok() {
        let program = folder.path().join("levator");
        std::fs::copy(env!("CARGO_BIN_EXE_levator"), &program).expect("room");
        for path in [folder.path(), &program] {
            let open = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(path, open).expect("it is ours");
        }
        let mut command = Command::new(program);
        command.uid(NOBODY).gid(NOBODY);
        command
    } else {
        levator()
    };
    let output = command.args(["check", "--json", "--port", port]).output().expect("it starts");
    let (code, json, stderr) = told(&output);
    assert_eq!(code, Some(4), "{stderr}");
    let found = problem(&json, "permission");
    let remedy = found["do"].as_str().expect("words");
    assert!(remedy.contains("usermod -aG") || remedy.contains("udev rule"), "{json}");
}

#[test]
fn a_device_is_found_out_and_a_guess_is_called_one() {
    let (_device, port) = simulated(&["--device", "chords-uno-r4"]);
    let output =
        levator().args(["devices", "--json", "--port", &port]).output().expect("it starts");
    let (code, json, _) = told(&output);
    assert_eq!(code, Some(0));
    let found = &json["ports"][0];
    assert_eq!(found["recognised"][0]["device"], "chords-uno-r4", "{json}");
    assert_eq!(found["recognised"][0]["certainty"], "certain");
    assert_eq!(found["asked"][0], "BITalino");

    let (_device, port) = simulated(&["--device", "text"]);
    let output = levator().args(["devices", "--port", &port]).output().expect("it starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("text (possible)"), "{stdout}");
    assert!(stdout.contains("try: levator live"), "{stdout}");
}
