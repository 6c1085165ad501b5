//! One line of text into fields.
//!
//! # Source
//!
//! Arduino's note on the protocol of its serial plotter, and what sketches print in practice: separators
//! behind the last value, commas with spaces, units behind values, labels with spaces in them.

use super::description::MAX_COLUMNS;

/// A field of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field<'a> {
    /// What stands before the colon or the equals sign; empty without.
    pub label: &'a str,
    /// What it says.
    pub value: Value<'a>,
}

/// What a field says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A number; NaN where the sketch printed `nan`, `inf` or `ovf`.
    Number(f64),
    /// Anything else.
    Word(&'a str),
}

/// The fields of a line, without heap.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    fields: [Field<'a>; MAX_COLUMNS],
    len: usize,
}

impl<'a> Fields<'a> {
    /// The fields in their order.
    #[must_use]
    pub fn as_slice(&self) -> &[Field<'a>] {
        &self.fields[..self.len]
    }

    fn push(&mut self, label: &'a str, value: Value<'a>) {
        if let Some(slot) = self.fields.get_mut(self.len) {
            *slot = Field { label, value };
            self.len += 1;
        } else if let Some(last) = self.fields.last_mut() {
            // More than any device has: such a line fits nothing.
            *last = Field { label: "", value: Value::Word("") };
        }
    }
}

/// Units that may stand behind a number.
const UNITS: [&str; 10] = ["cmH2O", "mmHg", "kPa", "Pa", "hPa", "mbar", "psi", "uV", "mV", "V"];

/// Cuts a line into fields.
pub(super) fn fields(text: &str) -> Fields<'_> {
    let mut found =
        Fields { fields: [Field { label: "", value: Value::Word("") }; MAX_COLUMNS], len: 0 };
    let mut parts = text.split([',', ';', '\t']).map(str::trim).peekable();
    while let Some(part) = parts.next() {
        if part.is_empty() {
            // A separator behind the last value is usual; an empty field in between is none.
            if parts.peek().is_some() {
                found.push("", Value::Word(""));
            }
            continue;
        }
        match part.matches([':', '=']).count() {
            1 => labelled(part, &mut found),
            _ => spaced(part, &mut found),
        }
    }
    found
}

/// One label, perhaps with spaces in it, and what it says.
fn labelled<'a>(part: &'a str, found: &mut Fields<'a>) {
    let Some((label, rest)) = part.split_once([':', '=']) else { return };
    let mut words = rest.split_whitespace();
    let first = words.next().unwrap_or("");
    let (unit, more) = (words.next(), words.next());
    match (number(first), unit, more) {
        (Some(value), None, _) => found.push(label.trim(), Value::Number(value)),
        (Some(value), Some(unit), None) if is_unit(unit) => {
            found.push(label.trim(), Value::Number(value));
        }
        _ => {
            // As in `12 p:13`.
            spaced(part, found);
        }
    }
}

/// Fields with nothing but spaces in between.
fn spaced<'a>(part: &'a str, found: &mut Fields<'a>) {
    let mut label = "";
    let mut was_number = false;
    for word in part.split_whitespace() {
        if let Some(head) = word.strip_suffix([':', '=']) {
            label = head;
            was_number = false;
            continue;
        }
        let (own, text) = word.split_once([':', '=']).unwrap_or((label, word));
        match number(text) {
            Some(value) => {
                found.push(own, Value::Number(value));
                was_number = true;
            }
            None if was_number && is_unit(word) => was_number = false,
            None => {
                found.push(own, Value::Word(text));
                was_number = false;
            }
        }
        label = "";
    }
}

fn is_unit(word: &str) -> bool {
    UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(word))
}

/// A number, as sketches print it.
fn number(word: &str) -> Option<f64> {
    let bare = word.strip_prefix(['-', '+']).unwrap_or(word);
    if ["nan", "inf", "ovf"].iter().any(|fault| fault.eq_ignore_ascii_case(bare)) {
        return Some(f64::NAN);
    }
    if !bare.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let is_plain =
        word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
    let value: f64 = word.parse().ok().filter(|_| is_plain)?;
    Some(if value.is_finite() { value } else { f64::NAN })
}
