//! Runs a programme on the samples of a stream, while they pass.

use levator_programme::{Event, Millis, Programme, Runner, Suspension};
use levator_signal::{SampleIndex, SampleRate, SignalKind, Span};

use crate::metering::Metering;
use crate::{Output, ProgrammeEvent, Sink};

/// A programme, and when it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// What the person is asked to do.
    pub programme: Programme,
    /// When.
    pub begins: Begins,
    /// Whether it stands still when the person no longer lets go.
    pub rest_guard: Option<RestGuard>,
}

/// When a programme stands still because the level between contractions stays up. For EMG only: the ratio
/// of pressures means nothing, as their zero is arbitrary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RestGuard {
    /// Level of a rest between, over the level before all exertion.
    pub ratio: f64,
    /// Rests in a row that exceed it.
    pub in_a_row: u32,
}

impl RestGuard {
    /// What goes with an amber gate: more than 1.35 times in two rests running.
    ///
    /// # Source
    ///
    /// Our choice, no published rule: 1.35 is the median of women with dyssynergia in Kasper-Jędrzejewska
    /// 2025, Med Sci Monit 31:e950086, tables 2 and 3 (post-tonic relaxation over baseline rest).
    #[must_use]
    pub const fn amber() -> Self {
        Self { ratio: 1.35, in_a_row: 2 }
    }
}

/// When a programme begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Begins {
    /// So long after the first sample.
    WithSignal(Millis),
    /// When [`Conduct::Start`] comes.
    OnCommand,
}

/// What can be asked of a programme that is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Conduct {
    /// Begin, if it has not begun.
    Start,
    /// Stand still.
    Suspend,
    /// Go on.
    Resume,
    /// Leave this step.
    Skip,
    /// Leave this phase.
    SkipPhase,
    /// End.
    Stop,
    /// Stand still until samples come again: none has come for [`SILENT_S`]. Nobody asks for it; whoever
    /// feeds the engine and reads the clock says so, once for each silence.
    Silence,
}

/// Seconds without a sample after which the programme is told to stand still, [`Conduct::Silence`].
///
/// Our choice: what a gap in the samples has to last to interrupt a programme. The samples that are
/// missing are counted when others come; a person is told by then that nobody watches.
pub const SILENT_S: f64 = SUSPENDING_S;

impl Conduct {
    /// Everything that can be asked, in the order of the codes in a recording, which count from 1.
    pub const ALL: [Self; 7] = [
        Self::Start,
        Self::Suspend,
        Self::Resume,
        Self::Skip,
        Self::SkipPhase,
        Self::Stop,
        Self::Silence,
    ];
}

/// A gap at least this long suspends a programme; what is shorter only spoils the repetition it lies in.
/// Our choice: a person who is asked to hold does not notice less.
const SUSPENDING_S: f64 = 1.0;

/// Watches the samples of the first stream that can be judged, and says what is to be done.
///
/// All dates are samples of that stream: a replay gives the same cues as the visit. That no samples come
/// cannot be seen from samples; it is told ([`Conduct::Silence`]), and what was told is in the recording.
#[derive(Debug)]
pub(crate) struct Guide {
    /// Waits for the rate, which a device tells late.
    waiting: Option<Programme>,
    begins: Begins,
    run: Option<Run>,
}

#[derive(Debug)]
struct Run {
    stream: u8,
    rate: SampleRate,
    runner: Runner<SampleIndex>,
    /// When it starts, once that is known.
    starts: Option<SampleIndex>,
    /// Newest sample, one past it.
    next: Option<SampleIndex>,
    /// Since it was told that no samples come, until one does.
    silence: Option<Silence>,
}

/// What the next sample brings, if it was told that none come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Silence {
    /// Nothing: it stands still for another reason, or has not begun, or is over.
    Stays,
    /// It begins.
    Begins,
    /// It goes on.
    GoesOn,
}

impl Guide {
    /// The only call that allocates.
    pub(crate) fn new(course: &Course) -> Self {
        Self { waiting: Some(course.programme.clone()), begins: course.begins, run: None }
    }

    /// The stream whose samples it counts, once that is known.
    pub(crate) fn stream(&self) -> Option<u8> {
        self.run.as_ref().map(|run| run.stream)
    }

    /// Before an output is passed on: what begins or ends before its samples.
    fn before(&mut self, output: &Output<'_>, heard: Heard<'_>) {
        let Output::Block(block) = output else { return };
        let begins = self.begins;
        let Some(run) = &mut self.run else { return };
        if block.channel.stream != run.stream || run.next.is_some_and(|next| block.first < next) {
            return;
        }
        if run.next.is_none()
            && let Begins::WithSignal(after) = begins
        {
            let after_s = after.as_secs_f64();
            let shift = run.rate.index_at(after_s).0;
            run.starts = Some(block.first.saturating_add(shift));
        }
        let end = block.first.saturating_add(block.values.len() as u64);
        run.next = Some(end);
        let (stream, rate) = (run.stream, run.rate);
        run.hear_again(block.first, |event| heard(stream, rate, event));
        if let Some(starts) = run.starts.filter(|starts| *starts < end) {
            run.starts = None;
            // What was missing before this block cannot be done in any more.
            let start = starts.max(block.first);
            run.conduct(Conduct::Start, start, |event| heard(stream, rate, event));
        }
        run.runner.advance(block.first, |event| heard(stream, rate, event));
    }

    /// After an output was passed on.
    fn after(&mut self, output: &Output<'_>, heard: Heard<'_>) {
        match output {
            Output::Stream(info) if info.kind != SignalKind::Other => {
                if let Some(programme) = self.waiting.take() {
                    self.run = Some(Run {
                        stream: info.stream,
                        rate: info.rate,
                        runner: Runner::on_samples(programme, info.rate),
                        starts: None,
                        next: None,
                        silence: None,
                    });
                }
            }
            Output::Lost(lost) => {
                if let Some(run) = self.run.as_mut().filter(|run| run.stream == lost.stream) {
                    let (stream, rate) = (run.stream, run.rate);
                    run.lost(lost.span, |event| heard(stream, rate, event));
                }
            }
            _ => {}
        }
    }

    /// Somebody asks for something.
    fn conduct(&mut self, conduct: Conduct, heard: Heard<'_>) {
        let Some(run) = &mut self.run else {
            // Before there is a signal, a start can be remembered, and a stop is final.
            match conduct {
                Conduct::Start => self.begins = Begins::WithSignal(Millis::ZERO),
                Conduct::Stop => self.waiting = None,
                Conduct::Suspend
                | Conduct::Resume
                | Conduct::Skip
                | Conduct::SkipPhase
                | Conduct::Silence => {}
            }
            return;
        };
        let at = run.next.unwrap_or(SampleIndex::ZERO);
        let (stream, rate) = (run.stream, run.rate);
        run.conduct(conduct, at, |event| heard(stream, rate, event));
    }

    /// The level between contractions stayed up.
    fn raised(&mut self, heard: Heard<'_>) {
        let Some(run) = &mut self.run else { return };
        let (stream, rate) = (run.stream, run.rate);
        let at = run.next.unwrap_or(SampleIndex::ZERO);
        run.runner.suspend(at, Suspension::Raised, |event| heard(stream, rate, event));
    }

    /// The signal is over.
    fn finish(&mut self, heard: Heard<'_>) {
        if let Some(run) = &mut self.run
            && !run.runner.is_idle()
        {
            let at = run.next.unwrap_or(SampleIndex::ZERO);
            let (stream, rate) = (run.stream, run.rate);
            run.conduct(Conduct::Stop, at, |event| heard(stream, rate, event));
        }
    }
}

impl Run {
    fn conduct(
        &mut self,
        conduct: Conduct,
        at: SampleIndex,
        mut emit: impl FnMut(Event<SampleIndex>),
    ) {
        let runner = &mut self.runner;
        match (conduct, self.silence) {
            // Nothing begins or goes on before there is a signal again; that it will is told.
            (Conduct::Start, Some(_)) if runner.is_idle() => {
                self.silence = Some(Silence::Begins);
            }
            (Conduct::Resume, Some(Silence::Stays)) if runner.is_suspended() => {
                self.silence = Some(Silence::GoesOn);
                emit(Event::Suspended { at, why: Suspension::Gap });
            }
            (Conduct::Resume, Some(_)) => {}
            (Conduct::Suspend, Some(Silence::GoesOn)) => {
                self.silence = Some(Silence::Stays);
                emit(Event::Suspended { at, why: Suspension::Person });
            }
            (Conduct::Start, _) => runner.start(at, &mut emit),
            (Conduct::Suspend, _) => runner.suspend(at, Suspension::Person, &mut emit),
            (Conduct::Resume, None) => runner.resume(at, &mut emit),
            (Conduct::Skip, _) => runner.skip(at, &mut emit),
            (Conduct::SkipPhase, _) => runner.skip_phase(at, &mut emit),
            (Conduct::Stop, _) => runner.stop(at, &mut emit),
            // Before the first sample nothing can fall silent, and it is told once.
            (Conduct::Silence, None) if self.next.is_some() => {
                let is_running = runner.cue().is_some();
                runner.suspend(at, Suspension::Gap, &mut emit);
                let goes_on = is_running && runner.is_suspended();
                self.silence = Some(if goes_on { Silence::GoesOn } else { Silence::Stays });
            }
            (Conduct::Silence, _) => {}
        }
    }

    /// The first sample after a silence.
    fn hear_again(&mut self, at: SampleIndex, mut emit: impl FnMut(Event<SampleIndex>)) {
        match self.silence.take() {
            None | Some(Silence::Stays) => {}
            Some(Silence::Begins) => self.runner.start(at, &mut emit),
            Some(Silence::GoesOn) => self.runner.resume(at, &mut emit),
        }
    }

    fn lost(&mut self, span: Span, mut emit: impl FnMut(Event<SampleIndex>)) {
        if self.next.is_none() || span.start >= span.end {
            return;
        }
        let lost_s = self.rate.time_s(SampleIndex(span.sample_count()));
        if lost_s < SUSPENDING_S {
            self.runner.gap(span.start, span.end, &mut emit);
        } else if !self.runner.is_suspended() {
            // Somebody who stopped it has to start it again.
            self.runner.suspend(span.start, Suspension::Gap, &mut emit);
            self.runner.resume(span.end, &mut emit);
        }
        self.next = self.next.max(Some(span.end));
    }
}

/// Passes outputs on, with what is to be done between them and what was measured behind them.
pub(crate) struct Guiding<'a, S> {
    pub(crate) guide: Option<&'a mut Guide>,
    pub(crate) metering: Option<&'a mut Metering>,
    pub(crate) sink: &'a mut S,
}

impl<S: Sink> Guiding<'_, S> {
    /// Somebody asks for something.
    pub(crate) fn conduct(&mut self, conduct: Conduct) {
        if let Some(guide) = &mut self.guide {
            guide.conduct(conduct, &mut told(&mut self.metering, self.sink));
        }
    }

    /// The signal is over.
    pub(crate) fn finish(&mut self) {
        if let Some(guide) = &mut self.guide {
            guide.finish(&mut told(&mut self.metering, self.sink));
        }
        if let Some(metering) = &mut self.metering {
            metering.finish(self.sink);
        }
    }
}

/// Hears an event of the programme, with the stream whose samples it counts and its rate.
type Heard<'a> = &'a mut dyn FnMut(u8, SampleRate, Event<SampleIndex>);

fn told<'a, S: Sink>(
    metering: &'a mut Option<&mut Metering>,
    sink: &'a mut S,
) -> impl FnMut(u8, SampleRate, Event<SampleIndex>) {
    move |stream, rate, event| {
        sink.emit(Output::Programme(ProgrammeEvent { stream, rate, event }));
        if let Some(metering) = metering {
            metering.event(stream, rate, &event, sink);
        }
    }
}

impl<S: Sink> Sink for Guiding<'_, S> {
    #[inline]
    fn emit(&mut self, output: Output<'_>) {
        if let Some(guide) = &mut self.guide {
            guide.before(&output, &mut told(&mut self.metering, self.sink));
        }
        self.sink.emit(output);
        if let Some(guide) = &mut self.guide {
            guide.after(&output, &mut told(&mut self.metering, self.sink));
        }
        if let Some(metering) = &mut self.metering {
            metering.see(&output, self.sink);
            if metering.take_raised()
                && let Some(guide) = &mut self.guide
            {
                guide.raised(&mut told(&mut self.metering, self.sink));
            }
        }
    }
}
