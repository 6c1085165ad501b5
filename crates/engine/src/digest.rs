//! A fingerprint of all outputs: the test of "live equals offline".

use levator_detect::manoeuvre::Answer;
use levator_detect::{Transition, Uncertainty};
use levator_programme::{Cue, Event};
use levator_signal::quality::Change;
use levator_signal::{Breathing, ChannelId, Cough, Drift, Loop, Processor, SampleIndex};

use crate::{Output, ProgrammeEvent, Sink};

/// Sums up every output it is given, in order, bit by bit.
///
/// [`Self::all`] covers everything; [`Self::signal`] leaves out what carries host time, so it is also
/// equal when the same bytes arrived in other chunks or at another time. Values enter as their bits:
/// two runs agree only if every number is the same to the last bit.
///
/// It is a checksum against accidents of ours (64 bits, no secret), not against a forger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    all: u64,
    signal: u64,
    count: u64,
}

impl Digest {
    /// Nothing seen yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { all: 0, signal: 0, count: 0 }
    }

    /// Fingerprint of every output, host times included.
    #[must_use]
    pub const fn all(&self) -> u64 {
        self.all
    }

    /// Fingerprint of the outputs that depend on samples alone.
    #[must_use]
    pub const fn signal(&self) -> u64 {
        self.signal
    }

    /// Number of outputs seen.
    #[must_use]
    pub const fn output_count(&self) -> u64 {
        self.count
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

impl Sink for Digest {
    fn emit(&mut self, output: Output<'_>) {
        self.count += 1;
        let (hash, timed) = fingerprint(&output);
        self.all = mix(self.all, hash);
        if !timed {
            self.signal = mix(self.signal, hash);
        }
    }
}

/// One round of multiply and shift; the multiplier is the 64-bit golden ratio.
const fn mix(state: u64, word: u64) -> u64 {
    let mixed = (state.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 32)
}

/// The fingerprint of one output, and whether it carries host time.
fn fingerprint(output: &Output<'_>) -> (u64, bool) {
    let words = |tag: u64, words: &[u64]| words.iter().fold(mix(0, tag), |h, &w| mix(h, w));
    match output {
        Output::Link(event) => (words(1, &[event.at.as_nanos(), event.state as u64]), true),
        Output::Device(device) => {
            let identity = [
                u64::from_le_bytes(device.uid),
                u64::from(device.boot_id),
                u64::from(device.model),
                u64::from(device.stream_count),
                device.at.as_nanos(),
            ];
            (bytes(words(2, &identity), device.name.as_str().as_bytes()), true)
        }
        Output::Stream(stream) => {
            let mut hash = words(
                3,
                &[
                    u64::from(stream.stream),
                    u64::from(stream.epoch),
                    stream.kind as u64,
                    stream.unit as u64,
                    stream.rate.scans(),
                    stream.rate.seconds(),
                    u64::from(stream.channel_count),
                ],
            );
            for calibration in &stream.calibrations[..usize::from(stream.channel_count)] {
                hash = mix(hash, calibration.scale.to_bits());
                hash = mix(hash, calibration.offset_counts.to_bits());
            }
            (bytes(hash, stream.label.as_str().as_bytes()), false)
        }
        Output::Passed(passed) => {
            (words(14, &[channel(passed.channel), passed.reason as u64]), false)
        }
        Output::Searched(searched) => {
            let delay = searched.delay;
            let of = [
                channel(searched.channel),
                searched.kind as u64,
                searched.unit as u64,
                delay.device_s.to_bits(),
                delay.filter_s.to_bits(),
                delay.envelope_s.to_bits(),
            ];
            (words(22, &of), false)
        }
        Output::Measure(one) => {
            let of = [
                channel(one.channel),
                one.quantity as u64,
                one.task as u64,
                one.how as u64,
                one.trial.map_or(u64::MAX, u64::from),
                one.value.map_or(u64::MAX, f64::to_bits),
                one.sem.map_or(u64::MAX, f64::to_bits),
                u64::from(one.count),
                one.span.start.0,
                one.span.end.0,
                one.validity as u64,
                one.reasons.iter().fold(0, |bits, reason| bits | 1 << reason as u64),
            ];
            (words(23, &of), false)
        }
        Output::Trial(one) => {
            let found = one.found.map_or([u64::MAX; 2], |found| {
                [found.onset.0, found.offset.map_or(u64::MAX, |offset| offset.0)]
            });
            let of = [
                channel(one.channel),
                u64::from(one.step),
                u64::from(one.attempt),
                one.asked.start.0,
                one.asked.end.0,
                found[0],
                found[1],
                one.validity as u64,
                one.reasons.iter().fold(0, |bits, reason| bits | 1 << reason as u64),
                one.level.map_or(u64::MAX, f64::to_bits),
                one.success.map_or(2, u64::from),
            ];
            (words(24, &of), false)
        }
        Output::Clock(event) => {
            let of = [
                event.at.as_nanos(),
                u64::from(event.stream),
                event.real_hz.to_bits(),
                event.drift_ppm.map_or(u64::MAX, f64::to_bits),
                event.end.0,
                event.end_at.as_nanos(),
                event.late_s.to_bits(),
            ];
            (words(25, &of), true)
        }
        Output::Answer(answer) => {
            let word = u64::from(answer.kind) << 8 | u64::from(answer.result);
            (words(15, &[answer.at.as_nanos(), word]), true)
        }
        Output::Block(block) => {
            let head = [
                channel(block.channel),
                block.first.0,
                block.values.len() as u64,
                u64::from(block.quality.bits()),
            ];
            let mut hash = words(4, &head);
            for slice in [block.values, block.filtered, block.envelope] {
                hash = values(hash, slice);
            }
            (hash, false)
        }
        Output::Contraction(event) => {
            (transition(words(5, &[channel(event.channel)]), &event.transition), false)
        }
        Output::Rest(event) => {
            let mut hash = words(6, &[channel(event.channel), event.unit as u64]);
            if let Some(rest) = event.rest {
                for value in [rest.level, rest.spread, rest.span_s] {
                    hash = mix(hash, value.to_bits());
                }
            }
            (hash, false)
        }
        Output::Finding(event) => {
            let (began, finding) = match event.change {
                Change::Began(finding) => (1, finding),
                Change::Ended(finding) => (0, finding),
            };
            let of = [
                channel(event.channel),
                event.at.0,
                began,
                finding.fault as u64,
                finding.span.start.0,
                finding.span.end.0,
                finding.value.to_bits(),
                finding.known_at.0,
            ];
            (words(20, &of), false)
        }
        Output::Pressure(event) => {
            let mut hash = words(17, &[channel(event.channel), event.unit as u64, event.at.0]);
            match event.drift {
                Drift::Known(known) => {
                    hash = mix(hash, known.change.to_bits());
                    hash = mix(hash, known.bound.to_bits());
                    hash = mix(hash, known.slope_per_min.to_bits());
                    hash = mix(hash, u64::from(known.rest_count));
                }
                Drift::Unknown(_) => hash = mix(hash, 1),
            }
            match event.breathing {
                Some(Breathing::Present { rate_per_min, amplitude, regularity }) => {
                    for value in [rate_per_min, amplitude, regularity] {
                        hash = mix(hash, value.to_bits());
                    }
                }
                Some(Breathing::Absent { regularity }) => hash = mix(hash, regularity.to_bits()),
                Some(Breathing::Unknown { rest_s, .. }) => hash = mix(hash, rest_s.to_bits()),
                None => hash = mix(hash, 2),
            }
            (hash, false)
        }
        Output::Cough(event) => {
            let Cough { span, peak_at, decided, peak, height, .. } = event.cough;
            let of = [
                channel(event.channel),
                span.start.0,
                span.end.0,
                peak_at.0,
                decided.0,
                peak.to_bits(),
                height.to_bits(),
            ];
            (words(18, &of), false)
        }
        Output::Heart(event) => {
            let of = event.summary.map_or([u64::MAX; 4], |heart| {
                [
                    heart.state as u64,
                    heart.beat_count,
                    heart.touched_count,
                    heart.power_ratio.to_bits(),
                ]
            });
            (of.iter().fold(words(19, &[channel(event.channel)]), |h, &w| mix(h, w)), false)
        }
        Output::Manoeuvre(event) => {
            let times = [event.start_s.to_bits(), event.end_s.to_bits()];
            let rest = match event.answer {
                Answer::Told { manoeuvre, basis, pelvic, abdominal } => [
                    manoeuvre as u64,
                    basis.pelvic as u64 | (basis.other as u64) << 8,
                    u64::from(basis.normalised),
                    pelvic.to_bits(),
                    abdominal.to_bits(),
                ],
                Answer::CannotTell(doubt) => [u64::MAX, doubt as u64, 0, 0, 0],
            };
            (rest.iter().fold(words(16, &times), |hash, &word| mix(hash, word)), false)
        }
        Output::Programme(event) => (programme(event), false),
        Output::Lost(lost) => (
            words(
                7,
                &[u64::from(lost.stream), lost.span.start.0, lost.span.end.0, lost.cause as u64],
            ),
            false,
        ),
        Output::Refused(refused) => {
            let hash = words(8, &[refused.at.as_nanos()]);
            (bytes(hash, refused.reason.name().as_bytes()), true)
        }
        Output::Status(status) => (words(9, &[status.at.as_nanos(), status.uptime_us]), true),
        Output::Event(event) => {
            (words(10, &[event.at.as_nanos(), event.index.0, u64::from(event.code)]), true)
        }
        Output::Log { at, text } => (bytes(words(11, &[at.as_nanos()]), text.as_bytes()), true),
        Output::Mark(mark) => {
            (bytes(words(12, &[mark.at.as_nanos(), mark.index.0]), mark.text.as_bytes()), true)
        }
        Output::Transmit(transmission) => {
            (bytes(words(13, &[transmission.at.as_nanos()]), transmission.bytes), true)
        }
    }
}

fn channel(id: ChannelId) -> u64 {
    u64::from(id.stream) << 8 | u64::from(id.channel)
}

fn transition(hash: u64, transition: &Transition) -> u64 {
    let sum = |words: &[u64]| words.iter().fold(hash, |h, &w| mix(h, w));
    match transition {
        Transition::Onset { at, decided } => sum(&[1, at.0, decided.0]),
        Transition::Withdrawn { span, decided } => sum(&[2, span.start.0, span.end.0, decided.0]),
        Transition::Contraction(found) => sum(&[
            3,
            found.onset.0,
            found.offset.map_or(u64::MAX, |offset| offset.0),
            uncertainty(found.onset_uncertainty),
            uncertainty(found.offset_uncertainty),
            found.decided.0,
            found.closed.0,
            found.peak_at.0,
            found.peak.to_bits(),
            found.mean.to_bits(),
            found.rest.to_bits(),
            found.confidence.to_bits(),
        ]),
        Transition::Undetermined { span, decided, reason } => {
            sum(&[4, span.start.0, span.end.0, decided.0, *reason as u64])
        }
    }
}

/// Samples are most of what there is to sum up: eight sums side by side, each turned and added to, which
/// takes a tenth of the time of a multiplication a value that has to wait for the one before.
fn values(hash: u64, values: &[f64]) -> u64 {
    let sums = Processor::best().run(Sums { hash, values });
    sums.iter().fold(mix(hash, values.len() as u64), |hash, &sum| mix(hash, sum))
}

struct Sums<'a> {
    hash: u64,
    values: &'a [f64],
}

impl Loop for Sums<'_> {
    type Output = [u64; 8];

    #[inline(always)]
    fn run(self) -> [u64; 8] {
        const TURN: u32 = 7;
        let mut sums = [self.hash; 8];
        let (groups, rest) = self.values.as_chunks::<8>();
        for group in groups {
            for (sum, value) in sums.iter_mut().zip(group) {
                *sum = sum.rotate_left(TURN).wrapping_add(value.to_bits());
            }
        }
        for (sum, value) in sums.iter_mut().zip(rest) {
            *sum = sum.rotate_left(TURN).wrapping_add(value.to_bits());
        }
        sums
    }
}

fn uncertainty(uncertainty: Uncertainty) -> u64 {
    match uncertainty {
        Uncertainty::Within { seconds } => seconds.to_bits(),
        Uncertainty::Unknown(why) => u64::MAX - why as u64,
    }
}

fn bytes(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(mix(hash, bytes.len() as u64), |h, &b| mix(h, u64::from(b)))
}

fn programme(event: &ProgrammeEvent) -> u64 {
    let cue = |hash: u64, cue: &Cue<SampleIndex>| {
        let of = [
            cue.step as u64,
            u64::from(cue.attempt),
            cue.part as u64,
            cue.starts.0,
            cue.ends.0,
            cue.into.0,
            u64::from(cue.feedback) | u64::from(cue.scored) << 1,
        ];
        of.iter().fold(hash, |hash, &word| mix(hash, word))
    };
    let hash = mix(mix(0, 21), u64::from(event.stream));
    match &event.event {
        Event::Cue(begun) => cue(mix(hash, 1), begun),
        Event::Ended { cue: ended, at, outcome } => {
            mix(mix(cue(mix(hash, 2), ended), at.0), *outcome as u64)
        }
        Event::Suspended { at, why } => mix(mix(mix(hash, 3), at.0), *why as u64),
        Event::Resumed { at } => mix(mix(hash, 4), at.0),
        Event::Done { at, completed } => mix(mix(mix(hash, 5), at.0), u64::from(*completed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal() -> Vec<f64> {
        (0..1000).map(|index| f64::from(index * index % 97) - 48.0).collect()
    }

    #[test]
    fn every_bit_of_every_value_counts() {
        let signal = signal();
        let whole = values(1, &signal);
        assert_ne!(values(2, &signal), whole);
        for index in 0..signal.len() {
            for bit in [0, 31, 63] {
                let mut other = signal.clone();
                other[index] = f64::from_bits(other[index].to_bits() ^ 1 << bit);
                assert_ne!(values(1, &other), whole, "bit {bit} of value {index}");
            }
        }
    }

    #[test]
    fn order_length_and_sign_count() {
        let signal = signal();
        let whole = values(1, &signal);
        for (one, other) in [(0, 1), (0, 8), (3, 515), (500, 999)] {
            let mut swapped = signal.clone();
            swapped.swap(one, other);
            assert_eq!(values(1, &swapped) == whole, swapped == signal, "{one} and {other}");
        }
        let negative: Vec<f64> = signal.iter().map(|value| -value).collect();
        assert_ne!(values(1, &negative), whole);
        assert_ne!(values(1, &signal[..999]), whole);
        assert_ne!(values(1, &[]), values(1, &[0.0]));
    }
}
