//! What each column holds, and which of them to read.

use core::fmt;

use super::error::TextError;
use super::names::{self, Purpose, TimeUnit};
use super::number::Cell;
use super::{ChannelChoice, Origin};

use levator_decode::MAX_CHANNELS;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The time of each row.
    Time,
    /// A running number: whole, and rising by the same step in four rows of five.
    Counter,
    /// What was asked of the person, or another mark: whole, and changing in at most one row of 20.
    Cue,
    /// The same number in every row.
    Constant,
    /// More texts than numbers.
    Text,
    /// Neither numbers nor texts.
    Empty,
    /// Anything else: what there is to read.
    Signal,
}

impl Role {
    /// A word for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Counter => "counter",
            Self::Cue => "cue",
            Self::Constant => "constant",
            Self::Text => "text",
            Self::Empty => "empty",
            Self::Signal => "signal",
        }
    }
}

/// One column of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Position in the file, counted from zero, the time column included.
    pub index: usize,
    /// Its name, empty if the file gives none.
    pub name: String,
    /// What it holds.
    pub role: Role,
}

impl Column {
    /// Its name, or `column 3` if it has none.
    #[must_use]
    pub fn title(&self) -> String {
        title(self.index, &self.name)
    }
}

/// The name of column `index`, or `column 3` if it has none.
pub(crate) fn title(index: usize, name: &str) -> String {
    if name.is_empty() { format!("column {index}") } else { name.to_owned() }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name.as_str(), self.role) {
            ("", role) => write!(f, "{} ({})", self.index, role.name()),
            (name, Role::Signal) => write!(f, "{} {name}", self.index),
            (name, role) => write!(f, "{} {name} ({})", self.index, role.name()),
        }
    }
}

/// The columns in one line, at most 40 of them.
pub(crate) fn listing<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    let mut columns = columns.peekable();
    let mut text: Vec<String> = columns.by_ref().take(40).map(Column::to_string).collect();
    if columns.peek().is_some() {
        text.push("...".to_owned());
    }
    text.join(", ")
}

/// Figures of one column, gathered row by row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ColumnStats {
    number_count: u64,
    text_count: u64,
    blank_count: u64,
    fractional_count: u64,
    step_count: u64,
    change_count: u64,
    fall_count: u64,
    same_step_count: u64,
    last: f64,
    last_step: f64,
}

impl ColumnStats {
    pub(crate) fn add(&mut self, cell: Cell) {
        let value = match cell {
            Cell::Number { value, .. } => value,
            Cell::Text => {
                self.text_count += 1;
                return;
            }
            Cell::Blank | Cell::NotFinite => {
                self.blank_count += 1;
                return;
            }
        };
        if self.number_count > 0 {
            let step = value - self.last;
            self.step_count += 1;
            self.change_count += u64::from(step != 0.0);
            self.fall_count += u64::from(step < 0.0);
            self.same_step_count += u64::from(step.to_bits() == self.last_step.to_bits());
            self.last_step = step;
        }
        // Through an integer, because truncation is a call into the library on older processors.
        self.fractional_count += u64::from(((value as i64) as f64 - value) != 0.0);
        self.number_count += 1;
        self.last = value;
    }

    /// Takes numbers below 2⁵³ with at most 19 digits: the same as [`Self::add`] one by one, but
    /// several at a time.
    #[inline(always)]
    pub(crate) fn add_numbers(&mut self, values: &[f64]) {
        let Some((&first, rest)) = values.split_first() else { return };
        self.add(Cell::Number { value: first, decimals: 0 });
        let Some(&last) = rest.last() else { return };
        // Adding this leaves no room for a fraction; a number too large for that has none.
        const ROUNDING: f64 = 6_755_399_441_055_744.0;
        const WHOLE: f64 = 2_251_799_813_685_248.0;
        let [mut changes, mut falls, mut same, mut fractional] = [0_u64; 4];
        let mut last_step = self.last_step;
        for (value, before) in rest.iter().zip(values) {
            let step = value - before;
            changes += u64::from(step != 0.0);
            falls += u64::from(step < 0.0);
            same += u64::from(step.to_bits() == last_step.to_bits());
            last_step = step;
            let is_fractional = ((value + ROUNDING) - ROUNDING) - value != 0.0;
            fractional += u64::from(is_fractional & (value.abs() < WHOLE));
        }
        let count = rest.len() as u64;
        self.step_count += count;
        self.change_count += changes;
        self.fall_count += falls;
        self.same_step_count += same;
        self.fractional_count += fractional;
        self.number_count += count;
        self.last_step = last_step;
        self.last = last;
    }

    pub(crate) fn is_numeric(&self) -> bool {
        self.number_count > 0 && self.number_count >= self.text_count
    }

    /// Whether texts are the rule, so that one of them marks nothing.
    pub(crate) fn is_text(&self) -> bool {
        self.text_count > self.number_count + self.blank_count
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.fractional_count == 0
    }

    fn is_counter(&self) -> bool {
        self.is_whole()
            && self.step_count >= 8
            && self.same_step_count * 5 >= self.step_count * 4
            && self.change_count * 10 >= self.step_count * 9
    }

    fn is_cue(&self) -> bool {
        self.is_whole() && self.step_count >= 20 && self.change_count * 20 <= self.step_count
    }

    /// Whether it may be time: it advances, and hardly ever goes back.
    fn advances(&self) -> bool {
        self.is_numeric() && self.change_count > 0 && self.fall_count * 10 <= self.step_count
    }

    /// Whether it is time though no name says so. Eight rows is our choice: a signal that rises eight
    /// times at the start of a recording and then never falls does not exist.
    fn is_surely_time(&self) -> bool {
        self.is_numeric()
            && self.fractional_count > 0
            && self.step_count >= 8
            && self.fall_count == 0
            && self.change_count == self.step_count
    }
}

/// The time column, if there is one, and the unit its name states.
pub(crate) fn time_column(
    names: &[String],
    stats: &[ColumnStats],
) -> Option<(usize, Option<TimeUnit>)> {
    let named =
        names.iter().zip(stats).enumerate().find_map(
            |(index, (name, stats))| match names::meaning(name).purpose {
                Purpose::Time(unit) if stats.advances() => Some((index, unit)),
                Purpose::Time(_) | Purpose::Counter | Purpose::Cue | Purpose::Signal => None,
            },
        );
    named.or_else(|| {
        let (index, stats_first) = stats
            .iter()
            .enumerate()
            .find(|(_, stats)| stats.is_numeric() && !stats.is_counter())?;
        let others = stats[index + 1..].iter().any(ColumnStats::is_numeric);
        let meaning = names::meaning(names.get(index)?);
        let unnamed = meaning.purpose == Purpose::Signal && meaning.kind.is_none();
        (others && unnamed && stats_first.is_surely_time()).then_some((index, None))
    })
}

/// A column that is called time but does not advance.
pub(crate) fn standing_time(names: &[String], stats: &[ColumnStats]) -> Option<usize> {
    names.iter().zip(stats).position(|(name, stats)| {
        matches!(names::meaning(name).purpose, Purpose::Time(_)) && stats.is_numeric()
    })
}

/// Every column with its role.
pub(crate) fn describe(
    names: &[String],
    stats: &[ColumnStats],
    time: Option<usize>,
) -> Vec<Column> {
    let role = |index: usize, name: &str, stats: &ColumnStats| {
        let purpose = names::meaning(name).purpose;
        if time == Some(index) {
            Role::Time
        } else if !stats.is_numeric() {
            if stats.text_count > 0 { Role::Text } else { Role::Empty }
        } else if matches!(purpose, Purpose::Time(_)) {
            Role::Time
        } else if stats.is_counter() || (purpose == Purpose::Counter && stats.is_whole()) {
            Role::Counter
        } else if stats.step_count > 0 && stats.change_count == 0 {
            Role::Constant
        } else if purpose == Purpose::Cue || stats.is_cue() {
            Role::Cue
        } else {
            Role::Signal
        }
    };
    names
        .iter()
        .zip(stats)
        .enumerate()
        .map(|(index, (name, stats))| Column {
            index,
            name: name.clone(),
            role: role(index, name, stats),
        })
        .collect()
}

/// Indices of the columns to read, and whether the caller chose them.
pub(crate) fn choose(
    columns: &[Column],
    choices: &[ChannelChoice],
) -> Result<(Vec<usize>, Origin), TextError> {
    if choices.len() > MAX_CHANNELS {
        return Err(TextError::TooManyChannels { actual: choices.len(), max: MAX_CHANNELS });
    }
    if choices.is_empty() {
        // A cue or a flat line is read only where there is nothing better.
        let best = [Role::Signal, Role::Cue, Role::Constant]
            .into_iter()
            .find_map(|role| columns.iter().find(|column| column.role == role));
        return best
            .map(|column| (vec![column.index], Origin::Guessed))
            .ok_or_else(|| TextError::NoSignal { available: listing(columns.iter()) });
    }
    let mut chosen = Vec::with_capacity(choices.len());
    for choice in choices {
        let column = find(columns, choice)?;
        match column.role {
            Role::Text | Role::Empty => {
                return Err(TextError::NotNumeric {
                    column: column.title(),
                    available: listing(columns.iter()),
                });
            }
            Role::Time | Role::Counter | Role::Cue | Role::Constant | Role::Signal => {}
        }
        if !chosen.contains(&column.index) {
            chosen.push(column.index);
        }
    }
    Ok((chosen, Origin::Given))
}

/// The column that is meant: by its exact name, by its name in other case, by the start of its name
/// if that fits one column only, and at last by its number.
pub(crate) fn find<'a>(
    columns: &'a [Column],
    choice: &ChannelChoice,
) -> Result<&'a Column, TextError> {
    let missing =
        |wanted: String| TextError::NoSuchChannel { wanted, available: listing(columns.iter()) };
    let wanted = match choice {
        ChannelChoice::Index(index) => {
            return columns.get(*index).ok_or_else(|| missing(index.to_string()));
        }
        ChannelChoice::Name(name) => name.trim(),
    };
    let lower = wanted.to_lowercase();
    let exact = |column: &&Column| !wanted.is_empty() && column.name == wanted;
    let alike = |column: &&Column| !wanted.is_empty() && column.name.to_lowercase() == lower;
    let starts =
        |column: &&Column| !wanted.is_empty() && column.name.to_lowercase().starts_with(&lower);
    if let Some(column) = columns.iter().find(exact).or_else(|| columns.iter().find(alike)) {
        return Ok(column);
    }
    // A number that is also the start of a name means the column with that number.
    if let Ok(index) = wanted.parse::<usize>() {
        return columns.get(index).ok_or_else(|| missing(wanted.to_owned()));
    }
    let mut fitting = columns.iter().filter(starts);
    match (fitting.next(), fitting.next()) {
        (None, _) => Err(missing(wanted.to_owned())),
        (Some(column), None) => Ok(column),
        (Some(_), Some(_)) => Err(TextError::AmbiguousChannel {
            wanted: wanted.to_owned(),
            available: listing(columns.iter().filter(starts)),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::number;
    use super::*;

    fn stats(values: impl IntoIterator<Item = f64>) -> ColumnStats {
        let mut stats = ColumnStats::default();
        for value in values {
            stats.add(number::parse(value.to_string().as_bytes()));
        }
        stats
    }

    #[test]
    fn many_numbers_count_as_one_by_one() {
        let numbers = [
            0.0,
            -0.0,
            1.0,
            2.5,
            2.5,
            4.0,
            5.5,
            -7.0,
            1e15,
            9_007_199_254_740_991.0,
            0.1,
            0.2,
            0.3,
            4_503_599_627_370_497.0,
            2_251_799_813_685_247.5,
        ];
        for split in 0..numbers.len() {
            let single = {
                let mut stats = ColumnStats::default();
                let cell = |value| Cell::Number { value, decimals: 0 };
                numbers.iter().for_each(|&value| stats.add(cell(value)));
                stats
            };
            let mut many = ColumnStats::default();
            many.add_numbers(&numbers[..split]);
            many.add_numbers(&numbers[split..]);
            assert_eq!(format!("{single:?}"), format!("{many:?}"), "{split}");
        }
    }

    fn table(columns: &[(&str, ColumnStats)]) -> (Vec<String>, Vec<ColumnStats>) {
        columns.iter().map(|(name, stats)| ((*name).to_owned(), *stats)).unzip()
    }

    fn noise() -> ColumnStats {
        stats((0..100).map(|index| f64::from(index * 7919 % 101) - 50.0))
    }

    fn roles(columns: &[(&str, ColumnStats)]) -> Vec<Role> {
        let (names, stats) = table(columns);
        let time = time_column(&names, &stats).map(|(index, _)| index);
        describe(&names, &stats, time).into_iter().map(|column| column.role).collect()
    }

    #[test]
    fn each_column_finds_its_role() {
        let found = roles(&[
            ("time", stats((0..100).map(|index| f64::from(index) * 0.1))),
            ("nSeq", stats((0..100).map(|index| f64::from(index % 16)))),
            ("", stats((0..100).map(f64::from))),
            ("I1", stats([0.0; 100])),
            ("", stats((0..100).map(|index| f64::from(index / 50)))),
            ("trigger", noise()),
            ("comment", ColumnStats { text_count: 100, ..ColumnStats::default() }),
            ("nothing", ColumnStats::default()),
            ("A1", noise()),
        ]);
        assert_eq!(
            found,
            [
                Role::Time,
                Role::Counter,
                Role::Counter,
                Role::Constant,
                Role::Cue,
                Role::Cue,
                Role::Text,
                Role::Empty,
                Role::Signal,
            ]
        );
    }

    #[test]
    fn a_first_column_that_only_rises_in_fractions_is_time() {
        let rising = stats((0..20).map(|index| f64::from(index) * 0.25));
        assert_eq!(roles(&[("", rising), ("", noise())]), [Role::Time, Role::Signal]);
        assert_eq!(roles(&[("pressure", rising), ("", noise())]), [Role::Signal, Role::Signal]);
        assert_eq!(roles(&[("", rising)]), [Role::Signal]);
        assert_eq!(roles(&[("", noise()), ("", rising)]), [Role::Signal, Role::Signal]);
    }

    fn columns() -> Vec<Column> {
        ["time", "emg_VL", "emg_BF", "Force", "10", "9"]
            .into_iter()
            .enumerate()
            .map(|(index, name)| {
                let role = if index == 0 { Role::Time } else { Role::Signal };
                Column { index, name: name.to_owned(), role }
            })
            .collect()
    }

    fn find_name(name: &str) -> Result<usize, String> {
        find(&columns(), &ChannelChoice::Name(name.to_owned()))
            .map(|column| column.index)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_column_is_found_by_name_start_of_name_or_number() {
        assert_eq!(find_name("Force"), Ok(3));
        assert_eq!(find_name("force"), Ok(3));
        assert_eq!(find_name("fo"), Ok(3));
        assert_eq!(find_name("10"), Ok(4));
        assert_eq!(find_name("1"), Ok(1));
        assert_eq!(
            find(&columns(), &ChannelChoice::Index(5)).map(|column| column.index).ok(),
            Some(5)
        );
    }

    #[test]
    fn a_wrong_choice_is_answered_with_what_there_is() {
        let all = "0 time (time), 1 emg_VL, 2 emg_BF, 3 Force, 4 10, 5 9";
        assert_eq!(find_name("x"), Err(format!("no column `x`; columns by number: {all}")));
        assert_eq!(find_name("17"), Err(format!("no column `17`; columns by number: {all}")));
        assert_eq!(
            find_name("emg"),
            Err("`emg` fits several columns; choose one by number: 1 emg_VL, 2 emg_BF".to_owned())
        );
        assert!(find_name("").is_err());
    }

    #[test]
    fn the_default_is_the_first_signal_or_else_what_comes_nearest() {
        let role = |role| Column { index: 0, name: String::new(), role };
        let chosen = |roles: &[Role]| {
            let columns: Vec<Column> = roles
                .iter()
                .enumerate()
                .map(|(index, &wanted)| Column { index, ..role(wanted) })
                .collect();
            choose(&columns, &[]).map(|(chosen, _)| chosen[0]).ok()
        };
        assert_eq!(chosen(&[Role::Time, Role::Constant, Role::Cue, Role::Signal]), Some(3));
        assert_eq!(chosen(&[Role::Time, Role::Constant, Role::Cue]), Some(2));
        assert_eq!(chosen(&[Role::Time, Role::Constant]), Some(1));
        assert_eq!(chosen(&[Role::Time, Role::Counter, Role::Text]), None);
    }
}
