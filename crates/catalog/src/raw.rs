//! Programmes as they stand in files, and the way to and from a [`Definition`].

use levator_programme::{
    AfterGap, Breathing, Definition, Evidence, Feedback, Load, Millis, Part, Phase, PhaseKind,
    Place, Point, Position, ProgrammeError, Repeat, Source, Target, TargetUnit, Template, Window,
    WindowKind,
};
use serde::{Deserialize, Serialize};

use crate::cues;
use crate::refusal::Key::{self, Index, Name};
use crate::word::{Seconds, Word};

/// Version of the format of these files.
pub(crate) const FORMAT: u32 = 1;

/// A fault that TOML cannot see: where, and what.
pub(crate) struct Fault {
    pub(crate) path: Vec<Key>,
    pub(crate) reason: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawProgramme {
    format: u32,
    id: String,
    name: String,
    #[serde(default = "one")]
    version: u32,
    load: Word<Load>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<RawSource>,
    phase: Vec<RawPhase>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    repeat: Vec<RawRepeat>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    citation: String,
    evidence: Word<Evidence>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawPhase {
    id: String,
    kind: Word<PhaseKind>,
    duration_s: Seconds,
    #[serde(default = "no_time", skip_serializing_if = "is_no_time")]
    rest_s: Seconds,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    repetitions: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<Word<Position>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rest_cue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    say: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<RawTarget>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rest_target: Option<RawTarget>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<RawTemplate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    breathing: Option<RawBreathing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    without_feedback: Option<Vec<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after_gap: Option<Word<AfterGap>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    windows: Option<Vec<RawWindow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<RawSource>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawTarget {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<f64>,
    unit: Word<TargetUnit>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawTemplate {
    #[serde(skip_serializing_if = "Option::is_none")]
    rise_s: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fall_s: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<Vec<(Seconds, f64)>>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawBreathing {
    #[serde(skip_serializing_if = "Option::is_none")]
    per_minute: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_s: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_full_s: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out_s: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_empty_s: Option<Seconds>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawWindow {
    kind: Word<WindowKind>,
    part: Word<Part>,
    from_s: Seconds,
    to_s: Seconds,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawRepeat {
    from: String,
    to: String,
    times: u32,
}

const fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_one(number: &u32) -> bool {
    *number == 1
}

const fn no_time() -> Seconds {
    Seconds(Millis::ZERO)
}

fn is_no_time(seconds: &Seconds) -> bool {
    seconds.0 == Millis::ZERO
}

fn time(seconds: Option<Seconds>) -> Millis {
    seconds.map_or(Millis::ZERO, |seconds| seconds.0)
}

impl RawProgramme {
    /// # Errors
    ///
    /// Format of another version, cue without words, keys that exclude each other, run of a phase
    /// that does not exist. Everything else is checked by `Programme::new`.
    pub(crate) fn into_definition(self) -> Result<Definition, Fault> {
        if self.format != FORMAT {
            let reason = format!("format is {}, and this version reads {FORMAT}", self.format);
            return Err(Fault { path: vec![Name("format")], reason });
        }
        let phases: Vec<Phase> = self
            .phase
            .into_iter()
            .enumerate()
            .map(|(index, raw)| raw.into_phase(index))
            .collect::<Result<_, _>>()?;
        let index_of = |id: &str, index: usize, key: &'static str| {
            phases.iter().position(|phase| phase.id == id).ok_or_else(|| Fault {
                path: vec![Name("repeat"), Index(index), Name(key)],
                reason: format!("repeat {}: there is no phase {id:?}", index + 1),
            })
        };
        let mut repeats = Vec::new();
        for (index, raw) in self.repeat.iter().enumerate() {
            let first = index_of(&raw.from, index, "from")?;
            let last = index_of(&raw.to, index, "to")?;
            repeats.push(Repeat { first, last, times: raw.times });
        }
        Ok(Definition {
            id: self.id,
            name: self.name,
            version: self.version,
            source: self.source.map_or_else(Source::own, RawSource::into_source),
            load: self.load.0,
            next: self.next,
            phases,
            repeats,
        })
    }

    pub(crate) fn of(definition: &Definition) -> Self {
        let id = |index: usize| {
            definition.phases.get(index).map_or_else(String::new, |phase| phase.id.clone())
        };
        let repeat =
            |one: &Repeat| RawRepeat { from: id(one.first), to: id(one.last), times: one.times };
        Self {
            format: FORMAT,
            id: definition.id.clone(),
            name: definition.name.clone(),
            version: definition.version,
            load: Word(definition.load),
            next: definition.next.clone(),
            source: Some(RawSource::of(&definition.source)),
            phase: definition.phases.iter().map(RawPhase::of).collect(),
            repeat: definition.repeats.iter().map(repeat).collect(),
        }
    }
}

impl RawSource {
    fn into_source(self) -> Source {
        Source { citation: self.citation, evidence: self.evidence.0, note: self.note }
    }

    fn of(source: &Source) -> Self {
        let Source { citation, evidence, note } = source.clone();
        Self { citation, evidence: Word(evidence), note }
    }
}

impl RawPhase {
    fn into_phase(self, index: usize) -> Result<Phase, Fault> {
        let number = index + 1;
        let name = self.id.clone();
        let fault = |key: &'static str, reason: &str| Fault {
            path: vec![Name("phase"), Index(index), Name(key)],
            reason: format!("phase {number} ({name}): {key} {reason}"),
        };
        let plain = Phase::new(&self.id, self.kind.0, self.duration_s.0);
        let cue = self.cue.unwrap_or(plain.cue);
        let rest_cue = self.rest_cue.unwrap_or(plain.rest_cue);
        if self.say.is_none() && cues::english(&cue).is_none() {
            return Err(fault(
                "cue",
                &format!("is {cue:?}, for which there are no words: say some"),
            ));
        }
        if cues::english(&rest_cue).is_none() {
            return Err(fault(
                "rest_cue",
                &format!("is {rest_cue:?}, for which there are no words"),
            ));
        }
        let template = match self.template {
            None => Template::None,
            Some(raw) => raw
                .into_template()
                .ok_or_else(|| fault("template", "needs either rise_s and fall_s, or points"))?,
        };
        let breathing = match self.breathing {
            None => None,
            Some(raw) => Some(raw.into_breathing().ok_or_else(|| {
                fault("breathing", "needs either per_minute, 2 to 30, or in_s and out_s")
            })?),
        };
        let feedback = match (self.feedback, self.without_feedback) {
            (None | Some(true), None) => Feedback::Always,
            (Some(false), None) => Feedback::Never,
            (None | Some(true), Some(trials)) => Feedback::Except(trials),
            (Some(false), Some(_)) => {
                return Err(fault("without_feedback", "has no meaning when feedback is false"));
            }
        };
        let window = |raw: RawWindow| Window {
            kind: raw.kind.0,
            part: raw.part.0,
            from: raw.from_s.0,
            to: raw.to_s.0,
        };
        Ok(Phase {
            id: self.id,
            kind: self.kind.0,
            cue,
            rest_cue,
            say: self.say,
            position: self.position.map(|word| word.0),
            duration: self.duration_s.0,
            rest: self.rest_s.0,
            repetitions: self.repetitions,
            target: self.target.map(RawTarget::into_target),
            rest_target: self.rest_target.map(RawTarget::into_target),
            template,
            breathing,
            feedback,
            windows: self.windows.map(|windows| windows.into_iter().map(window).collect()),
            after_gap: self.after_gap.map_or(plain.after_gap, |word| word.0),
            source: self.source.map(RawSource::into_source),
        })
    }

    fn of(phase: &Phase) -> Self {
        let (feedback, without_feedback) = match &phase.feedback {
            Feedback::Always => (None, None),
            Feedback::Never => (Some(false), None),
            Feedback::Except(trials) => (None, Some(trials.clone())),
        };
        let window = |one: &Window| RawWindow {
            kind: Word(one.kind),
            part: Word(one.part),
            from_s: Seconds(one.from),
            to_s: Seconds(one.to),
        };
        Self {
            id: phase.id.clone(),
            kind: Word(phase.kind),
            duration_s: Seconds(phase.duration),
            rest_s: Seconds(phase.rest),
            repetitions: phase.repetitions,
            position: phase.position.map(Word),
            cue: Some(phase.cue.clone()),
            rest_cue: Some(phase.rest_cue.clone()),
            say: phase.say.clone(),
            target: phase.target.as_ref().map(RawTarget::of),
            rest_target: phase.rest_target.as_ref().map(RawTarget::of),
            template: RawTemplate::of(&phase.template),
            breathing: phase.breathing.map(RawBreathing::of),
            feedback,
            without_feedback,
            after_gap: Some(Word(phase.after_gap)),
            windows: phase.windows.as_ref().map(|all| all.iter().map(window).collect()),
            source: phase.source.as_ref().map(RawSource::of),
        }
    }
}

impl RawTarget {
    fn into_target(self) -> Target {
        let unit = self.unit.0;
        // People write percent.
        let limit = |limit: f64| if unit.is_ratio() { limit / 100.0 } else { limit };
        Target { lower: self.from.map(limit), upper: self.to.map(limit), unit }
    }

    fn of(target: &Target) -> Self {
        // Off with what the multiplication adds, so that 0.55 becomes 55 and comes back.
        let limit = |limit: f64| match target.unit.is_ratio() {
            true => (limit * 1e8).round() / 1e6,
            false => limit,
        };
        Self { from: target.lower.map(limit), to: target.upper.map(limit), unit: Word(target.unit) }
    }
}

impl RawTemplate {
    fn into_template(self) -> Option<Template> {
        match (self.rise_s, self.fall_s, self.points) {
            (None, None, None) => None,
            (rise, fall, None) => Some(Template::Trapezoid { rise: time(rise), fall: time(fall) }),
            (None, None, Some(points)) => {
                let point = |(at, ratio): (Seconds, f64)| Point { at: at.0, ratio };
                Some(Template::Points(points.into_iter().map(point).collect()))
            }
            (_, _, Some(_)) => None,
        }
    }

    fn of(template: &Template) -> Option<Self> {
        match template {
            Template::None => None,
            Template::Trapezoid { rise, fall } => Some(Self {
                rise_s: Some(Seconds(*rise)),
                fall_s: Some(Seconds(*fall)),
                points: None,
            }),
            Template::Points(points) => {
                let point = |one: &Point| (Seconds(one.at), one.ratio);
                let points = Some(points.iter().map(point).collect());
                Some(Self { points, ..Self::default() })
            }
        }
    }
}

impl RawBreathing {
    fn into_breathing(self) -> Option<Breathing> {
        let pace = match (self.in_s, self.out_s) {
            (Some(inhale), Some(exhale)) => Some(Breathing {
                inhale: inhale.0,
                hold_full: time(self.hold_full_s),
                exhale: exhale.0,
                hold_empty: time(self.hold_empty_s),
            }),
            _ => None,
        };
        let has_parts = [self.in_s, self.hold_full_s, self.out_s, self.hold_empty_s]
            .iter()
            .any(Option::is_some);
        match self.per_minute {
            Some(_) if has_parts => None,
            Some(breaths) => Breathing::per_minute(breaths),
            None => pace,
        }
    }

    fn of(pace: Breathing) -> Self {
        let hold = |time: Millis| (time > Millis::ZERO).then_some(Seconds(time));
        Self {
            per_minute: None,
            in_s: Some(Seconds(pace.inhale)),
            hold_full_s: hold(pace.hold_full),
            out_s: Some(Seconds(pace.exhale)),
            hold_empty_s: hold(pace.hold_empty),
        }
    }
}

/// Where in a file the fault of a programme stands.
pub(crate) fn path_of(error: &ProgrammeError) -> Vec<Key> {
    let key = match error.field {
        "phases" | "steps" | "length" => "phase",
        "duration" => "duration_s",
        "rest" => "rest_s",
        "feedback" => "without_feedback",
        field => field,
    };
    // "source.citation"
    let (key, within) =
        key.split_once('.').map_or((key, None), |(key, within)| (key, Some(within)));
    let mut path = match &error.place {
        Place::Programme => vec![Name(key)],
        Place::Phase { index, .. } => vec![Name("phase"), Index(*index), Name(key)],
        Place::Repeat { index } => vec![Name("repeat"), Index(*index), Name(key)],
    };
    path.extend(within.map(Name));
    path
}
