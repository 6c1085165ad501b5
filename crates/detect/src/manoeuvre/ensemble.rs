//! All channels that have a role, asked together.

use levator_signal::Span;

use super::{
    Answer, CROSSTALK, Change, Doubt, Follower, Manoeuvre, PASSED_ON, Role, passed_on, tell,
};

/// Most channels with a role.
pub const MAX_ROLES: usize = 8;

/// An answer is clear, and taught from, when the muscle that should be idle shows no more than this part of
/// what the rule allows it. Our choice.
const CLEAR: f64 = 0.5;

/// Followers of several channels, which learn from clear events how much is much.
///
/// In µV or cmH2O nobody knows how strong a muscle under an electrode is. An event that is clear without
/// any scale gives one: a clear squeeze shows the pelvic floor's largest, a clear push the abdomen's and how
/// much of its pressure arrives in the zone of the pelvic floor. What comes later is told with both.
#[derive(Clone, Debug, Default)]
pub struct Ensemble {
    followers: Vec<Follower>,
}

impl Ensemble {
    /// Follows these channels; more than [`MAX_ROLES`] are left out. The only call that allocates.
    #[must_use]
    pub fn new(followers: impl IntoIterator<Item = Follower>) -> Self {
        Self { followers: followers.into_iter().take(MAX_ROLES).collect() }
    }

    /// The channels, in the order in which they were given.
    #[must_use]
    pub fn followers(&self) -> &[Follower] {
        &self.followers
    }

    /// The same, to be fed.
    pub fn followers_mut(&mut self) -> &mut [Follower] {
        &mut self.followers
    }

    /// Tells what was done in an event that is over; `span` gives it in the samples of each follower.
    pub fn tell(&mut self, span: impl Fn(usize) -> Span) -> Answer {
        let mut changes = [NOTHING; MAX_ROLES];
        let mut count = 0;
        for (index, follower) in self.followers.iter().enumerate() {
            if let Some(change) = follower.change(span(index)) {
                changes[count] = change;
                count += 1;
            }
        }
        if count == 0 {
            return Answer::CannotTell(Doubt::TooLittle);
        }
        let changes = &changes[..count];
        let answer = tell(changes);
        self.learn(&answer, changes, span);
        answer
    }

    fn learn(&mut self, answer: &Answer, changes: &[Change], span: impl Fn(usize) -> Span) {
        let Answer::Told { manoeuvre, basis, .. } = *answer else { return };
        let of = |role: Role| changes.iter().find(|change| change.role == role);
        let Some((pelvic, other)) = of(basis.pelvic).zip(of(basis.other)) else { return };
        let (p, o) = (pelvic.net(), other.net());
        let pressure =
            basis.other == Role::AbdominalPressure && basis.pelvic == Role::PelvicPressure;
        let clear = match manoeuvre {
            Manoeuvre::Squeeze => o <= CLEAR * CROSSTALK * p,
            // Pressure arrives in the pelvic zone in every push; the floor's own part is what is left.
            Manoeuvre::Push if pressure => (p - o).abs() <= CLEAR * PASSED_ON * o,
            Manoeuvre::Push => p <= CLEAR * CROSSTALK * o,
            Manoeuvre::Both => false,
        };
        if !clear {
            return;
        }
        let part =
            (manoeuvre == Manoeuvre::Push && pressure).then(|| passed_on(pelvic, other)).flatten();
        for (index, follower) in self.followers.iter_mut().enumerate() {
            let taught = match manoeuvre {
                Manoeuvre::Squeeze => follower.role() == basis.pelvic,
                _ => follower.role() == basis.other && basis.other.is_abdominal(),
            };
            if taught {
                follower.learn_largest(span(index));
                if let Some(part) = part {
                    follower.learn_passed_on(part);
                }
            }
        }
    }
}

const NOTHING: Change = Change {
    role: Role::PelvicEmg,
    before: 0.0,
    during: 0.0,
    spread: 0.0,
    largest: None,
    passed_on: None,
};
