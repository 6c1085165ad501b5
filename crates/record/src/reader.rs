//! Reading a recording back, whatever happened to it.
//!
//! ```text
//!           +---------- block of this recording, in order <--------+
//!           v                                                      |
//! entries of a block -- used up --> next bytes are a whole block? -+
//!                                        | no                      |
//!                                        v                         | yes
//!                              next sync word, one byte further ---+
//! ```
//!
//! Every possible start is tried, also inside a block that turned out damaged: its length may be what
//! is wrong, or it may have been torn and written again.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use levator_engine::{EngineConfig, Input};
use levator_signal::HostTime;
use thiserror::Error;

use crate::block::{
    BlockHeader, FORMAT_VERSION, HEADER_LEN, MAGIC, PREAMBLE_LEN, SYNC, TRAILER_LEN, is_whole,
    kind, preamble, preamble_version,
};
use crate::damage::{Damage, Reason, Totals};
use crate::entry::RawEntry;
use crate::header::Header;
use crate::window::Window;

/// How far a file without a file start is searched for a block before it is called no recording.
///
/// Our choice: 4 MiB, a few blocks of the largest size; a file of another kind is refused at once.
const SEARCH_LEN: u64 = 4 << 20;

/// A recording being read, from front to back, in flat memory.
///
/// Every whole block gives its inputs, however the file was cut or damaged elsewhere; what is missing
/// is named where it is missing. Nothing is repaired: the file stays as it is.
#[derive(Debug)]
pub struct Reader<R: Read = File> {
    window: Window<R>,
    header: Option<Header>,
    /// What the first block said about itself; all others must say the same.
    recording: Option<u32>,
    /// Number of the next block.
    expected: u32,
    /// Host time of the last input.
    last_at: HostTime,
    /// The block that is being read stands at the front of the window.
    open: Option<OpenBlock>,
    /// Found, but not told yet; never more than two.
    waiting: VecDeque<Waiting>,
    stage: Stage,
    closed: bool,
    /// Whether the file start was whole.
    started: bool,
    codes: Vec<f64>,
}

/// One thing found in a recording, in the order of the file.
#[derive(Clone, Debug)]
pub enum Item<'a> {
    /// An input, as it was recorded.
    Input(Input<'a>),
    /// Something is missing here.
    Damage(Damage),
    /// The recording was closed. Only damage can follow.
    End(Totals),
}

/// The block at the front of the window.
#[derive(Clone, Copy, Debug)]
struct OpenBlock {
    /// Bytes of it that were read.
    read_len: usize,
    /// Where its payload ends.
    payload_end: usize,
}

#[derive(Debug)]
enum Waiting {
    Damage(Damage),
    End(Totals),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Reading,
    /// The file ended; whether the recording was closed is to be told.
    Ended,
    Done,
}

/// What may stand at the front of the window.
enum Candidate {
    Block(BlockHeader),
    /// A block that the end of the file cuts.
    Cut,
    Nothing,
    EndOfFile,
}

/// What was passed over in search of a block.
#[derive(Default)]
struct Passed {
    start: u64,
    another: Option<u64>,
    newer: Option<u16>,
    repeated: bool,
    cut: bool,
}

impl Reader {
    /// Opens the recording at `path`.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]. A damaged recording is none: it opens and tells its damage.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        if path.is_dir() {
            return Err(OpenError::Directory);
        }
        Self::from_read(File::open(path)?)
    }
}

impl<R: Read> Reader<R> {
    /// Reads a recording from anything. It is read in pieces of 64 KiB, so no buffer is needed around
    /// it.
    ///
    /// # Errors
    ///
    /// As [`Reader::open`].
    pub fn from_read(source: R) -> Result<Self, OpenError> {
        let mut window = Window::new(source);
        let has_start = window.fill(PREAMBLE_LEN);
        let bytes = window.bytes();
        if let Some(kind) = window.fault() {
            return Err(OpenError::Io(kind.into()));
        }
        if !has_start && preamble().starts_with(bytes) {
            return Err(OpenError::Empty { len: bytes.len() as u64 });
        }
        let version = preamble_version(bytes);
        if let Some(found) = version.filter(|found| *found > FORMAT_VERSION) {
            return Err(OpenError::Newer { found });
        }
        let limit = if bytes.starts_with(&MAGIC) { u64::MAX } else { SEARCH_LEN };
        if version.is_some() {
            window.skip(PREAMBLE_LEN);
        }
        let mut reader = Self {
            window,
            header: None,
            recording: None,
            expected: 0,
            last_at: HostTime::ZERO,
            open: None,
            waiting: VecDeque::with_capacity(2),
            stage: Stage::Reading,
            closed: false,
            started: version.is_some(),
            codes: Vec::new(),
        };
        let passed = reader.find(limit);
        if reader.recording.is_none() {
            if let Some(found) = passed.newer {
                return Err(OpenError::Newer { found });
            }
            if limit == SEARCH_LEN {
                return Err(OpenError::NotARecording);
            }
        }
        Ok(reader)
    }

    /// What is known about the recording; `None` if its first block is lost. The raw bytes can be
    /// analysed all the same, with settings of your own, since a device describes itself; imported
    /// scans cannot.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// The settings of the recording; where they are lost, those of a device that is asked what it is.
    #[must_use]
    pub fn config(&self) -> EngineConfig {
        self.header.as_ref().map_or_else(EngineConfig::device, |header| header.config.clone())
    }

    /// What all blocks say of the recording they are of.
    pub(crate) fn recording(&self) -> Option<u32> {
        self.recording
    }

    /// Bytes of the file up to the block that is being read: for showing progress.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.window.position()
    }

    /// What the recording was read from, up to 128 KiB ahead of the last item.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.window.into_source()
    }

    /// The next input, damage or end, in the order of the file. `None` at the end of the file.
    ///
    /// The last item is [`Item::End`], or damage that says why there is no end or what follows it.
    #[expect(clippy::should_implement_trait, reason = "an item borrows from the reader")]
    pub fn next(&mut self) -> Option<Item<'_>> {
        let open = loop {
            match self.waiting.pop_front() {
                Some(Waiting::Damage(damage)) => return Some(Item::Damage(damage)),
                Some(Waiting::End(totals)) => return Some(Item::End(totals)),
                None => {}
            }
            match (self.open.take(), self.stage) {
                (Some(open), _) if open.read_len < open.payload_end => {
                    let unread = &self.window.bytes()[open.read_len..open.payload_end];
                    match RawEntry::split(unread).filter(RawEntry::is_skippable) {
                        Some(entry) => {
                            let read_len = open.read_len + entry.len();
                            self.open = Some(OpenBlock { read_len, ..open });
                        }
                        None => break open,
                    }
                }
                (Some(open), _) => self.window.skip(open.payload_end + TRAILER_LEN),
                (None, Stage::Reading) => {
                    self.find(u64::MAX);
                }
                (None, Stage::Ended) => {
                    self.stage = Stage::Done;
                    if !self.closed && self.window.fault().is_none() {
                        let end = self.window.position();
                        self.tell(end, end, None, Reason::NotClosed);
                    }
                }
                (None, Stage::Done) => return None,
            }
        };
        Some(self.entry(open))
    }

    /// Reads one entry of `open`, which has unread bytes.
    fn entry(&mut self, open: OpenBlock) -> Item<'_> {
        let block_start = self.window.position();
        let damage = |read_len: usize, end_len: usize, from| Damage {
            bytes: block_start + read_len as u64..block_start + end_len as u64,
            block: self.expected.saturating_sub(1),
            missing_blocks: Some(0),
            from,
            to: None,
            reason: Reason::Unknown,
        };
        let unread = &self.window.bytes()[open.read_len..open.payload_end];
        let Some(entry) = RawEntry::split(unread) else {
            self.open = Some(OpenBlock { read_len: open.payload_end, ..open });
            return Item::Damage(damage(open.read_len, open.payload_end, self.last_at));
        };
        let read_len = open.read_len + entry.len();
        self.open = Some(OpenBlock { read_len, ..open });
        let before = core::mem::replace(&mut self.last_at, entry.at);
        match entry.input(&mut self.codes) {
            Some(input) => Item::Input(input),
            None => Item::Damage(damage(open.read_len, read_len, before)),
        }
    }

    /// Passes over everything up to the next block of this recording, and takes that up. Gives up
    /// after `limit` bytes.
    fn find(&mut self, limit: u64) -> Passed {
        let mut passed = Passed { start: self.window.position(), ..Passed::default() };
        while self.window.position() - passed.start <= limit {
            let position = self.window.position();
            match self.candidate() {
                Candidate::Block(header) => {
                    if header.format > FORMAT_VERSION {
                        passed.newer.get_or_insert(header.format);
                    } else if self.recording.is_some_and(|ours| ours != header.recording) {
                        passed.another.get_or_insert(position);
                    } else if header.sequence < self.expected {
                        passed.repeated = true;
                    } else {
                        self.tell_passed(&passed, Some(&header));
                        self.accept(header);
                        return passed;
                    }
                    self.window.skip(header.block_len());
                }
                candidate @ (Candidate::Cut | Candidate::Nothing) => {
                    passed.cut |= position == passed.start && matches!(candidate, Candidate::Cut);
                    let bytes = self.window.bytes();
                    let next = bytes.iter().skip(1).position(|&byte| byte == SYNC[0]);
                    self.window.skip(next.map_or(bytes.len(), |index| index + 1));
                }
                Candidate::EndOfFile => break,
            }
        }
        self.tell_passed(&passed, None);
        self.stage = Stage::Ended;
        passed
    }

    fn candidate(&mut self) -> Candidate {
        let has_header = self.window.fill(HEADER_LEN);
        let bytes = self.window.bytes();
        if bytes.is_empty() {
            return Candidate::EndOfFile;
        }
        if !has_header {
            let len = bytes.len().min(SYNC.len());
            return if bytes[..len] == SYNC[..len] { Candidate::Cut } else { Candidate::Nothing };
        }
        let Some(header) = BlockHeader::decode(bytes) else { return Candidate::Nothing };
        if !self.window.fill(header.block_len()) {
            return Candidate::Cut;
        }
        if is_whole(&self.window.bytes()[..header.block_len()]) {
            Candidate::Block(header)
        } else {
            Candidate::Nothing
        }
    }

    /// Names what lies between the last block and `next`, which stands at the front of the window.
    fn tell_passed(&mut self, passed: &Passed, next: Option<&BlockHeader>) {
        let end = self.window.position();
        let missing_blocks = next.map(|next| next.sequence - self.expected);
        let has_no_start = self.expected == 0 && !self.started;
        if passed.start < end || missing_blocks > Some(0) || (has_no_start && next.is_some()) {
            let reason = if self.expected == 0 && missing_blocks > Some(0) {
                Reason::HeaderLost
            } else if let Some(at) = passed.another {
                Reason::AnotherRecording { at }
            } else if passed.repeated {
                Reason::OutOfOrder
            } else if passed.cut && next.is_none() {
                Reason::CutShort
            } else if self.closed {
                Reason::AfterEnd
            } else if has_no_start {
                Reason::FileStart
            } else if passed.start == end {
                Reason::Missing
            } else {
                Reason::Damaged
            };
            let damage = Damage {
                bytes: passed.start..end,
                block: self.expected,
                missing_blocks,
                from: self.last_at,
                to: next.map(|next| next.at),
                reason,
            };
            self.waiting.push_back(Waiting::Damage(damage));
        }
        if let (Some(kind), None) = (self.window.fault(), next) {
            self.tell(end, end, None, Reason::Io(kind));
        }
    }

    /// Takes up the block at the front of the window.
    fn accept(&mut self, header: BlockHeader) {
        self.recording = Some(header.recording);
        self.expected = header.sequence.saturating_add(1);
        let payload_end = HEADER_LEN + header.payload_len as usize;
        let payload = &self.window.bytes()[HEADER_LEN..payload_end];
        let refusal = match header.kind {
            kind::HEADER if header.sequence == 0 => match Header::from_json(payload) {
                Ok(found) => {
                    self.header = Some(found);
                    None
                }
                Err(error) => Some(Reason::Header(error)),
            },
            kind::DATA => None,
            kind::END => match Totals::decode(payload, header.at) {
                Some(totals) => {
                    self.closed = true;
                    self.waiting.push_back(Waiting::End(totals));
                    None
                }
                None => Some(Reason::Unknown),
            },
            kind::SKIPPABLE.. => None,
            _ => Some(Reason::Unknown),
        };
        if let Some(reason) = refusal {
            let start = self.window.position();
            self.tell(start, start + header.block_len() as u64, Some(0), reason);
        }
        let is_data = header.kind == kind::DATA;
        let read_len = if is_data { HEADER_LEN } else { payload_end };
        self.open = Some(OpenBlock { read_len, payload_end });
    }

    fn tell(&mut self, start: u64, end: u64, missing_blocks: Option<u32>, reason: Reason) {
        self.waiting.push_back(Waiting::Damage(Damage {
            bytes: start..end,
            block: self.expected,
            missing_blocks,
            from: self.last_at,
            to: None,
            reason,
        }));
    }
}

/// Why a file could not be opened as a recording.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file holds nothing: recording stopped before its first byte was on the disk. It can be
    /// deleted.
    #[error("nothing was recorded: the file has {len} bytes and may be deleted")]
    Empty {
        /// Its length.
        len: u64,
    },
    /// A file of another kind. Choose the file `raw.journal`, or import it.
    #[error("this is not a recording of levator: choose a raw.journal, or import the file")]
    NotARecording,
    /// A folder. Choose the file in it.
    #[error("this is a folder: choose the raw.journal in it")]
    Directory,
    /// A newer program wrote it. Update this one; the recording is as it should be.
    #[error("format {found} is newer than this program reads ({FORMAT_VERSION}): update levator")]
    Newer {
        /// Version of its format.
        found: u16,
    },
    /// The system refused to open or read it.
    #[error("cannot read the recording")]
    Io(#[from] io::Error),
}
