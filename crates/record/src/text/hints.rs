//! What comment lines before the table say: the rate, and the names of the columns.

use super::fields::text_of;

/// What was found so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hints {
    /// Samples in a second.
    pub(crate) rate_hz: Option<f64>,
    /// Names of all columns, or of the last ones.
    pub(crate) names: Vec<String>,
    /// Sensor of each of the last columns.
    pub(crate) sensors: Vec<String>,
}

impl Hints {
    /// Reads one line in front of the table; the first statement about a thing counts.
    ///
    /// # Source
    ///
    /// The forms of OpenSignals (one line of JSON with `"sampling rate"`, `"column"` and `"sensor"`),
    /// BioSPPy (`# Sampling Rate (Hz):= 1000.00`, `# Labels:= EMG`) and OpenBCI
    /// (`%Sample Rate = 250 Hz`).
    pub(crate) fn read(&mut self, line: &[u8]) {
        if self.rate_hz.is_none() {
            self.rate_hz = rate(line);
        }
        if self.names.is_empty() {
            self.names = match list(line, b"\"column\"") {
                names if names.is_empty() => labels(line),
                names => names,
            };
        }
        if self.sensors.is_empty() {
            self.sensors = list(line, b"\"sensor\"");
        }
    }
}

/// The number behind a word for rate, with at most a unit and signs such as `:=` between them.
fn rate(line: &[u8]) -> Option<f64> {
    const WORDS: [&[u8]; 6] = [
        b"sampling rate",
        b"sample rate",
        b"samplingrate",
        b"samplerate",
        b"sampling frequency",
        b"abtastrate",
    ];
    let lower = line.to_ascii_lowercase();
    let after =
        WORDS.iter().find_map(|word| find(&lower, word).map(|at| &lower[at + word.len()..]));
    let after = after.or_else(|| {
        // `fs = 1000`, but not the end of another word.
        let at = find(&lower, b"fs")?;
        let alone = at == 0 || !lower[at - 1].is_ascii_alphanumeric();
        alone.then(|| &lower[at + 2..])
    })?;
    // The unit may stand before the number, in brackets, or behind it.
    let kilo_before = after.starts_with(b" (khz)") || after.starts_with(b" [khz]");
    let start = after.iter().position(u8::is_ascii_digit)?;
    let between = &after[..start];
    let plain = between.iter().all(|byte| b" \t\"_:=()[]hzk".contains(byte));
    if !plain {
        return None;
    }
    let digits = &after[start..];
    let len = digits
        .iter()
        .position(|byte| !byte.is_ascii_digit() && *byte != b'.')
        .unwrap_or(digits.len());
    let number: f64 = core::str::from_utf8(&digits[..len]).ok()?.parse().ok()?;
    let kilo = kilo_before || digits[len..].trim_ascii_start().starts_with(b"khz");
    let hz = if kilo { number * 1000.0 } else { number };
    (hz.is_finite() && hz > 0.0).then_some(hz)
}

/// The strings of the JSON list behind `key`.
fn list(line: &[u8], key: &[u8]) -> Vec<String> {
    let Some(at) = find(line, key) else { return Vec::new() };
    let after = line[at + key.len()..].trim_ascii_start();
    let Some(after) = after.strip_prefix(b":") else { return Vec::new() };
    let Some(after) = after.trim_ascii_start().strip_prefix(b"[") else { return Vec::new() };
    let end = after.iter().position(|&byte| byte == b']').unwrap_or(after.len());
    after[..end].split(|&byte| byte == b',').map(|item| text_of(item, 80)).collect()
}

/// The names behind `Labels:=`.
fn labels(line: &[u8]) -> Vec<String> {
    let Some(at) = find(line, b"Labels:=") else { return Vec::new() };
    let after = &line[at + b"Labels:=".len()..];
    after
        .split(|&byte| byte == b'\t' || byte == b',')
        .map(|item| text_of(item, 80))
        .filter(|name| !name.is_empty())
        .collect()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Hints {
        let mut hints = Hints::default();
        for line in lines {
            hints.read(line.as_bytes());
        }
        hints
    }

    fn rate_of(line: &str) -> Option<f64> {
        read(&[line]).rate_hz
    }

    #[test]
    fn the_rate_is_read_in_the_forms_of_known_programs() {
        for line in [
            "# Sampling Rate (Hz):= 1000.00",
            "# {\"00:07\": {\"sampling rate\": 1000, \"label\": [\"CH1\"]}}",
            "%Sample Rate = 1000.0 Hz",
            "Sampling frequency: 1 kHz",
            "# sampling_rate=1000".replace('_', " ").as_str(),
            "Sample rate (kHz): 1",
            "fs=1000",
            "SampleRate\t1000",
        ] {
            assert_eq!(rate_of(line), Some(1000.0), "{line}");
        }
    }

    #[test]
    fn other_numbers_are_not_taken_for_the_rate() {
        for line in
            ["# Resolution:= 12", "offs 20", "sampling rate unknown, channel 4", "# 250 Hz", ""]
        {
            assert_eq!(rate_of(line), None, "{line}");
        }
        assert_eq!(rate_of("sampling rate: 0"), None);
    }

    #[test]
    fn the_first_statement_counts() {
        assert_eq!(read(&["sampling rate: 100", "sampling rate: 200"]).rate_hz, Some(100.0));
    }

    #[test]
    fn names_and_sensors_of_the_columns_are_read() {
        let hints = read(&[
            "# OpenSignals Text File Format. Version 1",
            "# {\"00:07\": {\"sensor\": [\"EMG\"], \"column\": [\"nSeq\", \"I1\", \"A1\"], \"sampling rate\": 1000}}",
            "# EndOfHeader",
        ]);
        assert_eq!(hints.names, ["nSeq", "I1", "A1"]);
        assert_eq!(hints.sensors, ["EMG"]);
        assert_eq!(read(&["# Labels:= EMG"]).names, ["EMG"]);
    }
}
