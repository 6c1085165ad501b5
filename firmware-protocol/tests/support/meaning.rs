//! Reads the files of `vectors/`: hex on the left, meaning on the right.

use std::collections::BTreeMap;
use std::path::Path;

use levator_protocol::{
    Ack, AckResult, Calib, CalibSource, Capabilities, DeviceState, Direction, Event, Flags, Hello,
    Identify, Log, LogLevel, Message, SampleFormat, SampleStatus, Samples, Start, Status,
    StreamDesc, StreamFlags, StreamKind, Text, TimeRep, WireUnit,
};

/// One line of a file.
pub(crate) struct Vector {
    pub(crate) bytes: Vec<u8>,
    pub(crate) right: String,
    /// File and line, for messages.
    pub(crate) place: String,
}

/// All lines of a file; panics unless it has as many as its head says.
pub(crate) fn vectors(name: &str) -> Vec<Vector> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    let text = std::fs::read_to_string(&path).expect("the file is part of the repository");
    let mut vectors = Vec::new();
    let mut announced = None;
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(comment) = line.strip_prefix('#') {
            if let Some(count) = comment.strip_prefix(" vectors: ") {
                announced = Some(count.parse().expect("a count"));
            }
            continue;
        }
        let (left, right) = line.split_once('|').expect("two sides");
        let hex = left.split_whitespace();
        vectors.push(Vector {
            bytes: hex.map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect(),
            right: right.trim().to_owned(),
            place: format!("{name}:{number}"),
        });
    }
    assert_eq!(Some(vectors.len()), announced, "{name} was not read as it was written");
    vectors
}

pub(crate) fn direction(side: &str) -> Direction {
    match side {
        "device" => Direction::DeviceToHost,
        "host" => Direction::HostToDevice,
        other => panic!("nobody is called {other}"),
    }
}

/// The right side of a frame that is taken.
#[derive(Debug)]
pub(crate) struct Meaning {
    pub(crate) direction: Direction,
    pub(crate) sequence: u16,
    pub(crate) flags: Flags,
    name: String,
    fields: BTreeMap<String, String>,
    /// Text or data at the end of the payload.
    tail: Vec<u8>,
}

impl Meaning {
    pub(crate) fn read(right: &str) -> Self {
        let mut words = words(right).into_iter();
        let direction = direction(&words.next().expect("a side"));
        let sequence = words.next().expect("a sequence");
        let sequence = sequence.strip_prefix("seq=").expect("seq=").parse().expect("a number");
        let mut flags = Flags::default();
        let name = loop {
            match words.next().expect("a type").as_str() {
                "ack" => flags.ack_wanted = true,
                "again" => flags.retransmission = true,
                name => break name.to_owned(),
            }
        };
        let mut fields = BTreeMap::new();
        let mut tail = Vec::new();
        for word in words {
            let (key, value) = word.split_once('=').expect("key=value");
            match key {
                "name" | "label" | "text" => tail = unquote(value),
                "data" | "payload" => tail = hex(value),
                _ => assert_eq!(fields.insert(key.to_owned(), value.to_owned()), None, "{key}"),
            }
        }
        Self { direction, sequence, flags, name, fields, tail }
    }

    fn text(&self, key: &str) -> &str {
        self.fields.get(key).unwrap_or_else(|| panic!("{} has no {key}", self.name))
    }

    fn number<T: TryFrom<i128>>(&self, key: &str) -> T {
        let text = self.text(key);
        let number = match text.strip_prefix("0x") {
            Some(digits) => i128::from_str_radix(digits, 16),
            None => text.parse(),
        };
        let number = number.unwrap_or_else(|_| panic!("{key} is {text}"));
        T::try_from(number).unwrap_or_else(|_| panic!("{key} is {text}"))
    }

    fn optional<T: TryFrom<i128>>(&self, key: &str) -> Option<T> {
        (self.text(key) != "none").then(|| self.number(key))
    }

    fn real(&self, key: &str) -> f32 {
        self.text(key).parse().unwrap_or_else(|_| panic!("{key}"))
    }

    fn switch(&self, key: &str) -> bool {
        self.number::<u8>(key) == 1
    }

    fn calib(&self) -> Calib {
        Calib {
            stream: self.number("stream"),
            channel: self.number("channel"),
            epoch: self.number("epoch"),
            source: CalibSource::from_code(self.number("source")),
            scale: self.real("scale"),
            offset: self.real("offset"),
            calibrated_at_s: self.number("calibrated_at_s"),
            reference_span: self.real("reference_span"),
        }
    }

    pub(crate) fn message(&self) -> Message<'_> {
        match self.name.as_str() {
            "HELLO" => Message::Hello(Hello {
                minor: self.number("minor"),
                max_payload: self.number("max_payload"),
                model: self.number("model"),
                boot_id: self.number("boot_id"),
                uid: hex(self.text("uid")).try_into().expect("eight bytes"),
                firmware: {
                    let parts = self.text("firmware").split('.');
                    let parts: Vec<u8> = parts.map(|part| part.parse().expect("u8")).collect();
                    parts.try_into().expect("three parts")
                },
                stream_count: self.number("stream_count"),
                capabilities: Capabilities::from_bits(self.number("capabilities")),
                name: Text::from_bytes(&self.tail),
            }),
            "STREAM_DESC" => Message::StreamDesc(StreamDesc {
                stream: self.number("stream"),
                epoch: self.number("epoch"),
                kind: StreamKind::from_code(self.number("kind")),
                format: SampleFormat::from_code(self.number("format")),
                channels: self.number("channels"),
                unit: WireUnit::from_code(self.number("unit")),
                flags: StreamFlags::from_bits(self.number("flags")),
                rate_mhz: self.number("rate_mhz"),
                max_scans: self.number("max_scans"),
                filter_delay_us: self.number("filter_delay_us"),
                adc_min: self.number("adc_min"),
                adc_max: self.number("adc_max"),
                label: Text::from_bytes(&self.tail),
            }),
            "CALIB" => Message::Calib(self.calib()),
            "SAMPLES" => Message::Samples(Samples {
                stream: self.number("stream"),
                epoch: self.number("epoch"),
                status: SampleStatus::from_bits(self.number("status")),
                index: self.number("index"),
                time_us: self.number("time_us"),
                scan_count: self.number("scan_count"),
                fault_channels: self.number("fault_channels"),
                data: &self.tail,
            }),
            "EVENT" => Message::Event(Event {
                index: self.number("index"),
                time_us: self.number("time_us"),
                code: self.number("code"),
                stream: self.number("stream"),
                value: self.number("value"),
            }),
            "STATUS" => Message::Status(Status {
                uptime_us: self.number("uptime_us"),
                boot_id: self.number("boot_id"),
                state: DeviceState::from_code(self.number("state")),
                battery_percent: self.optional("battery_percent"),
                battery_mv: self.number("battery_mv"),
                temperature_centi_c: self.optional("temperature_centi_c"),
                rx_crc_errors: self.number("rx_crc_errors"),
                rx_overruns: self.number("rx_overruns"),
                tx_dropped: self.number("tx_dropped"),
                faults: self.number("faults"),
            }),
            "LOG" => Message::Log(Log {
                level: LogLevel::from_code(self.number("level")),
                text: Text::from_bytes(&self.tail),
            }),
            "TIME_REP" => Message::TimeRep(TimeRep {
                t1: self.number("t1"),
                t2_us: self.number("t2_us"),
                t3_us: self.number("t3_us"),
            }),
            "ACK" => Message::Ack(Ack {
                kind: self.number("kind"),
                sequence: self.number("sequence"),
                result: AckResult::from_code(self.number("result")),
                data: &self.tail,
            }),
            "IDENTIFY" => Message::Identify(Identify {
                minor: self.number("minor"),
                max_payload: self.number("max_payload"),
            }),
            "GET_DESC" => Message::GetDesc { stream: self.number("stream") },
            "START" => Message::Start(Start {
                streams: self.number("streams"),
                batch_ms: self.number("batch_ms"),
                keep_alive_ms: self.number("keep_alive_ms"),
            }),
            "STOP" => Message::Stop,
            "SET_RATE" => Message::SetRate {
                stream: self.number("stream"),
                rate_mhz: self.number("rate_mhz"),
            },
            "ZERO" => Message::Zero {
                stream: self.number("stream"),
                channel: self.number("channel"),
                duration_ms: self.number("duration_ms"),
            },
            "SET_CAL" => Message::SetCal { calib: self.calib(), persist: self.switch("persist") },
            "TIME_REQ" => Message::TimeReq { t1: self.number("t1") },
            "KEEPALIVE" => Message::KeepAlive,
            "SELF_TEST" => {
                Message::SelfTest { stream: self.number("stream"), on: self.switch("on") }
            }
            "RESET" => Message::Reset,
            "UNKNOWN" => Message::Unknown { kind: self.number("kind"), payload: &self.tail },
            other => panic!("no message is called {other}"),
        }
    }
}

/// Splits at spaces that are not inside quotes.
fn words(line: &str) -> Vec<String> {
    let mut quoted = false;
    let parts = line.split(|character| {
        quoted ^= character == '"';
        character == ' ' && !quoted
    });
    parts.map(str::to_owned).collect()
}

fn unquote(text: &str) -> Vec<u8> {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).expect("quotes");
    let mut parts = inner.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("hex"));
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}

fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("ASCII");
            u8::from_str_radix(pair, 16).expect("hex")
        })
        .collect()
}
