//! Measures of a push and of a cough.

use levator_signal::SignalKind;

use crate::channel::{Channel, One, Place, Pushed};
use crate::ledger::Sink;
use crate::track::Scratch;
use crate::work::{Seen, Work};
use crate::{How, MeasureUnit, Quantity, Reason, formulas};

/// What a push leaves behind for another channel.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pressed {
    /// Highest level, as measured.
    pub(crate) highest: Option<f64>,
}

impl Channel {
    fn one(&self, work: &Work, quantity: Quantity, seen: &Seen) -> One {
        One {
            quantity,
            how: How::Plain,
            task: work.task,
            step: work.step,
            value: None,
            unit: self.unit(),
            sem: None,
            span: work.window,
            judged: seen.judged,
        }
    }

    /// Gives the measures of a push away; gives back the level to hold against a target and what else is
    /// needed. `abdomen` is the highest pressure of the abdomen in this push, in the unit of this channel.
    ///
    /// - EMG of the pelvic floor: rise = 100 (mean - before)/before. The push index needs a squeeze and is told
    ///   at the end.
    /// - pressure of the pelvic floor: `%Rel` = 100 (before - lowest)/before, where `before` is above zero;
    ///   rectoanal gradient = highest pressure of the abdomen less the lowest here
    /// - abdomen: `dRect` = highest less the level before
    pub(crate) fn measure_push(
        &mut self,
        work: &Work,
        seen: &Seen,
        abdomen: Option<Pressed>,
        scratch: &mut Scratch,
        sink: Sink<'_>,
    ) -> (Option<f64>, Pressed) {
        let slots = self.track.slots(work.window);
        let highest = self.track.highest(&slots).map(|(level, _)| level);
        self.track.fill(&slots, scratch);
        let mean = formulas::mean(&scratch.x);
        let lowest = scratch.x.iter().copied().min_by(f64::total_cmp);
        let base = seen.base;
        let no_base = seen.judged.reject_if(base.is_none(), Reason::NoReference);
        let over_base =
            seen.judged.reject_if(!base.is_some_and(|base| base > 0.0), Reason::NoReference);
        let percent = |difference: Option<f64>| {
            difference.zip(base).filter(|(_, base)| *base > 0.0).map(|(x, base)| 100.0 * x / base)
        };
        let less = |level: Option<f64>| level.zip(base).map(|(level, base)| level - base);
        match (self.settings.place, self.settings.kind) {
            (Place::Pelvic, SignalKind::Pressure) => {
                let one = self.one(work, Quantity::PushRelaxation, seen);
                let value = percent(less(lowest).map(|fall| -fall));
                let unit = MeasureUnit::Percent;
                self.put(One { value, unit, judged: over_base, ..one }, sink);
                if let Some(abdomen) = abdomen {
                    let one = self.one(work, Quantity::RectoanalGradient, seen);
                    let value = abdomen.highest.zip(lowest).map(|(high, low)| high - low);
                    self.put(One { value, ..one }, sink);
                }
            }
            (Place::Pelvic, _) => {
                let one = self.one(work, Quantity::PushRise, seen);
                let unit = MeasureUnit::Percent;
                let value = percent(less(mean));
                self.put(One { value, unit, judged: over_base, ..one }, sink);
                if self.pushes.len() < self.pushes.capacity() {
                    let (step, span, judged) = (work.step, work.window, seen.judged);
                    self.pushes.push(Pushed { step, level: mean, span, judged });
                }
            }
            (Place::Abdominal | Place::Accessory, _) => {
                let one = self.one(work, Quantity::PushForce, seen);
                self.put(One { value: less(highest), judged: no_base, ..one }, sink);
            }
        }
        (highest, Pressed { highest })
    }

    /// Gives the measure of a cough away: highest less the level before. Gives back the highest.
    pub(crate) fn measure_cough(
        &mut self,
        work: &Work,
        seen: &Seen,
        sink: Sink<'_>,
    ) -> Option<f64> {
        let highest = self.track.highest(&self.track.slots(work.window)).map(|(level, _)| level);
        let value = highest.zip(seen.base).map(|(highest, base)| highest - base);
        let judged = seen.judged.reject_if(seen.base.is_none(), Reason::NoReference);
        let one = self.one(work, Quantity::CoughIncrement, seen);
        self.put(One { value, judged, ..one }, sink);
        highest
    }
}
