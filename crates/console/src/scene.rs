//! What a page has to know before the first sample.

use levator_catalog::cues;
use levator_detect::manoeuvre::Role;
use levator_programme::{Millis, Part, Phase, Programme, Step, Target, Template};
use levator_signal::ChannelId;
use serde_json::{Value, json};

/// Who is looking at the page first. A person can choose another at any time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The person who trains.
    #[default]
    Guided,
    /// One bar and one word.
    Simple,
    /// Numbers, thresholds, raw and filtered.
    Clinician,
}

impl Mode {
    /// Its name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Guided => "guided",
            Self::Simple => "simple",
            Self::Clinician => "clinician",
        }
    }
}

/// What is shown.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// Who or what is measured, for the person in front of the screen. It is never the title of the
    /// window.
    pub title: String,
    /// How the page opens.
    pub mode: Mode,
    /// What the person is asked to do.
    pub programme: Option<Programme>,
    /// Where channels lie.
    pub roles: Vec<(ChannelId, Role)>,
    /// Whether the programme waits for a person to begin it.
    pub waits: bool,
    /// Whether a recording is made.
    pub is_recorded: bool,
    /// Whether the person is a virtual one.
    pub is_virtual: bool,
    /// Seconds after which it ends by itself.
    pub seconds: Option<f64>,
}

impl Scene {
    pub(crate) fn json(&self) -> Value {
        json!({
            "type": "scene",
            "title": self.title,
            "mode": self.mode.name(),
            "waits": self.waits,
            "recorded": self.is_recorded,
            "virtual": self.is_virtual,
            "seconds": self.seconds,
            "roles": self.roles.iter().map(|(id, role)| json!({
                "stream": id.stream, "channel": id.channel, "role": role.name(),
            })).collect::<Vec<_>>(),
            "programme": self.programme.as_ref().map(programme),
        })
    }
}

fn programme(programme: &Programme) -> Value {
    let definition = programme.definition();
    json!({
        "id": definition.id,
        "name": definition.name,
        "load": definition.load.name(),
        "length_s": programme.length().as_secs_f64(),
        "phases": definition.phases.iter().map(phase).collect::<Vec<_>>(),
        "steps": programme.steps().iter().map(step).collect::<Vec<_>>(),
    })
}

fn phase(phase: &Phase) -> Value {
    json!({
        "id": phase.id,
        "kind": phase.kind.name(),
        "strains": phase.kind.is_exertion(),
        "cue": phase.cue,
        "words": phase.say.as_deref().or_else(|| cues::english(&phase.cue)),
        "said": phase.say.is_some(),
        "rest_cue": phase.rest_cue,
        "rest_words": cues::english(&phase.rest_cue),
        "position": phase.position.map(|position| position.name()),
        "duration_s": phase.duration.as_secs_f64(),
        "rest_s": phase.rest.as_secs_f64(),
        "repetitions": phase.repetitions,
        "target": phase.target.as_ref().map(target),
        "rest_target": phase.rest_target.as_ref().map(target),
        "template": template(&phase.template, phase.duration),
        "breathing": phase.breathing.map(|pace| json!({
            "inhale_s": pace.inhale.as_secs_f64(),
            "hold_full_s": pace.hold_full.as_secs_f64(),
            "exhale_s": pace.exhale.as_secs_f64(),
            "hold_empty_s": pace.hold_empty.as_secs_f64(),
        })),
    })
}

pub(crate) fn target(target: &Target) -> Value {
    json!({ "lower": target.lower, "upper": target.upper, "unit": target.unit.name() })
}

fn step(step: &Step) -> Value {
    json!({
        "phase": step.phase,
        "round": step.round,
        "trial": step.trial,
        "part": match step.part {
            Part::Work => "work",
            Part::Rest => "rest",
            Part::Recovery => "recovery",
        },
        "starts_s": step.starts.as_secs_f64(),
        "duration_s": step.duration.as_secs_f64(),
        "into_phase_s": step.into_phase.as_secs_f64(),
        "feedback": step.feedback,
    })
}

/// The curve as points that straight lines join: seconds and ratio.
fn template(template: &Template, duration: Millis) -> Option<Vec<[f64; 2]>> {
    let corners: Vec<u64> = match template {
        Template::None => return None,
        Template::Trapezoid { rise, fall } => {
            let both = (rise.0 + fall.0).max(1);
            // Where the way up meets the way down, if there is no plateau between.
            let meeting = duration.0.saturating_mul(rise.0) / both;
            let top = rise.0.min(meeting);
            vec![0, top, duration.0.saturating_sub(fall.0).max(meeting), duration.0]
        }
        Template::Points(points) => {
            return Some(
                points.iter().map(|point| [point.at.as_secs_f64(), point.ratio]).collect(),
            );
        }
    };
    let at = |ms: u64| {
        let seconds = ms as f64 / 1000.0;
        Some([seconds, template.ratio_at(seconds, duration)?])
    };
    corners.into_iter().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trapezoid_is_told_by_its_corners() {
        let shape = Template::Trapezoid { rise: Millis(1000), fall: Millis(2000) };
        let told = template(&shape, Millis::from_secs(10)).expect("a curve");
        assert_eq!(told, [[0.0, 0.0], [1.0, 1.0], [8.0, 1.0], [10.0, 0.0]]);
        assert_eq!(template(&Template::None, Millis::from_secs(10)), None);
    }

    #[test]
    fn every_built_in_programme_can_be_told() {
        for (name, _) in levator_catalog::programmes::BUILT_IN {
            let programme = levator_catalog::programmes::built_in(name);
            let scene = Scene { programme, ..Scene::default() }.json();
            let phases = scene["programme"]["phases"].as_array().expect("phases");
            assert!(phases.iter().all(|phase| phase["words"].is_string()), "{name}");
        }
    }
}
