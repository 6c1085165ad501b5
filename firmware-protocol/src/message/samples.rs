//! SAMPLES, the measured values, and how codes become bytes and back (SPEC 3.5).

use super::codes::{SampleFormat, SampleStatus};
use super::view::SamplesView;
use super::{Fault, MAX_STREAM};
use crate::frame::MAX_PAYLOAD;

/// Most bytes of sample data in one frame.
pub const MAX_SAMPLE_BYTES: usize = MAX_PAYLOAD - SamplesView::LEAST;

/// Consecutive samples of one stream, taken at equal intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Samples<'a> {
    /// Number of the stream, 0 to 7.
    pub stream: u8,
    /// Epoch of the description these samples were made under. Samples of another epoch than the
    /// description at hand have no known format or scale.
    pub epoch: u8,
    /// What is wrong with the samples of this frame.
    pub status: SampleStatus,
    /// Index of the first sample of each channel since START; wraps at 2^32.
    pub index: u32,
    /// Device clock at the first sample, in microseconds; wraps after 71.6 minutes.
    pub time_us: u32,
    /// Samples of each channel: 1 to 226.
    pub scan_count: u16,
    /// Channels `status` speaks of, bit 0 for channel 0; zero for all of them.
    pub fault_channels: u8,
    /// All channels of the first instant, then all of the second, at most 226 bytes.
    pub data: &'a [u8],
}

impl<'a> Samples<'a> {
    /// The codes in `data`, read as `format` for `channels` channels, sample-major.
    ///
    /// `None` if `data` has not exactly the bytes for that, or the format is unknown: the frame and
    /// the description do not belong together, and no value of it may be used.
    #[inline]
    #[must_use]
    pub fn codes(&self, format: SampleFormat, channels: u8) -> Option<Codes<'a>> {
        let width = format.width()?;
        let expected = usize::from(self.scan_count) * usize::from(channels) * width;
        (self.data.len() == expected).then_some(Codes { data: self.data, format })
    }

    #[inline]
    pub(super) fn parse(payload: &'a [u8]) -> Result<Self, Fault> {
        let least = SamplesView::LEAST;
        let view = SamplesView::new(payload).ok_or(Fault::Length { least })?;
        let samples = Self {
            stream: view.stream(),
            epoch: view.epoch(),
            status: SampleStatus::from_bits(view.status()),
            index: view.index(),
            time_us: view.time_us(),
            scan_count: u16::from(view.scan_count()),
            fault_channels: view.fault_channels(),
            data: &payload[SamplesView::LEAST..],
        };
        samples.check().map(|()| samples).map_err(|offset| Fault::Field { offset })
    }

    /// The offset of the first field out of range. Channels and format are not known here: the exact
    /// length is checked by [`Self::codes`].
    #[inline]
    pub(super) fn check(&self) -> Result<(), usize> {
        if self.stream > MAX_STREAM {
            return Err(0);
        }
        // In 32 bits, which are divided sooner; longer data are refused as a payload.
        let (scan_count, len) = (u32::from(self.scan_count), self.data.len() as u32);
        if scan_count == 0 || len < scan_count || !len.is_multiple_of(scan_count) {
            return Err(12);
        }
        Ok(())
    }

    pub(super) fn emit(&self, payload: &mut [u8]) {
        let (fixed, data) = payload.split_at_mut(SamplesView::LEAST);
        data.copy_from_slice(self.data);
        if let Some(mut view) = SamplesView::new(fixed) {
            view.set_stream(self.stream);
            view.set_epoch(self.epoch);
            view.set_status(self.status.bits());
            view.set_index(self.index);
            view.set_time_us(self.time_us);
            // `check` has limited it to the data length.
            view.set_scan_count(self.scan_count as u8);
            view.set_fault_channels(self.fault_channels);
        }
    }
}

/// The codes of one SAMPLES frame, sample-major. Integers come out exactly, `f32` is widened.
#[derive(Debug, Clone)]
pub struct Codes<'a> {
    data: &'a [u8],
    format: SampleFormat,
}

impl Codes<'_> {
    #[inline]
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.data.split_first_chunk()?;
        self.data = rest;
        Some(*first)
    }
}

impl Iterator for Codes<'_> {
    type Item = f64;

    #[inline]
    fn next(&mut self) -> Option<f64> {
        match self.format {
            SampleFormat::I16 => self.take().map(|bytes| f64::from(i16::from_le_bytes(bytes))),
            SampleFormat::I24 => self
                .take()
                // Into the upper bytes, then back: the shift repeats the sign.
                .map(|[a, b, c]| f64::from(i32::from_le_bytes([0, a, b, c]) >> 8)),
            SampleFormat::I32 => self.take().map(|bytes| f64::from(i32::from_le_bytes(bytes))),
            SampleFormat::F32 => self.take().map(|bytes| f64::from(f32::from_le_bytes(bytes))),
            SampleFormat::U16 => self.take().map(|bytes| f64::from(u16::from_le_bytes(bytes))),
            SampleFormat::Other(_) => None,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.format.width().map_or(0, |width| self.data.len() / width);
        (len, Some(len))
    }
}

impl ExactSizeIterator for Codes<'_> {}

impl core::iter::FusedIterator for Codes<'_> {}

/// Why codes were not packed. Nothing useful is in the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackError {
    /// The format is unknown.
    Format,
    /// The buffer is too small.
    Room {
        /// Bytes the codes need.
        needed: usize,
        /// Bytes of the buffer.
        actual: usize,
    },
    /// The format cannot hold the code exactly. Clamp it and report saturation.
    Range {
        /// Which of the codes.
        index: usize,
    },
}

impl core::fmt::Display for PackError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Format => formatter.write_str("sample format is unknown"),
            Self::Room { needed, actual } => {
                write!(formatter, "codes need {needed} bytes, the buffer has {actual}")
            }
            Self::Range { index } => write!(formatter, "code {index} does not fit the format"),
        }
    }
}

impl core::error::Error for PackError {}

impl SampleFormat {
    /// Bytes of one sample; `None` if the format is unknown.
    #[inline]
    #[must_use]
    pub const fn width(self) -> Option<usize> {
        match self {
            Self::I16 | Self::U16 => Some(2),
            Self::I24 => Some(3),
            Self::I32 | Self::F32 => Some(4),
            Self::Other(_) => None,
        }
    }

    /// Smallest and largest code the format holds; for `f32` the whole numbers it holds exactly.
    #[must_use]
    pub const fn range(self) -> Option<(i32, i32)> {
        match self {
            Self::I16 => Some((i16::MIN as i32, i16::MAX as i32)),
            Self::I24 => Some((-(1 << 23), (1 << 23) - 1)),
            Self::I32 => Some((i32::MIN, i32::MAX)),
            Self::F32 => Some((-(1 << 24), 1 << 24)),
            Self::U16 => Some((0, u16::MAX as i32)),
            Self::Other(_) => None,
        }
    }

    /// Writes `codes` to the front of `out`, ready to be the data of [`Samples`]; returns the length.
    ///
    /// # Errors
    ///
    /// If the format is unknown, `out` is too small, or a code does not fit. Codes are never
    /// clamped silently: a clamped code must carry [`SampleStatus::SATURATED_HIGH`] or its twin.
    pub fn pack(self, codes: &[i32], out: &mut [u8]) -> Result<usize, PackError> {
        let (width, (least, most)) = self.width().zip(self.range()).ok_or(PackError::Format)?;
        let needed = codes.len() * width;
        let actual = out.len();
        let out = out.get_mut(..needed).ok_or(PackError::Room { needed, actual })?;
        for (index, (&code, bytes)) in codes.iter().zip(out.chunks_exact_mut(width)).enumerate() {
            if code < least || most < code {
                return Err(PackError::Range { index });
            }
            let raw = match self {
                // Whole numbers up to 2^24 are exact.
                Self::F32 => (code as f32).to_le_bytes(),
                _ => code.to_le_bytes(),
            };
            // In two's complement a code in range is the lower bytes of its wider form.
            bytes.copy_from_slice(&raw[..width]);
        }
        Ok(needed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(scan_count: u16, data: &[u8]) -> Samples<'_> {
        Samples {
            stream: 0,
            epoch: 0,
            status: SampleStatus::NONE,
            index: 0,
            time_us: 0,
            scan_count,
            fault_channels: 0,
            data,
        }
    }

    #[test]
    fn the_extremes_of_each_format_are_packed_and_read_exactly() {
        for &format in SampleFormat::KNOWN {
            let (least, most) = format.range().expect("a known format has a range");
            let codes = [least, least + 1, 0, 1, most - 1, most];
            let mut out = [0; 24];
            let len = format.pack(&codes, &mut out).expect("the codes are in range");
            let samples = samples(6, &out[..len]);
            let read = samples.codes(format, 1).expect("the length fits");
            assert_eq!(read.len(), codes.len());
            assert!(read.eq(codes.into_iter().map(f64::from)), "{format:?}");
        }
    }

    #[test]
    fn a_code_beyond_the_format_is_named_and_not_clamped() {
        let mut out = [0; 16];
        for (format, code) in [
            (SampleFormat::I16, 1 << 15),
            (SampleFormat::I24, 1 << 23),
            (SampleFormat::F32, (1 << 24) + 1),
            (SampleFormat::U16, -1),
        ] {
            let result = format.pack(&[0, 0, code], &mut out);
            assert_eq!(result, Err(PackError::Range { index: 2 }), "{format:?}");
        }
        assert_eq!(SampleFormat::Other(9).pack(&[0], &mut out), Err(PackError::Format));
        let result = SampleFormat::I24.pack(&[0; 6], &mut out);
        assert_eq!(result, Err(PackError::Room { needed: 18, actual: 16 }));
    }

    #[test]
    fn a_length_that_does_not_fit_the_description_gives_no_codes() {
        let data = [0; 12];
        let samples = samples(3, &data);
        assert!(samples.codes(SampleFormat::I16, 2).is_some());
        assert!(samples.codes(SampleFormat::I32, 1).is_some());
        assert!(samples.codes(SampleFormat::I16, 1).is_none());
        assert!(samples.codes(SampleFormat::I24, 2).is_none());
        assert!(samples.codes(SampleFormat::I16, 0).is_none());
        assert!(samples.codes(SampleFormat::Other(1), 2).is_none());
    }

    #[test]
    fn not_a_number_passes_through() {
        let data = f32::NAN.to_le_bytes();
        let samples = samples(1, &data);
        let mut codes = samples.codes(SampleFormat::F32, 1).expect("the length fits");
        assert!(codes.next().is_some_and(f64::is_nan));
        assert_eq!(codes.next(), None);
    }
}
