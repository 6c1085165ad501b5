//! Where a frame belongs on the axis of samples.
//!
//! A small counter says how many frames are missing up to a multiple of its wrap. Which multiple is
//! bounded by host time: a frame cannot arrive before it was sent, and the least delay that was seen
//! lately says how late it is. Where nothing is missing the clock is not asked, so a pause in which
//! no frame was lost makes no gap.

use levator_signal::{HostTime, SampleIndex, SampleRate};

/// Half the time over which the least and the largest delay are remembered. Our choice: long enough
/// for many bursts of a bridge, short enough that a rate that is 1 % off moves them by 40 ms only.
const WINDOW_S: f64 = 2.0;
/// Frames that may seem to come before they were sent: rounding, and a rate slightly above nominal.
const TOLERANCE: f64 = 2.0;
/// A rate may be off by this much before it is taken for a loss.
const UNSTEADY: f64 = 0.05;
/// A device without a counter that is behind by this much has lost samples. Our choice, as other
/// hosts do; shorter pauses come from the host itself.
const SILENT_S: f64 = 1.0;

/// The axis of one device. All its streams share it.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    rate_hz: f64,
    /// Frames after which the counter starts again.
    wrap: Option<u32>,
    next: u64,
    expected: Option<u32>,
    /// When the newest frame came.
    heard: Option<HostTime>,
    /// The port was opened anew.
    is_reopened: bool,
    /// A device without a counter seems to have been silent, since the read before.
    doubt: Option<Doubt>,
    /// Where the axis can be at most by the time of the newest read.
    limit: f64,
    /// It was beyond: of the read that did it, nothing is learnt.
    is_early: bool,
    /// The end of a read was among what was learnt. What waited in the port when it was opened comes at once,
    /// and only its end says how soon a frame can come.
    is_end_known: bool,
    /// Delay of the read before.
    previous: f64,
    windows: [Window; 2],
}

/// Delays in frames, by the nominal rate and an arbitrary zero.
#[derive(Clone, Copy, Debug)]
struct Window {
    began: HostTime,
    least: f64,
    most: f64,
}

impl Window {
    const fn empty(began: HostTime) -> Self {
        Self { began, least: f64::INFINITY, most: f64::NEG_INFINITY }
    }
}

/// A silence that may be a stall of the host, whose bytes are still to be read.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    /// The first sample that may be behind the silence.
    from: SampleIndex,
    /// When frames came last.
    at: HostTime,
    /// The next frame at that moment.
    next: u64,
}

/// Where the next frame belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind the last one.
    Next(SampleIndex),
    /// After a gap.
    After { first: SampleIndex, missing: u64, why: Gap },
    /// It was there before.
    Repeated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    Counted,
    Estimated,
    Restart,
}

impl Axis {
    pub(super) fn new(rate: SampleRate, wrap: Option<u32>) -> Self {
        Self {
            rate_hz: rate.hz(),
            wrap,
            next: 0,
            expected: None,
            heard: None,
            is_reopened: false,
            doubt: None,
            limit: f64::INFINITY,
            is_early: false,
            is_end_known: false,
            previous: f64::NEG_INFINITY,
            windows: [Window::empty(HostTime::ZERO); 2],
        }
    }

    pub(super) fn reopen(&mut self) {
        self.is_reopened = self.next > 0;
        self.expected = None;
        self.doubt = None;
    }

    /// The counter that the next frame should have.
    #[inline]
    pub(super) const fn expected(&self) -> Option<u32> {
        self.expected
    }

    /// The first sample that may be behind a silence, while that is not decided.
    #[inline]
    pub(super) fn doubted_from(&self) -> Option<SampleIndex> {
        self.doubt.map(|doubt| doubt.from)
    }

    /// Whether [`Self::learn`] has something to learn from the next frame.
    #[inline]
    pub(super) fn is_news(&self, at: HostTime) -> bool {
        self.heard != Some(at)
    }

    /// Whether the next frame, which bears the right number, came long before it was sent: then it is an old
    /// one, whole turns of the counter back.
    #[inline]
    pub(super) fn is_early(&mut self, at: HostTime) -> bool {
        if self.is_news(at) || (self.next as f64) <= self.limit {
            return false;
        }
        self.is_early = true;
        true
    }

    /// A frame came as it should.
    #[inline]
    pub(super) fn advance(&mut self) {
        self.next += 1;
        if let (Some(expected), Some(wrap)) = (&mut self.expected, self.wrap) {
            *expected += 1;
            if *expected == wrap {
                *expected = 0;
            }
        }
    }

    pub(super) const fn next(&self) -> SampleIndex {
        SampleIndex(self.next)
    }

    /// Places the first of the `proof` frames by which a lock was gained, all of which have arrived. `refused`
    /// slots were seen and thrown away; it counts for devices without a counter.
    pub(super) fn place(
        &mut self,
        at: HostTime,
        counter: Option<u32>,
        refused: u64,
        proof: usize,
    ) -> Place {
        let place = self.judge(at, counter, refused, proof);
        match place {
            Place::Repeated => {}
            Place::Next(first) | Place::After { first, .. } => {
                // What was learnt so far stands before the gap.
                let is_early = core::mem::take(&mut self.is_early);
                if let Some(heard) = self.heard.take().filter(|_| !is_early) {
                    let last = self.delay(heard) + 1.0;
                    self.windows[0].least = self.windows[0].least.min(last);
                    self.is_end_known |= heard != at;
                }
                if matches!(place, Place::After { why: Gap::Restart, .. }) {
                    self.windows = [Window::empty(at); 2];
                    (self.limit, self.is_end_known) = (f64::INFINITY, false);
                    self.previous = f64::NEG_INFINITY;
                }
                self.next = first.0;
                self.expected = counter;
            }
        }
        place
    }

    fn judge(&mut self, at: HostTime, counter: Option<u32>, refused: u64, proof: usize) -> Place {
        let after = |next: u64, missing: u64, why| match missing {
            0 if why != Gap::Restart => Place::Next(SampleIndex(next)),
            _ => Place::After { first: SampleIndex(next.saturating_add(missing)), missing, why },
        };
        if core::mem::take(&mut self.is_reopened) {
            let heard = self.heard.unwrap_or(at);
            let silent_s = at.saturating_since(heard).as_secs_f64();
            let elapsed = (silent_s * self.rate_hz).round() as u64;
            return after(self.next, elapsed.saturating_sub(1), Gap::Restart);
        }
        if self.next == 0 {
            return Place::Next(SampleIndex::ZERO);
        }
        let (behind, usual) = self.behind(at);
        match (counter, self.expected, self.wrap) {
            (Some(counter), Some(expected), Some(wrap)) => {
                let ahead = f64::from((counter + wrap - expected) % wrap);
                let wrap = f64::from(wrap);
                // The last of them was sent as well; where an old turn of a small counter comes again, the last
                // of the next turn was not.
                let others = if self.is_end_known { proof.saturating_sub(1) } else { 0 };
                if ahead + others as f64 > behind + TOLERANCE {
                    return Place::Repeated;
                }
                let turns = ((behind - usual - ahead) / wrap).round().max(0.0);
                let sure = turns < 0.5 && behind - ahead < wrap / 2.0;
                let why = if sure { Gap::Counted } else { Gap::Estimated };
                after(self.next, (ahead + turns * wrap) as u64, why)
            }
            // Whether more is missing shows at the frames that come.
            _ => after(self.next, refused, Gap::Estimated),
        }
    }

    /// How many frames can have been sent and not seen, and how many that usually are.
    fn behind(&self, at: HostTime) -> (f64, f64) {
        let least = self.windows[0].least.min(self.windows[1].least);
        let most = self.windows[0].most.max(self.windows[1].most);
        if !least.is_finite() {
            return (0.0, 0.0);
        }
        ((self.delay(at) - least).max(0.0), (most - least).max(0.0))
    }

    fn delay(&self, at: HostTime) -> f64 {
        at.as_secs_f64() * self.rate_hz - self.next as f64
    }

    /// A frame is about to be taken at its place. Bursts are learnt at their first frame, where the
    /// delay is largest, and at the first one after them, before which it was least.
    ///
    /// Returns how many frames were lost unseen: whole turns of the counter, which show in nothing but
    /// that everything is late from then on, for seconds; and without a counter, those of a silence.
    #[cold]
    pub(super) fn learn(&mut self, at: HostTime) -> u64 {
        let mut missing = self.silent(at);
        if self.doubt.is_some() {
            // Nothing is learnt of the habits of the line while its bytes are caught up with.
            self.heard = Some(at);
            return 0;
        }
        self.next = self.next.saturating_add(missing);
        if at.saturating_since(self.windows[0].began).as_secs_f64() > WINDOW_S {
            let turns = self.turns_unseen();
            self.next = self.next.saturating_add(turns);
            missing += turns;
            self.windows = [Window::empty(at), self.windows[0]];
        }
        let delay = self.delay(at);
        let is_early = core::mem::take(&mut self.is_early);
        // Of a burst before turns were found missing nothing can be said.
        let last = self.heard.map(|heard| self.delay(heard) + 1.0);
        let last = last.filter(|_| missing == 0 && !is_early);
        let window = &mut self.windows[0];
        window.least = window.least.min(last.unwrap_or(f64::INFINITY));
        window.least = window.least.min(delay);
        // One late frame is no habit.
        window.most = window.most.max(delay.min(self.previous));
        self.previous = delay;
        self.heard = Some(at);
        self.is_end_known |= last.is_some();
        if let Some(wrap) = self.wrap.filter(|_| self.is_end_known) {
            let least = self.windows[0].least.min(self.windows[1].least);
            self.limit = self.next as f64 + delay - least + TOLERANCE + f64::from(wrap / 4);
        }
        missing
    }

    /// Frames that a device without a counter did not send for a while, though it was not lost.
    ///
    /// A host that stalled reads what has come meanwhile in pieces, each much larger than the time since
    /// the one before allows. So nothing is decided before a read that has only what is new: what is still
    /// missing then was never sent, or found no room. Only the times of frames count for that, not how
    /// their bytes were cut.
    fn silent(&mut self, at: HostTime) -> u64 {
        if self.wrap.is_some() {
            return 0;
        }
        let (behind, usual) = self.behind(at);
        let silent = behind - usual;
        if silent <= (SILENT_S * self.rate_hz).max(20.0) {
            self.doubt = None;
            return 0;
        }
        let next = self.next;
        let doubt = self.doubt.get_or_insert(Doubt { from: SampleIndex(next), at, next });
        let frames = (next - doubt.next) as f64;
        let new = at.saturating_since(doubt.at).as_secs_f64() * self.rate_hz;
        if frames == 0.0 || frames > 2.0 * new + TOLERANCE {
            (doubt.at, doubt.next) = (at, next);
            return 0;
        }
        self.doubt = None;
        silent.round() as u64
    }

    fn turns_unseen(&mut self) -> u64 {
        let Some(wrap) = self.wrap.map(f64::from) else { return 0 };
        let late = self.windows[0].least - self.windows[1].least;
        let limit = (wrap / 2.0).max(UNSTEADY * WINDOW_S * self.rate_hz);
        if !(late.is_finite() && late >= limit) {
            return 0;
        }
        let missing = (late / wrap).round() * wrap;
        self.windows[0].least -= missing;
        self.windows[0].most -= missing;
        missing as u64
    }
}
