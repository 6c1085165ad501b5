//! What a programme is told apart by.

use core::fmt;
use core::fmt::Write as _;
use core::str::FromStr;

use crate::definition::Definition;
use crate::{Feedback, Phase, Target, Template};

/// Fingerprint of everything a programme asks of a person and of everything that is judged.
///
/// Two visits may be compared when their stamps are the same. Names, citations, version, and which
/// programme comes next are not in it: a copy under another name has the stamp of the original, and
/// one second more or less has another.
///
/// It is the BLAKE3 hash, 32 bytes, of the [canonical form](canonical), and says nothing about who
/// wrote the programme.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp([u8; 32]);

impl Stamp {
    pub(crate) fn of(definition: &Definition) -> Self {
        Self(*blake3::hash(canonical(definition).as_bytes()).as_bytes())
    }

    /// The stamp with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first eight hexadecimal digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(8);
        text
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stamp({self})")
    }
}

/// A text is no stamp: not 64 hexadecimal digits in small letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoStamp;

impl fmt::Display for NoStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stamp has 64 hexadecimal digits in small letters")
    }
}

impl core::error::Error for NoStamp {}

impl FromStr for Stamp {
    type Err = NoStamp;

    fn from_str(text: &str) -> Result<Self, NoStamp> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(NoStamp),
        };
        let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| NoStamp)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = 16 * digit(pair[0])? + digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

/// The text that is hashed: a line for each thing that matters, in a fixed order, with lengths in
/// milliseconds and levels as the bits of an IEEE 754 double in hexadecimal.
///
/// Its first line counts the versions of this form. What is not said in a definition (windows) is
/// what [`Programme::new`](crate::Programme::new) filled in, so hand it a checked one.
#[must_use]
pub fn canonical(definition: &Definition) -> String {
    let mut text = String::from("levator-programme 1\n");
    line(&mut text, "load", definition.load.name());
    for phase in &definition.phases {
        canonical_phase(&mut text, phase);
    }
    for repeat in &definition.repeats {
        line(
            &mut text,
            "repeat",
            format_args!("{} {} {}", repeat.first, repeat.last, repeat.times),
        );
    }
    text
}

fn line(text: &mut String, key: &str, value: impl fmt::Display) {
    writeln!(text, "{key} {value}").expect("text has room");
}

fn canonical_phase(text: &mut String, phase: &Phase) {
    line(text, "phase", format_args!("{} {}", phase.id, phase.kind.name()));
    line(text, "cue", format_args!("{} {}", phase.cue, phase.rest_cue));
    if let Some(say) = &phase.say {
        line(text, "say", say);
    }
    if let Some(position) = phase.position {
        line(text, "position", position.name());
    }
    let (work, rest) = (phase.duration.0, phase.rest.0);
    line(text, "time", format_args!("{} {work} {rest}", phase.repetitions));
    canonical_target(text, "target", phase.target.as_ref());
    canonical_target(text, "rest-target", phase.rest_target.as_ref());
    match &phase.template {
        Template::None => {}
        Template::Trapezoid { rise, fall } => {
            line(text, "trapezoid", format_args!("{} {}", rise.0, fall.0));
        }
        Template::Points(points) => {
            for point in points {
                line(text, "point", format_args!("{} {}", point.at.0, bits(point.ratio)));
            }
        }
    }
    if let Some(pace) = phase.breathing {
        let parts = [pace.inhale, pace.hold_full, pace.exhale, pace.hold_empty];
        let [a, b, c, d] = parts.map(|part| part.0);
        line(text, "breathing", format_args!("{a} {b} {c} {d}"));
    }
    match &phase.feedback {
        Feedback::Always => {}
        Feedback::Never => line(text, "feedback", "never"),
        Feedback::Except(trials) => {
            for trial in trials {
                line(text, "feedback-off", trial);
            }
        }
    }
    for window in phase.windows.iter().flatten() {
        let (kind, part) = (window.kind.name(), window.part.name());
        line(text, "window", format_args!("{kind} {part} {} {}", window.from.0, window.to.0));
    }
    line(text, "after-gap", phase.after_gap.name());
}

fn canonical_target(text: &mut String, key: &str, target: Option<&Target>) {
    let Some(target) = target else { return };
    let limit = |limit: Option<f64>| limit.map_or_else(|| "-".to_owned(), bits);
    let (lower, upper) = (limit(target.lower), limit(target.upper));
    line(text, key, format_args!("{lower} {upper} {}", target.unit.name()));
}

fn bits(value: f64) -> String {
    // There are two zeros, and they ask for the same.
    let value = if value == 0.0 { 0.0 } else { value };
    format!("{:016x}", value.to_bits())
}
