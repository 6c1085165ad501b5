//! Drawn people beside what the papers say. The published numbers are written down here a second
//! time, so that a slip of the pen on either side shows.

use std::fmt::Write;

use levator_simulate::people::{Anatomy, Condition, Margin, Participant, Setup};

use super::ruler::{mean, programme, rms, samples, sd, setup};

const PEOPLE: u64 = 2000;

type Quantity = (&'static str, fn(&Participant) -> f64);

fn emg(person: &Participant) -> levator_simulate::people::EmgLevels {
    person.emg.expect("it has EMG")
}

fn pressure(person: &Participant) -> levator_simulate::people::PressureLevels {
    person.pressure.expect("it has pressure")
}

const REST: Quantity = ("rest", |person| emg(person).rest_uv);
const FLICK: Quantity = ("flick", |person| emg(person).flick_uv);
const TONIC: Quantity = ("tonic", |person| emg(person).tonic_uv);
const ENDURANCE: Quantity = ("endurance", |person| emg(person).endurance_uv);
const BETWEEN: Quantity =
    ("rest between", |person| emg(person).rest_uv * emg(person).between_ratio);
const AFTER: Quantity = ("rest after", |person| emg(person).rest_uv * emg(person).after_ratio);
const RESTING: Quantity = ("rest", |person| pressure(person).rest);
const SQUEEZE: Quantity = ("squeeze", |person| pressure(person).squeeze);
const LEVEL: Quantity =
    ("squeeze, level", |person| pressure(person).rest + pressure(person).squeeze);
const AREA: Quantity = ("area of 10 s", |person| pressure(person).endurance());

/// What a paper says. A deviation of zero is not published.
struct Row {
    setup: &'static str,
    condition: Condition,
    quantity: Quantity,
    mean: f64,
    sd: f64,
    /// Allowed error of the mean, in deviations.
    mean_tolerance: f64,
    /// Allowed error of the deviation, as a ratio; nothing for one that is not published.
    sd_tolerance: Option<f64>,
    source: &'static str,
    /// Men of this age; else women, or men on the patch.
    men: Option<(f64, f64)>,
}

/// Four standard errors of the mean of 2,000: 0.09. The deviation of a log-normal quantity is less
/// well known: 15 %.
const fn row(
    setup: &'static str,
    condition: Condition,
    quantity: Quantity,
    mean: f64,
    sd: f64,
    source: &'static str,
) -> Row {
    let sd_tolerance = if sd > 0.0 { Some(0.15) } else { None };
    Row {
        setup,
        condition,
        quantity,
        mean,
        sd,
        mean_tolerance: 0.09,
        sd_tolerance,
        source,
        men: None,
    }
}

const OLEKSY: &str = "Oleksy 2020, abstract [V]";
const OLEKSY_KASPER: &str = "Oleksy 2020 by the ratios of Kasper-Jedrzejewska 2025 [D]";
const KASPER: &str = "Kasper-Jedrzejewska 2025, tables 2, 3 [V]";
const KASPER_P: &str = "Kasper-Jedrzejewska 2025, tables 2, 3 [V], deviation [P]";
const PEREZ: &str = "Perez-Martinez 2008 [V]";
const NAESS: &str = "Naess and Bo 2015 [V]";
const BO_2005: &str = "Bo 2005 [V], deviation [D]";
const BO_2011: &str = "Bo 2011, ICS [V], deviation [P]";
const BO_2011_D: &str = "Bo 2011, ICS [D], deviation [P]";
const BARBOSA: &str = "Barbosa-Silva, cut-off and accuracy, width of Angelo 2017 [D]";
const RANGES: &str = "ranges of 286 nulliparae [V], log-normal [D]";
const KJG: &str = "KJG 2022;80(6), men to 60 y [V], log-normal [D]";
const KJG_OLD: &str = "KJG 2022;80(6), men above 60 y [V], log-normal [D]";
const RANGES_PP: &str = "ranges of 161 primiparae [V], log-normal [D]";

fn rows() -> Vec<Row> {
    use Condition::{
        Dyssynergic, Healthy, Hypertonic, NonRelaxing, PartialRelaxer, PostPartumHealthy,
        PostPartumWeak, PregnantHealthy, Weak,
    };
    let wide = |row: Row| Row { mean_tolerance: 0.25, sd_tolerance: Some(0.25), ..row };
    let men = |row: Row, from: f64, to: f64| Row { men: Some((from, to)), ..row };
    // A third of the men are above 60.
    let old =
        |row: Row| men(Row { mean_tolerance: 0.16, sd_tolerance: Some(0.2), ..row }, 60.0, 99.0);
    vec![
        row("oleksy-emg", Healthy, REST, 6.26, 3.33, OLEKSY),
        row("oleksy-emg", Healthy, FLICK, 49.76, 26.44, OLEKSY),
        row("oleksy-emg", Healthy, TONIC, 37.05, 25.99, OLEKSY),
        row("oleksy-emg", Healthy, ENDURANCE, 16.10, 6.68, OLEKSY),
        row("oleksy-emg", Healthy, AFTER, 6.93, 3.99, OLEKSY),
        row("oleksy-emg", Dyssynergic, TONIC, 59.5, 41.8, OLEKSY_KASPER),
        row("kasper-emg", Healthy, REST, 2.40, 1.11, KASPER),
        row("kasper-emg", Healthy, FLICK, 6.83, 3.87, KASPER),
        row("kasper-emg", Healthy, TONIC, 6.99, 4.09, KASPER),
        row("kasper-emg", Healthy, ENDURANCE, 6.74, 0.0, KASPER_P),
        row("kasper-emg", Healthy, BETWEEN, 2.46, 0.0, KASPER_P),
        row("kasper-emg", Healthy, AFTER, 2.17, 0.0, KASPER_P),
        row("kasper-emg", PartialRelaxer, REST, 2.47, 1.12, KASPER),
        row("kasper-emg", PartialRelaxer, FLICK, 7.72, 0.0, KASPER_P),
        row("kasper-emg", PartialRelaxer, TONIC, 7.79, 3.18, KASPER),
        row("kasper-emg", PartialRelaxer, ENDURANCE, 7.74, 0.0, KASPER_P),
        row("kasper-emg", PartialRelaxer, BETWEEN, 3.00, 0.0, KASPER_P),
        row("kasper-emg", PartialRelaxer, AFTER, 2.82, 0.0, KASPER_P),
        row("kasper-emg", NonRelaxing, REST, 2.65, 1.54, KASPER),
        row("kasper-emg", NonRelaxing, FLICK, 9.87, 0.0, KASPER_P),
        row("kasper-emg", NonRelaxing, TONIC, 11.23, 4.19, KASPER),
        row("kasper-emg", NonRelaxing, ENDURANCE, 9.48, 0.0, KASPER_P),
        row("kasper-emg", NonRelaxing, BETWEEN, 3.59, 0.0, KASPER_P),
        row("kasper-emg", NonRelaxing, AFTER, 2.67, 0.0, KASPER_P),
        row("perianal-patch", Healthy, REST, 0.079, 0.076, PEREZ),
        row("perianal-patch", Hypertonic, REST, 0.424, 0.239, PEREZ),
        // Nobody below 5 cmH2O, whose contraction cannot be seen: the mean rises, the width falls.
        row("peritron", Healthy, SQUEEZE, 57.8, 14.3, BARBOSA),
        wide(row("peritron", Weak, SQUEEZE, 22.4, 14.3, BARBOSA)),
        row("camtech", Healthy, RESTING, 17.3, 4.4, NAESS),
        row("camtech", Hypertonic, RESTING, 20.6, 7.1, NAESS),
        row("camtech", Healthy, SQUEEZE, 19.7, 6.84, BO_2005),
        row("camtech", PregnantHealthy, RESTING, 41.0, 0.0, BO_2011_D),
        row("camtech", PregnantHealthy, SQUEEZE, 33.0, 0.0, BO_2011_D),
        row("camtech", PregnantHealthy, AREA, 214.0, 0.0, BO_2011_D),
        row("camtech", PostPartumHealthy, RESTING, 37.4, 0.0, BO_2011),
        row("camtech", PostPartumHealthy, SQUEEZE, 31.4, 0.0, BO_2011),
        row("camtech", PostPartumHealthy, AREA, 207.1, 0.0, BO_2011),
        row("camtech", PostPartumWeak, RESTING, 29.2, 0.0, BO_2011),
        row("camtech", PostPartumWeak, SQUEEZE, 15.0, 0.0, BO_2011),
        row("camtech", PostPartumWeak, AREA, 101.4, 0.0, BO_2011),
        row("anorectal+abdomen", Healthy, RESTING, 53.3, 15.7, RANGES),
        // A squeeze is above rest: the lowest levels are missing.
        wide(row("anorectal+abdomen", Healthy, LEVEL, 94.5, 29.2, RANGES)),
        row("anorectal+abdomen", PostPartumHealthy, RESTING, 54.3, 18.4, RANGES_PP),
        wide(row("anorectal+abdomen", PostPartumHealthy, LEVEL, 86.4, 29.2, RANGES_PP)),
        men(row("anorectal+abdomen", Healthy, RESTING, 57.45, 17.69, KJG), 0.0, 60.0),
        men(row("anorectal+abdomen", Healthy, LEVEL, 168.4, 75.9, KJG), 0.0, 60.0),
        old(row("anorectal+abdomen", Healthy, RESTING, 44.09, 14.22, KJG_OLD)),
        old(row("anorectal+abdomen", Healthy, LEVEL, 149.6, 64.7, KJG_OLD)),
    ]
}

fn people(setup: Setup, condition: Condition, margin: Margin) -> Vec<Participant> {
    let anatomy = match setup.name().starts_with("perianal") {
        true => Anatomy::Male,
        false => Anatomy::Female,
    };
    of_anatomy(anatomy, setup, condition, margin)
}

fn of_anatomy(
    anatomy: Anatomy,
    setup: Setup,
    condition: Condition,
    margin: Margin,
) -> Vec<Participant> {
    let draw = |seed| Participant::draw(condition, anatomy, setup, margin, seed);
    (0..PEOPLE).map(|seed| draw(seed).expect("can be measured")).collect()
}

fn as_published(name: &str, condition: Condition) -> Vec<Participant> {
    people(setup(name), condition, Margin::AsPublished)
}

fn line(table: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(table, "{line}").expect("a string takes everything");
}

fn means(table: &mut String, complaints: &mut String) {
    line(
        table,
        format_args!(
            "{PEOPLE} people each, drawn as published; tolerance of the mean in deviations, of the deviation as a\n\
             ratio; - not published\n\n\
             {:<18} {:<19} {:<14} {:>15} {:>15} {:>9}  source",
            "setup", "condition", "quantity", "published", "drawn", "tolerance"
        ),
    );
    for row in rows() {
        let (name, of) = row.quantity;
        let people = match row.men {
            None => as_published(row.setup, row.condition),
            Some((from, to)) => {
                let setup = setup(row.setup);
                let men = of_anatomy(Anatomy::Male, setup, row.condition, Margin::AsPublished);
                men.into_iter().filter(|man| man.age_years > from && man.age_years <= to).collect()
            }
        };
        let values: Vec<f64> = people.iter().map(of).collect();
        let (got_mean, got_sd) = (mean(&values), sd(&values));
        let width = if row.sd > 0.0 { row.sd } else { got_sd };
        let is_near = (got_mean - row.mean).abs() <= row.mean_tolerance * width
            && row.sd_tolerance.is_none_or(|tolerance| (got_sd / row.sd - 1.0).abs() <= tolerance);
        let digits = if row.mean < 1.0 { 3 } else { 2 };
        let published = match row.sd > 0.0 {
            true => format!("{:.digits$} ({:.digits$})", row.mean, row.sd),
            false => format!("{:.digits$}    (-)", row.mean),
        };
        let tolerance = match row.sd_tolerance {
            Some(tolerance) => format!("{:.2} {tolerance:.2}", row.mean_tolerance),
            None => format!("{:.2}    -", row.mean_tolerance),
        };
        let text = format!(
            "{:<18} {:<19} {name:<14} {published:>15} {:>15} {tolerance:>9}  {}",
            row.setup,
            row.condition.name(),
            format!("{got_mean:.digits$} ({got_sd:.digits$})"),
            row.source
        );
        if !is_near {
            line(complaints, format_args!("{text}"));
        }
        line(table, format_args!("{text}"));
    }
}

fn share(values: &[f64], holds: impl Fn(f64) -> bool) -> f64 {
    values.iter().filter(|value| holds(**value)).count() as f64 / values.len() as f64
}

/// Probability that somebody of `high` is above somebody of `low`.
fn area_under_curve(low: &[f64], high: &[f64]) -> f64 {
    let mut sorted = low.to_vec();
    sorted.sort_by(f64::total_cmp);
    let below = |value: f64| sorted.partition_point(|other| *other < value) as f64;
    mean(&high.iter().map(|value| below(*value) / sorted.len() as f64).collect::<Vec<_>>())
}

/// What papers say about two groups, or about a cut-off.
fn contrasts(table: &mut String, complaints: &mut String) {
    let values = |name: &str, condition, of: Quantity| -> Vec<f64> {
        as_published(name, condition).iter().map(of.1).collect()
    };
    let strong = values("peritron", Condition::Healthy, SQUEEZE);
    let weak = values("peritron", Condition::Weak, SQUEEZE);
    let oleksy = values("oleksy-emg", Condition::Healthy, REST);
    let kasper = values("kasper-emg", Condition::Healthy, REST);
    let dyssynergia = values("kasper-emg", Condition::NonRelaxing, REST);
    let tonic = values("kasper-emg", Condition::Healthy, TONIC);
    let high_tonic = values("kasper-emg", Condition::NonRelaxing, TONIC);
    let controls = values("perianal-patch", Condition::Healthy, REST);
    let pain = values("perianal-patch", Condition::Hypertonic, REST);
    let camtech = values("camtech", Condition::Healthy, RESTING);
    let vestibulodynia = values("camtech", Condition::Hypertonic, RESTING);
    let squeeze = values("camtech", Condition::Healthy, SQUEEZE);
    let lost = |of: Quantity| {
        let after = mean(&values("camtech", Condition::PostPartumWeak, of));
        1.0 - after / mean(&values("camtech", Condition::PregnantHealthy, of))
    };
    let band = |condition, holds: fn(f64) -> bool| {
        let people = people(setup("peritron"), condition, Margin::Clear);
        share(&people.iter().map(SQUEEZE.1).collect::<Vec<_>>(), holds)
    };
    let (upper, lower) =
        (band(Condition::Healthy, |v| v >= 41.6), band(Condition::Weak, |v| v < 26.6));
    line(
        table,
        format_args!(
            "\n{:<58} {:>9} {:>6} {:>9}  source",
            "contrast", "published", "drawn", "tolerance"
        ),
    );
    for (name, published, drawn, tolerance, source) in [
        (
            "peritron: weak below 38.61 (sensitivity)",
            0.87,
            share(&weak, |v| v < 38.61),
            0.04,
            "Barbosa-Silva [V]",
        ),
        (
            "peritron: strong above 38.61 (specificity)",
            0.91,
            share(&strong, |v| v > 38.61),
            0.03,
            "Barbosa-Silva [V]",
        ),
        (
            "peritron: weak from strong, area under the curve",
            0.95,
            area_under_curve(&weak, &strong),
            0.03,
            "Barbosa-Silva [V]",
        ),
        (
            "camtech: rest of vestibulodynia, area under the curve",
            0.65,
            area_under_curve(&camtech, &vestibulodynia),
            0.03,
            "Naess and Bo 2015 [D]",
        ),
        (
            "camtech: controls above 24.5 cmH2O at rest",
            0.05,
            share(&camtech, |v| v > 24.5),
            0.02,
            "Naess and Bo 2015 [D]",
        ),
        (
            "camtech: vestibulodynia above 24.5 cmH2O at rest",
            0.29,
            share(&vestibulodynia, |v| v > 24.5),
            0.04,
            "Naess and Bo 2015 [D]",
        ),
        (
            "kasper: rest of dyssynergia, area under the curve",
            0.55,
            area_under_curve(&kasper, &dyssynergia),
            0.05,
            "Kasper-Jedrzejewska 2025 [D]",
        ),
        (
            "kasper: tonic of dyssynergia, area under the curve",
            0.77,
            area_under_curve(&tonic, &high_tonic),
            0.05,
            "Kasper-Jedrzejewska 2025 [D]",
        ),
        (
            "perianal: rest of pelvic pain, area under the curve",
            0.92,
            area_under_curve(&controls, &pain),
            0.06,
            "Perez-Martinez 2008 [D, normal]",
        ),
        (
            "oleksy: healthy above 2 uV at rest",
            0.94,
            share(&oleksy, |v| v > 2.0),
            0.04,
            "Oleksy 2020 [D], 0.90 to 0.98",
        ),
        (
            "oleksy: healthy above 4 uV at rest",
            0.745,
            share(&oleksy, |v| v > 4.0),
            0.04,
            "Oleksy 2020 [D]",
        ),
        (
            "kasper: healthy above 2 uV at rest",
            0.61,
            share(&kasper, |v| v > 2.0),
            0.06,
            "Kasper-Jedrzejewska 2025 [D]",
        ),
        (
            "kasper: healthy above 4 uV at rest",
            0.08,
            share(&kasper, |v| v > 4.0),
            0.02,
            "Kasper-Jedrzejewska 2025 [D]",
        ),
        ("camtech: rest lost with vaginal birth", 0.29, lost(RESTING), 0.03, "Hilde 2013 [V]"),
        ("camtech: strength lost with vaginal birth", 0.54, lost(SQUEEZE), 0.03, "Hilde 2013 [V]"),
        ("camtech: endurance lost with vaginal birth", 0.53, lost(AREA), 0.03, "Hilde 2013 [V]"),
        ("peritron: clear strong in good and strong", 1.0, upper, 0.0, "bands of Angelo 2017 [V]"),
        // From 26.6 to 28.6 lies what is two errors below the cut-off and still "moderate".
        (
            "peritron: clear weak in weak and very weak",
            1.0,
            lower,
            0.15,
            "bands of Angelo 2017 [V]",
        ),
        (
            "camtech: healthy between 5 and 40 cmH2O",
            1.0,
            share(&squeeze, |v| (5.0..=40.0).contains(&v)),
            0.02,
            "Bo 1990 [V], range of 28",
        ),
    ] {
        let text = format!("{name:<58} {published:>9.3} {drawn:>6.3} {tolerance:>9.2}  {source}");
        if (drawn - published).abs() > tolerance {
            line(complaints, format_args!("{text}"));
        }
        line(table, format_args!("{text}"));
    }
}

/// Mean distance of two groups where deviations are not to be compared: what the labels did to them.
fn clear(table: &mut String) {
    line(
        table,
        format_args!(
            "\nThe same people drawn clear of their bounds: what a cohort looks like\n\n{:<18} {:<19} {:<14} {:>15}",
            "setup", "condition", "quantity", "drawn"
        ),
    );
    for (name, quantities) in [
        ("oleksy-emg", &[REST, TONIC][..]),
        ("kasper-emg", &[REST, TONIC]),
        ("peritron", &[SQUEEZE]),
        ("camtech", &[RESTING, SQUEEZE]),
        ("anorectal+abdomen", &[RESTING, LEVEL]),
        ("perianal-patch", &[REST]),
    ] {
        for condition in
            [Condition::Healthy, Condition::Weak, Condition::Hypertonic, Condition::TightAndWeak]
        {
            let people = people(setup(name), condition, Margin::Clear);
            for (quantity, of) in quantities {
                let values: Vec<f64> = people.iter().map(of).collect();
                let digits = if mean(&values) < 1.0 { 3 } else { 2 };
                let drawn = format!("{:.digits$} ({:.digits$})", mean(&values), sd(&values));
                line(
                    table,
                    format_args!("{name:<18} {:<19} {quantity:<14} {drawn:>15}", condition.name()),
                );
            }
        }
    }
}

/// What of it arrives in the signals: levels read from 24 visits, over the person's own.
fn signals(table: &mut String, complaints: &mut String) {
    line(
        table,
        format_args!(
            "\n24 visits each, healthy, clear: level in the signal over the person's own, median and the widest\n\n{:<18} {:<14} {:>6} {:>14}",
            "setup", "quantity", "median", "from to"
        ),
    );
    let programme = programme("glazer-10s");
    for name in ["oleksy-emg", "kasper-emg", "camtech", "anorectal+abdomen"] {
        let setup = setup(name);
        let rate = setup.rate;
        let mut ratios: [Vec<f64>; 3] = Default::default();
        for person in people(setup, Condition::Healthy, Margin::Clear).iter().take(24) {
            let visit = person.visit(0, &programme);
            let values = samples(&visit).remove(0);
            let piece = |from_s: f64, to_s: f64| {
                &values[rate.index_at(from_s).0 as usize..rate.index_at(to_s).0 as usize]
            };
            let read = |piece: &[f64]| match person.emg {
                Some(_) => rms(piece),
                None => mean(piece),
            };
            let holds = visit.truth().trials.iter().filter(|trial| trial.phase == 2);
            let (held, net): (Vec<f64>, Vec<f64>) = holds
                .map(|trial| {
                    let ten = piece(trial.onset_s, trial.onset_s + 10.0);
                    (read(piece(trial.full_s, trial.release_s)), mean(ten) * 10.0)
                })
                .unzip();
            let rest = read(piece(1.0, 60.0));
            match (person.emg, person.pressure) {
                (Some(levels), _) => {
                    ratios[0].push(rest / levels.rest_uv);
                    ratios[1].push(mean(&held) / levels.tonic_uv);
                }
                (None, Some(levels)) => {
                    ratios[0].push(rest / levels.rest);
                    let area = mean(&net) - 10.0 * rest;
                    ratios[2].push(area / levels.endurance());
                }
                (None, None) => {}
            }
        }
        for (quantity, mut ratios) in ["rest", "tonic", "area of 10 s"].into_iter().zip(ratios) {
            if ratios.is_empty() {
                continue;
            }
            ratios.sort_by(f64::total_cmp);
            let (low, high) = (ratios[0], ratios[ratios.len() - 1]);
            let middle = ratios[ratios.len() / 2];
            let text = format!("{name:<18} {quantity:<14} {middle:>6.3} {low:>7.3} {high:>6.3}");
            if (middle - 1.0).abs() > 0.04 {
                line(complaints, format_args!("{text}"));
            }
            line(table, format_args!("{text}"));
        }
    }
}

#[test]
fn people_are_as_published_within_the_tolerance_of_each_row() {
    let (mut table, mut complaints) = (String::new(), String::new());
    means(&mut table, &mut complaints);
    contrasts(&mut table, &mut complaints);
    clear(&mut table);
    signals(&mut table, &mut complaints);
    let path = format!("{}/tests/snapshots/people.txt", env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept != table {
        let new = format!("{path}.new");
        std::fs::write(&new, &table).expect("the checkout can be written");
        panic!(
            "people moved; were:\n{kept}\nare now:\n{table}\nbeyond tolerance:\n{complaints}\nif that is right, move {new} over it"
        );
    }
    assert!(complaints.is_empty(), "beyond tolerance:\n{complaints}");
}
