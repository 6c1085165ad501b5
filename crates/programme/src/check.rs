//! What makes a [`Definition`] one that can be run.

use crate::definition::Definition;
use crate::error::{Fault, Place, ProgrammeError};
use crate::{Feedback, Load, Millis, Part, Phase, PhaseKind, Target, Template};

/// Bounds of a step. Our choice: nothing shorter can be followed, nothing longer is one task.
const SHORTEST: Millis = Millis(100);
const LONGEST: Millis = Millis::from_secs(2 * 3600);
/// Longest programme, and most steps. Our choice: no visit is longer; it bounds memory.
const LONGEST_PROGRAMME: Millis = Millis::from_secs(4 * 3600);
pub(crate) const MAX_STEPS: usize = 4096;
const MAX_PHASES: usize = 100;
const MAX_REPETITIONS: u32 = 200;
const MAX_TIMES: u32 = 100;
const MAX_POINTS: usize = 200;
const MAX_WINDOWS: usize = 20;

/// Most contractions of one phase, and of one programme, that still are a test or practice in letting
/// go. Our choice: PERFECT asks for ten of a kind and 21 in all; more than that is training, and must
/// say so, or a gate would not close it.
const MAX_LIGHT_OF_A_KIND: u64 = 10;
const MAX_LIGHT: u64 = 30;

type Check = Result<(), ProgrammeError>;

/// A place, for saying what is wrong there.
struct At(Place);

impl At {
    fn fault(&self, field: &'static str, fault: Fault) -> ProgrammeError {
        ProgrammeError { place: self.0.clone(), field, fault }
    }

    fn number(&self, field: &'static str, value: f64, from: f64, to: f64) -> Check {
        if (from..=to).contains(&value) {
            return Ok(());
        }
        Err(self.fault(field, Fault::OutOfRange { value, from, to }))
    }

    fn length(&self, field: &'static str, value: Millis, from: Millis, to: Millis) -> Check {
        if (from..=to).contains(&value) {
            return Ok(());
        }
        Err(self.fault(field, Fault::Length { value, from, to }))
    }

    fn name(&self, field: &'static str, name: &str, more: &[u8]) -> Check {
        let legal = |byte: u8| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || byte == b'-'
                || more.contains(&byte)
        };
        if (1..=64).contains(&name.len()) && name.bytes().all(legal) {
            return Ok(());
        }
        Err(self.fault(field, Fault::Name(name.to_owned())))
    }

    fn text(&self, field: &'static str, text: &str) -> Check {
        if text.trim().is_empty() || text.len() > 500 || text.chars().any(char::is_control) {
            return Err(self.fault(field, Fault::Text));
        }
        Ok(())
    }

    fn target(&self, field: &'static str, target: Option<&Target>) -> Check {
        let Some(target) = target else { return Ok(()) };
        for limit in [target.lower, target.upper].into_iter().flatten() {
            self.number(field, limit, 0.0, target.unit.largest())?;
        }
        match (target.lower, target.upper) {
            (None, None) => Err(self.fault(field, Fault::Limits)),
            (Some(lower), Some(upper)) if lower >= upper => Err(self.fault(field, Fault::Limits)),
            _ => Ok(()),
        }
    }
}

/// # Errors
///
/// The first fault that is found, from the beginning to the end.
pub(crate) fn definition(definition: &Definition) -> Check {
    let at = At(Place::Programme);
    at.name("id", &definition.id, &[])?;
    at.text("name", &definition.name)?;
    at.number("version", f64::from(definition.version), 1.0, f64::from(u32::MAX))?;
    at.text("source.citation", &definition.source.citation)?;
    if let Some(next) = &definition.next {
        at.name("next", next, &[])?;
    }
    at.number("phases", definition.phases.len() as f64, 1.0, MAX_PHASES as f64)?;
    for (index, one) in definition.phases.iter().enumerate() {
        let at = At(Place::Phase { index, id: one.id.clone() });
        phase(&at, one)?;
        if definition.phases[..index].iter().any(|earlier| earlier.id == one.id) {
            return Err(at.fault("id", Fault::Taken(one.id.clone())));
        }
    }
    let mut free = 0;
    for (index, repeat) in definition.repeats.iter().enumerate() {
        let at = At(Place::Repeat { index });
        let legal = free <= repeat.first
            && repeat.first <= repeat.last
            && repeat.last < definition.phases.len();
        if !legal {
            return Err(at.fault("from", Fault::Runs));
        }
        at.number("times", f64::from(repeat.times), 2.0, f64::from(MAX_TIMES))?;
        free = repeat.last + 1;
    }
    whole(&at, definition)
}

/// What can be told only of the whole: steps, length, load.
fn whole(at: &At, definition: &Definition) -> Check {
    let (mut steps, mut length, mut contractions) = (0, 0_u64, 0);
    let mut least = Load::None;
    for (index, phase) in definition.phases.iter().enumerate() {
        let repetitions = u64::from(phase.repetitions) * u64::from(rounds(definition, index));
        steps += repetitions * if phase.rest > Millis::ZERO { 2 } else { 1 };
        length += repetitions * (phase.duration.0 + phase.rest.0);
        if phase.kind.is_exertion() {
            least = least.max(Load::Light);
        }
        if phase.kind.is_contraction() {
            contractions += repetitions;
            if repetitions > MAX_LIGHT_OF_A_KIND || contractions > MAX_LIGHT {
                least = Load::Strengthening;
            }
        }
    }
    at.number("steps", steps as f64, 1.0, MAX_STEPS as f64)?;
    at.length("length", Millis(length), SHORTEST, LONGEST_PROGRAMME)?;
    if definition.load < least {
        return Err(at.fault("load", Fault::Load { stated: definition.load, least }));
    }
    Ok(())
}

/// How often a phase is gone through.
pub(crate) fn rounds(definition: &Definition, phase: usize) -> u32 {
    definition
        .repeats
        .iter()
        .find(|repeat| (repeat.first..=repeat.last).contains(&phase))
        .map_or(1, |repeat| repeat.times)
}

fn phase(at: &At, phase: &Phase) -> Check {
    at.name("id", &phase.id, &[])?;
    at.name("cue", &phase.cue, b".")?;
    at.name("rest_cue", &phase.rest_cue, b".")?;
    if let Some(say) = &phase.say {
        at.text("say", say)?;
    }
    at.length("duration", phase.duration, SHORTEST, LONGEST)?;
    if phase.rest > Millis::ZERO {
        at.length("rest", phase.rest, SHORTEST, LONGEST)?;
    }
    at.number("repetitions", f64::from(phase.repetitions), 1.0, f64::from(MAX_REPETITIONS))?;
    at.target("target", phase.target.as_ref())?;
    at.target("rest_target", phase.rest_target.as_ref())?;
    if phase.rest_target.is_some() && phase.rest == Millis::ZERO {
        return Err(at.fault("rest_target", Fault::NoRest));
    }
    template(at, phase)?;
    if let Some(breathing) = phase.breathing {
        at.length("breathing", breathing.period(), Millis(2_000), Millis(30_000))?;
        at.length("breathing", breathing.inhale, Millis(500), Millis(30_000))?;
        at.length("breathing", breathing.exhale, Millis(500), Millis(30_000))?;
    }
    if let Feedback::Except(trials) = &phase.feedback {
        for trial in trials {
            at.number("feedback", f64::from(*trial), 1.0, f64::from(phase.repetitions))?;
        }
        if trials.is_empty() || !trials.is_sorted_by(|a, b| a < b) {
            return Err(at.fault("feedback", Fault::Order));
        }
    }
    windows(at, phase)?;
    match &phase.source {
        Some(source) => at.text("source.citation", &source.citation),
        None => Ok(()),
    }
}

fn template(at: &At, phase: &Phase) -> Check {
    match &phase.template {
        Template::None => return Ok(()),
        Template::Trapezoid { rise, fall } => {
            let ramps = rise.saturating_add(*fall);
            at.length("template", ramps, Millis::ZERO, phase.duration)?;
        }
        Template::Points(points) => {
            at.number("template", points.len() as f64, 2.0, MAX_POINTS as f64)?;
            for point in points {
                at.length("template", point.at, Millis::ZERO, phase.duration)?;
                at.number("template", point.ratio, -1.0, 2.0)?;
            }
            if !points.is_sorted_by_key(|point| point.at) {
                return Err(at.fault("template", Fault::Order));
            }
        }
    }
    match phase.target {
        Some(_) => Ok(()),
        None => Err(at.fault("template", Fault::NoTarget)),
    }
}

fn windows(at: &At, phase: &Phase) -> Check {
    let Some(windows) = &phase.windows else { return Ok(()) };
    at.number("windows", windows.len() as f64, 0.0, MAX_WINDOWS as f64)?;
    if matches!(phase.kind, PhaseKind::Settle | PhaseKind::Pause) {
        at.number("windows", windows.len() as f64, 0.0, 0.0)?;
    }
    for window in windows {
        let end = match window.part {
            Part::Work => phase.duration,
            Part::Rest if phase.rest == Millis::ZERO => {
                return Err(at.fault("windows", Fault::NoRest));
            }
            Part::Rest => phase.rest,
            Part::Recovery => return Err(at.fault("windows", Fault::Recovery)),
        };
        at.length("windows", window.to, SHORTEST, end)?;
        at.length("windows", window.from, Millis::ZERO, window.to.saturating_sub(SHORTEST))?;
    }
    Ok(())
}
