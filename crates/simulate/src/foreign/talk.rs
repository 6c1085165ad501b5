//! What devices of others do when spoken to.

use levator_decode::foreign::{Description, Framing};

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Act {
    Start,
    Stop,
    Rate(f64),
    /// BITalino: streams this many channels.
    Channels {
        count: usize,
        is_simulated: bool,
    },
    /// Firmata: this input is reported or not.
    Report {
        input: u8,
        is_on: bool,
    },
}

/// What one byte led to.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    pub(super) acts: Vec<Act>,
    pub(super) reply: Vec<u8>,
}

impl Heard {
    fn act(act: Act) -> Self {
        Self { acts: vec![act], reply: Vec::new() }
    }

    fn say(text: impl AsRef<[u8]>) -> Self {
        Self { acts: Vec::new(), reply: text.as_ref().to_vec() }
    }
}

/// The listening side of a firmware.
#[derive(Clone, Debug)]
pub(super) struct Talk {
    framing: Framing,
    /// A command that is not complete.
    begun: Vec<u8>,
    pub(super) disturbances: Vec<&'static str>,
}

/// Longest command that any of them knows.
const MOST: usize = 128;

impl Talk {
    pub(super) fn new(description: &Description) -> Self {
        Self { framing: description.framing.clone(), begun: Vec::new(), disturbances: Vec::new() }
    }

    pub(super) fn hear(&mut self, byte: u8, is_streaming: bool) -> Heard {
        match self.framing {
            Framing::Text(_) => Heard::default(),
            Framing::Chords { .. } => self.chords(byte, is_streaming),
            Framing::Bitalino { .. } => self.bitalino(byte, is_streaming),
            Framing::Cyton => cyton(byte),
            Framing::Firmata { .. } => self.firmata(byte),
            Framing::BackyardBrains { .. } => match self.line(byte).as_deref() {
                Some(b"b:;") => {
                    Heard::say(b"\xFF\xFF\x01\x01\x80\xFFHWT:MUSCLESS;\xFF\xFF\x01\x01\x81\xFF")
                }
                _ => Heard::default(),
            },
            Framing::FlexVolt => flexvolt(byte),
        }
    }

    /// A line that this byte ends.
    fn line(&mut self, byte: u8) -> Option<Vec<u8>> {
        if byte == b'\n' {
            return Some(core::mem::take(&mut self.begun));
        }
        if self.begun.len() < MOST {
            self.begun.push(byte);
        }
        None
    }

    fn chords(&mut self, byte: u8, is_streaming: bool) -> Heard {
        let mut heard = Heard::default();
        if is_streaming {
            // Any byte does.
            heard.acts.push(Act::Stop);
        }
        let name: &[u8] = match self.framing {
            Framing::Chords { bits: 14, .. } => b"UNO-R4\r\n",
            Framing::Chords { channels: 3, bits: 12 } => b"NPG-LITE\r\n",
            Framing::Chords { channels: 8, bits: 10 } => b"NANO-CLASSIC\r\n",
            _ => b"UNO-R3\r\n",
        };
        match self.line(byte).as_deref() {
            Some(b"WHORU") => heard.reply.extend(name),
            Some(b"START") => heard.acts.push(Act::Start),
            Some(b"STATUS") => {
                heard.reply.extend(if is_streaming { &b"START\r\n"[..] } else { b"STOP\r\n" });
            }
            _ => {}
        }
        heard
    }

    fn bitalino(&mut self, byte: u8, is_streaming: bool) -> Heard {
        if self.begun.pop() == Some(0xA3) {
            self.disturbances.push("duty cycle");
            return Heard::default();
        }
        match byte {
            0xFF => return Heard::act(Act::Stop),
            0x00 if is_streaming => return Heard::act(Act::Stop),
            0xA3 => {
                self.begun.push(byte);
                return Heard::default();
            }
            _ if byte & 0xF3 == 0xB3 => {
                self.disturbances.push("outputs");
                return Heard::default();
            }
            _ if is_streaming => return Heard::default(),
            0x07 | 0x0F => return Heard::say(b"BITalino_v5.2\n"),
            // State: six inputs, battery, its threshold, duty cycle, ports and check.
            0x0B => return Heard::say([0; 17]),
            _ => {}
        }
        match byte & 3 {
            1 | 2 => Heard::act(Act::Channels {
                count: (byte >> 2).count_ones().clamp(1, 6) as usize,
                is_simulated: byte & 3 == 2,
            }),
            3 if byte & 0x3F == 3 => {
                Heard::act(Act::Rate([1.0, 10.0, 100.0, 1000.0][usize::from(byte >> 6)]))
            }
            3 => Heard::default(),
            _ => {
                self.disturbances.push("battery threshold");
                Heard::default()
            }
        }
    }

    fn firmata(&mut self, byte: u8) -> Heard {
        if byte == 0xFF {
            self.begun.clear();
            self.disturbances.push("reset");
            return Heard {
                acts: (0..16).map(|input| Act::Report { input, is_on: false }).collect(),
                reply: Vec::new(),
            };
        }
        if byte >= 0x80 && byte != 0xF7 {
            self.begun.clear();
        } else if self.begun.is_empty() {
            return Heard::default();
        }
        if self.begun.len() < MOST {
            self.begun.push(byte);
        }
        let command = self.begun.clone();
        let heard = match *command {
            [0xF9] => Heard::say([0xF9, 2, 8]),
            [first @ 0xC0..=0xCF, on] => {
                Heard::act(Act::Report { input: first & 0xF, is_on: on != 0 })
            }
            [0xF4, _, mode] => {
                if mode != 2 {
                    self.disturbances.push("pin mode");
                }
                Heard::default()
            }
            [0x90..=0x9F | 0xE0..=0xEF | 0xF5, _, _] => {
                self.disturbances.push("outputs");
                Heard::default()
            }
            [0xF0, 0x7A, low, high, 0xF7] => {
                let ms = u16::from(high) << 7 | u16::from(low);
                Heard::act(Act::Rate(1000.0 / f64::from(ms.max(1))))
            }
            [0xF0, 0x79, 0xF7] => Heard::say(b"\xF0\x79\x02\x08S\0t\0d\0\xF7"),
            [0xF0, .., 0xF7] => Heard::default(),
            _ => return Heard::default(),
        };
        self.begun.clear();
        heard
    }
}

fn cyton(byte: u8) -> Heard {
    match byte {
        b'b' => Heard::act(Act::Start),
        b's' => Heard::act(Act::Stop),
        b'v' => Heard {
            acts: vec![Act::Stop],
            reply: b"OpenBCI V3 8-16 channel\nADS1299 Device ID: 0x3E\n$$$".to_vec(),
        },
        b'V' => Heard::say(b"v3.1.2$$$"),
        b'd' | b'?' => Heard::say(b"$$$"),
        _ => Heard::default(),
    }
}

fn flexvolt(byte: u8) -> Heard {
    let echo = |small: u8| vec![byte, small];
    match byte {
        b'X' => Heard::say(echo(b'x')),
        b'A' => Heard::say(echo(b'a')),
        b'1' => Heard::say(echo(b'b')),
        b'G' => Heard { acts: vec![Act::Start], reply: echo(b'g') },
        b'Q' => Heard { acts: vec![Act::Stop], reply: echo(b'q') },
        b'V' => Heard::say([b'V', b'v', 5, 0, 1, 0]),
        b'T' => Heard::say([b't', 200]),
        _ => Heard::default(),
    }
}
