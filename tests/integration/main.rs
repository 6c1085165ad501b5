//! Whole-engine tests, in one binary so that they link once.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

mod assess;
mod cli;
mod cohort;
mod exchange;
mod export;
mod fuzz;
mod heart;
mod manoeuvre;
mod overview;
#[cfg(feature = "paper")]
mod paper;
mod playback;
mod programmes;
mod quality;
mod recordings;
mod reference;
mod replay;
mod report;
mod support;
mod words;

#[cfg(unix)]
mod calibrate;
#[cfg(unix)]
mod desk;
mod doctor;
#[cfg(unix)]
mod foreign;
#[cfg(unix)]
mod kill;
#[cfg(unix)]
mod link;
#[cfg(target_os = "linux")]
mod power;
#[cfg(unix)]
mod serial;
#[cfg(unix)]
mod store;
