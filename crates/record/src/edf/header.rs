//! The header: what is in the file, and where.
//!
//! ```text
//!   0    8 version         244  8 seconds in a data record   then for all signals, field by field:
//!   8   80 patient         252  4 number of signals           16 label       80 transducer   8 unit
//!  88   80 recording       256                                 8 physical minimum, maximum
//! 168  8+8 date, time                                          8 digital minimum, maximum
//! 184    8 header bytes                                       80 filters      8 samples    32 reserved
//! 192   44 reserved: EDF+C, EDF+D, BDF+C, BDF+D, else plain
//! 236    8 number of data records, or -1
//! ```
//!
//! # Source
//!
//! Kemp et al. 1992, Electroenceph Clin Neurophysiol 82:391; Kemp and Olivan 2003, Clin Neurophysiol
//! 114:1755; for 24 bits, the BioSemi file format.

use std::ops::Range;

use levator_signal::{Calibration, SampleRate, SignalKind, Unit};

use super::error::{Deviation, EdfError};
use super::field::{self, Decimal};
use super::{MAX_RECORD_LEN, Variant, names};

/// Bytes before the fields of the signals, and bytes of all fields of one signal.
pub(crate) const FIXED_LEN: usize = 256;

/// Most signals that are read. Our choice: the widest amplifier in use has 512, and the header stays
/// at half a megabyte.
pub const MAX_SIGNALS: usize = 2048;

/// Deviations of fields that are kept; a file with more is no better known by more of them.
const MAX_DEVIATIONS: usize = 64;

/// Whether data records follow on one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Continuity {
    /// EDF or BDF as first specified: without annotations, without gaps.
    Plain,
    /// EDF+C or BDF+C: without gaps.
    Continuous,
    /// EDF+D or BDF+D: each data record states its time.
    Discontinuous,
}

/// When the first data record began, in the local time of the place. The file states no time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StartTime {
    /// Years 85 to 99 are those of 1900, others of 2000, as the specification wants it.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

/// One signal that is no list of annotations.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// Its name.
    pub label: String,
    /// Its sensor, in words.
    pub transducer: String,
    /// Filters it went through, in words.
    pub prefilter: String,
    /// Unit of its values, as the file writes it.
    pub dimension: String,
    /// The same, if we know it.
    pub unit: Option<Unit>,
    /// What it measures, if label or unit say so.
    pub kind: Option<SignalKind>,
    /// Values of the smallest and the largest code; the smaller value may come last.
    pub physical: (f64, f64),
    /// Smallest and largest code.
    pub digital: (i32, i32),
    /// From codes to values. The same numbers, and so the same bits, as EDFlib and edfio compute.
    pub calibration: Calibration,
    /// Samples in each data record; may be zero.
    pub samples_per_record: usize,
    /// `None` if data records have no duration, or no sample of it.
    pub rate: Option<SampleRate>,
    /// Where its samples lie in a data record.
    pub(crate) bytes: Range<usize>,
}

/// Everything the header says.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// 16 or 24 bits.
    pub variant: Variant,
    /// Whether data records follow on one another.
    pub continuity: Continuity,
    /// The person, as the file says. Often a name: not to be shown or passed on unasked.
    pub patient: String,
    /// Who recorded when with what, as the file says. May hold a name too.
    pub recording: String,
    /// When it began, if the file says so.
    pub start: Option<StartTime>,
    /// Bytes of the header.
    pub header_len: usize,
    /// Number of data records, if the file states it.
    pub record_count: Option<u64>,
    /// Duration of a data record in seconds; zero where there are only annotations.
    pub record_duration_s: f64,
    /// Bytes of a data record.
    pub record_len: usize,
    /// The signals, those with annotations left out.
    pub signals: Vec<Signal>,
    /// Where annotations lie in a data record; the first list states its time.
    pub(crate) annotations: Vec<Range<usize>>,
    /// Where the header is not as the specification wants it.
    pub deviations: Vec<Deviation>,
}

/// The fixed part, and what the others need of it.
pub(crate) struct Fixed {
    pub(crate) variant: Variant,
    pub(crate) signal_count: usize,
}

/// Whether `start` begins an EDF or BDF file: the version, and the length of the header. The version
/// of EDF alone could also begin a table of numbers.
#[must_use]
pub fn is_edf(start: &[u8]) -> bool {
    let announces = |range| {
        start.get(range).and_then(field::whole).is_some_and(|len| len >= 256 && len % 256 == 0)
    };
    match variant(start) {
        Some(Variant::Bdf) => true,
        Some(Variant::Edf) => announces(184..192),
        None => false,
    }
}

fn variant(start: &[u8]) -> Option<Variant> {
    match start.get(..8)? {
        b"\xffBIOSEMI" => Some(Variant::Bdf),
        [b'0', rest @ ..] if rest.iter().all(|byte| matches!(byte, b' ' | 0)) => Some(Variant::Edf),
        _ => None,
    }
}

/// Reads as much of the fixed part as tells how long the header is.
pub(crate) fn fixed(bytes: &[u8]) -> Result<Fixed, EdfError> {
    let Some(variant) = variant(bytes) else {
        let start = &bytes[..bytes.len().min(8)];
        let shown = |byte: &u8| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        };
        return Err(EdfError::NotEdf { found: start.iter().map(shown).collect() });
    };
    if bytes.len() < FIXED_LEN {
        return Err(EdfError::HeaderCut { expected: FIXED_LEN, actual: bytes.len() });
    }
    let refuse = |field, range: Range<usize>, bound| EdfError::Field {
        field,
        offset: range.start,
        found: field::text(&bytes[range]),
        bound,
    };
    let count = field::whole(&bytes[252..256]).and_then(|count| u64::try_from(count).ok());
    let count = count.ok_or_else(|| refuse("number of signals", 252..256, "0 to 2048"))?;
    let signal_count = usize::try_from(count).unwrap_or(usize::MAX);
    if signal_count > MAX_SIGNALS {
        return Err(EdfError::TooManySignals { actual: count });
    }
    let header_len = FIXED_LEN * (signal_count + 1);
    if field::whole(&bytes[184..192]) != i64::try_from(header_len).ok() {
        let bound = "256 for each signal and 256 more";
        return Err(refuse("number of bytes in header", 184..192, bound));
    }
    Ok(Fixed { variant, signal_count })
}

/// Reads the whole header; `bytes` is exactly that.
pub(crate) fn parse(bytes: &[u8], fixed: &Fixed) -> Result<Header, EdfError> {
    let mut notes = Notes { bytes, list: Vec::new() };
    let continuity = match field::text(&bytes[192..236]).as_bytes() {
        [b'E' | b'B', b'D', b'F', b'+', b'C', ..] => Continuity::Continuous,
        [b'E' | b'B', b'D', b'F', b'+', b'D', ..] => Continuity::Discontinuous,
        _ => Continuity::Plain,
    };
    let start = start_time(&bytes[168..176], &bytes[176..184]);
    if start.is_none() {
        notes.field("startdate and starttime", 168..184);
    }
    let record_count = match field::whole(&bytes[236..244]) {
        Some(-1) => None,
        Some(count) if count >= 0 => Some(count.unsigned_abs()),
        _ => {
            notes.field("number of data records", 236..244);
            None
        }
    };
    let duration = notes.decimal(244..252).filter(|duration| duration.value >= 0.0);
    let duration = duration.ok_or_else(|| EdfError::Field {
        field: "duration of a data record",
        offset: 244,
        found: field::text(&bytes[244..252]),
        bound: "a number of seconds",
    })?;

    let mut signals = Vec::new();
    let mut annotations = Vec::new();
    let mut offset: u64 = 0;
    for index in 0..fixed.signal_count {
        let at = |start: usize, len: usize| {
            let start = FIXED_LEN + start * fixed.signal_count + len * index;
            start..start + len
        };
        let sample_range = at(216, 8);
        let samples =
            field::whole(&bytes[sample_range.clone()]).and_then(|n| u64::try_from(n).ok());
        let samples = samples.ok_or_else(|| EdfError::Field {
            field: "number of samples in a data record",
            offset: sample_range.start,
            found: field::text(&bytes[sample_range]),
            bound: "0 or more",
        })?;
        let len = samples.saturating_mul(fixed.variant.sample_len() as u64);
        let end = offset.saturating_add(len);
        if end > MAX_RECORD_LEN as u64 {
            return Err(EdfError::RecordTooLong { actual: end });
        }
        let range = offset as usize..end as usize;
        offset = end;
        let label = field::text(&bytes[at(0, 16)]);
        if label.eq_ignore_ascii_case("EDF Annotations")
            || label.eq_ignore_ascii_case("BDF Annotations")
        {
            annotations.push(range);
            continue;
        }
        let dimension = field::text(&bytes[at(96, 8)]);
        let ranges = Ranges {
            physical: (notes.decimal(at(104, 8)), notes.decimal(at(112, 8))),
            digital: (notes.decimal(at(120, 8)), notes.decimal(at(128, 8))),
        };
        let scaled = ranges.calibration();
        let digital = ranges.digital(fixed.variant);
        let position = signals.len();
        if scaled.is_none() {
            notes.add(Deviation::Uncalibrated { signal: position });
        } else if digital.0 > digital.1 {
            notes.add(Deviation::DigitalReversed { signal: position });
        }
        let unit = names::unit(&dimension);
        signals.push(Signal {
            kind: names::kind(&label, unit),
            unit: unit.filter(|_| scaled.is_some()),
            transducer: field::text(&bytes[at(16, 80)]),
            prefilter: field::text(&bytes[at(136, 80)]),
            label,
            dimension,
            physical: scaled.map_or((f64::from(digital.0), f64::from(digital.1)), |(_, all)| all),
            digital,
            calibration: scaled.map_or(Calibration::IDENTITY, |(calibration, _)| calibration),
            samples_per_record: samples as usize,
            rate: rate(samples, duration),
            bytes: range,
        });
    }
    Ok(Header {
        variant: fixed.variant,
        continuity,
        patient: field::text(&bytes[8..88]),
        recording: field::text(&bytes[88..168]),
        start,
        header_len: bytes.len(),
        record_count,
        record_duration_s: duration.value,
        record_len: offset as usize,
        signals,
        annotations,
        deviations: notes.list,
    })
}

/// The four numbers that scale a signal.
struct Ranges {
    physical: (Option<Decimal>, Option<Decimal>),
    digital: (Option<Decimal>, Option<Decimal>),
}

impl Ranges {
    /// The calibration and the physical range. The order of the operations is that of EDFlib and
    /// edfio, so that values agree to the last bit.
    fn calibration(&self) -> Option<(Calibration, (f64, f64))> {
        let (low, high) = (self.physical.0?.value, self.physical.1?.value);
        let (first, last) = (self.digital.0?.value, self.digital.1?.value);
        let scale = (high - low) / (last - first);
        let calibration = Calibration::new(scale, last - high / scale)?;
        Some((calibration, (low, high)))
    }

    fn digital(&self, variant: Variant) -> (i32, i32) {
        let code = |number: Option<Decimal>, other: i32| {
            number.map_or(other, |number| number.value as i32)
        };
        let (low, high) = variant.code_range();
        (code(self.digital.0, low), code(self.digital.1, high))
    }
}

/// An exact ratio where the duration has few digits, as all eight letters of a field can hold.
fn rate(samples: u64, duration: Decimal) -> Option<SampleRate> {
    let exact = 10_u64
        .checked_pow(duration.decimals)
        .and_then(|scale| samples.checked_mul(scale))
        .and_then(|scans| SampleRate::new(scans, duration.mantissa));
    exact.or_else(|| SampleRate::from_hz(samples as f64 / duration.value))
}

fn start_time(date: &[u8], time: &[u8]) -> Option<StartTime> {
    let [day, month, year] = three_numbers(date)?;
    let [hour, minute, second] = three_numbers(time)?;
    let year = u16::from(year) + if year >= 85 { 1900 } else { 2000 };
    let is_date = (1..=31).contains(&day) && (1..=12).contains(&month);
    let is_time = hour < 24 && minute < 60 && second < 60;
    (is_date && is_time).then_some(StartTime { year, month, day, hour, minute, second })
}

/// Three numbers of one or two digits; between them a point, or what else programs write.
fn three_numbers(field: &[u8]) -> Option<[u8; 3]> {
    let mut parts = field::trim(field).split(|byte| b".:'-/".contains(byte));
    let mut next = || {
        let digits = field::trim(parts.next()?);
        let number = field::whole(digits).filter(|_| matches!(digits.len(), 1 | 2))?;
        u8::try_from(number).ok()
    };
    let numbers = [next()?, next()?, next()?];
    parts.next().is_none().then_some(numbers)
}

struct Notes<'a> {
    bytes: &'a [u8],
    list: Vec<Deviation>,
}

impl Notes<'_> {
    fn add(&mut self, deviation: Deviation) {
        if self.list.len() < MAX_DEVIATIONS {
            self.list.push(deviation);
        }
    }

    fn field(&mut self, field: &'static str, range: Range<usize>) {
        let found = field::text(&self.bytes[range.clone()]);
        self.add(Deviation::Field { field, offset: range.start, found });
    }

    fn decimal(&mut self, range: Range<usize>) -> Option<Decimal> {
        let offset = range.start;
        let number = field::decimal(&self.bytes[range])?;
        if number.has_comma {
            self.add(Deviation::DecimalComma { offset });
        }
        Some(number)
    }
}
