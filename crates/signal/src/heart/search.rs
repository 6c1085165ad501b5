//! Looks for a waveform that comes again and again at the pace of a heart.

use super::coarse::Coarse;
use super::floor::Floor;
use super::{LONGEST_INTERVAL_S, SHORTEST_INTERVAL_S};

/// Longest coarse template, in coarse samples: [`AROUND_S`] to both sides at 500 Hz.
pub(super) const MAX_TEMPLATE: usize = 61;

/// What of a beat is compared, to both sides of the middle of its energy, in seconds.
const AROUND_S: f64 = 0.06;

/// How far two events may be shifted to fit, in seconds.
const SHIFT_S: f64 = 0.024;

/// Window whose energy is largest in the middle of an event, in seconds.
const ENERGY_S: f64 = 0.05;

/// An event is this much above the power at rest.
const EVENT_LEVEL: f64 = 2.5;

/// Least power of an event: a signal without any noise has none at rest.
const LEAST_POWER: f64 = 1e-200;

/// Least correlation of an event with the mean of those before it.
const LEAST_CORRELATION: f64 = 0.75;

/// Least events of a chain that is worth learning from.
const CHAIN_LEN: u32 = 4;

/// Least [`evidence`] of such a chain.
const CHAIN_EVIDENCE: f64 = 6.0;

/// Largest change from one interval to the next.
pub(super) const INTERVAL_CHANGE: f64 = 0.25;

/// Largest ratio of the energies of two beats.
const ENERGY_RATIO: f64 = 4.0;

/// Events that are remembered.
const EVENTS: usize = 16;

/// A waveform on the coarse grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct CoarseTemplate {
    values: [f64; MAX_TEMPLATE],
    /// Values before the middle, and after it.
    pub(super) around: usize,
}

impl CoarseTemplate {
    pub(super) const EMPTY: Self = Self { values: [0.0; MAX_TEMPLATE], around: 0 };

    pub(super) fn values(&self) -> &[f64] {
        &self.values[..2 * self.around + 1]
    }

    pub(super) fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values[..2 * self.around + 1]
    }

    pub(super) fn energy(&self) -> f64 {
        self.values().iter().map(|value| value * value).sum()
    }
}

/// Something that stood out, and the longest chain of like ones that it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    /// Middle of the last event, on the coarse grid.
    pub(super) at: i64,
    /// Events in the chain.
    pub(super) len: u32,
    /// Sum of the evidence that its events are alike.
    pub(super) evidence: f64,
    /// The last interval, in coarse samples; zero for a single event.
    pub(super) interval: f64,
    /// Mean of the events.
    pub(super) mean: CoarseTemplate,
}

/// Events that stand out from rest, and which of them are alike.
#[derive(Clone, Debug)]
pub(super) struct Search {
    chains: Box<[Chain]>,
    next: usize,
    floor: Floor,
    /// Power of the last [`ENERGY_S`] or so, forgetting.
    power: f64,
    forgetting: f64,
    /// The smallest power since the last event.
    low: f64,
    /// The largest power since the signal rose, and where; `None` while it has not.
    top: Option<(f64, u64)>,
    hold: u64,
}

const NO_CHAIN: Chain =
    Chain { at: i64::MIN / 2, len: 0, evidence: 0.0, interval: 0.0, mean: CoarseTemplate::EMPTY };

impl Search {
    pub(super) fn new() -> Self {
        Self {
            chains: vec![NO_CHAIN; EVENTS].into_boxed_slice(),
            next: 0,
            floor: Floor::new(1),
            power: 0.0,
            forgetting: 0.0,
            low: f64::INFINITY,
            top: None,
            hold: 0,
        }
    }

    pub(super) fn start(&mut self, coarse: &Coarse) {
        self.forgetting = 1.0 / (0.5 * ENERGY_S * coarse.hz()).max(1.0);
        self.floor = Floor::new(coarse.len_of(0.1));
        self.power = 0.0;
        self.hold = coarse.len_of(2.0 * AROUND_S) as u64;
        self.forget();
    }

    /// Drops all events; what is rest stays known.
    pub(super) fn forget(&mut self) {
        self.chains.fill(NO_CHAIN);
        self.next = 0;
        self.low = f64::INFINITY;
        self.top = None;
    }

    /// Takes the newest coarse value for what it says of the rest.
    pub(super) fn rest(&mut self, value: f64) {
        self.floor.take(value * value, 1);
    }

    /// Power of the coarse signal at rest.
    pub(super) const fn rest_power(&self) -> f64 {
        self.floor.power()
    }

    /// Looks at the newest coarse value; a chain that has become long enough.
    pub(super) fn step(&mut self, value: f64, coarse: &Coarse) -> Option<Chain> {
        let square = value * value;
        self.power += self.forgetting * (square - self.power);
        let now = coarse.count();
        match &mut self.top {
            None => {
                self.low = self.low.min(self.power);
                // What rings down has a shape that repeats, after every contraction: an event
                // rises.
                let least = EVENT_LEVEL * self.floor.power().max(self.low);
                if self.power > least.max(LEAST_POWER) {
                    self.top = Some((self.power, now));
                }
                None
            }
            Some((power, at)) => {
                if self.power > *power {
                    (*power, *at) = (self.power, now);
                    None
                } else if now - *at < self.hold {
                    None
                } else {
                    let middle = at.cast_signed() - 1 - (0.25 * ENERGY_S * coarse.hz()) as i64;
                    self.top = None;
                    self.low = self.power;
                    self.event(middle, coarse)
                }
            }
        }
    }

    fn event(&mut self, near: i64, coarse: &Coarse) -> Option<Chain> {
        let reach = coarse.len_of(0.8 * ENERGY_S).cast_signed() as i64;
        let window = coarse.len_of(ENERGY_S) | 1;
        let half = window.cast_signed() as i64 / 2;
        let mut middle = near;
        let mut largest = 0.0;
        for place in near - reach..=near + reach {
            let energy = coarse.energy(place - half, window);
            if energy >= largest {
                (middle, largest) = (place, energy);
            }
        }
        let around = coarse.len_of(AROUND_S).min(MAX_TEMPLATE / 2);
        let shift = coarse.len_of(SHIFT_S).cast_signed() as i64;
        let shortest = SHORTEST_INTERVAL_S * coarse.hz();
        let longest = LONGEST_INTERVAL_S * coarse.hz();
        let mut best = Chain { at: middle, len: 1, ..NO_CHAIN };
        let mut best_correlation = 0.0;
        for chain in &self.chains {
            let distance = (middle - chain.at) as f64;
            if chain.len == 0 || distance < shortest || distance > longest {
                continue;
            }
            let (at, correlation, ratio) = fit(&chain.mean, middle, shift, coarse);
            let interval = (at - chain.at) as f64;
            let is_steady = chain.len == 1
                || (interval - chain.interval).abs() <= INTERVAL_CHANGE * chain.interval;
            let is_alike = correlation >= LEAST_CORRELATION
                && (1.0 / ENERGY_RATIO..=ENERGY_RATIO).contains(&ratio);
            let len = chain.len + 1;
            let is_better = len > best.len || (len == best.len && correlation > best_correlation);
            if is_steady && is_alike && is_better {
                best_correlation = correlation;
                let evidence = chain.evidence + evidence(correlation);
                best = Chain { at, len, evidence, interval, mean: chain.mean };
            }
        }
        let weight = 1.0 / f64::from(best.len);
        best.mean.around = around;
        let first = best.at - around.cast_signed() as i64;
        for (place, value) in (first..).zip(best.mean.values_mut()) {
            *value += weight * (coarse.at(place) - *value);
        }
        self.chains[self.next] = best;
        self.next = (self.next + 1) % EVENTS;
        (best.len >= CHAIN_LEN && best.evidence >= CHAIN_EVIDENCE).then_some(best)
    }
}

/// Where near `middle` the signal is most like the template, the correlation there, and the ratio
/// of the energies.
fn fit(mean: &CoarseTemplate, middle: i64, shift: i64, coarse: &Coarse) -> (i64, f64, f64) {
    let own = mean.energy();
    let mut best = (middle, 0.0, 0.0);
    for at in middle - shift..=middle + shift {
        let (product, energy) =
            coarse.product(at - mean.around.cast_signed() as i64, mean.values());
        let scale = (own * energy).sqrt();
        if scale > 0.0 && product / scale > best.1 {
            best = (at, product / scale, energy / own);
        }
    }
    best
}

/// How much a correlation speaks against chance.
///
/// The chance that noise is at least as like a template as `correlation` falls with `(1 -
/// correlation²)` to a power that is given by the number of independent values: the logarithms add
/// up over beats.
pub(super) fn evidence(correlation: f64) -> f64 {
    -libm::log((1.0 - correlation * correlation).max(1e-3))
}
