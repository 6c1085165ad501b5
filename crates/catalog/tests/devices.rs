//! Descriptions of devices of others.

use levator_catalog::devices::{self, BUILT_IN};
use levator_decode::foreign::Framing;

#[test]
fn every_device_that_is_built_in_can_be_read_and_has_its_own_name() {
    for (id, text) in BUILT_IN {
        let device = devices::parse(text).unwrap_or_else(|refusal| panic!("{id}: {refusal}"));
        assert_eq!(device.id, *id);
        assert_eq!(device.description.text, *text);
        assert!(!device.source.is_empty() && !device.about.is_empty(), "{id}");
        // What it says to a device, and no more than that device can understand.
        for say in device.description.start.iter().chain(&device.description.stop) {
            assert!(!say.words(&device.description).as_slice().is_empty(), "{id}: {say:?}");
        }
    }
}

#[test]
fn the_page_of_the_devices_is_what_is_written_from_them() {
    let path = format!("{}/../../docs/devices.md", env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let page = devices::render();
    let differs = page.lines().zip(kept.lines()).find(|(new, old)| new != old);
    assert!(
        kept == page,
        "docs/devices.md is not what is written from the descriptions, first at {differs:?}; if that \
         is right: cargo run -p levator-catalog --example devices > docs/devices.md"
    );
}

#[test]
fn a_wrong_file_is_refused_with_its_line_and_the_reason() {
    let (_, text) = BUILT_IN.iter().find(|(id, _)| *id == "chords-uno").expect("built in");
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let refusal = devices::parse(&text.replacen(from, to, 1)).expect_err(to);
        let line = text.lines().position(|line| line.contains(from)).map_or(0, |at| at + 1);
        (refusal.line == line, refusal.reason)
    };
    let (here, why) = refused("\"chords-start\"", "\"set-motor\"");
    assert!(here && why.contains("cannot be said"), "{why}");
    let (here, why) = refused("unit = \"uV\"", "unit = \"furlong\"");
    assert!(here && why.contains("must be one of"), "{why}");
    let (here, why) = refused("id = \"chords-uno\"", "id = \"Chords UNO\"");
    assert!(here && why.contains("small letters"), "{why}");
    let (here, why) = refused("rate_hz = 250", "rate_hz = 0");
    assert!(here && why.contains("0.1 to 20000"), "{why}");
    let (here, why) = refused("range = [0, 1023]", "range = [5, 5]");
    assert!(here && why.contains("lower and a higher"), "{why}");
    let (here, why) = refused("scale = 2.0176911157", "scale = 0");
    assert!(here && why.contains("not 0"), "{why}");
    let (here, why) = refused("role = \"pelvic-emg\"", "role = \"gluteal\"");
    assert!(here && why.contains("pelvic-emg"), "{why}");
    let (_, why) = refused("start = [\"chords-start\"]", "start = [\"cyton-start\"]");
    assert!(why.contains("another framing"), "{why}");
    let (here, why) = refused("column = 0", "column = 6");
    assert!(here && why.contains("does not exist"), "{why}");
    let (_, why) = refused("bits = 10", "bits = 17");
    assert!(why.contains("must be 8 to 16"), "{why}");
    let (_, why) = refused("kind = \"chords\"", "kind = \"chrods\"");
    assert!(why.contains("chrods"), "{why}");
    let (_, why) = refused("boot_wait_s", "motor");
    assert!(why.contains("unknown field"), "{why}");
}

#[test]
fn a_probe_that_prints_lines_needs_a_file_and_no_code() {
    let text = r#"
id = "mine"
name = "My probe"
about = "Pressure and EMG with labels."
source = "My sketch."
rate_hz = 100

[line]
baud = 9600
dtr = "raise"

[framing]
kind = "text"

[[layout]]
columns = ["p", "emg"]

[[channel]]
label = "pressure"
kind = "pressure"
unit = "mmHg"
scale = 0.5
offset = 12
role = "pelvic-pressure"

[[channel]]
label = "muscle"
kind = "emg-envelope"
unit = "count"
role = "pelvic-emg"
"#;
    let device = devices::parse(text).expect("it is right");
    assert!(matches!(device.description.framing, Framing::Text(_)));
    assert_eq!(device.description.streams().len(), 2);
    let role = |at: usize| (device.roles[at].0, device.roles[at].1, device.roles[at].2.as_str());
    assert_eq!(role(0), (0, 0, "pelvic-pressure"));
    assert_eq!(role(1), (1, 0, "pelvic-emg"));
}

#[test]
fn a_column_that_is_not_there_is_refused_with_its_own_line() {
    let text = "\
id = \"two\"
name = \"two columns\"
about = \"a test\"
source = \"a test\"
rate_hz = 50
[line]
baud = 9600
dtr = \"leave\"
[framing]
kind = \"text\"
[[layout]]
fields = 3
columns = [0, 2]
[[layout]]
fields = 4
columns = [1, 3]
words = [{ column = 0, one_of = [\"S\"] }]
[[channel]]
label = \"a\"
kind = \"pressure\"
unit = \"kPa\"
[[channel]]
label = \"b\"
kind = \"pressure\"
unit = \"kPa\"
";
    devices::parse(text).expect("it is right");
    for (from, to, line, column, words) in [
        ("[1, 3]", "[1, 4]", 16, 15, "lies behind the last of 4"),
        ("[1, 3]", "[1]", 16, 11, "each of the 2 channels"),
        ("fields = 3", "fields = 300", 12, 10, "at most"),
        ("column = 0", "column = 7", 17, 21, "lies behind"),
        ("dtr = \"leave\"", "dtr = \"leave\"\nboot_wait_s = 31", 9, 15, "0 to 30 s"),
    ] {
        let refusal = devices::parse(&text.replacen(from, to, 1)).expect_err(to);
        assert_eq!((refusal.line, refusal.column), (line, column), "{to}: {refusal}");
        assert!(refusal.reason.contains(words), "{refusal}");
    }
}
