//! What is told about a visit beside its signals, in TOML: the person, what is reported and felt, the
//! device.
//!
//! `docs/references.md` describes every key. Everything may be left out; what is left out is not
//! inferred.

use std::path::Path;

use levator_programme::Position;
use levator_score::rules::{LARGEST_GAIN, LEAST_GAIN};
use levator_score::{
    Bandwidth, Detector, Expulsion, FeltContraction, FeltRelaxation, FeltTone, Modality, Palpation,
    Person, Profile, Sex, Site, Symptom, Symptoms,
};
use levator_signal::Unit;
use serde::Deserialize;

use crate::refusal::Key::Name;
use crate::refusal::{ReadError, Refusal};
use crate::word::Word;

/// Version of the format of these files.
const FORMAT: u32 = 1;

/// Largest file that is read, bytes. Our choice.
const MAX_BYTES: u64 = 1 << 16;

/// What is told about a visit.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Of whom.
    pub person: Person,
    /// What the person reports.
    pub symptoms: Symptoms,
    /// What a clinician felt.
    pub palpation: Palpation,
    /// Whether somebody saw the probe or the perineum move inward or outward.
    pub lift: Option<bool>,
    /// Outcome of a test with a balloon.
    pub expulsion: Option<Expulsion>,
    /// Seconds between insertion and the rest that is judged.
    pub insertion_to_rest_s: Option<f64>,
    /// How the person lay or stood.
    pub position: Option<Position>,
    /// The device.
    pub setup: Setup,
}

impl Told {
    /// Nothing is told.
    #[must_use]
    pub const fn nothing() -> Self {
        Self {
            person: Person {
                sex: None,
                age_years: None,
                births: None,
                pregnant: None,
                pregnancy_week: None,
                weeks_post_partum: None,
                weeks_after_surgery: None,
            },
            symptoms: Symptoms::NONE,
            palpation: Palpation { tone: None, contraction: None, relaxation: None },
            lift: None,
            expulsion: None,
            insertion_to_rest_s: None,
            position: None,
            setup: Setup {
                device: None,
                probe: None,
                site: None,
                gain: 1.0,
                bandwidth: None,
                detector: None,
            },
        }
    }

    /// What still holds at the next visit: who it is, what is reported, and the device. What was felt and
    /// seen in this one, and how it was done, must be told anew.
    #[must_use]
    pub fn for_next_visit(self) -> Self {
        Self {
            palpation: Palpation::default(),
            lift: None,
            expulsion: None,
            insertion_to_rest_s: None,
            position: None,
            ..self
        }
    }

    /// As [`parse`] reads it, every key that is told; so that what was united can be kept in one file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        fn line(text: &mut String, key: &str, value: Option<impl core::fmt::Display>) {
            if let Some(value) = value {
                text.push_str(&format!("{key} = {value}\n"));
            }
        }
        fn quoted(word: &str) -> String {
            toml::Value::from(word).to_string()
        }
        // With a point, as floats are printed for debugging, so that 40 stays a number of that kind.
        let real = |value: Option<f64>| value.map(|value| format!("{value:?}"));
        let mut text = format!("format = {FORMAT}\n");
        let symptoms: Vec<String> = self.symptoms.iter().map(|one| quoted(one.name())).collect();
        text.push_str(&format!("symptoms = [{}]\n", symptoms.join(", ")));
        line(&mut text, "lift", self.lift);
        line(&mut text, "balloon_expulsion", self.expulsion.map(|one| quoted(one.name())));
        line(&mut text, "insertion_to_rest_s", real(self.insertion_to_rest_s));
        line(&mut text, "position", self.position.map(|one| quoted(one.name())));
        let person = &self.person;
        text.push_str("\n[person]\n");
        line(&mut text, "sex", person.sex.map(|one| quoted(one.name())));
        line(&mut text, "age_years", real(person.age_years));
        line(&mut text, "births", person.births);
        line(&mut text, "pregnant", person.pregnant);
        line(&mut text, "pregnancy_week", real(person.pregnancy_week));
        line(&mut text, "weeks_post_partum", real(person.weeks_post_partum));
        line(&mut text, "weeks_after_surgery", real(person.weeks_after_surgery));
        let felt = &self.palpation;
        text.push_str("\n[palpation]\n");
        line(&mut text, "tone", felt.tone.map(|one| quoted(one.name())));
        line(&mut text, "contraction", felt.contraction.map(|one| quoted(one.name())));
        line(&mut text, "relaxation", felt.relaxation.map(|one| quoted(one.name())));
        let setup = &self.setup;
        text.push_str("\n[device]\n");
        line(&mut text, "name", setup.device.as_deref().map(quoted));
        line(&mut text, "probe", setup.probe.as_deref().map(quoted));
        line(&mut text, "site", setup.site.map(|one| quoted(one.name())));
        line(&mut text, "gain", real(Some(setup.gain)));
        let band = setup.bandwidth.map(|band| format!("[{:?}, {:?}]", band.from_hz, band.to_hz));
        line(&mut text, "bandwidth_hz", band);
        line(&mut text, "detector", setup.detector.map(|one| quoted(one.name())));
        text
    }

    /// What is told newly, over what was told before; `None` if nothing was told at all.
    ///
    /// Symptoms of either count: what was reported once is not taken back by not being named again.
    /// Everything else is as it was told last.
    #[must_use]
    pub fn united(newer: Option<Self>, older: Option<Self>) -> Option<Self> {
        let (newer, older) = match (newer, older) {
            (Some(newer), Some(older)) => (newer, older),
            (newer, older) => return newer.or(older),
        };
        let (is, was) = (newer.person, older.person);
        let (felt, before) = (newer.palpation, older.palpation);
        // A probe is not put together out of two; where it lay may be known from the file.
        let site = newer.setup.site.or(older.setup.site);
        let setup = if newer.setup == Setup::NONE { older.setup } else { newer.setup };
        let setup = Setup { site, ..setup };
        Some(Self {
            person: Person {
                sex: is.sex.or(was.sex),
                age_years: is.age_years.or(was.age_years),
                births: is.births.or(was.births),
                pregnant: is.pregnant.or(was.pregnant),
                pregnancy_week: is.pregnancy_week.or(was.pregnancy_week),
                weeks_post_partum: is.weeks_post_partum.or(was.weeks_post_partum),
                weeks_after_surgery: is.weeks_after_surgery.or(was.weeks_after_surgery),
            },
            symptoms: older.symptoms.iter().fold(newer.symptoms, Symptoms::with),
            palpation: Palpation {
                tone: felt.tone.or(before.tone),
                contraction: felt.contraction.or(before.contraction),
                relaxation: felt.relaxation.or(before.relaxation),
            },
            lift: newer.lift.or(older.lift),
            expulsion: newer.expulsion.or(older.expulsion),
            insertion_to_rest_s: newer.insertion_to_rest_s.or(older.insertion_to_rest_s),
            position: newer.position.or(older.position),
            setup,
        })
    }
}

/// What is told about the device.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// Its name, as references have it.
    pub device: Option<String>,
    /// The probe.
    pub probe: Option<String>,
    /// Where it lay.
    pub site: Option<Site>,
    /// What it reads where that device reads one.
    pub gain: f64,
    /// Band of the EMG.
    pub bandwidth: Option<Bandwidth>,
    /// How EMG is rectified.
    pub detector: Option<Detector>,
}

impl Setup {
    /// Nothing is told of the device.
    const NONE: Self =
        Self { device: None, probe: None, site: None, gain: 1.0, bandwidth: None, detector: None };

    /// How a channel of it was measured.
    #[must_use]
    pub fn profile(&self, modality: Modality, unit: Unit) -> Profile {
        Profile {
            device: self.device.clone(),
            probe: self.probe.clone(),
            site: self.site,
            bandwidth: self.bandwidth,
            detector: self.detector,
            gain: self.gain,
            ..Profile::new(modality, unit)
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTold {
    format: u32,
    #[serde(default)]
    symptoms: Vec<Word<Symptom>>,
    lift: Option<bool>,
    balloon_expulsion: Option<Word<Expulsion>>,
    insertion_to_rest_s: Option<f64>,
    position: Option<Word<Position>>,
    #[serde(default)]
    person: RawPerson,
    #[serde(default)]
    palpation: RawPalpation,
    #[serde(default)]
    device: RawDevice,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPerson {
    sex: Option<Word<Sex>>,
    age_years: Option<f64>,
    births: Option<u32>,
    pregnant: Option<bool>,
    pregnancy_week: Option<f64>,
    weeks_post_partum: Option<f64>,
    weeks_after_surgery: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPalpation {
    tone: Option<Word<FeltTone>>,
    contraction: Option<Word<FeltContraction>>,
    relaxation: Option<Word<FeltRelaxation>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDevice {
    name: Option<String>,
    probe: Option<String>,
    site: Option<Word<Site>>,
    gain: Option<f64>,
    bandwidth_hz: Option<(f64, f64)>,
    detector: Option<Word<Detector>>,
}

/// Reads and checks what is told.
///
/// # Errors
///
/// Line, column and reason: what is no TOML, keys and words that are unknown, times and ages that are
/// negative or not finite, a gain that is not above zero.
pub fn parse(text: &str) -> Result<Told, Refusal> {
    let raw: RawTold = toml::from_str(text).map_err(|error| Refusal::of_toml(text, &error))?;
    let refuse = |table: Option<&'static str>, key: &'static str, reason: &str| {
        let path: Vec<_> = table.into_iter().chain([key]).map(Name).collect();
        Refusal::at_path(text, &path, &format!("{key}: {reason}"))
    };
    if raw.format != FORMAT {
        let reason = format!("{}, and this version reads {FORMAT}", raw.format);
        return Err(refuse(None, "format", &reason));
    }
    let person = &raw.person;
    for (table, key, number) in [
        (None, "insertion_to_rest_s", raw.insertion_to_rest_s),
        (Some("person"), "age_years", person.age_years),
        (Some("person"), "pregnancy_week", person.pregnancy_week),
        (Some("person"), "weeks_post_partum", person.weeks_post_partum),
        (Some("person"), "weeks_after_surgery", person.weeks_after_surgery),
    ] {
        if number.is_some_and(|number| !(number.is_finite() && number >= 0.0)) {
            return Err(refuse(table, key, "not a finite number, 0 or more"));
        }
    }
    let gain = raw.device.gain.unwrap_or(1.0);
    if !(LEAST_GAIN..=LARGEST_GAIN).contains(&gain) {
        return Err(refuse(Some("device"), "gain", "not a number from 0.001 to 1000"));
    }
    if raw.device.bandwidth_hz.is_some_and(|(from, to)| !(from > 0.0 && to > from)) {
        return Err(refuse(Some("device"), "bandwidth_hz", "not two rising numbers above 0"));
    }
    Ok(raw.into_told(gain))
}

impl RawTold {
    fn into_told(self, gain: f64) -> Told {
        let bandwidth =
            self.device.bandwidth_hz.map(|(from_hz, to_hz)| Bandwidth { from_hz, to_hz });
        Told {
            person: Person {
                sex: self.person.sex.map(|word| word.0),
                age_years: self.person.age_years,
                births: self.person.births,
                pregnant: self.person.pregnant,
                pregnancy_week: self.person.pregnancy_week,
                weeks_post_partum: self.person.weeks_post_partum,
                weeks_after_surgery: self.person.weeks_after_surgery,
            },
            symptoms: self.symptoms.iter().fold(Symptoms::NONE, |set, word| set.with(word.0)),
            palpation: Palpation {
                tone: self.palpation.tone.map(|word| word.0),
                contraction: self.palpation.contraction.map(|word| word.0),
                relaxation: self.palpation.relaxation.map(|word| word.0),
            },
            lift: self.lift,
            expulsion: self.balloon_expulsion.map(|word| word.0),
            insertion_to_rest_s: self.insertion_to_rest_s,
            position: self.position.map(|word| word.0),
            setup: Setup {
                device: self.device.name,
                probe: self.device.probe,
                site: self.device.site.map(|word| word.0),
                gain,
                bandwidth,
                detector: self.device.detector.map(|word| word.0),
            },
        }
    }
}

/// Nothing but where the probe lay.
#[must_use]
pub const fn of_site(site: Site) -> Told {
    let mut told = Told::nothing();
    told.setup.site = Some(site);
    told
}

/// Reads and checks what is told in a file.
///
/// # Errors
///
/// As [`parse`], with the file; and if it cannot be read, is larger than 64 KiB or no UTF-8.
pub fn read(path: &Path) -> Result<Told, ReadError> {
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(io)?.len() > MAX_BYTES {
        return Err(io(std::io::Error::other("larger than 64 KiB")));
    }
    let text = std::fs::read_to_string(path).map_err(io)?;
    parse(&text).map_err(|refusal| ReadError::Refused { path: path.to_owned(), refusal })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_not_told() {
        let told = parse("format = 1").expect("nothing need be told");
        assert_eq!(told.person, Person::default());
        assert_eq!((told.symptoms, told.lift, told.setup.gain), (Symptoms::NONE, None, 1.0));
        assert_eq!(told.setup.profile(Modality::Emg, Unit::Microvolt).device, None);
    }

    #[test]
    fn what_is_told_comes_back_from_its_own_text() {
        let text = "format = 1\nsymptoms = [\"pain\", \"leakage\"]\nlift = false\n\
                    balloon_expulsion = \"abnormal\"\ninsertion_to_rest_s = 60\n\
                    position = \"lying\"\n[person]\nsex = \"female\"\nage_years = 40.5\n\
                    births = 2\npregnant = true\npregnancy_week = 20\nweeks_post_partum = 0.1\n\
                    weeks_after_surgery = 300\n[palpation]\ntone = \"increased\"\n\
                    contraction = \"weak\"\nrelaxation = \"partial\"\n[device]\n\
                    name = \"a \\\"quoted\\\" one\"\nprobe = \"\\\\\"\nsite = \"anal\"\n\
                    gain = 0.3\nbandwidth_hz = [20, 450]\ndetector = \"rms\"";
        let told = parse(text).expect("it is right");
        assert_eq!(parse(&told.to_toml()).expect("it is read again"), told);
        let nothing = parse("format = 1").expect("nothing need be told");
        assert_eq!(parse(&nothing.to_toml()).expect("it is read again"), nothing);
    }

    #[test]
    fn what_was_told_before_holds_until_something_else_is_told() {
        let of = |text: &str| Some(parse(text).expect("it is right"));
        let older = "format = 1\nsymptoms = [\"pain\"]\nlift = true\n[person]\nage_years = 40\n\
                     [palpation]\ntone = \"increased\"\n[device]\nname = \"camtech\"";
        let newer = "format = 1\nsymptoms = [\"leakage\"]\n[person]\nage_years = 41\nbirths = 1";
        let both = Told::united(of(newer), of(older)).expect("something is told");
        assert!(both.symptoms.has(Symptom::Pain) && both.symptoms.has(Symptom::Leakage));
        assert_eq!((both.person.age_years, both.person.births), (Some(41.0), Some(1)));
        assert_eq!((both.palpation.tone, both.lift), (Some(FeltTone::Increased), Some(true)));
        assert_eq!(both.setup.device.as_deref(), Some("camtech"));
        assert_eq!(Told::united(None, of(older)), of(older));
        // What was felt and seen then is not felt and seen now.
        let next = parse(older).expect("it is right").for_next_visit();
        assert!(next.symptoms.has(Symptom::Pain) && next.person.age_years == Some(40.0));
        assert_eq!(next.setup.device.as_deref(), Some("camtech"));
        assert_eq!((next.palpation, next.lift), (Palpation::default(), None));
        assert_eq!(Told::united(of(newer), None), of(newer));
        assert_eq!(Told::united(None, None), None);
    }

    #[test]
    fn what_is_wrong_is_refused_with_line_and_reason() {
        for (text, expected) in [
            ("format = 2", "1:10: format: 2, and this version reads 1"),
            (
                "format = 1\nsymptoms = [\"leak\"]",
                "2:13: invalid value: string \"leak\", expected one of",
            ),
            ("format = 1\n[person]\nage_years = -3", "3:13: age_years: not a finite number"),
            ("format = 1\n[person]\nage = 3", "3:1: unknown field `age`"),
            ("format = 1\n[device]\ngain = 0", "3:8: gain: not a number from 0.001 to 1000"),
            (
                "format = 1\n[device]\nbandwidth_hz = [500, 20]",
                "3:16: bandwidth_hz: not two rising",
            ),
            ("format = 1\n[palpation]\ntone = \"hard\"", "3:8: invalid value: string \"hard\""),
        ] {
            let refusal = parse(text).expect_err(text).to_string();
            assert!(refusal.starts_with(expected), "{text:?}: {refusal}");
        }
    }
}
