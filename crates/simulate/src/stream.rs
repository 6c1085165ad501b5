//! One stream of a virtual device: from values to codes to frames.

use levator_protocol::{
    Calib, CalibSource, SampleFormat, SampleStatus, Samples, Start, StreamDesc, WireUnit,
};
use levator_signal::{SampleIndex, SignalKind, Unit};

use crate::config::{DeviceError, StreamConfig, unit_factor};
use crate::device::Subject;
use crate::person::PersonSignal;
use crate::replay::Replay;

/// What became of the scans of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanCounts {
    /// Measured while the stream ran: the sum of the others and of the unfinished frame.
    pub taken: u64,
    /// Handed out as bytes.
    pub sent: u64,
    /// In frames that were made while the cable was out.
    pub unplugged: u64,
    /// Lost in the device, as a test asked for.
    pub overrun: u64,
    /// In frames that a reset cut off.
    pub reset: u64,
}

#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) config: StreamConfig,
    pub(crate) counts: ScanCounts,
    pub(crate) forced_status: SampleStatus,
    number: u8,
    epoch: u8,
    signal: Signal,
    /// From the subject's unit to the unit of the wire; `None` if the values are codes already.
    factor: Option<f64>,
    code_range: (i32, i32),
    first_index: u32,
    /// What is told to the host. The converter itself keeps to the scale and offset of `config`.
    calibrations: Vec<Calib>,
    /// What survives a reset.
    stored_calibrations: Vec<Calib>,
    run: Option<Run>,
    zeroing: Option<Zeroing>,
    pending: Pending,
    /// Scans that are still to be lost.
    overrun_count: u64,
    scan: Vec<f64>,
    codes: Vec<i32>,
}

#[derive(Debug)]
enum Signal {
    Person(Box<PersonSignal>),
    Replay(Replay),
}

/// A stream that was started.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Scan of the subject that has the first index on the wire.
    base: u64,
    scans_per_frame: u16,
}

/// The frame that is being filled.
#[derive(Debug, Default)]
struct Pending {
    first_scan: u64,
    scan_count: u16,
    status: SampleStatus,
    fault_channels: u16,
    data: Vec<u8>,
}

#[derive(Debug)]
struct Zeroing {
    channels: u16,
    sums: Vec<f64>,
    scan_count: u32,
    wanted_count: u32,
    /// Sequence of the command, if it wants an answer.
    unanswered: Option<u16>,
}

/// What has to be done after a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Nothing: the frame has room for more.
    Scan,
    /// The frame is full.
    Frame,
    /// Zeroing is over: send the frame, full or not, then [`Stream::finish_zeroing`].
    Zero,
}

impl Stream {
    pub(crate) fn new(
        number: usize,
        config: StreamConfig,
        subject: &Subject,
        first_index: u32,
    ) -> Result<Self, DeviceError> {
        let rails = DeviceError::Rails { stream: number };
        let code_range = config.code_range().ok_or(rails)?;
        let rate = config.rate().ok_or(rails)?;
        let channel_count = config.channel_count;
        let stream = number as u8;
        let (signal, unit) = match subject {
            Subject::Person(person) => {
                let kind = config.signal_kind();
                let unit = match kind {
                    SignalKind::Emg | SignalKind::EmgEnvelope => Some(Unit::Microvolt),
                    SignalKind::Pressure => Some(Unit::CentimetreWater),
                    SignalKind::Other => None,
                };
                let signal = person.signal(stream, kind, rate, channel_count);
                (Signal::Person(Box::new(signal)), unit)
            }
            Subject::Replay(replay) => {
                if replay.rate() != rate || replay.channel_count() != channel_count {
                    return Err(DeviceError::Replay);
                }
                (Signal::Replay(replay.clone()), Some(replay.unit()))
            }
        };
        let factor = match unit {
            Some(Unit::Count) => None,
            Some(unit) => {
                let mismatch = DeviceError::Unit { stream: number, unit };
                Some(unit_factor(unit, config.unit).ok_or(mismatch)?)
            }
            None => Some(1.0),
        };
        let nominal = |channel| Calib {
            stream,
            channel,
            epoch: 0,
            source: CalibSource::Nominal,
            scale: config.scale,
            offset: config.offset,
            calibrated_at_s: 0,
            reference_span: 0.0,
        };
        let calibrations: Vec<Calib> = match config.unit {
            WireUnit::Counts => Vec::new(),
            _ => (0..channel_count).map(nominal).collect(),
        };
        let channels = usize::from(channel_count);
        Ok(Self {
            counts: ScanCounts::default(),
            forced_status: SampleStatus::NONE,
            number: stream,
            epoch: 0,
            signal,
            factor,
            code_range,
            first_index,
            stored_calibrations: calibrations.clone(),
            calibrations,
            run: None,
            zeroing: None,
            pending: Pending::default(),
            overrun_count: 0,
            scan: vec![0.0; channels],
            codes: vec![0; channels],
            config,
        })
    }

    pub(crate) fn description(&self) -> StreamDesc<'_> {
        let (adc_min, adc_max) = self.config.rails.unwrap_or((0, 0));
        StreamDesc {
            stream: self.number,
            epoch: self.epoch,
            kind: self.config.kind,
            format: self.config.format,
            channels: self.config.channel_count,
            unit: self.config.unit,
            flags: self.config.flags,
            rate_mhz: self.config.declared_rate_mhz.unwrap_or(self.config.rate_mhz),
            max_scans: self.config.scans_per_frame,
            filter_delay_us: self.config.filter_delay_us,
            adc_min,
            adc_max,
            label: self.config.label.as_str().into(),
        }
    }

    pub(crate) fn calibrations(&self) -> &[Calib] {
        &self.calibrations
    }

    pub(crate) fn is_running(&self) -> bool {
        self.run.is_some()
    }

    pub(crate) fn is_zeroing(&self) -> bool {
        self.zeroing.is_some()
    }

    /// Scan of the subject that has the first index on the wire, while the stream runs.
    pub(crate) fn base(&self) -> Option<u64> {
        self.run.map(|run| run.base)
    }

    /// Scan of the subject that will be taken next.
    pub(crate) fn next_scan(&self) -> u64 {
        match &self.signal {
            Signal::Person(person) => person.next_index().0,
            Signal::Replay(replay) => replay.next_index().0,
        }
    }

    /// Scans to let pass before the one that ends a frame or the zeroing.
    pub(crate) fn scans_to_wait(&self) -> u64 {
        let frame = self.run.map_or(1, |run| {
            u64::from(run.scans_per_frame.saturating_sub(self.pending.scan_count))
        });
        let zero = self.zeroing.as_ref().map_or(frame, |zeroing| {
            u64::from(zeroing.wanted_count.saturating_sub(zeroing.scan_count))
        });
        (self.overrun_count + frame.min(zero)).saturating_sub(1)
    }

    /// Starts a stream that is stopped at scan `base` of the subject.
    pub(crate) fn start(&mut self, base: u64, start: &Start) {
        let most = self.config.scans_per_frame;
        let hint = u64::from(start.batch_ms) * u64::from(self.config.rate_mhz) / 1_000_000;
        let scans_per_frame = match start.batch_ms {
            0 => most,
            _ => hint.clamp(1, u64::from(most)) as u16,
        };
        self.run = Some(Run { base, scans_per_frame });
        match &mut self.signal {
            Signal::Person(person) => person.skip_to(SampleIndex(base)),
            Signal::Replay(replay) => replay.skip_to(SampleIndex(base)),
        }
    }

    /// Stops at once. Send the unfinished frame before. Returns the sequence of a ZERO that was not
    /// answered.
    pub(crate) fn stop(&mut self) -> Option<u16> {
        self.run = None;
        self.overrun_count = 0;
        self.clear();
        self.zeroing.take()?.unanswered
    }

    /// Back to the state after boot.
    pub(crate) fn reboot(&mut self) {
        self.counts.reset += u64::from(self.pending.scan_count);
        self.stop();
        self.epoch = 0;
        self.calibrations.clone_from(&self.stored_calibrations);
    }

    /// Measures one scan.
    pub(crate) fn take_scan(&mut self) -> Taken {
        let scan_index = self.next_scan();
        match &mut self.signal {
            Signal::Person(person) => person.next_scan(&mut self.scan),
            Signal::Replay(replay) => replay.next_scan(&mut self.scan),
        }
        self.counts.taken += 1;
        if self.overrun_count > 0 {
            self.overrun_count -= 1;
            self.counts.overrun += 1;
            self.pending.status = self.pending.status | SampleStatus::OVERRUN;
            return Taken::Scan;
        }
        if self.pending.scan_count == 0 {
            self.pending.first_scan = scan_index;
        }
        self.pending.scan_count += 1;
        let mut status = self.forced_status;
        if self.zeroing.is_some() {
            status = status | SampleStatus::WARMING_UP;
        }
        self.pending.status = self.pending.status | status;
        for channel in 0..self.scan.len() {
            self.convert(channel);
        }
        let zeroed = self.zeroing.as_mut().is_some_and(|zeroing| zeroing.take(&self.codes));
        let full = self.run.is_some_and(|run| self.pending.scan_count >= run.scans_per_frame);
        match (zeroed, full) {
            (true, _) => Taken::Zero,
            (false, true) => Taken::Frame,
            (false, false) => Taken::Scan,
        }
    }

    /// The converter: quantises, clamps, and appends to the frame. A value that is no number gives
    /// the last code again, as stale, and a sensor fault.
    fn convert(&mut self, channel: usize) {
        let (scale, offset) = (f64::from(self.config.scale), f64::from(self.config.offset));
        let value = self.scan[channel];
        let exact = self.factor.map_or(value, |factor| value * factor / scale + offset);
        if exact.is_nan() {
            self.fault(channel, SampleStatus::SENSOR_FAULT | SampleStatus::STALE);
        } else {
            let (low, high) = self.code_range;
            let code = exact.round().clamp(f64::from(low), f64::from(high)) as i32;
            self.codes[channel] = code;
            // Without rails there is nothing to stand at, but the format still ends somewhere.
            let beyond = exact < f64::from(low) || exact > f64::from(high);
            let at_rail = self.config.rails.is_some() || beyond;
            if code <= low && at_rail {
                self.fault(channel, SampleStatus::SATURATED_LOW);
            }
            if code >= high && at_rail {
                self.fault(channel, SampleStatus::SATURATED_HIGH);
            }
        }
        let width = self.config.format.width().unwrap_or(0);
        let mut bytes = self.codes[channel].to_le_bytes();
        if self.config.format == SampleFormat::F32 {
            // Floats carry the fraction, and pass a value that is no number on to the host.
            let (low, high) = self.code_range;
            bytes = (exact.clamp(f64::from(low), f64::from(high)) as f32).to_le_bytes();
        }
        // The code lies in the range of the format, so the lower bytes hold it.
        self.pending.data.extend_from_slice(&bytes[..width]);
    }

    fn fault(&mut self, channel: usize, status: SampleStatus) {
        self.pending.status = self.pending.status | status;
        self.pending.fault_channels |= 1 << channel;
    }

    /// The frame as far as it is filled, `None` if it is empty. `time_us` is the device clock at its
    /// first scan, see [`Self::pending_scan`].
    pub(crate) fn frame(&self, time_us: u32) -> Option<Samples<'_>> {
        let run = self.run?;
        let pending = &self.pending;
        // The wire names eight channels. A fault that was forced concerns all.
        let all = self.forced_status != SampleStatus::NONE || pending.fault_channels > 0xFF;
        (pending.scan_count > 0).then(|| Samples {
            stream: self.number,
            epoch: self.epoch,
            status: pending.status,
            // Truncation is the wrap of the wire.
            index: self.first_index.wrapping_add((pending.first_scan - run.base) as u32),
            time_us,
            scan_count: pending.scan_count,
            fault_channels: if all { 0 } else { pending.fault_channels as u8 },
            data: &pending.data,
        })
    }

    /// First scan of the unfinished frame, and how many there are.
    pub(crate) fn pending_scan(&self) -> (u64, u16) {
        (self.pending.first_scan, self.pending.scan_count)
    }

    /// Begins a new frame.
    pub(crate) fn clear(&mut self) {
        self.pending.scan_count = 0;
        self.pending.status = SampleStatus::NONE;
        self.pending.fault_channels = 0;
        self.pending.data.clear();
    }

    /// Loses the next `scan_count` scans.
    pub(crate) fn overrun(&mut self, scan_count: u64) {
        if self.is_running() {
            self.overrun_count = self.overrun_count.saturating_add(scan_count);
        }
    }

    /// Begins to average the channels in the bit mask, unless that is under way already.
    pub(crate) fn zero(&mut self, channels: u16, duration_ms: u16) {
        /// Our choice: what the device takes if the host leaves it to the device.
        const DEFAULT_MS: u16 = 500;
        if self.is_zeroing() {
            return;
        }
        let duration_ms = if duration_ms == 0 { DEFAULT_MS } else { duration_ms };
        let wanted = u64::from(duration_ms) * u64::from(self.config.rate_mhz) / 1_000_000;
        self.zeroing = Some(Zeroing {
            channels,
            sums: vec![0.0; self.scan.len()],
            scan_count: 0,
            wanted_count: u32::try_from(wanted).unwrap_or(u32::MAX).max(1),
            unanswered: None,
        });
    }

    /// Remembers which command to answer when zeroing is over. Of several repeats the last: an answer
    /// to any of them ends the host's wait.
    pub(crate) fn answer_zero(&mut self, sequence: Option<u16>) {
        if let Some(zeroing) = &mut self.zeroing {
            zeroing.unanswered = sequence.or(zeroing.unanswered);
        }
    }

    /// Takes the average as the new zero. The frames that were made before must have been sent: the
    /// epoch changes. Returns the sequence of the command that is now to be answered.
    pub(crate) fn finish_zeroing(&mut self) -> Option<u16> {
        let zeroing = self.zeroing.take()?;
        for (channel, calibration) in self.calibrations.iter_mut().enumerate() {
            if zeroing.channels & (1 << channel) != 0 {
                calibration.offset = (zeroing.sums[channel] / f64::from(zeroing.scan_count)) as f32;
                calibration.source = CalibSource::RunTimeZero;
            }
        }
        self.next_epoch();
        zeroing.unanswered
    }

    /// Tells the host another calibration from now on, under a new epoch.
    pub(crate) fn set_calibration(&mut self, new: Calib, persist: bool) {
        let channel = usize::from(new.channel);
        self.calibrations[channel] = new;
        if persist {
            self.stored_calibrations[channel] = Calib { epoch: 0, ..new };
        }
        self.next_epoch();
    }

    fn next_epoch(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
        for calibration in &mut self.calibrations {
            calibration.epoch = self.epoch;
        }
    }
}

impl Zeroing {
    /// Adds a scan; true if it was the last.
    fn take(&mut self, codes: &[i32]) -> bool {
        for (sum, code) in self.sums.iter_mut().zip(codes) {
            *sum += f64::from(*code);
        }
        self.scan_count += 1;
        self.scan_count >= self.wanted_count
    }
}
