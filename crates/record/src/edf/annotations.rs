//! Time-stamped annotation lists (TALs).
//!
//! ```text
//!   +12.5 15h 3 14h squeeze 14h second text 14h 00h
//!   onset     duration, may be left out      end
//! ```
//!
//! # Source
//!
//! Kemp and Olivan 2003, European data format 'plus', Clin Neurophysiol 114:1755, section 2.2.

use std::borrow::Cow;

/// Ends an onset, a duration, and every text.
const TEXT_END: u8 = 0x14;
/// Text of the annotation by which [`EdfWriter`](super::write::EdfWriter) says that samples are none: from
/// its onset on, for its duration, the last value was written again. It begins as MNE names stretches
/// without data, which it then leaves out.
pub const HELD: &str = "BAD_ACQ_SKIP: no samples, last value held";

/// Text of the annotation by which [`EdfWriter`](super::write::EdfWriter) says at which time a gap begins
/// and how long it is: some programs join the data records of a discontinuous file without a word.
pub const GAP: &str = "gap: samples are missing";

/// Stands before a duration.
const DURATION: u8 = 0x15;

/// A text that belongs to a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation<'a> {
    /// Seconds from the first sample of the file; negative before it.
    pub onset_s: f64,
    /// Its length in seconds, where the file states one.
    pub duration_s: Option<f64>,
    /// UTF-8 as the specification wants it, else taken for Latin-1. Empty in the entry by which each
    /// data record states its own time.
    pub text: Cow<'a, str>,
}

/// The annotations of one signal of one data record, with onsets as the file prints them: seconds from
/// its start time. An entry that cannot be read is `None`.
#[derive(Clone, Debug)]
pub struct Annotations<'a> {
    bytes: &'a [u8],
    /// Of the list under way.
    onset_s: f64,
    duration_s: Option<f64>,
    texts: &'a [u8],
}

impl<'a> Annotations<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, onset_s: 0.0, duration_s: None, texts: &[] }
    }
}

impl<'a> Iterator for Annotations<'a> {
    type Item = Option<Annotation<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.texts.is_empty() {
            let start = self.bytes.iter().position(|&byte| byte != 0)?;
            let bytes = &self.bytes[start..];
            let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
            self.bytes = &bytes[end..];
            let Some((onset_s, duration_s, texts)) = list(&bytes[..end]) else { return Some(None) };
            (self.onset_s, self.duration_s, self.texts) = (onset_s, duration_s, texts);
        }
        let end = self.texts.iter().position(|&byte| byte == TEXT_END)?;
        let text = decode(&self.texts[..end]);
        self.texts = &self.texts[end + 1..];
        Some(Some(Annotation { onset_s: self.onset_s, duration_s: self.duration_s, text }))
    }
}

/// Onset, duration and texts of one list; the texts end with [`TEXT_END`].
fn list(bytes: &[u8]) -> Option<(f64, Option<f64>, &[u8])> {
    let end = bytes.iter().position(|&byte| byte == TEXT_END)?;
    let (times, texts) = (&bytes[..end], &bytes[end + 1..]);
    let (onset, duration) = match times.iter().position(|&byte| byte == DURATION) {
        Some(at) => (&times[..at], Some(&times[at + 1..])),
        None => (times, None),
    };
    let duration = match duration {
        None | Some([]) => None,
        Some(duration) => Some(seconds(duration).filter(|seconds| *seconds >= 0.0)?),
    };
    (texts.last() == Some(&TEXT_END)).then_some((seconds(onset)?, duration, texts))
}

/// Seconds with a sign, which some programs leave out, and a point, for which some write a comma.
fn seconds(bytes: &[u8]) -> Option<f64> {
    let number = super::field::decimal(bytes)?;
    (!bytes.iter().any(|byte| b"eE \0".contains(byte))).then_some(number.value)
}

fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match core::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Option<(f64, Option<f64>, String)>> {
        Annotations::new(bytes)
            .map(|one| one.map(|one| (one.onset_s, one.duration_s, one.text.into_owned())))
            .collect()
    }

    fn one(onset: f64, duration: Option<f64>, text: &str) -> Option<(f64, Option<f64>, String)> {
        Some((onset, duration, text.to_owned()))
    }

    #[test]
    fn lists_of_the_specification_are_read() {
        // Section 2.2.2 and 2.2.4 of the specification.
        assert_eq!(
            read(b"+180\x14Lights off\x14Close door\x14\0\0\0"),
            [one(180.0, None, "Lights off"), one(180.0, None, "Close door")]
        );
        assert_eq!(read(b"+1800.2\x1525.5\x14Apnea\x14\0"), [one(1800.2, Some(25.5), "Apnea")]);
        assert_eq!(
            read(b"+567\x14\x14\0-0.5\x14before\x14\0"),
            [one(567.0, None, ""), one(-0.5, None, "before")]
        );
    }

    #[test]
    fn text_is_utf_8_or_else_latin_1() {
        assert_eq!(read("+1\x14\u{4e2d}\x14\0".as_bytes()), [one(1.0, None, "\u{4e2d}")]);
        assert_eq!(read(b"+1\x14\xe4\x14\0"), [one(1.0, None, "\u{e4}")]);
    }

    #[test]
    fn what_cannot_be_read_is_one_entry_and_harms_no_other() {
        for bad in ["x\x14a\x14\0", "+1\x14a\0", "+1\x15x\x14a\x14\0", "+1\0", "\x14\x14\0"] {
            let bytes = format!("{bad}+2\x14b\x14\0");
            assert_eq!(read(bytes.as_bytes()), [None, one(2.0, None, "b")], "{bad:?}");
        }
        assert_eq!(read(b""), []);
        assert_eq!(read(&[0; 30]), []);
    }
}
