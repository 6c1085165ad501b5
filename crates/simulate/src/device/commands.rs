//! What a device does with what the host says.

use levator_protocol::{
    ALL, Ack, AckResult, Calib, DecodeError, Frame, Message, Start, TimeRep, WireUnit, kind,
};

use super::{KeepAlive, Started, VirtualDevice};
use crate::crystal::Grid;

/// How a command is answered.
enum Answer {
    /// With ACK, if one is wanted.
    Ack(AckResult),
    /// With ACK, then a stream is described anew.
    AckAndDescription(usize),
    /// With ACK when zeroing is over.
    AckLater { stream: u8 },
    /// The answer was not ACK and needs none.
    None,
}

impl VirtualDevice {
    /// Carries out one frame of the host, or says why not.
    pub(super) fn handle(&mut self, result: Result<Frame<'_>, DecodeError>) {
        let (header, answer) = match result {
            Ok(frame) => (frame.header(), self.command(&frame)),
            Err(DecodeError::PayloadLength { header, .. }) => {
                (header, Answer::Ack(AckResult::Length))
            }
            Err(DecodeError::Field { header, .. }) => (header, Answer::Ack(AckResult::Value)),
            // Damaged, or not for us: nobody to answer.
            Err(
                DecodeError::Overlong
                | DecodeError::Structure
                | DecodeError::Short { .. }
                | DecodeError::Checksum { .. }
                | DecodeError::Major { .. }
                | DecodeError::LoopBack { .. },
            ) => return,
        };
        if let Some(keep_alive) = &mut self.keep_alive {
            keep_alive.deadline_ns = self.now_ns.saturating_add(keep_alive.period_ns);
        }
        let wanted = header.flags.ack_wanted.then_some(header.sequence);
        match answer {
            Answer::Ack(result) => self.acknowledge(header.kind, wanted, result),
            Answer::AckAndDescription(stream) => {
                self.acknowledge(header.kind, wanted, AckResult::Ok);
                self.describe(stream);
            }
            Answer::AckLater { stream } => {
                self.streams[usize::from(stream)].answer_zero(wanted);
            }
            Answer::None => {}
        }
        // The answer had to leave before the device forgets everything.
        if header.kind == kind::RESET && result.is_ok() {
            self.reset(self.boot_id.wrapping_add(1));
        }
    }

    /// Answers the frame of type `kind` with this sequence, if there is one.
    pub(super) fn acknowledge(&mut self, kind: u8, sequence: Option<u16>, result: AckResult) {
        if let Some(sequence) = sequence {
            let ack = Message::Ack(Ack { kind, sequence, result, data: &[] });
            self.sender.send(&ack, self.now_ns);
        }
    }

    fn command(&mut self, frame: &Frame<'_>) -> Answer {
        let result = match frame.message() {
            Message::Identify(_) => {
                self.say_hello();
                return Answer::None;
            }
            Message::GetDesc { stream: ALL } => {
                (0..self.streams.len()).for_each(|number| self.describe(number));
                AckResult::Ok
            }
            Message::GetDesc { stream } if self.streams.len() > usize::from(stream) => {
                self.describe(usize::from(stream));
                AckResult::Ok
            }
            Message::GetDesc { .. } => AckResult::Value,
            Message::Start(start) => self.start(start, frame.flags().retransmission),
            Message::Stop => {
                self.stop();
                AckResult::Ok
            }
            Message::Zero { stream, channel, duration_ms } => {
                return self.zero(stream, channel, duration_ms);
            }
            Message::SetCal { calib, persist } => return self.set_calibration(calib, persist),
            Message::TimeReq { t1 } => {
                let now_us = self.uptime_us(self.now_ns);
                let reply = TimeRep { t1, t2_us: now_us, t3_us: now_us };
                self.sender.send(&Message::TimeRep(reply), self.now_ns);
                AckResult::Ok
            }
            // The reset itself follows the answer.
            Message::KeepAlive | Message::Reset => AckResult::Ok,
            Message::SetRate { stream, .. } => match self.streams.get(usize::from(stream)) {
                Some(_) => AckResult::Unsupported,
                None => AckResult::Value,
            },
            Message::SelfTest { .. } => AckResult::Unsupported,
            Message::Unknown { .. } => AckResult::UnknownKind,
            // The decoder lets nothing through that travels the other way.
            Message::Hello(_)
            | Message::StreamDesc(_)
            | Message::Calib(_)
            | Message::Samples(_)
            | Message::Event(_)
            | Message::Status(_)
            | Message::Log(_)
            | Message::TimeRep(_)
            | Message::Ack(_) => AckResult::UnknownKind,
        };
        Answer::Ack(result)
    }

    /// Runs exactly the streams of the mask, from the first index on.
    fn start(&mut self, start: Start, is_retransmission: bool) -> AckResult {
        let known = (1_u16 << self.streams.len()) - 1;
        if u16::from(start.streams) & !known != 0 {
            return AckResult::Value;
        }
        let repeats = |last: Started| {
            last.start == start && self.now_ns - last.at_ns <= Started::REPEATS_WITHIN_NS
        };
        if is_retransmission && self.last_start.is_some_and(repeats) {
            return AckResult::Ok;
        }
        self.stop();
        self.last_start = Some(Started { start, at_ns: self.now_ns });
        self.keep_alive = (start.keep_alive_ms > 0).then(|| {
            let period_ns = u64::from(start.keep_alive_ms) * 1_000_000;
            KeepAlive { period_ns, deadline_ns: self.now_ns.saturating_add(period_ns) }
        });
        let born_ns = *self.born_ns.get_or_insert(self.now_ns);
        for (number, stream) in self.streams.iter_mut().enumerate() {
            if start.streams & (1 << number) != 0 {
                let grid = Grid { first_ns: born_ns, rate_mhz: stream.config.rate_mhz };
                // The scan of this very instant may have been taken before a STOP.
                let base = grid.index_from(self.now_ns).max(stream.next_scan());
                stream.start(base, &start);
            }
        }
        AckResult::Ok
    }

    fn zero(&mut self, number: u8, channel: u8, duration_ms: u16) -> Answer {
        let Some(stream) = self.streams.get_mut(usize::from(number)) else {
            return Answer::Ack(AckResult::Value);
        };
        let all = u16::MAX >> (16 - u16::from(stream.config.channel_count));
        let channels = if channel == ALL { all } else { all & (1 << channel) };
        if channels == 0 {
            return Answer::Ack(AckResult::Value);
        }
        if stream.config.unit == WireUnit::Counts {
            return Answer::Ack(AckResult::Unsupported);
        }
        if !stream.is_running() {
            return Answer::Ack(AckResult::Busy);
        }
        stream.zero(channels, duration_ms);
        Answer::AckLater { stream: number }
    }

    fn set_calibration(&mut self, calib: Calib, persist: bool) -> Answer {
        let number = usize::from(calib.stream);
        match self.streams.get(number) {
            Some(stream) if usize::from(calib.channel) < stream.calibrations().len() => {}
            _ => return Answer::Ack(AckResult::Value),
        }
        // What was measured under the old epoch.
        self.flush(number);
        self.streams[number].set_calibration(calib, persist);
        Answer::AckAndDescription(number)
    }
}

#[cfg(test)]
mod tests {
    use levator_protocol::{CalibSource, DeviceState, MAX_WIRE, SampleStatus};
    use levator_signal::HostTime;

    use super::*;
    use crate::device::host::{IDENTIFY, START, hear, say, say_again, summary};
    use crate::{DeviceConfig, Scenario, VirtualPerson};

    fn device() -> VirtualDevice {
        let person = VirtualPerson::new(Scenario::Healthy, 1);
        VirtualDevice::new(DeviceConfig::combined_probe(), person).expect("possible")
    }

    /// Says `messages` at `second` and gives what comes until then and at that very moment.
    fn converse(device: &mut VirtualDevice, second: f64, messages: &[Message<'_>]) -> Vec<u8> {
        let at = HostTime::from_secs_f64(second);
        let mut bytes = Vec::new();
        device.advance(at, &mut bytes);
        device.receive(&say(messages));
        device.advance(at, &mut bytes);
        bytes
    }

    fn calib() -> Calib {
        Calib {
            stream: 1,
            channel: 0,
            epoch: 0,
            source: CalibSource::User,
            scale: 0.02,
            offset: 100.0,
            calibrated_at_s: 7,
            reference_span: 5_000.0,
        }
    }

    #[test]
    fn a_conversation_leads_from_hello_to_samples() {
        let mut device = device();
        let bytes = converse(&mut device, 0.1, &[IDENTIFY, Message::GetDesc { stream: ALL }]);
        assert_eq!(bytes[0], 0, "a delimiter comes before the first frame");
        let expected = [
            "hello 10001",
            "hello 10001",
            "stream 0 epoch 0",
            "calib 0.0 epoch 0",
            "calib 0.1 epoch 0",
            "stream 1 epoch 0",
            "calib 1.0 epoch 0",
            "ack 41 Ok",
        ];
        assert_eq!(summary(&bytes), expected);
        assert_eq!(summary(&converse(&mut device, 0.2, &[START])), ["ack 42 Ok"]);
        let bytes = converse(&mut device, 0.241, &[Message::Stop]);
        let expected =
            ["samples 20 from 0", "samples 20 from 20", "samples 2 from 40", "ack 43 Ok"];
        assert_eq!(summary(&bytes), expected);
        assert!(summary(&converse(&mut device, 0.9, &[])).is_empty());
    }

    #[test]
    fn a_retransmitted_start_is_only_acknowledged_and_another_starts_anew() {
        let mut device = device();
        let again = |second: f64, device: &mut VirtualDevice| {
            converse(device, second, &[]);
            device.receive(&say_again(&[START]));
            summary(&converse(device, second, &[]))
        };
        converse(&mut device, 0.0, &[START]);
        assert_eq!(again(0.05, &mut device), ["ack 42 Ok"]);
        // The index went on.
        assert_eq!(device.truth_base(0).map(|base| base.0), Some(0));
        let expected = ["samples 20 from 40", "samples 20 from 60", "samples 1 from 80"];
        let bytes = converse(&mut device, 0.08, &[START]);
        assert_eq!(summary(&bytes), [&expected[..], &["ack 42 Ok"]].concat());
        assert_eq!(summary(&converse(&mut device, 0.1, &[])), ["samples 20 from 0"]);
        assert_eq!(device.truth_base(0).map(|base| base.0), Some(81));
        // Two seconds later a retransmission is a command of its own.
        assert_eq!(again(2.2, &mut device).last().map(String::as_str), Some("ack 42 Ok"));
        assert_eq!(device.truth_base(0).map(|base| base.0), Some(2201));
    }

    #[test]
    fn start_stops_the_streams_it_does_not_name() {
        let mut device = device();
        let start = |streams| Message::Start(Start { streams, batch_ms: 0, keep_alive_ms: 0 });
        let running = |device: &VirtualDevice| [0, 1].map(|n| device.truth_base(n).is_some());
        for (streams, expected) in
            [(0b11, [true, true]), (0b10, [false, true]), (0, [false, false])]
        {
            let bytes = converse(&mut device, 0.0, &[start(streams)]);
            assert_eq!(summary(&bytes).last().map(String::as_str), Some("ack 42 Ok"));
            assert_eq!(running(&device), expected);
        }
    }

    #[test]
    fn stopping_twice_does_no_harm() {
        let mut device = device();
        converse(&mut device, 0.0, &[START]);
        let bytes = converse(&mut device, 0.0, &[Message::Stop, Message::Stop]);
        assert_eq!(summary(&bytes), ["samples 1 from 0", "ack 43 Ok", "ack 43 Ok"]);
    }

    #[test]
    fn what_cannot_be_done_is_answered_with_the_reason() {
        let mut device = device();
        converse(&mut device, 0.0, &[]);
        let start = |streams| Message::Start(Start { streams, batch_ms: 0, keep_alive_ms: 0 });
        let zero = |stream, channel| Message::Zero { stream, channel, duration_ms: 0 };
        for (message, expected) in [
            (Message::Unknown { kind: 0x77, payload: &[1, 2] }, "ack 77 UnknownKind"),
            (Message::GetDesc { stream: 2 }, "ack 41 Value"),
            (start(0b100), "ack 42 Value"),
            (Message::SetRate { stream: 0, rate_mhz: 500_000 }, "ack 44 Unsupported"),
            (Message::SelfTest { stream: 0, on: true }, "ack 49 Unsupported"),
            (zero(5, ALL), "ack 45 Value"),
            (zero(1, 3), "ack 45 Value"),
            (zero(1, ALL), "ack 45 Busy"),
            (
                Message::SetCal { calib: Calib { stream: 3, ..calib() }, persist: false },
                "ack 46 Value",
            ),
            (Message::KeepAlive, "ack 48 Ok"),
        ] {
            assert_eq!(summary(&converse(&mut device, 0.0, &[message])), [expected]);
        }
    }

    #[test]
    fn a_damaged_command_is_counted_and_not_answered() {
        let mut device = device();
        converse(&mut device, 0.0, &[]);
        let mut bytes = say(&[IDENTIFY]);
        bytes[8] ^= 4;
        device.receive(&bytes);
        let mut errors = Vec::new();
        hear(&converse(&mut device, 1.0, &[]), |frame| match frame.message() {
            Message::Status(status) => errors.push(status.rx_crc_errors),
            other => panic!("an answer to a damaged command: {other:?}"),
        });
        assert_eq!(errors, [1]);
    }

    #[test]
    fn commands_may_come_byte_by_byte() {
        let mut device = device();
        converse(&mut device, 0.0, &[]);
        for byte in say(&[IDENTIFY]) {
            device.receive(&[byte]);
        }
        assert_eq!(summary(&converse(&mut device, 0.0, &[])), ["hello 10001"]);
    }

    #[test]
    fn time_is_told_with_the_request() {
        let mut device = device();
        converse(&mut device, 2.5, &[]);
        let bytes = converse(&mut device, 2.5, &[Message::TimeReq { t1: 99 }]);
        assert_eq!(summary(&bytes), ["time 99 2500000", "ack 47 Ok"]);
    }

    #[test]
    fn a_reset_answers_first_and_then_begins_anew() {
        let mut device = device();
        converse(&mut device, 0.0, &[START]);
        converse(&mut device, 0.03, &[]);
        // What the same read brought after the reset found nobody.
        let bytes = converse(&mut device, 0.03, &[Message::Reset, IDENTIFY]);
        assert_eq!(summary(&bytes), ["ack 4f Ok", "hello 10002"]);
        let mut sequences = Vec::new();
        hear(&bytes, |frame| sequences.push(frame.sequence()));
        assert_eq!(sequences[1], 0);
        assert!(!device.is_streaming());
        assert_eq!(device.scan_counts(0).reset, 11);
    }

    #[test]
    fn zeroing_changes_offset_source_and_epoch_and_flags_its_frames() {
        let mut device = device();
        let start = Message::Start(Start { streams: 0b10, batch_ms: 0, keep_alive_ms: 0 });
        converse(&mut device, 0.0, &[start]);
        let zero = Message::Zero { stream: 1, channel: ALL, duration_ms: 1500 };
        let bytes = converse(&mut device, 1.0, &[zero]);
        assert!(!summary(&bytes).iter().any(|line| line.starts_with("ack 45")));
        let (mut epochs, mut calibrated, mut states) = (Vec::new(), None, Vec::new());
        let bytes = converse(&mut device, 3.5, &[]);
        let lines = summary(&bytes);
        let ack = lines.iter().position(|line| line == "ack 45 Ok").expect("answered when done");
        assert_eq!(lines[ack + 1..ack + 3], ["stream 1 epoch 1", "calib 1.0 epoch 1"]);
        hear(&bytes, |frame| match frame.message() {
            Message::Samples(samples) => epochs.push((samples.epoch, samples.status)),
            Message::Calib(calib) => calibrated = Some(calib),
            Message::Status(status) => states.push(status.state),
            _ => {}
        });
        assert!(epochs.starts_with(&[(0, SampleStatus::WARMING_UP)]));
        assert!(epochs.ends_with(&[(1, SampleStatus::NONE)]));
        assert_eq!(states, [DeviceState::Calibrating, DeviceState::Streaming]);
        let calib = calibrated.expect("the new calibration is told unasked");
        assert_eq!((calib.epoch, calib.source), (1, CalibSource::RunTimeZero));
        // 30 cmH2O of rest, with part of a breath of ±1 cmH2O, in counts of 0.01 Pa.
        let rest_cmh2o = f64::from(calib.offset - 120_000.0) * 0.01 / 98.066_5;
        assert!((rest_cmh2o - 30.0).abs() < 1.0, "{rest_cmh2o}");
    }

    #[test]
    fn zeroing_that_is_cut_short_is_answered_too() {
        let mut device = device();
        converse(&mut device, 0.0, &[START]);
        let zero = Message::Zero { stream: 0, channel: 0, duration_ms: 0 };
        converse(&mut device, 0.01, &[zero, zero]);
        let bytes = converse(&mut device, 0.02, &[Message::Stop]);
        let acks: Vec<_> = summary(&bytes).into_iter().filter(|l| l.starts_with("ack")).collect();
        assert_eq!(acks, ["ack 45 Busy", "ack 43 Ok"]);
    }

    #[test]
    fn a_calibration_is_taken_and_kept_over_a_reset_if_asked_to() {
        let mut device = device();
        let set = |persist| Message::SetCal { calib: calib(), persist };
        converse(&mut device, 0.0, &[]);
        let expected = ["ack 46 Ok", "stream 1 epoch 1", "calib 1.0 epoch 1"];
        assert_eq!(summary(&converse(&mut device, 0.0, &[set(false)])), expected);
        let expected = ["ack 46 Ok", "stream 1 epoch 2", "calib 1.0 epoch 2"];
        assert_eq!(summary(&converse(&mut device, 0.0, &[set(true)])), expected);
        device.reset(0xABC);
        let scale = |bytes: &[u8]| {
            let mut scale = 0.0;
            hear(bytes, |frame| {
                if let Message::Calib(calib) = frame.message() {
                    scale = calib.scale;
                }
            });
            scale
        };
        let bytes = converse(&mut device, 0.0, &[Message::GetDesc { stream: 1 }]);
        assert_eq!(summary(&bytes)[..2], ["hello abc", "stream 1 epoch 0"]);
        assert_eq!(scale(&bytes).to_bits(), 0.02_f32.to_bits());
    }

    #[test]
    fn a_host_that_falls_silent_ends_the_stream_if_it_asked_for_that() {
        let mut device = device();
        let start = Message::Start(Start { streams: 1, batch_ms: 0, keep_alive_ms: 500 });
        converse(&mut device, 0.0, &[start]);
        converse(&mut device, 0.4, &[Message::KeepAlive]);
        converse(&mut device, 0.8, &[Message::KeepAlive]);
        assert!(device.is_streaming());
        let bytes = converse(&mut device, 2.0, &[]);
        assert!(summary(&bytes).iter().any(|line| line.starts_with("Log")), "says so");
        assert!(!device.is_streaming());
        // The deadline of 1.3 s comes before nothing else: scan 1300 is due at the same instant.
        assert_eq!(device.scan_counts(0).taken, 1301);
        assert_eq!(device.scan_counts(0).sent, 1301);
    }

    #[test]
    fn a_batch_hint_makes_frames_shorter_and_never_longer() {
        for (batch_ms, expected) in [(0, 20), (5, 5), (1, 1), (255, 20)] {
            let mut device = device();
            let start = Start { streams: 1, batch_ms, keep_alive_ms: 0 };
            converse(&mut device, 0.0, &[Message::Start(start)]);
            hear(&converse(&mut device, 0.1, &[]), |frame| {
                assert!(frame.wire_len() <= MAX_WIRE);
                if let Message::Samples(samples) = frame.message() {
                    assert_eq!(samples.scan_count, expected, "{batch_ms} ms");
                }
            });
        }
    }
}
