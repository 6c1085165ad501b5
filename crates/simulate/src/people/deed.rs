//! One contraction, push or cough, from onset to the last of its release.

/// Something a person does.
///
/// ```text
///              full    release
/// EMG            .------.           slow decay of the plateau
///               /        \
/// pressure     /  `-.___  \__       falls from its peak to a plateau within seconds
/// rest   _____/              `----  exponential release
///          onset
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Deed {
    pub(crate) onset_s: f64,
    pub(crate) release_s: f64,
    pub(crate) rise_s: f64,
    pub(crate) pressure_rise_s: f64,
    pub(crate) tail_s: f64,
    /// Proportion lost in a second.
    pub(crate) decay_per_s: f64,
    /// Plateau of pressure over its peak.
    pub(crate) pressure_hold_ratio: f64,
    /// What it adds to the level at rest at its top: EMG of pelvic floor and abdomen, pressures of
    /// pelvic floor and abdomen.
    pub(crate) added: [f64; 4],
}

/// Time constant with which pressure falls from its peak to its plateau, in seconds. Our choice.
pub(crate) const SETTLE_S: f64 = 2.0;

impl Deed {
    pub(crate) fn full_s(&self) -> f64 {
        (self.onset_s + self.rise_s).min(self.release_s)
    }

    pub(crate) fn offset_s(&self) -> f64 {
        self.release_s + 3.0 * self.tail_s
    }

    /// After this moment nothing is left that a double would show.
    pub(crate) fn over_s(&self) -> f64 {
        self.release_s + 40.0 * self.tail_s
    }

    /// Activation of each channel at a moment, as a proportion of what is added at the top.
    pub(crate) fn activation(&self, time_s: f64) -> [f64; 4] {
        if time_s < self.onset_s || time_s > self.over_s() {
            return [0.0; 4];
        }
        let active_s = time_s.min(self.release_s) - self.onset_s;
        let left = match time_s > self.release_s {
            true => libm::exp((self.release_s - time_s) / self.tail_s),
            false => 1.0,
        };
        let emg_up = smooth(active_s / self.rise_s);
        let pressure_up = smooth(active_s / self.pressure_rise_s);
        let held_s = (active_s - self.rise_s).max(0.0);
        let pressed_s = (active_s - self.pressure_rise_s).max(0.0);
        let decay = libm::exp(-self.decay_per_s * held_s);
        let ratio = self.pressure_hold_ratio;
        let sag = match ratio < 1.0 {
            true => ratio + (1.0 - ratio) * libm::exp(-pressed_s / SETTLE_S),
            false => 1.0,
        };
        // What is published of pressure is the area of the first ten seconds, and that has it all in.
        let slow = libm::exp(-self.decay_per_s * (active_s - 10.0).max(0.0));
        [left * emg_up * decay, left * emg_up, left * pressure_up * sag * slow, left * pressure_up]
    }

    /// Top and mean from full level to release of each channel, as a proportion of what is added.
    pub(crate) fn top_and_plateau(&self) -> ([f64; 4], [f64; 4]) {
        const STEPS: u32 = 200;
        let (mut top, mut sum) = ([0.0_f64; 4], [0.0; 4]);
        let from_s = self.full_s();
        for step in 0..STEPS {
            // The whole for the top, the plateau for the mean: middles of equal parts.
            let share = (f64::from(step) + 0.5) / f64::from(STEPS);
            let whole = self.activation(self.onset_s + share * (self.release_s - self.onset_s));
            let plateau = self.activation(from_s + share * (self.release_s - from_s));
            for channel in 0..4 {
                top[channel] = top[channel].max(whole[channel]);
                sum[channel] += plateau[channel];
            }
        }
        (top, sum.map(|sum| sum / f64::from(STEPS)))
    }
}

/// From 0 to 1 without an edge.
fn smooth(share: f64) -> f64 {
    let share = share.clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

/// Plateau over peak such that a hold's area over its first ten seconds is `area_s` times its peak.
pub(crate) fn hold_ratio(area_s: f64, rise_s: f64) -> f64 {
    let held_s = 10.0 - rise_s;
    let settled_s = SETTLE_S * (1.0 - libm::exp(-held_s / SETTLE_S));
    ((area_s - 0.5 * rise_s - settled_s) / (held_s - settled_s)).clamp(0.05, 1.0)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "nothing is zero exactly")]
mod tests {
    use super::*;

    fn hold() -> Deed {
        Deed {
            onset_s: 1.0,
            release_s: 11.0,
            rise_s: 0.5,
            pressure_rise_s: 1.0,
            tail_s: 0.3,
            decay_per_s: 0.0,
            pressure_hold_ratio: hold_ratio(6.6, 1.0),
            added: [1.0; 4],
        }
    }

    #[test]
    fn the_area_under_ten_seconds_is_the_one_asked_for() {
        let deed = hold();
        let area: f64 =
            (0..10_000).map(|i| deed.activation(1.0 + f64::from(i) / 1000.0)[2] / 1000.0).sum();
        assert!((area - 6.6).abs() < 0.01, "{area}");
    }

    #[test]
    fn nothing_is_there_before_onset_and_a_twentieth_at_the_offset() {
        let deed = hold();
        assert_eq!(deed.activation(0.999), [0.0; 4]);
        let at_offset = deed.activation(deed.offset_s())[0];
        assert!((at_offset - 0.0498).abs() < 0.001, "{at_offset}");
        assert_eq!(deed.activation(deed.over_s() + 0.1), [0.0; 4]);
    }

    #[test]
    fn the_top_of_a_decaying_hold_is_above_its_mean() {
        let deed = Deed { decay_per_s: 0.05, ..hold() };
        let (top, plateau) = deed.top_and_plateau();
        assert!(top[0] > 0.98 && plateau[0] < 0.85, "{top:?} {plateau:?}");
    }
}
