//! Header fields: text of fixed length, padded with spaces.

/// A field without its padding. Some programs pad with zero bytes.
pub(crate) fn trim(field: &[u8]) -> &[u8] {
    let is_padding = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    let start = field.iter().position(|byte| !is_padding(byte)).unwrap_or(field.len());
    let end = field.iter().rposition(|byte| !is_padding(byte)).map_or(start, |last| last + 1);
    &field[start..end]
}

/// A field for people: UTF-8 if it is, else Latin-1 (a micro sign is common), without control
/// characters.
pub(crate) fn text(field: &[u8]) -> String {
    let field = trim(field);
    let letters: Vec<char> = match core::str::from_utf8(field) {
        Ok(text) => text.chars().collect(),
        Err(_) => field.iter().map(|&byte| char::from(byte)).collect(),
    };
    letters.into_iter().filter(|letter| !letter.is_control()).collect()
}

/// A decimal number as it stands, `mantissa * 10^-decimals`, so that rates are exact ratios.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Decimal {
    pub(crate) value: f64,
    pub(crate) mantissa: u64,
    pub(crate) decimals: u32,
    pub(crate) has_comma: bool,
}

/// Reads a number; a comma counts as the point. `None` for all that is no finite number.
pub(crate) fn decimal(field: &[u8]) -> Option<Decimal> {
    let field = trim(field);
    let has_comma = field.contains(&b',');
    let copy: Vec<u8> = field.iter().map(|&byte| if byte == b',' { b'.' } else { byte }).collect();
    let may_stand = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    if !copy.iter().all(may_stand) {
        return None;
    }
    let text = core::str::from_utf8(&copy).ok()?;
    let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let digits = digits.trim_start_matches(['+', '-']);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let exact = || {
        let mantissa: u64 = format!("{whole}{part}").parse().ok()?;
        let exponent: i32 = exponent.parse().ok()?;
        let decimals = i32::try_from(part.len()).ok()?.checked_sub(exponent)?;
        match u32::try_from(decimals) {
            Ok(decimals) => Some((mantissa, decimals)),
            Err(_) => {
                let factor = 10_u64.checked_pow(decimals.unsigned_abs())?;
                Some((mantissa.checked_mul(factor)?, 0))
            }
        }
    };
    let (mantissa, decimals) = exact()?;
    Some(Decimal { value, mantissa, decimals, has_comma })
}

/// Reads a whole number; `12.0` is one too, as some programs write it.
pub(crate) fn whole(field: &[u8]) -> Option<i64> {
    let number = decimal(field)?;
    // Fields have eight letters, but an exponent could make a number no integer holds.
    let fits = number.value.abs() <= 1e15;
    (fits && number.value.fract() == 0.0).then_some(number.value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_programs_write_them() {
        for (field, value, mantissa, decimals) in [
            ("1       ", 1.0, 1, 0),
            ("0.030018", 0.030018, 30018, 6),
            ("  -32768", -32768.0, 32768, 0),
            ("+1,5\0\0\0\0", 1.5, 15, 1),
            ("1E-2    ", 0.01, 1, 2),
            ("1.5e3   ", 1500.0, 1500, 0),
            (".5      ", 0.5, 5, 1),
        ] {
            let read = decimal(field.as_bytes()).expect("a number");
            assert_eq!(read.value.to_bits(), f64::to_bits(value), "{field}");
            assert_eq!((read.mantissa, read.decimals), (mantissa, decimals), "{field}");
        }
        for field in ["", "        ", "nan", "inf", "1x", "1e999", "0x10", "1 2", "1.2.3", "+"] {
            assert_eq!(decimal(field.as_bytes()), None, "{field}");
        }
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(whole(b"2000    "), Some(2000));
        assert_eq!(whole(b"12.0    "), Some(12));
        assert_eq!(whole(b"-1      "), Some(-1));
        assert_eq!(whole(b"1.5     "), None);
        assert_eq!(whole(b"1e300   "), None);
    }

    #[test]
    fn text_that_is_no_utf_8_is_latin_1() {
        assert_eq!(text(b"\xb5V      "), "\u{b5}V");
        assert_eq!(text("µV  \0".as_bytes()), "\u{b5}V");
        assert_eq!(text(b"a\x07b"), "ab");
    }
}
