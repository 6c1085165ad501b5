//! Frames as the firmware of each maker writes them.
//!
//! # Source
//!
//! The makers' public descriptions and firmware, as `docs/devices.md` names them. Nothing here uses what
//! reads these frames.

use levator_decode::foreign::{Column, Description, Framing, Layout};

/// Writes frames.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    framing: Framing,
    /// Which layout of lines is sent.
    layout: usize,
    /// Channels in a FlexVolt frame, or of a BITalino as it was told.
    pub(super) channels: usize,
    /// Firmata inputs that are reported, one bit each.
    pub(super) reported: u16,
    /// A BITalino plays its tables: the digital bits are the counter.
    pub(super) is_simulated: bool,
}

impl Wire {
    pub(super) fn new(description: &Description, layout: usize) -> Self {
        let most = description.channels.iter().map(|channel| usize::from(channel.column) + 1).max();
        let channels = match &description.framing {
            Framing::FlexVolt => most.unwrap_or(1).next_power_of_two().min(8),
            Framing::Bitalino { channels } => usize::from(*channels),
            _ => description.frame_columns(),
        };
        let framing = description.framing.clone();
        Self { framing, layout, channels, reported: 0, is_simulated: false }
    }

    /// Appends frame `number` with these columns.
    pub(super) fn encode(&self, number: u64, columns: &[f64], out: &mut Vec<u8>) {
        let code = |column: usize| columns.get(column).copied().unwrap_or(0.0) as i32;
        match &self.framing {
            Framing::Text(shape) => {
                if let Some(layout) = shape.layouts.get(self.layout) {
                    line(layout, columns, out);
                }
            }
            Framing::Chords { channels, .. } => {
                out.extend([0xC7, 0x7C, number as u8]);
                for channel in 0..usize::from(*channels) {
                    out.extend((code(channel) as u16).to_be_bytes());
                }
                out.push(1);
            }
            Framing::Bitalino { .. } => self.bitalino(number, &code, out),
            Framing::Cyton => {
                out.extend([0xA0, number as u8]);
                for channel in 0..8 {
                    out.extend(&code(channel).to_be_bytes()[1..]);
                }
                for axis in 8..11 {
                    out.extend((code(axis) as i16).to_be_bytes());
                }
                out.push(0xC0);
            }
            Framing::Firmata { inputs, .. } => {
                for (column, input) in inputs.iter().enumerate() {
                    if self.reported & 1 << input != 0 {
                        let code = code(column);
                        out.extend([0xE0 | input, (code & 0x7F) as u8, (code >> 7 & 0x7F) as u8]);
                    }
                }
            }
            Framing::BackyardBrains { channels, .. } => {
                for channel in 0..usize::from(*channels) {
                    let mark = if channel == 0 { 0x80 } else { 0 };
                    let code = code(channel);
                    out.extend([mark | (code >> 7 & 0x7F) as u8, (code & 0x7F) as u8]);
                }
            }
            Framing::FlexVolt => {
                let letter = [b'H', b'I', b'J', b'K'][self.channels.ilog2() as usize & 3];
                out.push(letter);
                out.extend((0..self.channels).map(|channel| (code(channel) >> 2) as u8));
                for four in (0..self.channels).step_by(4) {
                    let rest = |at: usize| {
                        if four + at < self.channels { (code(four + at) & 3) as u8 } else { 0 }
                    };
                    out.push(rest(0) << 6 | rest(1) << 4 | rest(2) << 2 | rest(3));
                }
            }
        }
    }

    /// From the last byte backwards: counter and check, digital bits, then channel after channel.
    fn bitalino(&self, number: u64, code: &impl Fn(usize) -> i32, out: &mut Vec<u8>) {
        let n = self.channels.clamp(1, 6);
        let sequence = number & 0xF;
        let digital = if self.is_simulated { sequence } else { 0 };
        let value = |channel: usize| code(channel) as u64;
        // Eight bits for each byte, the last byte of the frame lowest.
        let mut bits: u64 = sequence << 4 | digital << 12;
        for channel in 0..n {
            let value = value(channel) & if channel < 4 { 0x3FF } else { 0x3F };
            bits |= match channel {
                0 => (value >> 6) << 8 | (value & 0x3F) << 18,
                1 => (value >> 8) << 16 | (value & 0xFF) << 24,
                2 => (value >> 2) << 32 | (value & 3) << 46,
                3 => (value >> 4) << 40 | (value & 0xF) << 52,
                4 => (value >> 2) << 48 | (value & 3) << 62,
                _ => value << 56,
            };
        }
        let len = [3, 4, 6, 7, 8, 8][n - 1];
        let mut frame: Vec<u8> = bits.to_le_bytes()[..len].iter().rev().copied().collect();
        let mut crc = 0_u8;
        for byte in &frame {
            for bit in (0..8).rev() {
                let top = crc & 8 != 0;
                crc = (crc << 1 | byte >> bit & 1) & 0xF;
                if top {
                    crc ^= 0b0011;
                }
            }
        }
        if let Some(last) = frame.last_mut() {
            *last |= crc;
        }
        out.append(&mut frame);
    }
}

/// The byte by which a cable finds the seam of two frames: what ends a line, or begins a frame.
pub(super) fn seam(framing: &Framing) -> u8 {
    match framing {
        Framing::Text(_) => b'\n',
        Framing::Chords { .. } => 0xC7,
        Framing::Cyton => 0xA0,
        Framing::Firmata { inputs, .. } => 0xE0 | inputs.first().copied().unwrap_or(0) & 0xF,
        Framing::FlexVolt => b'H',
        // Nothing marks them; any byte of the data will do.
        Framing::Bitalino { .. } | Framing::BackyardBrains { .. } => 0x84,
    }
}

/// A line with the channels where the layout has them, and noughts elsewhere.
fn line(layout: &Layout, columns: &[f64], out: &mut Vec<u8>) {
    let number = |value: f64| {
        if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
    };
    let last = layout.columns.iter().map(|column| match column {
        Column::Place(place) => place + 1,
        Column::Label(_) => 0,
    });
    let count = layout.fields.max(last.max().unwrap_or(0));
    let mut fields = vec!["0".to_owned(); count];
    for (place, words) in &layout.words {
        if let (Some(field), Some(word)) = (fields.get_mut(*place), words.last()) {
            field.clone_from(word);
        }
    }
    for (column, value) in layout.columns.iter().zip(columns) {
        match column {
            Column::Place(place) => fields[*place] = number(*value),
            Column::Label(label) => fields.push(format!("{label}: {}", number(*value))),
        }
    }
    out.extend(fields.join(",").bytes());
    out.extend(b"\r\n");
}
