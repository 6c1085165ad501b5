//! Devices of others, over a pseudo-terminal, through the whole program.

use std::process::Stdio;
use std::time::Duration;

use levator_simulate::PseudoTerminal;
use serde_json::Value;

use crate::support::levator;

#[cfg(target_os = "linux")]
#[test]
fn a_simulated_device_of_others_is_offered_and_read_by_the_program() {
    use std::io::{BufRead, BufReader};

    let mut simulated = levator()
        .args(["simulate", "--device", "cyton", "--fault", "flip", "--seconds", "20", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut said = BufReader::new(simulated.stdout.take().expect("it was asked for"));
    let mut first = String::new();
    said.read_line(&mut first).expect("it speaks");
    let first: Value = serde_json::from_str(&first).expect("JSON");
    let port = first["port"].as_str().expect("a port");
    let live = levator()
        .args(["live", "--plain", "--device", "cyton", "--seconds", "3", "--json", "--port", port])
        .output()
        .expect("it starts");
    simulated.kill().expect("it runs");
    simulated.wait().expect("it ended");
    let said = String::from_utf8_lossy(&live.stderr);
    assert!(live.status.success(), "{said}");
    let json: Value = serde_json::from_slice(&live.stdout).expect("JSON");
    assert!(json.to_string().contains("\"uV\""), "{json}");
    let refused = levator().args(["simulate", "--fault", "gremlins"]).output().expect("it starts");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("wrong-baud"));
}

/// A probe that nobody has heard of.
const MINE: &str = r#"
id = "mine"
name = "My probe"
about = "Pressure and smoothed EMG with labels."
source = "My sketch."
rate_hz = 200

[line]
baud = 57600
dtr = "raise"

[framing]
kind = "text"

[[layout]]
columns = ["p", "emg"]

[[channel]]
label = "squeeze"
kind = "pressure"
unit = "mmHg"
scale = 0.5
offset = 12
range = [0, 4095]
role = "pelvic-pressure"

[[channel]]
label = "muscle"
kind = "emg-envelope"
unit = "count"
role = "pelvic-emg"
"#;

#[test]
fn a_probe_that_prints_lines_is_recorded_by_a_file_alone() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let (file, visit) = (folder.path().join("my.toml"), folder.path().join("visit"));
    std::fs::write(&file, MINE).expect("room");
    let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
    let mut recorder = levator()
        .args(["record", "--seconds", "2", "--port", terminal.port_name()])
        .arg("--device")
        .arg(&file)
        .arg("--out")
        .arg(&visit)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = 0;
    while recorder.try_wait().expect("no failure").is_none() {
        let text = format!("p:{} emg:{}\r\n", 100 + line % 50, 300 + line % 7);
        terminal.write(text.as_bytes()).expect("no failure");
        line += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    let ended = recorder.wait_with_output().expect("it ended");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    assert!(said.contains("the same as live, bit for bit"), "{said}");
    // Whoever has the recording needs no file.
    std::fs::remove_file(&file).expect("it was there");
    let analysed = levator().args(["analyse", "--json"]).arg(&visit).output().expect("it starts");
    assert!(analysed.status.success(), "{}", String::from_utf8_lossy(&analysed.stderr));
    let json: Value = serde_json::from_slice(&analysed.stdout).expect("JSON");
    let text = json.to_string();
    assert!(text.contains("\"squeeze\"") && text.contains("\"muscle\""), "{text}");
}

#[test]
fn a_wrong_description_is_refused_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let file = folder.path().join("my.toml");
    std::fs::write(&file, MINE.replace("kind = \"text\"", "kind = \"morse\"")).expect("room");
    let refused = levator()
        .args(["live", "--port", "/dev/null", "--device"])
        .arg(&file)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("my.toml") && said.contains("morse"), "{said}");
    let unknown = levator().args(["live", "--port", "x", "--device", "stethoscope"]).output();
    let unknown = unknown.expect("it starts");
    let said = String::from_utf8_lossy(&unknown.stderr);
    assert_eq!(unknown.status.code(), Some(2), "{said}");
    assert!(said.contains("chords-uno") && said.contains("native"), "{said}");
}
