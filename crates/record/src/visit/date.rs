//! Dates of the calendar from seconds since 1970.

use crate::edf::StartTime;

/// Date and time of a second since 1970, in UTC.
///
/// # Source
///
/// Days of the proleptic Gregorian calendar, counted from the first of March of year 0, so that the leap
/// day comes last: 146097 days in 400 years.
#[must_use]
pub fn utc(unix_s: u64) -> StartTime {
    let (days, second) = (unix_s / 86_400 + 719_468, unix_s % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    StartTime {
        year: u16::try_from(year).unwrap_or(u16::MAX),
        month: month as u8,
        day: day as u8,
        hour: (second / 3600) as u8,
        minute: (second / 60 % 60) as u8,
        second: (second % 60) as u8,
    }
}

/// The same as a text of RFC 3339, with milliseconds.
#[must_use]
pub fn utc_text(unix_ms: u64) -> String {
    let StartTime { year, month, day, hour, minute, second } = utc(unix_ms / 1000);
    let ms = unix_ms % 1000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_dates() {
        // As `date -u -d @...` prints them.
        assert_eq!(utc_text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(utc_text(951_782_399_999), "2000-02-28T23:59:59.999Z");
        assert_eq!(utc_text(951_827_696_001), "2000-02-29T12:34:56.001Z");
        assert_eq!(utc_text(1_795_356_191_000), "2026-11-22T14:03:11.000Z");
        assert_eq!(utc_text(4_107_542_400_000), "2100-03-01T00:00:00.000Z");
    }
}
