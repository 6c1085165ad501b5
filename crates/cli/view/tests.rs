use levator_decode::{DeviceInfo, Label};
use levator_detect::Contraction;
use levator_live::{Counts, LatencyFigures, TracePoint};
use levator_signal::quality::Change;
use levator_signal::{
    Calibration, Checklist, Fault, Finding, HostTime, SampleIndex, SampleRate, SignalKind, Unit,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;

fn channel() -> ChannelView {
    let contraction = Contraction {
        onset: SampleIndex(4000),
        onset_uncertainty: levator_detect::Uncertainty::Within { seconds: 0.05 },
        offset: Some(SampleIndex(7500)),
        offset_uncertainty: levator_detect::Uncertainty::Within { seconds: 0.1 },
        decided: SampleIndex(4100),
        closed: SampleIndex(7800),
        peak_at: SampleIndex(5000),
        peak: 45.2,
        mean: 38.9,
        rest: 3.4,
        confidence: 0.97,
    };
    let point = |index: u64| {
        let first = SampleIndex(index * 20);
        let level = if (4000..7500).contains(&first.0) { 40.0 } else { 3.0 };
        TracePoint { first, lowest: level - 1.0, highest: level + 1.0 }
    };
    ChannelView {
        channel: ChannelId::default(),
        label: Label::new("pelvic floor"),
        kind: SignalKind::Emg,
        unit: Unit::Microvolt,
        rate: SampleRate::new(1000, 1).expect("not zero"),
        passed: None,
        delay: None,
        next: SampleIndex(12_000),
        newest_sample_age: Some(Duration::from_millis(12)),
        level: Some(3.21),
        quality: Quality::GOOD,
        check: Checklist::new(SampleRate::new(1000, 1).expect("not zero")),
        contracted_since: None,
        contraction_count: 1,
        clock: None,
        contractions: vec![contraction],
        trace: (0..600).map(point).collect(),
    }
}

#[test]
fn a_rate_that_is_not_as_declared_is_told_and_another_one_is_refused() {
    let clock = |real_hz, pace| ClockEvent {
        at: HostTime::ZERO,
        stream: 0,
        declared: SampleRate::new(50, 1).expect("not zero"),
        real_hz,
        drift_ppm: None,
        pace,
        end: SampleIndex(500),
        end_at: HostTime::ZERO,
        late_s: 0.0,
    };
    let with = |clock| snapshot(vec![ChannelView { clock: Some(clock), ..channel() }]);
    let fine = with(clock(49.9, Pace::AsDeclared));
    assert!(pace(&fine).is_none() && !is_refused(&fine, &SCENE));
    let off = with(clock(47.6, Pace::Off));
    let words = "stream 0 gives 47.60 samples a second and declares 50: its times are 5.0 % off";
    assert!(line(&off, &SCENE).contains(words), "{}", line(&off, &SCENE));
    assert!(!is_refused(&off, &SCENE));
    let wrong = with(clock(40.0, Pace::Wrong));
    assert!(is_refused(&wrong, &SCENE));
    assert!(!is_refused(&wrong, &Scene { any_rate: true, ..SCENE }));
}

fn snapshot(channels: Vec<ChannelView>) -> Snapshot {
    Snapshot {
        at: HostTime::from_secs_f64(12.4),
        link: LinkState::Streaming,
        link_since: HostTime::ZERO,
        port_name: None,
        port_trouble: None,
        device: None,
        battery_percent: None,
        channels,
        marks: Vec::new(),
        counts: Counts::default(),
        latency: LatencyFigures::default(),
        recording: None,
        engine_failure: None,
        programme: None,
    }
}

const SCENE: Scene<'_> = Scene {
    title: "levator",
    programme: None,
    patience_s: 10.0,
    any_rate: false,
    is_played: false,
    stale: &[],
    page: None,
};

/// The screen as lines of text.
fn screen(snapshot: &Snapshot, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("in memory");
    let palette = Palette { is_coloured: false };
    terminal.draw(|frame| draw(frame, snapshot, &SCENE, None, palette)).expect("in memory");
    let buffer = terminal.backend().buffer();
    let rows = buffer.content.chunks(usize::from(width));
    rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect()).collect()
}

fn assert_shows(lines: &[String], words: &str) {
    assert!(lines.iter().any(|line| line.contains(words)), "no {words:?} in\n{}", lines.join("\n"));
}

#[test]
fn the_picture_shows_trace_level_contractions_and_losses() {
    let lines = screen(&snapshot(vec![channel()]), 80, 24);
    assert_shows(&lines, "streaming");
    assert_shows(&lines, "not recorded");
    assert_shows(&lines, "pelvic floor, uV");
    assert_shows(&lines, "3.21 uV");
    assert_shows(&lines, "at rest");
    assert_shows(&lines, "1 contraction");
    assert_shows(&lines, "peak 45.20 uV");
    assert_shows(&lines, "lost 0   refused 0");
    let dots = lines.iter().flat_map(|line| line.chars());
    let dots = dots.filter(|dot| ('\u{2801}'..='\u{28ff}').contains(dot)).count();
    assert!(dots > 50, "{dots} dots are no trace");
}

#[test]
fn a_fault_comes_with_what_to_do_about_it() {
    let mut channel = channel();
    let finding = Finding {
        fault: Fault::Mains50,
        value: 0.8,
        limit: 0.3,
        span: levator_signal::Span { start: SampleIndex(0), end: SampleIndex(9000) },
        known_at: SampleIndex(1000),
    };
    channel.check.hear(SampleIndex(1000), Change::Began(finding));
    let lines = screen(&snapshot(vec![channel.clone()]), 110, 24);
    assert_shows(&lines, "mains hum (50 Hz): Check the reference electrode, move leads away");
    channel.check.hear(SampleIndex(9000), Change::Ended(finding));
    let lines = screen(&snapshot(vec![channel]), 110, 24);
    assert!(!lines.iter().any(|line| line.contains("mains hum")), "{}", lines.join("\n"));
}

#[test]
fn other_channels_are_told_beside_the_first() {
    let abdomen = ChannelView {
        channel: ChannelId { stream: 0, channel: 1 },
        level: Some(7.5),
        contracted_since: Some(SampleIndex(11_000)),
        ..channel()
    };
    let lines = screen(&snapshot(vec![channel(), abdomen]), 100, 24);
    assert_shows(&lines, "beside it: pelvic floor[1] 7.50 uV, contracted for 1.0 s");
    let lines = screen(&snapshot(vec![channel()]), 100, 24);
    assert!(!lines.iter().any(|line| line.contains("beside it")), "{}", lines.join("\n"));
}

#[test]
fn a_programme_says_what_to_do_and_for_how_long() {
    use levator_live::ProgrammeView;
    use levator_programme::{Event, Runner};

    let programme = levator_catalog::programmes::built_in("glazer").expect("built in");
    let rate = SampleRate::new(1000, 1).expect("not zero");
    let mut runner = Runner::on_samples(programme.clone(), rate);
    let mut cue = None;
    let mut take = |event: Event<SampleIndex>| {
        if let Event::Cue(begun) = event {
            cue = Some(begun);
        }
    };
    runner.start(SampleIndex(0), &mut take);
    runner.advance(SampleIndex(61_000), &mut take);
    let mut snapshot = snapshot(vec![channel()]);
    let view = |state| ProgrammeView {
        cue: cue.expect("it began"),
        state,
        rate,
        next: SampleIndex(61_000),
    };
    let scene = Scene { programme: Some(&programme), ..SCENE };
    snapshot.programme = Some(view(ProgrammeState::Running));
    let words = task(&snapshot, scene.programme).expect("there is one");
    assert_eq!(words, "flick 1 of 5: Quick: squeeze and lift, then let go at once.  1 s");
    snapshot.programme = Some(view(ProgrammeState::Suspended(Suspension::Raised)));
    let words = task(&snapshot, scene.programme).expect("there is one");
    assert!(words.contains("stays up"), "{words}");
}

#[test]
fn an_old_value_never_looks_current() {
    let mut channel = channel();
    channel.newest_sample_age = Some(Duration::from_millis(300));
    let snapshot = snapshot(vec![channel]);
    let lines = screen(&snapshot, 80, 24);
    assert_shows(&lines, "not live");
    assert!(!lines.iter().any(|line| line.contains("3.21")));
    assert!(line(&snapshot, &SCENE).contains("not live"));
}

#[test]
fn a_contraction_under_way_is_said_in_words() {
    let mut channel = channel();
    channel.contracted_since = Some(SampleIndex(9500));
    let snapshot = snapshot(vec![channel]);
    assert_shows(&screen(&snapshot, 80, 24), "contracted for 2.5 s");
    assert!(line(&snapshot, &SCENE).contains("contracted for 2.5 s"));
}

#[test]
fn without_a_channel_it_says_what_is_waited_for() {
    let mut snapshot = snapshot(Vec::new());
    for (link, words) in [
        (LinkState::Closed, "Waiting for the port"),
        (LinkState::Lost, "is the cable in?"),
        (LinkState::Reconnecting, "The port is back"),
        (LinkState::Ended, "The port is closed"),
        (LinkState::Silent, "says nothing yet"),
        (LinkState::Synchronising, "Is the speed right?"),
        (LinkState::Connected, "waiting for samples"),
    ] {
        snapshot.link = link;
        assert_shows(&screen(&snapshot, 80, 24), words);
    }
    snapshot.port_trouble = Some("port X is in use".to_owned());
    assert_shows(&screen(&snapshot, 80, 24), "port X is in use");
}

#[test]
fn a_screen_of_any_size_and_numbers_of_any_kind_do_no_harm() {
    let mut odd = channel();
    odd.level = Some(f64::NAN);
    odd.trace = vec![
        TracePoint { first: SampleIndex(0), lowest: f64::NEG_INFINITY, highest: f64::INFINITY },
        TracePoint { first: SampleIndex(20), lowest: f64::NAN, highest: f64::NAN },
        TracePoint { first: SampleIndex(40), lowest: 1e300, highest: 1e300 },
    ];
    let mut empty = channel();
    empty.trace.clear();
    empty.level = None;
    let mut flat = channel();
    flat.trace.iter_mut().for_each(|point| (point.lowest, point.highest) = (0.0, 0.0));
    for channel in [odd, empty, flat] {
        let snapshot = snapshot(vec![channel]);
        for (width, height) in [(1, 1), (3, 2), (10, 5), (80, 24), (300, 100)] {
            screen(&snapshot, width, height);
        }
        line(&snapshot, &SCENE);
    }
}

#[test]
fn a_mark_stands_at_its_sample_and_its_note_can_be_read() {
    let mut snapshot = snapshot(vec![channel()]);
    let mark = |index, text: &str| MarkView {
        at: HostTime::ZERO,
        index: SampleIndex(index),
        rate: SampleRate::new(1000, 1),
        text: text.to_owned(),
    };
    snapshot.marks = vec![mark(2000, "lying down"), mark(11_000, "")];
    let lines = screen(&snapshot, 110, 24);
    assert_shows(&lines, "lying down");
    assert_shows(&lines, "mark at 11.00 s");
    // Twelve of the fifteen seconds are there: the first mark stands at 2/15 of the width.
    let row = lines.iter().find(|line| line.contains("lying down")).expect("it is shown");
    let column = row.find("lying down").map(|at| row[..at].chars().count());
    assert_eq!(column, Some(1 + 108 * 2 / 15));
    let scene = Scene { is_played: true, ..SCENE };
    assert!(!line(&snapshot, &scene).contains("not recorded"));
}

#[test]
fn figures_keep_three_or_four_digits() {
    assert_eq!(figure(0.0), "0");
    assert_eq!(figure(12345.6), "12346");
    assert_eq!(figure(123.45), "123.5");
    assert_eq!(figure(1.234), "1.23");
    assert_eq!(figure(-0.01234), "-0.0123");
    assert_eq!(figure(0.000_001), "1.00e-6");
    assert_eq!(clock(75.9), "01:15");
}

#[test]
fn an_old_calibration_of_the_device_that_is_there_is_told() {
    let known = KnownCalibration {
        uid: [7; 8],
        channel: ChannelId::default(),
        calibration: Calibration::IDENTITY,
        unit: Unit::Microvolt,
        reference: 100.0,
        made_unix_s: 0,
    };
    let stale = [(known, 45)];
    let scene = Scene { stale: &stale, ..SCENE };
    let device = |uid| DeviceInfo {
        at: HostTime::ZERO,
        name: Label::EMPTY,
        model: 0,
        uid,
        boot_id: 0,
        firmware: [0; 3],
        wire_minor: 0,
        stream_count: 1,
        capabilities: 0,
    };
    let words = "channel 0.0 was calibrated 45 days ago";
    let of = |uid| Snapshot { device: Some(device(uid)), ..snapshot(vec![channel()]) };
    assert!(line(&of([7; 8]), &scene).contains(words));
    assert!(foot(&of([7; 8]), &scene).starts_with(words));
    // Of another one, or before it is known who is there, nothing is said.
    assert!(!line(&of([8; 8]), &scene).contains("calibrated"));
    assert!(!foot(&snapshot(vec![channel()]), &scene).contains("calibrated"));
}
