//! The shape of a table, learnt from its first lines.

use std::io::Read;

use super::error::TextError;
use super::fields::{Fields, Separator, text_of};
use super::hints::Hints;
use super::lines::{LineError, Lines};
use super::names;
use super::number::Cell;

/// Most columns a table may have. Our choice: the widest amplifier in use has 512.
pub const MAX_COLUMNS: usize = 1024;

/// Lines and bytes that are looked at. Our choice: preambles of exports have some dozens of lines.
const HEAD_LINES: usize = 1000;
const HEAD_BYTES: usize = 1 << 20;

/// Letters of a column's name that are kept.
const MAX_NAME_CHARS: usize = 80;

/// What the first lines tell.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) separator: Separator,
    pub(crate) decimal_comma: bool,
    /// Names of the columns, empty where there is none.
    pub(crate) names: Vec<String>,
    pub(crate) header_line: Option<u64>,
    /// Number of the first line with numbers of the table.
    pub(crate) first_row_line: u64,
    /// Kind of sensor of each column, empty where it is not stated.
    pub(crate) sensors: Vec<String>,
    /// Samples in a second, where it is stated.
    pub(crate) rate_hz: Option<f64>,
}

/// Whether the line is left out wherever it stands.
fn is_comment(line: &[u8]) -> bool {
    matches!(line.trim_ascii_start().first(), Some(b'#' | b'%'))
}

/// Reads the first lines of `source` and finds the table in them.
pub(crate) fn learn(source: impl Read) -> Result<Head, TextError> {
    let lines = collect(source)?;
    if lines.is_empty() {
        return Err(TextError::Empty);
    }
    let candidates: Vec<&Line> =
        lines.iter().filter(|line| !line.is_comment && !line.is_blank).collect();
    let separator = separator(&candidates).ok_or(TextError::NoNumbers)?;
    let rows: Vec<Vec<Cell>> = candidates
        .iter()
        .map(|line| Fields::new(&line.bytes, separator).cells().collect())
        .collect();
    let column_count = usual_count(&rows);
    if column_count > MAX_COLUMNS {
        let line = candidates.first().map_or(1, |line| line.number);
        return Err(TextError::TooManyColumns { line, actual: column_count, max: MAX_COLUMNS });
    }
    let numeric = numeric_columns(&rows, column_count);
    let first_row = rows
        .iter()
        .position(|row| row.len() == column_count && is_clean(row, &numeric))
        .ok_or(TextError::NoNumbers)?;
    let first_row_line = candidates[first_row].number;

    let before: Vec<&Line> = lines.iter().take_while(|line| line.number < first_row_line).collect();
    let mut hints = Hints::default();
    for line in &before {
        hints.read(&line.bytes);
    }
    let trailing_blank =
        !numeric.last().copied().unwrap_or(false) && rows[first_row].last() == Some(&Cell::Blank);
    let (names, header_line) = header(&before, separator, column_count, trailing_blank)
        .map_or_else(
            || (aligned(&hints.names, column_count, trailing_blank), None),
            |(names, line)| (names, Some(line)),
        );
    let decimal_comma =
        candidates[first_row..].iter().zip(&rows[first_row..]).any(|(line, row)| {
            let commas = Fields::new(&line.bytes, separator).map(|field| field.contains(&b','));
            row.iter().zip(commas).any(|(cell, comma)| comma && cell.number().is_some())
        });
    Ok(Head {
        separator,
        decimal_comma,
        names,
        sensors: aligned(&hints.sensors, column_count, trailing_blank),
        header_line,
        first_row_line,
        rate_hz: hints.rate_hz,
    })
}

#[derive(Debug)]
struct Line {
    number: u64,
    bytes: Vec<u8>,
    is_comment: bool,
    is_blank: bool,
}

fn collect(source: impl Read) -> Result<Vec<Line>, TextError> {
    let mut lines = Lines::new(source)?;
    let mut all = Vec::new();
    let mut byte_count = 0;
    while all.len() < HEAD_LINES && byte_count < HEAD_BYTES {
        let (number, bytes) = match lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            // A faulty line far down is met again by the scan, with the rows before it counted.
            Err(LineError::Io(error)) => return Err(error.into()),
            Err(fault) if all.is_empty() => return Err(fault.into()),
            Err(_) => break,
        };
        byte_count += bytes.len();
        let is_blank = bytes.trim_ascii().is_empty();
        let is_comment = is_comment(bytes);
        all.push(Line { number, bytes: bytes.to_vec(), is_comment, is_blank });
    }
    Ok(all)
}

/// How much a line looks like numbers between separators: 2 if nothing else is in it, 1 if they are
/// not outnumbered by text, else 0.
fn likeness(cells: impl Iterator<Item = Cell>, separator: Separator) -> u64 {
    let (mut field_count, mut number_count, mut text_count) = (0_usize, 0_usize, 0_usize);
    for cell in cells {
        field_count += 1;
        number_count += usize::from(matches!(cell, Cell::Number { .. }));
        text_count += usize::from(cell == Cell::Text);
    }
    let separated = separator == Separator::None || field_count > 1;
    match (number_count, text_count) {
        (0, _) => 0,
        _ if !separated => 0,
        (_, 0) => 2,
        (numbers, texts) => u64::from(numbers >= texts),
    }
}

fn separator(lines: &[&Line]) -> Option<Separator> {
    let mut best = None;
    let mut best_score = 0;
    for separator in Separator::ALL {
        let score = lines
            .iter()
            .map(|line| likeness(Fields::new(&line.bytes, separator).cells(), separator))
            .sum();
        // Only a better score wins: of equals the earlier separator cuts the larger fields.
        if score > best_score {
            best = Some(separator);
            best_score = score;
        }
    }
    best
}

/// The most frequent number of fields among rows that hold a number.
fn usual_count(rows: &[Vec<Cell>]) -> usize {
    let mut counts: Vec<usize> = rows
        .iter()
        .filter(|row| row.iter().any(|cell| cell.number().is_some()))
        .map(Vec::len)
        .collect();
    counts.sort_unstable();
    counts
        .chunk_by(PartialEq::eq)
        .max_by_key(|run| run.len())
        .and_then(|run| run.first().copied())
        .unwrap_or(0)
}

/// Columns that hold more numbers than texts.
fn numeric_columns(rows: &[Vec<Cell>], column_count: usize) -> Vec<bool> {
    let mut balance = vec![0_i64; column_count];
    // Headers and preambles do not vote.
    let has_number = |row: &&Vec<Cell>| row.iter().any(|cell| cell.number().is_some());
    for row in rows.iter().filter(|row| row.len() == column_count).filter(has_number) {
        for (balance, cell) in balance.iter_mut().zip(row) {
            *balance += match cell {
                Cell::Number { .. } => 1,
                Cell::Text => -1,
                Cell::Blank | Cell::NotFinite => 0,
            };
        }
    }
    balance.iter().map(|&balance| balance > 0).collect()
}

/// Whether the row has a number and no text where numbers belong.
fn is_clean(row: &[Cell], numeric: &[bool]) -> bool {
    row.iter().zip(numeric).any(|(cell, numeric)| *numeric && cell.number().is_some())
        && !row.iter().zip(numeric).any(|(cell, numeric)| *numeric && *cell == Cell::Text)
}

/// Names from the last line before the table that has as many fields, and the number of that line.
fn header(
    before: &[&Line],
    separator: Separator,
    column_count: usize,
    trailing_blank: bool,
) -> Option<(Vec<String>, u64)> {
    let plain: Vec<&&Line> =
        before.iter().filter(|line| !line.is_comment && !line.is_blank).collect();
    let names_in = |line: &Line| {
        let bytes = line.bytes.trim_ascii_start();
        let bytes = if line.is_comment { &bytes[1..] } else { &line.bytes[..] };
        fit(
            Fields::new(bytes, separator).map(|field| text_of(field, MAX_NAME_CHARS)).collect(),
            column_count,
            trailing_blank,
        )
    };
    if let Some((last, earlier)) = plain.split_last()
        && let Some(mut names) = names_in(last)
    {
        let mut line = last.number;
        let mut named = names.iter().filter(|name| !name.is_empty());
        if let Some(above) = earlier.last()
            && named.all(|name| names::is_unit(name))
            && let Some(above_names) = names_in(above)
        {
            names = above_names
                .into_iter()
                .zip(names)
                .map(|(name, unit)| if unit.is_empty() { name } else { format!("{name} [{unit}]") })
                .collect();
            line = above.number;
        }
        return Some((names, line));
    }
    // Some programs write the header as the last comment. One word could be any comment.
    let last = before.iter().rfind(|line| !line.is_blank)?;
    if !last.is_comment || column_count < 2 {
        return None;
    }
    names_in(last).map(|names| (names, last.number))
}

/// The names if they can belong to `column_count` columns and one of them is a name at all.
fn fit(mut names: Vec<String>, column_count: usize, trailing_blank: bool) -> Option<Vec<String>> {
    if column_count == 0 || names.iter().all(|name| name.parse::<f64>().is_ok() || name.is_empty())
    {
        return None;
    }
    if names.len() == column_count + 1 && names.last().is_some_and(String::is_empty) {
        names.pop();
    } else if names.len() + 1 == column_count {
        // A separator at the end of each row, or else a first column of row names without header.
        let at = if trailing_blank { names.len() } else { 0 };
        names.insert(at, String::new());
    }
    (names.len() == column_count).then_some(names)
}

/// What comments list for all columns, or for the last ones, put beside its columns.
fn aligned(list: &[String], column_count: usize, trailing_blank: bool) -> Vec<String> {
    let end = column_count - usize::from(trailing_blank && list.len() < column_count);
    let start = end.saturating_sub(list.len());
    let mut all = vec![String::new(); column_count];
    all[start..end].clone_from_slice(&list[..end - start]);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        learn(text.as_bytes()).expect("a table")
    }

    #[test]
    fn separators_are_told_apart() {
        for (text, separator, columns) in [
            ("1,2\n3,4\n", Separator::Comma, 2),
            ("1, 2\n3, 4\n", Separator::Comma, 2),
            ("1;2\n3;4\n", Separator::Semicolon, 2),
            ("0,1;2,5\n0,2;4,5\n", Separator::Semicolon, 2),
            ("0,1\t2,5\n0,2\t4,5\n", Separator::Tab, 2),
            ("0,1 2,5\n0,2 4,5\n", Separator::Spaces, 2),
            ("  1   2\n  3   4\n", Separator::Spaces, 2),
            ("  1 \t  2\n  3 \t  4\n", Separator::Tab, 2),
            ("1\n2\n", Separator::None, 1),
            ("1,\"x, y\",2\n3,\"\",4\n", Separator::Comma, 3),
            ("2024-01-01 12:00:00,5\n2024-01-01 12:00:01,6\n", Separator::Comma, 2),
        ] {
            let head = head(text);
            assert_eq!((head.separator, head.names.len()), (separator, columns), "{text:?}");
        }
    }

    #[test]
    fn a_decimal_comma_is_noticed() {
        assert!(head("0,1;2,5\n0,2;4,5\n").decimal_comma);
        assert!(head("\"0,1\",\"2,5\"\n\"0,2\",\"4,5\"\n").decimal_comma);
        assert!(!head("0.1;2.5\n").decimal_comma);
        assert!(!head("0,1\n0,2\n").decimal_comma);
    }

    #[test]
    fn a_header_is_found_even_if_most_names_are_numbers() {
        let head = head("TIME:\t2\t1\n0.0\t5\t6\n0.1\t5\t6\n");
        assert_eq!(head.names, ["TIME:", "2", "1"]);
        assert_eq!((head.header_line, head.first_row_line), (Some(1), 2));
    }

    #[test]
    fn a_preamble_is_passed_over_and_read_for_the_rate() {
        let head =
            head("Patient: -\nSample rate: 500 Hz\n\n\"time\",\"emg\"\ns,mV\n0,1\n0.002,2\n");
        assert_eq!(head.names, ["time [s]", "emg [mV]"]);
        assert_eq!(head.rate_hz, Some(500.0));
        assert_eq!((head.header_line, head.first_row_line), (Some(4), 6));
    }

    #[test]
    fn names_may_stand_in_a_comment() {
        assert_eq!(head("# time, emg\n0,1\n1,2\n").names, ["time", "emg"]);
        assert_eq!(head("# Labels:= EMG\n1\n2\n").names, ["EMG"]);
        assert_eq!(head("# made by hand\n1\n2\n").names, [""]);
    }

    #[test]
    fn a_table_without_header_has_columns_without_names() {
        let head = head("-3,-1\n4,5\n");
        assert_eq!(head.names, ["", ""]);
        assert_eq!((head.header_line, head.first_row_line), (None, 1));
    }

    #[test]
    fn columns_without_name_at_either_end_are_noticed() {
        assert_eq!(head("a\tb\n1\t2\t\n3\t4\t\n").names, ["a", "b", ""]);
        assert_eq!(head("\"a\" \"b\"\n\"1\" 2 3\n\"2\" 4 5\n").names, ["", "a", "b"]);
    }

    #[test]
    fn a_text_without_table_is_refused() {
        assert!(matches!(learn(&b""[..]), Err(TextError::Empty)));
        assert!(matches!(learn(&b"a,b\nc,d\n"[..]), Err(TextError::NoNumbers)));
        assert!(matches!(learn(&b"\n\n"[..]), Err(TextError::NoNumbers)));
        let wide = "1,".repeat(2000);
        assert!(matches!(learn(wide.as_bytes()), Err(TextError::TooManyColumns { line: 1, .. })));
    }
}
