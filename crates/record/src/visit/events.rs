//! What happened in a visit, a line each: `events.tsv`, with the columns of BIDS.

use std::fmt::Write;

use levator_detect::{Reason, Transition};
use levator_engine::{EngineConfig, LinkState, Output};
use levator_programme::{Event as Step, Outcome, Part, Suspension};
use levator_signal::{SampleIndex, SampleRate};

/// Events that are kept. Our choice: far more than hours of contractions, 20 MB.
const MOST_EVENTS: usize = 100_000;

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Seconds from the first sample of its stream.
    pub onset_s: f64,
    /// How long it lasted, where it lasts.
    pub duration_s: Option<f64>,
    /// What it is: `contraction`, `mark`, `gap`, ...
    pub kind: &'static str,
    /// The sample it begins at.
    pub sample: u64,
    /// More about it; may be empty.
    pub value: String,
    /// Stream and channel it was seen on, if it was on one.
    pub channel: Option<(u8, u8)>,
}

impl Event {
    /// What an annotation says of it; nothing where the file tells it otherwise.
    pub(crate) fn text(&self) -> Option<String> {
        match (self.kind, self.value.as_str()) {
            // Of samples that are missing the writer itself tells.
            ("gap", _) => None,
            ("mark", "") => Some("mark".to_owned()),
            ("mark", text) => Some(text.to_owned()),
            (kind, "") => Some(kind.to_owned()),
            ("contraction", _) => Some("contraction".to_owned()),
            ("link" | "programme" | "undetermined", value) => {
                Some(format!("{}: {value}", self.kind))
            }
            (_, value) => Some(format!("cue: {value}")),
        }
    }
}

/// Collects the events of a visit.
#[derive(Clone, Debug, Default)]
pub struct Events {
    list: Vec<Event>,
    /// How many are not in the list.
    further: u64,
    /// The first stream that gave samples, and one past its newest.
    clock: Option<(u8, SampleRate, SampleIndex)>,
    phases: Vec<(String, &'static str)>,
    link: Option<LinkState>,
    /// The step under way.
    open: Option<Event>,
}

impl Events {
    /// None yet; `config` names the phases of the programme.
    #[must_use]
    pub fn new(config: &EngineConfig) -> Self {
        let course = config.course.as_ref();
        let phases = course.map_or(&[][..], |course| &course.programme.definition().phases);
        let phases = phases.iter().map(|phase| (phase.id.clone(), phase.kind.name())).collect();
        Self { phases, ..Self::default() }
    }

    /// Those that were kept, as they became known.
    #[must_use]
    pub fn list(&self) -> &[Event] {
        &self.list
    }

    /// How many more there were.
    #[must_use]
    pub fn further(&self) -> u64 {
        self.further
    }

    /// Looks at one output, and gives the event it made, if any.
    pub fn take(&mut self, output: &Output<'_>) -> Option<&Event> {
        let event = self.event(output)?;
        if self.list.len() == MOST_EVENTS {
            self.further += 1;
            return None;
        }
        self.list.push(event);
        self.list.last()
    }

    /// The step that was under way when the recording ended.
    pub fn finish(&mut self) {
        self.list.extend(self.open.take());
    }

    fn event(&mut self, output: &Output<'_>) -> Option<Event> {
        match *output {
            Output::Block(block) => {
                let end = block.first.saturating_add(block.values.len() as u64);
                match &mut self.clock {
                    None => self.clock = Some((block.channel.stream, block.rate, end)),
                    Some((stream, _, newest)) if *stream == block.channel.stream => *newest = end,
                    Some(_) => {}
                }
                None
            }
            Output::Contraction(event) => {
                let place = (event.channel.stream, event.channel.channel);
                match event.transition {
                    Transition::Contraction(found) => {
                        let end = found.offset.unwrap_or(found.closed);
                        let value = format!("peak {} {}", found.peak, event.unit);
                        let span = (found.onset, Some(end));
                        Some(Event {
                            channel: Some(place),
                            ..at(event.rate, span, "contraction", value)
                        })
                    }
                    Transition::Undetermined { span, reason, .. } => Some(Event {
                        channel: Some(place),
                        ..at(
                            event.rate,
                            (span.start, Some(span.end)),
                            "undetermined",
                            why(reason).to_owned(),
                        )
                    }),
                    Transition::Onset { .. } | Transition::Withdrawn { .. } => None,
                }
            }
            Output::Lost(lost) if lost.span.sample_count() > 0 => {
                let rate = self.clock.filter(|(stream, ..)| *stream == lost.stream)?.1;
                let span = (lost.span.start, Some(lost.span.end));
                Some(at(rate, span, "gap", lost.cause.name().to_owned()))
            }
            Output::Mark(mark) => {
                let rate = self.clock.map(|(_, rate, _)| rate);
                Some(match rate {
                    Some(rate) => at(rate, (mark.index, None), "mark", mark.text.to_owned()),
                    None => start("mark", mark.text.to_owned()),
                })
            }
            Output::Link(event) => {
                let before = self.link.replace(event.state);
                let is_news = before.is_some_and(|before| before != event.state);
                let (_, rate, newest) = self.clock.filter(|_| is_news)?;
                Some(at(rate, (newest, None), "link", event.state.name().to_owned()))
            }
            Output::Programme(event) => self.step(event.rate, &event.event),
            _ => None,
        }
    }

    fn step(&mut self, rate: SampleRate, step: &Step<SampleIndex>) -> Option<Event> {
        let programme =
            |moment, word: &str| Some(at(rate, (moment, None), "programme", word.to_owned()));
        match step {
            Step::Cue(cue) => {
                let (phase, kind) = self.phase(cue.phase, cue.part);
                let value = format!("{phase} {} {}", cue.part.name(), cue.trial);
                self.open = Some(at(rate, (cue.starts, None), kind, value));
                None
            }
            Step::Ended { cue, at: end, outcome } => {
                self.open = None;
                let ending = match outcome {
                    Outcome::Complete => String::new(),
                    other => format!(" ({})", other.name()),
                };
                let (phase, kind) = self.phase(cue.phase, cue.part);
                let value = format!("{phase} {} {}{ending}", cue.part.name(), cue.trial);
                Some(at(rate, (cue.starts, Some(*end)), kind, value))
            }
            Step::Suspended { at, why } => programme(
                *at,
                match why {
                    Suspension::Gap => "suspended (gap)",
                    Suspension::Person => "suspended",
                    Suspension::Raised => "suspended (raised)",
                },
            ),
            Step::Resumed { at } => programme(*at, "resumed"),
            Step::Done { at, completed } => {
                programme(*at, if *completed { "completed" } else { "stopped" })
            }
        }
    }

    fn phase(&self, at: usize, part: Part) -> (&str, &'static str) {
        let (id, kind) = self.phases.get(at).map_or(("step", "step"), |(id, kind)| (id, *kind));
        (id, if part == Part::Work { kind } else { part.name() })
    }

    /// The file: in the order of onsets, samples counted from `base`, the first one of the samples.
    #[must_use]
    pub fn tsv(&self, base: u64) -> String {
        let mut sorted: Vec<&Event> = self.list.iter().collect();
        sorted.sort_by(|one, other| one.onset_s.total_cmp(&other.onset_s));
        let mut text = "onset\tduration\ttrial_type\tsample\tvalue\tchannel\n".to_owned();
        let rate = self.clock.map(|(_, rate, _)| rate);
        let base_s = rate.map_or(0.0, |rate| rate.time_s(SampleIndex(base)));
        for event in sorted {
            let onset_s = event.onset_s - base_s;
            let sample = i128::from(event.sample) - i128::from(base);
            let duration = event.duration_s.map_or("n/a".to_owned(), |s| format!("{s:.6}"));
            let value = field(&event.value);
            let channel = event.channel.map_or("n/a".to_owned(), |(s, c)| format!("{s}.{c}"));
            let kind = event.kind;
            // A text takes whatever is written to it.
            let _ =
                writeln!(text, "{onset_s:.6}\t{duration}\t{kind}\t{sample}\t{value}\t{channel}");
        }
        text
    }
}

/// A text without what ends a field or a line.
fn field(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = text.chars().map(plain).collect();
    if text.trim().is_empty() { "n/a".to_owned() } else { text }
}

fn start(kind: &'static str, value: String) -> Event {
    Event { onset_s: 0.0, duration_s: None, kind, sample: 0, value, channel: None }
}

fn at(
    rate: SampleRate,
    (from, to): (SampleIndex, Option<SampleIndex>),
    kind: &'static str,
    value: String,
) -> Event {
    let onset_s = rate.time_s(from);
    let duration_s = to.map(|to| (rate.time_s(to) - onset_s).max(0.0));
    Event { onset_s, duration_s, sample: from.0, ..start(kind, value) }
}

const fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Gap => "samples are missing",
        Reason::Quality => "signal unusable",
        Reason::NoRestBefore => "no rest before",
        Reason::NoContrast => "no contrast",
        Reason::TooShort => "too short",
        Reason::RestChanged => "rest changed",
        Reason::FarWeaker => "far weaker",
        Reason::Implausible => "implausible",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_in_order_and_fields_stay_whole() {
        let rate = SampleRate::new(1000, 1).expect("not zero");
        let mut events = Events::new(&EngineConfig::device());
        events.clock = Some((0, rate, SampleIndex(5000)));
        let span = |from, to| (SampleIndex(from), Some(SampleIndex(to)));
        events.list.push(at(rate, span(3500, 4000), "hold", "holds work 1".to_owned()));
        let mark = at(rate, (SampleIndex(2250), None), "mark", "a\tb\nc".to_owned());
        events.list.push(mark);
        events.list.push(Event {
            channel: Some((0, 1)),
            ..at(rate, span(2100, 2200), "contraction", String::new())
        });
        assert_eq!(
            events.tsv(2000),
            "onset\tduration\ttrial_type\tsample\tvalue\tchannel\n\
             0.100000\t0.100000\tcontraction\t100\tn/a\t0.1\n\
             0.250000\tn/a\tmark\t250\ta b c\tn/a\n\
             1.500000\t0.500000\thold\t1500\tholds work 1\tn/a\n"
        );
    }
}
