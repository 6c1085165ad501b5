//! One field of a table into a number, without copying it.

use core::hint::select_unpredictable;

#[cfg(target_arch = "x86_64")]
use pulp::x86::V3;

use super::stops::Plain;

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

/// Bytes from the beginning of a field on that [`short`] looks at.
pub(crate) const SHORT_LEN: usize = 24;

/// A number of a few digits, and where it ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Short {
    pub(crate) value: f64,
    pub(crate) decimals: usize,
    /// Bytes up to what is behind it, that byte, and stops up to there.
    pub(crate) len: usize,
    pub(crate) after: u8,
    pub(crate) stop_count: usize,
}

/// The number that the field in `bytes` begins with: the same as [`decimal_prefix`] gives, if there are
/// one to seven digits before the point and, where there is a point, one to seven behind it. `stops` are
/// how far it is to the next two bytes that are neither digits nor a minus. `None` for all else, or if
/// what follows the digits is not `point` and no end of a field.
///
/// Eight bytes at a time and without a branch on sign or number of digits, which no processor can
/// guess in a signal.
#[inline(always)]
pub(crate) fn short(
    by: impl Digits,
    bytes: &[u8; SHORT_LEN],
    stops: [usize; 2],
    point: u8,
    separator: u8,
) -> Option<Short> {
    let first = word(bytes, 0);
    let is_negative = first as u8 == b'-';
    let sign = u64::from(is_negative) << 63;
    let head = select_unpredictable(is_negative, first >> 8, first) ^ ZEROS;
    // One less than there are, so that none is too many.
    let whole_less = stops[0].wrapping_sub(usize::from(is_negative) + 1);
    if whole_less >= 8 {
        return None;
    }
    let whole = head << (56 ^ (8 * whole_less));
    let stop = usize::from(is_negative) + 1 + whole_less;
    let tail = word(bytes, stop);
    if tail as u8 != point {
        let is_end = matches!(tail as u8, b'\n' | b'\r') || tail as u8 == separator;
        if !is_end || !are_digits(whole, whole) {
            return None;
        }
        let value = f64::from_bits((eight_digits(whole) as f64).to_bits() | sign);
        return Some(Short { value, decimals: 0, len: stop, after: tail as u8, stop_count: 1 });
    }
    let part_less = stops[1].wrapping_sub(stop + 2);
    if part_less >= 8 {
        return None;
    }
    let part = (tail >> 8 ^ ZEROS) << (56 ^ (8 * part_less));
    if !are_digits(whole, part) {
        return None;
    }
    let decimals = part_less + 1;
    let magnitude = by.joined(whole, part, decimals) / EXACT_POWERS[decimals];
    let value = f64::from_bits(magnitude.to_bits() | sign);
    let end = stop + 1 + decimals;
    Some(Short { value, decimals, len: end, after: bytes[end], stop_count: 2 })
}

/// How digits become numbers: with what a processor has, or without. All ways give the same.
pub(crate) trait Digits: Copy {
    /// The number of the eight digits of `whole` and then `decimals` of `part`; the first digit of each
    /// is in its lowest byte. Exact.
    fn joined(self, whole: u64, part: u64, decimals: usize) -> f64;
}

impl Digits for Plain {
    #[inline(always)]
    fn joined(self, whole: u64, part: u64, decimals: usize) -> f64 {
        // At most 15 digits.
        let mantissa = eight_digits(whole) * WHOLE_POWERS[decimals] + eight_digits(part);
        mantissa.cast_signed() as f64
    }
}

#[cfg(target_arch = "x86_64")]
impl Digits for V3 {
    #[inline(always)]
    fn joined(self, whole: u64, part: u64, decimals: usize) -> f64 {
        let digits = self.sse2._mm_set_epi64x(part.cast_signed(), whole.cast_signed());
        // Two, four and eight neighbours are joined by one operation each.
        let tens = self.sse2._mm_set1_epi16(10 | 1 << 8);
        let hundreds = self.sse2._mm_set1_epi32(100 | 1 << 16);
        let myriads = self.sse2._mm_set1_epi32(10_000 | 1 << 16);
        let pairs = self.ssse3._mm_maddubs_epi16(digits, tens);
        let fours = self.sse2._mm_madd_epi16(pairs, hundreds);
        let fours = self.sse4_1._mm_packus_epi32(fours, fours);
        let eights = self.sse2._mm_madd_epi16(fours, myriads);
        let both = self.sse2._mm_cvtepi32_pd(eights);
        let part = self.sse2._mm_cvtsd_f64(self.sse2._mm_unpackhi_pd(both, both));
        self.sse2._mm_cvtsd_f64(both) * EXACT_POWERS[decimals] + part
    }
}

/// A plain number of many digits or with spaces before it, from `at` on, and where it ends.
#[cold]
#[inline(never)]
pub(crate) fn long(bytes: &[u8], at: usize, separator: u8) -> Option<(Decimal, usize)> {
    let (number, len) = decimal_prefix(bytes.get(at..)?, separator)?;
    Some((number, at + len))
}

const ONES: u64 = 0x0101_0101_0101_0101;

/// Eight times the digit zero.
const ZEROS: u64 = ONES * b'0' as u64;

/// Powers of ten by the number of digits of a part.
const WHOLE_POWERS: [u64; 9] =
    [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Eight bytes from `start` on, the first lowest.
#[inline(always)]
fn word(bytes: &[u8; SHORT_LEN], start: usize) -> u64 {
    bytes
        .get(start..start + 8)
        .and_then(|bytes| bytes.first_chunk())
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Whether all bytes are digits without their zero. They may be a minus or a zero byte without it, and
/// nothing else.
#[inline(always)]
fn are_digits(one: u64, two: u64) -> bool {
    ((one + ONES * 0x76) | (two + ONES * 0x76)) & (ONES * 0x80) == 0
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
    use crate::text::stops::Stops;

    fn value(field: &str) -> Option<f64> {
        parse(field.as_bytes()).number()
    }

    /// By every processor that there is; what follows a number in a file is there too.
    fn short_form(text: &str, point: u8, separator: u8) -> Option<Short> {
        let bytes = [text.as_bytes(), &[b'\n'; 100]].concat();
        let mut stops = Stops::new(2);
        stops.look(Plain, &bytes, 0);
        let stops = [stops.places()[0] as usize, stops.places()[1] as usize];
        let bytes = bytes.first_chunk().expect("there are a hundred");
        let plain = short(Plain, bytes, stops, point, separator);
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = V3::try_new() {
            let fast = short(v3, bytes, stops, point, separator);
            assert_eq!(fast.map(|one| one.value.to_bits()), plain.map(|one| one.value.to_bits()));
            assert_eq!(fast, plain, "{text:?}");
        }
        plain
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
            if let Some(short) = short_form(&text, point, separator) {
                let (value, decimals) = (short.value, short.decimals as u8);
                let Some((Cell::Number { value: long, decimals: long_decimals }, _)) =
                    prefix(text.as_bytes(), separator)
                else {
                    panic!("{text:?}");
                };
                prop_assert_eq!((value.to_bits(), decimals), (long.to_bits(), long_decimals));
                let number = text[..short.len].replace(',', ".");
                prop_assert_eq!(number.parse().map(f64::to_bits), Ok(value.to_bits()));
            }
        }

        #[test]
        fn short_decimals_are_rounded_like_the_standard_parser(whole in -99_999_i64..99_999, part in 0_u32..1_000_000) {
            let text = format!("{whole}.{part:06}");
            let expected: f64 = text.parse().expect("a number");
            prop_assert_eq!(value(&text).map(f64::to_bits), Some(expected.to_bits()));
            let short = short_form(&text, b'.', b',').map(|short| short.value.to_bits());
            prop_assert_eq!(short, Some(expected.to_bits()));
        }
    }
}
