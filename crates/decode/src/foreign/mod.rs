//! Devices of others: bytes by a description into the same items as those of our own wire.
//!
//! None of these protocols protects itself well, so all of them follow the same rules:
//!
//! - **Lock-in.** Nothing is handed on before several frames in a row fit and count on; these frames are
//!   then handed on too, so a lock costs nothing but a moment.
//! - **One byte.** What does not fit costs one byte, never a frame.
//! - **Counters.** A gap in the counter is a loss. Where it may have wrapped, the clock decides, and the
//!   loss is called [`LossCause::Estimated`](crate::LossCause::Estimated).
//! - **Ranges.** A code that the converter cannot give is damage.
//! - **Nothing that moves.** [`Say`] is all that can be said, and holds no actuator.
//!
//! [`Protocol`] is what a binary device has to tell; [`Driver`] joins it with all this.

mod ask;
mod axis;
mod backyard_brains;
mod bitalino;
mod chords;
mod cyton;
mod description;
mod emit;
mod firmata;
mod flexvolt;
mod frames;
mod line;
mod recognise;
mod say;
mod text;

use levator_signal::{HostTime, SampleRate};

pub use self::ask::{ASKS, Ask};
pub use self::backyard_brains::{BackyardBrains, message};
pub use self::bitalino::{Bitalino, crc4};
pub use self::chords::Chords;
pub use self::cyton::{Aside, Cyton, PACKET_LEN, aside};
pub use self::description::{
    Channel, Column, Description, Framing, Integrity, Layout, MAX_COLUMNS, TextShape,
};
use self::emit::Emitter;
pub use self::firmata::Firmata;
pub use self::flexvolt::FlexVolt;
use self::frames::Frames;
pub use self::frames::{Look, Protocol};
pub use self::line::{Field, Fields, Value};
pub use self::recognise::{Certainty, Guess, NATIVE, Recogniser};
pub use self::say::{Say, Script, Words};
use self::text::Text;
pub use self::text::look;
use crate::Decoded;

/// Bytes of a described device into [`Decoded`]. Allocates at its making and never after.
#[derive(Clone, Debug)]
pub struct Driver {
    emitter: Emitter,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Text(Box<Text>),
    Chords(Frames<Chords>),
    Bitalino(Frames<Bitalino>),
    Cyton(Frames<Cyton>),
    Firmata(Frames<Firmata>),
    BackyardBrains(Frames<BackyardBrains>),
    FlexVolt(Frames<FlexVolt>),
}

fn wrap_of<P: Protocol>(_: &P) -> Option<u32> {
    P::WRAP
}

impl Driver {
    /// A driver that has heard nothing, for a description that passes [`Description::check`].
    #[must_use]
    pub fn new(description: &Description) -> Self {
        let (kind, wrap) = match &description.framing {
            Framing::Text(shape) => (Kind::Text(Box::new(Text::new(description, shape))), None),
            Framing::Chords { channels, bits } => {
                let protocol = Chords::new(*channels, *bits);
                (Kind::Chords(Frames::new(protocol)), wrap_of(&protocol))
            }
            Framing::Bitalino { channels } => {
                let protocol = Bitalino::new(*channels);
                (Kind::Bitalino(Frames::new(protocol)), wrap_of(&protocol))
            }
            Framing::Cyton => (Kind::Cyton(Frames::new(Cyton)), wrap_of(&Cyton)),
            Framing::Firmata { inputs, bits } => {
                (Kind::Firmata(Frames::new(Firmata::new(inputs, *bits))), None)
            }
            Framing::BackyardBrains { channels, bits } => {
                let protocol = BackyardBrains::new(*channels, *bits);
                (Kind::BackyardBrains(Frames::new(protocol)), None)
            }
            Framing::FlexVolt => (Kind::FlexVolt(Frames::new(FlexVolt)), None),
        };
        Self { emitter: Emitter::new(description, wrap), kind }
    }

    /// Takes `bytes` that arrived at `at` and pushes all that can be told from them.
    pub fn handle(&mut self, at: HostTime, bytes: &[u8], out: &mut impl FnMut(Decoded<'_>)) {
        let Self { emitter, kind } = self;
        match kind {
            Kind::Text(text) => text.handle(at, bytes, emitter, out),
            Kind::Chords(frames) => frames.handle(at, bytes, emitter, out),
            Kind::Bitalino(frames) => frames.handle(at, bytes, emitter, out),
            Kind::Cyton(frames) => frames.handle(at, bytes, emitter, out),
            Kind::Firmata(frames) => frames.handle(at, bytes, emitter, out),
            Kind::BackyardBrains(frames) => frames.handle(at, bytes, emitter, out),
            Kind::FlexVolt(frames) => frames.handle(at, bytes, emitter, out),
        }
    }

    /// No more bytes come: pushes what still waited for them. To be called once, at the end.
    pub fn finish(&mut self, out: &mut impl FnMut(Decoded<'_>)) {
        self.emitter.flush(out);
    }

    /// The port was opened anew: what was half read is gone. Indices go on.
    pub fn reopen(&mut self) {
        self.emitter.reopen();
        match &mut self.kind {
            Kind::Text(text) => text.reopen(),
            Kind::Chords(frames) => frames.reopen(),
            Kind::Bitalino(frames) => frames.reopen(),
            Kind::Cyton(frames) => frames.reopen(),
            Kind::Firmata(frames) => frames.reopen(),
            Kind::BackyardBrains(frames) => frames.reopen(),
            Kind::FlexVolt(frames) => frames.reopen(),
        }
    }

    /// Name of the layout of lines that is locked, where there are several.
    #[must_use]
    pub fn layout(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => text.layout(),
            _ => None,
        }
    }

    /// Nominal rate.
    #[must_use]
    pub fn rate(&self) -> Option<SampleRate> {
        self.emitter.rate()
    }
}

#[cfg(test)]
mod tests;
