//! Words of the anorectal working groups: the London classification and Rao's types.

use crate::axes::{Push, is_mechanical};
use crate::rules::PATTERN_SHARE;
use crate::{Axis, Expulsion, Findings, Site, Status};
use levator_programme::words;

/// How a push went, by Rao.
///
/// # Source
///
/// Rao 2008, Gastroenterol Clin North Am, 10.1016/j.gtc.2008.06.011, and PMC2575098.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rao {
    /// Enough push, and the canal tightens.
    I,
    /// Too little push, and the canal tightens.
    II,
    /// Enough push, and the canal does not, or hardly, relax.
    III,
    /// Too little push, and the canal does not, or hardly, relax.
    IV,
}

words!(Rao { I => "type I", II => "type II", III => "type III", IV => "type IV" });

impl Rao {
    const fn is_poor_propulsion(self) -> bool {
        matches!(self, Self::II | Self::IV)
    }
}

/// Whether a finding is seen in healthy people, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Not seen in health.
    Major,
    /// Seen in health.
    Minor,
    /// Cannot be told without a further test.
    Inconclusive,
    /// Nothing unusual.
    None,
}

words!(Weight {
    Major => "major",
    Minor => "minor / inconclusive",
    Inconclusive => "inconclusive",
    None => "none",
});

/// Labels of the London classification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct London {
    /// Tone and contractility, in the words of the classification.
    pub tone: Option<(&'static str, Weight)>,
    /// Coordination, in the words of the classification.
    pub coordination: Option<(&'static str, Weight)>,
    /// The type that most pushes had.
    pub rao: Option<Rao>,
}

/// Names what anal pressure showed; `None` if there was none.
///
/// # Source
///
/// Carrington et al. 2020, Neurogastroenterol Motil 32:e13679 (IAPWG). The words are those of two
/// public report generators that follow it.
pub(crate) fn london(
    findings: &Findings,
    pushes: &[Push],
    expulsion: Option<Expulsion>,
    is_reliable: bool,
) -> Option<London> {
    let is_anal = |axis: Axis| {
        let one = findings.get(axis);
        one.site == Some(Site::Anal) && is_mechanical(one)
    };
    if !(is_anal(Axis::Tone) || is_anal(Axis::Strength) || !pushes.is_empty()) {
        return None;
    }
    // Of other sites, and of data that are not good enough, it has no words.
    let status = |axis: Axis| match is_reliable && is_anal(axis) {
        true => findings.get(axis).status,
        false => Status::Unknown,
    };
    let pair = (status(Axis::Tone), status(Axis::Strength));
    let tone = match pair {
        (Status::High, _) => Some(("anal hypertension", Weight::Minor)),
        (Status::Low, Status::Low) => {
            Some(("combined anal hypotension and hypocontractility", Weight::Major))
        }
        (Status::Low, Status::Normal) => {
            Some(("anal hypotension with normal contractility", Weight::Major))
        }
        (Status::Normal, Status::Low) => {
            Some(("anal normotension with hypocontractility", Weight::Major))
        }
        (Status::Normal, Status::Normal) => {
            Some(("normal anal tone and contractility", Weight::None))
        }
        _ => None,
    };
    let rao = most(pushes);
    if tone.is_none() && pushes.is_empty() {
        return None;
    }
    Some(London { tone, coordination: coordination(pushes, rao, expulsion), rao })
}

/// The type that most of the pushes had, if at least two, and two of three, had any.
fn most(pushes: &[Push]) -> Option<Rao> {
    let typed = pushes.iter().filter_map(|one| one.rao).count();
    if typed < 2 || (typed as f64) < PATTERN_SHARE * pushes.len() as f64 {
        return None;
    }
    let count = |rao: Rao| pushes.iter().filter(|one| one.rao == Some(rao)).count();
    // The first of equals: the one that needs most, a rise, is named before the ones that do not.
    let mut best = None;
    for rao in Rao::ALL.iter().copied().filter(|rao| count(*rao) > 0) {
        if best.is_none_or(|best| count(rao) > count(best)) {
            best = Some(rao);
        }
    }
    best
}

fn coordination(
    pushes: &[Push],
    rao: Option<Rao>,
    expulsion: Option<Expulsion>,
) -> Option<(&'static str, Weight)> {
    if pushes.is_empty() {
        return None;
    }
    let poor = pushes.iter().filter(|one| !one.adequate).count();
    let poor = match rao {
        Some(rao) => rao.is_poor_propulsion(),
        None => poor >= 2 && poor as f64 >= PATTERN_SHARE * pushes.len() as f64,
    };
    Some(match (expulsion, rao.is_some(), poor) {
        (None, false, false) => ("normal manometric pattern", Weight::None),
        (None, ..) => ("inconclusive without balloon expulsion", Weight::Inconclusive),
        (Some(Expulsion::Abnormal), true, true) => {
            ("abnormal expulsion with poor propulsion and dyssynergia", Weight::Minor)
        }
        (Some(Expulsion::Abnormal), true, false) => {
            ("abnormal expulsion with dyssynergia", Weight::Minor)
        }
        (Some(Expulsion::Abnormal), false, true) => {
            ("abnormal expulsion with poor propulsion", Weight::Minor)
        }
        (Some(Expulsion::Abnormal), false, false) => {
            ("abnormal expulsion with normal manometric pattern", Weight::Minor)
        }
        (Some(Expulsion::Normal), false, false) => ("normal manometric pattern", Weight::None),
        (Some(Expulsion::Normal), ..) => (
            "abnormal manometric pattern of rectoanal coordination with normal expulsion",
            Weight::Minor,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn push(adequate: bool, rao: Option<Rao>) -> Push {
        Push { adequate, rao }
    }

    #[test]
    fn one_push_of_three_is_no_pattern() {
        assert_eq!(most(&[push(true, Some(Rao::I)), push(true, None), push(true, None)]), None);
        let two =
            [push(true, Some(Rao::I)), push(true, Some(Rao::III)), push(true, Some(Rao::III))];
        assert_eq!(most(&two), Some(Rao::III));
        assert_eq!(most(&[push(false, Some(Rao::IV))]), None);
    }

    #[test]
    fn coordination_is_inconclusive_without_a_balloon() {
        let two = [push(false, Some(Rao::IV)); 2];
        let label = |expulsion| coordination(&two, most(&two), expulsion).map(|(text, _)| text);
        assert_eq!(label(None), Some("inconclusive without balloon expulsion"));
        assert_eq!(
            label(Some(Expulsion::Abnormal)),
            Some("abnormal expulsion with poor propulsion and dyssynergia")
        );
        assert_eq!(
            label(Some(Expulsion::Normal)),
            Some("abnormal manometric pattern of rectoanal coordination with normal expulsion")
        );
        assert_eq!(coordination(&[], None, None), None);
    }
}
