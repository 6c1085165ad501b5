//! Programmes that somebody wrote: taken, run, or refused with line and reason.

use std::path::Path;

use levator_catalog::ReadError;
use levator_catalog::programmes::{self, Origin};
use levator_programme::{Event, Evidence, Feedback, Part, Runner, TargetUnit, Template};
use levator_signal::{SampleIndex, SampleRate};

const OWN: &str = r#"format = 1
id = "mine"
name = "Waves"
load = "light"

[[phase]]
id = "rest"
kind = "rest"
duration_s = 30

[[phase]]
id = "wave"
kind = "hold"
duration_s = 8
rest_s = 8.5
repetitions = 3
position = "sitting"
say = "Ride the wave"
target = { from = 40, to = 55, unit = "%MVC" }
rest_target = { to = 115, unit = "%rest" }
template = { points = [[0, 0], [2.5, 1], [5, 0.4], [6.5, 1], [8, 0]] }
breathing = { in_s = 3, out_s = 5, hold_empty_s = 0.25 }
without_feedback = [3]
after_gap = "next"
windows = [{ kind = "plateau", part = "work", from_s = 2.5, to_s = 6.5 }]

[[phase]]
id = "flick"
kind = "flick"
duration_s = 1
rest_s = 3
repetitions = 2
template = { rise_s = 0.2, fall_s = 0.3 }
target = { from = 10.5, unit = "uV" }

[[repeat]]
from = "wave"
to = "flick"
times = 2
"#;

#[test]
fn an_own_programme_with_templates_runs() {
    let programme = programmes::parse(OWN).expect("it is right");
    assert_eq!(programmes::origin(&programme), Origin::Own);
    assert_eq!(programme.evidence(), Evidence::Proposed);
    let wave = &programme.definition().phases[1];
    let target = wave.target.expect("there is one");
    assert_eq!(target.to_string(), "40 to 55 %MVC");
    assert_eq!(target.unit, TargetUnit::MvcRatio);
    assert!(matches!(&wave.template, Template::Points(points) if points.len() == 5));
    assert_eq!(wave.feedback, Feedback::Except(vec![3]));

    let rate = SampleRate::from_hz(1000.0).expect("a legal rate");
    let mut runner = Runner::on_samples(programme.clone(), rate);
    runner.start(SampleIndex(0), |_| ());
    let ratio = |seconds: f64| {
        let guide = runner.guide(rate.index_at(seconds)).expect("it is running");
        guide.template_ratio
    };
    // The first wave begins after 30 s, the second 16.5 s later.
    let wave = [30.0, 31.25, 32.5, 35.0, 38.0, 45.0, 46.5, 47.75].map(ratio);
    assert_eq!(wave, [0.0, 0.5, 1.0, 0.4, 0.0, 0.0, 0.0, 0.5].map(Some));
    assert_eq!(ratio(10.0), None, "there is no curve in the rest");

    let mut cues = Vec::new();
    let mut done = None;
    let mut emit = |event: Event<SampleIndex>| match event {
        Event::Cue(cue) => cues.push((cue.phase, cue.round, cue.trial, cue.part)),
        Event::Done { at, completed } => done = Some((at.0, completed)),
        _ => (),
    };
    for index in 0..150_000 {
        runner.advance(SampleIndex(index), &mut emit);
    }
    // 30 + 2 x (3 x 16.5 + 2 x 4) s.
    assert_eq!(done, Some((145 * 1000, true)));
    assert_eq!(cues.len(), 20);
    assert_eq!(cues.last(), Some(&(2, 2, 2, Part::Rest)));
}

#[test]
fn it_comes_back_from_its_text() {
    let programme = programmes::parse(OWN).expect("it is right");
    let text = programmes::to_toml(programme.definition());
    let back = programmes::parse(&text).unwrap_or_else(|refusal| panic!("{refusal} in\n{text}"));
    assert_eq!(back, programme);
}

/// Every limit in tenths of a percent comes back with all its bits.
#[test]
fn percent_come_back() {
    for tenths in 1..2000_u32 {
        let percent = f64::from(tenths) / 10.0;
        let text = OWN.replace("from = 40, to = 55", &format!("from = {percent}"));
        let programme = programmes::parse(&text).expect("it is right");
        let again = programmes::to_toml(programme.definition());
        assert_eq!(programmes::parse(&again).as_ref(), Ok(&programme), "{percent} %");
    }
}

/// What is written, with what it is replaced by, and what is said of it.
#[test]
fn what_is_wrong_is_refused_with_line_and_reason() {
    let cases = [
        ("format = 1", "format = 2", "1:10: format is 2, and this version reads 1"),
        ("format = 1\n", "", "1:1: missing field `format`"),
        ("id = \"mine\"", "id = \"Mine!\"", "2:6: id is \"Mine!\", not 1 to 64 of the letters"),
        (
            "load = \"light\"",
            "load = \"heavy\"",
            "4:8: invalid value: string \"heavy\", expected one of \"none\", \"light\", \"strengthening\"",
        ),
        (
            "load = \"light\"",
            "load = \"none\"",
            "4:8: load is \"none\", but the phases come to \"light\"",
        ),
        ("load = \"light\"", "load = \"light\"\ncolour = 1", "5:1: unknown field `colour`"),
        ("duration_s = 30", "duration_s = 30\nhold_s = 2", "10:1: unknown field `hold_s`"),
        ("to = 55, unit", "too = 55, unit", "19:23: unknown field `too`"),
        (
            "kind = \"rest\"",
            "kind = \"nap\"",
            "8:8: invalid value: string \"nap\", expected one of \"settle\", \"rest\"",
        ),
        (
            "duration_s = 30",
            "duration_s = 30.0001",
            "9:14: invalid value: floating point `30.0001`, expected seconds, 0 or more, with at most three decimals",
        ),
        (
            "duration_s = 30",
            "duration_s = -1",
            "9:14: invalid value: integer `-1`, expected seconds",
        ),
        ("duration_s = 30", "duration_s = nan", "9:14: invalid value: floating point `NaN`"),
        (
            "duration_s = 30",
            "duration_s = \"30 s\"",
            "9:14: invalid type: string \"30 s\", expected seconds",
        ),
        (
            "duration_s = 30",
            "duration_s = 9000",
            "9:14: phase 1 (rest): duration is 9000 s, not within 0.1 s to 7200 s",
        ),
        (
            "repetitions = 3",
            "repetitions = 0",
            "16:15: phase 2 (wave): repetitions is 0, not within 1 to 200",
        ),
        (
            "repetitions = 3",
            "repetitions = 6",
            "4:8: load is \"light\", but the phases come to \"strengthening\"",
        ),
        (
            "rest_s = 8.5",
            "rest_s = 0.05",
            "15:10: phase 2 (wave): rest is 0.05 s, not within 0.1 s to 7200 s",
        ),
        (
            "from = 40, to = 55",
            "from = 60, to = 55",
            "19:10: phase 2 (wave): target needs a lower limit below its upper limit",
        ),
        (
            "from = 40, to = 55",
            "from = 400",
            "19:10: phase 2 (wave): target is 4, not within 0 to 2",
        ),
        ("[8, 0]] }", "[9, 0]] }", "21:12: phase 2 (wave): template is 9 s, not within 0 s to 8 s"),
        (
            "template = { rise_s = 0.2, fall_s = 0.3 }",
            "template = { rise_s = 0.2, points = [] }",
            "33:12: phase 3 (flick): template needs either rise_s and fall_s, or points",
        ),
        (
            "breathing = { in_s = 3,",
            "breathing = { per_minute = 6, in_s = 3,",
            "22:13: phase 2 (wave): breathing needs either per_minute",
        ),
        (
            "without_feedback = [3]",
            "without_feedback = [4]",
            "23:20: phase 2 (wave): feedback is 4, not within 1 to 3",
        ),
        (
            "without_feedback = [3]",
            "without_feedback = [3]\nfeedback = false",
            "23:20: phase 2 (wave): without_feedback has no meaning when feedback is false",
        ),
        (
            "from_s = 2.5",
            "from_s = 6.5",
            "25:11: phase 2 (wave): windows is 6.5 s, not within 0 s to 6.4 s",
        ),
        (
            "say = \"Ride the wave\"",
            "cue = \"wave\"",
            "18:7: phase 2 (wave): cue is \"wave\", for which there are no words: say some",
        ),
        (
            "id = \"rest\"",
            "id = \"wave\"",
            "12:6: phase 2 (wave): id is \"wave\", as for an earlier phase",
        ),
        ("to = \"flick\"", "to = \"flack\"", "38:6: repeat 1: there is no phase \"flack\""),
        ("times = 2", "times = 1", "39:9: repeat 1: times is 1, not within 2 to 100"),
        ("times = 2", "times = 2\ntimes = 3", "40:1: duplicate key"),
        ("times = 2", "times = ", "39:9: "),
    ];
    let mut wrong = String::new();
    for (from, to, expected) in cases {
        assert!(OWN.contains(from), "{from}");
        let text = OWN.replacen(from, to, 1);
        let said = match programmes::parse(&text) {
            Ok(_) => "taken".to_owned(),
            Err(refusal) => refusal.to_string(),
        };
        if !said.starts_with(expected) {
            wrong += &format!("{to}\n  expected {expected}\n  got      {said}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_file_is_named_when_it_is_refused() {
    let folder = std::env::temp_dir().join(format!("levator-catalog-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for scratch can be written");
    let path = folder.join("mine.toml");
    std::fs::write(&path, OWN).expect("the folder for scratch can be written");
    let taken = programmes::read(&path).expect("it is right");
    assert_eq!(taken.definition().id, "mine");
    std::fs::write(&path, OWN.replace("times = 2", "times = 1")).expect("as before");
    let error = programmes::read(&path).expect_err("one time is no repeat");
    assert!(
        error.to_string().ends_with("mine.toml:39:9: repeat 1: times is 1, not within 2 to 100")
    );
    std::fs::write(&path, "#".repeat((1 << 20) + 1)).expect("as before");
    assert!(matches!(programmes::read(&path), Err(ReadError::Io { .. })));
    std::fs::write(&path, b"id = \"\xff\"").expect("as before");
    assert!(matches!(programmes::read(&path), Err(ReadError::Io { .. })));
    std::fs::remove_dir_all(&folder).expect("it was made here");
    assert!(matches!(programmes::read(Path::new("no/such.toml")), Err(ReadError::Io { .. })));
}

/// No text breaks the reader: cut anywhere, with any byte of it changed.
#[test]
fn damage_is_refused_or_taken_and_never_more() {
    for (cut, _) in OWN.char_indices() {
        let _ = programmes::parse(&OWN[..cut]);
    }
    for with in ["", "-", "9", "\"", "[", "]", "=", "\n", ".", "e", "ä"] {
        for (at, one) in OWN.char_indices() {
            let mut text = OWN.to_owned();
            text.replace_range(at..at + one.len_utf8(), with);
            let _ = programmes::parse(&text);
        }
    }
}

/// The example of the page that describes the format.
#[test]
fn the_example_of_the_documentation_is_taken() {
    let path = format!("{}/../../docs/programmes.md", env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(path).expect("the page is there");
    let mut count = 0;
    for block in page.split("```toml\n").skip(1) {
        let text = block.split("```").next().expect("a block ends");
        if text.starts_with("format = ") {
            programmes::parse(text).unwrap_or_else(|refusal| panic!("{refusal} in\n{text}"));
            count += 1;
        }
    }
    assert_eq!(count, 1);
    for (id, _) in programmes::BUILT_IN {
        assert!(page.contains(&format!("`{id}`")), "{id} is not on the page");
    }
}
