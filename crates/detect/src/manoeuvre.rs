//! Squeeze, push, both, or not to be told: what several channels say together about one event.
//!
//! One channel cannot tell a squeeze of the pelvic floor from bearing down: a quarter of women do the
//! one when asked for the other (Bump 1991), and pressure rises in both. A second channel can, if it
//! lies on the abdomen:
//!
//! - *EMG of the pelvic floor and of the abdomen.* Each electrode also hears the other muscle, so the
//!   weaker of the two counts only beyond what crosstalk explains.
//! - *Pressure in the zone of the pelvic floor and in the abdomen* (deep in the vagina, in the rectum).
//!   Abdominal pressure is passed on to every sensor, so the pelvic floor's own part is the difference.
//! - *EMG and pressure of the pelvic floor.* Pressure that rises while the muscle is silent is a push.
//!
//! ```
//! use levator_detect::manoeuvre::{Answer, Change, Manoeuvre, Role, tell};
//!
//! let pelvic = Change { role: Role::PelvicPressure, before: 30.0, during: 52.0, spread: 0.5, largest: None, passed_on: None };
//! let abdomen = Change { role: Role::AbdominalPressure, before: 12.0, during: 33.0, spread: 0.5, largest: None, passed_on: None };
//! assert!(matches!(tell(&[pelvic, abdomen]), Answer::Told { manoeuvre: Manoeuvre::Push, .. }));
//! assert!(matches!(tell(&[pelvic]), Answer::CannotTell(_)));
//! ```

mod ensemble;
mod follower;
mod zones;

pub use ensemble::{Ensemble, MAX_ROLES};
pub use follower::Follower;
pub use zones::{NoZones, Zones, find_zones};

/// Where a channel lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// EMG of the pelvic floor: vaginal, anal or perianal.
    PelvicEmg,
    /// EMG of a muscle that should be quiet in a squeeze: the lower abdomen (obliques).
    AbdominalEmg,
    /// Pressure in the zone of the pelvic floor: mid-vaginal, anal canal.
    PelvicPressure,
    /// Pressure of the abdomen: deep in the vagina, in the rectum or the bladder.
    AbdominalPressure,
}

impl Role {
    /// Every role with its [`Self::name`].
    pub const NAMES: [(Self, &'static str); 4] = [
        (Self::PelvicEmg, Self::PelvicEmg.name()),
        (Self::AbdominalEmg, Self::AbdominalEmg.name()),
        (Self::PelvicPressure, Self::PelvicPressure.name()),
        (Self::AbdominalPressure, Self::AbdominalPressure.name()),
    ];

    /// The name on the command line and in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PelvicEmg => "pelvic-emg",
            Self::AbdominalEmg => "abdominal-emg",
            Self::PelvicPressure => "pelvic-pressure",
            Self::AbdominalPressure => "abdominal-pressure",
        }
    }

    const fn is_abdominal(self) -> bool {
        matches!(self, Self::AbdominalEmg | Self::AbdominalPressure)
    }

    const fn is_emg(self) -> bool {
        matches!(self, Self::PelvicEmg | Self::AbdominalEmg)
    }
}

/// What one channel did in an event: [`Follower::change`] makes them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Where the channel lies.
    pub role: Role,
    /// Level in the seconds before the event, in the unit of the channel (EMG: root mean square).
    pub before: f64,
    /// Level in the middle half of the event.
    pub during: f64,
    /// How much the level before moved from one tenth of a second to the next.
    pub spread: f64,
    /// The largest net level that this person has ever made on this channel on purpose (squeeze for a
    /// pelvic one, cough or push for an abdominal one), where it is known.
    pub largest: Option<f64>,
    /// For [`Role::AbdominalPressure`]: the part of it that arrives in the zone of the pelvic floor, where
    /// a push has shown it ([`passed_on`]).
    pub passed_on: Option<f64>,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Manoeuvre {
    /// The pelvic floor contracted and the abdomen did not, beyond what goes along with it.
    Squeeze,
    /// The abdomen pressed and the pelvic floor did not contract: bearing down, straining, a cough.
    Push,
    /// Both at once: a squeeze with straining, or a push against a floor that does not let go.
    Both,
}

impl Manoeuvre {
    /// One word for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Squeeze => "squeeze",
            Self::Push => "push",
            Self::Both => "both",
        }
    }
}

/// What the channels say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// It can be told.
    Told {
        /// What was done.
        manoeuvre: Manoeuvre,
        /// The two channels that tell it.
        basis: Basis,
        /// The pelvic floor's own part: net level, in the unit of its channel or, if
        /// [`Basis::normalised`], as a proportion of the largest. For pressure, always in its unit, and
        /// what is left after the abdomen's part.
        pelvic: f64,
        /// The abdomen's part, likewise; zero for [`Role::PelvicPressure`] as second channel.
        abdominal: f64,
    },
    /// It cannot be told.
    CannotTell(Doubt),
}

/// The evidence of an [`Answer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The channel of the pelvic floor.
    pub pelvic: Role,
    /// The channel it was compared with.
    pub other: Role,
    /// Whether earlier trials gave the scale: both divided by the largest ever made; for pressure, how
    /// much of the abdomen's is passed on.
    pub normalised: bool,
}

/// Why it cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// One channel alone shows that something was done, not what.
    OneChannel,
    /// No channel moved beyond what it does at rest.
    NothingMoved,
    /// Both channels moved, but their units have no common scale and the largest is not known; or one
    /// moved, and it cannot be said of the other.
    NoScale,
    /// EMG tells one thing and pressure another.
    Conflict,
    /// There was too little signal before or during the event, or it was unusable.
    TooLittle,
}

impl Doubt {
    /// A few words for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneChannel => "one channel alone cannot tell a squeeze from a push",
            Self::NothingMoved => "no channel moved beyond its rest",
            Self::NoScale => "both moved, and nothing says how much is much",
            Self::Conflict => "EMG and pressure tell different things",
            Self::TooLittle => "too little usable signal",
        }
    }
}

/// A level has moved when it lies this many spreads from where it was. Our choice: three, and the level
/// is a mean over several steps, so that one event in a thousand at rest does.
const SPREADS: f64 = 3.0;

/// EMG has risen when it is this multiple of its rest. Our choice: 2 dB, below the detector's own
/// threshold of 2.8 dB, so that what it found counts as risen.
const EMG_RISE: f64 = 1.26;

/// Part of one EMG that the other electrode hears. Our choice: up to 16.6 % of the peak-to-peak amplitude
/// of a neighbouring muscle may be crosstalk (De Luca and Merletti 1988, abstract; leg muscles); twice
/// that leaves room for the co-contraction of the deep abdominal muscle, which is normal (Vesentini
/// 2019).
const CROSSTALK: f64 = 0.33;

/// The same where the largest of both is known and co-contraction is judged by it: crosstalk alone, with
/// a fifth to spare. Our choice.
const OVERHEARD: f64 = 0.2;

/// Beyond this part of its largest the abdomen strains, below [`IDLE`] the pelvic floor is idle: the
/// bearing-down sign of our clinical rule.
const STRAINING: f64 = 0.5;
/// See [`STRAINING`].
const IDLE: f64 = 0.2;

/// Abdominal pressure below this part of the pelvic floor's own goes along with every squeeze; and a
/// difference below this part of the abdominal pressure is how unevenly pressure is passed on. Our
/// choice.
const PASSED_ON: f64 = 0.35;

/// The difference likewise, where a push has shown how pressure is passed on. Our choice.
const PASSED_ON_KNOWN: f64 = 0.12;

/// How much of the abdominal pressure arrives in the zone of the pelvic floor, from what both channels did
/// in a push; none if the abdomen did not press.
///
/// A floor that lets go in the push makes it a little too small. Kept within 0.5 and 1.3: beyond that, it
/// was no plain push.
#[must_use]
pub fn passed_on(pelvic: &Change, abdominal: &Change) -> Option<f64> {
    let ratio = pelvic.net() / abdominal.net();
    (abdominal.has_risen() && ratio.is_finite()).then(|| ratio.clamp(0.5, 1.3))
}

/// Tells what was done, from one change of each channel.
///
/// Where there are several channels of one role, the first counts. EMG and pressure are judged apart, and
/// must not contradict each other.
#[must_use]
pub fn tell(changes: &[Change]) -> Answer {
    if changes.iter().any(|c| !(c.before.is_finite() && c.during.is_finite() && c.spread >= 0.0)) {
        return Answer::CannotTell(Doubt::TooLittle);
    }
    let find = |role| changes.iter().find(|change| change.role == role);
    let pelvic_emg = find(Role::PelvicEmg);
    let abdominal_emg = find(Role::AbdominalEmg);
    let pelvic_pressure = find(Role::PelvicPressure);
    let abdominal_pressure = find(Role::AbdominalPressure);

    let emg = pelvic_emg.zip(abdominal_emg).map(|(pelvic, other)| tell_emg(pelvic, other));
    let pressure =
        pelvic_pressure.zip(abdominal_pressure).map(|(pelvic, other)| tell_pressure(pelvic, other));
    match (emg, pressure) {
        (Some(emg), Some(pressure)) => reconcile(emg, pressure),
        (Some(answer), None) | (None, Some(answer)) => answer,
        (None, None) => {
            if let Some((pelvic, pressure)) = pelvic_emg.zip(pelvic_pressure) {
                tell_floor(pelvic, pressure)
            } else if let Some((pelvic, other)) =
                pelvic_emg.or(pelvic_pressure).zip(abdominal_emg.or(abdominal_pressure))
            {
                tell_unlike(pelvic, other)
            } else {
                Answer::CannotTell(if changes.is_empty() {
                    Doubt::TooLittle
                } else {
                    Doubt::OneChannel
                })
            }
        }
    }
}

/// Two answers that do not contradict each other are one: that of the EMG, whose channels hear the
/// muscles themselves.
///
/// EMG that says both, and knows of no scale, only says that the abdomen's electrode heard something. If its
/// pressure did not rise, nobody strained.
fn reconcile(emg: Answer, pressure: Answer) -> Answer {
    match (emg, pressure) {
        (
            Answer::Told {
                manoeuvre: Manoeuvre::Both, basis: Basis { normalised: false, .. }, ..
            },
            Answer::Told { manoeuvre: Manoeuvre::Squeeze, .. },
        ) => pressure,
        (Answer::Told { manoeuvre: one, .. }, Answer::Told { manoeuvre: other, .. }) => {
            if one == other { emg } else { Answer::CannotTell(Doubt::Conflict) }
        }
        (Answer::Told { .. }, Answer::CannotTell(_)) => emg,
        (Answer::CannotTell(_), _) => pressure,
    }
}

fn tell_emg(pelvic: &Change, abdominal: &Change) -> Answer {
    let (p, a) = (pelvic.net(), abdominal.net());
    let scale = pelvic.largest().zip(abdominal.largest());
    let basis = Basis { pelvic: pelvic.role, other: abdominal.role, normalised: scale.is_some() };
    let manoeuvre = match (pelvic.has_risen(), abdominal.has_risen()) {
        (false, false) => return Answer::CannotTell(Doubt::NothingMoved),
        (true, false) => Manoeuvre::Squeeze,
        (false, true) if pelvic.may_have_risen() => return Answer::CannotTell(Doubt::NoScale),
        (false, true) => Manoeuvre::Push,
        (true, true) => match scale {
            Some((largest_p, largest_a)) => {
                // What the other muscle's crosstalk explains is not the muscle's own.
                let own = |net: f64, other: f64| if net > OVERHEARD * other { net } else { 0.0 };
                by_proportion(own(p, a) / largest_p, own(a, p) / largest_a)
            }
            None if a <= CROSSTALK * p => Manoeuvre::Squeeze,
            None if p <= CROSSTALK * a => Manoeuvre::Push,
            None => Manoeuvre::Both,
        },
    };
    let (largest_p, largest_a) = scale.unwrap_or((1.0, 1.0));
    Answer::Told { manoeuvre, basis, pelvic: p / largest_p, abdominal: a / largest_a }
}

/// Both as proportions of the largest.
fn by_proportion(pelvic: f64, abdominal: f64) -> Manoeuvre {
    let strains = abdominal >= STRAINING || (pelvic < IDLE && abdominal >= IDLE);
    match (strains, pelvic >= IDLE) {
        (true, true) => Manoeuvre::Both,
        (true, false) => Manoeuvre::Push,
        (false, _) => Manoeuvre::Squeeze,
    }
}

fn tell_pressure(pelvic: &Change, abdominal: &Change) -> Answer {
    let strain = abdominal.net();
    let known = abdominal.passed_on.filter(|part| part.is_finite());
    // What the abdomen passes on to the zone of the pelvic floor is not the pelvic floor's.
    let own = pelvic.net() - known.unwrap_or(1.0) * strain;
    let own_spread = libm::hypot(pelvic.spread, abdominal.spread);
    let uneven = if known.is_some() { PASSED_ON_KNOWN } else { PASSED_ON };
    let contracts = own > SPREADS * own_spread && own > uneven * strain;
    let strains = abdominal.largest().is_none_or(|largest| strain >= IDLE * largest);
    let presses = abdominal.has_risen() && (!contracts || (strains && strain > PASSED_ON * own));
    let manoeuvre = match (contracts, presses) {
        (false, false) => return Answer::CannotTell(Doubt::NothingMoved),
        (true, false) => Manoeuvre::Squeeze,
        (false, true) => Manoeuvre::Push,
        (true, true) => Manoeuvre::Both,
    };
    let basis = Basis { pelvic: pelvic.role, other: abdominal.role, normalised: known.is_some() };
    Answer::Told { manoeuvre, basis, pelvic: own, abdominal: strain.max(0.0) }
}

/// EMG and pressure of the pelvic floor: pressure without muscle came from above.
fn tell_floor(emg: &Change, pressure: &Change) -> Answer {
    let manoeuvre = match (emg.has_risen(), pressure.has_risen()) {
        (true, true) => Manoeuvre::Squeeze,
        (false, true) if emg.may_have_risen() => return Answer::CannotTell(Doubt::NoScale),
        (false, true) => Manoeuvre::Push,
        (true, false) => return Answer::CannotTell(Doubt::Conflict),
        (false, false) => return Answer::CannotTell(Doubt::NothingMoved),
    };
    let basis = Basis { pelvic: emg.role, other: pressure.role, normalised: false };
    Answer::Told { manoeuvre, basis, pelvic: emg.net(), abdominal: 0.0 }
}

/// EMG of one muscle and pressure of the other.
fn tell_unlike(pelvic: &Change, abdominal: &Change) -> Answer {
    let scale = pelvic.largest().zip(abdominal.largest());
    let manoeuvre = match (pelvic.has_risen(), abdominal.has_risen()) {
        (false, false) => return Answer::CannotTell(Doubt::NothingMoved),
        (true, false) => Manoeuvre::Squeeze,
        // Pressure of the pelvic floor that does not rise with the abdomen's: it lets go.
        (false, true) => Manoeuvre::Push,
        (true, true) => match scale {
            Some((p, a)) => by_proportion(pelvic.net() / p, abdominal.net() / a),
            None => return Answer::CannotTell(Doubt::NoScale),
        },
    };
    let basis = Basis { pelvic: pelvic.role, other: abdominal.role, normalised: scale.is_some() };
    let (p, a) = scale.unwrap_or((1.0, 1.0));
    Answer::Told { manoeuvre, basis, pelvic: pelvic.net() / p, abdominal: abdominal.net() / a }
}

impl Change {
    /// What the event added, in the unit of the channel. EMG of independent muscles adds in power, so
    /// the difference is taken there; a fall is negative.
    #[must_use]
    pub fn net(&self) -> f64 {
        if self.role.is_emg() {
            let power = self.during * self.during - self.before * self.before;
            libm::copysign(libm::sqrt(libm::fabs(power)), power)
        } else {
            self.during - self.before
        }
    }

    /// Whether the level rose beyond what it does at rest.
    #[must_use]
    pub fn has_risen(&self) -> bool {
        let clear = self.during > self.before + SPREADS * self.spread;
        clear && (!self.role.is_emg() || self.during >= EMG_RISE * self.before)
    }

    /// Whether EMG rose, but no more than a restless level does at times: it cannot be said that the muscle
    /// was idle.
    fn may_have_risen(&self) -> bool {
        self.role.is_emg() && self.during >= EMG_RISE * self.before
    }

    fn largest(&self) -> Option<f64> {
        self.largest.filter(|largest| largest.is_finite() && *largest > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(role: Role, before: f64, during: f64) -> Change {
        Change { role, before, during, spread: 0.05 * before, largest: None, passed_on: None }
    }

    fn emg(pelvic: (f64, f64), abdominal: (f64, f64)) -> Answer {
        tell(&[
            change(Role::PelvicEmg, pelvic.0, pelvic.1),
            change(Role::AbdominalEmg, abdominal.0, abdominal.1),
        ])
    }

    fn told(answer: Answer) -> Option<Manoeuvre> {
        match answer {
            Answer::Told { manoeuvre, .. } => Some(manoeuvre),
            Answer::CannotTell(_) => None,
        }
    }

    #[test]
    fn crosstalk_is_neither_a_push_nor_a_squeeze() {
        assert_eq!(told(emg((4.0, 40.0), (3.0, 9.0))), Some(Manoeuvre::Squeeze));
        assert_eq!(told(emg((4.0, 9.0), (3.0, 60.0))), Some(Manoeuvre::Push));
        assert_eq!(told(emg((4.0, 30.0), (3.0, 40.0))), Some(Manoeuvre::Both));
        assert_eq!(told(emg((4.0, 3.0), (3.0, 40.0))), Some(Manoeuvre::Push));
    }

    #[test]
    fn a_known_largest_puts_small_and_large_muscles_on_one_scale() {
        let pelvic = Change { largest: Some(9.0), ..change(Role::PelvicEmg, 3.0, 9.0) };
        let abdominal = Change { largest: Some(200.0), ..change(Role::AbdominalEmg, 3.0, 12.0) };
        assert_eq!(told(tell(&[pelvic, abdominal])), Some(Manoeuvre::Squeeze));
        let unknown = Change { largest: None, ..abdominal };
        assert_eq!(told(tell(&[pelvic, unknown])), Some(Manoeuvre::Both));
        let nonsense = Change { largest: Some(f64::NAN), ..abdominal };
        assert_eq!(told(tell(&[pelvic, nonsense])), Some(Manoeuvre::Both));
    }

    #[test]
    fn abdominal_pressure_is_taken_off_the_pelvic_zone() {
        let pressure = |pelvic: (f64, f64), abdominal: (f64, f64)| {
            tell(&[
                change(Role::PelvicPressure, pelvic.0, pelvic.1),
                change(Role::AbdominalPressure, abdominal.0, abdominal.1),
            ])
        };
        assert_eq!(told(pressure((30.0, 62.0), (12.0, 16.0))), Some(Manoeuvre::Squeeze));
        assert_eq!(told(pressure((30.0, 52.0), (12.0, 36.0))), Some(Manoeuvre::Push));
        assert_eq!(told(pressure((60.0, 40.0), (10.0, 60.0))), Some(Manoeuvre::Push));
        assert_eq!(told(pressure((30.0, 80.0), (12.0, 32.0))), Some(Manoeuvre::Both));
        assert_eq!(pressure((30.0, 31.0), (12.0, 12.1)), Answer::CannotTell(Doubt::NothingMoved));
    }

    #[test]
    fn pressure_without_muscle_is_a_push() {
        let pressure = change(Role::PelvicPressure, 20.0, 45.0);
        let silent = change(Role::PelvicEmg, 4.0, 3.8);
        let active = change(Role::PelvicEmg, 4.0, 20.0);
        assert_eq!(told(tell(&[pressure, silent])), Some(Manoeuvre::Push));
        assert_eq!(told(tell(&[active, pressure])), Some(Manoeuvre::Squeeze));
        let flat = change(Role::PelvicPressure, 20.0, 20.5);
        assert_eq!(tell(&[active, flat]), Answer::CannotTell(Doubt::Conflict));
    }

    #[test]
    fn unlike_channels_need_a_scale() {
        let pelvic = change(Role::PelvicEmg, 4.0, 20.0);
        let abdominal = change(Role::AbdominalPressure, 10.0, 30.0);
        assert_eq!(tell(&[pelvic, abdominal]), Answer::CannotTell(Doubt::NoScale));
        let pelvic = Change { largest: Some(22.0), ..pelvic };
        let abdominal = Change { largest: Some(120.0), ..abdominal };
        assert_eq!(told(tell(&[pelvic, abdominal])), Some(Manoeuvre::Squeeze));
    }

    #[test]
    fn what_cannot_be_told_says_why() {
        let one = change(Role::PelvicEmg, 4.0, 20.0);
        assert_eq!(tell(&[one]), Answer::CannotTell(Doubt::OneChannel));
        assert_eq!(tell(&[]), Answer::CannotTell(Doubt::TooLittle));
        let broken = Change { during: f64::NAN, ..one };
        assert_eq!(tell(&[one, broken]), Answer::CannotTell(Doubt::TooLittle));
        // EMG says squeeze, pressure says push.
        let conflict = tell(&[
            one,
            change(Role::AbdominalEmg, 3.0, 3.0),
            change(Role::PelvicPressure, 30.0, 50.0),
            change(Role::AbdominalPressure, 10.0, 31.0),
        ]);
        assert_eq!(conflict, Answer::CannotTell(Doubt::Conflict));
    }

    #[test]
    fn gain_changes_no_answer() {
        for gain in [0.01, 1.0, 100.0] {
            let scaled =
                |role, before: f64, during: f64| change(role, gain * before, gain * during);
            let answer =
                tell(&[scaled(Role::PelvicEmg, 4.0, 30.0), scaled(Role::AbdominalEmg, 3.0, 40.0)]);
            assert_eq!(told(answer), Some(Manoeuvre::Both), "gain {gain}");
        }
    }
}
