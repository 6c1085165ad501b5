//! What can be chosen before a visit: ports, devices, programmes, and what is asked of the person.

use levator_catalog::lang::Words;
use levator_catalog::{devices, programmes, references};
use levator_device::{DtrPolicy, PortKind, PortSettings, SerialPort, ports};
use levator_live::identify::identify;
use levator_programme::{Load, Opening, Position, Programme, Target};
use levator_score::explain::training_text;
use levator_score::{Assessment, Site, Symptom, Symptoms, Urgency, gate_of_symptoms};
use levator_simulate::people::Condition;
use serde_json::{Value, json};

use super::begin::Choice;
use super::{Front, Stage, text_of};
use crate::failure::Failure;
use crate::{devices as listed, doctor};

impl Front {
    /// What does not change while the page is open.
    pub(super) fn hello(&self, words: &Words) -> Result<Value, String> {
        let common = &self.common;
        let all = programmes::BUILT_IN.iter().filter_map(|(name, _)| programmes::built_in(name));
        let own = common.setup.programme.iter().cloned();
        let list = own.chain(all).map(|one| programme(&one, words)).collect::<Vec<_>>();
        let devices = devices::BUILT_IN.iter().filter_map(|(name, _)| devices::built_in(name));
        let devices = devices.map(|one| json!({ "id": one.id, "about": one.about }));
        let people = common.data.store().ok().and_then(|store| store.people().ok());
        let people = people.into_iter().flatten();
        Ok(json!({
            "programmes": list,
            "devices": devices.collect::<Vec<_>>(),
            "references": references::all().iter().map(|one| json!({
                "id": one.id(), "name": one.pack().name,
            })).collect::<Vec<_>>(),
            "sites": Site::ALL.iter().map(|one| one.name()).collect::<Vec<_>>(),
            "positions": Position::ALL.iter().map(|one| one.name()).collect::<Vec<_>>(),
            "virtual": Condition::ALL.iter().map(|one| one.name()).collect::<Vec<_>>(),
            "people": people.map(|one| json!({
                "person": one.code.as_str(), "visits": one.visit_count,
            })).collect::<Vec<_>>(),
            "out": common.out.as_ref().map(|folder| folder.display().to_string()),
            "first": if common.is_virtual { "virtual" } else { "port" },
            "programme": common.setup.programme.as_ref().map(|one| one.definition().id.clone()),
            "symptoms": symptoms(words),
        }))
    }

    /// The ports of this computer.
    pub(super) fn ports(&self) -> Result<Value, String> {
        let list = ports().into_iter().map(|port| {
            let is_usb = matches!(port.kind, PortKind::Usb(_));
            json!({
                "port": port.name,
                "words": listed::words(&port),
                "hint": port.hint(),
                "often": port.ranks(),
                "usb": is_usb,
            })
        });
        Ok(json!({ "ports": list.collect::<Vec<_>>() }))
    }

    /// What the answers to the questions mean for what may be done.
    pub(super) fn answers(&self, question: &Value, words: &Words) -> Result<Value, String> {
        let reported = reported(question)?;
        let gate = gate_of_symptoms(reported);
        let urgency = reported.urgency().filter(|one| *one > Urgency::Weighed);
        let headline = match urgency {
            Some(Urgency::Urgent) => Some("person.headline-urgent"),
            Some(Urgency::NoProbe) => Some("person.headline-no-probe"),
            Some(Urgency::Clinician) => Some("person.headline-refer"),
            Some(Urgency::Weighed) | None => None,
        };
        let gate = if urgency.is_some() { levator_programme::Gate::Refer } else { gate };
        let training = (gate != levator_programme::Gate::Green)
            .then(|| words.get(&format!("person.training-{}", gate.name())).to_owned());
        // What would be refused is not offered: that of the programme that was chosen.
        let state = self.state();
        let programme = state.choice.as_ref().and_then(Choice::programme);
        let is_closed = programme.is_some_and(|one| one.load().opening(gate) == Opening::Closed);
        Ok(json!({
            "urgency": urgency.map(Urgency::name),
            "gate": gate.name(),
            "headline": headline.map(|key| words.get(key)),
            "training": training,
            "reported": reported.iter().map(|one| words.said(one.text())).collect::<Vec<_>>(),
            // With a wound or what may be serious nothing is measured at all.
            "may_measure":
                !is_closed && !matches!(urgency, Some(Urgency::Urgent | Urgency::NoProbe)),
        }))
    }

    /// Every programme with its dose, and whether it is open to somebody.
    pub(super) fn plan(&self, question: &Value, words: &Words) -> Result<Value, Failure> {
        let before = self.before(text_of(question, "person"))?;
        let judged = before.as_ref().map(|one| one.assessment());
        let all = programmes::BUILT_IN.iter().filter_map(|(name, _)| programmes::built_in(name));
        let list = all.map(|one| {
            let told = openness(&one, judged.as_ref(), words);
            let mut entry = programme(&one, words);
            entry["phases"] = one.definition().phases.iter().map(phase).collect();
            entry["opening"] = told.0.name().into();
            entry["why"] = told.1.into();
            entry["rank"] = judged
                .as_ref()
                .and_then(|judged| {
                    let id = &one.definition().id;
                    judged.offers.iter().find(|offer| offer.programme == id.as_str())?.rank
                })
                .into();
            entry
        });
        Ok(json!({
            "programmes": list.collect::<Vec<_>>(),
            "by": before.as_ref().map(|one| one.id.clone()),
            "gate": judged.as_ref().map(|one| one.gate.name()),
        }))
    }

    /// Whether a session may be begun now.
    pub(super) fn is_free(&self) -> bool {
        self.state().stage != Stage::Live
    }
}

/// Whether a programme is open after the visit before, if there was one, and in words why not wholly.
pub(super) fn openness(
    programme: &Programme,
    judged: Option<&Assessment>,
    words: &Words,
) -> (Opening, String) {
    let is_strong = programme.load() == Load::Strengthening;
    let Some(judged) = judged else {
        // What was never measured may be tight.
        return match is_strong {
            true => (Opening::Closed, words.get("person.training-measure-again").to_owned()),
            false => (Opening::Open, String::new()),
        };
    };
    let opening = match is_strong {
        true => judged.strengthening(),
        false => programme.load().opening(judged.gate),
    };
    let opening = match opening {
        Opening::WithSafeguards if !programme.safeguards().are_met() => Opening::Closed,
        other => other,
    };
    if opening == Opening::Open {
        return (opening, String::new());
    }
    if is_strong && judged.is_too_little() {
        return (opening, words.get("person.training-measure-again").to_owned());
    }
    let reasons: Vec<String> =
        judged.gate_reasons.iter().map(|one| words.said(&one.text())).collect();
    let gate = words.said(training_text(judged.label, judged.gate));
    (opening, words.named(&gate, &words.list(&reasons)))
}

fn programme(one: &Programme, words: &Words) -> Value {
    let definition = one.definition();
    let name = words.find(&format!("programme.{}", definition.id)).unwrap_or(&definition.name);
    json!({
        "id": definition.id,
        "name": name,
        "load": definition.load.name(),
        "length_s": one.length().as_secs_f64(),
        "citation": definition.source.citation,
        "positions": definition.phases.iter().filter_map(|phase| phase.position)
            .map(|position| position.name()).collect::<std::collections::BTreeSet<_>>(),
    })
}

/// The dose of a phase.
fn phase(phase: &levator_programme::Phase) -> Value {
    let target = |target: &Target| json!({ "lower": target.lower, "upper": target.upper, "unit": target.unit.name() });
    json!({
        "kind": phase.kind.name(),
        "repetitions": phase.repetitions,
        "duration_s": phase.duration.as_secs_f64(),
        "rest_s": phase.rest.as_secs_f64(),
        "position": phase.position.map(|position| position.name()),
        "target": phase.target.as_ref().map(target),
    })
}

/// What is asked, the most urgent first.
fn symptoms(words: &Words) -> Vec<Value> {
    let mut all = Symptom::ALL.to_vec();
    all.sort_by_key(|one| core::cmp::Reverse(one.urgency()));
    let entry = |one: &Symptom| {
        json!({
            "id": one.name(),
            "text": words.said(one.text()),
            "urgency": one.urgency().name(),
        })
    };
    all.iter().map(entry).collect()
}

/// What is reported, by the names that stand in a question.
pub(super) fn reported(question: &Value) -> Result<Symptoms, String> {
    let names = question["symptoms"].as_array().into_iter().flatten();
    names.filter_map(Value::as_str).try_fold(Symptoms::NONE, |all, name| {
        let symptom = Symptom::from_name(name);
        symptom.map(|one| all.with(one)).ok_or_else(|| format!("{name:?} is not known"))
    })
}

/// Listens on a port, and sends nothing.
pub(super) fn listen(question: &Value) -> Result<Value, String> {
    let name = text_of(question, "port").ok_or("which port?")?;
    let settings = PortSettings { dtr: DtrPolicy::Leave, ..PortSettings::new(name) };
    let mut port = SerialPort::open(&settings).map_err(|error| {
        let trouble = doctor::of_port(&error);
        format!("{}; {}", trouble.what, trouble.remedy)
    })?;
    let found = identify(&mut port, settings.baud, doctor::known(), false)
        .map_err(|error| error.to_string())?;
    let guesses = found.guesses.iter().map(|guess| {
        json!({ "device": guess.id, "certainty": guess.certainty.name(), "why": guess.why })
    });
    Ok(json!({
        "port": name,
        "guesses": guesses.collect::<Vec<_>>(),
        "baud": found.baud,
        "bytes": found.byte_count,
    }))
}
