//! Lines of text into scans.

use levator_signal::HostTime;

use super::description::{Column, Description, Layout, MAX_COLUMNS, TextShape};
use super::emit::Emitter;
use super::line::{self, Fields, Value};
use crate::{Decoded, Refusal};

/// Longest line that can carry samples, bytes.
const MAX_LINE: usize = 256;
/// Lines in a row that prove a lock.
const LOCK: usize = 3;

/// Lines into scans, by the layouts of a description.
#[derive(Clone, Debug)]
pub(super) struct Text {
    shape: TextShape,
    name: String,
    ranges: [Option<(f64, f64)>; MAX_COLUMNS],
    channel_count: usize,
    line: [u8; MAX_LINE],
    len: usize,
    /// Thrown away up to the next line: the first after opening may be half a line.
    is_skipping: bool,
    is_overlong: bool,
    locked: Option<Key>,
    /// Lines that fit, until they are enough.
    held: [[f64; MAX_COLUMNS]; LOCK],
    held_key: Option<Key>,
    held_len: usize,
    /// Lines that should have carried a sample and did not, since the last sample.
    refused: u64,
    /// Where the columns of each label stand, by a line of bare labels.
    heads: [Option<u8>; MAX_COLUMNS],
    head_layout: usize,
}

/// What neighbouring lines share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    layout: usize,
    fields: usize,
}

enum Line {
    Samples(Key),
    /// A line of bare labels, or of words.
    Words,
    /// About so many lines that should have carried samples.
    Damaged(u64),
}

impl Text {
    pub(super) fn new(description: &Description, shape: &TextShape) -> Self {
        let mut ranges = [None; MAX_COLUMNS];
        for (range, channel) in ranges.iter_mut().zip(&description.channels) {
            *range = channel.range;
        }
        Self {
            shape: shape.clone(),
            name: description.name.clone(),
            ranges,
            channel_count: description.channels.len(),
            line: [0; MAX_LINE],
            len: 0,
            is_skipping: true,
            is_overlong: false,
            locked: None,
            held: [[0.0; MAX_COLUMNS]; LOCK],
            held_key: None,
            held_len: 0,
            refused: 0,
            heads: [None; MAX_COLUMNS],
            head_layout: 0,
        }
    }

    pub(super) fn reopen(&mut self) {
        self.len = 0;
        self.is_skipping = true;
        self.is_overlong = false;
        self.locked = None;
        self.held_key = None;
        self.held_len = 0;
        self.refused = 0;
    }

    /// Name of the layout that is locked, where it has one.
    pub(super) fn layout(&self) -> Option<&str> {
        let layout = &self.shape.layouts[self.locked?.layout];
        Some(layout.name.as_str()).filter(|name| !name.is_empty())
    }

    pub(super) fn handle(
        &mut self,
        at: HostTime,
        bytes: &[u8],
        emitter: &mut Emitter,
        out: &mut impl FnMut(Decoded<'_>),
    ) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match piece.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (piece, false),
            };
            let room = MAX_LINE - self.len;
            let taken = text.len().min(room);
            self.line[self.len..self.len + taken].copy_from_slice(&text[..taken]);
            self.len += taken;
            self.is_overlong |= taken < text.len();
            if ends {
                self.end_of_line(at, emitter, out);
            }
        }
        emitter.end_of_read(out);
    }

    fn end_of_line(
        &mut self,
        at: HostTime,
        emitter: &mut Emitter,
        out: &mut impl FnMut(Decoded<'_>),
    ) {
        let len = core::mem::take(&mut self.len);
        let is_overlong = core::mem::take(&mut self.is_overlong);
        if core::mem::take(&mut self.is_skipping) {
            return;
        }
        let line = self.line;
        let mut text = &line[..len];
        while let Some((b'\r', rest)) = text.split_last() {
            text = rest;
        }
        if text.is_empty() && !is_overlong {
            return;
        }
        let mut codes = [0.0; MAX_COLUMNS];
        let found = match core::str::from_utf8(text) {
            _ if is_overlong => Line::Damaged(1),
            Ok(text) => self.read(text, &mut codes),
            Err(_) => Line::Damaged(1),
        };
        match found {
            Line::Words => {
                emitter.flush(out);
                out(Decoded::Log(core::str::from_utf8(text).unwrap_or("")));
            }
            Line::Damaged(lines) => self.miss(at, lines, emitter, out),
            Line::Samples(key) if self.locked == Some(key) => {
                emitter.take(at, |column| codes[column.min(MAX_COLUMNS - 1)], out);
            }
            Line::Samples(key) => {
                if self.locked.is_some() {
                    // Fits, but not as its neighbours do.
                    return self.miss(at, 1, emitter, out);
                }
                self.hold(at, key, codes, emitter, out);
            }
        }
    }

    fn miss(
        &mut self,
        at: HostTime,
        lines: u64,
        emitter: &mut Emitter,
        out: &mut impl FnMut(Decoded<'_>),
    ) {
        self.refused += lines + self.held_len as u64;
        self.held_len = 0;
        self.held_key = None;
        if self.locked.take().is_some() {
            emitter.refuse(at, Refusal::Foreign, out);
        }
    }

    fn hold(
        &mut self,
        at: HostTime,
        key: Key,
        codes: [f64; MAX_COLUMNS],
        emitter: &mut Emitter,
        out: &mut impl FnMut(Decoded<'_>),
    ) {
        if self.held_key != Some(key) {
            self.refused += self.held_len as u64;
            self.held_len = 0;
            self.held_key = Some(key);
        }
        self.held[self.held_len] = codes;
        self.held_len += 1;
        if self.held_len < LOCK {
            return;
        }
        self.locked = Some(key);
        self.held_len = 0;
        self.held_key = None;
        let refused = core::mem::take(&mut self.refused);
        let layout = &self.shape.layouts[key.layout];
        emitter.rename(&layout.name, &self.name);
        // Lines before the first sample are the start, not a loss. The axis sees to that.
        if emitter.place(at, None, refused, 1, out) {
            for codes in &self.held {
                emitter.take(at, |column| codes[column.min(MAX_COLUMNS - 1)], out);
            }
        }
    }

    fn read(&mut self, text: &str, codes: &mut [f64; MAX_COLUMNS]) -> Line {
        let fields = line::fields(text);
        let fields = fields.as_slice();
        if fields.iter().all(|field| matches!(field.value, Value::Word(_))) {
            // A number that was damaged is a word, too.
            let labelled = self.labels_in(text);
            if labelled > 0 && text.contains(|c: char| c.is_ascii_digit()) {
                return Line::Damaged(labelled);
            }
            self.learn_heads(fields);
            return Line::Words;
        }
        for (number, layout) in self.shape.layouts.iter().enumerate() {
            if self.fits(number, layout, fields, codes) {
                return Line::Samples(Key { layout: number, fields: fields.len() });
            }
        }
        let labelled = self.labels_in(text);
        if labelled == 0 && self.is_prose(fields) {
            Line::Words
        } else {
            Line::Damaged(labelled.max(self.joined(fields.len())))
        }
    }

    fn fits(
        &self,
        number: usize,
        layout: &Layout,
        fields: &[line::Field<'_>],
        codes: &mut [f64; MAX_COLUMNS],
    ) -> bool {
        if layout.fields != 0 && layout.fields != fields.len() {
            return false;
        }
        let is_label = |label: &str| {
            layout.columns.iter().any(|one| matches!(one, Column::Label(own) if own == label))
        };
        let is_right = |(place, field): (usize, &line::Field<'_>)| {
            let words = layout.words.iter().find(|(at, _)| *at == place);
            match (words, &field.value) {
                (Some((_, words)), Value::Word(word)) => words.iter().any(|one| one == word),
                (Some(_), _) => false,
                (None, Value::Word(_)) => false,
                (None, Value::Number(_)) => field.label.is_empty() || is_label(field.label),
            }
        };
        if layout.fields != 0 && !fields.iter().enumerate().all(is_right) {
            return false;
        }
        for (channel, column) in layout.columns.iter().enumerate().take(self.channel_count) {
            let field = match column {
                Column::Place(place) => fields.get(*place),
                Column::Label(label) => {
                    let named = fields.iter().find(|field| field.label == label);
                    let head = self.heads[channel].filter(|_| self.head_layout == number);
                    named.or_else(|| fields.get(usize::from(head?)))
                }
            };
            let Some(Value::Number(code)) = field.map(|field| &field.value) else { return false };
            // A fault that the sketch itself prints is a sample, and says so.
            let is_possible = self.ranges[channel]
                .is_none_or(|(low, high)| !code.is_finite() || (low..=high).contains(code));
            if !is_possible {
                return false;
            }
            codes[channel] = *code;
        }
        true
    }

    fn learn_heads(&mut self, fields: &[line::Field<'_>]) {
        for (number, layout) in self.shape.layouts.iter().enumerate() {
            let mut heads = [None; MAX_COLUMNS];
            let mut is_found = false;
            for (head, column) in heads.iter_mut().zip(&layout.columns) {
                if let Column::Label(label) = column {
                    let place = fields
                        .iter()
                        .position(|field| matches!(field.value, Value::Word(w) if w == label));
                    *head = place.map(|place| place as u8);
                    is_found |= place.is_some();
                }
            }
            if is_found {
                self.heads = heads;
                self.head_layout = number;
                return;
            }
        }
    }

    /// How often the label of a sample stands in a line, with what follows a label; of several labels the
    /// one that stands there most often.
    fn labels_in(&self, text: &str) -> u64 {
        let columns = self.shape.layouts.iter().flat_map(|layout| &layout.columns);
        let count = |column: &Column| match column {
            Column::Label(label) => text
                .match_indices(label.as_str())
                .filter(|(at, _)| text[at + label.len()..].trim_start().starts_with([':', '=']))
                .count() as u64,
            Column::Place(_) => 0,
        };
        columns.map(count).max().unwrap_or(0)
    }

    /// How many lines were joined, where the ends between them are gone: the last field of each and the first
    /// of the next are one.
    fn joined(&self, fields: usize) -> u64 {
        let usual = self.locked.map_or(0, |key| key.fields);
        let is_joined = usual > 1 && fields > usual && (fields - 1).is_multiple_of(usual - 1);
        if is_joined { ((fields - 1) / (usual - 1)) as u64 } else { 1 }
    }

    /// Words that no damage makes of numbers: a message among the samples.
    fn is_prose(&self, fields: &[line::Field<'_>]) -> bool {
        let is_text = |text: &str| {
            let letters = |part: &str| part.len() >= 3;
            text.split(|c: char| !c.is_ascii_alphabetic()).any(letters)
        };
        let is_ours = |label: &str| {
            self.shape
                .layouts
                .iter()
                .flat_map(|layout| &layout.columns)
                .any(|column| matches!(column, Column::Label(own) if own == label))
        };
        fields.iter().any(|field| {
            field.label.contains(|c: char| c.is_ascii_alphabetic()) && !is_ours(field.label)
                || matches!(field.value, Value::Word(word) if is_text(word))
        })
    }
}

/// What a line of text says, field by field; for those who look at a port before they know what is there.
#[must_use]
pub fn look(text: &str) -> Fields<'_> {
    line::fields(text)
}
