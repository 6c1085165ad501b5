//! What the converter of a device of others reads, from what a virtual person does.

use levator_decode::foreign::{Channel, Description, Framing};
use levator_signal::{SignalKind, Unit};

use crate::person::{PersonSignal, VirtualPerson};

/// Codes that one cmH2O is where a channel has no scale. Our choice: a squeeze of 40 cmH2O moves a
/// converter of 12 bits by a tenth of its range.
const COUNTS_PER_CMH2O: f64 = 10.0;
/// Codes at rest where a pressure in counts has no zero. Our choice: a plug with a little air in it.
const COUNTS_AT_REST: f64 = 500.0;
/// Codes that one microvolt is where EMG has no scale. Our choice: a maximum of 100 µV is a fifth of a
/// converter of 10 bits.
const COUNTS_PER_MICROVOLT: f64 = 1.0;
/// Codes through which a channel of another kind rises before it starts again.
const SAW: u64 = 64;

/// The columns of each frame of a device, one frame after the other, for ever.
///
/// Two of them with the same description and person give the same codes: one is what was sent, the other
/// what a test compares with.
#[derive(Clone, Debug)]
pub struct Codes {
    groups: Vec<Group>,
    columns: Vec<f64>,
    number: u64,
}

#[derive(Clone, Debug)]
struct Group {
    signal: PersonSignal,
    kind: SignalKind,
    scan: Vec<f64>,
    places: Vec<Place>,
}

#[derive(Clone, Debug)]
struct Place {
    column: usize,
    /// Codes for one unit of the person, and the code of zero.
    gain: f64,
    zero: f64,
    range: (f64, f64),
    /// Steps in a code: text may have decimals.
    steps: f64,
}

impl Codes {
    /// The codes of `description` on `person`.
    #[must_use]
    pub fn new(description: &Description, person: &VirtualPerson) -> Self {
        let is_text = matches!(description.framing, Framing::Text(_));
        let mut columns = vec![idle(&description.framing); description.frame_columns()];
        if let Framing::Bitalino { channels } = description.framing {
            columns[usize::from(channels)..].fill(0.0);
        }
        let mut channels = description.channels.iter().enumerate();
        let groups = description.streams().into_iter().map(|info| {
            let count = usize::from(info.channel_count);
            let places = channels.by_ref().take(count).map(|(at, channel)| {
                let column = if is_text { at } else { usize::from(channel.column) };
                place(channel, column, &description.framing)
            });
            Group {
                places: places.collect(),
                signal: person.signal(info.stream, info.kind, info.rate, info.channel_count),
                kind: info.kind,
                scan: vec![0.0; count],
            }
        });
        let groups = groups.collect();
        if matches!(description.framing, Framing::Cyton) {
            columns[8..].fill(0.0);
        }
        Self { groups, columns, number: 0 }
    }

    /// Frames that were given.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The columns of the next frame; for text, a column is a channel.
    pub fn next_frame(&mut self) -> &[f64] {
        for group in &mut self.groups {
            group.signal.next_scan(&mut group.scan);
            for (place, value) in group.places.iter().zip(&group.scan) {
                let value = match group.kind {
                    SignalKind::Other => (self.number % SAW) as f64,
                    _ => *value,
                };
                let code = ((value * place.gain + place.zero) * place.steps).round() / place.steps;
                self.columns[place.column] = code.clamp(place.range.0, place.range.1);
            }
        }
        self.number += 1;
        &self.columns
    }

    /// The same, in the order of the channels of the description, as they are decoded.
    pub fn next_channels(&mut self) -> Vec<f64> {
        self.next_frame();
        let places = self.groups.iter().flat_map(|group| &group.places);
        places.map(|place| self.columns[place.column]).collect()
    }
}

/// What an input gives to which nothing is connected: the middle.
fn idle(framing: &Framing) -> f64 {
    let (low, high) = limits(framing, 0);
    if low < 0.0 { 0.0 } else { ((high + 1.0) / 2.0).floor() }
}

/// Smallest and largest code of a column.
fn limits(framing: &Framing, column: usize) -> (f64, f64) {
    let bits = |bits: u8| (0.0, f64::from((1_u32 << bits) - 1));
    match framing {
        Framing::Text(_) => (-1e6, 1e6),
        Framing::Chords { bits: b, .. }
        | Framing::Firmata { bits: b, .. }
        | Framing::BackyardBrains { bits: b, .. } => bits(*b),
        Framing::Bitalino { .. } => bits(if column >= 4 { 6 } else { 10 }),
        Framing::Cyton => (-8_388_608.0, 8_388_607.0),
        Framing::FlexVolt => bits(10),
    }
}

fn place(channel: &Channel, column: usize, framing: &Framing) -> Place {
    let (scale, offset) = (channel.calibration.scale, channel.calibration.offset_counts);
    let unit =
        if channel.kind == SignalKind::Pressure { Unit::CentimetreWater } else { Unit::Microvolt };
    let rest =
        if channel.kind == SignalKind::Pressure && offset == 0.0 { COUNTS_AT_REST } else { 0.0 };
    let (gain, zero) = match (unit.factor_to(channel.unit), channel.kind) {
        (_, SignalKind::Other) => (1.0, offset),
        (Some(factor), _) => (factor / scale, offset),
        (None, SignalKind::Pressure) => (COUNTS_PER_CMH2O / scale, offset + rest),
        (None, _) => (COUNTS_PER_MICROVOLT / scale, offset),
    };
    let (low, high) = limits(framing, column);
    let (least, most) = channel.range.or(channel.rails).unwrap_or((low, high));
    let has_decimals = matches!(framing, Framing::Text(_)) && channel.unit != Unit::Count;
    let steps = if has_decimals { 100.0 } else { 1.0 };
    Place { column, gain, zero, range: (least.max(low), most.min(high)), steps }
}
