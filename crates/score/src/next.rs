//! What to do next: programmes that are built in, and what the gate says to each.

use levator_programme::{Gate, Load, Opening, Position};

use crate::gate::{is_too_little, opening};
use crate::{Label, Progression};

/// Programmes that are built in, with their load; a test of the catalog compares them.
pub const PROGRAMMES: [(&str, Load); 19] = [
    ("first-visit", Load::Light),
    ("glazer", Load::Light),
    ("glazer-10s", Load::Light),
    ("perry", Load::Light),
    ("ten-ten-ten", Load::Light),
    ("perfect", Load::Light),
    ("push", Load::Light),
    ("iapwg", Load::Light),
    ("iapwg-short", Load::Light),
    ("breathing", Load::None),
    ("contract-long-relax", Load::Light),
    ("release-practice", Load::Light),
    ("down-training", Load::Light),
    ("strengthening-lying", Load::Strengthening),
    ("strengthening-sitting", Load::Strengthening),
    ("strengthening-standing", Load::Strengthening),
    ("strengthening-long", Load::Strengthening),
    ("positions", Load::Light),
    ("free-run", Load::None),
];

/// A programme, and whether it may be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its id in the catalog.
    pub programme: &'static str,
    /// Whether it may be done.
    pub opening: Opening,
    /// Place among those that are suggested, from 1; `None` for those that are not.
    pub rank: Option<u32>,
    /// Why it is suggested, or closed.
    pub why: String,
}

/// Every programme: those that are suggested first, in order.
pub(crate) fn offers(
    label: Label,
    gate: Gate,
    progression: Progression,
    position: Option<Position>,
) -> Vec<Offer> {
    let suggested = suggested(label, progression, position);
    let mut offers: Vec<Offer> = PROGRAMMES
        .iter()
        .map(|(programme, load)| {
            let opening = opening(*load, label, gate);
            let place = suggested.iter().position(|(id, _)| id == programme);
            let place = place.filter(|_| opening != Opening::Closed);
            let reason = place.map(|place| suggested[place].1);
            Offer {
                programme,
                opening,
                rank: None,
                why: why(opening, *load, (label, gate), reason),
            }
        })
        .collect();
    let place = |offer: &Offer| {
        let open = offer.opening != Opening::Closed;
        suggested.iter().position(|(id, _)| open && *id == offer.programme).unwrap_or(usize::MAX)
    };
    offers.sort_by_key(place);
    let mut rank = 0;
    for offer in &mut offers {
        if place(offer) != usize::MAX {
            rank += 1;
            offer.rank = Some(rank);
        }
    }
    offers
}

fn why(opening: Opening, load: Load, (label, gate): (Label, Gate), reason: Option<&str>) -> String {
    let gate = match (opening, gate, load) {
        (Opening::Closed, ..) if is_too_little(label, gate) => "closed: measure again first",
        (Opening::Closed, Gate::Refer, _) => "closed: a clinician comes first",
        (Opening::Closed, Gate::RedWithPain, Load::Light) => "closed: contracting hurts",
        (Opening::Closed, ..) => "closed: letting go comes first",
        (Opening::WithSafeguards, ..) => {
            "with safeguards: relax first, rest twice as long as you hold, and stop the set when \
             rest stays up twice running"
        }
        (Opening::Open, ..) => "open",
    };
    match reason {
        Some(reason) => format!("{reason} ({gate})"),
        None => gate.to_owned(),
    }
}

type Suggestion = (&'static str, &'static str);

const LETTING_GO: [Suggestion; 4] = [
    ("breathing", "quiet breathing to begin with"),
    ("down-training", "to lower the resting level"),
    ("contract-long-relax", "a gentle contraction, and a long time to let go"),
    ("release-practice", "to practise letting go"),
];

const COORDINATION: [Suggestion; 4] = [
    ("breathing", "quiet breathing to begin with"),
    ("release-practice", "to practise letting go after contracting"),
    ("down-training", "to lower the resting level"),
    ("push", "to look at letting go in a push again"),
];

fn suggested(
    label: Label,
    progression: Progression,
    position: Option<Position>,
) -> Vec<Suggestion> {
    let position = match progression {
        Progression::GoOn(next) => Some(next),
        _ => position,
    };
    let strengthening = match (progression, position) {
        (Progression::Last, _) => "strengthening-long",
        (_, Some(Position::Sitting | Position::Kneeling)) => "strengthening-sitting",
        (_, Some(Position::Standing)) => "strengthening-standing",
        (_, Some(Position::Lying | Position::LeftLateral) | None) => "strengthening-lying",
    };
    match label {
        Label::Refer => Vec::new(),
        Label::InsufficientData => vec![("first-visit", "measure again")],
        Label::UnableToContract => vec![
            ("breathing", "quiet breathing"),
            ("first-visit", "try again after somebody has shown how; most people learn it quickly"),
        ],
        Label::Mixed | Label::Hypertonic => LETTING_GO.to_vec(),
        Label::NonRelaxing => COORDINATION.to_vec(),
        Label::Weak => {
            vec![(strengthening, "to grow stronger"), ("breathing", "quiet breathing before it")]
        }
        Label::WithinRange => vec![
            (strengthening, "to keep it that way, twice a week"),
            ("breathing", "quiet breathing"),
        ],
        Label::Inconclusive => vec![
            ("breathing", "quiet breathing does no harm"),
            ("first-visit", "measure again on another day"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_closed_is_suggested() {
        for label in Label::ALL {
            for gate in Gate::ALL {
                for offer in offers(*label, *gate, Progression::CannotTell, None) {
                    assert!(offer.rank.is_none() || offer.opening != Opening::Closed);
                }
            }
        }
    }

    #[test]
    fn too_little_opens_no_strengthening() {
        for gate in Gate::ALL {
            let offers = offers(Label::InsufficientData, *gate, Progression::Closed, None);
            for one in offers.iter().filter(|one| one.programme.starts_with("strengthening")) {
                assert_eq!((one.opening, one.rank), (Opening::Closed, None), "{gate:?}");
            }
        }
        let offers = offers(Label::InsufficientData, Gate::Amber, Progression::Closed, None);
        assert_eq!(offers[0].programme, "first-visit");
        assert_eq!(offers[0].opening, Opening::Open);
    }

    #[test]
    fn a_tight_floor_is_led_to_letting_go() {
        let offers = offers(Label::Mixed, Gate::Red, Progression::Closed, None);
        let ids: Vec<&str> =
            offers.iter().filter(|one| one.rank.is_some()).map(|one| one.programme).collect();
        assert_eq!(ids, ["breathing", "down-training", "contract-long-relax", "release-practice"]);
        for one in offers.iter().filter(|one| one.programme.starts_with("strengthening")) {
            assert_eq!(one.opening, Opening::Closed);
        }
    }

    #[test]
    fn the_position_advances_only_when_it_may() {
        let first = |progression, position| {
            offers(Label::Weak, Gate::Green, progression, Some(position))[0].programme
        };
        let not_yet = |position| first(Progression::NotYet, position);
        assert_eq!(not_yet(Position::Lying), "strengthening-lying");
        assert_eq!(not_yet(Position::Sitting), "strengthening-sitting");
        let go_on = Progression::GoOn(Position::Sitting);
        assert_eq!(first(go_on, Position::Lying), "strengthening-sitting");
        assert_eq!(first(Progression::Last, Position::Standing), "strengthening-long");
    }

    #[test]
    fn who_is_referred_is_offered_nothing() {
        let offers = offers(Label::Refer, Gate::Refer, Progression::Closed, None);
        assert!(offers.iter().all(|one| one.opening == Opening::Closed && one.rank.is_none()));
        assert_eq!(offers.len(), PROGRAMMES.len());
    }
}
