//! Views: the fixed fields of each payload at their offsets (SPEC 3). A view judges nothing.
//!
//! A view is made over any bytes long enough for the message of minor version 0; after that no
//! accessor panics. Over `&mut [u8]` it also writes. Text and data behind the fixed fields are
//! read by the values in [`crate::message`].

/// One fixed field of a payload: a row in a table of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Name as in the specification.
    pub name: &'static str,
    /// First byte, counted from the start of the payload.
    pub offset: usize,
    /// Length in bytes.
    pub len: usize,
}

/// Numbers and byte strings of fixed length, little endian.
trait Fixed: Sized {
    fn load(bytes: &[u8]) -> Self;
    fn store(self, bytes: &mut [u8]);
}

impl<const N: usize> Fixed for [u8; N] {
    #[inline]
    fn load(bytes: &[u8]) -> Self {
        let mut value = [0; N];
        value.copy_from_slice(bytes);
        value
    }

    #[inline]
    fn store(self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self);
    }
}

macro_rules! fixed {
    ($($number:ty)*) => {$(
        impl Fixed for $number {
            #[inline]
            fn load(bytes: &[u8]) -> Self {
                Self::from_le_bytes(Fixed::load(bytes))
            }

            #[inline]
            fn store(self, bytes: &mut [u8]) {
                self.to_le_bytes().store(bytes);
            }
        }
    )*};
}

fixed!(u8 u16 u32 u64 i16 i32 f32);

macro_rules! view {
    (
        $(#[$about:meta])*
        $name:ident, $least:literal bytes
        $( $field:ident, $set:ident: $type:ty, $offset:literal; )*
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<T>(T);

        impl $name<&[u8]> {
            /// Shortest payload of minor version 0, in bytes.
            pub const LEAST: usize = $least;
            /// The fixed fields in order.
            pub const FIELDS: &'static [Field] = &[$(
                Field { name: stringify!($field), offset: $offset, len: size_of::<$type>() },
            )*];
        }

        impl<T: AsRef<[u8]>> $name<T> {
            /// A view on `payload`, or `None` if it is too short.
            #[inline]
            #[must_use]
            pub fn new(payload: T) -> Option<Self> {
                payload.as_ref().get(..$least)?;
                Some(Self(payload))
            }

            $(
                #[doc = concat!("The field `", stringify!($field), "` at offset ", $offset, ".")]
                #[inline]
                #[must_use]
                pub fn $field(&self) -> $type {
                    Fixed::load(&self.0.as_ref()[$offset..$offset + size_of::<$type>()])
                }
            )*
        }

        impl<T: AsMut<[u8]>> $name<T> {
            $(
                #[doc = concat!("Writes the field `", stringify!($field), "`.")]
                #[inline]
                pub fn $set(&mut self, value: $type) {
                    value.store(&mut self.0.as_mut()[$offset..$offset + size_of::<$type>()]);
                }
            )*
        }
    };
}

view! {
    /// HELLO, type 01; the name follows.
    HelloView, 29 bytes
    magic, set_magic: [u8; 4], 0;
    minor, set_minor: u8, 4;
    max_payload, set_max_payload: u8, 5;
    model, set_model: u16, 6;
    boot_id, set_boot_id: u32, 8;
    uid, set_uid: [u8; 8], 12;
    firmware, set_firmware: [u8; 3], 20;
    stream_count, set_stream_count: u8, 23;
    capabilities, set_capabilities: u32, 24;
    name_len, set_name_len: u8, 28;
}

view! {
    /// STREAM_DESC, type 02; the label follows.
    StreamDescView, 29 bytes
    stream, set_stream: u8, 0;
    epoch, set_epoch: u8, 1;
    kind, set_kind: u8, 2;
    format, set_format: u8, 3;
    channels, set_channels: u8, 4;
    unit, set_unit: u8, 5;
    flags, set_flags: u16, 6;
    rate_mhz, set_rate_mhz: u32, 8;
    max_scans, set_max_scans: u16, 12;
    reserved, set_reserved: u16, 14;
    filter_delay_us, set_filter_delay_us: u32, 16;
    adc_min, set_adc_min: i32, 20;
    adc_max, set_adc_max: i32, 24;
    label_len, set_label_len: u8, 28;
}

view! {
    /// CALIB, type 03.
    CalibView, 20 bytes
    stream, set_stream: u8, 0;
    channel, set_channel: u8, 1;
    epoch, set_epoch: u8, 2;
    source, set_source: u8, 3;
    scale, set_scale: f32, 4;
    offset, set_offset: f32, 8;
    calibrated_at_s, set_calibrated_at_s: u32, 12;
    reference_span, set_reference_span: f32, 16;
}

view! {
    /// SAMPLES, type 10; the data follow.
    SamplesView, 14 bytes
    stream, set_stream: u8, 0;
    epoch, set_epoch: u8, 1;
    status, set_status: u16, 2;
    index, set_index: u32, 4;
    time_us, set_time_us: u32, 8;
    scan_count, set_scan_count: u8, 12;
    fault_channels, set_fault_channels: u8, 13;
}

view! {
    /// EVENT, type 11.
    EventView, 12 bytes
    index, set_index: u32, 0;
    time_us, set_time_us: u32, 4;
    code, set_code: u8, 8;
    stream, set_stream: u8, 9;
    value, set_value: i16, 10;
}

view! {
    /// STATUS, type 12.
    StatusView, 28 bytes
    uptime_us, set_uptime_us: u64, 0;
    boot_id, set_boot_id: u32, 8;
    state, set_state: u8, 12;
    battery_percent, set_battery_percent: u8, 13;
    battery_mv, set_battery_mv: u16, 14;
    temperature_centi_c, set_temperature_centi_c: i16, 16;
    rx_crc_errors, set_rx_crc_errors: u16, 18;
    rx_overruns, set_rx_overruns: u16, 20;
    tx_dropped, set_tx_dropped: u16, 22;
    faults, set_faults: u32, 24;
}

view! {
    /// LOG, type 13; the text follows.
    LogView, 1 bytes
    level, set_level: u8, 0;
}

view! {
    /// TIME_REP, type 14.
    TimeRepView, 24 bytes
    t1, set_t1: u64, 0;
    t2_us, set_t2_us: u64, 8;
    t3_us, set_t3_us: u64, 16;
}

view! {
    /// ACK, type 1F; data may follow.
    AckView, 4 bytes
    kind, set_kind: u8, 0;
    sequence, set_sequence: u16, 1;
    result, set_result: u8, 3;
}

view! {
    /// IDENTIFY, type 40.
    IdentifyView, 6 bytes
    magic, set_magic: [u8; 4], 0;
    minor, set_minor: u8, 4;
    max_payload, set_max_payload: u8, 5;
}

view! {
    /// GET_DESC, type 41.
    GetDescView, 1 bytes
    stream, set_stream: u8, 0;
}

view! {
    /// START, type 42.
    StartView, 6 bytes
    streams, set_streams: u8, 0;
    batch_ms, set_batch_ms: u8, 1;
    keep_alive_ms, set_keep_alive_ms: u32, 2;
}

view! {
    /// STOP, type 43: no fields.
    StopView, 0 bytes
}

view! {
    /// SET_RATE, type 44.
    SetRateView, 5 bytes
    stream, set_stream: u8, 0;
    rate_mhz, set_rate_mhz: u32, 1;
}

view! {
    /// ZERO, type 45.
    ZeroView, 4 bytes
    stream, set_stream: u8, 0;
    channel, set_channel: u8, 1;
    duration_ms, set_duration_ms: u16, 2;
}

view! {
    /// SET_CAL, type 46: the fields of CALIB, then whether to keep them.
    SetCalView, 21 bytes
    stream, set_stream: u8, 0;
    channel, set_channel: u8, 1;
    epoch, set_epoch: u8, 2;
    source, set_source: u8, 3;
    scale, set_scale: f32, 4;
    offset, set_offset: f32, 8;
    calibrated_at_s, set_calibrated_at_s: u32, 12;
    reference_span, set_reference_span: f32, 16;
    persist, set_persist: u8, 20;
}

view! {
    /// TIME_REQ, type 47.
    TimeReqView, 8 bytes
    t1, set_t1: u64, 0;
}

view! {
    /// KEEPALIVE, type 48: no fields.
    KeepAliveView, 0 bytes
}

view! {
    /// SELF_TEST, type 49.
    SelfTestView, 2 bytes
    stream, set_stream: u8, 0;
    on, set_on: u8, 1;
}

view! {
    /// RESET, type 4F.
    ResetView, 4 bytes
    magic, set_magic: [u8; 4], 0;
}
