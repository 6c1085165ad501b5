//! One visit: a programme gone through by a person, as signals with their truth.

use core::f64::consts::TAU;
use std::io::{self, Write};

use levator_programme::Programme;
use levator_signal::{SampleIndex, SampleRate};

use super::conduct::{Conduct, Disturbance};
use super::plan::{Plan, Planner};
use super::slow::Slow;
use super::spread::evenly;
use super::{ChannelPlace, Mark, Participant, VisitTruth};
use crate::noise::{EmgNoise, Heart};
use crate::rng::SeededRng;

/// Most artefacts of a kind in a minute.
const MOST_PER_MINUTE: f64 = 60.0;

/// A visit: who, what was really done, and the signals.
#[derive(Clone, Debug)]
pub struct Visit {
    person: Participant,
    seed: u64,
    plan: Plan,
    disturbance: Disturbance,
    spikes_s: Vec<f64>,
}

impl Visit {
    /// `person` as they are on that day.
    pub(super) fn new(
        person: &Participant,
        number: u64,
        programme: &Programme,
        conduct: &Conduct,
        disturbance: &Disturbance,
    ) -> Self {
        let seed = SeededRng::for_part(person.seed, (1 << 43) ^ number).bits();
        let mut plan = Planner::plan(person, conduct, seed, programme);
        let mut rng = SeededRng::for_part(seed, 1 << 44);
        plan.truth.motion_s = moments(disturbance.motion_per_minute, plan.end_s, &mut rng);
        let spikes_s = moments(disturbance.spikes_per_minute, plan.end_s, &mut rng);
        let off_s = moments(disturbance.lead_off_per_minute, plan.end_s, &mut rng);
        plan.truth.lead_off_s =
            off_s.into_iter().map(|from_s| (from_s, from_s + evenly(2.0, 4.0, &mut rng))).collect();
        Self { person: person.clone(), seed, plan, disturbance: *disturbance, spikes_s }
    }

    /// The person as they are on this day.
    #[must_use]
    pub const fn person(&self) -> &Participant {
        &self.person
    }

    /// What really happened.
    #[must_use]
    pub const fn truth(&self) -> &VisitTruth {
        &self.plan.truth
    }

    /// The beginning of each step of the programme.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.plan.marks
    }

    /// Its channels, in the order of a scan.
    pub fn channels(&self) -> impl Iterator<Item = ChannelPlace> + use<> {
        self.person.setup.channels()
    }

    /// Number of scans.
    #[must_use]
    pub fn scan_count(&self) -> u64 {
        self.person.setup.rate.index_at(self.plan.end_s).0
    }

    /// The signals, from the beginning.
    #[must_use]
    pub fn signal(&self) -> VisitSignal<'_> {
        VisitSignal::new(self)
    }

    /// Writes the signals as a text file: comments, a line of names with units, one row a scan (time
    /// in seconds, six digits behind the point), and the marks as annotations behind the table.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_csv(&self, out: &mut impl Write) -> io::Result<()> {
        let setup = &self.person.setup;
        writeln!(out, "# simulated: {}, {}", self.person.condition.name(), setup.name())?;
        write!(out, "time_s")?;
        for place in setup.channels() {
            let name = place.name().replace('-', "_");
            write!(out, ",{name}_{}", setup.unit(place).symbol())?;
        }
        writeln!(out)?;
        let mut signal = self.signal();
        let mut scan = [0.0; 4];
        let channel_count = setup.channels().count();
        loop {
            let time_s = setup.rate.time_s(signal.next_index());
            if !signal.next_scan(&mut scan) {
                break;
            }
            write!(out, "{time_s:.6}")?;
            for value in &scan[..channel_count] {
                write!(out, ",{value:.6}")?;
            }
            writeln!(out)?;
        }
        writeln!(out, "Annotations:")?;
        for mark in &self.plan.marks {
            writeln!(out, "{:.3},{}", mark.at_s, mark.text)?;
        }
        Ok(())
    }
}

/// Moments at a mean rate, in order.
fn moments(per_minute: f64, end_s: f64, rng: &mut SeededRng) -> Vec<f64> {
    let mut moments = Vec::new();
    if per_minute.is_nan() || per_minute <= 0.0 {
        return moments;
    }
    let mean_s = 60.0 / per_minute.min(MOST_PER_MINUTE);
    let mut at_s = 0.0;
    loop {
        at_s -= mean_s * libm::log(1.0 - rng.uniform());
        if at_s >= end_s {
            return moments;
        }
        moments.push(at_s);
    }
}

/// The signals of a [`Visit`], one scan after the other.
#[derive(Clone, Debug)]
pub struct VisitSignal<'a> {
    visit: &'a Visit,
    rate: SampleRate,
    next: SampleIndex,
    end: SampleIndex,
    stretch: usize,
    /// The last deed before the current stretch's, of which something may be left.
    before: usize,
    /// Level of rest, which follows the plan with a time constant: EMG over rest, rise of pressure.
    base: Option<(f64, f64)>,
    base_keep: f64,
    rest: Slow,
    hold: Slow,
    pelvic: EmgNoise,
    tired: EmgNoise,
    abdominal: EmgNoise,
    sensors: [SeededRng; 2],
    heart: Heart,
    breath: f64,
    motion: usize,
    spike: usize,
    off: usize,
}

impl<'a> VisitSignal<'a> {
    fn new(visit: &'a Visit) -> Self {
        let rate = visit.person.setup.rate;
        let part = |number: u64| SeededRng::for_part(visit.seed, (1 << 45) ^ number);
        Self {
            visit,
            rate,
            next: SampleIndex::ZERO,
            end: rate.index_at(visit.plan.end_s),
            stretch: 0,
            before: 0,
            base: None,
            // Half a second, our choice: a muscle has no steps.
            base_keep: libm::exp(-1.0 / (0.5 * rate.hz())),
            rest: Slow::new(part(0), 1.5),
            hold: Slow::new(part(1), 0.7),
            pelvic: EmgNoise::new(part(2), rate),
            tired: EmgNoise::slower(part(3), rate),
            abdominal: EmgNoise::new(part(4), rate),
            sensors: [part(5), part(6)],
            heart: Heart::new(part(7), visit.person.habits.heart_hz),
            breath: part(8).uniform(),
            motion: 0,
            spike: 0,
            off: 0,
        }
    }

    /// Index of the scan that [`Self::next_scan`] will give.
    #[must_use]
    pub const fn next_index(&self) -> SampleIndex {
        self.next
    }

    /// Writes the next scan, one value for each channel of the setup in its order; `false`, and
    /// nothing written, when the visit is over. Places in `scan` beyond the channels stay as they are.
    pub fn next_scan(&mut self, scan: &mut [f64]) -> bool {
        let visit = self.visit;
        let stretches = &visit.plan.stretches;
        if self.next >= self.end || stretches.is_empty() {
            return false;
        }
        let time_s = self.rate.time_s(self.next);
        self.next = self.next.saturating_add(1);
        while self.stretch + 1 < stretches.len() && time_s >= stretches[self.stretch + 1].from_s {
            if stretches[self.stretch].deed.is_some() {
                self.before = self.stretch;
            }
            self.stretch += 1;
        }
        let values = self.values(time_s);
        for (value, place) in scan.iter_mut().zip(visit.person.setup.channels()) {
            *value = values[place.index()];
        }
        true
    }

    /// All four places, whether measured or not: leaving out a channel changes no other.
    fn values(&mut self, time_s: f64) -> [f64; 4] {
        let visit = self.visit;
        let person = &visit.person;
        let stretch = &visit.plan.stretches[self.stretch];
        let planned = stretch.base.at(stretch, time_s);
        let base = self.base.map_or(planned, |(emg, pressure)| {
            let follow = |level: f64, to: f64| to + self.base_keep * (level - to);
            (follow(emg, planned.0), follow(pressure, planned.1))
        });
        self.base = Some(base);

        let (mut added, mut fatigue) = ([0.0; 4], 0.0);
        let before = (self.before < self.stretch).then(|| &visit.plan.stretches[self.before]);
        for deed in [before.and_then(|before| before.deed), stretch.deed].into_iter().flatten() {
            let activation = deed.activation(time_s);
            for (sum, (share, top)) in added.iter_mut().zip(activation.iter().zip(deed.added)) {
                *sum += share * top;
            }
            let held_s = (time_s.min(deed.release_s) - deed.onset_s).max(0.0);
            if activation[0] > 0.0 {
                fatigue = 1.0 - libm::exp(-deed.decay_per_s * held_s);
            }
        }

        let (rest_wave, hold_wave) = (self.rest.at(time_s), self.hold.at(time_s));
        let breathing_hz = stretch.paced_hz.unwrap_or(person.habits.breathing_hz);
        self.breath = (self.breath + breathing_hz / self.rate.hz()) % 1.0;
        let depth = if stretch.paced_hz.is_some() { 2.0 } else { 1.0 };
        let breath = depth * libm::sin(TAU * self.breath);

        let [pelvic_uv, abdominal_uv] = self.emg_levels(base.0, &added, rest_wave, hold_wave);
        let emg = self.emg(time_s, pelvic_uv, abdominal_uv, fatigue);
        let pressure = self.pressure(time_s, base.1, &added, hold_wave, breath);
        [emg[0], emg[1], pressure[0], pressure[1]]
    }

    fn emg_levels(
        &self,
        base_ratio: f64,
        added: &[f64; 4],
        rest_wave: f64,
        hold_wave: f64,
    ) -> [f64; 2] {
        let person = &self.visit.person;
        let pelvic = person.emg.map_or(0.0, |levels| {
            let rest = levels.rest_uv * base_ratio * wave(levels.rest_variation_ratio, rest_wave);
            // What goes below rest wavers with rest.
            let waver = match added[0] > 0.0 {
                true => wave(levels.hold_variation_ratio, hold_wave),
                false => 1.0,
            };
            (rest + added[0] * waver).max(0.0)
        });
        let abdominal = person.abdomen.rest_uv + added[1] * wave(0.08, hold_wave);
        [pelvic, abdominal.max(0.0)]
    }

    fn emg(&mut self, time_s: f64, pelvic_uv: f64, abdominal_uv: f64, fatigue: f64) -> [f64; 2] {
        let visit = self.visit;
        let person = &visit.person;
        if person.setup.emg.is_none() && !person.setup.abdomen.has_emg() {
            return [0.0; 2];
        }
        let noise_uv = person.emg.map_or(0.3, |levels| levels.noise_uv);
        let rest_uv = person.emg.map_or(person.abdomen.rest_uv, |levels| levels.rest_uv);
        let disturbance = &visit.disturbance;
        // Levels have the noise in them, as the published ones have.
        let muscle = |level: f64| libm::sqrt((level * level - noise_uv * noise_uv).max(0.0));

        // Each source has its own numbers, so what nobody listens to need not be made.
        let mut pelvic = match person.emg {
            Some(_) => {
                // A tired muscle has a slower spectrum, at the same level.
                let fatigue = fatigue.clamp(0.0, 1.0);
                let fresh = libm::sqrt(1.0 - fatigue) * self.pelvic.shaped();
                let slow = match fatigue > 0.0 {
                    true => libm::sqrt(fatigue) * self.tired.shaped(),
                    false => 0.0,
                };
                muscle(pelvic_uv) * (fresh + slow) + noise_uv * self.pelvic.white()
            }
            None => 0.0,
        };
        let mut abdominal = match person.setup.abdomen.has_emg() {
            true => {
                muscle(abdominal_uv) * self.abdominal.shaped() + noise_uv * self.abdominal.white()
            }
            false => 0.0,
        };

        let phase = TAU * disturbance.mains_hz * time_s;
        let is_off = self.is_off(time_s);
        let hum = match disturbance.mains_ratio > 0.0 || is_off {
            true => libm::sin(phase) + 0.25 * libm::sin(3.0 * phase),
            false => 0.0,
        };
        let heart = match disturbance.heart_ratio > 0.0 {
            true => disturbance.heart_ratio * self.heart.height(time_s),
            false => 0.0,
        };
        let common = disturbance.mains_ratio * hum + heart + 30.0 * self.motion(time_s);
        let spike = if self.spikes(time_s) { 200.0 } else { 0.0 };
        pelvic += rest_uv * (common + spike);
        // The heart is nearer to the abdomen.
        abdominal += rest_uv * (common + heart);
        if is_off {
            pelvic = 100.0 * rest_uv * hum;
        }
        [person.setup.gain * pelvic, person.setup.gain * abdominal]
    }

    fn pressure(
        &mut self,
        time_s: f64,
        base_rise: f64,
        added: &[f64; 4],
        hold_wave: f64,
        breath: f64,
    ) -> [f64; 2] {
        let visit = self.visit;
        let person = &visit.person;
        let setup = &person.setup;
        if setup.pressure.is_none() && !setup.abdomen.has_pressure() {
            return [0.0; 2];
        }
        let unit = setup.cmh2o();
        let noise = person.pressure.map_or(0.1 * unit, |levels| levels.noise);
        let variation = person.pressure.map_or(0.0, |levels| levels.hold_variation_ratio);
        let rest = person.pressure.map_or(0.0, |levels| levels.rest);
        let pelvic_noise = noise * self.sensors[0].gaussian();
        let abdominal_noise = noise * self.sensors[1].gaussian();
        let bump = 8.0 * unit * self.motion_bump(time_s);
        // Three time constants over the visit: most of it in the first half.
        let warmed = 1.0 - libm::exp(-3.0 * time_s / visit.plan.end_s);
        let drift = visit.disturbance.drift_cmh2o * unit * warmed;
        let mut pelvic = rest
            + base_rise
            + added[2] * wave(variation, hold_wave)
            + unit * breath
            + drift
            + bump
            + pelvic_noise;
        let abdominal =
            person.abdomen.rest + added[3] + 2.0 * unit * breath + bump + abdominal_noise;
        // With EMG, the spike and the contact are the electrode's, and were looked up there.
        if setup.emg.is_none() {
            if self.spikes(time_s) {
                pelvic += 100.0 * unit;
            }
            if self.is_off(time_s) {
                pelvic = 0.0;
            }
        }
        [pelvic, abdominal]
    }

    /// Slow waves of a movement, at most 1; time does not run backwards.
    fn motion(&mut self, time_s: f64) -> f64 {
        let since_s = self.since_motion(time_s);
        match (0.0..0.4).contains(&since_s) {
            true => libm::sin(TAU * 2.5 * since_s) * libm::exp(-since_s / 0.15),
            false => 0.0,
        }
    }

    /// Bump of a movement: half a wave of 0.8 s.
    fn motion_bump(&mut self, time_s: f64) -> f64 {
        let since_s = self.since_motion(time_s);
        match (0.0..0.8).contains(&since_s) {
            true => libm::sin(TAU * 0.625 * since_s),
            false => 0.0,
        }
    }

    fn since_motion(&mut self, time_s: f64) -> f64 {
        let moments = &self.visit.plan.truth.motion_s;
        while self.motion + 1 < moments.len() && moments[self.motion + 1] <= time_s {
            self.motion += 1;
        }
        moments.get(self.motion).map_or(-1.0, |at_s| time_s - at_s)
    }

    /// Whether this is the first scan after a spike.
    fn spikes(&mut self, time_s: f64) -> bool {
        let moments = &self.visit.spikes_s;
        let was = self.spike;
        while self.spike < moments.len() && moments[self.spike] <= time_s {
            self.spike += 1;
        }
        self.spike > was
    }

    fn is_off(&mut self, time_s: f64) -> bool {
        let spans = &self.visit.plan.truth.lead_off_s;
        while self.off < spans.len() && spans[self.off].1 <= time_s {
            self.off += 1;
        }
        spans.get(self.off).is_some_and(|(from_s, _)| *from_s <= time_s)
    }
}

/// One and a slow wave around it, never below a fifth.
fn wave(ratio: f64, wave: f64) -> f64 {
    (1.0 + ratio * wave).max(0.2)
}
