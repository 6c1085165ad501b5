//! What somebody changed in what was found: kept beside the recording, which stays as it is.
//!
//! `edits.json` in the folder of a visit holds a list that only grows; what holds now follows from it.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use levator_record::visit::replace;
use levator_signal::ChannelId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::text_of;
use crate::failure::{Attempt, Code, Failure};

/// Name of the file.
pub(super) const EDITS: &str = "edits.json";
/// Edits that are kept of one visit. Our choice: more than anybody makes.
const MOST: usize = 10_000;
/// Longest note, in bytes.
const LONGEST_NOTE: usize = 2000;

/// All that was changed, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edits {
    format: u32,
    pub(super) edits: Vec<Edit>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Edit {
    /// Milliseconds since 1970 when it was made.
    pub(super) made_unix_ms: u64,
    #[serde(flatten)]
    pub(super) what: What,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub(super) enum What {
    /// A contraction that was found, by its first sample, is none.
    Reject { stream: u8, channel: u8, onset: u64 },
    /// It is one after all.
    Restore { stream: u8, channel: u8, onset: u64 },
    /// There is one that was not found, in seconds from the first sample.
    Add { stream: u8, channel: u8, from_s: f64, to_s: f64 },
    /// One that was added, by its place among them, is none.
    Remove { number: usize },
    /// A note on a moment, or on the visit.
    Note { at_s: Option<f64>, text: String },
}

/// One that was added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Added {
    /// Its place among those that were ever added.
    pub(super) number: usize,
    pub(super) channel: ChannelId,
    pub(super) from_s: f64,
    pub(super) to_s: f64,
}

impl Edits {
    fn path(folder: &Path) -> PathBuf {
        folder.join(EDITS)
    }

    /// Those of a visit; none if nothing was ever changed.
    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = Self::path(folder);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { format: 1, edits: Vec::new() });
            }
            Err(error) => return Err(error).attempt(Code::File, path.display()),
        };
        let read: Self = serde_json::from_slice(&bytes).attempt(Code::File, path.display())?;
        if read.format != 1 {
            let error = anyhow!("{} is of a later version; it is left as it is", path.display());
            return Err(Failure::new(Code::File, error));
        }
        Ok(read)
    }

    /// Keeps one more.
    pub(super) fn add(mut self, folder: &Path, what: What, now: u64) -> Result<Self, Failure> {
        if self.edits.len() >= MOST {
            let error = anyhow!("{MOST} changes are kept of a visit, and there are as many");
            return Err(Failure::new(Code::Usage, error));
        }
        self.edits.push(Edit { made_unix_ms: now, what });
        let path = Self::path(folder);
        let mut text = serde_json::to_vec_pretty(&self).map_err(std::io::Error::from)?;
        text.push(b'\n');
        replace(&path, &text).attempt(Code::Recording, path.display())?;
        Ok(self)
    }

    /// Whether a contraction that was found counts.
    pub(super) fn counts(&self, id: ChannelId, at: u64) -> bool {
        let last = self.edits.iter().rev().find_map(|edit| match edit.what {
            What::Reject { stream, channel, onset }
                if (stream, channel, onset) == (id.stream, id.channel, at) =>
            {
                Some(false)
            }
            What::Restore { stream, channel, onset }
                if (stream, channel, onset) == (id.stream, id.channel, at) =>
            {
                Some(true)
            }
            _ => None,
        });
        last.unwrap_or(true)
    }

    /// Those that were added and not taken back.
    pub(super) fn added(&self) -> Vec<Added> {
        let all = self.edits.iter().filter_map(|edit| match edit.what {
            What::Add { stream, channel, from_s, to_s } => {
                Some((ChannelId { stream, channel }, from_s, to_s))
            }
            _ => None,
        });
        let gone = |number: usize| {
            let is_it = |edit: &Edit| edit.what == What::Remove { number };
            self.edits.iter().any(is_it)
        };
        all.enumerate()
            .filter(|(number, _)| !gone(*number))
            .map(|(number, (channel, from_s, to_s))| Added { number, channel, from_s, to_s })
            .collect()
    }
}

/// What a page wants to change.
pub(super) fn wanted(question: &Value) -> Result<What, Failure> {
    let edit = &question["edit"];
    let wrong = |why: &str| Failure::new(Code::Usage, anyhow!("{why}"));
    let small = |key: &str| edit[key].as_u64().and_then(|number| u8::try_from(number).ok());
    let at = |key: &str| edit[key].as_f64().filter(|s| (0.0..=31_536_000.0).contains(s));
    let place = || small("stream").zip(small("channel")).ok_or_else(|| wrong("which channel?"));
    match text_of(edit, "what").unwrap_or_default() {
        kind @ ("reject" | "restore") => {
            let (stream, channel) = place()?;
            let onset = edit["onset"].as_u64().ok_or_else(|| wrong("which contraction?"))?;
            Ok(match kind {
                "reject" => What::Reject { stream, channel, onset },
                _ => What::Restore { stream, channel, onset },
            })
        }
        "add" => {
            let (stream, channel) = place()?;
            let span = at("from_s").zip(at("to_s")).filter(|(from, to)| to > from);
            let (from_s, to_s) =
                span.ok_or_else(|| wrong("a contraction ends after it begins, in seconds"))?;
            Ok(What::Add { stream, channel, from_s, to_s })
        }
        "remove" => {
            let number = edit["number"].as_u64().and_then(|number| usize::try_from(number).ok());
            Ok(What::Remove { number: number.ok_or_else(|| wrong("which one?"))? })
        }
        "note" => {
            let text = text_of(edit, "text").ok_or_else(|| wrong("a note has words"))?;
            if text.len() > LONGEST_NOTE {
                return Err(wrong("a note has at most 2000 bytes: make it shorter, or two of it"));
            }
            Ok(What::Note { at_s: at("at_s"), text: text.to_owned() })
        }
        _ => Err(wrong("this cannot be changed")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: ChannelId = ChannelId { stream: 0, channel: 1 };

    fn want(edit: &Value) -> Result<What, String> {
        wanted(&json!({ "edit": edit })).map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_was_changed_last_holds_and_all_of_it_is_kept() {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let at = folder.path();
        let mut edits = Edits::read(at).expect("there is nothing yet");
        assert!(edits.counts(ID, 500) && edits.added().is_empty());
        assert!(!Edits::path(at).exists(), "looking changes nothing");
        for (now, edit) in (1..).zip([
            json!({ "what": "reject", "stream": 0, "channel": 1, "onset": 500 }),
            json!({ "what": "add", "stream": 0, "channel": 1, "from_s": 2.0, "to_s": 3.5 }),
            json!({ "what": "add", "stream": 0, "channel": 1, "from_s": 5.0, "to_s": 6.0 }),
            json!({ "what": "remove", "number": 0 }),
            json!({ "what": "note", "at_s": 2.5, "text": " a cough " }),
        ]) {
            edits = edits.add(at, want(&edit).expect("it can be done"), now).expect("room");
        }
        let again = Edits::read(at).expect("it was kept");
        assert_eq!(again, edits);
        assert_eq!(again.edits.len(), 5, "nothing is forgotten");
        assert!(!again.counts(ID, 500) && again.counts(ID, 501));
        assert!(again.counts(ChannelId { stream: 0, channel: 0 }, 500), "of another channel");
        let left = Added { number: 1, channel: ID, from_s: 5.0, to_s: 6.0 };
        assert_eq!(again.added(), [left]);
        let back = json!({ "what": "restore", "stream": 0, "channel": 1, "onset": 500 });
        let again = again.add(at, want(&back).expect("it can be done"), 9).expect("room");
        assert!(again.counts(ID, 500));
    }

    #[test]
    fn what_makes_no_sense_is_refused_and_says_why() {
        for (edit, why) in [
            (json!({}), "this cannot be changed"),
            (json!({ "what": "reject", "stream": 0, "onset": 5 }), "which channel?"),
            (
                json!({ "what": "reject", "stream": 0, "channel": 300, "onset": 5 }),
                "which channel?",
            ),
            (
                json!({ "what": "restore", "stream": 0, "channel": 0, "onset": -1 }),
                "which contraction?",
            ),
            (
                json!({ "what": "add", "stream": 0, "channel": 0, "from_s": 3, "to_s": 3 }),
                "a contraction ends after it begins, in seconds",
            ),
            (
                json!({ "what": "add", "stream": 0, "channel": 0, "from_s": -3, "to_s": 3 }),
                "a contraction ends after it begins, in seconds",
            ),
            (json!({ "what": "note", "text": "  " }), "a note has words"),
            (
                json!({ "what": "note", "text": "x".repeat(2001) }),
                "a note has at most 2000 bytes: make it shorter, or two of it",
            ),
        ] {
            assert_eq!(want(&edit), Err(why.to_owned()), "{edit}");
        }
    }

    #[test]
    fn a_file_that_is_not_ours_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        for text in
            ["{", "{\"format\":2,\"edits\":[]}", "{\"format\":1,\"edits\":[{\"what\":\"x\"}]}"]
        {
            std::fs::write(folder.path().join(EDITS), text).expect("there is room");
            assert!(Edits::read(folder.path()).is_err(), "{text}");
        }
    }
}
