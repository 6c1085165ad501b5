//! What has changed since an earlier visit, in words: never more than can be told from chance.

use levator_measure::{Quantity, Task};
use levator_score::{Change, Limit, Size, Trend};

use crate::document::Block;
use levator_catalog::lang::Words;

/// Changes that are printed; two pages are two pages.
const MOST: usize = 6;

/// What was measured, of which task.
pub(crate) fn name(quantity: Quantity, task: Task, words: &Words) -> String {
    let quantity = words.get(&format!("quantity.{}", quantity.name())).to_owned();
    let task = words.get(&format!("task.{}", task.name())).to_owned();
    // The maximal contraction is a quantity and a task.
    if quantity == task { quantity } else { format!("{quantity}, {task}") }
}

/// What became of it.
pub(crate) fn trend(trend: Trend, words: &Words) -> String {
    match trend {
        Trend::Improved => words.get("trend.improved").to_owned(),
        Trend::Worse => words.get("trend.worse").to_owned(),
        Trend::Changed => words.get("trend.changed").to_owned(),
        Trend::NotDetectable => words.get("trend.not-detectable").to_owned(),
        Trend::NotComparable(why) => {
            words.fill("trend.not-comparable", &[("why", &words.said(why.text()))])
        }
    }
}

/// The smallest change that counts, with where that comes from.
pub(crate) fn limit(change: &Change, words: &Words) -> String {
    let (Some(size), Some(limit)) = (change.mdc, &change.limit) else {
        return "\u{2013}".to_owned();
    };
    let size = match size {
        Size::Absolute(size) => words.number(size),
        Size::Relative(ratio) => format!("\u{d7}/\u{f7} {}", words.number(ratio.exp())),
    };
    match limit {
        Limit::Reference(id) => format!("{size} ({id})"),
        Limit::Visits => size,
    }
}

/// The table of changes; `None` where nothing was measured before.
pub(crate) fn table(changes: &[Change], words: &Words) -> Option<Block> {
    let followed = changes.iter().filter(|change| change.then.is_some());
    let rows: Vec<Vec<String>> = followed
        .take(MOST)
        .map(|change| {
            vec![
                name(change.quantity, change.task, words),
                change.then.map_or_else(|| "\u{2013}".to_owned(), |then| words.number(then)),
                words.number(change.now),
                limit(change, words),
                trend(change.trend, words),
            ]
        })
        .collect();
    let head = ["changes.measure", "changes.then", "changes.now", "changes.limit", "changes.trend"];
    (!rows.is_empty()).then(|| Block::Table {
        head: head.iter().map(|key| words.get(key).to_owned()).collect(),
        rows,
        notes: vec![words.get("changes.note").to_owned()],
    })
}
