//! Damages streams of frames in every way a line does and judges what the decoder makes of it.
//!
//! One trial: a stretch of consecutive frames, one fault in it, and the rules of SPEC 4 and 6:
//! nothing is taken that was not sent, nothing is lost before the fault or after the next intact
//! delimiter, and every scan is received or reported missing.

use levator_protocol::{
    Ack, AckResult, Decoder, DeviceState, Direction, Encoder, Event, Flags, Log, LogLevel,
    MAX_WIRE, Message, SampleFormat, SampleStatus, Samples, Status, Text,
};

/// A small generator of pseudo-random numbers with a published test vector: SplitMix64 of Steele,
/// Lea and Flood, 2014.
#[derive(Debug, Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^ (value >> 31)
    }

    /// From `least` to `most`, both included.
    pub(crate) fn within(&mut self, least: usize, most: usize) -> usize {
        least + (self.next() % (most - least + 1) as u64) as usize
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[7]
    }
}

/// What goes wrong on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// So many bits flipped, anywhere in one frame.
    Flips(usize),
    /// A burst of so many bits: the first and the last flipped, chance between.
    Burst(usize, usize),
    /// So many bytes missing.
    Drop(usize, usize),
    /// So many bytes too much.
    Insert(usize, usize),
    /// The line stands at this byte for a while.
    Stuck(u8),
    /// A chunk arrives twice.
    Duplicate,
    /// Two chunks arrive in the wrong order.
    Reorder,
    /// The head of one frame and the tail of a later one.
    Splice,
    /// A delimiter is missing.
    Merge,
    /// Something else writes text between two frames.
    Text,
    /// A stretch of bytes read at the wrong speed: chance.
    WrongSpeed,
    /// The port was closed within a frame and opened again; an extra delimiter as in SPEC 2.7.
    Reopened,
}

impl Fault {
    pub(crate) const ALL: [Self; 20] = [
        Self::Flips(1),
        Self::Flips(2),
        Self::Flips(3),
        Self::Flips(4),
        Self::Burst(2, 16),
        Self::Burst(17, 64),
        Self::Drop(1, 1),
        Self::Drop(2, 8),
        Self::Drop(9, 500),
        Self::Insert(1, 1),
        Self::Insert(1, 64),
        Self::Stuck(0x00),
        Self::Stuck(0xFF),
        Self::Duplicate,
        Self::Reorder,
        Self::Splice,
        Self::Merge,
        Self::Text,
        Self::WrongSpeed,
        Self::Reopened,
    ];

    /// Whether a frame may come twice or late: then it is not wrong, and the host drops it by 4.1.
    fn repeats(self) -> bool {
        matches!(self, Self::Duplicate | Self::Reorder)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flips(1) => formatter.write_str("flip a bit"),
            Self::Flips(count) => write!(formatter, "flip {count} bits in a frame"),
            Self::Burst(least, most) => write!(formatter, "burst of {least} to {most} bits"),
            Self::Drop(1, 1) => formatter.write_str("drop a byte"),
            Self::Insert(1, 1) => formatter.write_str("insert a byte"),
            Self::Drop(least, most) => write!(formatter, "drop {least} to {most} bytes"),
            Self::Insert(least, most) => write!(formatter, "insert {least} to {most} bytes"),
            Self::Stuck(byte) => write!(formatter, "stuck at {byte:02X}, 1 to 500 bytes"),
            Self::Duplicate => formatter.write_str("duplicate 1 to 200 bytes"),
            Self::Reorder => formatter.write_str("swap two chunks of 1 to 64 bytes"),
            Self::Splice => formatter.write_str("head of one frame, tail of another"),
            Self::Merge => formatter.write_str("delete a delimiter"),
            Self::Text => formatter.write_str("text between frames"),
            Self::WrongSpeed => formatter.write_str("wrong speed, 1 to 1000 bytes"),
            Self::Reopened => formatter.write_str("half frame, then reopened"),
        }
    }
}

/// What came of many trials with one fault.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Outcome {
    pub(crate) trials: u64,
    /// Runs of bytes the decoder refused.
    pub(crate) damaged: u64,
    /// Frames taken that were not sent.
    pub(crate) wrong: u64,
    /// Frames taken in an order they were not sent in, where the fault does not explain it.
    pub(crate) disorder: u64,
    /// Trials that lost no, one, two, or more frames.
    pub(crate) lost: [u64; 4],
    /// Most frames lost beyond those with a byte at fault.
    pub(crate) worst_collateral: usize,
    /// Most bytes from the last bad one to the next frame that is taken.
    pub(crate) worst_resync: usize,
    /// Frames lost although they end before the fault, or start after the next delimiter.
    pub(crate) unjust: u64,
    /// Trials in which the frames and scans reported missing are not those that are.
    pub(crate) unaccounted: u64,
}

/// Frames of a device as they are on the wire, one after another.
pub(crate) struct Sent {
    wire: Vec<u8>,
    /// Where each frame starts in `wire`, and the end.
    starts: Vec<usize>,
    payloads: Vec<Vec<u8>>,
    kinds: Vec<u8>,
    /// Number of scans of those that are SAMPLES.
    scan_counts: Vec<Option<u32>>,
    first_sequence: u16,
}

impl Sent {
    /// `count` frames as a probe sends them; sequence and index wrap on the way.
    pub(crate) fn new(random: &mut Random, count: usize) -> Self {
        let first_sequence = u16::MAX - 500;
        let mut encoder = Encoder::resume(Direction::DeviceToHost, first_sequence);
        let mut sent = Self {
            wire: Vec::new(),
            starts: vec![0],
            payloads: Vec::new(),
            kinds: Vec::new(),
            scan_counts: Vec::new(),
            first_sequence,
        };
        let mut index = u32::MAX - 5000;
        let mut time_us = u32::MAX - 100_000;
        for _ in 0..count {
            let mut data = [0; 226];
            let text: Vec<u8> = (0..random.within(0, 60)).map(|_| random.byte()).collect();
            let mut scan_counts = None;
            let message = match random.within(0, 19) {
                0 => Message::Event(Event {
                    index,
                    time_us,
                    code: Event::BUTTON,
                    stream: 0,
                    value: 1,
                }),
                1 => Message::Status(Status {
                    uptime_us: random.next() >> 20,
                    boot_id: 7,
                    state: DeviceState::Streaming,
                    battery_percent: None,
                    battery_mv: 0,
                    temperature_centi_c: None,
                    rx_crc_errors: 0,
                    rx_overruns: 0,
                    tx_dropped: 0,
                    faults: 0,
                }),
                2 => Message::Log(Log {
                    level: LogLevel::Information,
                    text: Text::from_bytes(&text),
                }),
                3 => {
                    Message::Ack(Ack { kind: 0x48, sequence: 3, result: AckResult::Ok, data: &[] })
                }
                _ => {
                    let scan_count = random.within(1, 75);
                    // Small codes have many zeros, large ones none: both are stuffed differently.
                    let bits = random.within(1, 23);
                    let codes: Vec<i32> = (0..scan_count)
                        .map(|_| (random.next() as i32) >> (31 - bits))
                        .map(|code| code.clamp(-(1 << 23), (1 << 23) - 1))
                        .collect();
                    let len = SampleFormat::I24.pack(&codes, &mut data).expect("clamped");
                    let first = index;
                    index = index.wrapping_add(scan_count as u32);
                    time_us = time_us.wrapping_add(1000 * scan_count as u32);
                    scan_counts = Some(scan_count as u32);
                    Message::Samples(Samples {
                        stream: 0,
                        epoch: 1,
                        status: SampleStatus::NONE,
                        index: first,
                        time_us,
                        scan_count: scan_count as u16,
                        fault_channels: 0,
                        data: &data[..len],
                    })
                }
            };
            let mut wire = [0; MAX_WIRE];
            let len = encoder.encode(&message, Flags::default(), &mut wire).expect("in range");
            let mut decoder = Decoder::new(Direction::DeviceToHost);
            let mut input = &wire[..len];
            let frame = decoder.next(&mut input).expect("whole").expect("undamaged");
            sent.payloads.push(frame.payload().to_vec());
            sent.kinds.push(frame.kind());
            sent.wire.extend_from_slice(&wire[..len]);
            sent.starts.push(sent.wire.len());
            sent.scan_counts.push(scan_counts);
        }
        sent
    }

    fn len(&self) -> usize {
        self.kinds.len()
    }
}

/// What a fault has done to a stretch of bytes.
struct Damage {
    /// First byte of the sent stretch that is not where it was.
    from: usize,
    /// First byte of the sent stretch after which all is as it was.
    to: usize,
    /// First byte of the received stretch after which all is as it was.
    received_to: usize,
}

/// Puts `fault` into `sent`, between `earliest` and the start of the frame at `latest`; the received
/// bytes go to `received`.
fn damage(
    fault: Fault,
    random: &mut Random,
    sent: &[u8],
    frame: (usize, usize),
    received: &mut Vec<u8>,
) -> Damage {
    let (start, end) = frame;
    let somewhere = random.within(start, end - 1);
    received.clear();
    let from;
    let to;
    match fault {
        Fault::Flips(count) => {
            let mut bits: Vec<usize> = Vec::with_capacity(count);
            while bits.len() < count {
                let bit = random.within(start * 8, end * 8 - 1);
                if !bits.contains(&bit) {
                    bits.push(bit);
                }
            }
            from = bits.iter().min().expect("not empty") / 8;
            to = bits.iter().max().expect("not empty") / 8 + 1;
            received.extend_from_slice(&sent[..to]);
            for bit in bits {
                received[bit / 8] ^= 1 << (bit % 8);
            }
        }
        Fault::Burst(least, most) => {
            let first = random.within(start * 8, end * 8 - 1);
            let last = first + random.within(least, most) - 1;
            (from, to) = (first / 8, last / 8 + 1);
            received.extend_from_slice(&sent[..to]);
            let chance = random.next();
            for (place, bit) in (first..=last).enumerate() {
                if bit == first || bit == last || chance >> place & 1 == 1 {
                    received[bit / 8] ^= 1 << (bit % 8);
                }
            }
        }
        Fault::Drop(least, most) => {
            (from, to) = (somewhere, somewhere + random.within(least, most));
            received.extend_from_slice(&sent[..from]);
        }
        Fault::Insert(least, most) => {
            (from, to) = (somewhere, somewhere);
            received.extend_from_slice(&sent[..from]);
            let count = random.within(least, most);
            received.extend((0..count).map(|_| random.byte()));
        }
        Fault::Stuck(byte) => {
            let len = random.within(1, 500);
            (from, to) = (somewhere, somewhere + len);
            received.extend_from_slice(&sent[..from]);
            received.resize(to, byte);
        }
        Fault::Duplicate => {
            let len = random.within(1, 200);
            (from, to) = (somewhere + len, somewhere + len);
            received.extend_from_slice(&sent[..to]);
            received.extend_from_slice(&sent[somewhere..to]);
        }
        Fault::Reorder => {
            let middle = somewhere + random.within(1, 64);
            (from, to) = (somewhere, middle + random.within(1, 64));
            received.extend_from_slice(&sent[..from]);
            received.extend_from_slice(&sent[middle..to]);
            received.extend_from_slice(&sent[from..middle]);
        }
        Fault::Splice => {
            // Behind the delimiter of this frame, up to 500 bytes on.
            (from, to) = (somewhere, end + random.within(1, 500));
            received.extend_from_slice(&sent[..from]);
        }
        Fault::Merge => {
            (from, to) = (end - 1, end);
            received.extend_from_slice(&sent[..from]);
        }
        Fault::Text => {
            const TEXTS: [&str; 4] = [
                "Guru Meditation Error: Core  0 panic'ed (LoadProhibited)\r\n",
                "AT+CGMI\r",
                "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\nload:0x3fff0030\r\n",
                "E (512) adc: timeout\n",
            ];
            (from, to) = (end, end);
            received.extend_from_slice(&sent[..from]);
            let text = TEXTS[random.within(0, TEXTS.len() - 1)];
            received.extend_from_slice(&text.as_bytes()[..random.within(1, text.len())]);
        }
        Fault::WrongSpeed => {
            let len = random.within(1, 1000);
            (from, to) = (somewhere, somewhere + len);
            received.extend_from_slice(&sent[..from]);
            received.extend((0..len).map(|_| random.byte()));
        }
        Fault::Reopened => {
            (from, to) = (somewhere, end);
            received.extend_from_slice(&sent[..from]);
            received.push(0);
        }
    }
    let received_to = received.len();
    received.extend_from_slice(&sent[to..]);
    Damage { from, to, received_to }
}

/// Trials with one fault until `damaged` runs have been refused.
pub(crate) fn run(fault: Fault, seed: u64, damaged: u64) -> Outcome {
    let mut random = Random(seed);
    let sent = Sent::new(&mut random, 3000);
    let mut outcome = Outcome::default();
    let mut received = Vec::new();
    let mut decoder = Decoder::new(Direction::DeviceToHost);
    // Some faults damage nothing now and then, but none does so for ever.
    while outcome.damaged < damaged && outcome.trials < 20 * damaged {
        trial(fault, &mut random, &sent, &mut decoder, &mut received, &mut outcome);
    }
    outcome
}

fn trial(
    fault: Fault,
    random: &mut Random,
    sent: &Sent,
    decoder: &mut Decoder,
    received: &mut Vec<u8>,
    outcome: &mut Outcome,
) {
    /// Longest fault there is, and room for the frames behind it.
    const REACH: usize = 1000 + 4 * MAX_WIRE;
    // The fault is in the second frame of the stretch.
    let first = random.within(0, sent.len() - 200);
    let base = sent.starts[first];
    let frame = (sent.starts[first + 1] - base, sent.starts[first + 2] - base);
    let reach = match fault {
        Fault::Flips(_) | Fault::Burst(..) | Fault::Merge | Fault::Text => 3 * MAX_WIRE,
        _ => REACH,
    };
    // Whole frames only, so that the stretch ends with a delimiter.
    let last = sent.starts.partition_point(|&start| start < base + frame.1 + reach);
    let wire = &sent.wire[base..sent.starts[last]];
    let damage = damage(fault, random, wire, frame, received);

    decoder.reset();
    let count = last - first;
    let mut arrived = [false; 256];
    let mut taken = [false; 256];
    let mut resync = None;
    let mut expected_sequence = None;
    let mut expected_index = None;
    let (mut frames_missing, mut scans_missing) = (0, 0);
    let mut end = 0;
    let cut = random.within(0, received.len());
    for mut chunk in [&received[..cut], &received[cut..]] {
        loop {
            let before = chunk.len();
            let result = decoder.next(&mut chunk);
            end += before - chunk.len();
            let frame = match result {
                None => break,
                Some(Err(_)) => continue,
                Some(Ok(frame)) => frame,
            };
            let sequence = frame.sequence();
            let place = usize::from(sequence.wrapping_sub(sent.first_sequence)).wrapping_sub(first);
            let was_sent = place < count
                && sent.kinds[first + place] == frame.kind()
                && sent.payloads[first + place] == frame.payload()
                && frame.flags() == Flags::default();
            if !was_sent {
                outcome.wrong += 1;
                continue;
            }
            let start = end - frame.wire_len();
            if start >= damage.received_to {
                resync.get_or_insert(start - damage.received_to);
            }
            arrived[place] = true;
            // As SPEC 4.1 tells a host: what is repeated or late counts for nothing.
            let gap = sequence.wrapping_sub(expected_sequence.unwrap_or(sequence));
            if gap >= 1 << 15 {
                outcome.disorder += u64::from(!fault.repeats());
                continue;
            }
            taken[place] = true;
            frames_missing += usize::from(gap);
            expected_sequence = Some(sequence.wrapping_add(1));
            if let Message::Samples(samples) = frame.message() {
                // SPEC 4.2.
                let gap = samples.index.wrapping_sub(expected_index.unwrap_or(samples.index));
                scans_missing += gap;
                expected_index = Some(samples.index.wrapping_add(u32::from(samples.scan_count)));
            }
        }
    }
    outcome.trials += 1;
    outcome.damaged += decoder.counters().refused();

    let next_delimiter = wire[damage.to..].iter().position(|&byte| byte == 0);
    let safe_from = damage.to + next_delimiter.expect("the stretch ends with a delimiter") + 1;
    let (mut lost, mut touched) = (0, 0);
    for (place, &has_arrived) in arrived[..count].iter().enumerate() {
        let start = sent.starts[first + place] - base;
        let end = sent.starts[first + place + 1] - base;
        touched += usize::from(start < damage.to.max(damage.from + 1) && damage.from < end);
        lost += usize::from(!has_arrived);
        let is_safe = end <= damage.from || start >= safe_from;
        outcome.unjust += u64::from(is_safe && !has_arrived);
    }
    outcome.lost[lost.min(3)] += 1;
    outcome.worst_collateral = outcome.worst_collateral.max(lost.saturating_sub(touched));
    // The stretch is long enough that something follows every fault.
    outcome.worst_resync = outcome.worst_resync.max(resync.unwrap_or(usize::MAX));

    let missing = |is_counted: fn(Option<u32>) -> bool| {
        let scan_counts = sent.scan_counts[first..last].iter().zip(&taken);
        let mut counts: Vec<_> =
            scan_counts.filter(|(scan_count, _)| is_counted(**scan_count)).collect();
        // What is lost behind the last that arrives is not known yet.
        while counts.pop_if(|(_, is_taken)| !**is_taken).is_some() {}
        let first_taken = counts.iter().position(|(_, is_taken)| **is_taken).unwrap_or(0);
        counts.drain(..first_taken);
        counts.retain(|(_, is_taken)| !**is_taken);
        let scans = counts.iter().filter_map(|(scan_count, _)| **scan_count).sum::<u32>();
        (counts.len(), scans)
    };
    let (frames, _) = missing(|_| true);
    let (_, scans) = missing(|scan_count| scan_count.is_some());
    outcome.unaccounted += u64::from((frames, scans) != (frames_missing, scans_missing));
}
