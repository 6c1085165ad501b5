//! Tight, weak, both, neither, or cannot tell: measures against references, by a stated rule.
//!
//! [`assess`] takes a [`Visit`] (measures, how each channel was measured, of whom, what is reported
//! and felt, references, earlier visits) and gives an [`Assessment`]: a finding on each of six axes, a
//! label, what is open to train and what is not, how sure that is, why not surer, and what would
//! change it. [`explain()`] puts it in words.
//!
//! ```
//! use levator_score::{Label, Modality, Observed, Person, Profile, Visit, assess, explain};
//! use levator_signal::{ChannelId, Unit};
//!
//! let channel = ChannelId { stream: 0, channel: 0 };
//! let profile = Profile::new(Modality::Emg, Unit::Microvolt);
//! let channels = [Observed { channel, profile }];
//! let person = Person::default();
//! let assessment = assess(&Visit::new(&[], &channels, &person, &[]));
//! assert_eq!(assessment.label, Label::InsufficientData);
//! assert!(explain(&assessment)[0].starts_with("Answer: inconclusive"));
//! ```
//!
//! **The rule is not validated.** No published rule tells a tight from a weak pelvic floor; this one
//! is made of what was published about each part, and says which that is. It gives no probability of
//! a disease: its probabilities are those of measurement, around a bound.
//!
//! What is not here: cut-offs in microvolt, cmH2O or mmHg (they stand in references, and a test looks
//! for them in the code), files (`levator-catalog` reads references), and a number for the whole.
#![forbid(unsafe_code)]

pub mod profile;
pub mod symptom;
pub mod visit;

pub mod distribution;
pub mod matching;
pub mod reference;

pub mod rules;

pub mod axis;
pub mod checks;
pub mod doubt;
pub mod label;

pub mod anorectal;
pub mod change;
pub mod flip;
pub mod gate;
pub mod next;
pub mod quality;

pub mod assessment;
pub mod explain;

pub mod normal;

mod axes;
mod check;
mod confidence;
mod reading;

pub use anorectal::{London, Rao, Weight};
pub use assessment::{Assessment, Driving, SCREENING, assess};
pub use axes::axis_of;
pub use axis::{Axis, Confidence, Finding, Findings, Input, Status, Unknown, ValueUnit, Verified};
pub use change::{Better, Change, Limit, NotComparable, Progression, Trend, better};
pub use check::{PackError, PackFault, PackPlace};
pub use checks::Check;
pub use distribution::{Band, Distribution, Percentile, Side};
pub use doubt::{Doubt, reason_text};
pub use explain::{explain, number};
pub use flip::{Driver, Flip};
pub use gate::{GateReason, gate_of_symptoms};
pub use label::{Conflict, Label};
pub use matching::{Matching, Mismatch, matches};
pub use next::Offer;
pub use profile::{Bandwidth, Detector, Modality, Observed, Person, Profile, Sex, Site, State};
pub use quality::{Aspect, Grade, Part};
pub use reference::{ANY_DEVICE, Norm, Pack, Population, Reference, Repeatability, Requires, Size};
pub use symptom::{
    Expulsion, FeltContraction, FeltRelaxation, FeltTone, Palpation, Symptom, Symptoms, Urgency,
};
pub use visit::{Earlier, Visit};
