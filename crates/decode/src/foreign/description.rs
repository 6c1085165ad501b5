//! What must be known of a device that does not describe itself.

use levator_signal::{Calibration, SampleRate, SignalKind, Unit};

use super::say::Say;
use crate::native::MAX_STREAMS;
use crate::{Label, MAX_CHANNELS, StreamInfo};

/// Most channels over all streams of a device.
pub const MAX_COLUMNS: usize = 24;

/// How the bytes of a device are cut into scans.
#[derive(Clone, Debug, PartialEq)]
pub enum Framing {
    /// Lines of text.
    Text(TextShape),
    /// Upside Down Labs Chords: `C7 7C`, counter, words of this many bits, `01`.
    Chords {
        /// Channels in a packet, 1 to 16.
        channels: u8,
        /// Resolution of the converter, 8 to 16.
        bits: u8,
    },
    /// BITalino (r)evolution with this many analog channels, 1 to 6.
    Bitalino {
        /// Analog channels in a frame.
        channels: u8,
    },
    /// OpenBCI Cyton.
    Cyton,
    /// Firmata: an analog message for each of these inputs, in this order.
    Firmata {
        /// Inputs of the board, 0 to 15, without the end of the list.
        inputs: Vec<u8>,
        /// Resolution of the converter, 8 to 14.
        bits: u8,
    },
    /// Backyard Brains: two bytes a channel, bit 7 on the first.
    BackyardBrains {
        /// Channels in a frame.
        channels: u8,
        /// Resolution of the converter, 8 to 14.
        bits: u8,
    },
    /// FlexVolt: a letter that says what follows.
    FlexVolt,
}

/// Which lines carry samples, and which of their fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextShape {
    /// The layouts that firmwares are known to send; the first that fits a line counts.
    pub layouts: Vec<Layout>,
}

/// One layout of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// What it is called: the firmware, or empty.
    pub name: String,
    /// Fields of a line; 0 takes any line that has the fields below.
    pub fields: usize,
    /// Where each channel of the description stands.
    pub columns: Vec<Column>,
    /// Fields that are one of these words, by their place.
    pub words: Vec<(usize, Vec<String>)>,
}

/// Where a channel stands in a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// The field at this place, from 0.
    Place(usize),
    /// The field behind this label, as in `emg:12`, or under it in a line of labels.
    Label(String),
}

/// One channel of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Column of the frame it is read from; text takes it from its layout.
    pub column: u8,
    /// Name for people.
    pub label: String,
    /// What is measured.
    pub kind: SignalKind,
    /// Unit after calibration.
    pub unit: Unit,
    /// From codes to values.
    pub calibration: Calibration,
    /// Smallest and largest code, where known. Other codes are damage.
    pub range: Option<(f64, f64)>,
    /// Codes from which the channel is saturated, where they differ from the range.
    pub rails: Option<(f64, f64)>,
}

/// A device that does not describe itself: all the decoder has to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// Name for people.
    pub name: String,
    /// How bytes become scans.
    pub framing: Framing,
    /// Nominal rate.
    pub rate: SampleRate,
    /// The channels that are read; neighbours of one kind and unit form a stream.
    pub channels: Vec<Channel>,
    /// What starts it, in this order.
    pub start: Vec<Say>,
    /// What stops it.
    pub stop: Vec<Say>,
    /// Seconds from the opening of the port until it listens.
    pub boot_wait_s: f64,
    /// The text this was read from. It goes into recordings, so that they can be read for ever.
    pub text: String,
}

impl Description {
    /// Number of columns that a frame has, for binary framings.
    #[must_use]
    pub fn frame_columns(&self) -> usize {
        match &self.framing {
            Framing::Text(_) => self.channels.len(),
            Framing::Chords { channels, .. } | Framing::BackyardBrains { channels, .. } => {
                usize::from(*channels)
            }
            Framing::Bitalino { channels } => usize::from(*channels) + 4,
            Framing::Cyton => 11,
            Framing::Firmata { inputs, .. } => inputs.len(),
            Framing::FlexVolt => 8,
        }
    }

    /// Why it cannot be used, if it cannot.
    ///
    /// # Errors
    ///
    /// What is wrong, in words for the writer of the file.
    pub fn check(&self) -> Result<(), String> {
        if self.channels.is_empty() || self.channels.len() > MAX_COLUMNS {
            return Err(format!("a device has 1 to {MAX_COLUMNS} channels"));
        }
        let within = |what: &str, value: u8, low: u8, high: u8| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(format!("{what} is {value}, but must be {low} to {high}"))
            }
        };
        match &self.framing {
            Framing::Chords { channels, bits } => {
                within("channels", *channels, 1, 16)?;
                within("bits", *bits, 8, 16)?;
            }
            Framing::Bitalino { channels } => within("channels", *channels, 1, 6)?,
            Framing::Firmata { inputs, bits } => {
                within("number of inputs", inputs.len().min(255) as u8, 1, 16)?;
                within("bits", *bits, 8, 14)?;
                for input in inputs {
                    within("an input", *input, 0, 15)?;
                }
                if inputs.iter().enumerate().any(|(at, one)| inputs[..at].contains(one)) {
                    return Err("an input stands twice".into());
                }
            }
            Framing::BackyardBrains { channels, bits } => {
                within("channels", *channels, 1, 6)?;
                within("bits", *bits, 8, 14)?;
            }
            Framing::Text(shape) => {
                if shape.layouts.is_empty() {
                    return Err("a text device has at least one layout".into());
                }
                for layout in &shape.layouts {
                    if layout.columns.len() != self.channels.len() {
                        return Err("a layout has one column for each channel".into());
                    }
                    let places = layout.columns.iter().filter_map(|column| match column {
                        Column::Place(place) => Some(*place),
                        Column::Label(_) => None,
                    });
                    let words = layout.words.iter().map(|(place, _)| *place);
                    let limit = if layout.fields == 0 { MAX_COLUMNS } else { layout.fields };
                    if layout.fields > MAX_COLUMNS {
                        return Err(format!("a line has at most {MAX_COLUMNS} fields"));
                    }
                    if places.chain(words).any(|place| place >= limit) {
                        return Err("a column lies behind the last field of the line".into());
                    }
                }
            }
            Framing::Cyton | Framing::FlexVolt => {}
        }
        if !matches!(self.framing, Framing::Text(_)) {
            let count = self.frame_columns();
            if let Some(channel) = self.channels.iter().find(|c| usize::from(c.column) >= count) {
                return Err(format!(
                    "column {} of channel {:?} does not exist: a frame has {count}",
                    channel.column, channel.label
                ));
            }
        }
        if !(0.0..=30.0).contains(&self.boot_wait_s) {
            return Err("the wait for the start must be 0 to 30 s".into());
        }
        if self.groups().count() > MAX_STREAMS {
            return Err(format!("a device has at most {MAX_STREAMS} streams"));
        }
        Ok(())
    }

    /// Runs of neighbouring channels that form a stream.
    pub(super) fn groups(&self) -> impl Iterator<Item = &[Channel]> {
        self.channels
            .chunk_by(|a, b| (a.kind, a.unit, a.rails) == (b.kind, b.unit, b.rails))
            .flat_map(|group| group.chunks(MAX_CHANNELS))
    }

    /// The streams, as the engine knows them.
    #[must_use]
    pub fn streams(&self) -> Vec<StreamInfo> {
        let stream = |(number, group): (usize, &[Channel])| {
            let first = &group[0];
            let count = group.len() as u8;
            let mut info = StreamInfo::of_values(first.kind, first.unit, self.rate, count);
            info.stream = number as u8;
            info.rails = first.rails.or(first.range);
            info.label = if count == 1 { Label::new(&first.label) } else { Label::EMPTY };
            for (slot, channel) in info.calibrations.iter_mut().zip(group) {
                *slot = channel.calibration;
            }
            info
        };
        self.groups().enumerate().map(stream).collect()
    }

    /// What protects a frame on its way, in words for reports.
    #[must_use]
    pub const fn integrity(&self) -> Integrity {
        match self.framing {
            Framing::Bitalino { .. } => Integrity::Weak,
            _ => Integrity::None,
        }
    }

    /// Whether frames carry a counter, so that losses are counted and not estimated.
    #[must_use]
    pub const fn has_counter(&self) -> bool {
        matches!(self.framing, Framing::Bitalino { .. } | Framing::Chords { .. } | Framing::Cyton)
    }
}

/// What protects a frame on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// Nothing: some damage cannot be seen.
    None,
    /// A check of four bits: one damaged frame in sixteen passes.
    Weak,
}

impl Integrity {
    /// In words, for reports.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::None => "no checksum: a damaged value may look like a good one",
            Self::Weak => "a checksum of 4 bits: one damaged frame in 16 looks like a good one",
        }
    }
}
