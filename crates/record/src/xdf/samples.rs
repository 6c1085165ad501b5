//! What is inside a chunk of samples.
//!
//! ```text
//!   count | sample, sample, ...
//!   sample: 0 or 8 | stamp f64, if 8 | value of each channel
//!   value: a number of the stream's format, little endian; or a length and a text in UTF-8
//! ```

use std::io::{Read, Seek};

use super::chunk::{Chunk, Chunks};
use super::error::XdfError;

/// Longest text of a value that is kept; of a longer one, the beginning.
const MAX_TEXT_LEN: u64 = 64 << 10;

/// Largest whole number that every smaller one is exact below, as a double.
const EXACT: i64 = 1 << 53;

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Whole numbers of 8 bits.
    Int8,
    /// Whole numbers of 16 bits.
    Int16,
    /// Whole numbers of 32 bits.
    Int32,
    /// Whole numbers of 64 bits; those beyond 2^53 are rounded.
    Int64,
    /// Numbers of 32 bits.
    Float32,
    /// Numbers of 64 bits.
    Double64,
    /// Texts.
    Text,
}

impl Format {
    const NAMES: [(Self, &'static str); 7] = [
        (Self::Int8, "int8"),
        (Self::Int16, "int16"),
        (Self::Int32, "int32"),
        (Self::Int64, "int64"),
        (Self::Float32, "float32"),
        (Self::Double64, "double64"),
        (Self::Text, "string"),
    ];

    /// Its name in the description of a stream.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(format, _)| *format == self).map_or("", |(_, name)| name)
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(format, _)| *format)
    }

    /// Bytes of a value; zero for texts.
    pub(crate) const fn width(self) -> usize {
        match self {
            Self::Int8 => 1,
            Self::Int16 => 2,
            Self::Int32 | Self::Float32 => 4,
            Self::Int64 | Self::Double64 => 8,
            Self::Text => 0,
        }
    }
}

/// What is needed to read the samples of a stream, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Samples {
    pub(crate) format: Format,
    pub(crate) channel_count: usize,
    /// Time between samples without stamps.
    step_s: f64,
    last_s: f64,
    /// Numbers that a double does not hold exactly.
    pub(crate) rounded_count: u64,
    bytes: Vec<u8>,
    numbers: Vec<f64>,
    texts: Vec<String>,
}

/// One sample.
#[derive(Debug)]
pub(crate) struct Sample<'a> {
    /// Its stamp as written, or one step after the last one.
    pub(crate) raw_s: f64,
    /// Of a stream of numbers.
    pub(crate) numbers: &'a [f64],
    /// Of a stream of texts.
    pub(crate) texts: &'a [String],
}

impl Samples {
    pub(crate) fn new(format: Format, channel_count: usize, nominal_hz: f64) -> Self {
        let step_s = if nominal_hz > 0.0 { 1.0 / nominal_hz } else { 0.0 };
        Self {
            format,
            channel_count,
            step_s,
            last_s: 0.0,
            rounded_count: 0,
            bytes: Vec::new(),
            numbers: Vec::new(),
            texts: Vec::new(),
        }
    }

    pub(crate) fn rewind(&mut self) {
        self.last_s = 0.0;
        self.rounded_count = 0;
    }

    /// Hands on the samples of `chunk`, and gives the place where it is not as it should be. Samples up to
    /// there are handed on.
    pub(crate) fn read<R: Read + Seek>(
        &mut self,
        chunks: &mut Chunks<R>,
        chunk: &Chunk,
        sink: &mut impl FnMut(Sample<'_>),
    ) -> Result<Option<u64>, XdfError> {
        let Some(count) = chunks.length(chunk.end)? else { return Ok(Some(chunk.start)) };
        for _ in 0..count {
            let at = chunk.end - chunks.left(chunk);
            if !self.sample(chunks, chunk)? {
                return Ok(Some(at));
            }
            sink(Sample { raw_s: self.last_s, numbers: &self.numbers, texts: &self.texts });
        }
        let left = chunks.left(chunk);
        Ok((left > 0).then_some(chunk.end - left))
    }

    /// Reads one sample; `false` if there is none.
    fn sample<R: Read + Seek>(
        &mut self,
        chunks: &mut Chunks<R>,
        chunk: &Chunk,
    ) -> Result<bool, XdfError> {
        if chunks.left(chunk) < 1 {
            return Ok(false);
        }
        let stamp_s = match chunks.array()? {
            [0] => self.last_s + self.step_s,
            [8] if chunks.left(chunk) >= 8 => f64::from_le_bytes(chunks.array()?),
            _ => return Ok(false),
        };
        let is_whole = match self.format {
            Format::Text => self.read_texts(chunks, chunk)?,
            _ => self.read_numbers(chunks, chunk)?,
        };
        if is_whole {
            self.last_s = stamp_s;
        }
        Ok(is_whole)
    }

    fn read_numbers<R: Read + Seek>(
        &mut self,
        chunks: &mut Chunks<R>,
        chunk: &Chunk,
    ) -> Result<bool, XdfError> {
        let len = self.channel_count * self.format.width();
        if chunks.left(chunk) < len as u64 {
            return Ok(false);
        }
        self.bytes.resize(len, 0);
        chunks.fill(&mut self.bytes)?;
        self.numbers.clear();
        let bytes = self.bytes.as_slice();
        let out = &mut self.numbers;
        match self.format {
            Format::Int8 => out.extend(bytes.iter().map(|byte| f64::from(byte.cast_signed()))),
            Format::Int16 => {
                out.extend(arrays(bytes).map(|bytes| f64::from(i16::from_le_bytes(bytes))));
            }
            Format::Int32 => {
                out.extend(arrays(bytes).map(|bytes| f64::from(i32::from_le_bytes(bytes))));
            }
            Format::Int64 => {
                for number in arrays(bytes).map(i64::from_le_bytes) {
                    self.rounded_count += u64::from(!(-EXACT..=EXACT).contains(&number));
                    out.push(number as f64);
                }
            }
            Format::Float32 => {
                out.extend(arrays(bytes).map(|bytes| f64::from(f32::from_le_bytes(bytes))));
            }
            Format::Double64 => out.extend(arrays(bytes).map(f64::from_le_bytes)),
            Format::Text => {}
        }
        Ok(true)
    }

    fn read_texts<R: Read + Seek>(
        &mut self,
        chunks: &mut Chunks<R>,
        chunk: &Chunk,
    ) -> Result<bool, XdfError> {
        self.texts.clear();
        for _ in 0..self.channel_count {
            let Some(len) = chunks.length(chunk.end)? else { return Ok(false) };
            if len > chunks.left(chunk) {
                return Ok(false);
            }
            let kept = len.min(MAX_TEXT_LEN);
            self.bytes.resize(kept as usize, 0);
            chunks.fill(&mut self.bytes)?;
            chunks.skip(len - kept)?;
            self.texts.push(String::from_utf8_lossy(&self.bytes).into_owned());
        }
        Ok(true)
    }
}

fn arrays<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks::<N>().0.iter().copied()
}
