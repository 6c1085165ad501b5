//! What a report is made of. No words yet.

use levator_engine::{ChannelSummary, EngineConfig, Summary};
use levator_measure::{How, Measure, Quantity, Task, Trial, Validity};
use levator_programme::{Event, Part, PhaseKind};
use levator_score::Assessment;
use levator_signal::{ChannelId, Span};

use crate::picture::colour::Grid;
use crate::trace::{Curve, Trace};

/// Everything that is known of a visit, for a report. Nothing in it is computed anew: numbers are those
/// of the summary and of the assessment.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What the engine found.
    pub summary: &'a Summary,
    /// Settings it was found with.
    pub config: &'a EngineConfig,
    /// The answer.
    pub assessment: &'a Assessment,
    /// Curves.
    pub trace: &'a Trace,
    /// The channel that is reported on: of several of the pelvic floor the first.
    pub channel: ChannelId,
    /// Its name.
    pub channel_name: &'a str,
    /// Pressures of all sensors, where an array was read.
    pub grid: Option<&'a Grid>,
    /// What was told and assumed of how it was measured.
    pub about: &'a [(String, String)],
    /// What a person should know about how the file was read.
    pub notes: &'a [String],
    /// Where it all comes from.
    pub audit: &'a Audit,
}

/// What is needed to make the same report again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Name of the file, without its folder.
    pub file: String,
    /// BLAKE3 of its bytes.
    pub blake3: String,
    /// Fingerprint of all results.
    pub digest: String,
    /// Version of the program.
    pub version: String,
    /// The rule of the answer.
    pub rule: String,
    /// Settings, by name.
    pub settings: Vec<(String, String)>,
    /// Words of the command line, with files by their names alone.
    pub arguments: Vec<String>,
    /// BLAKE3 of other files that went in, by name.
    pub others: Vec<(String, String)>,
}

/// A stretch of the programme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhaseSpan {
    /// What was asked for.
    pub kind: PhaseKind,
    /// Work, or the rest after it.
    pub part: Part,
    /// Its beginning, seconds from the first sample.
    pub from_s: f64,
    /// Its end.
    pub to_s: f64,
}

impl<'a> Report<'a> {
    /// What was found on the channel of the report.
    #[must_use]
    pub fn found(&self) -> Option<&'a ChannelSummary> {
        self.summary.channel(self.channel)
    }

    /// Its curve.
    #[must_use]
    pub fn curve(&self) -> Option<&'a Curve> {
        self.trace.curve(self.channel)
    }

    /// Length of the visit, seconds.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.found().map_or(0.0, ChannelSummary::duration_s)
    }

    /// Repetitions on the channel.
    pub fn trials(&self) -> impl Iterator<Item = &'a Trial> {
        let channel = self.channel;
        self.summary.trials.iter().filter(move |one| one.channel == channel)
    }

    /// A summary of the channel, by the first definition that it has.
    #[must_use]
    pub fn measure(&self, quantity: Quantity, task: Task, hows: &[How]) -> Option<&'a Measure> {
        let of = |how: How| {
            self.summary.measures.iter().find(|one| {
                one.channel == self.channel
                    && one.trial.is_none()
                    && (one.quantity, one.task, one.how) == (quantity, task, how)
            })
        };
        hows.iter().filter_map(|how| of(*how)).find(|one| one.value.is_some())
    }

    /// What was asked for and when: of the programme as it ran, or of the marks of the file.
    #[must_use]
    pub fn phases(&self) -> Vec<PhaseSpan> {
        let Some(found) = self.found() else { return Vec::new() };
        if let Some(schedule) = &self.config.schedule {
            let dated = schedule.steps().iter().filter_map(|step| Some((step, step.span?)));
            return dated
                .map(|(step, span)| PhaseSpan {
                    kind: step.kind,
                    part: step.part,
                    from_s: found.rate.time_s(span.start),
                    to_s: found.rate.time_s(span.end),
                })
                .collect();
        }
        let Some(course) = &self.config.course else { return Vec::new() };
        let phases = &course.programme.definition().phases;
        let ended = self.summary.programme.iter().filter_map(|event| match event.event {
            Event::Ended { cue, at, .. } => Some(PhaseSpan {
                kind: phases.get(cue.phase)?.kind,
                part: cue.part,
                from_s: event.rate.time_s(cue.starts),
                to_s: event.rate.time_s(at),
            }),
            Event::Cue(_)
            | Event::Suspended { .. }
            | Event::Resumed { .. }
            | Event::Done { .. } => None,
        });
        ended.filter(|one| one.to_s > one.from_s).collect()
    }

    /// A stretch in seconds.
    #[must_use]
    pub fn seconds(&self, span: Span) -> (f64, f64) {
        let Some(found) = self.found() else { return (0.0, 0.0) };
        (found.rate.time_s(span.start), found.rate.time_s(span.end))
    }

    /// Seconds of a trial's contraction: onset and offset.
    #[must_use]
    pub fn contraction_s(&self, trial: &Trial) -> Option<(f64, f64)> {
        let found = trial.found?;
        let rate = self.found()?.rate;
        let end = found.offset.unwrap_or(trial.asked.end);
        Some((rate.time_s(found.onset), rate.time_s(end)))
    }

    /// The repetition that is enlarged: of the valid ones (of the doubtful, where there is none) of the task
    /// that says most, the one with the middle level.
    #[must_use]
    pub fn representative(&self) -> Option<&'a Trial> {
        for task in [Task::Hold, Task::Maximal, Task::Endurance, Task::Flick, Task::Contraction] {
            for validity in [Validity::Valid, Validity::Doubtful] {
                let mut of: Vec<&Trial> = self
                    .trials()
                    .filter(|one| {
                        (one.task, one.validity) == (task, validity)
                            && one.found.is_some()
                            && one.level.is_some()
                    })
                    .collect();
                if !of.is_empty() {
                    of.sort_by(|one, other| {
                        let level = |trial: &Trial| trial.level.unwrap_or(0.0);
                        level(one).total_cmp(&level(other)).then(one.step.cmp(&other.step))
                    });
                    return of.get((of.len() - 1) / 2).copied();
                }
            }
        }
        None
    }

    /// Samples that arrived, of those that were due, in percent.
    #[must_use]
    pub fn arrived_percent(&self) -> Option<f64> {
        let found = self.found()?;
        (found.end.0 > 0).then(|| 100.0 * found.sample_count as f64 / found.end.0 as f64)
    }

    /// Time without a blinding fault, gaps among them, in percent of all.
    #[must_use]
    pub fn usable_percent(&self) -> Option<f64> {
        use levator_signal::quality::Severity;
        let found = self.found()?;
        let blinding =
            found.findings.iter().filter(|one| matches!(one.fault.severity(), Severity::Blinding));
        let mut spans: Vec<(u64, u64)> =
            blinding.map(|one| (one.span.start.0, one.span.end.0.min(found.end.0))).collect();
        spans.sort_unstable();
        let (mut blind, mut until) = (0, 0);
        for (from, to) in spans {
            blind += to.saturating_sub(from.max(until));
            until = until.max(to);
        }
        (found.end.0 > 0).then(|| (100.0 - 100.0 * blind as f64 / found.end.0 as f64).max(0.0))
    }
}
