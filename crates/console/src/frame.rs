//! The binary message: a run of points of one channel. PROTOCOL.md, "Points".

/// Version of the binary message.
pub(crate) const VERSION: u8 = 1;
/// Bytes before the points.
pub(crate) const HEADER_LEN: usize = 32;
/// Flag: part of the window that a page is given when it opens or has fallen behind.
pub(crate) const WINDOW: u16 = 1;
/// Flag: behind the points of the envelope stand those of the signal. Always, by now.
pub(crate) const SIGNAL: u16 = 2;

/// Some samples: lowest and highest value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// Of the envelope.
    pub(crate) level: [f32; 2],
    /// Of the signal as it came, unfiltered; no numbers where none of the samples is one.
    pub(crate) signal: [f32; 2],
}

impl Point {
    pub(crate) const NONE: Self = Self { level: [f32::NAN; 2], signal: [f32::NAN; 2] };

    /// With one sample more. Of what is no number the other is taken.
    pub(crate) fn with(self, level: f32, signal: f32) -> Self {
        let wider = |[low, high]: [f32; 2], value: f32| [low.min(value), high.max(value)];
        Self { level: wider(self.level, level), signal: wider(self.signal, signal) }
    }
}

/// Points of one channel in a row, without a gap between them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) stream: u8,
    pub(crate) channel: u8,
    /// Index of the first sample of the first point.
    pub(crate) first: u64,
    /// Samples to a point.
    pub(crate) step: u32,
    pub(crate) points: Vec<Point>,
}

impl Run {
    /// One past the last sample.
    pub(crate) fn end(&self) -> u64 {
        self.first + u64::from(self.step) * self.points.len() as u64
    }

    /// The bytes of the message. More points than a message can count are left out, which callers avoid.
    pub(crate) fn bytes(&self, seq: u32, stamp_us: u64, flags: u16) -> Vec<u8> {
        let count = u16::try_from(self.points.len()).unwrap_or(u16::MAX);
        let mut bytes = Vec::with_capacity(HEADER_LEN + 16 * usize::from(count));
        bytes.extend([VERSION, 1, self.stream, self.channel]);
        bytes.extend(seq.to_le_bytes());
        bytes.extend(stamp_us.to_le_bytes());
        bytes.extend(self.first.to_le_bytes());
        bytes.extend(self.step.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend((flags | SIGNAL).to_le_bytes());
        let points = &self.points[..usize::from(count)];
        let values = points.iter().flat_map(|point| point.level);
        for value in values.chain(points.iter().flat_map(|point| point.signal)) {
            bytes.extend(value.to_le_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_protocol() {
        let points = vec![Point { level: [1.0, 2.0], signal: [-2.0, 0.5] }];
        let run = Run { stream: 2, channel: 3, first: 0x0102, step: 10, points };
        let bytes = run.bytes(7, 0x0a0b, WINDOW);
        #[rustfmt::skip]
        let expected = [
            1, 1, 2, 3, 7, 0, 0, 0, 0x0b, 0x0a, 0, 0, 0, 0, 0, 0,
            2, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 1, 0, 3, 0,
            0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f,
        ];
        assert_eq!(bytes, expected);
        assert_eq!(run.end(), 0x0102 + 10);
    }
}
