//! Virtual people with a label, who live through whole programmes.
//!
//! [`Participant::draw`] makes somebody with a [`Condition`], measured with a [`Setup`];
//! [`Participant::visit`] goes with them through a [`Programme`](levator_programme::Programme) and
//! gives the signals of all channels, scan by scan, with everything that really happened. [`cohort()`]
//! makes many, evenly over conditions, setups, anatomies and gains.
//!
//! ```
//! use levator_programme::{Definition, Load, Millis, Phase, PhaseKind, Programme, Source};
//! use levator_simulate::people::{Anatomy, Condition, Label, Margin, Participant, Setup};
//!
//! let hold = Phase {
//!     rest: Millis::from_secs(10),
//!     repetitions: 3,
//!     ..Phase::new("hold", PhaseKind::Hold, Millis::from_secs(10))
//! };
//! let programme = Programme::new(Definition {
//!     phases: vec![Phase::new("before", PhaseKind::Rest, Millis::from_secs(30)), hold],
//!     ..Definition::new("own", "Three holds", Source::own(), Load::Light)
//! })?;
//! let setup = Setup::usual()[0];
//! let person =
//!     Participant::draw(Condition::Hypertonic, Anatomy::Female, setup, Margin::Clear, 7)?;
//! assert_eq!(person.expected().label, Label::Hypertonic);
//!
//! let visit = person.visit(0, &programme);
//! assert_eq!(visit.truth().trials.len(), 3);
//! let (mut signal, mut scan) = (visit.signal(), [0.0]);
//! let mut square = 0.0;
//! for _ in 0..30_000 {
//!     assert!(signal.next_scan(&mut scan));
//!     square += scan[0] * scan[0] / 30_000.0;
//! }
//! let rest_uv = person.emg.expect("the setup has EMG").rest_uv;
//! assert!((square.sqrt() / rest_uv - 1.0).abs() < 0.2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where the numbers come from
//!
//! `[V]` was read in the source, `[D]` derived from what was read, `[P]` is proposed here. The table
//! `tests/snapshots/people.txt` of this crate compares 2,000 drawn people of each group with what the
//! papers say.
//!
//! | quantity | from | |
//! |---|---|---|
//! | EMG, vaginal: rest, flick, tonic, endurance | Oleksy 2020 (healthy); Kasper-Jędrzejewska 2025, tables 2 and 3 (healthy, incontinence, dyssynergia) | `[V]`; deviations not given there `[P]`; other groups on Oleksy's device by Kasper's ratios `[D]` |
//! | EMG, perianal patch: rest | Pérez-Martínez 2008 (controls, chronic pelvic pain) | `[V]`; contractions `[P]` |
//! | EMG, anal probe | none published: half of Oleksy's | `[P]` |
//! | rest between and after over rest before | medians of Kasper-Jędrzejewska 2025; Oleksy 2020 | `[D]`; spread 0.05 `[P]`; non-relaxing people clear of the bound 1.75 `[P]` |
//! | raised EMG at rest, vaginal; weak EMG | relative to the 95th and 5th percentiles | `[P]` |
//! | Peritron: weak, strong | Barbosa-Silva (cut-off 38.61, sensitivity 0.87, specificity 0.91), width of Angelo 2017; Reis 2024 in pregnancy | `[D]` |
//! | Camtech: rest; with provoked vestibulodynia | Næss and Bø 2015 | `[V]`; clear of the bound `[P]` |
//! | Camtech: strength | Bø 2005 | mean `[V]`, deviation `[D]` |
//! | Camtech: pregnant, post partum | Bø 2011 (ICS): caesarean as healthy, vaginal birth as weak | means `[V]`, mid-pregnancy `[D]`, deviations `[P]` |
//! | area under 10 s over strength | Bø 2011 (ICS) | `[D]`; spread a tenth `[P]` |
//! | anal canal: rest, squeeze | ranges of 286 nulliparae and 161 primiparae; men of KJG 2022;80(6) | `[V]`, log-normal `[D]`; weak and tight `[P]` |
//! | pressure with EMG | Pereira 2014, r 0.63 | `[V]` |
//! | rise and release | Leitner 2019 | `[D]`; of tight people `[P]` |
//! | error of repetition | Koenig 2017 (EMG); Tennfjord 2017 (Camtech) | `[V]`, `[D]`; Peritron by 1/0.54 `[D]`, anal canal `[P]` |
//! | loss from trial to trial when fatiguing | sphincter fatigability 2024: a third over ten | `[D]` |
//! | push, cough, abdomen, variation of rest and hold, breathing | | `[P]` |
//!
//! # What it is not
//!
//! No model of muscle or disease. Clear people are as clear as they were made, so a rule that does
//! well with them has been shown to be consistent with its references and robust against noise,
//! nothing more. Where references disagree with each other, so do these people: on the Camtech, most
//! of the healthy women of Bø 2005 are below the cut-off that was carried over from the Peritron, and a
//! [`Margin::Clear`] healthy person there is drawn from the strongest sixth.
//!
//! Levels of EMG are those of the whole spectrum: a band-pass of 20 to 450 Hz takes 2.4 % of an
//! amplitude, one of 30 to 450 Hz 6.6 %, one of 100 to 450 Hz half of it. EMG of the abdomen does not reach the electrode of the pelvic floor, nor the other way round, and
//! pressure follows EMG without a delay.

mod bounds;
mod cohort;
mod condition;
mod conduct;
mod deed;
mod draw;
mod expected;
mod norms;
mod participant;
mod plan;
mod setup;
mod slow;
mod spread;
mod truth;
mod visit;

pub use bounds::{Bounds, PressureSem};
pub use cohort::{cohort, cohort_with};
pub use condition::{Anatomy, Condition, Margin, Stage};
pub use conduct::{Conduct, Disturbance};
pub use expected::{Coordination, Expected, Label, Relaxation, Strength, Tone};
pub use participant::{AbdomenLevels, EmgLevels, Habits, Participant, PressureLevels, Repetition};
pub use setup::{
    Abdomen, ChannelPlace, EmgFamily, Impossible, Lift, Modality, PressureFamily, Setup, Site,
};
pub use spread::{Shape, Spread};
pub use truth::{Done, Mark, RestTruth, TrialLevels, TrialTruth, VisitTruth};
pub use visit::{Visit, VisitSignal};
