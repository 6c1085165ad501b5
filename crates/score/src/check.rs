//! What a pack may not hold.

use core::fmt;

use levator_measure::Quantity;
use levator_programme::{Evidence, Source};

use crate::reference::{ANY_DEVICE, Pack, Size};
use crate::{Distribution, Norm, Repeatability};

/// Where in a pack a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackPlace {
    /// The pack itself.
    Pack,
    /// A norm, counted from zero.
    Norm(usize),
    /// A line of repeatability, counted from zero.
    Repeatability(usize),
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PackFault {
    /// Not 1 to 64 small letters, digits and hyphens.
    NotAnId,
    /// Empty.
    Missing,
    /// From memory: open the source.
    FromMemory,
    /// Not a unit of what is measured.
    UnitOfAnotherKind,
    /// Not finite.
    NotFinite,
    /// Not above zero.
    NotPositive,
    /// Not between 0 and 1, or for percentiles 0 and 100.
    NotAProportion,
    /// Lower numbers must come first.
    NotInOrder,
    /// Neither bound nor middle, no band, neither error nor change.
    Empty,
    /// In the unit of one device, while the reference is for any.
    NotRelative,
    /// So narrow for people that it can only be a confidence interval of their mean.
    OfAMean {
        /// Its width over its middle.
        width_ratio: f64,
    },
    /// The same measure twice.
    Twice,
}

/// A pack cannot be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PackError {
    /// Where.
    pub place: PackPlace,
    /// Which field.
    pub field: &'static str,
    /// What is wrong with it.
    pub fault: PackFault,
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            PackPlace::Pack => {}
            PackPlace::Norm(index) => write!(f, "norm {}: ", index + 1)?,
            PackPlace::Repeatability(index) => write!(f, "repeatability {}: ", index + 1)?,
        }
        write!(f, "{}: ", self.field)?;
        match self.fault {
            PackFault::NotAnId => {
                f.write_str("not 1 to 64 of the letters a to z, digits and hyphens")
            }
            PackFault::Missing => f.write_str("missing"),
            PackFault::FromMemory => {
                f.write_str("from memory (M): open the source, or leave the number out")
            }
            PackFault::UnitOfAnotherKind => f.write_str("not a unit of what is measured"),
            PackFault::NotFinite => f.write_str("not a finite number"),
            PackFault::NotPositive => f.write_str("not above zero"),
            PackFault::NotAProportion => f.write_str("not a proportion"),
            PackFault::NotInOrder => f.write_str("not in rising order"),
            PackFault::Empty => f.write_str("holds nothing to compare with"),
            PackFault::NotRelative => {
                f.write_str("in the unit of a device, while the reference is for any device")
            }
            PackFault::OfAMean { width_ratio } => write!(
                f,
                "its width is {:.0} % of its middle: a range of people is wider, this looks like a \
                 confidence interval of their mean",
                100.0 * width_ratio
            ),
            PackFault::Twice => f.write_str("the same measure is there twice"),
        }
    }
}

impl core::error::Error for PackError {}

type Checked = Result<(), (&'static str, PackFault)>;

pub(crate) fn pack(pack: &Pack) -> Result<(), PackError> {
    let at = |place| move |(field, fault)| PackError { place, field, fault };
    head(pack).map_err(at(PackPlace::Pack))?;
    for (index, one) in pack.norms.iter().enumerate() {
        let same = |other: &Norm| {
            (other.quantity, other.task, other.how) == (one.quantity, one.task, one.how)
                && matches!(other.distribution, Distribution::Bands(_))
                    == matches!(one.distribution, Distribution::Bands(_))
        };
        let twice = pack.norms[..index].iter().any(same);
        norm(pack, one, twice).map_err(at(PackPlace::Norm(index)))?;
    }
    for (index, one) in pack.repeatability.iter().enumerate() {
        let same = |other: &Repeatability| (other.quantity, other.task) == (one.quantity, one.task);
        let twice = pack.repeatability[..index].iter().any(same);
        repeatability(pack, one, twice).map_err(at(PackPlace::Repeatability(index)))?;
    }
    Ok(())
}

fn head(pack: &Pack) -> Checked {
    id("id", &pack.id)?;
    id("device", &pack.device)?;
    text("name", &pack.name)?;
    text("probe", &pack.probe)?;
    text("population.text", &pack.population.text)?;
    source(&pack.source)?;
    if !pack.modality.has_unit(pack.unit) {
        return Err(("unit", PackFault::UnitOfAnotherKind));
    }
    if let Some(band) = pack.bandwidth {
        ordered("bandwidth_hz", band.from_hz, band.to_hz)?;
        positive("bandwidth_hz", band.from_hz)?;
    }
    for (field, range) in [
        ("population.age_years", pack.population.age_years),
        ("requires.age_years", pack.requires.age_years),
        ("requires.weeks", pack.requires.weeks),
    ] {
        if let Some((from, to)) = range {
            ordered(field, from, to)?;
        }
    }
    for (field, range) in
        [("population.births", pack.population.births), ("requires.births", pack.requires.births)]
    {
        if range.is_some_and(|(from, to)| from > to) {
            return Err((field, PackFault::NotInOrder));
        }
    }
    if pack.requires.states.is_empty() {
        return Err(("requires.states", PackFault::Missing));
    }
    if pack.norms.is_empty() && pack.repeatability.is_empty() {
        return Err(("norm", PackFault::Empty));
    }
    Ok(())
}

fn norm(pack: &Pack, norm: &Norm, twice: bool) -> Checked {
    source(&norm.source)?;
    if twice {
        return Err(("quantity", PackFault::Twice));
    }
    if pack.device == ANY_DEVICE && has_unit_of_channel(norm.quantity) {
        return Err(("quantity", PackFault::NotRelative));
    }
    match &norm.distribution {
        Distribution::Normal { mean, sd } => {
            finite("normal", *mean)?;
            positive("normal", *sd)?;
        }
        Distribution::LogNormal { mean, sd } => {
            positive("log_normal", *mean)?;
            positive("log_normal", *sd)?;
        }
        Distribution::Percentiles { lower, median, upper } => {
            let points = [
                lower.map(|one| (one.percent, one.value)),
                median.map(|value| (50.0, value)),
                upper.map(|one| (one.percent, one.value)),
            ];
            let mut before = (0.0, f64::NEG_INFINITY);
            for (percent, value) in points.into_iter().flatten() {
                finite("percentiles", value)?;
                if !(percent > 0.0 && percent < 100.0) {
                    return Err(("percentiles", PackFault::NotAProportion));
                }
                if percent <= before.0 || value <= before.1 {
                    return Err(("percentiles", PackFault::NotInOrder));
                }
                before = (percent, value);
            }
            if lower.is_none() && upper.is_none() {
                return Err(("percentiles", PackFault::Empty));
            }
        }
        Distribution::CutOff { value, sensitivity, specificity, auc, .. } => {
            finite("cut_off", *value)?;
            for (field, share) in
                [("sensitivity", sensitivity), ("specificity", specificity), ("auc", auc)]
            {
                if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
                    return Err((field, PackFault::NotAProportion));
                }
            }
        }
        Distribution::Bands(bands) => {
            if bands.is_empty() {
                return Err(("bands", PackFault::Empty));
            }
            let mut before = f64::NEG_INFINITY;
            for band in bands {
                text("bands", &band.name)?;
                let from = band.from.unwrap_or(before);
                let to = band.to.unwrap_or(f64::INFINITY);
                if from.is_nan() || to.is_nan() {
                    return Err(("bands", PackFault::NotFinite));
                }
                if from < before || to <= from {
                    return Err(("bands", PackFault::NotInOrder));
                }
                before = to;
            }
        }
        Distribution::Typical { value } => finite("typical", *value)?,
    }
    of_people(norm)
}

/// Width over middle below which a range of levels cannot be one of people.
///
/// Our choice. Between people such levels vary by 15 to 70 % (coefficient of variation), which makes
/// the narrowest range half as wide as its middle; "normal" ranges in circulation that are
/// confidence intervals of a mean have 8 to 19 %.
const NARROWEST: f64 = 0.25;

fn of_people(norm: &Norm) -> Checked {
    let (Some(lower), Some(upper)) = (norm.distribution.lower(), norm.distribution.upper()) else {
        return Ok(());
    };
    let width_ratio = (upper - lower) / (0.5 * (upper + lower)).abs();
    match has_unit_of_channel(norm.quantity) && width_ratio < NARROWEST {
        true => Err(("range", PackFault::OfAMean { width_ratio })),
        false => Ok(()),
    }
}

fn repeatability(pack: &Pack, one: &Repeatability, twice: bool) -> Checked {
    source(&one.source)?;
    if twice {
        return Err(("quantity", PackFault::Twice));
    }
    if one.sem.is_none() && one.mdc.is_none() {
        return Err(("sem", PackFault::Empty));
    }
    for (field, size) in [("sem", one.sem), ("mdc", one.mdc)] {
        let Some(size) = size else { continue };
        positive(field, size.number())?;
        let absolute = matches!(size, Size::Absolute(_)) && has_unit_of_channel(one.quantity);
        if pack.device == ANY_DEVICE && absolute {
            return Err((field, PackFault::NotRelative));
        }
    }
    Ok(())
}

/// Whether a quantity is in the unit of the channel, or in that times or per second.
pub(crate) const fn has_unit_of_channel(quantity: Quantity) -> bool {
    matches!(
        quantity,
        Quantity::RestLevel
            | Quantity::RestInstability
            | Quantity::RelaxationResidual
            | Quantity::Peak
            | Quantity::MaximalContraction
            | Quantity::ContractionMean
            | Quantity::EnduranceArea
            | Quantity::Gradient
            | Quantity::PushForce
            | Quantity::RectoanalGradient
            | Quantity::SqueezeIncrement
            | Quantity::SqueezeTotal
            | Quantity::CoughIncrement
            | Quantity::NoiseFloor
    )
}

fn id(field: &'static str, id: &str) -> Checked {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match (1..=64).contains(&id.len()) && id.bytes().all(legal) {
        true => Ok(()),
        false => Err((field, PackFault::NotAnId)),
    }
}

fn text(field: &'static str, text: &str) -> Checked {
    match text.trim().is_empty() {
        true => Err((field, PackFault::Missing)),
        false => Ok(()),
    }
}

fn source(source: &Source) -> Checked {
    text("citation", &source.citation)?;
    match source.evidence {
        Evidence::Memory => Err(("evidence", PackFault::FromMemory)),
        Evidence::Read | Evidence::Secondary | Evidence::Derived | Evidence::Proposed => Ok(()),
    }
}

fn finite(field: &'static str, value: f64) -> Checked {
    match value.is_finite() {
        true => Ok(()),
        false => Err((field, PackFault::NotFinite)),
    }
}

fn positive(field: &'static str, value: f64) -> Checked {
    finite(field, value)?;
    match value > 0.0 {
        true => Ok(()),
        false => Err((field, PackFault::NotPositive)),
    }
}

fn ordered(field: &'static str, from: f64, to: f64) -> Checked {
    finite(field, from)?;
    finite(field, to)?;
    match from < to {
        true => Ok(()),
        false => Err((field, PackFault::NotInOrder)),
    }
}
