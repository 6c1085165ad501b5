//! Exports of anorectal high-resolution manometry: a dozen sensors that belong together.
//!
//! Such a file has a column of seconds, sensors in the balloon (`B2`, `B1`) and in the anal canal (`10` to
//! `1`), and behind the table the marks of the protocol (`# Rest`, `# Squeeze 1`, ...). A sensor that
//! was switched off is an annotation with a negative time and its name (`-2.00  # 6`). What is judged is
//! the largest pressure of the anal canal and that of the rectum.

use super::layout::Layout;

/// Least sensors in the anal canal for a file to be one of these. Our choice: fewer are no profile.
const LEAST_SENSORS: usize = 4;

/// Which columns are sensors, and which of them were on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sensors {
    /// Names of the sensors in the anal canal, in the order of the file.
    pub anal: Vec<String>,
    /// Names of those in the balloon; may be none.
    pub balloon: Vec<String>,
    /// Names of the sensors that were switched off; they are in none of the others.
    pub switched_off: Vec<String>,
}

impl Sensors {
    /// The sensors in a first line: `None` if it is that of another kind of file.
    #[must_use]
    pub fn of_header(line: &str) -> Option<Self> {
        let mut names = line.trim_end().split('\t').map(str::trim);
        // In the language of the program that wrote it.
        const TIMES: [&str; 4] = ["time", "zeit", "temps", "tiempo"];
        let time = names.next()?.trim_end_matches(':').to_lowercase();
        if !TIMES.contains(&time.as_str()) {
            return None;
        }
        let (mut anal, mut balloon) = (Vec::new(), Vec::new());
        for name in names {
            let is_number = |text: &str| {
                !text.is_empty() && text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit())
            };
            if is_number(name) {
                anal.push(name.to_owned());
            } else if name.strip_prefix('B').is_some_and(is_number) {
                balloon.push(name.to_owned());
            } else {
                return None;
            }
        }
        (anal.len() >= LEAST_SENSORS).then_some(Self { anal, balloon, switched_off: Vec::new() })
    }

    /// All names, as a reader asks for columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.anal.iter().chain(&self.balloon).map(String::as_str)
    }

    /// Takes out the sensors that the annotations of the file say were off.
    pub fn switch_off(&mut self, layout: &Layout) {
        let off: Vec<&str> = layout
            .notes
            .iter()
            .filter(|note| note.file_time.is_some_and(|time| time < 0.0))
            .map(|note| note.text.trim_start_matches('#').trim())
            .collect();
        for list in [&mut self.anal, &mut self.balloon] {
            let (gone, left) = std::mem::take(list)
                .into_iter()
                .partition(|name| off.iter().any(|one| one.eq_ignore_ascii_case(name)));
            *list = left;
            self.switched_off.extend::<Vec<String>>(gone);
        }
    }
}

/// Largest of the anal sensors and mean of those in the balloon, from a scan of [`Sensors::names`] as they
/// were before any was switched off.
#[derive(Clone, Debug)]
pub struct Fold {
    anal: Vec<usize>,
    balloon: Vec<usize>,
    len: usize,
}

impl Fold {
    /// From the sensors of the header and those that were on.
    #[must_use]
    pub fn new(all: &Sensors, on: &Sensors) -> Self {
        let places = |names: &[String]| {
            let all: Vec<&str> = all.names().collect();
            let place = |name: &String| all.iter().position(|one| *one == name.as_str());
            names.iter().filter_map(place).collect()
        };
        Self { anal: places(&on.anal), balloon: places(&on.balloon), len: all.names().count() }
    }

    /// Channels that come out: the anal canal, and the rectum if there is a balloon.
    #[must_use]
    pub fn channel_count(&self) -> u8 {
        1 + u8::from(!self.balloon.is_empty())
    }

    /// Appends the folded scans of `codes`, which holds whole ones. Values that are not finite are passed
    /// over; where all are, there is no number.
    pub fn fold(&self, codes: &[f64], out: &mut Vec<f64>) {
        for scan in codes.chunks_exact(self.len) {
            let finite = |places: &'_ [usize]| {
                let values: Vec<f64> = places.iter().map(|&place| scan[place]).collect();
                values.into_iter().filter(|x| x.is_finite())
            };
            let largest = finite(&self.anal).fold(f64::NEG_INFINITY, f64::max);
            out.push(if largest.is_finite() { largest } else { f64::NAN });
            if !self.balloon.is_empty() {
                let (sum, count) = finite(&self.balloon)
                    .fold((0.0, 0_u32), |(sum, count), x| (sum + x, count + 1));
                out.push(if count > 0 { sum / f64::from(count) } else { f64::NAN });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::text::{ChannelChoice, TextFile, TextOptions};

    const HEADER: &str = "TIME:\tB2\tB1\t10\t9\t8\t7\t6\t5\t4\t3\t2\t1\r";

    #[test]
    fn a_header_of_sensors_is_known_and_others_are_not() {
        let sensors = Sensors::of_header(HEADER).expect("it is one");
        assert_eq!(sensors.balloon, ["B2", "B1"]);
        assert_eq!(sensors.anal.len(), 10);
        for other in ["t_s,emg", "TIME:\tB1\t1\t2", "time\tforce\t1\t2\t3\t4\t5", "", "TIME:"] {
            assert_eq!(Sensors::of_header(other), None, "{other}");
        }
    }

    #[test]
    fn sensors_that_were_off_are_left_out() {
        let all = Sensors::of_header(HEADER).expect("it is one");
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/data/manometry/bad_testdeactivatedchannels.txt"
        );
        let channels = all.names().map(|name| ChannelChoice::Name(name.to_owned())).collect();
        let options = TextOptions { channels, ..TextOptions::default() };
        let file = TextFile::open(Path::new(path), &options).expect("it is a table");
        let mut on = all.clone();
        on.switch_off(file.layout());
        assert_eq!(on.switched_off, ["6", "B1"]);
        assert_eq!((on.anal.len(), on.balloon.len()), (9, 1));
        let mut out = Vec::new();
        let mut scan: Vec<f64> = (0..12).map(f64::from).collect();
        // Sensor 6 is the fifth.
        scan[4] = 1e6;
        Fold::new(&all, &on).fold(&scan, &mut out);
        assert_eq!(out, [9.0, 10.0]);
    }

    #[test]
    fn what_is_no_number_is_passed_over() {
        let all = Sensors::of_header("TIME\tB1\t1\t2\t3\t4").expect("it is one");
        let mut out = Vec::new();
        let fold = Fold::new(&all, &all);
        fold.fold(&[f64::NAN, 2.0, f64::INFINITY, 1.0, 7.0], &mut out);
        fold.fold(&[f64::NAN, f64::NAN, f64::NAN, f64::NAN, f64::NAN], &mut out);
        assert_eq!(out[..2], [2.0, 7.0]);
        assert!(out[2].is_nan() && out[3].is_nan());
    }
}
