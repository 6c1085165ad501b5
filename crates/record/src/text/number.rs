//! One field of a table into a number, without copying it.

/// What stands in a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell {
    /// A finite number, and how many digits follow its point.
    Number {
        /// Its value, rounded once.
        value: f64,
        /// Digits after the point; zero where an exponent makes that meaningless.
        decimals: u8,
    },
    /// Nothing, or one of the usual words for nothing.
    Blank,
    /// `nan`, `inf` and their kin, or a number too large for a double.
    NotFinite,
    /// Anything else.
    Text,
}

impl Cell {
    /// The number, if it is one.
    pub(crate) fn number(self) -> Option<f64> {
        match self {
            Self::Number { value, .. } => Some(value),
            Self::Blank | Self::NotFinite | Self::Text => None,
        }
    }
}

/// Powers of ten that a double holds exactly.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Whole numbers up to here are exact in a double.
const EXACT_MANTISSA: u64 = 1 << 53;

/// Longest number that is read; a longer one is text.
const MAX_NUMBER_LEN: usize = 64;

/// Words that stand for a missing value. `-` and `?` are what clinical exports print.
const BLANK_WORDS: [&str; 9] = ["NA", "N/A", "null", "none", "nil", "-", "--", "---", "?"];

/// Reads `field`, which has lost its separator and quotes but may still have spaces around it. A
/// comma counts as the point.
pub(crate) fn parse(field: &[u8]) -> Cell {
    let field = field.trim_ascii();
    match prefix(field, b'\n') {
        Some((cell, len)) if len == field.len() => cell,
        _ if field.is_empty() => Cell::Blank,
        _ => parse_rare(field),
    }
}

/// The plain number that `bytes` begin with, after and before spaces, and its length with these. A
/// comma counts as the point unless it is the `separator`. `None` for all that is not plain: the
/// caller then cuts out the field and goes through [`parse`].
///
/// Up to 15 digits, one exact division of two exact numbers gives the nearest double; the standard
/// parser, which rounds correctly too, is four times slower.
#[inline(always)]
pub(crate) fn prefix(bytes: &[u8], separator: u8) -> Option<(Cell, usize)> {
    let spaces = |bytes: &[u8]| bytes.iter().take_while(|&&byte| byte == b' ').count();
    let mut index = spaces(bytes);
    let negative = match bytes.get(index)? {
        b'-' => true,
        b'+' => {
            index += 1;
            false
        }
        _ => false,
    };
    index += usize::from(negative);
    let mut mantissa = 0;
    let whole_count = digits(&bytes[index..], &mut mantissa);
    index += whole_count;
    let mut decimals = 0;
    if let Some(&byte) = bytes.get(index)
        && (byte == b'.' || byte == b',')
        && byte != separator
    {
        decimals = digits(&bytes[index + 1..], &mut mantissa);
        index += 1 + decimals;
    }
    // 19 digits cannot overflow the mantissa, so a larger one is never mistaken for a small one.
    let digit_count = whole_count + decimals;
    if digit_count == 0 || digit_count > 19 || mantissa > EXACT_MANTISSA {
        return None;
    }
    let value = mantissa as f64 / EXACT_POWERS.get(decimals)?;
    let value = if negative { -value } else { value };
    if separator != b' ' && bytes.get(index) == Some(&b' ') {
        index += spaces(&bytes[index..]);
    }
    Some((Cell::Number { value, decimals: decimals as u8 }, index))
}

/// Appends the digits that `bytes` begin with to `mantissa`, which may wrap, and counts them.
#[inline(always)]
fn digits(bytes: &[u8], mantissa: &mut u64) -> usize {
    let mut count = 0;
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        count += 1;
    }
    count
}

/// Numbers with an exponent or many digits, words, and text.
#[cold]
fn parse_rare(field: &[u8]) -> Cell {
    let Ok(text) = core::str::from_utf8(field) else { return Cell::Text };
    if BLANK_WORDS.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        return Cell::Blank;
    }
    let mut buffer = [0_u8; MAX_NUMBER_LEN];
    let Some(copy) = buffer.get_mut(..field.len()) else { return Cell::Text };
    copy.copy_from_slice(field);
    if let Some(comma) = copy.iter().position(|&byte| byte == b',') {
        copy[comma] = b'.';
    }
    match core::str::from_utf8(copy).ok().and_then(|text| text.parse::<f64>().ok()) {
        Some(value) if value.is_finite() => {
            let has_exponent = copy.iter().any(|byte| byte.eq_ignore_ascii_case(&b'e'));
            let point = copy.iter().position(|&byte| byte == b'.');
            let decimals = point.filter(|_| !has_exponent).map_or(0, |at| copy.len() - at - 1);
            Cell::Number { value, decimals: decimals.min(usize::from(u8::MAX)) as u8 }
        }
        Some(_) => Cell::NotFinite,
        None => Cell::Text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(field: &str) -> Option<f64> {
        parse(field.as_bytes()).number()
    }

    #[test]
    fn plain_numbers_are_read() {
        for (field, expected) in [
            ("0.001", 0.001),
            ("-3", -3.0),
            ("+7.", 7.0),
            (".5", 0.5),
            ("   365.58", 365.58),
            ("2,5", 2.5),
            ("1741897731.373685", 1_741_897_731.373_685),
            ("1e-3", 0.001),
            ("2,5E2", 250.0),
            ("123456789012345678901234567890", 1.234_567_890_123_456_8e29),
        ] {
            assert_eq!(value(field).map(f64::to_bits), Some(f64::to_bits(expected)), "{field}");
        }
    }

    #[test]
    fn a_number_ends_where_its_digits_end() {
        let one = |decimals| Cell::Number { value: 1.5, decimals };
        assert_eq!(prefix(b" 1.5 ,7", b','), Some((one(1), 5)));
        assert_eq!(prefix(b"1,50;7", b';'), Some((one(2), 4)));
        assert_eq!(prefix(b"1.5 7", b' '), Some((one(1), 3)));
        assert_eq!(prefix(b"1.5e3", b','), Some((one(1), 3)));
        assert_eq!(prefix(b"", b','), None);
        assert_eq!(prefix(b"-,", b','), None);
        assert_eq!(prefix(b"x", b','), None);
    }

    #[test]
    fn digits_after_the_point_are_counted() {
        assert_eq!(parse(b"0.00500"), Cell::Number { value: 0.005, decimals: 5 });
        assert_eq!(parse(b"17"), Cell::Number { value: 17.0, decimals: 0 });
        assert_eq!(parse(b"17e-3"), Cell::Number { value: 0.017, decimals: 0 });
    }

    #[test]
    fn nothing_is_not_a_number() {
        for field in ["", "  ", "NA", "n/a", "null", "-", "--", "?"] {
            assert_eq!(parse(field.as_bytes()), Cell::Blank, "{field:?}");
        }
        for field in ["nan", "NaN", "inf", "-Infinity", "1e999"] {
            assert_eq!(parse(field.as_bytes()), Cell::NotFinite, "{field:?}");
        }
        for field in ["TRIG", "1,234.5", "1.2.3", "0x10", "12:30", "5 6", "\u{e4}", ".", "1e"] {
            assert_eq!(parse(field.as_bytes()), Cell::Text, "{field:?}");
        }
        assert_eq!(parse(&[0xe4, 0xff]), Cell::Text);
        assert_eq!(parse(&[b'1'; 200]), Cell::Text);
    }

    proptest! {
        #[test]
        fn every_double_is_read_back_to_the_last_bit(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            for text in [format!("{number}"), format!("{number:e}"), format!("{number:.3}")] {
                let expected: f64 = text.parse().expect("printed by the standard library");
                if text.len() <= MAX_NUMBER_LEN {
                    prop_assert_eq!(value(&text).map(f64::to_bits), Some(expected.to_bits()));
                }
            }
        }

        #[test]
        fn short_decimals_are_rounded_like_the_standard_parser(whole in -99_999_i64..99_999, part in 0_u32..1_000_000) {
            let text = format!("{whole}.{part:06}");
            let expected: f64 = text.parse().expect("a number");
            prop_assert_eq!(value(&text).map(f64::to_bits), Some(expected.to_bits()));
        }
    }
}
