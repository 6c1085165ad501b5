//! The faults by name: what each means, how bad it is, and what to do about it.

use core::fmt;

use crate::{Quality, SampleIndex, Span};

/// How much a fault takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; measures stand.
    Note,
    /// Measures that lie in it are doubtful.
    Doubtful,
    /// A contraction can neither be seen nor ruled out.
    Blinding,
}

/// What the value and the limit of a [`Finding`] are measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// The unit of the channel.
    Channel,
    /// A proportion, 0 to 1.
    Ratio,
    /// How many times something else, as the fault says.
    Times,
    /// Seconds.
    Seconds,
    /// Occurrences in the window that is looked at.
    Count,
    /// Samples.
    Samples,
    /// Nothing was measured: the fault was reported.
    Reported,
}

/// Something that was found, from when to when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    /// What it is.
    pub fault: Fault,
    /// The worst value in the span, in [`Fault::measure`]. 0 if the fault was reported.
    pub value: f64,
    /// The value at which the fault begins. 0 if it was reported.
    pub limit: f64,
    /// The samples it covers. `end` is how far it is known to reach; of spans that belong to the same
    /// fault, none overlap.
    pub span: Span,
    /// The first sample that came after it was known to have begun.
    pub known_at: SampleIndex,
}

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident: $flag:ident, $severity:ident, $measure:ident,
        $name:literal, $reason:literal, $remedy:literal;)*) => {
        /// What can be wrong with a signal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault {
            $($(#[$doc])* $variant,)*
        }

        impl Fault {
            /// All of them, in a fixed order.
            pub const ALL: [Self; [$(stringify!($variant)),*].len()] = [$(Self::$variant),*];

            /// The flag it sets. Those that only a note is worth set none.
            #[must_use]
            pub const fn flag(self) -> Quality {
                match self { $(Self::$variant => Quality::$flag,)* }
            }

            /// How much it takes away.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// What value and limit are measured in.
            #[must_use]
            pub const fn measure(self) -> Measure {
                match self { $(Self::$variant => Measure::$measure,)* }
            }

            /// A short name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What was seen, and why it matters.
            #[must_use]
            pub const fn reason(self) -> &'static str {
                match self { $(Self::$variant => $reason,)* }
            }

            /// What to do about it.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)* }
            }
        }
    };
}

faults! {
    /// At the lower end of the range. Value: the reading; limit: the end of the range.
    SaturatedLow: SATURATED_LOW, Doubtful, Channel, "saturated low",
        "The signal reaches the lower end of what the device can measure; real values may be lower.",
        "Lower the gain, or zero the sensor. For EMG, check that the electrodes sit well.";
    /// At the upper end of the range. Value: the reading; limit: the end of the range.
    SaturatedHigh: SATURATED_HIGH, Doubtful, Channel, "saturated high",
        "The signal reaches the upper end of what the device can measure; real peaks may be higher.",
        "Lower the gain, or zero the sensor. For EMG, check that the electrodes sit well.";
    /// An electrode has no contact, as the signal shows. Value: how many times the signal fell or the
    /// mains hum exceeds everything else, in RMS.
    ElectrodeOff: LEAD_OFF, Blinding, Times, "electrode off",
        "The signal broke down, went to the end of the range or is nothing but mains hum.",
        "Press the electrodes on, check the reference electrode, the lead and its plug.";
    /// An electrode has no contact, as the device says.
    LeadOffReported: LEAD_OFF, Blinding, Reported, "electrode off (device)",
        "The device reports that an electrode has no contact or the probe is unplugged.",
        "Press the electrodes on, check the reference electrode, the lead and its plug.";
    /// The value stands still. Value and limit: how long.
    Flat: FLAT, Blinding, Seconds, "flat line",
        "The value has not changed at all for longer than a living signal allows.",
        "Check that the probe is in place and plugged in; then restart the device.";
    /// 50 Hz and its harmonics. Value: their share of the power above about 20 Hz.
    Mains50: MAINS, Doubtful, Ratio, "mains hum (50 Hz)",
        "Hum from the electrical supply is a large part of the signal.",
        "Check the reference electrode, move leads away from mains cables, run on battery.";
    /// 60 Hz and its harmonics. Value: their share of the power above about 20 Hz.
    Mains60: MAINS, Doubtful, Ratio, "mains hum (60 Hz)",
        "Hum from the electrical supply is a large part of the signal.",
        "Check the reference electrode, move leads away from mains cables, run on battery.";
    /// Too loud at rest. Value: the lowest RMS over a quarter of a second.
    NoiseFloor: NOISE_FLOOR, Doubtful, Channel, "noise floor",
        "Even the quietest moment is louder than allowed; small activity is hidden and rest reads too high.",
        "Ask the person to let go fully; clean the skin, press the electrodes on, move away from devices.";
    /// The quietest moment is no more than the converter's rounding. Value: the lowest RMS over a quarter
    /// of a second; limit: 0.6 steps of the converter.
    ConverterStep: GOOD, Note, Channel, "coarse converter",
        "At rest the signal is no larger than one step of the device's converter; its level there is rounding.",
        "Raise the gain if the device allows; do not compare levels at rest.";
    /// The baseline jumped. Value: how many times the noise beside it.
    BaselineStep: BASELINE_STEP, Doubtful, Times, "baseline step",
        "The baseline jumped faster than the body can and stayed: an electrode, the probe or a plug moved.",
        "Check the position of probe and electrodes and fix the cable; zero a pressure probe again.";
    /// Slow swings. Value: their RMS as a multiple of the RMS above about 20 Hz.
    Motion: MOTION, Doubtful, Times, "motion",
        "Slow swings larger than the muscle signal: leads or electrodes are moving.",
        "Fix the leads with tape, ask the person to keep still, press the electrodes on.";
    /// A spike. Value: its size as a multiple of the range of what surrounds it.
    Spike: SPIKE, Doubtful, Times, "spike",
        "A spike too short for a contraction: a touch, a contact or a switched device.",
        "Keep hands off the leads, check plugs, move away from switching devices.";
    /// The heart beat. Value: the share that was given to [`Monitor::heart`](super::Monitor::heart).
    Heart: HEART, Doubtful, Ratio, "heart beat",
        "The heart beat covers much of the signal.",
        "Move the reference electrode, bring the electrodes closer together.";
    /// To and fro over the range. Value: jumps within 5 s.
    Erratic: ERRATIC, Blinding, Count, "erratic sensor",
        "The value jumps to and fro over its range from sample to sample: a broken sensor or contact.",
        "Check plug and tube or cable; replace the sensor.";
    /// Samples are missing. Value: how many.
    Gap: GAP, Note, Samples, "gap",
        "Samples did not arrive; nothing is made up in their place.",
        "Check the cable or the distance to the receiver.";
    /// Reported by the device.
    SensorFaultReported: SENSOR_FAULT, Blinding, Reported, "sensor fault (device)",
        "The device reports a fault of its sensor.",
        "Restart the device; replace the sensor if the fault returns.";
    /// Reported by the device.
    StaleReported: STALE, Blinding, Reported, "stale value (device)",
        "The device repeats an old value.",
        "Restart the device.";
    /// Reported by the device.
    OverrunReported: OVERRUN, Note, Reported, "device overrun",
        "The device was too busy and dropped samples.",
        "Lower the rate or the number of channels.";
    /// Reported by the device.
    ClockJumpReported: CLOCK_JUMP, Note, Reported, "clock jump (device)",
        "The device's clock jumped.",
        "Restart the device if it happens again.";
    /// Reported by the device.
    TestSignalReported: TEST_SIGNAL, Doubtful, Reported, "test signal",
        "This is a test signal of the device and not a person.",
        "Switch the test signal off.";
    /// Reported by the device.
    WarmingReported: WARMING, Blinding, Reported, "warming up",
        "The sensor is warming up or being zeroed.",
        "Wait until it has finished.";
    /// Reported by the device.
    LowBatteryReported: LOW_BATTERY, Note, Reported, "low battery",
        "The battery is low.",
        "Charge or replace it before the next measurement.";
    /// A value was no finite number, or too large to reckon with.
    NotFinite: NOT_FINITE, Blinding, Reported, "not a number",
        "Values arrived that are no numbers, or are beyond all measure.",
        "Check the scale in the settings and the connection; restart the device.";
    /// Filters have not settled.
    Settling: SETTLING, Note, Reported, "settling",
        "The filters have just started and have not settled.",
        "Wait a moment.";
}

impl Fault {
    pub(super) const COUNT: usize = Self::ALL.len();

    /// The faults that are taken over from flags of a block.
    pub(super) const REPORTED: [Self; 10] = [
        Self::LeadOffReported,
        Self::SensorFaultReported,
        Self::StaleReported,
        Self::OverrunReported,
        Self::ClockJumpReported,
        Self::TestSignalReported,
        Self::WarmingReported,
        Self::LowBatteryReported,
        Self::NotFinite,
        Self::Settling,
    ];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_blinds_the_detector_is_what_is_called_blinding() {
        for fault in Fault::ALL {
            assert_eq!(
                fault.severity() == Severity::Blinding,
                fault.flag().intersects(Quality::BLINDING),
                "{fault}"
            );
        }
    }

    #[test]
    fn every_fault_says_why_and_what_to_do() {
        for fault in Fault::ALL {
            assert!(fault.reason().ends_with('.') && fault.remedy().ends_with('.'), "{fault}");
        }
    }
}
