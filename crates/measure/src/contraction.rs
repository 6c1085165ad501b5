//! Measures of one contraction.
//!
//! All levels are of the envelope; *net* means less the level before the contraction: the median of the window
//! that the schedule names for it, or else of the last rest that was measured before it. `lasting` is from
//! onset to offset as the detector found them, `asked` the window of the schedule.

use levator_detect::Contraction;
use levator_signal::{Loop, SampleIndex, SignalKind, Span};

use crate::channel::{Channel, One};
use crate::found::span_of;
use crate::ledger::Sink;
use crate::track::Scratch;
use crate::validity::Judgement;
use crate::work::{Seen, Work};
use crate::{How, MeasureUnit, Quantity, Reason, Task, Validity, formulas};

/// First part of a rise or a release (Leitner 2019).
const EARLY_S: f64 = 0.2;
/// Area under a sustained contraction is taken over this (Bø 1990), and so is Perry's average.
const AREA_S: f64 = 10.0;
/// A contraction is being let go after it was last at this part of its mean. Our choice.
const RELEASE_RATIO: f64 = 0.9;
/// Levels are averaged over this before it is asked how long they stay up, so that EMG does not flicker
/// across the limit. Our choice.
const STEADY_S: f64 = 1.0;
/// Shortest contraction that is asked to be held whose squeeze duration is told. Our choice: half of what the
/// protocol asks for.
const LONG_S: f64 = 15.0;
/// Windows of which the highest average is told (Oblizajek 2022).
const SQUEEZES: [(f64, How); 4] =
    [(5.0, How::Over5S), (10.0, How::Over10S), (15.0, How::Over15S), (20.0, How::Over20S)];
/// A contraction that nobody asked for has a plateau from this length on; a fifth of it, and no more than a
/// second, is left out at each end. Our choice: a window of a second then always lies in it.
const PLATEAU_FROM_S: f64 = 2.5;
const MARGIN_RATIO: f64 = 0.2;
const MOST_MARGIN_S: f64 = 1.0;
/// Fewer windows than this give no slope.
const LEAST_WINDOWS: usize = 5;

/// Says the measures of one contraction one after the other.
struct Says<'a> {
    channel: &'a mut Channel,
    sink: Sink<'a>,
    one: One,
}

impl Says<'_> {
    fn say(
        &mut self,
        (quantity, how): (Quantity, How),
        unit: MeasureUnit,
        value: Option<f64>,
        judged: Judgement,
    ) {
        let one = One { quantity, how, value, unit, judged, ..self.one };
        self.channel.put(one, &mut *self.sink);
    }
}

impl Channel {
    /// Gives the measures of a contraction away; gives back the level to hold against a target.
    ///
    /// With a rest that does not exist, net levels do not either ([`Reason::NoReference`]).
    pub(crate) fn measure_contraction(
        &mut self,
        work: &Work,
        seen: &Seen,
        correlation: Option<Option<f64>>,
        scratch: &mut Scratch,
        sink: Sink<'_>,
    ) -> Option<f64> {
        let unit = self.unit();
        let judged = seen.judged;
        let net_judged = judged.reject_if(seen.base.is_none(), Reason::NoReference);
        let net = |level: Option<f64>| level.zip(seen.base).map(|(level, base)| level - base);
        let slots = self.track.slots(work.window);
        let peak = self.track.highest(&slots).map(|(level, _)| level);
        self.track.fill(&slots, scratch);
        let mean = formulas::mean(&scratch.x);
        let span = work.window;
        let effort = if self.is_emg() { mean } else { peak };
        let relaxed = self.rest_here.and_then(|rest| rest.level).or(seen.base);
        if let Some((effort, relaxed)) = effort.zip(relaxed)
            && judged.validity < Validity::Invalid
            && self.efforts.len() < self.efforts.capacity()
        {
            self.efforts.push((work.task, effort - relaxed, span));
        }
        let one = One {
            quantity: Quantity::Peak,
            how: How::Plain,
            task: work.task,
            step: work.step,
            value: None,
            unit,
            sem: None,
            span,
            judged,
        };
        let is_pelvic = self.is_pelvic();
        let is_pressure = self.is_pressure();
        let mut says = Says { channel: self, sink, one };
        says.say((Quantity::Peak, How::Plain), unit, net(peak), net_judged);
        says.say((Quantity::ContractionMean, How::Plain), unit, net(mean), net_judged);
        let (mut level, is_quick) = match work.task {
            Task::Flick | Task::Maximal => (peak, work.task == Task::Flick),
            _ => (mean, false),
        };
        if !is_pelvic {
            return level;
        }
        if let Some(correlation) = correlation {
            let coupled = (Quantity::CouplingCorrelation, How::Plain);
            says.say(coupled, MeasureUnit::Ratio, correlation, judged);
        }
        if !is_quick {
            says.held(work, seen, net_judged, scratch);
            if let Some(plateau) = work.plateau.or_else(|| says.channel.plateau(work, seen)) {
                let mean = says.plateau(plateau, work, seen, scratch);
                if matches!(work.task, Task::Hold | Task::Endurance) {
                    level = mean;
                }
            }
        }
        if is_pressure && !is_quick {
            says.squeeze(work, seen, peak, net_judged, scratch);
        }
        says.lasting(work, seen, scratch);
        level
    }

    /// The plateau of a contraction of which nobody said how long to hold it.
    fn plateau(&self, work: &Work, seen: &Seen) -> Option<Span> {
        let span = span_of(seen.found.as_ref().filter(|_| work.is_free)?);
        let length_s = self.seconds(span.sample_count());
        let margin = self.samples((MARGIN_RATIO * length_s).min(MOST_MARGIN_S));
        (length_s >= PLATEAU_FROM_S).then(|| Span {
            start: span.start.saturating_add(margin),
            end: span.end.saturating_sub(margin),
        })
    }

    fn stretch(&self, start: SampleIndex, seconds: f64) -> Span {
        Span { start, end: start.saturating_add(self.samples(seconds)) }
    }
}

impl Says<'_> {
    /// What a held contraction has whether or not it was found:
    ///
    /// - mean over 10 s from its beginning, net, if 10 s are asked for
    fn held(&mut self, work: &Work, seen: &Seen, judged: Judgement, scratch: &mut Scratch) {
        if work.duration_s < AREA_S - 1e-9 {
            return;
        }
        let channel = &*self.channel;
        let slots = channel.track.slots(channel.stretch(work.asked.start, AREA_S));
        channel.track.fill(&slots, scratch);
        let mean = formulas::mean(&scratch.x).zip(seen.base).map(|(mean, base)| mean - base);
        let unit = channel.unit();
        self.say((Quantity::ContractionMean, How::Over10S), unit, mean, judged);
    }

    /// What is read from the plateau; gives its mean back, as measured.
    ///
    /// - `CV_H` = 100 SD/mean of the envelope; of pressure, which has no zero of its own, of the net level
    /// - `kA` = 100 times the slope of its natural logarithm, of pressure of the net level; only what is above
    ///   zero counts
    /// - net mean of the last tenth over that of the first
    /// - `MDF` = mean of the median frequencies of the windows of 1 s, every 0.5 s, that lie in it; its
    ///   standard error takes every other window as independent
    /// - `kMDF` = their slope
    fn plateau(
        &mut self,
        plateau: Span,
        work: &Work,
        seen: &Seen,
        scratch: &mut Scratch,
    ) -> Option<f64> {
        let slots = self.channel.track.slots(plateau);
        let survey = self.channel.track.survey(&slots);
        let judged = seen.judged.and(crate::work::judge(&survey));
        self.one.span = plateau;
        self.channel.track.fill(&slots, scratch);
        let mean = formulas::mean(&scratch.x);
        let is_pressure = self.channel.is_pressure();
        // Of EMG the level as it is, of pressure the level above rest.
        let zero = if is_pressure { seen.base } else { Some(0.0) };
        let has_zero = judged.reject_if(zero.is_none(), Reason::NoReference);
        let over_zero = mean.zip(zero).map(|(mean, zero)| mean - zero).filter(|mean| *mean > 0.0);
        let sd = mean.and_then(|mean| formulas::sd_about(&scratch.x, mean));
        let variation = over_zero.zip(sd).map(|(mean, sd)| 100.0 * sd / mean);
        self.say(
            (Quantity::HoldVariability, How::Plain),
            MeasureUnit::Percent,
            variation,
            has_zero,
        );

        let tenth = (scratch.x.len() / 10).max(1).min(scratch.x.len());
        let first = formulas::mean(&scratch.x[..tenth]);
        let last = formulas::mean(&scratch.x[scratch.x.len() - tenth..]);
        let ends = first.zip(last).zip(seen.base);
        let ratio = ends
            .filter(|((first, _), base)| first > base)
            .map(|((first, last), base)| (last - base) / (first - base));
        let has_base = judged.reject_if(seen.base.is_none(), Reason::NoReference);
        self.say((Quantity::EnduranceRatio, How::Plain), MeasureUnit::Ratio, ratio, has_base);

        scratch.y.clear();
        if let Some(zero) = zero {
            let mut kept = 0;
            for place in 0..scratch.x.len() {
                let over = scratch.x[place] - zero;
                if over > 0.0 {
                    scratch.y.push(libm::log(over));
                    scratch.t[kept] = scratch.t[place];
                    kept += 1;
                }
            }
            scratch.t.truncate(kept);
        }
        let slope = formulas::slope(&scratch.t, &scratch.y).map(|slope| 100.0 * slope);
        let how = (Quantity::AmplitudeSlope, How::Plain);
        self.say(how, MeasureUnit::PercentPerSecond, slope, has_zero);
        if self.channel.frequencies.is_on() {
            self.channel.frequencies.fill(plateau, &self.channel.track, scratch);
            let few = scratch.x.len() < LEAST_WINDOWS;
            let noted = judged.note(Reason::PoorRepeatability);
            let halves = (scratch.x.len() as f64 / 2.0).max(1.0);
            let median = formulas::mean(&scratch.x);
            let sd = median.and_then(|median| formulas::sd_about(&scratch.x, median));
            self.one.sem = sd.map(|sd| sd / halves.sqrt());
            self.say((Quantity::MedianFrequency, How::Plain), MeasureUnit::Hertz, median, noted);
            self.one.sem = None;
            let slope = formulas::slope(&scratch.t, &scratch.x).filter(|_| !few);
            let how = (Quantity::MedianFrequencySlope, How::Plain);
            self.say(
                how,
                MeasureUnit::HertzPerSecond,
                slope,
                noted.doubt_if(few, Reason::TooShort),
            );
        }
        self.one.span = work.window;
        mean
    }

    /// What is told of pressure only, over the window that is asked for:
    ///
    /// - `Sq` = highest net level; and the highest mean over 5, 10, 15, 20 s, net, where the window is as long
    /// - highest level, rest included
    /// - `G` = steepest rise from one slot to the next
    /// - `T_50` = time with a net level of at least half the highest, if 15 s or more are asked for
    fn squeeze(
        &mut self,
        work: &Work,
        seen: &Seen,
        peak: Option<f64>,
        judged: Judgement,
        scratch: &mut Scratch,
    ) {
        let unit = self.channel.unit();
        let slot_s = self.channel.track.slot_s();
        let increment = peak.zip(seen.base).map(|(peak, base)| peak - base);
        self.say((Quantity::SqueezeIncrement, How::Plain), unit, increment, judged);
        self.say((Quantity::SqueezeTotal, How::Plain), unit, peak, seen.judged);

        let slots = self.channel.track.slots(work.window);
        let mut steepest: Option<f64> = None;
        let mut before = None;
        for slot in slots.clone() {
            let level = self.channel.track.level(slot);
            if let Some(rise) = before.zip(level).map(|(before, level)| (level - before) / slot_s) {
                steepest = Some(steepest.map_or(rise, |steepest| steepest.max(rise)));
            }
            before = level;
        }
        let per_second = MeasureUnit::ChannelPerSecond(self.channel.settings.unit);
        self.say((Quantity::Gradient, How::Plain), per_second, steepest, seen.judged);

        self.channel.track.fill(&slots, scratch);
        scratch.y.clear();
        let mut sum = 0.0;
        scratch.y.push(sum);
        for level in &scratch.x {
            sum += level;
            scratch.y.push(sum);
        }
        for (length_s, how) in SQUEEZES {
            let len = (length_s / slot_s).round() as usize;
            if len == 0 || slots.end - slots.start < len as u64 {
                continue;
            }
            let means = scratch.y.windows(len + 1).map(|sums| (sums[len] - sums[0]) / len as f64);
            let highest = means.max_by(f64::total_cmp);
            let increment = highest.zip(seen.base).map(|(level, base)| level - base);
            self.say((Quantity::SqueezeIncrement, how), unit, increment, judged);
        }
        if work.duration_s >= LONG_S {
            let half = increment.filter(|net| *net > 0.0).zip(seen.base);
            let long = half.map(|(net, base)| {
                let limit = base + 0.5 * net;
                scratch.x.iter().filter(|level| **level >= limit).count() as f64 * slot_s
            });
            self.say((Quantity::SqueezeDuration, How::Plain), MeasureUnit::Second, long, judged);
        }
    }

    /// What needs the contraction that was found.
    ///
    /// - reaction time: from the beginning of the step to the onset
    /// - hold time: from onset to offset; and as a window of 20 s from the beginning of the step has it
    /// - `t_pk`: from the onset to the highest sample of the envelope
    /// - `sR`: slope of the envelope by regression from onset to peak, and over the first 200 ms
    /// - `sF`: the same from where it is let go to the offset, and over the first 200 ms of that. A quick
    ///   contraction is let go at its peak, another where it was last at nine tenths of its mean net level.
    /// - `E10`: 10 s times the mean net level over 10 s from the onset, if 10 s are asked for
    /// - `T35`, `T50`: time during which the net level, averaged over 1 s about each slot within the
    ///   contraction, is at least 65 % (50 %) of its own highest; as it is, and capped at 10 s (30 s)
    fn lasting(&mut self, work: &Work, seen: &Seen, scratch: &mut Scratch) {
        let rate = self.channel.rate;
        let per_second = MeasureUnit::ChannelPerSecond(self.channel.settings.unit);
        let poor = seen.judged.note(Reason::PoorRepeatability);
        let is_quick = work.task == Task::Flick;
        let Some(found) = seen.found else {
            // The trial says that there is no contraction; so does what would be told of it.
            self.say((Quantity::HoldTime, How::Plain), MeasureUnit::Second, None, seen.judged);
            self.say((Quantity::TimeToPeak, How::Plain), MeasureUnit::Second, None, poor);
            for how in [How::Whole, How::Early] {
                self.say((Quantity::RiseRate, how), per_second, None, poor);
                self.say((Quantity::ReleaseRate, how), per_second, None, poor);
            }
            return;
        };
        let no_onset = found.onset_uncertainty.seconds().is_none();
        let no_offset = found.offset_uncertainty.seconds().is_none() || found.offset.is_none();
        let span = span_of(&found);
        self.one.span = span;
        let by_onset = seen.judged.doubt_if(no_onset, Reason::EdgeUnknown);
        let by_both = by_onset.doubt_if(no_offset, Reason::EdgeUnknown);
        if !work.is_free {
            let (onset_s, asked_s) = (rate.time_s(found.onset), rate.time_s(work.asked.start));
            let reaction = Some(onset_s - asked_s);
            self.say((Quantity::ReactionTime, How::Plain), MeasureUnit::Second, reaction, by_onset);
        }
        let length = |span: Span| Some(self.channel.seconds(span.sample_count()));
        let window = self.channel.stretch(work.asked.start, 20.0);
        let held = length(span);
        let within = length(Span { start: span.start, end: span.end.min(window.end) });
        self.say((Quantity::HoldTime, How::Plain), MeasureUnit::Second, held, by_both);
        if !is_quick {
            self.say((Quantity::HoldTime, How::Within20S), MeasureUnit::Second, within, by_onset);
        }
        let track = &self.channel.track;
        let peak_at = track.highest(&track.slots(span)).map(|(_, at)| at.max(span.start));
        let to_peak = peak_at.map(|at| self.channel.seconds(at.saturating_since(span.start)));
        let poor_onset = poor.and(by_onset);
        self.say((Quantity::TimeToPeak, How::Plain), MeasureUnit::Second, to_peak, poor_onset);

        let is_smoothed = self.channel.window_s() >= EARLY_S;
        let early = |judged: Judgement| judged.doubt_if(is_smoothed, Reason::Smoothing);
        let rise = peak_at.map(|at| Span { start: span.start, end: at.saturating_add(1) });
        let whole = self.slope(rise, scratch);
        self.say((Quantity::RiseRate, How::Whole), per_second, whole, poor_onset);
        let first = self.channel.stretch(span.start, EARLY_S);
        let first = self.slope(Some(first), scratch);
        self.say((Quantity::RiseRate, How::Early), per_second, first, early(poor_onset));

        let let_go = if is_quick { peak_at } else { self.let_go(span, seen.base, scratch) };
        let poor_offset = poor.doubt_if(no_offset, Reason::EdgeUnknown);
        let fall = let_go.map(|at| Span { start: at, end: span.end });
        let whole = self.slope(fall, scratch);
        self.say((Quantity::ReleaseRate, How::Whole), per_second, whole, poor_offset);
        let first = let_go.map(|at| self.channel.stretch(at, EARLY_S));
        let first = self.slope(first, scratch);
        self.say((Quantity::ReleaseRate, How::Early), per_second, first, early(poor_offset));
        if !is_quick {
            self.endurance(work, seen, &found, (by_onset, by_both), scratch);
        }
        self.one.span = work.window;
    }

    fn slope(&self, span: Option<Span>, scratch: &mut Scratch) -> Option<f64> {
        self.channel.track.fill(&self.channel.track.slots(span?), scratch);
        formulas::slope(&scratch.t, &scratch.x)
    }

    /// Last sample at nine tenths of the mean net level.
    fn let_go(&self, span: Span, base: Option<f64>, scratch: &mut Scratch) -> Option<SampleIndex> {
        let track = &self.channel.track;
        let slots = track.slots(span);
        track.fill(&slots, scratch);
        let base = base?;
        let limit = base + RELEASE_RATIO * (formulas::mean(&scratch.x)? - base);
        let last = scratch.x.iter().rposition(|level| *level >= limit)?;
        let slot = slots.start + (scratch.t[last] / track.slot_s()).round() as u64;
        Some(track.sample_of(slot))
    }

    fn endurance(
        &mut self,
        work: &Work,
        seen: &Seen,
        found: &Contraction,
        (by_onset, by_both): (Judgement, Judgement),
        scratch: &mut Scratch,
    ) {
        let no_base =
            |judged: Judgement| judged.reject_if(seen.base.is_none(), Reason::NoReference);
        let span = span_of(found);
        let lasts = self.channel.seconds(span.sample_count());
        let asked_s = if work.is_free { lasts } else { work.duration_s };
        if asked_s >= AREA_S - 1e-9 {
            let window = self.channel.stretch(span.start, AREA_S);
            let slots = self.channel.track.slots(window);
            let of_window = crate::work::judge(&self.channel.track.survey(&slots));
            self.channel.track.fill(&slots, scratch);
            let net = formulas::mean(&scratch.x).zip(seen.base).map(|(mean, base)| mean - base);
            let unit = MeasureUnit::ChannelSeconds(self.channel.settings.unit);
            let judged = no_base(by_onset.and(of_window));
            let area = net.map(|net| AREA_S * net);
            self.say((Quantity::EnduranceArea, How::Plain), unit, area, judged);
        }
        let slots = self.channel.track.slots(span);
        self.channel.track.fill(&slots, scratch);
        let half = (0.5 * STEADY_S / self.channel.track.slot_s()).round() as usize;
        steady(half, scratch);
        let base = seen.base;
        let highest = scratch.y.iter().copied().max_by(f64::total_cmp);
        let height = highest.zip(base).map(|(highest, base)| highest - base);
        let above = |ratio: f64| {
            let (height, base) = height.filter(|height| *height > 0.0).zip(base)?;
            let limit = base + ratio * height;
            let count = scratch.y.iter().filter(|level| **level >= limit).count();
            Some(count as f64 * self.channel.track.slot_s())
        };
        let (to_65, to_50) = (above(0.65), above(0.5));
        let judged = no_base(by_both);
        for (how, value) in [
            (How::To65, to_65),
            (How::To65Capped10S, to_65.map(|time| time.min(10.0))),
            (How::To50, to_50),
            (How::To50Capped30S, to_50.map(|time| time.min(30.0))),
        ] {
            self.say((Quantity::EnduranceTime, how), MeasureUnit::Second, value, judged);
        }
    }
}

/// Means that are summed side by side. Our choice: four vectors of four, which need not wait for each other.
const LANES: usize = 16;

/// Puts the mean of each level, `half` before it and `half` after it, as far as there are levels, into `y`.
fn steady(half: usize, scratch: &mut Scratch) {
    let Scratch { x, y, processor, .. } = scratch;
    y.clear();
    processor.run(Steady { half, x, y });
}

/// [`steady`], for a processor. Each mean is summed from its first level to its last, whatever stands beside it.
struct Steady<'a> {
    half: usize,
    x: &'a [f64],
    y: &'a mut Vec<f64>,
}

impl Loop for Steady<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { half, x, y } = self;
        let len = half.saturating_mul(2).saturating_add(1);
        let single = |place: usize| {
            let to = place.saturating_add(half).saturating_add(1).min(x.len());
            let around = &x[place.saturating_sub(half)..to];
            around.iter().sum::<f64>() / around.len() as f64
        };
        // Where all about a level is there: from the first such place to one past the last.
        let whole = half.min(x.len())..x.len().saturating_sub(half).max(half.min(x.len()));
        y.extend((0..whole.start).map(single));
        let mut place = whole.start;
        while place + LANES <= whole.end {
            let around = &x[place - half..];
            let mut sums = [-0.0; LANES];
            for levels in around.windows(LANES).take(len) {
                for lane in 0..LANES {
                    sums[lane] += levels[lane];
                }
            }
            y.extend(sums.map(|sum| sum / len as f64));
            place += LANES;
        }
        y.extend((place..x.len()).map(single));
    }
}

impl Channel {
    /// From the cue to let go to the return into the band of rest: time until the envelope is at or below
    /// `R0 + 2 SD_R`, of the rest before exertion in this position.
    ///
    /// If it does not return before `rest` ends, the time until then, a lower bound
    /// ([`Reason::EdgeUnknown`]); if it was let go before the cue, zero ([`Reason::TooBrief`]).
    pub(crate) fn measure_recovery(
        &mut self,
        (task, step): (Task, u32),
        asked: Span,
        rest: Span,
        due: SampleIndex,
        sink: Sink<'_>,
    ) {
        let found = self.log.best(asked, due);
        let window = Span { start: asked.end, end: rest.end };
        let slots = self.track.slots(window);
        let survey = self.track.survey(&slots);
        let mut judged = crate::work::judge(&survey)
            .reject_if(found.is_none(), Reason::NoContraction)
            .note(Reason::PoorRepeatability);
        let level = self.rest_here.and_then(|rest| rest.level.zip(rest.sd));
        judged = judged.reject_if(level.is_none(), Reason::NoReference);
        let mut value = None;
        if let Some((level, sd)) = level {
            let band = level + 2.0 * sd;
            let slot_s = self.track.slot_s();
            let back = slots
                .clone()
                .position(|slot| self.track.level(slot).is_some_and(|level| level <= band));
            let whole = slots.end - slots.start;
            value = Some(back.map_or(whole as f64, |back| back as f64) * slot_s);
            judged = judged
                .doubt_if(back == Some(0), Reason::TooBrief)
                .doubt_if(back.is_none(), Reason::EdgeUnknown);
            if value.is_some_and(|value| value < self.window_s()) {
                judged = judged.note(Reason::Smoothing);
            }
        }
        let value = value.filter(|_| judged.validity < Validity::Invalid);
        let one = One {
            quantity: Quantity::RecoveryLatency,
            how: How::Plain,
            task,
            step,
            value,
            unit: MeasureUnit::Second,
            sem: None,
            span: window,
            judged,
        };
        self.put(one, sink);
    }

    /// Whether it is EMG, whose zero is one.
    pub(crate) fn is_emg(&self) -> bool {
        matches!(self.settings.kind, SignalKind::Emg | SignalKind::EmgEnvelope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_side_by_side_have_the_bits_of_single_ones() {
        let mut state = 11_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 11) as f64 / 9_007_199_254_740_992.0
                * if state.is_multiple_of(7) { 1e3 } else { 1.0 }
        };
        for len in [0, 1, 2, 15, 16, 17, 40, 100, 101, 102, 116, 117, 118, 150, 333] {
            for half in [0, 1, 3, 8, 20, 50] {
                let mut scratch = Scratch::new(len);
                scratch.x.extend((0..len).map(|_| next()));
                steady(half, &mut scratch);
                let expected: Vec<u64> = (0..len)
                    .map(|place| {
                        let to = (place + half + 1).min(len);
                        let around = &scratch.x[place.saturating_sub(half)..to];
                        (around.iter().sum::<f64>() / around.len() as f64).to_bits()
                    })
                    .collect();
                let found: Vec<u64> = scratch.y.iter().map(|mean| mean.to_bits()).collect();
                assert_eq!(found, expected, "{len}, {half}");
            }
        }
    }
}
