//! A sliding view of a file, in flat memory.

use std::io::{ErrorKind, Read};

/// Most bytes asked for at once.
const READ_LEN: usize = 64 << 10;

#[derive(Debug)]
pub(crate) struct Window<R> {
    source: R,
    buffer: Vec<u8>,
    /// Where in `buffer` the unread bytes begin.
    start: usize,
    /// Where in `buffer` the unread bytes end.
    end: usize,
    /// Where in the file `start` is.
    position: u64,
    ended: bool,
    fault: Option<ErrorKind>,
}

impl<R: Read> Window<R> {
    pub(crate) fn new(source: R) -> Self {
        let buffer = vec![0; 2 * READ_LEN];
        Self { source, buffer, start: 0, end: 0, position: 0, ended: false, fault: None }
    }

    /// The source, read as far as the view got ahead.
    pub(crate) fn into_source(self) -> R {
        self.source
    }

    /// The unread bytes that are here.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Where in the file [`bytes`](Self::bytes) begins.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// What made the source end before its end.
    pub(crate) fn fault(&self) -> Option<ErrorKind> {
        self.fault
    }

    /// Reads until `len` bytes are here. `false` if the file ends before.
    pub(crate) fn fill(&mut self, len: usize) -> bool {
        while self.end - self.start < len && !self.ended {
            if self.buffer.len() - self.end < READ_LEN {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
                // Only a block beyond the usual size needs more; the largest is about a mebibyte.
                let needed = self.end.max(len) + READ_LEN;
                if self.buffer.len() < needed {
                    self.buffer.resize(needed, 0);
                }
            }
            match self.source.read(&mut self.buffer[self.end..self.end + READ_LEN]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.fault = Some(error.kind());
                    self.ended = true;
                }
            }
        }
        self.end - self.start >= len
    }

    /// Passes over `len` bytes that are here.
    pub(crate) fn skip(&mut self, len: usize) {
        let len = len.min(self.end - self.start);
        self.start += len;
        self.position += len as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_size_of_read_gives_the_same_bytes_in_flat_memory() {
        struct Uneven<'a>(&'a [u8], usize);
        impl Read for Uneven<'_> {
            fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
                self.1 = self.1 * 7 % 10_007 + 1;
                let len = self.1.min(out.len());
                self.0.read(&mut out[..len])
            }
        }
        let file: Vec<u8> =
            (0..3_000_000_u32).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect();
        let mut window = Window::new(Uneven(&file, 1));
        let mut position = 0;
        for step in (1..2000).cycle() {
            let whole = window.fill(step);
            assert_eq!(window.position(), position as u64);
            let here = &window.bytes()[..step.min(window.bytes().len())];
            assert_eq!(here, &file[position..position + here.len()]);
            position += here.len();
            window.skip(step);
            if !whole {
                break;
            }
        }
        assert_eq!(position, file.len());
        assert_eq!(window.buffer.len(), 2 * READ_LEN);
    }
}
