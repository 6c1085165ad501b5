//! Where, within samples that were watched together, something began or ceased to be known against them.

use core::ops::Range;

use levator_signal::quality::Notice;
use levator_signal::{Quality, SampleIndex};

/// Changes that are told apart within one block; what comes later is held against the rest of it.
const MOST: usize = 8;

/// The changes of one block, in order. Without them what holds of its samples would depend on how the
/// signal was cut.
pub(crate) struct Changes {
    before: Quality,
    all: [(u64, Quality); MOST],
    count: usize,
}

impl Changes {
    /// `before` is known when the block begins.
    pub(crate) const fn new(before: Quality) -> Self {
        Self { before, all: [(0, Quality::GOOD); MOST], count: 0 }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn add(&mut self, notice: &Notice) {
        match self.all.get_mut(self.count) {
            Some(place) => {
                *place = (notice.at.0, notice.quality);
                self.count += 1;
            }
            None => self.all[MOST - 1].1 |= notice.quality,
        }
    }

    /// The samples of `range`, of which the first has the index `first`, cut where something changed.
    /// `known` holds of all of them, and `all` is everything that holds of any.
    pub(crate) fn blocks(
        self,
        first: SampleIndex,
        range: Range<usize>,
        known: Quality,
        all: Quality,
    ) -> impl Iterator<Item = (SampleIndex, Range<usize>, Quality)> {
        let (start, len) = (range.start, range.len());
        let within = |at: u64| usize::try_from(at.saturating_sub(first.0)).unwrap_or(len).min(len);
        let mut parts = [(0, Quality::GOOD); MOST + 1];
        parts[0].1 = self.before;
        let mut count = 1;
        for (at, quality) in &self.all[..self.count] {
            let at = within(*at).max(parts[count - 1].0);
            if at > parts[count - 1].0 {
                parts[count] = (at, *quality);
                count += 1;
            } else {
                parts[count - 1].1 = *quality;
            }
        }
        // What no change told of was known when the block began.
        let told = parts[..count].iter().fold(known, |told, (_, quality)| told | *quality);
        parts[0].1 |= all.without(told);
        (0..count).filter_map(move |index| {
            let (from, quality) = parts[index];
            let to = if index + 1 < count { parts[index + 1].0 } else { len };
            (from < to).then(|| {
                let first = first.saturating_add(from as u64);
                (first, start + from..start + to, known | quality)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use levator_signal::Span;
    use levator_signal::quality::{Change, Fault, Finding};

    use super::*;

    fn notice(at: u64, quality: Quality) -> Notice {
        let span = Span { start: SampleIndex(at), end: SampleIndex(at) };
        let known_at = SampleIndex(at);
        let finding = Finding { fault: Fault::Motion, span, known_at, value: 0.0, limit: 0.0 };
        Notice { at: SampleIndex(at), quality, change: Change::Began(finding) }
    }

    fn cut(
        before: Quality,
        notices: &[(u64, Quality)],
        all: Quality,
    ) -> Vec<(u64, usize, Quality)> {
        let mut changes = Changes::new(before);
        for (at, quality) in notices {
            changes.add(&notice(*at, *quality));
        }
        let blocks = changes.blocks(SampleIndex(100), 5..15, Quality::SETTLING, all);
        blocks.map(|(first, range, quality)| (first.0, range.len(), quality)).collect()
    }

    #[test]
    fn a_block_is_cut_where_something_changes() {
        let settling = Quality::SETTLING;
        let (mains, motion) = (Quality::MAINS, Quality::MOTION);
        assert_eq!(cut(mains, &[], settling | mains), [(100, 10, settling | mains)]);
        assert_eq!(
            cut(Quality::GOOD, &[(103, mains), (107, Quality::GOOD)], settling | mains),
            [(100, 3, settling), (103, 4, settling | mains), (107, 3, settling)]
        );
        // At its first sample, twice at the same one, and for what follows it.
        assert_eq!(
            cut(mains, &[(100, motion), (104, mains), (104, mains | motion), (110, mains)], mains),
            [(100, 4, settling | motion), (104, 6, settling | mains | motion)]
        );
        // What no notice told of holds from the beginning on.
        assert_eq!(
            cut(Quality::GOOD, &[(105, mains)], mains | Quality::GAP),
            [(100, 5, settling | Quality::GAP), (105, 5, settling | mains)]
        );
    }

    #[test]
    fn nothing_is_lost_when_too_much_changes() {
        let notices: Vec<(u64, Quality)> = (0..40)
            .map(|at| (100 + at / 4, if at == 39 { Quality::MOTION } else { Quality::MAINS }))
            .collect();
        let blocks = cut(Quality::GOOD, &notices, Quality::GOOD);
        assert_eq!(blocks.iter().map(|(_, len, _)| len).sum::<usize>(), 10);
        let (_, _, last) = blocks.last().expect("there are blocks");
        assert!(last.intersects(Quality::MOTION));
    }
}
