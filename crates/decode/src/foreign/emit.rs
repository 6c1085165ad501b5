//! From the columns of a frame to the scans of streams.

use levator_signal::{HostTime, Quality, SampleIndex, SampleRate, Span};

use super::axis::{Axis, Gap, Place};
use super::description::{Description, MAX_COLUMNS};
use crate::native::MAX_STREAMS;
use crate::{
    Decoded, DeviceInfo, Label, LossCause, Lost, MAX_CHANNELS, Refusal, Refused, Scans, StreamInfo,
};

/// Codes that are collected before they are handed on.
const BATCH: usize = 256;

/// Collects scans for each stream and hands them on.
#[derive(Clone, Debug)]
pub(super) struct Emitter {
    pub(super) axis: Axis,
    name: Label,
    streams: [Option<Outlet>; MAX_STREAMS],
    /// Index of the first scan that is waiting.
    first: SampleIndex,
    waiting: usize,
    /// Scans that fit into every batch.
    room: usize,
    is_described: bool,
}

#[derive(Clone, Debug)]
struct Outlet {
    info: StreamInfo,
    /// Column of each channel.
    columns: [u8; MAX_CHANNELS],
    codes: [f64; BATCH],
    len: usize,
}

impl Emitter {
    pub(super) fn new(description: &Description, wrap: Option<u32>) -> Self {
        let mut streams: [Option<Outlet>; MAX_STREAMS] = core::array::from_fn(|_| None);
        let mut place = 0_u8;
        let is_text = matches!(description.framing, super::Framing::Text(_));
        let mut room = BATCH;
        for ((slot, info), group) in
            streams.iter_mut().zip(description.streams()).zip(description.groups())
        {
            let mut columns = [0; MAX_CHANNELS];
            for (column, channel) in columns.iter_mut().zip(group) {
                *column = if is_text { place } else { channel.column };
                place += 1;
            }
            room = room.min(BATCH / group.len());
            *slot = Some(Outlet { info, columns, codes: [0.0; BATCH], len: 0 });
        }
        debug_assert!(usize::from(place) <= MAX_COLUMNS);
        Self {
            axis: Axis::new(description.rate, wrap),
            name: Label::new(&description.name),
            streams,
            first: SampleIndex::ZERO,
            waiting: 0,
            room,
            is_described: false,
        }
    }

    /// The nominal rate, for those who judge by time.
    pub(super) fn rate(&self) -> Option<SampleRate> {
        self.streams.iter().flatten().next().map(|outlet| outlet.info.rate)
    }

    pub(super) fn reopen(&mut self) {
        self.axis.reopen();
        self.is_described = false;
    }

    /// Names the layout that was found.
    pub(super) fn rename(&mut self, suffix: &str, name: &str) {
        self.name = Label::new(name);
        if let Some(Some(outlet)) = self.streams.first_mut()
            && outlet.info.channel_count == 1
            && !suffix.is_empty()
        {
            outlet.info.label = Label::new(suffix);
        }
    }

    /// Makes room on the axis for the frames that come next, as many as proved the lock; false if they were
    /// there before.
    pub(super) fn place(
        &mut self,
        at: HostTime,
        counter: Option<u32>,
        refused: u64,
        proof: usize,
        out: &mut impl FnMut(Decoded<'_>),
    ) -> bool {
        self.flush(out);
        let place = self.axis.place(at, counter, refused, proof);
        match place {
            Place::Repeated => {
                self.refuse(at, Refusal::Repeated, out);
                return false;
            }
            Place::Next(first) => self.first = first,
            Place::After { first, missing, why } => {
                self.first = first;
                let cause = match why {
                    Gap::Counted => LossCause::Link,
                    Gap::Estimated => LossCause::Estimated,
                    Gap::Restart => LossCause::Restart,
                };
                let span = Span { start: first.saturating_sub(missing), end: first };
                self.tell_lost(span, cause, out);
            }
        }
        if !core::mem::replace(&mut self.is_described, true) {
            self.describe(at, out);
        }
        true
    }

    fn describe(&self, at: HostTime, out: &mut impl FnMut(Decoded<'_>)) {
        out(Decoded::Device(DeviceInfo {
            at,
            name: self.name,
            model: 0,
            uid: [0; 8],
            boot_id: 0,
            firmware: [0; 3],
            wire_minor: 0,
            stream_count: self.streams.iter().flatten().count() as u8,
            capabilities: 0,
        }));
        for outlet in self.streams.iter().flatten() {
            out(Decoded::Stream(&outlet.info));
        }
    }

    /// Takes a frame whose place is known.
    #[inline]
    pub(super) fn take(
        &mut self,
        at: HostTime,
        code: impl Fn(usize) -> f64,
        out: &mut impl FnMut(Decoded<'_>),
    ) {
        if self.axis.is_news(at) {
            self.learn(at, out);
        }
        let mut is_finite = true;
        for outlet in &mut self.streams {
            let Some(outlet) = outlet else { break };
            let count = usize::from(outlet.info.channel_count).min(MAX_CHANNELS);
            let codes = &mut outlet.codes[outlet.len..outlet.len + count];
            for (slot, column) in codes.iter_mut().zip(&outlet.columns) {
                *slot = code(usize::from(*column));
                is_finite &= slot.is_finite();
            }
            outlet.len += count;
        }
        self.axis.advance();
        self.waiting += 1;
        if !is_finite {
            self.fault(out);
        } else if self.waiting == self.room {
            self.flush(out);
        }
    }

    #[cold]
    fn learn(&mut self, at: HostTime, out: &mut impl FnMut(Decoded<'_>)) {
        let doubted = self.axis.doubted_from();
        let missing = self.axis.learn(at);
        if missing == 0 {
            return;
        }
        if doubted == Some(self.first) {
            // All that came after the silence still waits, and moves behind the gap.
            self.first = self.first.saturating_add(missing);
        } else {
            self.flush(out);
        }
        let span = Span { start: self.first.saturating_sub(missing), end: self.first };
        self.tell_lost(span, LossCause::Estimated, out);
    }

    /// All bytes of a read were looked at. While it is open whether the device was silent before them, what
    /// they held waits, as far as there is room.
    pub(super) fn end_of_read(&mut self, out: &mut impl FnMut(Decoded<'_>)) {
        if self.axis.doubted_from().is_none() {
            self.flush(out);
        }
    }

    fn tell_lost(&self, span: Span, cause: LossCause, out: &mut impl FnMut(Decoded<'_>)) {
        for outlet in self.streams.iter().flatten() {
            out(Decoded::Lost(Lost { stream: outlet.info.stream, span, cause }));
        }
    }

    /// The newest scan holds a value that is no number: it goes alone, with that said of it.
    #[cold]
    fn fault(&mut self, out: &mut impl FnMut(Decoded<'_>)) {
        let good = self.waiting - 1;
        self.send(0, good, Quality::GOOD, out);
        self.send(good, 1, Quality::NOT_FINITE, out);
        self.clear();
    }

    pub(super) fn flush(&mut self, out: &mut impl FnMut(Decoded<'_>)) {
        self.send(0, self.waiting, Quality::GOOD, out);
        self.clear();
    }

    fn clear(&mut self) {
        self.waiting = 0;
        self.first = self.axis.next();
        for outlet in self.streams.iter_mut().flatten() {
            outlet.len = 0;
        }
    }

    fn send(
        &mut self,
        from: usize,
        count: usize,
        quality: Quality,
        out: &mut impl FnMut(Decoded<'_>),
    ) {
        if count == 0 {
            return;
        }
        for outlet in self.streams.iter_mut().flatten() {
            let channels = usize::from(outlet.info.channel_count);
            let codes = &mut outlet.codes[from * channels..(from + count) * channels];
            let mut faulty = 0;
            if !quality.is_good() {
                for (channel, code) in codes.iter_mut().enumerate() {
                    if !code.is_finite() {
                        faulty |= 1 << channel;
                        *code = f64::NAN;
                    }
                }
            }
            let all = u16::MAX >> (16 - channels.min(16));
            out(Decoded::Scans(Scans {
                stream: outlet.info.stream,
                first: self.first.saturating_add(from as u64),
                channel_count: outlet.info.channel_count,
                codes,
                quality: if faulty == 0 { Quality::GOOD } else { quality },
                fault_channels: if faulty == 0 { all } else { faulty },
            }));
        }
    }

    pub(super) fn refuse(
        &mut self,
        at: HostTime,
        reason: Refusal,
        out: &mut impl FnMut(Decoded<'_>),
    ) {
        self.flush(out);
        out(Decoded::Refused(Refused { at, reason }));
    }
}
