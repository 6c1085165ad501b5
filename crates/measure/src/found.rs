//! What the detector and the manoeuvre said, and when.

use std::collections::VecDeque;

use levator_detect::manoeuvre::{Answer, Manoeuvre};
use levator_detect::{Contraction, Transition};
use levator_signal::{SampleIndex, Span};

/// Contractions of one channel that are remembered: more than ten minutes of quick ones.
const MOST_CONTRACTIONS: usize = 512;

/// Answers that are remembered.
const MOST_ANSWERS: usize = 64;

/// One announcement, and what became of it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    announced: SampleIndex,
    /// Sample after which it was announced, and after which it was over.
    decided: SampleIndex,
    closed: Option<SampleIndex>,
    /// `None` while it lasts, and where it was taken back.
    contraction: Option<Contraction>,
}

/// The contractions of one channel, each with the sample after which it was known.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { entries: VecDeque::with_capacity(MOST_CONTRACTIONS) }
    }

    pub(crate) fn reset(&mut self) {
        self.entries.clear();
    }

    pub(crate) fn hear(&mut self, transition: &Transition) {
        match *transition {
            Transition::Onset { at, decided } => {
                self.push(Entry { announced: at, decided, closed: None, contraction: None });
            }
            Transition::Withdrawn { decided, .. } => {
                if let Some(open) = self.open() {
                    open.closed = Some(decided);
                }
            }
            Transition::Undetermined { span, decided, .. } => {
                if let Some(open) = self.open().filter(|open| open.announced < span.end) {
                    open.closed = Some(decided);
                }
            }
            Transition::Contraction(contraction) => {
                let closed = Some(contraction.closed);
                if let Some(open) = self.open() {
                    open.closed = closed;
                    open.contraction = Some(contraction);
                } else {
                    let (announced, decided) = (contraction.onset, contraction.decided);
                    let contraction = Some(contraction);
                    self.push(Entry { announced, decided, closed, contraction });
                }
            }
        }
    }

    fn push(&mut self, entry: Entry) {
        if self.entries.len() == MOST_CONTRACTIONS {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    fn open(&mut self) -> Option<&mut Entry> {
        self.entries.back_mut().filter(|entry| entry.closed.is_none())
    }

    /// Whether one is under way that may have begun before `at`, if its onset moves back by `back` at most.
    pub(crate) fn may_reach(&self, at: SampleIndex, back: u64) -> bool {
        let latest = at.saturating_add(back);
        self.entries.back().is_some_and(|entry| entry.closed.is_none() && entry.announced <= latest)
    }

    /// Contractions that were over and known at `due`, in the order in which they became known.
    pub(crate) fn known(&self, due: SampleIndex) -> impl Iterator<Item = &Contraction> {
        self.entries
            .iter()
            .filter(move |entry| entry.closed.is_some_and(|closed| closed <= due))
            .filter_map(|entry| entry.contraction.as_ref())
    }

    /// The contraction that shares most with the span; the first of several.
    pub(crate) fn best(&self, span: Span, due: SampleIndex) -> Option<Contraction> {
        let mut best: Option<(u64, &Contraction)> = None;
        for contraction in self.known(due) {
            let shared = overlap(span_of(contraction), span);
            if shared > 0 && best.is_none_or(|(most, _)| shared > most) {
                best = Some((shared, contraction));
            }
        }
        best.map(|(_, contraction)| *contraction)
    }

    /// Whether, at `due`, a contraction was under way that began before the end of the span.
    pub(crate) fn lasts(&self, span: Span, due: SampleIndex) -> bool {
        self.entries.iter().any(|entry| {
            entry.decided <= due
                && entry.closed.is_none_or(|closed| closed > due)
                && entry.announced < span.end
        })
    }

    /// Whether, at `due`, a contraction was known to reach at least `least` samples into the span: one that
    /// began at `since` or later, and one that had begun before.
    pub(crate) fn touches(
        &self,
        span: Span,
        least: u64,
        since: SampleIndex,
        due: SampleIndex,
    ) -> (bool, bool) {
        let mut touched = (false, false);
        let mut take = |reach: Span| {
            if overlap(reach, span) >= least {
                touched.0 |= reach.start >= since;
                touched.1 |= reach.start < since;
            }
        };
        for entry in &self.entries {
            if entry.decided <= due && entry.closed.is_none_or(|closed| closed > due) {
                take(Span { start: entry.announced, end: due });
            }
        }
        for one in self.known(due) {
            take(span_of(one));
        }
        touched
    }
}

/// From onset to offset, or to the end of the signal.
pub(crate) fn span_of(contraction: &Contraction) -> Span {
    Span {
        start: contraction.onset,
        end: contraction.offset.unwrap_or(contraction.closed).max(contraction.onset),
    }
}

/// Samples that are in both.
pub(crate) fn overlap(one: Span, other: Span) -> u64 {
    one.end.min(other.end).saturating_since(one.start.max(other.start))
}

/// What several channels said together.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    answers: VecDeque<(Span, Answer)>,
}

impl Answers {
    pub(crate) fn new() -> Self {
        Self { answers: VecDeque::with_capacity(MOST_ANSWERS) }
    }

    pub(crate) fn reset(&mut self) {
        self.answers.clear();
    }

    pub(crate) fn hear(&mut self, span: Span, answer: Answer) {
        if self.answers.len() == MOST_ANSWERS {
            self.answers.pop_front();
        }
        self.answers.push_back((span, answer));
    }

    /// What was told of the event that shares most with the span and ended before `until`.
    pub(crate) fn of(&self, span: Span, until: SampleIndex) -> Option<Manoeuvre> {
        let mut best: Option<(u64, Answer)> = None;
        for (event, answer) in self.answers.iter().filter(|(event, _)| event.end <= until) {
            let shared = overlap(*event, span);
            if shared > 0 && best.is_none_or(|(most, _)| shared > most) {
                best = Some((shared, *answer));
            }
        }
        match best?.1 {
            Answer::Told { manoeuvre, .. } => Some(manoeuvre),
            Answer::CannotTell(_) => None,
        }
    }
}
