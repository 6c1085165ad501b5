//! The live view in a terminal: trace, level, contractions, quality.

mod keys;

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use levator_catalog::cues;
use levator_engine::{ClockEvent, KnownCalibration, LinkState, Pace};
use levator_live::{ChannelView, Handle, MarkView, ProgrammeState, Snapshot, TRACE_S};
use levator_programme::{Part, Programme, Suspension};
use levator_signal::{ChannelId, Quality};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::canvas::{Canvas, Line as Stroke};
use ratatui::widgets::{Block, Gauge, Paragraph};

use crate::json;
use crate::stop::Stop;
use keys::Keyboard;

/// Between two pictures. Our choice: 25 a second look smooth and cost little over a slow terminal.
const FRAME: Duration = Duration::from_millis(40);

/// Pictures in the time of a line: a little less than a second, as a sleep lasts a little longer.
const FRAMES_A_LINE: u32 = 23;

/// A value this old is no longer shown as current.
const STALE: Duration = Duration::from_millis(250);

/// Trace of the person, and what lies in a contraction (Okabe and Ito, 2008, blue and orange).
const TRACE: Color = Color::Rgb(0x56, 0xB4, 0xE9);
const CONTRACTED: Color = Color::Rgb(0xE6, 0x9F, 0x00);

/// How the view is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// A picture that is drawn anew again and again.
    Picture,
    /// A line a second on standard error.
    Lines,
    /// Nothing: the page shows it.
    Quiet,
}

impl Face {
    /// The picture where somebody is there to see it.
    pub(crate) fn choose(plain: bool) -> Self {
        if !plain && io::stdout().is_terminal() && io::stdin().is_terminal() {
            Self::Picture
        } else {
            Self::Lines
        }
    }
}

/// What a view has to know beside the state of the session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    /// Who is measured.
    pub(crate) title: &'a str,
    /// What the person is asked to do.
    pub(crate) programme: Option<&'a Programme>,
    /// A device that was not understood after so many seconds is given up.
    pub(crate) patience_s: f64,
    /// A stream whose rate is off by more than 10 % is measured all the same.
    pub(crate) any_rate: bool,
    /// It is a recorded visit that is played again.
    pub(crate) is_played: bool,
    /// Calibrations that are old, each with its days.
    pub(crate) stale: &'a [(KnownCalibration, u64)],
    /// Where the page is, if one is served: the picture covers what was printed.
    pub(crate) page: Option<&'a str>,
}

/// Shows a session, or a visit that is played, until it ends or somebody ends it.
pub(crate) fn show(handle: &Handle, face: Face, scene: &Scene<'_>, stop: &Stop) -> io::Result<()> {
    match face {
        Face::Picture => picture(handle, scene, stop),
        Face::Lines => lines(handle, scene, stop),
        Face::Quiet => quiet(handle, scene, stop),
    }
}

/// Whether it is time to end: somebody asked, or the device has said nothing we understand.
pub(crate) fn is_enough(snapshot: &Snapshot, stop: &Stop, patience_s: f64) -> bool {
    let is_understood = snapshot.device.is_some() || !snapshot.channels.is_empty();
    stop.is_asked() || (!is_understood && snapshot.at.as_secs_f64() > patience_s)
}

/// Whether to end because every time would be wrong by more than a tenth.
fn is_refused(snapshot: &Snapshot, scene: &Scene<'_>) -> bool {
    !scene.any_rate && !scene.is_played && is_another_rate(snapshot)
}

/// Whether a stream has another rate than it declares.
pub(crate) fn is_another_rate(snapshot: &Snapshot) -> bool {
    let clocks = snapshot.channels.iter().filter_map(|channel| channel.clock.as_ref());
    clocks.into_iter().any(|clock| clock.pace == Pace::Wrong)
}

fn picture(handle: &Handle, scene: &Scene<'_>, stop: &Stop) -> io::Result<()> {
    let mut terminal = ratatui::try_init()?;
    let palette = Palette::choose();
    let keyboard = Keyboard::listen(handle.clone(), scene.is_played);
    let result = (|| {
        while !handle.is_over() {
            let snapshot = handle.latest();
            let typed = keyboard.typed();
            terminal.draw(|frame| draw(frame, &snapshot, scene, typed.as_deref(), palette))?;
            std::thread::sleep(FRAME);
            if is_enough(&snapshot, stop, scene.patience_s) || is_refused(&snapshot, scene) {
                handle.stop();
            }
        }
        Ok(())
    })();
    ratatui::try_restore()?;
    result
}

fn lines(handle: &Handle, scene: &Scene<'_>, stop: &Stop) -> io::Result<()> {
    let mut told = None;
    let mut mark_count = 0;
    // A visit that is played fast has many seconds in one of ours.
    let mut silent_for = FRAMES_A_LINE;
    let mut stderr = io::stderr();
    while !handle.is_over() {
        std::thread::sleep(FRAME);
        silent_for += 1;
        let snapshot = handle.latest();
        if is_enough(&snapshot, stop, scene.patience_s) || is_refused(&snapshot, scene) {
            handle.stop();
        }
        let second = (snapshot.at.as_secs_f64(), snapshot.link);
        let due = told.is_none_or(|(last, link)| {
            second.1 != link || (second.0 - last >= 1.0 && silent_for >= FRAMES_A_LINE)
        });
        let fresh = snapshot.counts.mark_count.saturating_sub(mark_count);
        mark_count = snapshot.counts.mark_count;
        let skip = snapshot.marks.len().saturating_sub(usize::try_from(fresh).unwrap_or(0));
        for mark in &snapshot.marks[skip..] {
            writeln!(stderr, "{}", mark_text(mark))?;
        }
        if due {
            told = Some(second);
            silent_for = 0;
            writeln!(stderr, "{}", line(&snapshot, scene))?;
        }
    }
    Ok(())
}

fn quiet(handle: &Handle, scene: &Scene<'_>, stop: &Stop) -> io::Result<()> {
    while !handle.is_over() {
        std::thread::sleep(FRAME);
        let snapshot = handle.latest();
        if is_enough(&snapshot, stop, scene.patience_s) || is_refused(&snapshot, scene) {
            handle.stop();
        }
    }
    Ok(())
}

/// A mark in words: at which sample, and what was noted.
fn mark_text(mark: &MarkView) -> String {
    let at_s = mark.rate.map_or(mark.at.as_secs_f64(), |rate| rate.time_s(mark.index));
    format!("mark at {at_s:.2} s {}", mark.text).trim_end().to_owned()
}

/// The state in one line.
fn line(snapshot: &Snapshot, scene: &Scene<'_>) -> String {
    let time = clock(snapshot.at.as_secs_f64());
    let mut text = format!("{time}  {}", snapshot.link.name());
    if let Some(channel) = principal(snapshot) {
        text += &format!("  {}", level_text(channel, is_stale(snapshot)));
        text += &format!("  {}", state_text(channel, is_stale(snapshot)));
        text += &format!("  contractions {}", channel.contraction_count);
        text += &format!("  signal {}", quality_text(channel.quality));
    }
    text += &format!("  {}", losses(snapshot));
    if let Some(age) = snapshot.newest_sample_age() {
        text += &format!("  age {:.0} ms", age.as_secs_f64() * 1e3);
    }
    if is_unrecorded(snapshot) {
        text += &format!("  {NOT_RECORDED}");
    }
    if let Some(trouble) = trouble(snapshot) {
        text += &format!("  {trouble}");
    }
    if let Some(words) = stale_calibration(snapshot, scene) {
        text += &format!("  {words}");
    }
    if let Some(words) = task(snapshot, scene.programme) {
        text += &format!("  | {words}");
    }
    text
}

/// What to know of a channel whose calibration is old.
fn stale_calibration(snapshot: &Snapshot, scene: &Scene<'_>) -> Option<String> {
    let uid = snapshot.device?.uid;
    let is_here = |known: &KnownCalibration| {
        known.uid == uid && snapshot.channels.iter().any(|channel| channel.channel == known.channel)
    };
    let (known, days) = scene.stale.iter().find(|(known, _)| is_here(known))?;
    let ChannelId { stream, channel } = known.channel;
    Some(format!(
        "channel {stream}.{channel} was calibrated {days} days ago: it may have drifted (levator calibrate)"
    ))
}

/// What the person is asked to do now: where in the programme, the words, and how long it still takes.
fn task(snapshot: &Snapshot, programme: Option<&Programme>) -> Option<String> {
    let programme = programme?;
    let Some(view) = snapshot.programme else {
        return Some(format!("{}: begins with the signal", programme.definition().name));
    };
    match view.state {
        ProgrammeState::Running => {}
        ProgrammeState::Suspended(Suspension::Person) => return Some("paused".to_owned()),
        ProgrammeState::Suspended(Suspension::Raised) => {
            return Some(
                "paused: the level between contractions stays up. Let go; p goes on".to_owned(),
            );
        }
        ProgrammeState::Suspended(Suspension::Gap) => {
            return Some("paused: the signal is gone".to_owned());
        }
        ProgrammeState::Done(true) => return Some("the programme is done".to_owned()),
        ProgrammeState::Done(false) => return Some("the programme was stopped".to_owned()),
    }
    let phase = programme.definition().phases.get(view.cue.phase)?;
    let key = if view.cue.part == Part::Work { &phase.cue } else { &phase.rest_cue };
    let said = phase.say.as_deref().filter(|_| view.cue.part == Part::Work);
    let words = said.or_else(|| cues::english(key)).unwrap_or(key);
    let count = match phase.repetitions {
        1 => String::new(),
        all => format!(" {} of {all}", view.cue.trial),
    };
    Some(format!("{}{count}: {words}  {:.0} s", phase.id, view.remaining_s().ceil()))
}

/// Colours, or none where the person asked for none.
#[derive(Clone, Copy, Debug)]
struct Palette {
    is_coloured: bool,
}

impl Palette {
    /// `NO_COLOR` is a wish of the person: no-color.org.
    fn choose() -> Self {
        Self { is_coloured: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
    }

    fn style(self, colour: Color) -> Style {
        if self.is_coloured { Style::new().fg(colour) } else { Style::new() }
    }
}

fn draw(
    frame: &mut Frame<'_>,
    snapshot: &Snapshot,
    scene: &Scene<'_>,
    typed: Option<&str>,
    palette: Palette,
) {
    let advice = principal(snapshot).and_then(advice);
    let task = task(snapshot, scene.programme);
    let others = others(snapshot);
    let areas = Layout::vertical([
        Constraint::Length(1 + u16::from(task.is_some())),
        Constraint::Min(6),
        Constraint::Length(1),
        Constraint::Length(u16::from(others.is_some())),
        Constraint::Length(1),
        Constraint::Length(6),
        Constraint::Length(u16::from(advice.is_some())),
        Constraint::Length(u16::from(scene.page.is_some())),
        Constraint::Length(1),
    ])
    .split(frame.area());
    frame.render_widget(head(snapshot, scene, task, palette), areas[0]);
    if let Some(channel) = principal(snapshot) {
        let stale = is_stale(snapshot);
        trace(frame, areas[1], channel, &snapshot.marks, palette);
        level(frame, areas[2], channel, stale, palette);
        contractions(frame, areas[5], channel);
    } else {
        let words = waiting(snapshot);
        frame.render_widget(Paragraph::new(words).block(Block::bordered()), areas[1]);
    }
    if let Some(others) = others {
        frame.render_widget(Paragraph::new(others), areas[3]);
    }
    frame.render_widget(Paragraph::new(foot(snapshot, scene)), areas[4]);
    let keys = match (typed, scene.is_played, scene.programme.is_some()) {
        (Some(typed), ..) => typed,
        (None, true, _) => "q stop        training and research software, not a medical device",
        (None, false, true) => {
            "q stop   m mark   t note   p pause   n next        training and research software, not \
             a medical device"
        }
        (None, false, false) => {
            "q stop   m mark   t note        training and research software, not a medical device"
        }
    };
    let keys = Paragraph::new(keys).style(Style::new().add_modifier(Modifier::DIM));
    frame.render_widget(keys, areas[8]);
    if let Some(page) = scene.page {
        frame.render_widget(Paragraph::new(format!("page {page}")), areas[7]);
    }
    if let Some(advice) = advice {
        let style = palette.style(CONTRACTED).add_modifier(Modifier::BOLD);
        frame.render_widget(Paragraph::new(advice).style(style), areas[6]);
    }
}

/// The other channels that are searched, in one line: whether the abdomen works along is seen at a glance.
fn others(snapshot: &Snapshot) -> Option<String> {
    let searched = snapshot.channels.iter().filter(|channel| channel.passed.is_none());
    let stale = is_stale(snapshot);
    let words: Vec<String> = searched
        .skip(1)
        .map(|channel| {
            let name = match channel.label.as_str() {
                "" => channel.kind.name(),
                label => label,
            };
            let number = channel.channel.channel;
            format!(
                "{name}[{number}] {}, {}",
                level_text(channel, stale),
                state_text(channel, stale)
            )
        })
        .collect();
    (!words.is_empty()).then(|| format!("beside it: {}", words.join("   ")))
}

/// The worst that is wrong with a channel now, and what to do about it.
pub(crate) fn advice(channel: &ChannelView) -> Option<String> {
    let worst = channel.check.open().max_by_key(|finding| finding.fault.severity())?;
    Some(format!("{}: {}", worst.fault.name(), worst.fault.remedy()))
}

fn head<'a>(
    snapshot: &Snapshot,
    scene: &Scene<'a>,
    task: Option<String>,
    palette: Palette,
) -> Paragraph<'a> {
    let dot = if snapshot.link == LinkState::Streaming { "● " } else { "○ " };
    let recording = match &snapshot.recording {
        _ if scene.is_played => "played again",
        None => "not recorded",
        Some(_) if is_unrecorded(snapshot) => NOT_RECORDED,
        Some(_) => "recording",
    };
    let now = clock(snapshot.at.as_secs_f64());
    let mut lines = vec![Line::from(vec![
        Span::styled(scene.title, Style::new().add_modifier(Modifier::BOLD)),
        Span::raw("   "),
        Span::styled(dot, palette.style(TRACE)),
        Span::raw(format!("{}   {recording} {now}", snapshot.link.name())),
    ])];
    lines.extend(task.map(|task| Line::styled(task, Style::new().add_modifier(Modifier::BOLD))));
    Paragraph::new(lines)
}

fn trace(
    frame: &mut Frame<'_>,
    area: Rect,
    channel: &ChannelView,
    marks: &[MarkView],
    palette: Palette,
) {
    let rate = channel.rate;
    let end_s = rate.time_s(channel.next);
    let start_s = (end_s - TRACE_S).max(0.0);
    let end_s = end_s.max(start_s + TRACE_S);
    let lowest = channel.trace.iter().map(|point| point.lowest).fold(f64::INFINITY, f64::min);
    let highest = channel.trace.iter().map(|point| point.highest).fold(f64::NEG_INFINITY, f64::max);
    let (bottom, top) = bounds(lowest, highest);
    let contracted: Vec<(f64, f64)> = channel
        .contractions
        .iter()
        .map(|found| {
            let offset = found.offset.map_or(end_s, |offset| rate.time_s(offset));
            (rate.time_s(found.onset), offset)
        })
        .chain(channel.contracted_since.map(|onset| (rate.time_s(onset), end_s)))
        .filter(|(_, offset)| *offset > start_s)
        .collect();
    let name = match channel.label.as_str() {
        "" => channel.kind.name(),
        label => label,
    };
    let title = format!(" {name}, {}, last {TRACE_S:.0} s ", channel.unit);
    // An amplitude is never below zero; the margin below it is only there for the marks.
    let floor = if lowest >= 0.0 { bottom.max(0.0) } else { bottom };
    let canvas = Canvas::default()
        .block(Block::bordered().title(title))
        .marker(Marker::Braille)
        .x_bounds([start_s, end_s])
        .y_bounds([bottom, top])
        .paint(|context| {
            for point in &channel.trace {
                let x = rate.time_s(point.first);
                let inside = contracted.iter().any(|(on, off)| (*on..*off).contains(&x));
                let color = match (palette.is_coloured, inside) {
                    (false, _) => Color::Reset,
                    (true, true) => CONTRACTED,
                    (true, false) => TRACE,
                };
                let (y1, y2) = (point.lowest, point.highest);
                context.draw(&Stroke { x1: x, y1, x2: x, y2, color });
            }
            context.layer();
            // Contractions are marked along the bottom too: colour alone is not for everyone.
            for (on, off) in &contracted {
                let color = if palette.is_coloured { CONTRACTED } else { Color::Reset };
                let (x1, x2) = (on.max(start_s), off.min(end_s));
                context.draw(&Stroke { x1, y1: bottom, x2, y2: bottom, color });
            }
            // A mark stands where it was made, with the beginning of its note.
            for mark in marks {
                let x = mark.rate.map_or(0.0, |rate| rate.time_s(mark.index));
                if x > start_s && mark.rate.is_some() {
                    let color = Color::Reset;
                    context.draw(&Stroke { x1: x, y1: bottom, x2: x, y2: top, color });
                    let note: String = mark.text.chars().take(20).collect();
                    context.print(x, 0.5 * (bottom + top), note);
                }
            }
            let style = Style::new().add_modifier(Modifier::DIM);
            context.print(start_s, top, Line::styled(figure(top), style));
            context.print(start_s, floor, Line::styled(figure(floor), style));
        });
    frame.render_widget(canvas, area);
}

/// Bounds of the picture for values from `lowest` to `highest`; also for none at all.
fn bounds(lowest: f64, highest: f64) -> (f64, f64) {
    if lowest > highest || !(highest - lowest).is_finite() {
        return (0.0, 1.0);
    }
    let bottom = if lowest >= 0.0 && lowest < 0.5 * highest { 0.0 } else { lowest };
    let margin = (0.08 * (highest - bottom)).max(1e-9 * highest.abs()).max(f64::MIN_POSITIVE);
    (bottom - margin, highest + margin)
}

fn level(frame: &mut Frame<'_>, area: Rect, channel: &ChannelView, stale: bool, palette: Palette) {
    let highest = channel.trace.iter().map(|point| point.highest).fold(0.0, f64::max);
    let lowest = channel.trace.iter().map(|point| point.lowest).fold(f64::INFINITY, f64::min);
    let (bottom, top) = bounds(lowest, highest);
    let level = channel.level.unwrap_or(bottom);
    let ratio = ((level - bottom) / (top - bottom)).clamp(0.0, 1.0);
    let colour = if channel.contracted_since.is_some() { CONTRACTED } else { TRACE };
    let mut style = palette.style(colour);
    if stale {
        style = style.add_modifier(Modifier::DIM);
    }
    let gauge = Gauge::default()
        .ratio(if ratio.is_finite() { ratio } else { 0.0 })
        .gauge_style(style)
        .label(format!("{}   {}", level_text(channel, stale), state_text(channel, stale)));
    frame.render_widget(gauge, area);
}

fn contractions(frame: &mut Frame<'_>, area: Rect, channel: &ChannelView) {
    let count = channel.contraction_count;
    let title = match count {
        0 => " no contraction yet ".to_owned(),
        1 => " 1 contraction ".to_owned(),
        _ => format!(" {count} contractions "),
    };
    let rows = usize::from(area.height.saturating_sub(2));
    let newest = channel.contractions.iter().rev().take(rows);
    let lines: Vec<Line<'_>> = newest
        .enumerate()
        .map(|(back, found)| {
            let onset = channel.rate.time_s(found.onset);
            let held = found.offset.map(|offset| channel.rate.time_s(offset) - onset);
            let held = held.map_or("until the end".to_owned(), |s| format!("{s:.2} s long"));
            Line::raw(format!(
                "{:>4}  at {onset:8.2} s   {held}   peak {} {}   mean {}   confidence {:.2}",
                count - back as u64,
                figure(found.peak),
                channel.unit,
                figure(found.mean),
                found.confidence,
            ))
        })
        .collect();
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(title)), area);
}

fn foot(snapshot: &Snapshot, scene: &Scene<'_>) -> String {
    // What is wrong comes first: a narrow screen cuts the end.
    let wrong = trouble(snapshot).or_else(|| stale_calibration(snapshot, scene));
    let mut text = wrong.map(|words| words + "   ").unwrap_or_default();
    if let Some(channel) = principal(snapshot) {
        text += &format!("signal {}   ", quality_text(channel.quality));
    }
    text += &losses(snapshot);
    if let Some(mark) = snapshot.marks.last() {
        text += &format!("   {}", mark_text(mark));
    }
    if let Some(age) = snapshot.newest_sample_age() {
        text += &format!("   newest sample {:.0} ms old", age.as_secs_f64() * 1e3);
    }
    let latency = &snapshot.latency;
    if latency.read_count > 0 {
        let p99_ms = latency.p99.as_secs_f64() * 1e3;
        text += &format!("   bytes to result {p99_ms:.2} ms (p99)");
    }
    text
}

/// What to know of a stream that is not as fast as it declares.
pub(crate) fn pace(snapshot: &Snapshot) -> Option<String> {
    let clocks = snapshot.channels.iter().filter_map(|channel| channel.clock.as_ref());
    let worst = clocks.filter(|clock| clock.pace != Pace::AsDeclared).max_by(|a, b| {
        let off = |clock: &ClockEvent| (clock.real_hz / clock.declared.hz() - 1.0).abs();
        off(a).total_cmp(&off(b))
    })?;
    Some(format!(
        "stream {} gives {:.2} samples a second and declares {}: its times are {:.1} % off",
        worst.stream,
        worst.real_hz,
        worst.declared.hz(),
        (worst.declared.hz() / worst.real_hz - 1.0).abs() * 100.0
    ))
}

pub(crate) fn losses(snapshot: &Snapshot) -> String {
    let counts = &snapshot.counts;
    format!("lost {}   refused {}", counts.lost_scan_count, counts.refusal_count)
}

const NOT_RECORDED: &str = "NOT RECORDED: the disk refuses";

/// Whether a recording was asked for and what comes now, or came before, is not in it.
fn is_unrecorded(snapshot: &Snapshot) -> bool {
    let state = snapshot.recording.as_ref();
    state.is_some_and(|state| state.is_refused || state.is_broken || state.missing_input_count > 0)
}

fn trouble(snapshot: &Snapshot) -> Option<String> {
    if let Some(failure) = &snapshot.engine_failure {
        return Some(format!("the engine broke down: {failure}"));
    }
    let recording = snapshot.recording.as_ref();
    let refusal = recording.and_then(|state| state.last_refusal.as_ref());
    refusal
        .map(|(_, text)| text.clone())
        .or_else(|| snapshot.port_trouble.clone())
        .or_else(|| recording.and_then(|state| state.beside_trouble.clone()))
        .or_else(|| pace(snapshot))
}

fn waiting(snapshot: &Snapshot) -> String {
    let words = match snapshot.link {
        LinkState::Closed => "Waiting for the port.",
        LinkState::Lost => "The port is gone: is the cable in? It is looked for.",
        LinkState::Reconnecting => "The port is back; the device is greeted.",
        LinkState::Ended => "The port is closed.",
        LinkState::Silent => "The port is open; the device says nothing yet.",
        LinkState::Synchronising => "Bytes arrive, but not in our protocol. Is the speed right?",
        LinkState::Connected | LinkState::Streaming | LinkState::Stalled => {
            "The device is there; waiting for samples."
        }
    };
    match trouble(snapshot) {
        Some(trouble) => format!("{words}\n{trouble}"),
        None => words.to_owned(),
    }
}

/// The first channel that is searched for contractions.
fn principal(snapshot: &Snapshot) -> Option<&ChannelView> {
    snapshot.channels.iter().find(|channel| channel.passed.is_none())
}

fn is_stale(snapshot: &Snapshot) -> bool {
    snapshot.newest_sample_age().is_none_or(|age| age > STALE)
}

fn level_text(channel: &ChannelView, stale: bool) -> String {
    match channel.level {
        Some(level) if !stale => format!("{} {}", figure(level), channel.unit),
        _ => "not live".to_owned(),
    }
}

fn state_text(channel: &ChannelView, stale: bool) -> String {
    match channel.contracted_since {
        _ if stale => "no signal".to_owned(),
        Some(onset) => {
            let since = channel.rate.time_s(channel.next) - channel.rate.time_s(onset);
            format!("contracted for {since:.1} s")
        }
        None => "at rest".to_owned(),
    }
}

fn quality_text(quality: Quality) -> String {
    if quality.is_good() {
        "good".to_owned()
    } else {
        quality.names().collect::<Vec<_>>().join(", ")
    }
}

/// Three or four digits, whatever the size.
pub(crate) fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => format!("{value:.0}"),
        size if size >= 100.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        size if size >= 0.001 => format!("{value:.4}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.2e}"),
    }
}

/// Minutes and seconds.
fn clock(seconds: f64) -> String {
    let whole = seconds as u64;
    format!("{:02}:{:02}", whole / 60, whole % 60)
}

/// Name of a device or person for the title.
pub(crate) fn title(who: &str) -> String {
    format!("levator {} · {who}", json::VERSION)
}

#[cfg(test)]
mod tests;
