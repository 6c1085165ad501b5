//! One field of a table into a number, without copying it.

use core::hint::select_unpredictable;

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

/// A number as its digits: `mantissa / 10^decimals`, both exact in a double.
///
/// Its fields are whole words: smaller ones would be packed in memory and read back before they are
/// there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Decimal {
    pub(crate) mantissa: u64,
    pub(crate) decimals: usize,
    /// One for a number with a minus, which zero may have too.
    pub(crate) negative: u64,
}

impl Decimal {
    /// One exact division of two exact numbers gives the nearest double; the standard parser, which
    /// rounds correctly too, is four times slower.
    #[inline(always)]
    pub(crate) fn value(self) -> f64 {
        // Powers beyond the table do not occur.
        let power = EXACT_POWERS[self.decimals.min(EXACT_POWERS.len() - 1)];
        let magnitude = self.mantissa.cast_signed() as f64 / power;
        f64::from_bits(magnitude.to_bits() | self.negative << 63)
    }
}

/// The plain number that `bytes` begin with, after and before spaces, and its length with these. A
/// comma counts as the point unless it is the `separator`. `None` for all that is not plain: the
/// caller then cuts out the field and goes through [`parse`].
#[inline(always)]
pub(crate) fn prefix(bytes: &[u8], separator: u8) -> Option<(Cell, usize)> {
    let (number, len) = decimal_prefix(bytes, separator)?;
    Some((Cell::Number { value: number.value(), decimals: number.decimals as u8 }, len))
}

/// As [`prefix`], the number by its digits.
#[inline(always)]
pub(crate) fn decimal_prefix(bytes: &[u8], separator: u8) -> Option<(Decimal, usize)> {
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
    if separator != b' ' && bytes.get(index) == Some(&b' ') {
        index += spaces(&bytes[index..]);
    }
    let negative = u64::from(negative);
    Some((Decimal { mantissa, decimals, negative }, index))
}

/// Bytes that [`short_prefix`] looks at.
pub(crate) const SHORT_LEN: usize = 24;

/// The number that `bytes` begin with and its length: the same as [`decimal_prefix`] gives, if there
/// are one to seven digits before the point and, where there is a point, one to seven behind it. A
/// point is a dot or `point`. `None` for all else.
///
/// Eight bytes at a time and without a branch on sign or number of digits, which no processor can
/// guess in a signal.
#[inline(always)]
pub(crate) fn short_prefix(bytes: &[u8; SHORT_LEN], point: u8) -> Option<(Decimal, usize)> {
    let first = word(bytes, 0);
    let negative = first as u8 == b'-';
    // A shift is sooner done than another look at memory, on which the start of the next field waits.
    let signed = first >> 8 | u64::from(bytes[8]) << 56;
    let digits = select_unpredictable(negative, signed, first) ^ (ONES * u64::from(b'0'));
    let marks = no_digits(digits);
    let whole_count = (marks.trailing_zeros() / 8) as usize;
    if whole_count.wrapping_sub(1) > 6 {
        return None;
    }
    let end = usize::from(negative) + whole_count;
    let byte = bytes[end];
    if byte != b'.' && byte != point {
        let mantissa = eight_digits(digits << (64 - 8 * whole_count));
        let number = Decimal { mantissa, decimals: 0, negative: u64::from(negative) };
        return Some((number, end));
    }
    let further = marks & (marks - 1);
    let (mantissa, count) = if further != 0 {
        // The number ends in the first eight bytes: its digits are pushed together.
        let total = (further.trailing_zeros() / 8) as usize - 1;
        let before = (1 << (8 * whole_count)) - 1;
        let joined = (digits & before) | (digits >> 8 & !before);
        (eight_digits(joined << (64 - 8 * total)), total - whole_count)
    } else {
        let part = word(bytes, end + 1) ^ (ONES * u64::from(b'0'));
        let count = (no_digits(part).trailing_zeros() / 8) as usize;
        if count > 7 {
            return None;
        }
        let whole = eight_digits(digits << (64 - 8 * whole_count));
        let part = eight_digits(part << (64 - 8 * count.max(1)));
        // At most 14 digits: exact.
        (whole * WHOLE_POWERS[count] + part, count)
    };
    if count == 0 {
        return None;
    }
    let number = Decimal { mantissa, decimals: count, negative: u64::from(negative) };
    Some((number, end + 1 + count))
}

const ONES: u64 = 0x0101_0101_0101_0101;

/// Powers of ten by the number of digits of a part.
const WHOLE_POWERS: [u64; 8] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];

/// Eight bytes from `start` on, the first lowest.
#[inline(always)]
fn word(bytes: &[u8; SHORT_LEN], start: usize) -> u64 {
    bytes
        .get(start..start + 8)
        .and_then(|bytes| bytes.first_chunk())
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The highest bit of each byte that is above nine.
#[inline(always)]
fn no_digits(digits: u64) -> u64 {
    (((digits & (ONES * 0x7f)) + ONES * 0x76) | digits) & (ONES * 0x80)
}

/// The number of eight digits, the first of them in the lowest byte: two, four and eight neighbours
/// are joined by one multiplication each.
#[inline(always)]
fn eight_digits(digits: u64) -> u64 {
    const MASK: u64 = 0x0000_00ff_0000_00ff;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let upper = (pairs & MASK).wrapping_mul(100 + (1_000_000 << 32));
    let lower = (pairs >> 16 & MASK).wrapping_mul(1 + (10_000 << 32));
    upper.wrapping_add(lower) >> 32
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

    /// What follows a number in a file is there too.
    fn short(text: &str, point: u8) -> Option<(Decimal, usize)> {
        let mut bytes = [b'\n'; SHORT_LEN];
        for (to, from) in bytes.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        short_prefix(&bytes, point)
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
        fn the_short_form_reads_what_the_long_one_reads(
            text in "-?[0-9]{0,9}([.,][0-9]{0,9})?[,;\n x]?[0-9.,\n]{0,20}", comma in any::<bool>(),
        ) {
            let (separator, point) = if comma { (b',', b'.') } else { (b';', b',') };
            if let Some((short, len)) = short(&text, point) {
                let (value, decimals) = (short.value(), short.decimals as u8);
                let Some((Cell::Number { value: long, decimals: long_decimals }, _)) =
                    prefix(text.as_bytes(), separator)
                else {
                    panic!("{text:?}");
                };
                prop_assert_eq!((value.to_bits(), decimals), (long.to_bits(), long_decimals));
                let number = text[..len].replace(',', ".");
                prop_assert_eq!(number.parse().map(f64::to_bits), Ok(value.to_bits()));
            }
        }

        #[test]
        fn short_decimals_are_rounded_like_the_standard_parser(whole in -99_999_i64..99_999, part in 0_u32..1_000_000) {
            let text = format!("{whole}.{part:06}");
            let expected: f64 = text.parse().expect("a number");
            prop_assert_eq!(value(&text).map(f64::to_bits), Some(expected.to_bits()));
            let short = short(&text, b'.').map(|(short, _)| short.value().to_bits());
            prop_assert_eq!(short, Some(expected.to_bits()));
        }
    }
}
