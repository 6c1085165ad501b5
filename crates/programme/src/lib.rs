//! What the person is asked to do and when: programmes, phases, cues.
//!
//! A [`Definition`] is a plain description: phases in order, each a number of repetitions with a
//! rest after each, with targets, templates, a breathing pace and the windows that are judged
//! afterwards. [`Programme::new`] checks it, expands it into [`Step`]s and stamps it. A [`Runner`]
//! walks through the steps as time passes and gives a [`Cue`] for each.
//!
//! ```
//! use levator_programme::{
//!     Definition, Event, Evidence, Load, Millis, Phase, PhaseKind, Programme, Runner, Source,
//! };
//! use levator_signal::HostTime;
//!
//! let flick = Phase {
//!     rest: Millis::from_secs(2),
//!     repetitions: 5,
//!     ..Phase::new("flick", PhaseKind::Flick, Millis::from_secs(2))
//! };
//! let programme = Programme::new(Definition {
//!     phases: vec![Phase::new("before", PhaseKind::Rest, Millis::from_secs(60)), flick],
//!     ..Definition::new("own", "Five flicks", Source::own(), Load::Light)
//! })?;
//! assert_eq!(programme.length(), Millis::from_secs(80));
//!
//! let mut runner = Runner::on_host(programme);
//! let mut cues = 0;
//! let mut count = |event: Event<HostTime>| cues += usize::from(matches!(event, Event::Cue(_)));
//! runner.start(HostTime::ZERO, &mut count);
//! runner.advance(HostTime::from_secs_f64(62.0), &mut count);
//! assert_eq!(cues, 3); // rest, first flick, the rest after it
//! # Ok::<(), levator_programme::ProgrammeError>(())
//! ```
//!
//! What is not here: clocks (time is an argument), files (`levator-catalog` reads them), judgement
//! of what the person did (`levator-measure`), and words in any language but the key of a cue.
#![forbid(unsafe_code)]

pub mod breathing;
pub mod definition;
pub mod error;
pub mod evidence;
pub mod gate;
pub mod millis;
pub mod phase;
pub mod programme;
pub mod runner;
pub mod stamp;
pub mod target;
pub mod template;

mod axis;
mod check;
mod words;

pub use axis::Moment;
pub use breathing::{Breath, Breathing, Pace};
pub use definition::{Definition, Repeat};
pub use error::{Fault, Place, ProgrammeError};
pub use evidence::{Evidence, Source};
pub use gate::{Gate, Load, Opening, Safeguards};
pub use millis::Millis;
pub use phase::{AfterGap, Feedback, Part, Phase, PhaseKind, Position, Window, WindowKind};
pub use programme::{Guide, Programme, Step};
pub use runner::{Cue, Event, Outcome, Runner, Suspension};
pub use stamp::Stamp;
pub use target::{Target, TargetUnit};
pub use template::{Point, Template};
