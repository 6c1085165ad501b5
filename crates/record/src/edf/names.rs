//! What the label and the unit of a signal say about it.

use levator_signal::{SignalKind, Unit};

use crate::text::names as text_names;

/// First words of labels of what we do not judge: the standard texts of EDF+ and the trigger channel
/// of BioSemi. Without them, every electroencephalogram would be taken for EMG by its unit.
const OTHER: [&str; 22] = [
    "eeg", "ecg", "ekg", "eog", "erg", "meg", "mcg", "ep", "seeg", "ecog", "resp", "sao2", "spo2",
    "light", "sound", "temp", "event", "status", "trigger", "trig", "marker", "pulse",
];

/// The unit, if we know it.
pub(crate) fn unit(dimension: &str) -> Option<Unit> {
    text_names::symbol(dimension)
}

/// What is measured: by the label, and else by the unit.
///
/// # Source
///
/// Labels of EDF+ begin with the type of the signal: Kemp and Olivan 2003, section 2.1.3.1, and its
/// list of standard texts.
pub(crate) fn kind(label: &str, unit: Option<Unit>) -> Option<SignalKind> {
    let first = label.split(|letter: char| !letter.is_alphanumeric()).find(|word| !word.is_empty());
    let first = first.unwrap_or("").to_lowercase();
    if OTHER.contains(&first.as_str()) {
        return Some(SignalKind::Other);
    }
    let by_label = text_names::meaning(label).kind;
    // Amplifiers number their EMG channels: EMG1, emg_2.
    let by_start = || first.starts_with("emg").then_some(SignalKind::Emg);
    by_label.or_else(by_start).or_else(|| unit.and_then(text_names::kind_of_unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_units_tell_kinds() {
        for (label, unit, kind) in [
            ("EMG submental", Some(Unit::Microvolt), Some(SignalKind::Emg)),
            ("EMG1", None, Some(SignalKind::Emg)),
            ("EMG RMS", Some(Unit::Microvolt), Some(SignalKind::EmgEnvelope)),
            ("EEG Fpz-Cz", Some(Unit::Microvolt), Some(SignalKind::Other)),
            ("Status", None, Some(SignalKind::Other)),
            ("Pressure anal", None, Some(SignalKind::Pressure)),
            ("P1", Some(Unit::CentimetreWater), Some(SignalKind::Pressure)),
            ("A1", Some(Unit::Microvolt), Some(SignalKind::Emg)),
            ("A1", None, None),
            ("", None, None),
        ] {
            assert_eq!(super::kind(label, unit), kind, "{label}");
        }
        assert_eq!(unit("cmH2O"), Some(Unit::CentimetreWater));
        assert_eq!(unit("\u{b5}V"), Some(Unit::Microvolt));
        assert_eq!(unit("%"), None);
    }
}
