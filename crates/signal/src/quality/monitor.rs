//! Finds faults in the signal of one channel, as it comes.

use core::fmt;

use super::emg::EmgWatch;
use super::fault::{Fault, Finding};
use super::level::LevelWatch;
use super::piece::{LevelStep, Look, Looked, Piece};
use super::rails::RailWatch;
use super::repeats::Repeats;
use super::track::{Seen, Track};
use crate::{Processor, Quality, SampleIndex, SampleRate, SignalKind, Span};

/// A reading at or beyond these is at the end of the range; in the unit of the channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rails {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// What a [`Monitor`] has to know of its channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MonitorConfig {
    /// EMG as sampled is judged as such, a pressure or an envelope as a level. Nothing else is judged.
    pub kind: SignalKind,
    /// The rate. At least 100 Hz for EMG; a level is judged in full from 40 Hz, without steps from 8 Hz,
    /// and below that for saturation, flat lines and noise only.
    pub rate: SampleRate,
    /// The ends of the range, where the device tells them. Otherwise they are learned.
    pub rails: Option<Rails>,
    /// The largest noise floor that is good enough, in the unit of the channel; `None`: any is. For
    /// levels at rest it should be a quarter of them.
    pub noise_limit: Option<f64>,
}

/// Why a channel is not watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonitorError {
    /// Signals of this kind are kept and not judged.
    NotJudged,
    /// EMG below 100 Hz: nothing is left of it.
    RateTooLow,
    /// More than there is memory for.
    RateTooHigh,
}

impl fmt::Display for MonitorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotJudged => "signals of this kind are not judged",
            Self::RateTooLow => "rate is too low for EMG",
            Self::RateTooHigh => "rate is higher than there is memory for",
        })
    }
}

impl core::error::Error for MonitorError {}

/// What happened to a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// It is known from now on. Its span reaches back to where it began.
    Began(Finding),
    /// It is over. Its span is final and its value the worst that was seen.
    Ended(Finding),
}

/// Something changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Notice {
    /// The first sample for which [`Self::quality`] holds.
    pub at: SampleIndex,
    /// All that is known against the samples from there to the next notice.
    pub quality: Quality,
    /// What changed.
    pub change: Change,
}

/// Watches one channel for faults: rails, flat lines, electrodes, mains, noise, steps, motion, spikes.
///
/// It cuts the signal into short pieces from its first sample on and works on sums over them, so that
/// little is done for each sample. What it says depends on the samples and their indices only, never on
/// how they were cut into blocks. Everything is causal: a flag is up from where the fault was known, and
/// the finding says how far it reaches back. Known within: 25 ms for known rails, 0.2 to 1 s for
/// electrodes, mains and motion, 0.15 s for steps and spikes of EMG; a flat line as [`Fault::Flat`] has
/// its limit, 5 s at most where nothing has ever moved.
///
/// A contraction is none of these: limits lie beyond what strong, long and short contractions of real
/// recordings reach. What cannot be told from a contraction or from rest is not flagged, as a step of
/// pressure at 10 Hz.
#[derive(Clone, Debug)]
pub struct Monitor {
    config: Option<MonitorConfig>,
    max_rate: SampleRate,
    emg: EmgWatch,
    level: LevelWatch,
    rails: RailWatch,
    repeats: Repeats,
    /// RMS of the quietest stretch of the signal as it came, and as it was filtered.
    quiet: Floor,
    filtered_quiet: Floor,
    tracks: [Track; Fault::COUNT],
    /// Which of them are open, a bit each.
    open: u32,
    /// Of the tracks that are open.
    quality: Quality,
    /// Reported with the samples before.
    known: Quality,
    /// For the sample that comes next only.
    once: Quality,
    piece_len: usize,
    piece_count: u64,
    filled: usize,
    values: Box<[f64]>,
    filtered: Box<[f64]>,
    /// Whether the filter was settling in this piece.
    is_settling: bool,
    next: Option<u64>,
    /// The smallest step of the values.
    step: f64,
    level_step: LevelStep,
    is_emg: bool,
    holds: Holds,
    processor: Processor,
}

/// How long faults stay open when they are seen no more, in samples.
#[derive(Clone, Copy, Debug, Default)]
struct Holds {
    saturated: u64,
    electrode_off: u64,
    /// Steps and spikes.
    short: u64,
    erratic: u64,
}

/// The quietest quarter of a second.
#[derive(Clone, Copy, Debug)]
struct Floor {
    lowest: f64,
    highest: f64,
    sum: f64,
    count: usize,
    window: usize,
    window_count: u64,
    needed: u64,
    /// Its RMS, once enough was heard, and whether something was three times as loud: then that was rest, or
    /// as near to it as this person comes.
    known: Option<(f64, bool)>,
}

/// Window of the noise floor. Our choice: half of the shortest rest between flicks.
const FLOOR_S: f64 = 0.25;

/// How much must have been heard before a floor is one.
const FLOOR_HISTORY_S: f64 = 2.0;

/// Noise of less than this, in steps of the converter, is rounding: its own is 0.29 steps.
const CONVERTER_STEPS: f64 = 0.6;

/// Share of the heart beat. Our choice: QRS complexes of 100 ms cover 17 % at 100 beats a minute.
const HEART_RATIO: f64 = 0.25;

/// The least rate for EMG.
const EMG_MIN_HZ: f64 = 100.0;

/// Faults that are found in EMG only by [`EmgWatch`].
const EMG_FAULTS: u32 = bit(Fault::ElectrodeOff)
    | bit(Fault::Mains50)
    | bit(Fault::Mains60)
    | bit(Fault::Motion)
    | bit(Fault::BaselineStep)
    | bit(Fault::Spike);

const fn bit(fault: Fault) -> u32 {
    1 << fault as u32
}

impl Floor {
    fn new(piece_s: f64) -> Self {
        // At least five pieces of a slow level, or the noise of two samples would be the quietest.
        let window = ((FLOOR_S / piece_s).round() as usize).max(5);
        let needed = (FLOOR_HISTORY_S / (window as f64 * piece_s)).ceil() as u64;
        Self {
            lowest: f64::INFINITY,
            highest: 0.0,
            sum: 0.0,
            count: 0,
            window,
            window_count: 0,
            needed,
            known: None,
        }
    }

    const fn skip(&mut self) {
        self.sum = 0.0;
        self.count = 0;
    }

    fn push(&mut self, square: f64) {
        self.sum += square;
        self.count += 1;
        if self.count == self.window {
            let mean = self.sum / self.window as f64;
            self.lowest = self.lowest.min(mean);
            self.highest = self.highest.max(mean);
            self.window_count += 1;
            if self.window_count >= self.needed {
                self.known = Some((self.lowest.sqrt(), self.highest >= 9.0 * self.lowest));
            }
            self.skip();
        }
    }

    fn rms(&self) -> Option<f64> {
        self.known.map(|(rms, _)| rms)
    }
}

impl Monitor {
    /// Memory for rates up to `max_rate`. The only call that allocates.
    #[must_use]
    pub fn new(max_rate: SampleRate) -> Self {
        let len = EmgWatch::piece_len(max_rate).max(LevelWatch::piece_len(max_rate));
        Self {
            config: None,
            max_rate,
            emg: EmgWatch::new(max_rate),
            level: LevelWatch::new(),
            rails: RailWatch::new(None, true),
            repeats: Repeats::new(1.0, true),
            quiet: Floor::new(1.0),
            filtered_quiet: Floor::new(1.0),
            tracks: Fault::ALL.map(Track::new),
            open: 0,
            quality: Quality::GOOD,
            known: Quality::GOOD,
            once: Quality::GOOD,
            piece_len: 1,
            piece_count: 0,
            filled: 0,
            values: vec![0.0; len].into_boxed_slice(),
            filtered: vec![0.0; len].into_boxed_slice(),
            is_settling: false,
            next: None,
            step: f64::INFINITY,
            level_step: LevelStep::new(),
            is_emg: false,
            holds: Holds::default(),
            processor: Processor::best(),
        }
    }

    /// Begins anew with this channel.
    ///
    /// # Errors
    ///
    /// [`MonitorError`]; then nothing is watched until a start that works.
    pub fn start(&mut self, config: &MonitorConfig) -> Result<(), MonitorError> {
        self.config = None;
        let is_emg = match config.kind {
            SignalKind::Emg => true,
            SignalKind::EmgEnvelope | SignalKind::Pressure => false,
            SignalKind::Other => return Err(MonitorError::NotJudged),
        };
        if is_emg && config.rate.hz() < EMG_MIN_HZ {
            return Err(MonitorError::RateTooLow);
        }
        if config.rate.hz() > self.max_rate.hz() {
            return Err(MonitorError::RateTooHigh);
        }
        if is_emg {
            self.emg.start(config.rate);
            self.piece_len = EmgWatch::piece_len(config.rate);
        } else {
            self.level.start(config.rate);
            self.piece_len = LevelWatch::piece_len(config.rate);
        }
        self.rails = RailWatch::new(config.rails, is_emg);
        self.repeats = Repeats::new(config.rate.hz(), is_emg);
        self.quiet = Floor::new(self.piece_len as f64 / config.rate.hz());
        self.filtered_quiet = self.quiet;
        self.tracks = Fault::ALL.map(Track::new);
        self.open = 0;
        self.quality = Quality::GOOD;
        self.known = Quality::GOOD;
        self.once = Quality::GOOD;
        self.piece_count = 0;
        self.filled = 0;
        self.is_settling = false;
        self.next = None;
        self.step = f64::INFINITY;
        self.level_step = LevelStep::new();
        let samples = |seconds: f64| (seconds * config.rate.hz()) as u64;
        self.is_emg = is_emg;
        self.holds = Holds {
            saturated: samples(0.5),
            electrode_off: 3 * samples(0.1),
            short: if is_emg { 2 * samples(0.1) } else { samples(0.2) },
            erratic: samples(3.0),
        };
        self.config = Some(*config);
        Ok(())
    }

    /// Forgets all samples; the channel stays.
    pub fn reset(&mut self) {
        if let Some(config) = self.config {
            // It worked with the same channel before.
            let _ = self.start(&config);
        }
    }

    /// Takes one sample: as [`Self::process`] with blocks of one.
    pub fn step(
        &mut self,
        at: SampleIndex,
        value: f64,
        filtered: f64,
        known: Quality,
        out: &mut impl FnMut(Notice),
    ) -> Quality {
        self.process(at, &[value], &[filtered], known, out)
    }

    /// Takes a block: the values as they came (calibrated, before any filter), the same samples
    /// filtered to the band that is measured, and what is known against them from elsewhere.
    ///
    /// Gives all that is known against any sample of the block. Where it changed within the block,
    /// `out` was told from which sample on. If `first` is not the sample after the last one, that is a
    /// [gap](Self::gap). If `filtered` is not as long as `values`, it is taken to be `values`.
    ///
    /// Values that are not finite, or too large to be squared, are [`Fault::NotFinite`] and otherwise
    /// passed over.
    pub fn process(
        &mut self,
        first: SampleIndex,
        values: &[f64],
        filtered: &[f64],
        known: Quality,
        out: &mut impl FnMut(Notice),
    ) -> Quality {
        if self.config.is_none() || values.is_empty() {
            return known;
        }
        let next = self.next.unwrap_or(first.0);
        if first.0 != next {
            self.gap(Span { start: SampleIndex(next), end: first }, out);
        }
        self.next = Some(first.0);
        self.report(known, first.0, out);
        let mut all = known;
        let filtered = if filtered.len() == values.len() { filtered } else { values };
        let is_settling = known.intersects(Quality::SETTLING);
        let (mut values, mut filtered, mut at) = (values, filtered, first.0);
        while !values.is_empty() {
            all |= self.quality | core::mem::take(&mut self.once);
            self.is_settling |= is_settling;
            let len = (self.piece_len - self.filled).min(values.len());
            let (now, later) = values.split_at(len);
            let (filtered_now, filtered_later) = filtered.split_at(len);
            at = at.saturating_add(len as u64);
            self.next = Some(at);
            if len == self.piece_len {
                self.piece(at, now, filtered_now, out);
            } else {
                self.values[self.filled..][..len].copy_from_slice(now);
                self.filtered[self.filled..][..len].copy_from_slice(filtered_now);
                self.filled += len;
                if self.filled == self.piece_len {
                    // Lent out, so that one function sees both kinds of pieces.
                    let held = core::mem::take(&mut self.values);
                    let held_filtered = core::mem::take(&mut self.filtered);
                    let len = self.piece_len;
                    self.piece(at, &held[..len], &held_filtered[..len], out);
                    self.values = held;
                    self.filtered = held_filtered;
                }
            }
            (values, filtered) = (later, filtered_later);
        }
        all
    }

    /// Samples are missing in `span`: nothing is carried across it. Rails and noise floor that were
    /// learned stay.
    pub fn gap(&mut self, span: Span, out: &mut impl FnMut(Notice)) {
        if self.config.is_none() {
            return;
        }
        let at = span.end.0;
        self.next = Some(at);
        self.cut(at, out);
        let seen =
            Seen { start: span.start.0, end: at, value: span.sample_count() as f64, limit: 1.0 };
        self.update(Fault::Gap, Some(seen), at, 0, out);
        self.close(Fault::Gap, at, out);
        self.once |= Quality::GAP;
    }

    /// The share of the signal that the heart beat covers, 0 to 1, as another stage has found.
    pub fn heart(&mut self, ratio: f64, out: &mut impl FnMut(Notice)) {
        let at = self.next.unwrap_or(0);
        let seen = Seen { start: at, end: at, value: ratio, limit: HEART_RATIO };
        let is_seen = ratio >= HEART_RATIO;
        self.update(Fault::Heart, is_seen.then_some(seen), at, 0, out);
    }

    /// The signal ends here: closes what is open.
    pub fn finish(&mut self, out: &mut impl FnMut(Notice)) {
        let at = self.next.unwrap_or(0);
        self.report(Quality::GOOD, at, out);
        self.cut(at, out);
    }

    /// All that is known against the sample that comes next.
    #[must_use]
    pub fn quality(&self) -> Quality {
        self.quality
    }

    /// The findings that are open, in the order of [`Fault::ALL`]: they reach to the newest sample.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.tracks.iter().filter_map(Track::open)
    }

    /// The lowest RMS of the filtered signal over a quarter of a second, in the unit of the channel,
    /// about zero for EMG and about its mean for a level. It holds the noise of the device and what the
    /// muscle did at its quietest: an upper bound of the first, unless the electrodes are shorted.
    /// `None` before 2 s were heard.
    #[must_use]
    pub fn noise_floor(&self) -> Option<f64> {
        self.filtered_quiet.rms()
    }

    /// The smallest step between neighbouring values so far: that of the converter, after a while.
    #[must_use]
    pub fn smallest_step(&self) -> Option<f64> {
        self.step.is_finite().then_some(self.step)
    }

    /// Zero: what is found is dated, and nothing is passed on.
    #[must_use]
    pub const fn delay_samples(&self) -> f64 {
        0.0
    }

    fn is_emg(&self) -> bool {
        self.is_emg
    }

    /// Takes over what is reported, where it changed.
    fn report(&mut self, known: Quality, at: u64, out: &mut impl FnMut(Notice)) {
        if known == self.known {
            return;
        }
        let before = core::mem::replace(&mut self.known, known);
        for fault in Fault::REPORTED {
            let (was, is) = (before.intersects(fault.flag()), known.intersects(fault.flag()));
            let seen = Seen { start: at, end: at, value: 0.0, limit: 0.0 };
            if was != is {
                self.update(fault, Some(seen), at, 0, out);
            }
            if was && !is {
                self.close(fault, at, out);
            }
        }
    }

    /// Ends what was found, not what was reported, and all windows.
    fn cut(&mut self, at: u64, out: &mut impl FnMut(Notice)) {
        for fault in Fault::ALL {
            if !Fault::REPORTED.contains(&fault) {
                self.close(fault, at, out);
            }
        }
        self.clear_windows();
    }

    fn clear_windows(&mut self) {
        self.emg.gap();
        self.level.gap();
        self.repeats.gap();
        self.quiet.skip();
        self.filtered_quiet.skip();
        self.filled = 0;
        self.is_settling = false;
        self.level_step.gap();
    }

    #[inline(always)]
    fn update(
        &mut self,
        fault: Fault,
        seen: Option<Seen>,
        at: u64,
        hold: u64,
        out: &mut impl FnMut(Notice),
    ) {
        if seen.is_some() || self.open & bit(fault) != 0 {
            self.follow(fault, seen, at, hold, out);
        }
    }

    /// What is seen, or was.
    #[cold]
    fn follow(
        &mut self,
        fault: Fault,
        seen: Option<Seen>,
        at: u64,
        hold: u64,
        out: &mut impl FnMut(Notice),
    ) {
        if let Some(change) = self.tracks[fault as usize].update(seen, at, hold) {
            self.tell(change, at, out);
        }
    }

    fn close(&mut self, fault: Fault, at: u64, out: &mut impl FnMut(Notice)) {
        if let Some(change) = self.tracks[fault as usize].close() {
            self.tell(change, at, out);
        }
    }

    #[cold]
    fn tell(&mut self, change: Change, at: u64, out: &mut impl FnMut(Notice)) {
        self.open = self.open().fold(0, |open, finding| open | bit(finding.fault));
        self.quality =
            self.open().fold(Quality::GOOD, |quality, finding| quality | finding.fault.flag());
        out(Notice { at: SampleIndex(at), quality: self.quality, change });
    }

    /// One whole piece that ends before sample `end`.
    fn piece(&mut self, end: u64, values: &[f64], filtered: &[f64], out: &mut impl FnMut(Notice)) {
        self.filled = 0;
        let is_settling = core::mem::take(&mut self.is_settling);
        let first = end.saturating_sub(self.piece_len as u64);
        let looked = if self.is_emg() {
            self.processor.run(Look {
                values,
                filtered: (!is_settling).then_some(filtered),
                mains: &mut self.emg.mains,
                // EMG has steps of all sizes all the time; a level may show few in a second.
                step: self.piece_count.is_multiple_of(8).then_some(self.step),
            })
        } else {
            Looked { piece: Piece::of(values), square: None, step: None }
        };
        let Some(piece) = looked.piece else {
            self.clear_windows();
            let seen = Seen { start: first, end, value: 0.0, limit: 0.0 };
            // If it was reported as well, that report covers it.
            if !self.known.intersects(Quality::NOT_FINITE) {
                self.update(Fault::NotFinite, Some(seen), end, 0, out);
                self.close(Fault::NotFinite, end, out);
                self.once |= Quality::NOT_FINITE;
            }
            return;
        };
        if self.is_emg() {
            self.step = looked.step.unwrap_or(self.step);
        } else {
            for &x in values {
                self.level_step.push(x);
            }
            self.step = self.level_step.step();
        }
        let [low, high] = self.rails.push(first, values, &piece, self.step);
        self.update(Fault::SaturatedLow, low, end, self.holds.saturated, out);
        self.update(Fault::SaturatedHigh, high, end, self.holds.saturated, out);
        let is_constant = piece.is_constant();
        let flat = self.repeats.push(first, values, is_constant);
        self.update(Fault::Flat, flat, end, 0, out);
        if self.is_emg() {
            self.emg_piece(first, piece, out);
        } else {
            self.level_piece(first, values, piece, out);
        }
        let is_blind = flat.is_some() || self.quality.intersects(Quality::BLINDING);
        if is_blind || is_settling {
            self.filtered_quiet.skip();
        } else if self.is_emg() {
            // It was filtered, so it has no mean.
            looked.square.into_iter().for_each(|square| self.filtered_quiet.push(square));
        } else if let Some(filtered) = Piece::of(filtered) {
            self.filtered_quiet.push(filtered.variance);
        }
        self.judge_floor(first, end, out);
        self.piece_count += 1;
    }

    fn emg_piece(&mut self, first: u64, piece: Piece, out: &mut impl FnMut(Notice)) {
        let end = first.saturating_add(self.piece_len as u64);
        let quiet = self.quiet.known;
        let span = self.rails.known().map(|rails| (rails.low, rails.high));
        let seen = self.emg.push(first, piece, quiet, self.step, span);
        if seen.is_some() || self.open & EMG_FAULTS != 0 {
            let seen = seen.unwrap_or_default();
            let Holds { electrode_off, short, .. } = self.holds;
            self.update(Fault::ElectrodeOff, seen.electrode_off, end, electrode_off, out);
            self.update(Fault::Mains50, seen.mains[0], end, 0, out);
            self.update(Fault::Mains60, seen.mains[1], end, 0, out);
            self.update(Fault::Motion, seen.motion, end, 0, out);
            self.update(Fault::BaselineStep, seen.step, end, short, out);
            self.update(Fault::Spike, seen.spike, end, short, out);
        }
        if piece.is_constant() || self.emg.is_blind() {
            self.quiet.skip();
        } else {
            self.quiet.push(piece.variance);
        }
    }

    fn level_piece(
        &mut self,
        first: u64,
        values: &[f64],
        piece: Piece,
        out: &mut impl FnMut(Notice),
    ) {
        let end = first.saturating_add(self.piece_len as u64);
        let seen = self.level.push(first, values, piece, self.quiet.rms(), self.step);
        let Holds { short, erratic, .. } = self.holds;
        self.update(Fault::BaselineStep, seen.step, end, short, out);
        self.update(Fault::Spike, seen.spike, end, short, out);
        self.update(Fault::Erratic, seen.erratic, end, erratic, out);
        self.quiet.push(piece.variance);
    }

    fn judge_floor(&mut self, first: u64, end: u64, out: &mut impl FnMut(Notice)) {
        let Some(floor) = self.filtered_quiet.rms() else { return };
        let seen = |limit: f64| Seen { start: first, end, value: floor, limit };
        let limit = self.config.and_then(|config| config.noise_limit);
        let loud = limit.filter(|limit| floor > *limit).map(seen);
        self.update(Fault::NoiseFloor, loud, end, 0, out);
        let rounding = CONVERTER_STEPS * self.step;
        let coarse = (self.step.is_finite() && floor < rounding).then(|| seen(rounding));
        self.update(Fault::ConverterStep, coarse, end, 0, out);
    }
}

#[cfg(test)]
mod tests;
