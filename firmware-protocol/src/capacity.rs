//! Whether a stream fits a link (SPEC 6.5).

use crate::frame::OVERHEAD;
use crate::message::view::SamplesView;

/// Bytes on the wire of a SAMPLES frame beside its data.
pub const SAMPLES_OVERHEAD: usize = OVERHEAD + SamplesView::LEAST;

/// Whether a stream leaves a fifth of the link free, for everything else and for clock tolerance.
///
/// `rate_mhz` is the sample rate of each channel in millihertz, `width` the bytes of a sample,
/// `baud` the speed of a serial line with ten bits to the byte. All arguments are constants of a
/// firmware, so the check costs nothing there:
///
/// ```
/// use levator_protocol::fits_link;
///
/// // Two channels of 24 bits at 1 kHz, 20 samples to the frame, take 63 % of 115,200 baud.
/// const _: () = assert!(fits_link(1_000_000, 20, 2, 3, 115_200));
/// const _: () = assert!(!fits_link(2_000_000, 20, 2, 3, 115_200));
/// ```
#[must_use]
pub const fn fits_link(
    rate_mhz: u32,
    scans_per_frame: u8,
    channels: u8,
    width: u8,
    baud: u32,
) -> bool {
    let scans = scans_per_frame as u64;
    let frame_len = SAMPLES_OVERHEAD as u64 + scans * channels as u64 * width as u64;
    // rate / 1000 / scans * frame_len <= 0.8 * baud / 10, without fractions.
    rate_mhz as u64 * frame_len <= 80 * baud as u64 * scans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_four_fifths_of_the_link() {
        // 100 baud carry 10 bytes a second; 8 of them may be used. One frame of 25 bytes in
        // 3.125 s is 0.32 Hz.
        assert!(fits_link(320, 1, 1, 1, 100));
        assert!(!fits_link(321, 1, 1, 1, 100));
    }

    #[test]
    fn extremes_do_not_overflow() {
        assert!(!fits_link(u32::MAX, u8::MAX, u8::MAX, u8::MAX, 115_200));
        assert!(!fits_link(1, 0, 1, 1, u32::MAX));
        assert!(fits_link(1, 1, 1, 1, u32::MAX));
    }
}
