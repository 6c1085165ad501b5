//! What several benches need.

/// 64 s of surface EMG at 1 kHz: 12-bit counts with an offset of about 2,040.
pub(crate) fn recording() -> Vec<f64> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recordings/mixed_4_bursts.txt");
    let text = std::fs::read_to_string(path).expect("the recording belongs to the repository");
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.parse().expect("one number a line")).collect()
}
