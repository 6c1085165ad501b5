//! What the papers say: the distributions that people are drawn from, each with its source.
//!
//! Everything here is a property of simulated people. It is not a reference for real ones: those are
//! data files, and a simulation that used the same files could not show that they are read right.
//!
//! Tags: `[V]` read in the source, `[D]` derived from what was read, `[P]` proposed here.

use super::spread::{Shape, Spread};
use super::{Anatomy, Condition, EmgFamily, Stage};

/// Which published group a person resembles in EMG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Healthy,
    Incontinence,
    Dyssynergia,
}

impl Group {
    pub(crate) const fn of(condition: Condition) -> Self {
        match condition {
            Condition::PartialRelaxer => Self::Incontinence,
            Condition::NonRelaxing | Condition::Dyssynergic => Self::Dyssynergia,
            Condition::Healthy
            | Condition::Weak
            | Condition::Hypertonic
            | Condition::TightAndWeak
            | Condition::BearingDown
            | Condition::Fatiguing
            | Condition::PregnantHealthy
            | Condition::PregnantWeak
            | Condition::PostPartumHealthy
            | Condition::PostPartumWeak => Self::Healthy,
        }
    }
}

/// Levels of EMG in one group on one device, in microvolt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EmgNorm {
    pub(crate) rest: Spread,
    pub(crate) flick: Spread,
    pub(crate) tonic: Spread,
    pub(crate) endurance: Spread,
    /// Rest between contractions over rest before them.
    pub(crate) between_ratio: Spread,
    /// Rest afterwards over rest before.
    pub(crate) after_ratio: Spread,
    /// White noise of electrode and amplifier, root mean square.
    pub(crate) noise: f64,
}

/// `[V]` Kasper-Jędrzejewska 2025, Med Sci Monit 31:e950086, tables 2 and 3: medians of the group
/// mean; rest, tonic and the healthy group's rapid contraction with their between-subject deviation.
/// `[P]` The deviations that are not given: as large in proportion as the healthy group's rapid (0.57)
/// and tonic (0.585) ones. `[D]` Ratios of the medians: 2.46/2.40, 3.00/2.47, 3.59/2.65 between and
/// 2.17/2.40, 2.82/2.47, 2.67/2.65 after; `[P]` their spread, 0.05, for none is published.
fn kasper(group: Group) -> EmgNorm {
    let (rest, flick, tonic, endurance, between, after) = match group {
        Group::Healthy => ((2.40, 1.11), (6.83, 3.87), (6.99, 4.09), 6.74, 2.46, 2.17),
        Group::Incontinence => ((2.47, 1.12), (7.72, 4.37), (7.79, 3.18), 7.74, 3.00, 2.82),
        Group::Dyssynergia => ((2.65, 1.54), (9.87, 5.59), (11.23, 4.19), 9.48, 3.59, 2.67),
    };
    let spread = |(mean, sd)| Spread::log_normal(mean, sd);
    EmgNorm {
        rest: spread(rest),
        flick: spread(flick),
        tonic: spread(tonic),
        endurance: Spread::log_normal(endurance, 0.585 * endurance),
        between_ratio: Spread::normal(between / rest.0, 0.05),
        after_ratio: Spread::normal(after / rest.0, 0.05),
        noise: 0.12,
    }
}

/// `[V]` Oleksy 2020, Medicine 99(5):e19060, 96 healthy nulliparae: means and deviations of rest,
/// phasic, tonic and endurance; `[D]` rest afterwards over rest before, 6.93/6.26. `[D]` Other groups:
/// by the ratios of the groups of Kasper-Jędrzejewska 2025, who measured them on another device.
fn oleksy(group: Group) -> EmgNorm {
    let (healthy, other) = (kasper(Group::Healthy), kasper(group));
    let scaled = |mean: f64, sd: f64, of: fn(&EmgNorm) -> Spread| {
        Spread::log_normal(mean, sd).times(of(&other).mean / of(&healthy).mean)
    };
    EmgNorm {
        rest: scaled(6.26, 3.33, |norm| norm.rest),
        flick: scaled(49.76, 26.44, |norm| norm.flick),
        tonic: scaled(37.05, 25.99, |norm| norm.tonic),
        endurance: scaled(16.10, 6.68, |norm| norm.endurance),
        between_ratio: other.between_ratio,
        after_ratio: match group {
            Group::Healthy => Spread::normal(6.93 / 6.26, 0.03),
            Group::Incontinence | Group::Dyssynergia => other.after_ratio,
        },
        noise: 0.3,
    }
}

/// `[V]` Pérez-Martínez 2008, perianal patch, resting means of 14 controls. `[P]` Contractions: nothing
/// was read; fifteen times the rest. Ratios: as Kasper-Jędrzejewska's groups.
fn perianal(group: Group) -> EmgNorm {
    let like = kasper(group);
    EmgNorm {
        rest: Spread::log_normal(0.079, 0.076),
        flick: Spread::log_normal(1.3, 0.5),
        tonic: Spread::log_normal(1.2, 0.4),
        endurance: Spread::log_normal(0.6, 0.2),
        between_ratio: like.between_ratio,
        after_ratio: like.after_ratio,
        noise: 0.005,
    }
}

/// Levels of EMG.
pub(crate) fn emg(family: EmgFamily, group: Group) -> EmgNorm {
    match family {
        EmgFamily::Oleksy => oleksy(group),
        EmgFamily::Kasper => kasper(group),
        EmgFamily::PerianalPatch => perianal(group),
        EmgFamily::AnalProbe => {
            // [P]: no levels are published for anal probes.
            let like = oleksy(group);
            EmgNorm {
                rest: like.rest.times(0.5),
                flick: like.flick.times(0.5),
                tonic: like.tonic.times(0.5),
                endurance: like.endurance.times(0.5),
                noise: 0.5 * like.noise,
                ..like
            }
        }
    }
}

/// `[V]` Pérez-Martínez 2008: resting means of 28 men with chronic pelvic pain, perianal patch.
pub(crate) const PERIANAL_PAIN_REST: Spread = Spread::log_normal(0.424, 0.239);

/// Pressure at rest, and of a maximal contraction above rest, as the mean of three peaks; for the
/// anal canal the maximal contraction is the level itself, rest included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PressureNorm {
    pub(crate) rest: Spread,
    pub(crate) squeeze: Spread,
    /// Area under 10 s of a maximal contraction above rest, over its peak, in seconds.
    pub(crate) hold_s: Spread,
}

/// `[D]` Camtech over Peritron in the same 20 women: 19.7/36.5 cmH2O (Bø 2005,
/// 10.1111/j.0001-6349.2005.00676.x).
pub(crate) const CAMTECH_PER_PERITRON: f64 = 19.7 / 36.5;

/// `[V]` Peak that separates weak from strong on palpation, in cmH2O: Peritron, 156 women
/// (Barbosa-Silva). The average that does, 28.93, is 0.75 of it; here it follows from the hold.
pub(crate) const PERITRON_PEAK: f64 = 38.61;
/// `[V]` The same in the third trimester, 44 women (Reis 2024, 10.1016/j.bjpt.2024.101115).
pub(crate) const PERITRON_PEAK_PREGNANT: f64 = 40.56;

/// `[D]` Peak on the Peritron in women who are weak or strong on palpation: equal normals around the
/// cut-off of 38.61 cmH2O that give its sensitivity of 0.87 (1.13 deviations) and specificity of 0.91
/// (1.34), with the deviation that makes the two together as wide as the 288 women of Angelo 2017
/// (22.7 cmH2O): 22.7 / sqrt(1 + (2.47/2)²) = 14.3.
const PERITRON_SD: f64 = 14.3;
const PERITRON_STRONG: Spread = Spread::normal(PERITRON_PEAK + 1.34 * PERITRON_SD, PERITRON_SD);
const PERITRON_WEAK: Spread = Spread::normal(PERITRON_PEAK - 1.13 * PERITRON_SD, PERITRON_SD);

/// Peritron. Zeroed at rest, so that rest is zero but for what `[P]` half a cmH2O leaves. `[V]` In late
/// pregnancy the cut-off separated all 44 women: `[P]` the same groups, less wide.
pub(crate) fn peritron(condition: Condition) -> PressureNorm {
    let (strong, weak) = (PERITRON_STRONG, PERITRON_WEAK);
    let squeeze = match (condition.stage(), condition.is_weak()) {
        (Stage::Usual | Stage::PostPartum, false) => strong,
        (Stage::Usual | Stage::PostPartum, true) => weak,
        (Stage::Pregnant, false) => Spread { sd: 8.0, ..strong },
        (Stage::Pregnant, true) => Spread { sd: 6.0, ..weak },
    };
    PressureNorm { rest: Spread::normal(0.0, 0.5), squeeze, hold_s: hold(6.6) }
}

/// `[P]` Spread of the area under a hold at one and the same peak: a tenth.
const fn hold(mean_s: f64) -> Spread {
    Spread::normal(mean_s, 0.1 * mean_s)
}

/// Camtech.
///
/// `[V]` Rest of controls and of women with provoked vestibulodynia: Næss and Bø 2015,
/// 10.1007/s00192-015-2660-6. `[V]` Strength of 20 women: 19.7, 95 % interval of the mean 16.5 to 22.9
/// (Bø 2005), `[D]` deviation 3.2/2.093·sqrt(20) = 6.84. `[D]` Weak: the Peritron's weak by 0.54. `[V]`
/// Six weeks post partum, caesarean (here: healthy) and vaginal birth (here: weak), and `[D]`
/// mid-pregnancy: Bø, ICS 2011. `[P]` Their deviations: in proportion as above, a quarter for rest and
/// 0.35 for strength. `[P]` Hypertonic and clear of the bound: 36 ± 4; weak besides: 9 ± 2 on top.
/// Endurance over strength: `[D]` 207.1/31.4, 101.4/15.0 and 214/33 s.
pub(crate) fn camtech(condition: Condition, as_published: bool) -> PressureNorm {
    let like = |mean: f64, share: f64| Spread::log_normal(mean, share * mean);
    let own_rest = Spread::normal(17.3, 4.4);
    let weak = PERITRON_WEAK.mean * CAMTECH_PER_PERITRON;
    let (rest, squeeze, hold_s) = match (condition.stage(), condition.is_weak()) {
        (Stage::Usual, false) => (own_rest, Spread::log_normal(19.7, 6.84), 6.6),
        (Stage::Usual, true) => (own_rest, like(weak, 0.35), 6.76),
        (Stage::Pregnant, false) => (like(41.0, 0.25), like(33.0, 0.35), 6.48),
        (Stage::Pregnant, true) => (like(41.0, 0.25), like(weak, 0.35), 6.48),
        (Stage::PostPartum, false) => (like(37.4, 0.25), like(31.4, 0.35), 6.6),
        (Stage::PostPartum, true) => (like(29.2, 0.25), like(15.0, 0.35), 6.76),
    };
    let rest = match (condition.is_tight(), as_published) {
        (true, true) => Spread::normal(20.6, 7.1),
        (true, false) => Spread::normal(36.0, 4.0),
        (false, _) => rest,
    };
    let squeeze = match condition {
        Condition::TightAndWeak => Spread::log_normal(9.0, 2.0),
        _ => squeeze,
    };
    PressureNorm { rest, squeeze, hold_s: hold(hold_s) }
}

/// Conventional anorectal manometry, in mmHg.
///
/// `[V]` 286 nulliparae in late pregnancy, 95 % ranges 29 to 90 at rest and 50 to 163 squeezing; 161
/// primiparae 12 weeks post partum, 27 to 98 and 43 to 156 ("Normal ranges for anorectal manometry
/// and sensation in women of reproductive age"). `[V]` Men up to 60 and above (KJG 2022;80(6)): rest
/// 57.45 ± 17.69 and 44.09 ± 14.22, squeeze 168.4 ± 75.9 and 149.6 ± 64.7. `[D]` Log-normal. `[P]` Weak
/// and tight people: relative to the bounds.
pub(crate) fn anorectal(condition: Condition, anatomy: Anatomy, age_years: f64) -> PressureNorm {
    let (rest, squeeze) = match (anatomy, condition.stage()) {
        (Anatomy::Female, Stage::Usual | Stage::Pregnant) => {
            (Spread::from_range(29.0, 90.0), Spread::from_range(50.0, 163.0))
        }
        (Anatomy::Female, Stage::PostPartum) => {
            (Spread::from_range(27.0, 98.0), Spread::from_range(43.0, 156.0))
        }
        // Age is told in whole years.
        (Anatomy::Male, _) if age_years < 61.0 => {
            (Spread::log_normal(57.45, 17.69), Spread::log_normal(168.4, 75.9))
        }
        (Anatomy::Male, _) => (Spread::log_normal(44.09, 14.22), Spread::log_normal(149.6, 64.7)),
    };
    PressureNorm { rest, squeeze, hold_s: hold(7.0) }
}

/// `[D]` Upper bound of rest and lower bound of squeeze in the anal canal, in mmHg: the ends of the
/// women's ranges, the men's 95th and 5th percentiles.
pub(crate) fn anorectal_bounds(
    condition: Condition,
    anatomy: Anatomy,
    age_years: f64,
) -> (f64, f64) {
    let norm = anorectal(condition, anatomy, age_years);
    match (anatomy, condition.stage()) {
        (Anatomy::Female, Stage::Usual | Stage::Pregnant) => (90.0, 50.0),
        (Anatomy::Female, Stage::PostPartum) => (98.0, 43.0),
        (Anatomy::Male, _) => (norm.rest.p95(), norm.squeeze.p5()),
    }
}

/// `[D]` Upper bound of rest of the patch, in microvolt: the controls' 95th percentile as it is
/// quoted, of a normal distribution.
pub(crate) fn perianal_rest_bound() -> f64 {
    Spread { shape: Shape::Normal, ..perianal(Group::Healthy).rest }.p95()
}

/// `[V]` Smallest and largest standard error of repetition of EMG, as a ratio (Koenig 2017,
/// 10.1016/j.rehab.2017.04.002: 7.5 to 15.7 %).
pub(crate) const EMG_SEM_RATIO: (f64, f64) = (0.075, 0.157);

/// `[D]` Standard errors of repetition of the Camtech, from the minimal detectable changes of
/// Tennfjord 2017 (10.1007/s00192-017-3290-y) over 2.77: rest 3.1 and strength 2.7 cmH2O, endurance
/// 21.5 cmH2O·s.
pub(crate) const CAMTECH_SEM: [f64; 3] = [3.1, 2.7, 21.5];
