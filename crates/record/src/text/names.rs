//! What the name of a column says about it.

use levator_signal::{SignalKind, Unit};

/// Unit of a time column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// Minutes.
    Minutes,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

impl TimeUnit {
    /// Length of the unit in seconds.
    #[must_use]
    pub const fn seconds(self) -> f64 {
        match self {
            Self::Minutes => 60.0,
            Self::Seconds => 1.0,
            Self::Milliseconds => 1e-3,
            Self::Microseconds => 1e-6,
            Self::Nanoseconds => 1e-9,
        }
    }

    /// The symbol: `min`, `s`, `ms`, `us`, `ns`.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Minutes => "min",
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Nanoseconds => "ns",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "min" | "minute" | "minutes" | "minuten" => Self::Minutes,
            "s" | "sec" | "secs" | "second" | "seconds" | "sek" | "sekunden" => Self::Seconds,
            "ms" | "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => {
                Self::Milliseconds
            }
            "us" | "µs" | "μs" | "usec" | "micros" | "microsecond" | "microseconds" => {
                Self::Microseconds
            }
            "ns" | "nsec" | "nanos" | "nanosecond" | "nanoseconds" => Self::Nanoseconds,
            _ => return None,
        })
    }
}

/// What a column is for, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Time, with its unit where the name says so.
    Time(Option<TimeUnit>),
    /// A running number of rows.
    Counter,
    /// What the person was asked to do, or another mark.
    Cue,
    /// None of these.
    Signal,
}

/// Everything a name says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Meaning {
    pub(crate) purpose: Purpose,
    pub(crate) unit: Option<Unit>,
    pub(crate) kind: Option<SignalKind>,
}

/// Reads a name such as `force_N`, `p [cmH2O]`, `emg (uV)`, `Timestamp (ms)` or `ZEIT:`.
pub(crate) fn meaning(name: &str) -> Meaning {
    let words = words(name);
    let purpose = purpose(&words);
    let unit = if purpose == Purpose::Signal { unit(name, &words) } else { None };
    let kind = match purpose {
        Purpose::Signal => kind(&words).or_else(|| unit.and_then(kind_of_unit)),
        Purpose::Time(_) | Purpose::Counter | Purpose::Cue => None,
    };
    Meaning { purpose, unit, kind }
}

/// Whether `text` is nothing but a unit, as in a line of units below the header.
pub(crate) fn is_unit(text: &str) -> bool {
    let text = text.trim_matches(['[', ']', '(', ')', ' ']);
    symbol(text).is_some() || TimeUnit::from_word(&text.to_lowercase()).is_some()
}

/// Words of a name in lower case: cut at everything that is no letter and no digit, and where a
/// small letter is followed by a capital (`nSeq`, `SampleIndex`).
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small_before = false;
    for letter in name.chars() {
        let camel = small_before && letter.is_uppercase();
        if !letter.is_alphanumeric() || camel {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        small_before = letter.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn purpose(words: &[String]) -> Purpose {
    const TIME: [&str; 9] = [
        "time",
        "timestamp",
        "timestamps",
        "zeit",
        "uhrzeit",
        "unix",
        "unixtime",
        "epoch",
        "elapsed",
    ];
    const COUNTER: [&str; 11] = [
        "seq", "sequence", "index", "idx", "counter", "row", "packet", "frame", "sample",
        "samples", "nr",
    ];
    const CUE: [&str; 14] = [
        "cue",
        "label",
        "labels",
        "trigger",
        "trig",
        "marker",
        "markers",
        "stimulus",
        "class",
        "event",
        "events",
        "target",
        "phase",
        "annotation",
    ];
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return Purpose::Signal };
    let is_time = TIME.contains(&first.as_str())
        || TIME.contains(&last.as_str())
        // `t` and `s` are time only alone or with a unit of time: `t_skin` is a temperature.
        || (first == "t" && words[1..].iter().all(|word| TimeUnit::from_word(word).is_some()))
        || (words.len() == 1 && TimeUnit::from_word(first).is_some());
    if is_time {
        return Purpose::Time(words.iter().find_map(|word| TimeUnit::from_word(word)));
    }
    let counts = |word: &String| COUNTER.contains(&word.as_str());
    if counts(first) || (first == "n" && words.get(1).is_none_or(counts)) {
        return Purpose::Counter;
    }
    if CUE.contains(&first.as_str()) || CUE.contains(&last.as_str()) {
        return Purpose::Cue;
    }
    Purpose::Signal
}

/// The unit in brackets, or else the last word.
fn unit(name: &str, words: &[String]) -> Option<Unit> {
    for (open, close) in [('[', ']'), ('(', ')'), ('{', '}')] {
        if let Some((_, rest)) = name.split_once(open)
            && let Some((inside, _)) = rest.split_once(close)
        {
            return symbol(inside);
        }
    }
    if words.len() < 2 {
        return None;
    }
    let last =
        name.rsplit(|letter: char| !letter.is_alphanumeric()).find(|word| !word.is_empty())?;
    match last {
        // One letter is a unit only as it is written in print; `c` and `g` name things more often.
        "N" => Some(Unit::Newton),
        "V" => Some(Unit::Volt),
        _ if last.len() > 1 => symbol(last),
        _ => None,
    }
}

/// A unit by its symbol or by one of the other spellings in use.
pub(crate) fn symbol(text: &str) -> Option<Unit> {
    Unit::from_symbol(text).or_else(|| match text.trim().to_lowercase().as_str() {
        "microvolt" | "microvolts" => Some(Unit::Microvolt),
        "millivolt" | "millivolts" => Some(Unit::Millivolt),
        "volt" | "volts" => Some(Unit::Volt),
        "cm h2o" | "cmh₂o" | "cmwc" => Some(Unit::CentimetreWater),
        "mm hg" => Some(Unit::MillimetreMercury),
        "mbar" => Some(Unit::Hectopascal),
        "newton" | "newtons" => Some(Unit::Newton),
        "kg" | "kp" => Some(Unit::KilogramForce),
        "adc" | "counts" | "lsb" | "raw" => Some(Unit::Count),
        _ => None,
    })
}

fn kind(words: &[String]) -> Option<SignalKind> {
    const PRESSURE: [&str; 14] = [
        "force",
        "grip",
        "pressure",
        "press",
        "p",
        "druck",
        "kraft",
        "squeeze",
        "balloon",
        "ballon",
        "manometry",
        "mmhg",
        "cmh2o",
        "manometer",
    ];
    const SMOOTHED: [&str; 7] =
        ["envelope", "env", "rms", "rectified", "smoothed", "arv", "integrated"];
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if has(&["emg", "semg", "iemg", "exg", "adc"]) {
        let smoothed = has(&SMOOTHED) || has(&["iemg"]);
        return Some(if smoothed { SignalKind::EmgEnvelope } else { SignalKind::Emg });
    }
    if has(&PRESSURE) {
        return Some(SignalKind::Pressure);
    }
    has(&["temp", "temperature", "battery", "acc", "accel", "gyro", "mag"])
        .then_some(SignalKind::Other)
}

/// What is measured in `unit`, if that is clear.
pub(crate) fn kind_of_unit(unit: Unit) -> Option<SignalKind> {
    match unit {
        Unit::Microvolt | Unit::Millivolt | Unit::Volt => Some(SignalKind::Emg),
        Unit::CentimetreWater
        | Unit::MillimetreMercury
        | Unit::Pascal
        | Unit::Hectopascal
        | Unit::Kilopascal
        | Unit::Newton
        | Unit::KilogramForce => Some(SignalKind::Pressure),
        Unit::Celsius | Unit::Gravity => Some(SignalKind::Other),
        Unit::Count => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(name: &str) -> Option<Option<TimeUnit>> {
        match meaning(name).purpose {
            Purpose::Time(unit) => Some(unit),
            Purpose::Counter | Purpose::Cue | Purpose::Signal => None,
        }
    }

    #[test]
    fn time_is_known_by_many_names() {
        for name in ["time", "Time", "TIME:", "ZEIT:", "t", "timestamp", "unix", "Elapsed Time"] {
            assert_eq!(time(name), Some(None), "{name}");
        }
        for name in ["t_s", "time (s)", "Time [s]", "seconds", "sec", "TIME_S"] {
            assert_eq!(time(name), Some(Some(TimeUnit::Seconds)), "{name}");
        }
        for name in ["t_ms", "Timestamp (ms)", "ms", "time_msec", "millis"] {
            assert_eq!(time(name), Some(Some(TimeUnit::Milliseconds)), "{name}");
        }
        for name in ["t_skin", "emg_t", "temperature", "s1", "force", "10", ""] {
            assert_eq!(time(name), None, "{name}");
        }
    }

    #[test]
    fn counters_and_cues_are_no_signals() {
        for name in
            ["nSeq", "Sample Index", "sample", "index", "n", "SampleIndex", "packet_counter"]
        {
            assert_eq!(meaning(name).purpose, Purpose::Counter, "{name}");
        }
        for name in ["cue", "trigger", "class", "stim_event", "Label"] {
            assert_eq!(meaning(name).purpose, Purpose::Cue, "{name}");
        }
        for name in ["adc", "B2", "10", "A1", "emg_VL", "n_emg"] {
            assert_eq!(meaning(name).purpose, Purpose::Signal, "{name}");
        }
    }

    #[test]
    fn units_are_read_from_names() {
        for (name, unit) in [
            ("force_N", Unit::Newton),
            ("p [cmH2O]", Unit::CentimetreWater),
            ("emg (uV)", Unit::Microvolt),
            ("emg (µV)", Unit::Microvolt),
            ("EMG_mV", Unit::Millivolt),
            ("pressure/mmHg", Unit::MillimetreMercury),
            ("load [kg]", Unit::KilogramForce),
            ("p [mbar]", Unit::Hectopascal),
            ("acc_x [g]", Unit::Gravity),
        ] {
            assert_eq!(meaning(name).unit, Some(unit), "{name}");
        }
        for name in ["emg_VL", "force", "N", "channel_c", "force_g", "emg (left)", "V"] {
            assert_eq!(meaning(name).unit, None, "{name}");
        }
    }

    #[test]
    fn kinds_are_read_from_names_and_units() {
        for (name, kind) in [
            ("emg", Some(SignalKind::Emg)),
            ("emg_VL", Some(SignalKind::Emg)),
            ("adc", Some(SignalKind::Emg)),
            ("sEMG rms", Some(SignalKind::EmgEnvelope)),
            ("force", Some(SignalKind::Pressure)),
            ("p", Some(SignalKind::Pressure)),
            ("ch1 [mmHg]", Some(SignalKind::Pressure)),
            ("ch1 [mV]", Some(SignalKind::Emg)),
            ("skin [C]", Some(SignalKind::Other)),
            ("B2", None),
        ] {
            assert_eq!(meaning(name).kind, kind, "{name}");
        }
    }

    #[test]
    fn a_unit_alone_is_recognised() {
        for text in ["s", "[mV]", "cmH2O", "ms", "(N)"] {
            assert!(is_unit(text), "{text}");
        }
        assert!(!is_unit("emg"));
        assert!(!is_unit(""));
    }
}
