//! Lock-in, and search after damage, for protocols that hardly protect themselves.

use levator_signal::HostTime;

use super::emit::Emitter;
use crate::{Decoded, Refusal};

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Too few bytes to tell.
    More,
    /// Nothing that begins here is ours.
    Miss,
    /// A frame of this length, its counter, and what must be the same in neighbours.
    Frame {
        /// Bytes.
        len: usize,
        /// What the device counts, where it does.
        counter: Option<u32>,
        /// What must be the same in neighbouring frames.
        shape: u8,
    },
    /// Something known that carries no samples.
    Aside {
        /// Bytes.
        len: usize,
    },
}

/// How one device's frames are recognised and read.
///
/// This is what a new binary device needs; finding frames in a damaged stream, counting and timing is
/// done for all in the same way.
pub trait Protocol {
    /// Frames in a row that prove a lock.
    const LOCK: usize;
    /// Frames after which the counter starts again.
    const WRAP: Option<u32>;

    /// What stands at the beginning of `bytes`, which are not empty.
    fn look(&self, bytes: &[u8]) -> Look;

    /// The code in this column of a frame that [`Self::look`] has found.
    fn code(&self, frame: &[u8], column: usize) -> f64;
}

/// Room for what a lock is proved with: text inside a stream is the longest.
const CAPACITY: usize = 1024;

/// Bytes into scans, by a protocol.
#[derive(Clone, Debug)]
pub(super) struct Frames<P> {
    protocol: P,
    /// Shape of the frames, while locked.
    locked: Option<u8>,
    buffer: [u8; CAPACITY],
    len: usize,
    /// Bytes were thrown away since the last frame, and that was told.
    is_refusing: bool,
    /// Bytes that were thrown away since the last frame.
    dropped: u64,
    /// Length of the last frame.
    frame_len: usize,
}

enum Step {
    /// Bytes that are done with.
    Done(usize),
    Wait,
}

impl<P: Protocol> Frames<P> {
    pub(super) fn new(protocol: P) -> Self {
        Self {
            protocol,
            locked: None,
            buffer: [0; CAPACITY],
            len: 0,
            is_refusing: true,
            dropped: 0,
            frame_len: 1,
        }
    }

    pub(super) fn reopen(&mut self) {
        self.len = 0;
        self.locked = None;
        self.is_refusing = true;
        self.dropped = 0;
    }

    pub(super) fn handle(
        &mut self,
        at: HostTime,
        bytes: &[u8],
        emitter: &mut Emitter,
        out: &mut impl FnMut(Decoded<'_>),
    ) {
        let mut rest = bytes;
        // What is left of the last read is joined with as much of this one as there is room for.
        while self.len > 0 && !rest.is_empty() {
            let taken = rest.len().min(CAPACITY - self.len);
            self.buffer[self.len..self.len + taken].copy_from_slice(&rest[..taken]);
            let joined_len = self.len + taken;
            let joined = self.buffer;
            let done = self.run(at, &joined[..joined_len], emitter, out);
            if done >= self.len {
                // All that was kept is done with: go on in the bytes themselves.
                rest = &rest[done - self.len..];
                self.len = 0;
            } else {
                rest = &rest[taken..];
                self.buffer.copy_within(done..joined_len, 0);
                self.len = joined_len - done;
            }
        }
        if !rest.is_empty() {
            let done = self.run(at, rest, emitter, out);
            let left = &rest[done..];
            self.buffer[..left.len()].copy_from_slice(left);
            self.len = left.len();
        }
        emitter.end_of_read(out);
    }

    /// Works through `bytes`; returns how many are done with. Fewer than [`CAPACITY`] are left.
    fn run(
        &mut self,
        at: HostTime,
        bytes: &[u8],
        emitter: &mut Emitter,
        out: &mut impl FnMut(Decoded<'_>),
    ) -> usize {
        let mut done = 0;
        while done < bytes.len() {
            let rest = &bytes[done..];
            let step = match self.locked {
                Some(shape) => self.follow(at, rest, shape, emitter, out),
                None => self.search(at, rest, emitter, out),
            };
            match step {
                Step::Done(len) => done += len,
                // Nothing that long is ours.
                Step::Wait if rest.len() >= CAPACITY / 2 => {
                    self.drop_byte(at, emitter, out);
                    done += 1;
                }
                Step::Wait => break,
            }
        }
        done
    }

    #[inline]
    fn follow(
        &mut self,
        at: HostTime,
        bytes: &[u8],
        shape: u8,
        emitter: &mut Emitter,
        out: &mut impl FnMut(Decoded<'_>),
    ) -> Step {
        match self.protocol.look(bytes) {
            Look::Frame { len, counter, shape: found }
                if found == shape
                    && counter == emitter.axis.expected()
                    && !emitter.axis.is_early(at) =>
            {
                let protocol = &self.protocol;
                emitter.take(at, |column| protocol.code(&bytes[..len], column), out);
                Step::Done(len)
            }
            Look::Aside { len } => Step::Done(len),
            Look::More => Step::Wait,
            Look::Frame { .. } | Look::Miss => {
                self.locked = None;
                Step::Done(0)
            }
        }
    }

    /// Looks for so many good frames in a row that they are no chance, or drops one byte.
    fn search(
        &mut self,
        at: HostTime,
        bytes: &[u8],
        emitter: &mut Emitter,
        out: &mut impl FnMut(Decoded<'_>),
    ) -> Step {
        // No more than this is ever looked at, so that the result does not depend on how much came at once.
        let bytes = &bytes[..bytes.len().min(CAPACITY / 2)];
        let (mut place, mut found) = (0, 0);
        let mut first: Option<(Option<u32>, u8)> = None;
        let mut last: Option<u32> = None;
        while found < P::LOCK {
            if place >= bytes.len() {
                return Step::Wait;
            }
            match self.protocol.look(&bytes[place..]) {
                Look::Frame { len, counter, shape } => {
                    let follows = first.is_none_or(|(_, first)| {
                        first == shape
                            && match (last, counter, P::WRAP) {
                                (Some(last), Some(counter), Some(wrap)) => {
                                    (last + 1) % wrap == counter
                                }
                                _ => true,
                            }
                    });
                    if !follows {
                        self.drop_byte(at, emitter, out);
                        return Step::Done(1);
                    }
                    if found == 0 {
                        self.frame_len = len;
                    }
                    first = first.or(Some((counter, shape)));
                    last = counter;
                    found += 1;
                    place += len;
                }
                Look::Aside { len } if found == 0 => return Step::Done(len),
                Look::Aside { len } => place += len,
                Look::More => return Step::Wait,
                Look::Miss => {
                    self.drop_byte(at, emitter, out);
                    return Step::Done(1);
                }
            }
        }
        let Some((counter, shape)) = first else { return Step::Wait };
        let refused = self.dropped.div_ceil(self.frame_len as u64);
        if emitter.place(at, counter, refused, P::LOCK, out) {
            self.locked = Some(shape);
            self.is_refusing = false;
            self.dropped = 0;
            Step::Done(0)
        } else {
            // These were here before.
            self.drop_byte(at, emitter, out);
            Step::Done(1)
        }
    }

    fn drop_byte(
        &mut self,
        at: HostTime,
        emitter: &mut Emitter,
        out: &mut impl FnMut(Decoded<'_>),
    ) {
        self.dropped += 1;
        if !core::mem::replace(&mut self.is_refusing, true) {
            emitter.refuse(at, Refusal::Foreign, out);
        }
    }
}
