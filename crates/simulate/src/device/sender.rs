//! The sending side of a device's wire.

use levator_protocol::{DELIMITER, Direction, Encoder, Flags, MAX_WIRE, Message};

/// Numbers frames and collects their bytes.
#[derive(Debug)]
pub(super) struct Sender {
    encoder: Encoder,
    pub(super) out: Vec<u8>,
    pub(super) plugged: bool,
    /// `None` after boot: a delimiter ends whatever the boot loader said.
    last_sent_ns: Option<u64>,
    pub(super) lost_frame_count: u64,
}

impl Sender {
    /// Silence after which a frame is preceded by a delimiter of its own, so that a receiver which
    /// saw line noise does not lose it.
    const SILENCE_NS: u64 = 100_000_000;

    pub(super) fn new() -> Self {
        Self {
            encoder: Encoder::new(Direction::DeviceToHost),
            out: Vec::new(),
            plugged: true,
            last_sent_ns: None,
            lost_frame_count: 0,
        }
    }

    pub(super) fn boot(&mut self, first_sequence: u16) {
        self.encoder = Encoder::resume(Direction::DeviceToHost, first_sequence);
        self.last_sent_ns = None;
    }

    /// Returns whether the frame found a cable.
    pub(super) fn send(&mut self, message: &Message<'_>, now_ns: u64) -> bool {
        let mut frame = [0; MAX_WIRE];
        let len = self
            .encoder
            .encode(message, Flags::default(), &mut frame)
            .expect("every description was checked when the device was made");
        let silent = self.last_sent_ns.is_none_or(|last| now_ns - last >= Self::SILENCE_NS);
        self.last_sent_ns = Some(now_ns);
        if !self.plugged {
            self.lost_frame_count += 1;
            return false;
        }
        if silent {
            self.out.push(DELIMITER);
        }
        self.out.extend_from_slice(&frame[..len]);
        true
    }
}
