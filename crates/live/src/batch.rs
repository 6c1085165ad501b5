//! Inputs in the form in which they are handed to the recorder: many at a time, in memory that is
//! used again.

use levator_engine::{Command, Conduct, Input, LinkChange};
use levator_signal::HostTime;

/// Inputs a batch holds, at most.
const MAX_INPUT_COUNT: usize = 512;
/// Bytes of reads and marks a batch holds, at most. More than one read can bring.
pub(crate) const MAX_BYTE_COUNT: usize = 16 << 10;

/// A run of inputs in the order they happened. Nothing is allocated after it was made.
#[derive(Debug)]
pub(crate) struct Batch {
    entries: Vec<Entry>,
    /// Bytes of reads and texts of marks, one after the other.
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: HostTime,
    what: What,
}

/// What happened; lengths speak of `Batch::bytes`.
#[derive(Clone, Copy, Debug)]
enum What {
    Bytes { len: usize },
    Tick,
    Link(LinkChange),
    Stop,
    Conduct(Conduct),
    Mark { len: usize },
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self {
            entries: Vec::with_capacity(MAX_INPUT_COUNT),
            bytes: Vec::with_capacity(MAX_BYTE_COUNT),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Host time of the first input.
    pub(crate) fn first_at(&self) -> Option<HostTime> {
        self.entries.first().map(|entry| entry.at)
    }

    /// Host time of the last input.
    pub(crate) fn last_at(&self) -> Option<HostTime> {
        self.entries.last().map(|entry| entry.at)
    }

    pub(crate) fn has_room_for(&self, input: &Input<'_>) -> bool {
        self.entries.len() < MAX_INPUT_COUNT
            && self.bytes.len() + body(input).len() <= MAX_BYTE_COUNT
    }

    /// Appends `input`, for which there must be room.
    pub(crate) fn push(&mut self, input: &Input<'_>) {
        let what = match *input {
            Input::Bytes { bytes, .. } => What::Bytes { len: bytes.len() },
            Input::Tick { .. } => What::Tick,
            Input::Link { change, .. } => What::Link(change),
            Input::Command { command: Command::Stop, .. } => What::Stop,
            Input::Command { command: Command::Conduct(conduct), .. } => What::Conduct(conduct),
            Input::Command { command: Command::Mark { text }, .. } => {
                What::Mark { len: text.len() }
            }
            Input::Scans { .. } => unreachable!("a port gives bytes, only files give scans"),
        };
        self.entries.push(Entry { at: input.at(), what });
        self.bytes.extend_from_slice(body(input));
    }

    /// The inputs, as they were pushed.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = Input<'_>> {
        let mut rest = self.bytes.as_slice();
        let mut take = move |len| {
            let (body, tail) = rest.split_at(len);
            rest = tail;
            body
        };
        self.entries.iter().map(move |&Entry { at, what }| match what {
            What::Bytes { len } => Input::Bytes { at, bytes: take(len) },
            What::Tick => Input::Tick { at },
            What::Link(change) => Input::Link { at, change },
            What::Stop => Input::Command { at, command: Command::Stop },
            What::Conduct(conduct) => Input::Command { at, command: Command::Conduct(conduct) },
            What::Mark { len } => {
                let text = str::from_utf8(take(len)).expect("it was text when it was pushed");
                Input::Command { at, command: Command::Mark { text } }
            }
        })
    }

    /// Empties it; keeps its memory.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.bytes.clear();
    }
}

fn body<'a>(input: &Input<'a>) -> &'a [u8] {
    match *input {
        Input::Bytes { bytes, .. } => bytes,
        Input::Command { command: Command::Mark { text }, .. } => text.as_bytes(),
        Input::Scans { .. }
        | Input::Tick { .. }
        | Input::Link { .. }
        | Input::Command { command: Command::Stop | Command::Conduct(_), .. } => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> HostTime {
        HostTime::from_nanos(nanos)
    }

    #[test]
    fn inputs_come_back_as_they_were_pushed() {
        let inputs = [
            Input::Link { at: at(1), change: LinkChange::Opened },
            Input::Bytes { at: at(2), bytes: &[0, 255, 10] },
            Input::Tick { at: at(3) },
            Input::Command { at: at(4), command: Command::Mark { text: "drückt" } },
            Input::Bytes { at: at(4), bytes: &[] },
            Input::Command { at: at(5), command: Command::Conduct(Conduct::SkipPhase) },
            Input::Command { at: at(5), command: Command::Mark { text: "" } },
            Input::Bytes { at: at(6), bytes: b"end" },
            Input::Command { at: at(7), command: Command::Stop },
            Input::Link { at: at(8), change: LinkChange::Lost },
        ];
        let mut batch = Batch::new();
        for round in 0..3 {
            for input in &inputs {
                assert!(batch.has_room_for(input));
                batch.push(input);
            }
            let back: Vec<String> = batch.inputs().map(|input| format!("{input:?}")).collect();
            assert_eq!(back, inputs.map(|input| format!("{input:?}")), "round {round}");
            assert_eq!((batch.first_at(), batch.last_at()), (Some(at(1)), Some(at(8))));
            batch.clear();
            assert!(batch.is_empty());
        }
    }

    #[test]
    fn room_ends_with_the_memory_that_was_taken_at_the_start() {
        let mut batch = Batch::new();
        let read = Input::Bytes { at: at(0), bytes: &[7; 4096] };
        while batch.has_room_for(&read) {
            batch.push(&read);
        }
        assert_eq!(batch.inputs().count(), MAX_BYTE_COUNT / 4096);
        let tick = Input::Tick { at: at(1) };
        while batch.has_room_for(&tick) {
            batch.push(&tick);
        }
        assert_eq!(batch.inputs().count(), MAX_INPUT_COUNT);
        assert_eq!(batch.entries.capacity(), MAX_INPUT_COUNT);
        assert_eq!(batch.bytes.capacity(), MAX_BYTE_COUNT);
    }
}
