//! A schedule from the marks in a recording.

use levator_programme::{Part, PhaseKind, WindowKind};
use levator_signal::{SampleIndex, SampleRate, Span};

use crate::schedule::{Schedule, Step, StepWindow};

/// A mark in a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Marker<'a> {
    /// Seconds from the first sample. A negative one says that its phase did not happen, and so does one that
    /// is not finite.
    pub at_s: f64,
    /// What it says.
    pub text: &'a str,
}

/// One phase that marks may name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarkerRule {
    /// How its marks read: `# squeeze 1`. Small and capital letters are the same.
    pub text: &'static str,
    /// What the person does.
    pub kind: PhaseKind,
    /// What is judged, in seconds from the mark.
    pub window_s: (f64, f64),
    /// Where the level before it is read, in seconds from the mark.
    pub base_s: Option<(f64, f64)>,
    /// Whether it is missed if no mark names it.
    pub is_expected: bool,
}

/// What marks mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarkerRules {
    /// The phases, in the order in which they are looked for.
    pub rules: &'static [MarkerRule],
}

const REST_S: (f64, f64) = (0.0, 10.0);
const BASE_S: Option<(f64, f64)> = Some((-8.0, -2.0));
const SHORT_S: (f64, f64) = (-1.0, 10.0);

const fn rule(text: &'static str, kind: PhaseKind, window_s: (f64, f64)) -> MarkerRule {
    let base_s = match kind {
        PhaseKind::Rest => None,
        _ => BASE_S,
    };
    MarkerRule { text, kind, window_s, base_s, is_expected: true }
}

impl MarkerRules {
    /// Anorectal manometry: rest, two short squeezes (a third if there is one), a long one, cough, pushes.
    ///
    /// Rest is read from the mark on for 10 s, the level before a squeeze from 8 to 2 s before its mark, a
    /// squeeze from 1 s before to 10 s after it, a long squeeze up to 30 s after it, a push up to 15 s.
    ///
    /// # Source
    ///
    /// Lengths of squeeze and push: the protocol of the International Anorectal Physiology Working Group
    /// (Carrington 2020). Ten seconds of rest and the margins are our choice: marks are set by hand, within
    /// a second or two, and no more rest lies between the first two marks of the recordings that we have.
    /// Ten seconds of rest agree with sixty at a kappa of 0.85, thirty at 1.0 (Ang 2022), so a rest of ten
    /// is doubtful.
    #[must_use]
    pub const fn anorectal() -> Self {
        const RULES: &[MarkerRule] = &[
            rule("# rest", PhaseKind::Rest, REST_S),
            rule("# squeeze 1", PhaseKind::Maximal, SHORT_S),
            rule("# squeeze 2", PhaseKind::Maximal, SHORT_S),
            MarkerRule { is_expected: false, ..rule("# squeeze 3", PhaseKind::Maximal, SHORT_S) },
            rule("# long squeeze", PhaseKind::Endurance, (-1.0, 30.0)),
            rule("# cough", PhaseKind::Cough, SHORT_S),
            rule("# push 1", PhaseKind::Push, (0.0, 15.0)),
            MarkerRule { is_expected: false, ..rule("# push 2", PhaseKind::Push, (0.0, 15.0)) },
            MarkerRule { is_expected: false, ..rule("# push 3", PhaseKind::Push, (0.0, 15.0)) },
        ];
        Self { rules: RULES }
    }
}

/// What could not be placed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Missing {
    /// Phases that no mark names, or whose mark says that they did not happen.
    pub phases: Vec<&'static str>,
    /// Phases whose window lies outside of the recording, all of it.
    pub outside: Vec<&'static str>,
}

impl Schedule {
    /// A schedule from marks: one step for each rule that a mark names, the first mark of several.
    ///
    /// The recording ends before `end`. Windows that reach into the next phase that is named are cut there (a
    /// long squeeze that was let go early ends where the cough begins), but for rest: a median is not fooled by
    /// a squeeze in less than half of it, and the squeeze is told
    /// ([`Reason::ContractionInRest`](crate::Reason::ContractionInRest)). Whatever can be placed is; what is
    /// missing is told.
    #[must_use]
    pub fn from_markers(
        markers: &[Marker<'_>],
        rules: &MarkerRules,
        rate: SampleRate,
        end: SampleIndex,
    ) -> (Self, Missing) {
        let mut missing = Missing::default();
        let mut placed: Vec<(f64, &MarkerRule)> = Vec::new();
        let end_s = rate.time_s(end);
        for rule in rules.rules {
            let mark = markers.iter().find(|marker| {
                marker.at_s >= 0.0
                    && marker.at_s.is_finite()
                    && marker.text.trim().eq_ignore_ascii_case(rule.text)
            });
            match mark.map(|marker| marker.at_s) {
                Some(at_s) if at_s >= end_s => missing.outside.push(rule.text),
                Some(at_s) => placed.push((at_s, rule)),
                None if rule.is_expected => missing.phases.push(rule.text),
                None => {}
            }
        }
        placed.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut steps: Vec<Step> = Vec::with_capacity(placed.len());
        let mut after = None;
        for (place, (at_s, rule)) in placed.iter().enumerate() {
            // The margin before the next mark belongs to the next phase.
            let next = placed.get(place + 1);
            let limit_s = match next {
                Some((next_s, next)) if rule.kind != PhaseKind::Rest => {
                    next_s + next.window_s.0.min(0.0)
                }
                _ => end_s,
            };
            let to_s = rule.window_s.1.min(limit_s - at_s).max(rule.window_s.0);
            let axis = Axis { rate, at_s: *at_s };
            let kind = match rule.kind {
                PhaseKind::Rest if after.is_some() => WindowKind::RestAfter,
                PhaseKind::Rest => WindowKind::RestBefore,
                PhaseKind::Push => WindowKind::Push,
                PhaseKind::Cough => WindowKind::Cough,
                _ => WindowKind::Contraction,
            };
            let trial = placed[..place].iter().filter(|(_, one)| one.kind == rule.kind).count();
            let step = Step {
                kind: rule.kind,
                part: Part::Work,
                group: (rule.kind as u32, 1),
                trial: trial as u32 + 1,
                duration_s: to_s.max(0.0),
                windows: vec![axis.window(kind, (rule.window_s.0, to_s))],
                base: rule.base_s.map(|base_s| axis.window(WindowKind::RestBetween, base_s)),
                target: None,
                span: Some(Span { start: axis.first(0.0), end: axis.first(to_s.max(0.0)) }),
                after,
                position: None,
            };
            if step.exertion().is_some() {
                after = Some(place as u32);
            }
            steps.push(step);
        }
        (Self::dated(steps), missing)
    }
}

/// Seconds from a mark to samples.
struct Axis {
    rate: SampleRate,
    at_s: f64,
}

/// Part of a sample that counts as none: times and rates are rounded when they are written.
const SLACK: f64 = 1e-3;

impl Axis {
    /// The first sample at or after this time.
    fn first(&self, from_s: f64) -> SampleIndex {
        SampleIndex(((self.at_s + from_s) * self.rate.hz() - SLACK).ceil().max(0.0) as u64)
    }

    /// The samples of a window, in seconds from the first sample at or after the mark.
    fn window(&self, kind: WindowKind, (from_s, to_s): (f64, f64)) -> StepWindow {
        let since = |index| self.rate.time_s(index) - self.rate.time_s(self.first(0.0));
        StepWindow { kind, from_s: since(self.first(from_s)), to_s: since(self.first(to_s)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate() -> SampleRate {
        SampleRate::from_hz(10.0).expect("possible")
    }

    #[test]
    fn what_no_mark_names_is_told_and_the_rest_is_placed() {
        let marker = |at_s, text| Marker { at_s, text };
        let markers = [
            marker(40.0, "# Rest"),
            marker(52.0, " # Squeeze 1 "),
            marker(-1.0, "# Squeeze 2"),
            marker(56.0, "husten"),
            marker(999.9, "# Push 1"),
        ];
        let rules = MarkerRules::anorectal();
        let (schedule, missing) =
            Schedule::from_markers(&markers, &rules, rate(), SampleIndex(1000));
        assert_eq!(missing.phases, ["# squeeze 2", "# long squeeze", "# cough"]);
        assert_eq!(missing.outside, ["# push 1"]);
        let kinds: Vec<_> = schedule.steps().iter().map(|step| step.kind).collect();
        assert_eq!(kinds, [PhaseKind::Rest, PhaseKind::Maximal]);
        assert_eq!(schedule.steps()[0].windows[0].kind, WindowKind::RestBefore);
        assert_eq!(schedule.reference_task(), Some(crate::Task::Maximal));
    }

    #[test]
    fn a_long_squeeze_ends_where_the_cough_begins() {
        let markers =
            [Marker { at_s: 10.0, text: "# Long Squeeze" }, Marker { at_s: 25.0, text: "# Cough" }];
        let rules = MarkerRules::anorectal();
        let (schedule, _) = Schedule::from_markers(&markers, &rules, rate(), SampleIndex(1000));
        let window = schedule.steps()[0].windows[0];
        // A second before the mark of the cough.
        assert!((window.to_s - 14.0).abs() < 1e-9, "{window:?}");
        assert!((window.from_s + 1.0).abs() < 1e-9, "{window:?}");
    }

    #[test]
    fn a_recording_without_marks_has_no_steps() {
        let rules = MarkerRules::anorectal();
        let (schedule, missing) = Schedule::from_markers(&[], &rules, rate(), SampleIndex(1000));
        assert!(schedule.steps().is_empty());
        assert_eq!(missing.phases.len(), 6);
    }
}
