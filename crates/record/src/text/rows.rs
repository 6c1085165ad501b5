//! One line of the table into a time and values.

use super::fields::{Fields, Separator, text_of};
use super::layout::SkipReason;
use super::number::{self, Cell};

/// Letters of a note that are kept.
pub(crate) const MAX_NOTE_CHARS: usize = 200;

/// No channel is in this column.
const NONE: u8 = u8::MAX;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// At least one channel has a value.
    Row,
    /// No channel has a value.
    Skip(SkipReason),
    /// The table ends here; what follows are notes.
    Section,
}

/// Which columns are read, and how.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowFormat {
    pub(crate) separator: Separator,
    pub(crate) time: Option<usize>,
    /// Whether a row without a time can be placed.
    pub(crate) needs_time: bool,
    /// Columns where texts are the rule.
    pub(crate) is_text: Vec<bool>,
    pub(crate) scale: f64,
    pub(crate) offset: f64,
    slots: Vec<u8>,
    channel_count: usize,
    /// One past the last column that is read.
    needed: usize,
}

/// The last line that was read.
#[derive(Clone, Debug)]
pub(crate) struct RowValues {
    /// Time as printed, with its digits after the point.
    pub(crate) time: Option<(f64, u8)>,
    /// One value a channel, `NAN` where it has none.
    pub(crate) values: Box<[f64]>,
}

impl RowFormat {
    /// A format for `column_count` columns.
    pub(crate) fn new(
        separator: Separator,
        column_count: usize,
        time: Option<usize>,
        channels: &[usize],
    ) -> Self {
        let mut slots = vec![NONE; column_count];
        for (slot, &column) in channels.iter().enumerate() {
            slots[column] = slot as u8;
        }
        let needed = channels.iter().copied().chain(time).max().map_or(0, |last| last + 1);
        Self {
            separator,
            time,
            needs_time: false,
            is_text: vec![false; column_count],
            scale: 1.0,
            offset: 0.0,
            slots,
            channel_count: channels.len(),
            needed,
        }
    }

    /// Room for the values of one row.
    pub(crate) fn values(&self) -> RowValues {
        RowValues { time: None, values: vec![f64::NAN; self.channel_count].into_boxed_slice() }
    }

    /// The column of each channel.
    pub(crate) fn channel_columns(&self) -> Vec<usize> {
        let mut columns = vec![0; self.channel_count];
        for (column, &slot) in self.slots.iter().enumerate().filter(|(_, slot)| **slot != NONE) {
            columns[usize::from(slot)] = column;
        }
        columns
    }

    /// Reads the columns that are needed.
    pub(crate) fn read(&self, line: &[u8], row: &mut RowValues) -> Verdict {
        self.read_columns(line, row, self.needed, |_, _| ())
    }

    /// Reads all columns and shows each cell to `visit`.
    pub(crate) fn read_all(
        &self,
        line: &[u8],
        row: &mut RowValues,
        visit: impl FnMut(usize, Cell),
    ) -> Verdict {
        self.read_columns(line, row, self.slots.len(), visit)
    }

    fn read_columns(
        &self,
        line: &[u8],
        row: &mut RowValues,
        column_count: usize,
        mut visit: impl FnMut(usize, Cell),
    ) -> Verdict {
        row.time = None;
        row.values.fill(f64::NAN);
        let mut value_count = 0;
        let mut field_count = 0;
        let mut reason = SkipReason::Blank;
        let slots = &self.slots[..column_count.min(self.slots.len())];
        let mut fields = Fields::new(line, self.separator);
        for (column, &slot) in slots.iter().enumerate() {
            let Some(cell) = fields.next_cell() else { break };
            field_count += 1;
            visit(column, cell);
            if self.time == Some(column)
                && let Cell::Number { value, decimals } = cell
            {
                row.time = Some((value, decimals));
            }
            if slot == NONE {
                continue;
            }
            match cell {
                Cell::Number { value, .. } => {
                    let value = (value + self.offset) * self.scale;
                    if value.is_finite() {
                        row.values[usize::from(slot)] = value;
                        value_count += 1;
                    } else {
                        reason = SkipReason::NotFinite;
                    }
                }
                Cell::NotFinite => reason = SkipReason::NotFinite,
                Cell::Text => reason = SkipReason::Text,
                Cell::Blank => {}
            }
        }
        if value_count == 0 {
            return self.judge(line, field_count < self.needed, reason);
        }
        if self.needs_time && row.time.is_none() {
            return Verdict::Skip(SkipReason::NoTime);
        }
        Verdict::Row
    }

    /// What a line without a value is.
    #[cold]
    fn judge(&self, line: &[u8], is_short: bool, reason: SkipReason) -> Verdict {
        let fields = || Fields::new(line, self.separator);
        let number_count = fields().cells().filter(|cell| cell.number().is_some()).count();
        if number_count == 0 && starts_section(line) {
            return Verdict::Section;
        }
        if reason == SkipReason::Blank && number_count > 0 && self.has_marker(line) {
            return Verdict::Skip(SkipReason::Marker);
        }
        Verdict::Skip(if is_short { SkipReason::Short } else { reason })
    }

    /// Whether a text stands where no text is the rule.
    fn has_marker(&self, line: &[u8]) -> bool {
        self.texts(line).next().is_some()
    }

    /// The texts of the line, without those of text columns.
    fn texts<'a>(&'a self, line: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        Fields::new(line, self.separator)
            .zip(self.is_text.iter().chain(core::iter::repeat(&false)))
            .filter(|(field, is_text)| !**is_text && number::parse(field) == Cell::Text)
            .map(|(field, _)| field)
    }

    /// The texts of the line for people.
    pub(crate) fn note_text(&self, line: &[u8]) -> String {
        let texts: Vec<String> =
            self.texts(line).take(8).map(|field| text_of(field, MAX_NOTE_CHARS)).collect();
        texts.join(" ").chars().take(MAX_NOTE_CHARS).collect()
    }
}

/// Whether a line without a number opens a part behind the table: it ends with a colon, or is one of
/// the usual words.
fn starts_section(line: &[u8]) -> bool {
    const WORDS: [&str; 6] =
        ["annotations", "annotation", "events", "markers", "notes", "comments"];
    let text = text_of(line, MAX_NOTE_CHARS);
    text.ends_with(':') || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A line behind the table: its time, if it begins with a number, and its text.
pub(crate) fn annotation(line: &[u8], separator: Separator) -> (Option<f64>, String) {
    let line = line.trim_ascii();
    let is_gap = |byte: &u8| byte.is_ascii_whitespace() || *byte == b';';
    let is_end = |byte: &u8| is_gap(byte) || (separator == Separator::Comma && *byte == b',');
    let end = line.iter().position(is_end).unwrap_or(line.len());
    match number::parse(&line[..end]) {
        Cell::Number { value, .. } => {
            let rest = &line[end..];
            let start = rest.iter().position(|byte| !is_end(byte)).unwrap_or(rest.len());
            (Some(value), text_of(&rest[start..], MAX_NOTE_CHARS))
        }
        Cell::Blank | Cell::NotFinite | Cell::Text => (None, text_of(line, MAX_NOTE_CHARS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &RowFormat, line: &str) -> (Verdict, Option<f64>, Vec<f64>) {
        let mut row = format.values();
        let verdict = format.read(line.as_bytes(), &mut row);
        let mut again = format.values();
        assert_eq!(format.read_all(line.as_bytes(), &mut again, |_, _| ()), verdict, "{line}");
        (verdict, row.time.map(|time| time.0), row.values.to_vec())
    }

    fn grip() -> RowFormat {
        RowFormat { needs_time: true, ..RowFormat::new(Separator::Comma, 3, Some(0), &[1]) }
    }

    #[test]
    fn a_row_gives_time_and_value() {
        let format = RowFormat { scale: 0.5, offset: -10.0, ..grip() };
        assert_eq!(read(&format, "1.5,30,\"\""), (Verdict::Row, Some(1.5), vec![10.0]));
        assert_eq!(read(&format, "1.5,30,\"TRIG\",9,9"), (Verdict::Row, Some(1.5), vec![10.0]));
    }

    #[test]
    fn a_row_without_value_says_why() {
        for (line, reason) in [
            ("1.5,,", SkipReason::Blank),
            ("1.5,,\"TRIG\"", SkipReason::Marker),
            ("1.5,x,", SkipReason::Text),
            ("1.5,nan,", SkipReason::NotFinite),
            ("1.5,1e999,", SkipReason::NotFinite),
            ("1.5", SkipReason::Short),
            (",5,", SkipReason::NoTime),
            ("time,force,other", SkipReason::Text),
        ] {
            assert_eq!(read(&grip(), line).0, Verdict::Skip(reason), "{line}");
        }
    }

    #[test]
    fn a_value_that_the_scale_makes_infinite_is_none() {
        let format = RowFormat { scale: 1e300, ..grip() };
        assert_eq!(read(&format, "1,1e300,").0, Verdict::Skip(SkipReason::NotFinite));
    }

    #[test]
    fn a_channel_without_value_beside_one_with_is_not_a_number() {
        let format = RowFormat::new(Separator::Comma, 3, Some(0), &[2, 1]);
        let (verdict, _, values) = read(&format, "0,,7");
        assert_eq!(verdict, Verdict::Row);
        assert_eq!(values[0].to_bits(), 7.0_f64.to_bits());
        assert!(values[1].is_nan());
    }

    #[test]
    fn a_text_column_marks_nothing() {
        let format = RowFormat { is_text: vec![false, false, true], ..grip() };
        assert_eq!(read(&format, "1.5,,12:00:01").0, Verdict::Skip(SkipReason::Blank));
        assert_eq!(grip().note_text(b"1.5,,\"TRIG\",x"), "TRIG x");
    }

    #[test]
    fn the_table_ends_where_a_section_begins() {
        let format = RowFormat::new(Separator::Tab, 3, Some(0), &[1]);
        assert_eq!(read(&format, "Annotations:").0, Verdict::Section);
        assert_eq!(read(&format, "events").0, Verdict::Section);
        assert_eq!(read(&format, "something else").0, Verdict::Skip(SkipReason::Short));
    }

    #[test]
    fn annotations_have_a_time_and_a_text() {
        for (line, time, text) in [
            ("   52.26\t# Squeeze 1", Some(52.26), "# Squeeze 1"),
            ("   40.91    # Rest", Some(40.91), "# Rest"),
            ("      -1\t# RAIR", Some(-1.0), "# RAIR"),
            ("12,5;cough", Some(12.5), "cough"),
            ("12.5,cough, twice", Some(12.5), "cough, twice"),
            ("no time", None, "no time"),
            ("7", Some(7.0), ""),
        ] {
            let separator = if line.contains("12.5") { Separator::Comma } else { Separator::Tab };
            assert_eq!(annotation(line.as_bytes(), separator), (time, text.to_owned()), "{line}");
        }
    }
}
