//! The binary message: a run of points of one channel. PROTOCOL.md, "Points".

/// Version of the binary message.
pub(crate) const VERSION: u8 = 1;
/// Bytes before the points.
pub(crate) const HEADER_LEN: usize = 32;
/// Flag: part of the window that a page is given when it opens or has fallen behind.
pub(crate) const WINDOW: u16 = 1;

/// Some samples of an envelope: lowest and highest value.
pub(crate) type Point = [f32; 2];

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
        let mut bytes = Vec::with_capacity(HEADER_LEN + 8 * usize::from(count));
        bytes.extend([VERSION, 1, self.stream, self.channel]);
        bytes.extend(seq.to_le_bytes());
        bytes.extend(stamp_us.to_le_bytes());
        bytes.extend(self.first.to_le_bytes());
        bytes.extend(self.step.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(flags.to_le_bytes());
        for [lowest, highest] in self.points.iter().take(usize::from(count)) {
            bytes.extend(lowest.to_le_bytes());
            bytes.extend(highest.to_le_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_protocol() {
        let run = Run { stream: 2, channel: 3, first: 0x0102, step: 10, points: vec![[1.0, 2.0]] };
        let bytes = run.bytes(7, 0x0a0b, WINDOW);
        #[rustfmt::skip]
        let expected = [
            1, 1, 2, 3, 7, 0, 0, 0, 0x0b, 0x0a, 0, 0, 0, 0, 0, 0,
            2, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 1, 0, 1, 0,
            0, 0, 0x80, 0x3f, 0, 0, 0, 0x40,
        ];
        assert_eq!(bytes, expected);
        assert_eq!(run.end(), 0x0102 + 10);
    }
}
