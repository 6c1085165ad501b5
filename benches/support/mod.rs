//! What several benches need.

/// 64 s of surface EMG at 1 kHz: 12-bit counts with an offset of about 2,040.
#[allow(dead_code, reason = "not every bench needs a recording")]
pub(crate) fn recording() -> Vec<f64> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recordings/mixed_4_bursts.txt");
    let text = std::fs::read_to_string(path).expect("the recording belongs to the repository");
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.parse().expect("one number a line")).collect()
}

/// A table of EMG at 2 kHz in microvolts, with its time before it if there are two columns.
#[allow(dead_code, reason = "not every bench reads text")]
pub(crate) fn table(row_count: usize, column_count: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::from(if column_count > 1 { "time_s,emg_uV\n" } else { "" });
    // From a generator written out here, so that it is the same for ever: 0 to 7 digits, both signs.
    let mut state = 1_u64;
    for row in 0..row_count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let emg = ((state >> 40) as f64 / 8_388_608.0 - 1.0) * 60.0;
        if column_count > 1 {
            write!(text, "{:.4},", row as f64 / 2000.0).expect("memory");
        }
        writeln!(text, "{emg:.3}").expect("memory");
    }
    text
}
