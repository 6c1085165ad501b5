//! The header as it is written, field by field.

use super::{EdfWriteError, RecordDuration, SignalSpec, WriteSettings};
use crate::edf::header::{self, FIXED_LEN};
use crate::edf::{Header, StartTime, Variant};

/// Where the header says whether there are gaps, and how many data records there are.
pub(super) const RESERVED_AT: u64 = 192;
pub(super) const COUNT_AT: u64 = 236;

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// `EDF+C` or `BDF+D`.
pub(super) fn kind(variant: Variant, has_gaps: bool) -> String {
    format!("{variant}+{}", if has_gaps { 'D' } else { 'C' })
}

/// The header of a file that is open, and what a reader makes of it.
pub(super) fn build(
    settings: &WriteSettings,
    duration: &RecordDuration,
    annotation_samples: usize,
) -> Result<(Vec<u8>, Header), EdfWriteError> {
    let variant = settings.variant;
    let mut ranges = Vec::with_capacity(settings.signals.len());
    for (signal, spec) in settings.signals.iter().enumerate() {
        let texts = spec.range.texts(variant);
        ranges.push(texts.map_err(|value| EdfWriteError::Range { signal, value })?);
    }
    let (lowest, highest) = variant.code_range();
    let count = settings.signals.len() + 1;
    let mut bytes = Vec::with_capacity(FIXED_LEN * (count + 1));
    let mut field = |text: &str, len: usize| {
        bytes.extend(ascii(text).chain(core::iter::repeat(b' ')).take(len));
    };
    let (date, time, started) = match settings.start {
        Some(start) => dates(start),
        None => ("01.01.85".to_owned(), "00.00.00".to_owned(), "X".to_owned()),
    };
    field("0", 8);
    field(&settings.patient, 80);
    field(&format!("Startdate {started} X X {}", word(&settings.equipment)), 80);
    field(&date, 8);
    field(&time, 8);
    field(&(FIXED_LEN * (count + 1)).to_string(), 8);
    field(&kind(variant, false), 44);
    field("-1", 8);
    field(&duration.text(), 8);
    field(&count.to_string(), 4);
    let of_annotations = ["-1".to_owned(), "1".to_owned(), lowest.to_string(), highest.to_string()];
    let mut all = |of: &dyn Fn(usize, &SignalSpec) -> String, last: &str, len: usize| {
        for (at, spec) in settings.signals.iter().enumerate() {
            field(&of(at, spec), len);
        }
        field(last, len);
    };
    all(&|_, spec| spec.label.clone(), &format!("{variant} Annotations"), 16);
    all(&|_, spec| spec.transducer.clone(), "", 80);
    all(&|_, spec| spec.dimension.clone(), "", 8);
    all(&|at, _| ranges[at].0[0].clone(), &of_annotations[0], 8);
    all(&|at, _| ranges[at].0[1].clone(), &of_annotations[1], 8);
    all(&|at, _| ranges[at].1.0.to_string(), &of_annotations[2], 8);
    all(&|at, _| ranges[at].1.1.to_string(), &of_annotations[3], 8);
    all(&|_, spec| spec.prefilter.clone(), "", 80);
    all(&|at, _| duration.samples()[at].to_string(), &annotation_samples.to_string(), 8);
    all(&|_, _| String::new(), "", 32);
    if variant == Variant::Bdf {
        bytes[..8].copy_from_slice(b"\xffBIOSEMI");
    }
    let fixed = header::Fixed { variant, signal_count: count };
    // What was just written has no field that keeps samples from being found but their number.
    let parsed = header::parse(&bytes, &fixed);
    let record_len = (duration.samples().iter().sum::<usize>() + annotation_samples)
        .saturating_mul(variant.sample_len());
    let parsed = parsed.map_err(|_| EdfWriteError::RecordTooLong { actual: record_len })?;
    Ok((bytes, parsed))
}

/// Date and time of the header, and the date of the field on the recording.
fn dates(start: StartTime) -> (String, String, String) {
    let month = MONTHS.get(usize::from(start.month).wrapping_sub(1)).copied().unwrap_or("JAN");
    (
        format!("{:02}.{:02}.{:02}", start.day, start.month, start.year % 100),
        format!("{:02}.{:02}.{:02}", start.hour, start.minute, start.second),
        format!("{:02}-{month}-{:04}", start.day, start.year),
    )
}

/// Header fields are printable ASCII; a micro sign has a letter that everybody reads as one.
fn ascii(text: &str) -> impl Iterator<Item = u8> {
    text.chars().map(|letter| match letter {
        ' '..='~' => letter as u8,
        '\u{b5}' | '\u{3bc}' => b'u',
        _ => b'_',
    })
}

/// A part of the field on the recording: no spaces, and not empty.
fn word(text: &str) -> String {
    let word: String = text.trim().chars().map(|c| if c == ' ' { '_' } else { c }).collect();
    if word.is_empty() { "X".to_owned() } else { word }
}
