//! Virtual people: are they who they are said to be, and does what is measured show it?
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

mod people {
    mod cohort;
    mod published;
    mod readable;
    mod ruler;
    mod visits;
}
