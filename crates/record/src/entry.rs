//! Entries: inputs inside a data block.
//!
//! Byte tables are in `docs/recording-format.md`, clause 5.

use levator_decode::Scans;
use levator_engine::{Command, Conduct, Input, LinkChange};
use levator_signal::{HostTime, Quality, SampleIndex};

use crate::block::{MAX_PAYLOAD_LEN, take};

/// Kind, host time, length.
const ENTRY_HEADER_LEN: usize = 1 + 8 + 4;
/// What stands before the codes of scans.
const SCANS_HEADER_LEN: usize = 16;

/// Most bytes the body of an entry holds: bytes of a read, text of a mark, or codes and what
/// describes them.
pub(crate) const MAX_BODY_LEN: usize = MAX_PAYLOAD_LEN - ENTRY_HEADER_LEN;

mod kind {
    pub(super) const BYTES: u8 = 1;
    pub(super) const SCANS: u8 = 2;
    pub(super) const TICK: u8 = 3;
    pub(super) const LINK: u8 = 4;
    pub(super) const STOP: u8 = 5;
    pub(super) const MARK: u8 = 6;
    pub(super) const CONDUCT: u8 = 7;
    pub(super) const SKIPPABLE: u8 = 0x80;
}

/// Size of the body of `input`.
pub(crate) fn body_len(input: &Input<'_>) -> usize {
    match *input {
        Input::Bytes { bytes, .. } => bytes.len(),
        Input::Scans { scans, .. } => SCANS_HEADER_LEN + size_of_val(scans.codes),
        Input::Tick { .. } | Input::Command { command: Command::Stop, .. } => 0,
        Input::Link { .. } | Input::Command { command: Command::Conduct(_), .. } => 1,
        Input::Command { command: Command::Mark { text }, .. } => text.len(),
    }
}

/// Size of `input` in a block.
pub(crate) fn entry_len(input: &Input<'_>) -> usize {
    ENTRY_HEADER_LEN + body_len(input)
}

/// Appends `input`, whose body must not be longer than [`MAX_BODY_LEN`].
pub(crate) fn encode(input: &Input<'_>, out: &mut Vec<u8>) {
    let kind = match *input {
        Input::Bytes { .. } => kind::BYTES,
        Input::Scans { .. } => kind::SCANS,
        Input::Tick { .. } => kind::TICK,
        Input::Link { .. } => kind::LINK,
        Input::Command { command: Command::Stop, .. } => kind::STOP,
        Input::Command { command: Command::Mark { .. }, .. } => kind::MARK,
        Input::Command { command: Command::Conduct(_), .. } => kind::CONDUCT,
    };
    out.push(kind);
    out.extend_from_slice(&input.at().as_nanos().to_le_bytes());
    out.extend_from_slice(&(body_len(input) as u32).to_le_bytes());
    match *input {
        Input::Bytes { bytes, .. } => out.extend_from_slice(bytes),
        Input::Scans { scans, .. } => encode_scans(&scans, out),
        Input::Tick { .. } | Input::Command { command: Command::Stop, .. } => {}
        Input::Link { change, .. } => out.push(match change {
            LinkChange::Opened => 1,
            LinkChange::Lost => 2,
            LinkChange::Closed => 3,
        }),
        Input::Command { command: Command::Conduct(conduct), .. } => {
            let place = Conduct::ALL.iter().position(|one| *one == conduct);
            out.push(place.map_or(0, |place| place as u8 + 1));
        }
        Input::Command { command: Command::Mark { text }, .. } => {
            out.extend_from_slice(text.as_bytes());
        }
    }
}

fn encode_scans(scans: &Scans<'_>, out: &mut Vec<u8>) {
    let Scans { stream, first, channel_count, codes, quality, fault_channels } = *scans;
    out.extend_from_slice(&[stream, channel_count]);
    out.extend_from_slice(&quality.reported_bits().to_le_bytes());
    out.extend_from_slice(&fault_channels.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&first.0.to_le_bytes());
    for code in codes {
        out.extend_from_slice(&code.to_le_bytes());
    }
}

/// An entry whose length is known to fit, and whose body was not looked at.
pub(crate) struct RawEntry<'a> {
    kind: u8,
    pub(crate) at: HostTime,
    body: &'a [u8],
}

impl<'a> RawEntry<'a> {
    /// The entry at the front of `payload`. `None` if there is none that fits, and then nothing
    /// after it can be read either.
    pub(crate) fn split(mut payload: &'a [u8]) -> Option<Self> {
        let kind = take::<1>(&mut payload)?[0];
        let at = HostTime::from_nanos(u64::from_le_bytes(take(&mut payload)?));
        let len = u32::from_le_bytes(take(&mut payload)?) as usize;
        Some(Self { kind, at, body: payload.get(..len)? })
    }

    /// Size of the entry in its block.
    pub(crate) fn len(&self) -> usize {
        ENTRY_HEADER_LEN + self.body.len()
    }

    pub(crate) fn is_skippable(&self) -> bool {
        self.kind >= kind::SKIPPABLE
    }

    /// The input; codes of scans go to `codes`. `None` if kind or body is none of this version.
    pub(crate) fn input(&self, codes: &'a mut Vec<f64>) -> Option<Input<'a>> {
        let Self { kind, at, body } = *self;
        Some(match kind {
            kind::BYTES => Input::Bytes { at, bytes: body },
            kind::SCANS => Input::Scans { at, scans: decode_scans(body, codes)? },
            kind::TICK if body.is_empty() => Input::Tick { at },
            kind::LINK => {
                let change = match body {
                    [1] => LinkChange::Opened,
                    [2] => LinkChange::Lost,
                    [3] => LinkChange::Closed,
                    _ => return None,
                };
                Input::Link { at, change }
            }
            kind::STOP if body.is_empty() => Input::Command { at, command: Command::Stop },
            kind::CONDUCT => {
                let [code] = body else { return None };
                let conduct = *Conduct::ALL.get(usize::from(code.checked_sub(1)?))?;
                Input::Command { at, command: Command::Conduct(conduct) }
            }
            kind::MARK => {
                let text = str::from_utf8(body).ok()?;
                Input::Command { at, command: Command::Mark { text } }
            }
            _ => return None,
        })
    }
}

fn decode_scans<'a>(mut body: &[u8], codes: &'a mut Vec<f64>) -> Option<Scans<'a>> {
    let [stream, channel_count] = take(&mut body)?;
    let quality = Quality::from_reported_bits(u16::from_le_bytes(take(&mut body)?));
    let fault_channels = u16::from_le_bytes(take(&mut body)?);
    let _reserved: [u8; 2] = take(&mut body)?;
    let first = SampleIndex(u64::from_le_bytes(take(&mut body)?));
    let (chunks, []) = body.as_chunks::<8>() else { return None };
    codes.clear();
    codes.extend(chunks.iter().map(|chunk| f64::from_le_bytes(*chunk)));
    Some(Scans { stream, first, channel_count, codes, quality, fault_channels })
}
