//! The level over the whole visit, with what was asked for and what was found.

use levator_measure::{Reason, Task};
use levator_programme::{Part, PhaseKind};
use levator_signal::SignalKind;

use super::scale::{Frame, SMALL};
use super::svg::{Anchor, Svg};
use super::{Picture, Scale, ink};
use crate::report::{PhaseSpan, Report};
use levator_catalog::lang::Words;

const WIDTH: f64 = 720.0;
const COLUMNS: usize = 680;

/// Whether numbers and units are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// With axes, for a referrer.
    Full,
    /// The shape alone, for the person.
    Shape,
}

/// The trace of the visit; `None` where there is no curve.
#[must_use]
pub fn picture(report: &Report<'_>, words: &Words, detail: Detail) -> Option<Picture> {
    let (curve, found) = (report.curve()?, report.found()?);
    let height = if detail == Detail::Full { 200.0 } else { 156.0 };
    let mut svg = Svg::new(WIDTH, height);
    let end_s = report.duration_s();
    let extremes = curve.extremes(0.0, end_s, COLUMNS);
    let highest = extremes.iter().flatten().fold(0.0_f64, |most, range| most.max(range.1));
    let lowest = extremes.iter().flatten().fold(0.0_f64, |least, range| least.min(range.0));
    let left = if detail == Detail::Full { 58.0 } else { 10.0 };
    let (top, bottom) = (26.0, height - 46.0);
    let frame = Frame {
        x: Scale::new(0.0, end_s, left, WIDTH - 10.0),
        y: Scale::new(lowest * 1.05, highest * 1.08, bottom, top),
    };
    shade(&mut svg, &frame, &report.phases(), words);
    if detail == Detail::Full {
        let name = level_name(curve.kind, curve.unit.symbol(), words);
        frame.left(&mut svg, words, &name);
    }
    for run in runs(&extremes) {
        let place = |column: usize, value: f64| {
            let at_s = (column as f64 + 0.5) / COLUMNS as f64 * end_s;
            (frame.x.at(at_s), frame.y.at(value))
        };
        let high = run.clone().filter_map(|at| Some(place(at, extremes[at]?.1)));
        let low = run.clone().rev().filter_map(|at| Some(place(at, extremes[at]?.0)));
        let shape: Vec<(f64, f64)> = high.chain(low).collect();
        svg.shape(&shape, ink::LINE);
        let middle: Vec<(f64, f64)> = run
            .filter_map(|at| extremes[at].map(|(low, high)| place(at, f64::midpoint(low, high))))
            .collect();
        svg.path(&middle, ink::LINE, 1.0);
    }
    let base = frame.y.at_from;
    let mut counts = [0, 0];
    for one in &found.contractions {
        let from = found.rate.time_s(one.onset);
        let to = one.offset.map_or(end_s, |offset| found.rate.time_s(offset));
        let is_push = is_push(report, (from, to));
        counts[usize::from(is_push)] += 1;
        let fill = if is_push { ink::FAINT } else { ink::FOUND };
        let (from, to) = (frame.x.within(from), frame.x.within(to));
        svg.rect((from, base + 1.5), (to.max(from + 1.2), base + 6.5), fill);
    }
    for gap in report.summary.gaps.iter().filter(|gap| gap.stream == report.channel.stream) {
        let (from, to) = report.seconds(gap.span);
        let (from, to) = (frame.x.within(from), frame.x.within(to));
        svg.rect((from, frame.y.at_to), (to.max(from + 1.0), base), ink::WARN);
    }
    let lower = Frame { y: Scale { at_from: base + 8.0, ..frame.y }, ..frame };
    lower.time(&mut svg, words, words.get("picture.time"));
    let mut place = left;
    let named = [("picture.found", ink::FOUND), ("picture.found-pushes", ink::FAINT)];
    for ((key, fill), count) in named.into_iter().zip(counts) {
        if count > 0 || fill == ink::FOUND {
            let text = words.fill(key, &[("count", &count.to_string())]);
            svg.rect((place, height - 15.0), (place + 16.0, height - 10.0), fill);
            svg.text((place + 21.0, height - 8.5), SMALL, Anchor::Start, ink::AXIS, &text);
            place += 45.0 + 6.0 * text.chars().count() as f64;
        }
    }
    let title = words.get("picture.overview");
    Some(Picture {
        name: "overview",
        drawing: svg.finish(title),
        alt: title.to_owned(),
        caption: words
            .get(match detail {
                Detail::Full => "picture.overview-caption",
                Detail::Shape => "picture.overview-plain",
            })
            .to_owned(),
    })
}

/// Whether a rise belongs to a push or a cough: it shares most with one that was asked for, or with a squeeze in place
/// of which somebody bore down.
fn is_push(report: &Report<'_>, (from, to): (f64, f64)) -> bool {
    let shared = |(start, end): (f64, f64)| end.min(to) - start.max(from);
    let mut most = (0.0, false);
    for trial in report.trials() {
        let shared = shared(report.seconds(trial.asked));
        let is_push = matches!(trial.task, Task::Push | Task::Cough)
            || trial.reasons.has(Reason::BearingDown);
        if shared > most.0 {
            most = (shared, is_push);
        }
    }
    most.1
}

/// What the vertical axis of a level is called.
pub(crate) fn level_name(kind: SignalKind, unit: &str, words: &Words) -> String {
    let key = match kind {
        SignalKind::Emg | SignalKind::EmgEnvelope => "picture.activity",
        SignalKind::Pressure => "picture.pressure",
        SignalKind::Other => "picture.level",
    };
    format!("{} ({})", words.get(key), unit_text(unit))
}

/// A unit as it is printed.
#[must_use]
pub fn unit_text(unit: &str) -> String {
    unit.replace("uV", "\u{b5}V").replace("cmH2O", "cmH\u{2082}O")
}

/// The ground of a phase.
pub(crate) const fn ground(kind: PhaseKind, part: Part) -> Option<&'static str> {
    match (part, kind) {
        (
            Part::Work,
            PhaseKind::Flick | PhaseKind::Hold | PhaseKind::Maximal | PhaseKind::Endurance,
        ) => Some(ink::WORK),
        (Part::Work, PhaseKind::Push | PhaseKind::Cough) => Some(ink::PUSH),
        (Part::Work, PhaseKind::Rest | PhaseKind::Relax | PhaseKind::Breathe)
        | (Part::Rest | Part::Recovery, _) => Some(ink::REST),
        (Part::Work, PhaseKind::Settle | PhaseKind::Free | PhaseKind::Pause) => None,
    }
}

fn shade(svg: &mut Svg, frame: &Frame, phases: &[PhaseSpan], words: &Words) {
    let (top, base) = (frame.y.at_to, frame.y.at_from);
    for phase in phases {
        if let Some(fill) = ground(phase.kind, phase.part) {
            svg.rect((frame.x.within(phase.from_s), top), (frame.x.within(phase.to_s), base), fill);
        }
    }
    // One name for a run of repetitions of one kind, where there is room for it.
    let mut at = 0;
    while at < phases.len() {
        let kind = phases[at].kind;
        let end =
            (at..phases.len()).take_while(|next| phases[*next].kind == kind).last().unwrap_or(at);
        let (from, to) = (frame.x.within(phases[at].from_s), frame.x.within(phases[end].to_s));
        svg.line((from, top - 4.0), (from, base), ink::FAINT, 0.6, "2 2");
        let key = format!("phase.{}", kind.name());
        let name = words.get(&key);
        if to - from > 5.6 * name.chars().count() as f64 {
            let middle = f64::midpoint(from, to);
            svg.text((middle, top - 8.0), SMALL, Anchor::Middle, ink::TEXT, name);
        }
        at = end + 1;
    }
}

/// Runs of columns that have a level.
pub(crate) fn runs<T>(columns: &[Option<T>]) -> Vec<std::ops::Range<usize>> {
    let mut all = Vec::new();
    let mut since = None;
    for at in 0..=columns.len() {
        match (columns.get(at).is_some_and(Option::is_some), since) {
            (true, None) => since = Some(at),
            (false, Some(from)) => {
                all.push(from..at);
                since = None;
            }
            _ => {}
        }
    }
    all
}
