//! A device that exists in memory only: bytes in, bytes out, time as an argument.
//!
//! ```text
//! boot --> HELLO --> idle --START--> streaming --STOP, keep-alive over--> idle
//!                     ^                  |
//!                     +------RESET-------+         STATUS every second in both
//! ```

mod commands;
mod sender;

use levator_protocol::{
    AckResult, Capabilities, Decoder, DeviceState, Direction, EncodeError, Encoder, Flags, Hello,
    Log, LogLevel, MAX_PAYLOAD, MAX_WIRE, MINOR, Message, SampleStatus, Start, Status, kind,
};
use levator_signal::{HostTime, SampleIndex};

use self::sender::Sender;
use crate::config::{DeviceConfig, DeviceError};
use crate::crystal::{Crystal, Grid};
use crate::person::VirtualPerson;
use crate::replay::Replay;
use crate::script::Truth;
use crate::stream::{ScanCounts, Stream, Taken};

/// Who is measured.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// Somebody who follows a script. Every stream shows the same person.
    Person(VirtualPerson),
    /// A recording. The device has one stream, with the recording's rate and channels.
    Replay(Replay),
}

impl From<VirtualPerson> for Subject {
    fn from(person: VirtualPerson) -> Self {
        Self::Person(person)
    }
}

impl From<Replay> for Subject {
    fn from(replay: Replay) -> Self {
        Self::Replay(replay)
    }
}

/// A probe that speaks the wire protocol, without clock, threads or ports.
///
/// It boots at [`HostTime::ZERO`] with HELLO and sends STATUS every second. Whatever falls due comes
/// out of [`Self::advance`]; how often that is called changes no byte. A command takes effect at the
/// time of the last `advance`, and its answer comes out of the next.
///
/// The subject begins to live at the first START: that is scan 0 of every stream and of the truth.
/// Life goes on through STOP, resets and missing cables, so a gap on the wire is a gap in the truth.
///
/// It carries out IDENTIFY, GET_DESC, START, STOP, ZERO (of a running stream, else it is busy),
/// SET_CAL, TIME_REQ, KEEPALIVE and RESET; SET_RATE and SELF_TEST are answered "unsupported". It
/// never sends EVENT, and fills frames up to the limit of the wire whatever limit a host names.
#[derive(Debug)]
pub struct VirtualDevice {
    config: DeviceConfig,
    /// `None` for a replay.
    person: Option<VirtualPerson>,
    crystal: Crystal,
    streams: Vec<Stream>,
    decoder: Decoder,
    sender: Sender,
    boot_id: u32,
    now: HostTime,
    /// Device time of the last `advance`. It counts from the making of the device, over resets.
    now_ns: u64,
    boot_ns: u64,
    next_status_ns: u64,
    /// Device time of the first START.
    born_ns: Option<u64>,
    last_start: Option<Started>,
    keep_alive: Option<KeepAlive>,
}

#[derive(Clone, Copy, Debug)]
struct KeepAlive {
    period_ns: u64,
    deadline_ns: u64,
}

/// A START that was carried out.
#[derive(Clone, Copy, Debug)]
struct Started {
    start: Start,
    at_ns: u64,
}

impl Started {
    /// A retransmission of it within this time is only acknowledged (SPEC 3.13).
    const REPEATS_WITHIN_NS: u64 = 2 * SECOND_NS;
}

/// What falls due next.
enum Due {
    Scan(usize),
    KeepAliveOver,
    Status,
}

const SECOND_NS: u64 = 1_000_000_000;

impl VirtualDevice {
    /// A device that has just been switched on.
    ///
    /// # Errors
    ///
    /// If the wire cannot describe such a device, or the subject has no values for a stream.
    pub fn new(config: DeviceConfig, subject: impl Into<Subject>) -> Result<Self, DeviceError> {
        DeviceError::check_streams(&config)?;
        let subject = subject.into();
        if matches!(subject, Subject::Replay(_)) && config.streams.len() != 1 {
            return Err(DeviceError::Replay);
        }
        let streams: Result<Vec<_>, _> = config
            .streams
            .iter()
            .enumerate()
            .map(|(number, stream)| {
                Stream::new(number, stream.clone(), &subject, config.first_index)
            })
            .collect();
        let mut device = Self {
            crystal: Crystal::new(config.clock_ppm),
            streams: streams?,
            person: match subject {
                Subject::Person(person) => Some(person),
                Subject::Replay(_) => None,
            },
            decoder: Decoder::new(Direction::HostToDevice),
            sender: Sender::new(),
            boot_id: config.boot_id,
            now: HostTime::ZERO,
            now_ns: 0,
            boot_ns: 0,
            next_status_ns: SECOND_NS,
            born_ns: None,
            last_start: None,
            keep_alive: None,
            config,
        };
        device.check_wire().map_err(DeviceError::Wire)?;
        device.boot(device.config.first_sequence);
        Ok(device)
    }

    /// Whether everything the device has to say about itself can be said.
    fn check_wire(&self) -> Result<(), EncodeError> {
        let mut encoder = Encoder::new(Direction::DeviceToHost);
        let mut buffer = [0; MAX_WIRE];
        let mut check = |message| encoder.encode(&message, Flags::default(), &mut buffer);
        check(Message::Hello(hello(&self.config, self.boot_id)))?;
        check(Message::Status(self.status(0)))?;
        for stream in &self.streams {
            check(Message::StreamDesc(stream.description()))?;
            for calibration in stream.calibrations() {
                check(Message::Calib(*calibration))?;
            }
        }
        Ok(())
    }

    /// Takes bytes from the host, in any chunking.
    ///
    /// They arrive at the time of the last [`Self::advance`], so call that first.
    pub fn receive(&mut self, bytes: &[u8]) {
        if !self.sender.plugged {
            return;
        }
        let mut input = bytes;
        // Out of `self`, because a frame borrows the decoder while `self` carries it out.
        let mut decoder =
            core::mem::replace(&mut self.decoder, Decoder::new(Direction::HostToDevice));
        let boot_id = self.boot_id;
        while let Some(result) = decoder.next(&mut input) {
            self.handle(result);
            if self.boot_id != boot_id {
                // A reset: the rest of the bytes finds nobody there.
                return;
            }
        }
        self.decoder = decoder;
    }

    /// Moves time on to `now` and appends every byte that falls due until then to `out`. Time that
    /// runs backwards stands still.
    pub fn advance(&mut self, now: HostTime, out: &mut Vec<u8>) {
        self.now = self.now.max(now);
        let now_ns = self.crystal.device_ns(self.now);
        loop {
            let (due_ns, due) = self.next_event();
            if due_ns > now_ns {
                break;
            }
            self.now_ns = due_ns;
            match due {
                Due::Scan(stream) => self.take_scan(stream),
                Due::KeepAliveOver => {
                    self.stop();
                    let text = "nothing heard from the host: streams stopped".into();
                    let log = Log { level: LogLevel::Warning, text };
                    self.sender.send(&Message::Log(log), due_ns);
                }
                Due::Status => {
                    self.next_status_ns += SECOND_NS;
                    let status = self.status(self.uptime_us(due_ns));
                    self.sender.send(&Message::Status(status), due_ns);
                }
            }
        }
        self.now_ns = now_ns;
        out.append(&mut self.sender.out);
    }

    /// When [`Self::advance`] will next have bytes, for a caller that wants to sleep until then.
    #[must_use]
    pub fn next_due(&self) -> HostTime {
        if !self.sender.out.is_empty() {
            return HostTime::ZERO;
        }
        let frames = self.streams.iter().enumerate().filter(|(_, stream)| stream.is_running());
        let frame_ns = frames.map(|(number, stream)| {
            self.grid(number).instant_ns(stream.next_scan() + stream.scans_to_wait())
        });
        let keep_alive_ns = self.keep_alive.map(|keep_alive| keep_alive.deadline_ns);
        let due_ns = frame_ns.chain(keep_alive_ns).fold(self.next_status_ns, u64::min);
        self.crystal.host_time(due_ns)
    }

    /// Time of the last [`Self::advance`].
    #[must_use]
    pub fn now(&self) -> HostTime {
        self.now
    }

    /// Pulls the cable. What is sent from now on is lost; the device itself goes on.
    pub fn unplug(&mut self) {
        self.sender.plugged = false;
        self.decoder.reset();
    }

    /// Puts the cable back.
    pub fn plug(&mut self) {
        self.sender.plugged = true;
    }

    /// Whether the cable is in.
    #[must_use]
    pub fn is_plugged(&self) -> bool {
        self.sender.plugged
    }

    /// Switches the device off and on again: it forgets what it was told, counts from the start, and
    /// says HELLO with the new number.
    pub fn reset(&mut self, boot_id: u32) {
        self.boot_id = boot_id;
        self.boot(0);
    }

    /// Sets what the device says against every sample of a stream from now on; pass
    /// [`SampleStatus::NONE`] to end that. A stream that does not exist is ignored.
    pub fn set_status(&mut self, stream: u8, status: SampleStatus) {
        if let Some(stream) = self.streams.get_mut(usize::from(stream)) {
            stream.forced_status = status;
        }
    }

    /// Makes the device lose the next `scan_count` scans of a running stream: an index jump without
    /// a sequence gap, flagged as overrun.
    pub fn overrun(&mut self, stream: u8, scan_count: u64) {
        let number = usize::from(stream);
        self.flush(number);
        if let Some(stream) = self.streams.get_mut(number) {
            stream.overrun(scan_count);
        }
    }

    /// What the device is.
    #[must_use]
    pub fn config(&self) -> &DeviceConfig {
        &self.config
    }

    /// Number of the current start.
    #[must_use]
    pub fn boot_id(&self) -> u32 {
        self.boot_id
    }

    /// Whether any stream runs.
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        self.streams.iter().any(Stream::is_running)
    }

    /// What became of the scans of a stream since the device was made; zeros for a stream that does
    /// not exist.
    #[must_use]
    pub fn scan_counts(&self, stream: u8) -> ScanCounts {
        self.streams.get(usize::from(stream)).map_or(ScanCounts::default(), |stream| stream.counts)
    }

    /// Frames that were made while the cable was out.
    #[must_use]
    pub fn unplugged_frame_count(&self) -> u64 {
        self.sender.lost_frame_count
    }

    /// All contractions of the person that began before the last scan of a stream, counted in scans
    /// of that stream since the first START. `None` for a replay or a stream that does not exist.
    #[must_use]
    pub fn truth(&self, stream: u8) -> Option<Truth> {
        let stream = self.streams.get(usize::from(stream))?;
        let rate = stream.config.rate()?;
        let until_s = rate.time_s(SampleIndex(stream.next_scan()));
        self.person.as_ref().map(|person| person.truth(rate, until_s))
    }

    /// Scan of the truth that has the first index on the wire, while a stream runs: zero after the
    /// first START, more after a later one.
    #[must_use]
    pub fn truth_base(&self, stream: u8) -> Option<SampleIndex> {
        self.streams.get(usize::from(stream))?.base().map(SampleIndex)
    }

    fn boot(&mut self, first_sequence: u16) {
        for stream in &mut self.streams {
            stream.reboot();
        }
        self.decoder.reset();
        self.last_start = None;
        self.keep_alive = None;
        self.boot_ns = self.now_ns;
        self.next_status_ns = self.now_ns + SECOND_NS;
        self.sender.boot(first_sequence);
        self.say_hello();
    }

    fn next_event(&self) -> (u64, Due) {
        let mut next = (self.next_status_ns, Due::Status);
        if let Some(keep_alive) = self.keep_alive
            && keep_alive.deadline_ns <= next.0
        {
            next = (keep_alive.deadline_ns, Due::KeepAliveOver);
        }
        // At one instant the lowest stream comes first: `<=` from the last to the first.
        for (number, stream) in self.streams.iter().enumerate().rev() {
            if stream.is_running() {
                let due_ns = self.grid(number).instant_ns(stream.next_scan());
                if due_ns <= next.0 {
                    next = (due_ns, Due::Scan(number));
                }
            }
        }
        next
    }

    fn grid(&self, stream: usize) -> Grid {
        let first_ns = self.born_ns.unwrap_or(self.now_ns);
        Grid { first_ns, rate_mhz: self.config.streams[stream].rate_mhz }
    }

    fn take_scan(&mut self, number: usize) {
        match self.streams[number].take_scan() {
            Taken::Scan => {}
            Taken::Frame => self.flush(number),
            Taken::Zero => {
                self.flush(number);
                let unanswered = self.streams[number].finish_zeroing();
                self.acknowledge(kind::ZERO, unanswered, AckResult::Ok);
                self.describe(number);
            }
        }
    }

    /// Sends what has been collected of a frame.
    fn flush(&mut self, number: usize) {
        let grid = match self.streams.get(number) {
            Some(_) => self.grid(number),
            None => return,
        };
        let stream = &mut self.streams[number];
        let (first_scan, scan_count) = stream.pending_scan();
        let uptime_ns = grid.instant_ns(first_scan).saturating_sub(self.boot_ns);
        let time_us = (self.config.boot_time_us.wrapping_add(uptime_ns / 1000)) as u32;
        let Some(samples) = stream.frame(time_us) else { return };
        let sent = self.sender.send(&Message::Samples(samples), self.now_ns);
        let count = if sent { &mut stream.counts.sent } else { &mut stream.counts.unplugged };
        *count += u64::from(scan_count);
        stream.clear();
    }

    fn stop(&mut self) {
        self.last_start = None;
        self.keep_alive = None;
        for number in 0..self.streams.len() {
            self.flush(number);
            let unanswered = self.streams[number].stop();
            self.acknowledge(kind::ZERO, unanswered, AckResult::Busy);
        }
    }

    fn describe(&mut self, number: usize) {
        let Some(stream) = self.streams.get(number) else { return };
        self.sender.send(&Message::StreamDesc(stream.description()), self.now_ns);
        for calibration in stream.calibrations() {
            self.sender.send(&Message::Calib(*calibration), self.now_ns);
        }
    }

    fn uptime_us(&self, device_ns: u64) -> u64 {
        self.config.boot_time_us.wrapping_add((device_ns - self.boot_ns) / 1000)
    }

    fn say_hello(&mut self) {
        let hello = Message::Hello(hello(&self.config, self.boot_id));
        self.sender.send(&hello, self.now_ns);
    }

    fn status(&self, uptime_us: u64) -> Status {
        let state = if self.streams.iter().any(Stream::is_zeroing) {
            DeviceState::Calibrating
        } else if self.is_streaming() {
            DeviceState::Streaming
        } else {
            DeviceState::Idle
        };
        Status {
            uptime_us,
            boot_id: self.boot_id,
            state,
            battery_percent: self.config.battery_percent,
            // A lithium cell, roughly: only there to be shown.
            battery_mv: self.config.battery_percent.map_or(0, |p| 3300 + 8 * u16::from(p)),
            temperature_centi_c: None,
            // Truncation is the wrap of the wire.
            rx_crc_errors: self.decoder.counters().checksum as u16,
            rx_overruns: 0,
            // A pulled cable goes unnoticed: what is lost there was handed to the link.
            tx_dropped: 0,
            faults: 0,
        }
    }
}

fn hello(config: &DeviceConfig, boot_id: u32) -> Hello<'_> {
    let battery = match config.battery_percent {
        Some(_) => Capabilities::BATTERY,
        None => Capabilities::NONE,
    };
    Hello {
        minor: MINOR,
        max_payload: MAX_PAYLOAD as u8,
        model: config.model,
        boot_id,
        uid: config.uid,
        firmware: config.firmware,
        stream_count: config.streams.len() as u8,
        capabilities: Capabilities::TIME_SYNC
            | Capabilities::ZERO
            | Capabilities::STORED_CALIBRATION
            | battery,
        name: config.name.as_str().into(),
    }
}

#[cfg(test)]
pub(crate) mod host;

#[cfg(test)]
mod tests;
