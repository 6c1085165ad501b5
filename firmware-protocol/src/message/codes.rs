//! The enumerations and bit sets of the messages (SPEC 3.22, 3.23).
//!
//! A number this version does not know stays as `Other` and is passed on; a reserved bit is
//! dropped on receive and never sent.

macro_rules! code {
    (
        $(#[$about:meta])*
        $name:ident
        $( $(#[$meaning:meta])* $variant:ident = $code:literal, )*
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[$meaning])* $variant, )*
            /// A number this version gives no meaning to.
            Other(u8),
        }

        impl $name {
            /// The numbers with a meaning.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),*];

            /// The meaning of a number on the wire.
            #[inline]
            #[must_use]
            pub const fn from_code(code: u8) -> Self {
                match code {
                    $( $code => Self::$variant, )*
                    other => Self::Other(other),
                }
            }

            /// The number on the wire.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self {
                    $( Self::$variant => $code, )*
                    Self::Other(code) => code,
                }
            }

            /// Whether this is what a receiver makes of its number: `Other` of a known number is not.
            pub(crate) fn survives(self) -> bool {
                Self::from_code(self.code()) == self
            }
        }
    };
}

macro_rules! bits {
    (
        $(#[$about:meta])*
        $name:ident: $integer:ident
        $( $(#[$meaning:meta])* $constant:ident, $has:ident = $bit:literal, )*
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $name($integer);

        impl $name {
            $( $(#[$meaning])* pub const $constant: Self = Self(1 << $bit); )*
            /// The bits with a meaning, by name, lowest first.
            pub const NAMED: &'static [(&'static str, Self)] =
                &[$((stringify!($constant), Self::$constant)),*];
            /// No bit set.
            pub const NONE: Self = Self(0);
            /// Every bit with a meaning.
            pub const ALL: Self = Self(0 $(| 1 << $bit)*);

            /// The set on the wire; reserved bits are dropped.
            #[inline]
            #[must_use]
            pub const fn from_bits(bits: $integer) -> Self {
                Self(bits & Self::ALL.0)
            }

            /// The number on the wire.
            #[must_use]
            pub const fn bits(self) -> $integer {
                self.0
            }

            /// Whether every bit of `other` is set here.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// The bits of both.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            $(
                #[doc = concat!("Whether [`Self::", stringify!($constant), "`] is set.")]
                #[must_use]
                pub const fn $has(self) -> bool {
                    self.contains(Self::$constant)
                }
            )*
        }

        impl core::ops::BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                self.union(other)
            }
        }
    };
}

code! {
    /// What a stream measures.
    StreamKind
    /// Pressure inside a balloon or cuff.
    Pressure = 1,
    /// Electromyogram as sampled, around zero.
    EmgRaw = 2,
    /// Envelope of an electromyogram, made by the device.
    EmgEnvelope = 3,
    /// Temperature.
    Temperature = 4,
    /// Acceleration.
    Acceleration = 5,
    /// Force.
    Force = 6,
    /// Voltage of the battery.
    Battery = 7,
}

code! {
    /// How one sample is written; all little endian.
    SampleFormat
    /// Two bytes, two's complement.
    I16 = 1,
    /// Three bytes, two's complement.
    I24 = 2,
    /// Four bytes, two's complement.
    I32 = 3,
    /// Four bytes, IEEE 754 single precision.
    F32 = 4,
    /// Two bytes, unsigned.
    U16 = 5,
}

code! {
    /// Unit of a stream's values after calibration.
    WireUnit
    /// Converter counts; there is no calibration.
    Counts = 0,
    /// Pascal.
    Pascal = 1,
    /// Microvolt at the electrode.
    Microvolt = 2,
    /// Degree Celsius.
    Celsius = 3,
    /// Standard gravity, 9.80665 m/s².
    Gravity = 4,
    /// Newton.
    Newton = 5,
    /// Volt.
    Volt = 6,
}

code! {
    /// Where a calibration comes from.
    CalibSource
    /// From the data sheet of the sensor.
    Nominal = 0,
    /// Measured on this device when it was made.
    Factory = 1,
    /// Measured by the person who uses it.
    User = 2,
    /// Offset measured since the start, by ZERO.
    RunTimeZero = 3,
}

code! {
    /// What a device is doing.
    DeviceState
    /// Waiting for START.
    Idle = 0,
    /// Sending samples.
    Streaming = 1,
    /// Cannot measure; STATUS says why in its faults.
    Error = 2,
    /// Zeroing or calibrating.
    Calibrating = 3,
}

code! {
    /// How grave a line of the device's log is.
    LogLevel
    /// The device cannot do what it was asked.
    Error = 0,
    /// The device goes on, but not as intended.
    Warning = 1,
    /// Something worth knowing.
    Information = 2,
    /// For the authors of the firmware.
    Debug = 3,
}

code! {
    /// How a command ended.
    AckResult
    /// Done.
    Ok = 0,
    /// The device does not know the type.
    UnknownKind = 1,
    /// The payload is too short.
    Length = 2,
    /// A value is out of range, or names what the device has not got.
    Value = 3,
    /// Not now; ask again.
    Busy = 4,
    /// This device cannot do it at all.
    Unsupported = 5,
    /// Tried, and the hardware did not follow.
    Hardware = 6,
}

bits! {
    /// What a device can do.
    Capabilities: u32
    /// Answers TIME_REQ.
    TIME_SYNC, has_time_sync = 0,
    /// Carries out ZERO.
    ZERO, has_zero = 1,
    /// Keeps what SET_CAL brings.
    STORED_CALIBRATION, has_stored_calibration = 2,
    /// Notices a detached electrode or probe.
    LEAD_OFF, has_lead_off = 3,
    /// Runs on a battery and reports it.
    BATTERY, has_battery = 4,
    /// Carries out SELF_TEST.
    SELF_TEST, has_self_test = 5,
    /// Has a button that sends EVENT.
    BUTTON, has_button = 6,
    /// Carries out SET_RATE.
    RATE_SETTING, has_rate_setting = 7,
    /// Streams only while KEEPALIVE comes.
    KEEP_ALIVE_REQUIRED, needs_keep_alive = 8,
}

bits! {
    /// What has been done to a stream's values.
    StreamFlags: u16
    /// Pressure against the surroundings, not against vacuum.
    GAUGE, is_gauge = 0,
    /// Low-passed by the device below half the sample rate.
    LOW_PASSED, is_low_passed = 1,
    /// Rectified by the device.
    RECTIFIED, is_rectified = 2,
}

bits! {
    /// What is wrong with the samples of one frame.
    SampleStatus: u16
    /// A value stands at the lower end of the converter.
    SATURATED_LOW, is_saturated_low = 0,
    /// A value stands at the upper end of the converter.
    SATURATED_HIGH, is_saturated_high = 1,
    /// An electrode or the probe is not connected.
    LEAD_OFF, is_lead_off = 2,
    /// The sensor reports a fault.
    SENSOR_FAULT, is_sensor_fault = 3,
    /// The sensor gave an old value again.
    STALE, is_stale = 4,
    /// Samples before this frame were lost in the device.
    OVERRUN, is_overrun = 5,
    /// The device clock jumped before this frame.
    CLOCK_DISCONTINUITY, is_clock_discontinuity = 6,
    /// The values are a test signal, not a person.
    TEST_SIGNAL, is_test_signal = 7,
    /// The sensor warms up or is being zeroed.
    WARMING_UP, is_warming_up = 8,
    /// The battery is low enough to affect the values.
    LOW_BATTERY, is_low_battery = 9,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_keeps_its_value_known_or_not() {
        for code in 0..=255 {
            assert_eq!(StreamKind::from_code(code).code(), code);
            assert_eq!(SampleFormat::from_code(code).code(), code);
            assert_eq!(WireUnit::from_code(code).code(), code);
            assert_eq!(CalibSource::from_code(code).code(), code);
            assert_eq!(DeviceState::from_code(code).code(), code);
            assert_eq!(LogLevel::from_code(code).code(), code);
            assert_eq!(AckResult::from_code(code).code(), code);
        }
    }

    #[test]
    fn a_number_without_meaning_is_other() {
        assert_eq!(StreamKind::from_code(0xFF), StreamKind::Other(0xFF));
        assert_eq!(SampleFormat::from_code(0), SampleFormat::Other(0));
    }

    #[test]
    fn a_known_number_does_not_survive_as_other() {
        assert!(LogLevel::Error.survives() && LogLevel::Other(9).survives());
        assert!(!LogLevel::Other(0).survives());
    }

    #[test]
    fn reserved_bits_are_dropped() {
        assert_eq!(SampleStatus::from_bits(0xFFFF).bits(), 0x03FF);
        assert_eq!(StreamFlags::from_bits(0xFFFF).bits(), 0x0007);
        assert_eq!(Capabilities::from_bits(u32::MAX).bits(), 0x01FF);
    }

    #[test]
    fn bits_are_asked_for_by_name() {
        let status = SampleStatus::SATURATED_HIGH | SampleStatus::LEAD_OFF;
        assert_eq!(status.bits(), 6);
        assert!(status.is_saturated_high() && status.is_lead_off());
        assert!(!status.is_saturated_low() && !status.contains(SampleStatus::ALL));
        assert!(status.contains(SampleStatus::NONE));
    }
}
