//! One field of a table into a number, without copying it.

#[cfg(target_arch = "x86_64")]
use pulp::x86::V3;

use super::stops::{GROUP, Plain};

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

/// Some bytes of a table, and which of them are [stops](super::stops::Stops).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window<'a> {
    pub(crate) bytes: &'a [u8; WINDOW_LEN],
    /// Where the next field begins, and the stops from there on.
    pub(crate) at: usize,
    pub(crate) stops: u64,
}

/// Beyond the bytes of which stops are known, words can be read without a look at the end.
pub(crate) const WINDOW_LEN: usize = GROUP + 16;

/// What stands between and in numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marks {
    pub(crate) separator: u8,
    pub(crate) point: u8,
}

/// A number, its digits after the point, and the byte behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Short {
    pub(crate) value: f64,
    pub(crate) decimals: usize,
    pub(crate) after: u8,
}

impl Window<'_> {
    /// Whether there is no point and end of a number in sight.
    #[inline(always)]
    pub(crate) fn is_used_up(self) -> bool {
        self.stops & self.stops.wrapping_sub(1) == 0
    }

    #[inline(always)]
    pub(crate) fn byte(self, at: usize) -> u8 {
        self.bytes[at.min(WINDOW_LEN - 1)]
    }

    /// The number of the field: the same as [`decimal_prefix`] gives, if there are one to eight digits
    /// before the point and, where there is a point, one to seven behind it. `None` for all else, or if
    /// what follows the digits is no point and no end of a field; nothing is taken then.
    ///
    /// Eight bytes at a time and without a branch on sign or number of digits, which no processor can
    /// guess in a signal.
    #[inline(always)]
    pub(crate) fn take_short(&mut self, by: impl Digits, marks: Marks) -> Option<Short> {
        let negative = u64::from(self.byte(self.at) == b'-');
        let stops = self.stops;
        let start = self.at + negative as usize;
        let stop = stops.trailing_zeros() as usize;
        // One less than there are, so that none is too many.
        let whole_less = stop.wrapping_sub(start + 1);
        if whole_less >= 8 {
            return None;
        }
        let whole = self.word(start) << (56 ^ (8 * whole_less));
        let byte = self.byte(stop);
        if byte != marks.point {
            if byte != marks.separator && byte != b'\n' && byte != b'\r' {
                return None;
            }
            self.at = stop + 1;
            self.stops = stops & stops.wrapping_sub(1);
            let value = signed(by.joined(whole, 0, 0), negative);
            return Some(Short { value, decimals: 0, after: byte });
        }
        let stops = stops & stops.wrapping_sub(1);
        let end = stops.trailing_zeros() as usize;
        let part_less = end.wrapping_sub(stop + 2);
        // 16 digits would not be exact.
        if part_less >= 7 {
            return None;
        }
        let part = self.word(stop + 1) << (56 ^ (8 * part_less));
        let decimals = part_less + 1;
        let value = signed(by.joined(whole, part, decimals) / EXACT_POWERS[decimals], negative);
        self.at = end + 1;
        self.stops = stops & stops.wrapping_sub(1);
        Some(Short { value, decimals, after: self.byte(end) })
    }

    /// Eight bytes from `start` on, the first lowest.
    #[inline(always)]
    fn word(self, start: usize) -> u64 {
        let bytes = self.bytes.get(start..start + 8).and_then(|bytes| bytes.first_chunk());
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

#[inline(always)]
fn signed(magnitude: f64, negative: u64) -> f64 {
    f64::from_bits(magnitude.to_bits() | negative << 63)
}

/// How digits become numbers: with what a processor has, or without. All ways give the same.
pub(crate) trait Digits: Copy {
    /// The number of the eight digits of `whole` and then `decimals` of `part`; the first digit of each
    /// is in its lowest byte, and zero bytes are zeros. Exact.
    fn joined(self, whole: u64, part: u64, decimals: usize) -> f64;
}

impl Digits for Plain {
    #[inline(always)]
    fn joined(self, whole: u64, part: u64, decimals: usize) -> f64 {
        let whole = eight_digits(whole & (ONES * 0x0f));
        let part = eight_digits(part & (ONES * 0x0f));
        // At most 15 digits.
        (whole * WHOLE_POWERS[decimals] + part).cast_signed() as f64
    }
}

#[cfg(target_arch = "x86_64")]
impl Digits for V3 {
    #[inline(always)]
    fn joined(self, whole: u64, part: u64, decimals: usize) -> f64 {
        let both = self.sse2._mm_set_epi64x(part.cast_signed(), whole.cast_signed());
        let digits = self.sse2._mm_and_si128(both, self.sse2._mm_set1_epi8(0x0f));
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

/// Powers of ten by the number of digits of a part.
const WHOLE_POWERS: [u64; 9] =
    [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

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

    /// By every processor that there is; what follows a number in a file is there too. Also its length.
    fn short(text: &str, point: u8, separator: u8) -> Option<(Short, usize)> {
        let bytes = [text.as_bytes(), &[b'\n'; 200]].concat();
        let marks = Marks { point, separator };
        let mut stops = Stops::default();
        stops.restart();
        let stops = stops.from(Plain, &bytes, 0, separator).expect("there are a hundred");
        let mut window = Window { bytes: bytes.first_chunk().expect("and more"), at: 0, stops };
        let mut again = window;
        let plain = window.take_short(Plain, marks);
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = V3::try_new() {
            let fast = again.take_short(v3, marks);
            assert_eq!(fast.map(|one| one.value.to_bits()), plain.map(|one| one.value.to_bits()));
            assert_eq!((fast, again.at, again.stops), (plain, window.at, window.stops), "{text:?}");
        }
        plain.map(|short| (short, window.at - 1))
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

    /// Every way of placing the point among up to 15 digits, with digits that round badly.
    #[test]
    fn the_short_form_rounds_like_the_standard_parser() {
        let mut state = 1_u64;
        for index in 0..200_000_usize {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (whole_count, part_count) = (index % 8 + 1, index / 8 % 8);
            let digit = |place: usize| match index % 3 {
                0 => b'9',
                1 => b"05"[(state >> (place + 40) & 1) as usize],
                _ => b'0' + ((state >> (2 * place + 16)) % 10) as u8,
            };
            let mut text = String::from(if state >> 63 == 1 { "-" } else { "" });
            text.extend((0..whole_count).map(|place| char::from(digit(place))));
            if part_count > 0 {
                text.push('.');
                text.extend((0..part_count).map(|place| char::from(digit(8 + place))));
            }
            let expected: f64 = text.parse().expect("a number");
            let (found, len) = short(&text, b'.', b',').expect("few digits");
            assert_eq!(found.value.to_bits(), expected.to_bits(), "{text}");
            assert_eq!((found.decimals, len), (part_count, text.len()), "{text}");
        }
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
            if let Some((short, len)) = short(&text, point, separator) {
                let (value, decimals) = (short.value, short.decimals as u8);
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
            let short = short(&text, b'.', b',').map(|(short, _)| short.value.to_bits());
            prop_assert_eq!(short, Some(expected.to_bits()));
        }
    }
}
