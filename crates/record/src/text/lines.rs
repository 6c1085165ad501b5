//! A file as lines, in a buffer of fixed size.

use std::io::{self, Read};

/// Longest line that is read, in bytes: some 20 000 columns, and far beyond any header we saw. Our
/// choice; it bounds the memory of the import.
pub(crate) const MAX_LINE_LEN: usize = 256 * 1024;

/// Why there is no next line.
#[derive(Debug)]
pub(crate) enum LineError {
    /// The system could not read on.
    Io(io::Error),
    /// The line with this number does not fit.
    TooLong(u64),
    /// A zero byte, which no text has, in the line with this number or soon after.
    Zero(u64),
}

/// Lines of a reader, without their ends. A byte order mark at the start is left out.
///
/// Lines end with LF or CR LF; where the first [`MAX_LINE_LEN`] bytes hold no LF at all, with CR
/// alone, as old exports do. The last line needs no end.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    source: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    at_end: bool,
    terminator: u8,
    number: u64,
}

impl<R: Read> Lines<R> {
    /// Reads the first part of `source`.
    pub(crate) fn new(source: R) -> Result<Self, LineError> {
        let mut lines = Self {
            source,
            // One more, for the end of the longest line.
            buffer: vec![0; MAX_LINE_LEN + 1].into_boxed_slice(),
            start: 0,
            end: 0,
            at_end: false,
            terminator: b'\n',
            number: 0,
        };
        lines.fill()?;
        let first = &lines.buffer[..lines.end];
        if !first.contains(&b'\n') && first.contains(&b'\r') {
            lines.terminator = b'\r';
        }
        if first.starts_with(&[0xef, 0xbb, 0xbf]) {
            lines.start = 3;
        }
        Ok(lines)
    }

    /// The next line and its number, counted from 1. `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, &[u8])>, LineError> {
        let mut searched = 0;
        let len = loop {
            let waiting = &self.buffer[self.start + searched..self.end];
            if let Some(at) = memchr::memchr(self.terminator, waiting) {
                break searched + at;
            }
            searched = self.end - self.start;
            if self.at_end {
                if searched == 0 {
                    return Ok(None);
                }
                break searched;
            }
            if searched == self.buffer.len() {
                return Err(LineError::TooLong(self.number + 1));
            }
            self.fill()?;
        };
        let line_start = self.start;
        self.start = (line_start + len + 1).min(self.end);
        self.number += 1;
        let line = &self.buffer[line_start..line_start + len];
        Ok(Some((self.number, line.strip_suffix(b"\r").unwrap_or(line))))
    }

    /// What was read ahead, from the next line on, if lines end with LF. Whoever takes whole lines from
    /// it says so with [`Self::took`].
    pub(crate) fn ahead(&self) -> &[u8] {
        if self.terminator == b'\n' { &self.buffer[self.start..self.end] } else { &[] }
    }

    /// Number of the next line.
    pub(crate) fn next_number(&self) -> u64 {
        self.number + 1
    }

    /// Leaves out `line_count` lines that take `len` bytes with their ends.
    pub(crate) fn took(&mut self, len: usize, line_count: u64) {
        self.start = (self.start + len).min(self.end);
        self.number += line_count;
    }

    /// Moves what was not used to the front and reads until the buffer is full or the source ends.
    fn fill(&mut self) -> Result<(), LineError> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let old_end = self.end;
        while self.end < self.buffer.len() {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.at_end = true;
                    break;
                }
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(LineError::Io(error)),
            }
        }
        if memchr::memchr(0, &self.buffer[old_end..self.end]).is_some() {
            return Err(LineError::Zero(self.number + 1));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out at most three bytes at a time.
    struct Trickle<'a>(&'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(3).min(into.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn lines(bytes: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(Trickle(bytes)).expect("no zero bytes");
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next().expect("short lines") {
            all.push(format!("{number}:{}", String::from_utf8_lossy(line)));
        }
        all
    }

    #[test]
    fn every_way_to_end_a_line_is_understood() {
        assert_eq!(lines(b"a\nb\n"), ["1:a", "2:b"]);
        assert_eq!(lines(b"a\r\n\r\nb"), ["1:a", "2:", "3:b"]);
        assert_eq!(lines(b"a\rb\r"), ["1:a", "2:b"]);
        assert_eq!(lines(b""), [""; 0]);
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_first_line() {
        assert_eq!(lines(b"\xef\xbb\xbftime\n1"), ["1:time", "2:1"]);
    }

    #[test]
    fn a_line_may_fill_the_buffer_but_not_exceed_it() {
        let mut bytes = vec![b'1'; MAX_LINE_LEN];
        let mut fits = Lines::new(&bytes[..]).expect("text");
        assert_eq!(fits.next().expect("fits").map(|(_, line)| line.len()), Some(MAX_LINE_LEN));
        bytes.push(b'1');
        let mut exceeds = Lines::new(&bytes[..]).expect("text");
        assert!(matches!(exceeds.next(), Err(LineError::TooLong(1))));
    }

    #[test]
    fn lines_that_were_taken_ahead_are_counted() {
        let mut lines = Lines::new(&b"a\nbc\nd\n"[..]).expect("text");
        assert_eq!((lines.ahead(), lines.next_number()), (&b"a\nbc\nd\n"[..], 1));
        lines.took(5, 2);
        assert_eq!(lines.next().expect("short lines"), Some((3, &b"d"[..])));
        assert_eq!(Lines::new(&b"a\rb"[..]).expect("text").ahead(), b"");
    }

    #[test]
    fn a_zero_byte_is_reported_with_its_line() {
        assert!(matches!(Lines::new(&b"a\0"[..]), Err(LineError::Zero(1))));
    }

    #[test]
    fn lines_survive_the_edge_of_the_buffer() {
        let line = b"12345.678,9\n";
        let bytes = line.repeat(3 * MAX_LINE_LEN / line.len());
        let mut lines = Lines::new(&bytes[..]).expect("text");
        let mut count = 0;
        while let Some((_, found)) = lines.next().expect("short lines") {
            assert_eq!(found, &line[..line.len() - 1]);
            count += 1;
        }
        assert_eq!(count, bytes.len() / line.len());
    }
}
