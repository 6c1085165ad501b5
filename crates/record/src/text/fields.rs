//! A line cut into fields.

use super::number::{self, Cell};

/// What stands between two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Separator {
    /// Tabulator.
    Tab,
    /// Semicolon, where the comma is often the decimal point.
    Semicolon,
    /// Comma, with or without a space after it.
    Comma,
    /// One or more spaces or tabulators.
    Spaces,
    /// Nothing: one number a line.
    None,
}

impl Separator {
    /// In the order they are tried: a later one may stand inside the fields of an earlier one.
    pub(crate) const ALL: [Self; 5] =
        [Self::Tab, Self::Semicolon, Self::Comma, Self::Spaces, Self::None];

    /// A word for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tab => "tab",
            Self::Semicolon => "semicolon",
            Self::Comma => "comma",
            Self::Spaces => "space",
            Self::None => "none",
        }
    }

    /// The byte it is; `None` never stands in a line.
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Tab => b'\t',
            Self::Semicolon => b';',
            Self::Comma => b',',
            Self::Spaces => b' ',
            Self::None => b'\n',
        }
    }
}

/// The fields of one line. Quotes around a field are taken off, and a separator inside them does not
/// count; `""` inside quotes is left as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    rest: Option<&'a [u8]>,
    separator: Separator,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(line: &'a [u8], separator: Separator) -> Self {
        let line = if separator == Separator::Spaces { line.trim_ascii() } else { line };
        Self { rest: Some(line), separator }
    }

    /// What stands in each field.
    pub(crate) fn cells(mut self) -> impl Iterator<Item = Cell> {
        core::iter::from_fn(move || self.next_cell())
    }

    /// What stands in the next field. The same as reading what `next` gives, but a plain number is
    /// read while its end is being looked for.
    #[inline(always)]
    pub(crate) fn next_cell(&mut self) -> Option<Cell> {
        let rest = self.rest?;
        let separator = self.separator.byte();
        if let Some((cell, len)) = number::prefix(rest, separator) {
            let after = rest.get(len..)?;
            match after.split_first() {
                None => {
                    self.rest = None;
                    return Some(cell);
                }
                Some((&byte, after)) if byte == separator => {
                    let spaces = self.separator == Separator::Spaces;
                    self.rest = Some(if spaces { after.trim_ascii_start() } else { after });
                    return Some(cell);
                }
                Some(_) => {}
            }
        }
        self.next().map(number::parse)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let separator = self.separator.byte();
        let spaces = self.separator == Separator::Spaces;
        let mut index = 0;
        // Quotes count only at the start of a field, so an inch sign harms nothing.
        while index < rest.len() && rest[index] == b' ' && !spaces {
            index += 1;
        }
        if rest.get(index) == Some(&b'"')
            && let Some((field, after)) = quoted(&rest[index + 1..], self.separator)
        {
            self.rest = after.map(|after| if spaces { after.trim_ascii_start() } else { after });
            return Some(field);
        }
        while index < rest.len() && rest[index] != separator && !(spaces && rest[index] == b'\t') {
            index += 1;
        }
        self.rest = rest.get(index + 1..);
        if spaces {
            self.rest = self.rest.map(<[u8]>::trim_ascii_start);
        }
        Some(&rest[..index])
    }
}

/// The field up to its closing quote, and what follows the separator behind it. `None` if the quote
/// is never closed or something else follows it.
fn quoted(bytes: &[u8], separator: Separator) -> Option<(&[u8], Option<&[u8]>)> {
    let mut from = 0;
    loop {
        let close = from + bytes[from..].iter().position(|&byte| byte == b'"')?;
        if bytes.get(close + 1) == Some(&b'"') {
            from = close + 2;
            continue;
        }
        let after = &bytes[close + 1..];
        let gap = after.iter().position(|&byte| byte != b' ').unwrap_or(after.len());
        return match after.get(gap) {
            None => Some((&bytes[..close], None)),
            Some(&byte) if byte == separator.byte() => {
                Some((&bytes[..close], Some(&after[gap + 1..])))
            }
            Some(_) if separator == Separator::Spaces && gap > 0 => {
                Some((&bytes[..close], Some(&after[gap..])))
            }
            Some(b'\t') if separator == Separator::Spaces => {
                Some((&bytes[..close], Some(&after[gap + 1..])))
            }
            Some(_) => None,
        };
    }
}

/// Text of a field for people: UTF-8 if it is, else Latin-1, cut to `max_chars`, without spaces and
/// quotes around it and without control characters.
pub(crate) fn text_of(field: &[u8], max_chars: usize) -> String {
    let field = field.trim_ascii();
    let clean = |text: &mut dyn Iterator<Item = char>| -> String {
        text.filter(|letter| !letter.is_control()).take(max_chars).collect()
    };
    // Four bytes a letter at most; what lies beyond cannot be shown anyway.
    let head = &field[..field.len().min(max_chars * 4)];
    let text = match core::str::from_utf8(head) {
        Ok(text) => clean(&mut text.chars()),
        // Only the last letter was cut in two.
        Err(error) if error.error_len().is_none() && head.len() < field.len() => {
            clean(&mut String::from_utf8_lossy(&head[..error.valid_up_to()]).chars())
        }
        Err(_) => clean(&mut head.iter().map(|&byte| char::from(byte))),
    };
    text.trim().trim_matches(['"', '\'']).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(line: &str, separator: Separator) -> Vec<String> {
        Fields::new(line.as_bytes(), separator).map(|field| text_of(field, 50)).collect()
    }

    #[test]
    fn fields_are_cut_at_their_separator() {
        assert_eq!(fields("1,2, 3,", Separator::Comma), ["1", "2", "3", ""]);
        assert_eq!(fields("0,5;1,5", Separator::Semicolon), ["0,5", "1,5"]);
        assert_eq!(fields("  1.0 \t  2", Separator::Tab), ["1.0", "2"]);
        assert_eq!(fields("  1.0 \t  2  ", Separator::Spaces), ["1.0", "2"]);
        assert_eq!(fields("12 34", Separator::None), ["12 34"]);
        assert_eq!(fields("", Separator::Comma), [""]);
    }

    #[test]
    fn a_separator_inside_quotes_does_not_count() {
        assert_eq!(fields("1,\"a, b\",2", Separator::Comma), ["1", "a, b", "2"]);
        assert_eq!(fields("\"0,5\", \"1,5\"", Separator::Comma), ["0,5", "1,5"]);
        assert_eq!(fields("1,,\"\"", Separator::Comma), ["1", "", ""]);
        assert_eq!(fields("\"a b\" 2", Separator::Spaces), ["a b", "2"]);
        assert_eq!(fields("\"a\"\"b\",2", Separator::Comma), ["a\"\"b", "2"]);
    }

    proptest! {
        #[test]
        fn reading_while_cutting_is_reading_after_cutting(
            line in "[0-9.,;+\"x \t-]{0,30}", separator in prop::sample::select(&Separator::ALL[..]),
        ) {
            let together: Vec<Cell> = Fields::new(line.as_bytes(), separator).cells().collect();
            let apart: Vec<Cell> =
                Fields::new(line.as_bytes(), separator).map(number::parse).collect();
            prop_assert_eq!(together, apart);
        }
    }

    #[test]
    fn a_quote_that_never_closes_is_a_letter() {
        assert_eq!(fields("\"a,b", Separator::Comma), ["a", "b"]);
        assert_eq!(fields("3\",4", Separator::Comma), ["3", "4"]);
    }

    #[test]
    fn text_is_shown_whatever_its_encoding() {
        assert_eq!(text_of("µV".as_bytes(), 10), "µV");
        assert_eq!(text_of(&[0xb5, b'V'], 10), "µV");
        assert_eq!(text_of(" 'a\tb' ".as_bytes(), 10), "ab");
        assert_eq!(text_of("äöü".as_bytes(), 2), "äö");
        assert_eq!(text_of("ääääääää€€€€".as_bytes(), 3), "äää");
    }
}
