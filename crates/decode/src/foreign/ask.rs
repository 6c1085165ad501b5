//! What is asked of a device that says nothing by itself, in the order that harms none.
//!
//! Nothing that can be sent is harmless to every device: an idle BITalino takes each byte for a command,
//! and any byte stops a Chords board. So a BITalino is asked first, by two bytes that stop it and change
//! nothing; then nothing that follows can reach one. None of these bytes moves an actuator of any device in
//! `docs/devices.md`.

use core::time::Duration;

/// A question, and who answers it.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Who is asked, for people.
    pub who: &'static str,
    /// Speeds at which it may listen, in this order.
    pub bauds: &'static [u32],
    /// What is said; 100 ms lie between two of them.
    pub words: &'static [&'static [u8]],
    /// How long an answer may take.
    pub wait: Duration,
    /// Answers by what stands in them, and whose they are.
    answers: &'static [(&'static [u8], &'static str)],
}

impl Ask {
    /// Who answered, by the name of its description, and what was found in the answer.
    #[must_use]
    pub fn answered(&self, heard: &[u8]) -> Option<(&'static str, &'static [u8])> {
        let (text, id) = self
            .answers
            .iter()
            .find(|(text, _)| heard.windows(text.len()).any(|part| part == *text))?;
        Some((id, text))
    }
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// IDENTIFY of our own wire, behind a delimiter (`firmware-protocol/SPEC.md`, first vector).
const IDENTIFY: [u8; 17] = [
    0x00, 0x03, 0x14, 0x40, 0x01, 0x05, 0x50, 0x46, 0x57, 0x31, 0x06, 0xF0, 0x6B, 0x27, 0xF2, 0x69,
    0x00,
];

/// The questions, in their order. Each is asked once at each of its speeds, and none after an answer.
pub const ASKS: &[Ask] = &[
    Ask {
        who: "BITalino",
        bauds: &[115_200],
        words: &[&[0xFF], &[0x07]],
        wait: ms(400),
        answers: &[(b"BITalino", "bitalino")],
    },
    Ask {
        who: "our own wire",
        bauds: &[115_200, 921_600, 250_000, 230_400, 500_000],
        words: &[&IDENTIFY],
        wait: ms(400),
        // Its answer is a frame, which whoever listens knows.
        answers: &[],
    },
    Ask {
        who: "Chords",
        bauds: &[230_400, 115_200],
        words: &[b"WHORU\n"],
        wait: ms(1500),
        answers: &[(b"UNO-R4", "chords-uno-r4"), (b"UNO-", "chords-uno")],
    },
    Ask {
        who: "Cyton",
        bauds: &[115_200],
        words: &[b"s", b"v"],
        wait: ms(1000),
        answers: &[(b"$$$", "cyton")],
    },
    Ask {
        who: "Backyard Brains",
        bauds: &[222_222, 230_400, 500_000],
        words: &[b"b:;\n"],
        wait: ms(400),
        answers: &[(b"HWT:", "spikershield")],
    },
    Ask {
        who: "Firmata",
        bauds: &[57_600],
        words: &[&[0xF9]],
        wait: ms(400),
        answers: &[(&[0xF9, 0x02], "firmata")],
    },
    Ask {
        who: "FlexVolt",
        bauds: &[230_400],
        words: &[b"X"],
        wait: ms(400),
        answers: &[(b"Xx", "flexvolt")],
    },
];
