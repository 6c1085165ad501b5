//! Chunks: how the file is cut into pieces, and how to go on after damage.
//!
//! ```text
//!   "XDF:"  chunk  chunk  ...
//!   chunk: bytes of the length (1, 4 or 8) | length of tag and content | tag u16 | content
//! ```
//!
//! No chunk has a checksum, so a chunk counts as whole if its length fits what is in it. After one that
//! does not, the next boundary chunk is looked for, which holds 16 bytes that stand nowhere else.
//!
//! # Source
//!
//! Kothe, Medine, Boulay and others: specification of XDF 1.0, sccn/xdf.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use memchr::memmem::Finder;

use super::error::{Deviation, XdfError};

pub(crate) const MAGIC: [u8; 4] = *b"XDF:";

/// Content of a boundary chunk.
pub(crate) const BOUNDARY: [u8; 16] = [
    0x43, 0xa5, 0x46, 0xdc, 0xcb, 0xf5, 0x41, 0x0f, 0xb3, 0x0e, 0xd5, 0x46, 0x73, 0x83, 0xcb, 0xe4,
];

/// Bytes that are read at a time.
const BUFFER_LEN: usize = 256 << 10;

/// Longest description that is read. Our choice: a description of a thousand channels takes a hundredth.
const MAX_XML_LEN: u64 = 16 << 20;

/// What a chunk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    FileHeader,
    StreamHeader,
    Samples,
    ClockOffset,
    Boundary,
    StreamFooter,
}

impl Tag {
    pub(crate) const fn code(self) -> u16 {
        match self {
            Self::FileHeader => 1,
            Self::StreamHeader => 2,
            Self::Samples => 3,
            Self::ClockOffset => 4,
            Self::Boundary => 5,
            Self::StreamFooter => 6,
        }
    }

    fn from_code(code: u16) -> Option<Self> {
        use Tag::{Boundary, ClockOffset, FileHeader, Samples, StreamFooter, StreamHeader};
        [FileHeader, StreamHeader, Samples, ClockOffset, Boundary, StreamFooter]
            .into_iter()
            .find(|tag| tag.code() == code)
    }
}

/// One chunk whose length was understood. The source stands at its content, behind the number of the
/// stream where the chunk has one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Chunk {
    pub(crate) tag: Tag,
    /// Where it begins, and one past its last byte.
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) stream: u32,
    /// Whether the file ends before it does.
    pub(crate) is_cut: bool,
}

/// What stands at a place where a chunk is expected.
enum Look {
    Whole(Chunk),
    Unknown { end: u64 },
    Broken,
}

/// A file, chunk by chunk.
#[derive(Debug)]
pub(crate) struct Chunks<R> {
    source: BufReader<R>,
    /// Where the source is.
    at: u64,
    /// Bytes of the file.
    len: u64,
    /// Where the next chunk begins.
    next: u64,
    /// What could not be read since the last rewind.
    pub(crate) damage: Vec<Deviation>,
}

impl<R: Read + Seek> Chunks<R> {
    pub(crate) fn new(mut source: R) -> Result<Self, XdfError> {
        let len = source.seek(SeekFrom::End(0)).map_err(|error| XdfError::io(error, 0))?;
        let source = BufReader::with_capacity(BUFFER_LEN, source);
        let mut chunks = Self { source, at: len, len, next: 0, damage: Vec::new() };
        chunks.go_to(0)?;
        let mut magic = [0; MAGIC.len()];
        if len < MAGIC.len() as u64 {
            return Err(XdfError::NotXdf);
        }
        chunks.fill(&mut magic)?;
        if magic != MAGIC {
            return Err(XdfError::NotXdf);
        }
        chunks.rewind();
        Ok(chunks)
    }

    /// Back to the first chunk.
    pub(crate) fn rewind(&mut self) {
        self.next = MAGIC.len() as u64;
        self.damage.clear();
    }

    pub(crate) fn into_inner(self) -> R {
        self.source.into_inner()
    }

    fn io(&self, error: std::io::Error) -> XdfError {
        XdfError::io(error, self.at)
    }

    fn go_to(&mut self, place: u64) -> Result<(), XdfError> {
        let by = i128::from(place) - i128::from(self.at);
        let moved = match i64::try_from(by) {
            Ok(by) => self.source.seek_relative(by),
            Err(_) => self.source.seek(SeekFrom::Start(place)).map(|_| ()),
        };
        moved.map_err(|error| self.io(error))?;
        self.at = place;
        Ok(())
    }

    /// Reads all of `bytes`, which the file is known to hold.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) -> Result<(), XdfError> {
        self.source.read_exact(bytes).map_err(|error| self.io(error))?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], XdfError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// Bytes of `chunk` that were not read yet.
    pub(crate) fn left(&self, chunk: &Chunk) -> u64 {
        chunk.end.saturating_sub(self.at)
    }

    /// Steps over `len` bytes, which the chunk is known to hold.
    pub(crate) fn skip(&mut self, len: u64) -> Result<(), XdfError> {
        self.go_to(self.at + len)
    }

    /// A number of variable length that lies before `end`.
    pub(crate) fn length(&mut self, end: u64) -> Result<Option<u64>, XdfError> {
        if self.at >= end {
            return Ok(None);
        }
        let [width] = self.array()?;
        if !matches!(width, 1 | 4 | 8) || end - self.at < u64::from(width) {
            return Ok(None);
        }
        let mut bytes = [0; 8];
        self.fill(&mut bytes[..usize::from(width)])?;
        Ok(Some(u64::from_le_bytes(bytes)))
    }

    /// The next chunk that counts as whole, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Chunk>, XdfError> {
        loop {
            let start = self.next;
            if start >= self.len {
                return Ok(None);
            }
            self.go_to(start)?;
            match self.look(start)? {
                Look::Whole(chunk) => {
                    self.next = chunk.end;
                    return Ok(Some(chunk));
                }
                Look::Unknown { end } => {
                    self.next = end;
                    continue;
                }
                Look::Broken => {}
            }
            // What looks like the beginning of a chunk may be damage, or the end of a crash.
            match self.boundary_after(start)? {
                Some(behind) => {
                    self.damage
                        .push(Deviation::Damaged { offset: start, byte_count: behind - start });
                    self.next = behind;
                }
                None => return self.last(start),
            }
        }
    }

    /// What is left of a chunk that the file ends in.
    fn last(&mut self, start: u64) -> Result<Option<Chunk>, XdfError> {
        self.next = self.len;
        self.go_to(start)?;
        let length = self.length(self.len)?;
        let is_samples = length.is_some_and(|length| length > self.len - self.at)
            && self.len - self.at >= 6
            && u16::from_le_bytes(self.array()?) == Tag::Samples.code();
        if !is_samples {
            let deviation = match length {
                Some(length) if length > self.len.saturating_sub(self.at) => {
                    Deviation::Cut { offset: start }
                }
                _ => Deviation::Damaged { offset: start, byte_count: self.len - start },
            };
            self.damage.push(deviation);
            return Ok(None);
        }
        self.damage.push(Deviation::Cut { offset: start });
        let stream = u32::from_le_bytes(self.array()?);
        Ok(Some(Chunk { tag: Tag::Samples, start, end: self.len, stream, is_cut: true }))
    }

    /// What begins at `start`, where the source is.
    fn look(&mut self, start: u64) -> Result<Look, XdfError> {
        let Some((end, code)) = self.head()? else { return Ok(Look::Broken) };
        let Some(tag) = Tag::from_code(code) else {
            // Of a later version, if a chunk that we know follows it.
            self.go_to(end)?;
            let next = self.head()?.and_then(|(_, code)| Tag::from_code(code));
            return Ok(next.map_or(Look::Broken, |_| Look::Unknown { end }));
        };
        let has_stream = !matches!(tag, Tag::FileHeader | Tag::Boundary);
        let stream = match has_stream {
            true if end - self.at < 4 => return Ok(Look::Broken),
            true => u32::from_le_bytes(self.array()?),
            false => 0,
        };
        let chunk = Chunk { tag, start, end, stream, is_cut: false };
        let content = self.at;
        if !self.is_sound(&chunk)? {
            return Ok(Look::Broken);
        }
        self.go_to(content)?;
        Ok(Look::Whole(chunk))
    }

    /// End and tag of the chunk that begins here, if that lies in the file.
    fn head(&mut self) -> Result<Option<(u64, u16)>, XdfError> {
        let Some(length) = self.length(self.len)? else { return Ok(None) };
        if length < 2 || length > self.len - self.at {
            return Ok(None);
        }
        let end = self.at + length;
        Ok(Some((end, u16::from_le_bytes(self.array()?))))
    }

    /// Whether the length of a chunk fits what is in it.
    fn is_sound(&mut self, chunk: &Chunk) -> Result<bool, XdfError> {
        let left = self.left(chunk);
        match chunk.tag {
            Tag::ClockOffset => Ok(left == 16),
            Tag::Boundary => Ok(left == 16 && self.array()? == BOUNDARY),
            Tag::Samples => {
                let Some(count) = self.length(chunk.end)? else { return Ok(false) };
                // Each sample takes two bytes at least: whether it has a stamp, and a value.
                Ok(count.checked_mul(2).is_some_and(|least| least <= self.left(chunk)))
            }
            Tag::FileHeader | Tag::StreamHeader | Tag::StreamFooter => {
                if left > MAX_XML_LEN {
                    return Ok(false);
                }
                // XML ends where its last element does; some writers end with a line.
                let tail = left.min(8);
                self.skip(left - tail)?;
                let mut bytes = [0; 8];
                self.fill(&mut bytes[..tail as usize])?;
                let last = bytes[..tail as usize]
                    .iter()
                    .rev()
                    .find(|byte| !byte.is_ascii_whitespace() && **byte != 0);
                Ok(last == Some(&b'>'))
            }
        }
    }

    /// The text of a description.
    pub(crate) fn text(&mut self, chunk: &Chunk) -> Result<String, XdfError> {
        let mut bytes = vec![0; self.left(chunk).min(MAX_XML_LEN) as usize];
        self.fill(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// One past the first boundary that begins behind `start`.
    fn boundary_after(&mut self, start: u64) -> Result<Option<u64>, XdfError> {
        let finder = Finder::new(&BOUNDARY);
        let mut place = (start + 1).min(self.len);
        self.go_to(place)?;
        // The end of one piece and the beginning of the next may hold one together.
        let mut window: Vec<u8> = Vec::with_capacity(BUFFER_LEN + BOUNDARY.len());
        loop {
            let bytes = self.source.fill_buf().map_err(|error| XdfError::io(error, self.at))?;
            let count = bytes.len();
            if count == 0 {
                return Ok(None);
            }
            window.extend_from_slice(bytes);
            self.source.consume(count);
            self.at += count as u64;
            if let Some(found) = finder.find(&window) {
                return Ok(Some(place + (found + BOUNDARY.len()) as u64));
            }
            let gone = window.len().saturating_sub(BOUNDARY.len() - 1);
            window.drain(..gone);
            place += gone as u64;
        }
    }
}
