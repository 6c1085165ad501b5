//! References as they stand in files, and the way to a [`Pack`].

use levator_measure::{How, Quantity, Task};
use levator_programme::{Evidence, Position, Source};
use levator_score::{
    Band, Bandwidth, Detector, Distribution, Modality, Norm, Pack, PackError, PackPlace,
    Percentile, Population, Repeatability, Requires, Sex, Side, Site, Size, State,
};
use levator_signal::Unit;
use serde::Deserialize;

use crate::raw::Fault;
use crate::refusal::Key::{self, Index, Name};
use crate::word::Word;

/// Version of the format of these files.
const FORMAT: u32 = 1;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawReference {
    format: u32,
    id: String,
    name: String,
    device: String,
    probe: String,
    site: Word<Site>,
    modality: Word<Modality>,
    bandwidth_hz: Option<(f64, f64)>,
    detector: Option<Word<Detector>>,
    unit: String,
    #[serde(default)]
    legacy_rule: bool,
    source: RawSource,
    population: RawPopulation,
    #[serde(default)]
    requires: RawRequires,
    #[serde(default)]
    norm: Vec<RawNorm>,
    #[serde(default)]
    repeatability: Vec<RawRepeatability>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    citation: String,
    evidence: Word<Evidence>,
    #[serde(default)]
    note: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPopulation {
    text: String,
    sex: Option<Word<Sex>>,
    age_years: Option<(f64, f64)>,
    births: Option<(u32, u32)>,
    position: Option<Word<Position>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRequires {
    sex: Option<Word<Sex>>,
    age_years: Option<(f64, f64)>,
    births: Option<(u32, u32)>,
    states: Option<Vec<Word<State>>>,
    #[serde(default)]
    state_told: bool,
    weeks: Option<(f64, f64)>,
}

/// What is never a range of people.
type Interval = Option<toml::Value>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNorm {
    quantity: Word<Quantity>,
    task: Word<Task>,
    how: Option<Word<How>>,
    #[serde(default)]
    includes_rest: bool,
    normal: Option<RawSpread>,
    log_normal: Option<RawSpread>,
    percentiles: Option<Vec<(f64, f64)>>,
    cut_off: Option<RawCutOff>,
    bands: Option<Vec<RawBand>>,
    typical: Option<f64>,
    ci: Interval,
    ci95: Interval,
    confidence_interval: Interval,
    citation: String,
    evidence: Word<Evidence>,
    #[serde(default)]
    note: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSpread {
    mean: f64,
    sd: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCutOff {
    below: Option<f64>,
    above: Option<f64>,
    sensitivity: Option<f64>,
    specificity: Option<f64>,
    auc: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBand {
    name: String,
    from: Option<f64>,
    to: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRepeatability {
    quantity: Word<Quantity>,
    task: Option<Word<Task>>,
    sem: Option<f64>,
    sem_ratio: Option<f64>,
    mdc: Option<f64>,
    mdc_ratio: Option<f64>,
    citation: String,
    evidence: Word<Evidence>,
    #[serde(default)]
    note: String,
}

impl RawReference {
    /// # Errors
    ///
    /// Format of another version, a unit nobody knows, a norm with no distribution or with two, a
    /// confidence interval, an error that is absolute and relative at once. Everything else is
    /// checked by `Reference::new`.
    pub(crate) fn into_pack(self) -> Result<Pack, Fault> {
        if self.format != FORMAT {
            let reason = format!("format is {}, and this version reads {FORMAT}", self.format);
            return Err(Fault { path: vec![Name("format")], reason });
        }
        let unit = Unit::from_symbol(&self.unit).ok_or_else(|| Fault {
            path: vec![Name("unit")],
            reason: format!("there is no unit {:?}", self.unit),
        })?;
        let mut norms = Vec::new();
        for (index, raw) in self.norm.into_iter().enumerate() {
            norms.push(raw.into_norm(index)?);
        }
        let mut repeatability = Vec::new();
        for (index, raw) in self.repeatability.into_iter().enumerate() {
            repeatability.push(raw.into_repeatability(index)?);
        }
        Ok(Pack {
            id: self.id,
            name: self.name,
            device: self.device,
            probe: self.probe,
            site: self.site.0,
            modality: self.modality.0,
            bandwidth: self.bandwidth_hz.map(|(from_hz, to_hz)| Bandwidth { from_hz, to_hz }),
            detector: self.detector.map(|word| word.0),
            unit,
            population: Population {
                text: self.population.text,
                sex: self.population.sex.map(|word| word.0),
                age_years: self.population.age_years,
                births: self.population.births,
                position: self.population.position.map(|word| word.0),
            },
            requires: self.requires.into_requires(),
            norms,
            repeatability,
            legacy_rule: self.legacy_rule,
            source: source(self.source.citation, self.source.evidence, self.source.note),
        })
    }
}

impl RawRequires {
    fn into_requires(self) -> Requires {
        let plain = Requires::not_pregnant();
        let states = self.states.map(|all| all.into_iter().map(|word| word.0).collect());
        Requires {
            sex: self.sex.map(|word| word.0),
            age_years: self.age_years,
            births: self.births,
            states: states.unwrap_or(plain.states),
            state_told: self.state_told,
            weeks: self.weeks,
        }
    }
}

fn source(citation: String, evidence: Word<Evidence>, note: String) -> Source {
    Source { citation, evidence: evidence.0, note }
}

impl RawNorm {
    fn into_norm(self, index: usize) -> Result<Norm, Fault> {
        let fault = |key: &'static str, reason: &str| Fault {
            path: vec![Name("norm"), Index(index), Name(key)],
            reason: format!("norm {}: {reason}", index + 1),
        };
        let intervals = [
            ("ci", self.ci),
            ("ci95", self.ci95),
            ("confidence_interval", self.confidence_interval),
        ];
        for (key, interval) in intervals {
            if interval.is_some() {
                let reason = "a confidence interval tells how well a mean is known and is no range \
                              of people; give mean and SD, percentiles or a cut-off";
                return Err(fault(key, reason));
            }
        }
        let mut found = Vec::new();
        if let Some(RawSpread { mean, sd }) = self.normal {
            found.push(Distribution::Normal { mean, sd });
        }
        if let Some(RawSpread { mean, sd }) = self.log_normal {
            found.push(Distribution::LogNormal { mean, sd });
        }
        if let Some(points) = &self.percentiles {
            found.push(percentiles(points).ok_or_else(|| {
                fault("percentiles", "one below 50, the median, and one above, at most")
            })?);
        }
        if let Some(raw) = self.cut_off {
            let (side, value) = match (raw.below, raw.above) {
                (Some(value), None) => (Side::Below, value),
                (None, Some(value)) => (Side::Above, value),
                _ => return Err(fault("cut_off", "one of below and above")),
            };
            let RawCutOff { sensitivity, specificity, auc, .. } = raw;
            found.push(Distribution::CutOff { side, value, sensitivity, specificity, auc });
        }
        if let Some(bands) = self.bands {
            let band = |raw: RawBand| Band { name: raw.name, from: raw.from, to: raw.to };
            found.push(Distribution::Bands(bands.into_iter().map(band).collect()));
        }
        if let Some(value) = self.typical {
            found.push(Distribution::Typical { value });
        }
        if found.len() > 1 {
            return Err(fault("quantity", "two distributions; one norm has one"));
        }
        let distribution = found.pop().ok_or_else(|| {
            fault(
                "quantity",
                "no distribution: one of normal, log_normal, percentiles, cut_off, bands, typical",
            )
        })?;
        Ok(Norm {
            quantity: self.quantity.0,
            task: self.task.0,
            how: self.how.map_or(How::Plain, |word| word.0),
            includes_rest: self.includes_rest,
            distribution,
            source: source(self.citation, self.evidence, self.note),
        })
    }
}

/// Pairs of percent and value: below 50, 50, above 50.
fn percentiles(points: &[(f64, f64)]) -> Option<Distribution> {
    let one = |wanted: fn(f64) -> bool| {
        let mut all = points.iter().filter(|(percent, _)| wanted(*percent));
        (all.next(), all.next().is_none())
    };
    let (lower, lower_alone) = one(|percent| percent < 50.0);
    let (median, median_alone) = one(|percent| (50.0..=50.0).contains(&percent));
    let (upper, upper_alone) = one(|percent| percent > 50.0);
    let seen = [lower, median, upper].iter().flatten().count();
    let percentile = |point: &(f64, f64)| Percentile { percent: point.0, value: point.1 };
    (lower_alone && median_alone && upper_alone && seen == points.len()).then(|| {
        Distribution::Percentiles {
            lower: lower.map(percentile),
            median: median.map(|point| point.1),
            upper: upper.map(percentile),
        }
    })
}

impl RawRepeatability {
    fn into_repeatability(self, index: usize) -> Result<Repeatability, Fault> {
        let size = |absolute: Option<f64>, relative: Option<f64>, key: &'static str| match (
            absolute, relative,
        ) {
            (Some(_), Some(_)) => Err(Fault {
                path: vec![Name("repeatability"), Index(index), Name(key)],
                reason: format!("repeatability {}: absolute or relative, not both", index + 1),
            }),
            (Some(size), None) => Ok(Some(Size::Absolute(size))),
            (None, Some(ratio)) => Ok(Some(Size::Relative(ratio))),
            (None, None) => Ok(None),
        };
        Ok(Repeatability {
            quantity: self.quantity.0,
            task: self.task.map(|word| word.0),
            sem: size(self.sem, self.sem_ratio, "sem")?,
            mdc: size(self.mdc, self.mdc_ratio, "mdc")?,
            source: source(self.citation, self.evidence, self.note),
        })
    }
}

/// Where in a file the fault of a pack stands.
pub(crate) fn path_of(error: &PackError) -> Vec<Key> {
    let mut path = match error.place {
        PackPlace::Pack => Vec::new(),
        PackPlace::Norm(index) => vec![Name("norm"), Index(index)],
        PackPlace::Repeatability(index) => vec![Name("repeatability"), Index(index)],
    };
    match (error.place, error.field) {
        // What is wrong with a source of the pack stands in its table.
        (PackPlace::Pack, field @ ("citation" | "evidence")) => {
            path.extend([Name("source"), Name(field)]);
        }
        (_, field @ ("sensitivity" | "specificity" | "auc")) => {
            path.extend([Name("cut_off"), Name(field)]);
        }
        (_, field) => match field.split_once('.') {
            Some((table, within)) => path.extend([Name(table), Name(within)]),
            None => path.push(Name(field)),
        },
    }
    path
}
