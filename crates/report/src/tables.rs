//! The table of phases: what was asked for, how often it counts, and what was measured.

use levator_measure::{How, Quantity, Task, Validity};

use crate::document::Block;
use crate::picture::overview::unit_text;
use crate::referrer::{any, cell};
use crate::report::Report;
use levator_catalog::lang::Words;

/// Tasks in the order of a visit.
const TASKS: [Task; 13] = [
    Task::RestBefore,
    Task::Flick,
    Task::AfterFlick,
    Task::Maximal,
    Task::Hold,
    Task::AfterHold,
    Task::Endurance,
    Task::AfterEndurance,
    Task::Push,
    Task::Cough,
    Task::Between,
    Task::RestAfter,
    Task::Contraction,
];

const SUMMARY: [How; 5] = [How::Plain, How::Mean, How::Median, How::BestThree, How::Best];

/// A row for each task of which anything was measured; `None` where nothing was.
pub(crate) fn phases(report: &Report<'_>, words: &Words) -> Option<Block> {
    let mut is_doubtful = false;
    let mut rows = Vec::new();
    for task in TASKS {
        let of = |quantities: &[Quantity]| any(report, task, quantities, &SUMMARY);
        let measures = [
            of(&[
                Quantity::RestLevel,
                Quantity::Peak,
                Quantity::SqueezeIncrement,
                Quantity::CoughIncrement,
            ]),
            of(&[Quantity::ContractionMean, Quantity::PushIndex, Quantity::PushRelaxation]),
            of(&[Quantity::RestVariability, Quantity::HoldVariability]),
            of(&[Quantity::TimeToPeak]),
            of(&[Quantity::HoldTime, Quantity::EnduranceTime, Quantity::SqueezeDuration]),
            of(&[Quantity::RecoveryLatency]),
            of(&[Quantity::AmplitudeSlope]),
            of(&[Quantity::AccessoryRatio]),
        ];
        let (valid, all) = counts(report, task);
        if measures.iter().all(Option::is_none) && all == 0 {
            continue;
        }
        is_doubtful |= measures.iter().flatten().any(|one| one.validity != Validity::Valid);
        let task_key = format!("task.{}", task.name());
        let mut row = vec![words.get(&task_key).to_owned()];
        row.push(if all > 0 { format!("{valid}/{all}") } else { "\u{2013}".to_owned() });
        row.extend(measures.iter().map(|measure| cell(*measure, words)));
        rows.push(row);
    }
    let unit = report.found().map_or("", |found| found.unit.symbol());
    let head = [
        ("phases.task", ""),
        ("phases.count", ""),
        ("phases.level", unit),
        ("phases.mean", unit),
        ("phases.variability", "%"),
        ("phases.time-to-peak", "s"),
        ("phases.held", "s"),
        ("phases.recovery", "s"),
        ("phases.slope", "%/s"),
        ("phases.abdomen", ""),
    ];
    let mut head: Vec<String> = head
        .iter()
        .map(|(key, unit)| match *unit {
            "" => words.get(key).to_owned(),
            unit => format!("{} ({})", words.get(key), unit_text(unit)),
        })
        .collect();
    drop_empty(&mut head, &mut rows);
    let mut notes = vec![words.get("phases.note").to_owned()];
    if is_doubtful {
        notes.push(words.get("phases.doubtful").to_owned());
    }
    (!rows.is_empty()).then_some(Block::Table { head, rows, notes })
}

/// Leaves out columns in which nothing stands.
fn drop_empty(head: &mut Vec<String>, rows: &mut [Vec<String>]) {
    for column in (1..head.len()).rev() {
        if rows.iter().all(|row| row[column] == "\u{2013}") {
            head.remove(column);
            for row in rows.iter_mut() {
                row.remove(column);
            }
        }
    }
}

fn counts(report: &Report<'_>, task: Task) -> (usize, usize) {
    let of = || report.trials().filter(|one| one.task == task);
    (of().filter(|one| one.validity != Validity::Invalid).count(), of().count())
}
