//! The axes one by one: what counts, what does not, and what is left out.

mod case;

use case::Case;
use levator_measure::{How, Quantity, Reason, Reasons, Task, Validity};
use levator_programme::Gate;
use levator_score::{
    Aspect, Axis, Check, Confidence, Conflict, Doubt, Driver, Earlier, Grade, Label, Modality,
    Observed, Person, Profile, Site, State, Status, Unknown, Verified, Weight, matches,
};
use levator_signal::Unit;

fn calm() -> Case {
    Case::emg("kasper-2025").rest(2.4, 2.4).tonic(7.0, 2.4)
}

fn pressure(device: &str) -> Case {
    let mut case = Case::new(device, Site::Vaginal, Modality::Pressure, Unit::CentimetreWater);
    case.person.births = Some(0);
    case
}

fn residuals(mut case: Case, all: &[f64]) -> Case {
    for (trial, residual) in all.iter().enumerate() {
        case = case
            .with(Quantity::RelaxationResidual, Task::AfterHold, How::Plain, *residual)
            .also(|measure| measure.trial = Some(trial as u32));
    }
    case
}

#[test]
fn the_level_at_rest_is_added_to_what_is_compared_with_a_whole_level() {
    // 1.0 above a rest of 2.4 is 3.4 in all, and the bound is 2.47 in all.
    let got = Case::emg("kasper-2025").rest(2.4, 2.4).tonic(3.4, 2.4).assess();
    let strength = got.finding(Axis::Strength);
    assert_eq!(strength.status, Status::Normal);
    assert!((strength.value.expect("measured") - 3.4).abs() < 1e-12);
    assert_eq!(strength.inputs.len(), 2, "both are cited");
    // Without a level at rest it cannot be compared.
    let alone = Case::emg("kasper-2025").tonic(3.4, 2.4).assess();
    assert_eq!(alone.finding(Axis::Strength).unknown, Some(Unknown::NoMeasure));
}

#[test]
fn a_reference_of_another_site_does_not_fit() {
    let mut case = calm();
    case.channels[0].profile.site = Some(Site::Anal);
    let got = case.assess();
    assert_eq!(got.finding(Axis::Tone).status, Status::Unknown);
    assert!(got.references.iter().all(|one| one.outcome.is_err()), "{:?}", got.references);
    case.channels[0].profile.site = None;
    assert_eq!(case.assess().finding(Axis::Tone).status, Status::Unknown);
}

#[test]
fn what_a_person_did_not_tell_is_not_inferred() {
    let reference = levator_catalog::references::built_in("camtech-nulliparae").expect("built in");
    let profile =
        Profile::new(Modality::Pressure, Unit::CentimetreWater).like("camtech", Site::Vaginal);
    let fits = |person: Person| matches(&reference, &profile, &person, None).is_ok();
    let told = Person { births: Some(0), pregnant: Some(false), ..Person::default() };
    assert!(fits(told));
    assert!(!fits(Person { births: None, ..told }));
    assert!(!fits(Person { births: Some(1), ..told }));
    assert!(!fits(Person { pregnant: None, ..told }));
    assert!(!fits(Person { pregnant: Some(true), ..told }));
    assert!(!fits(Person { weeks_post_partum: Some(30.0), ..told }));
    assert_eq!(told.state(), Some(State::NotPregnant));
    assert_eq!(Person::default().state(), None);
}

#[test]
fn pressure_relaxes_by_difference_in_three_of_five_rests() {
    // Limits of Camtech: sqrt(2) SEM is 4.4, 1.645 times that is 7.3 cmH2O.
    let base = || pressure("camtech").with(Quantity::RestLevel, Task::RestBefore, How::Plain, 1.0);
    let status = |all: &[f64]| residuals(base(), all).assess().finding(Axis::Relaxation).status;
    assert_eq!(status(&[0.0, 0.0, 8.0, 8.0, 8.0]), Status::Incomplete);
    assert_eq!(status(&[0.0, 0.0, 6.0, 8.0, 8.0]), Status::Partial);
    assert_eq!(status(&[0.0, 0.0, 4.0, 8.0, 8.0]), Status::Normal);
    assert_eq!(status(&[7.2; 5]), Status::Partial);
    assert_eq!(status(&[4.3; 5]), Status::Normal);
    // As a ratio to a rest of 1 all of these would be incomplete: it is never asked.
    let ratio = residuals(base(), &[0.5; 5])
        .with(Quantity::RelaxationRatio, Task::AfterHold, How::Median, 9.0)
        .assess();
    assert_eq!(ratio.finding(Axis::Relaxation).status, Status::Normal);
}

#[test]
fn without_a_published_error_relaxation_of_pressure_is_partial_at_most() {
    let case =
        pressure("somebody-elses").with(Quantity::RestLevel, Task::RestBefore, How::Plain, 10.0);
    let case = residuals(case.also(|measure| measure.sem = Some(0.05)), &[9.0; 5]);
    let relaxation = case.assess().finding(Axis::Relaxation).clone();
    assert_eq!(relaxation.status, Status::Partial);
    assert!(relaxation.doubts.contains(&Doubt::RepeatabilityUnknown));
}

#[test]
fn a_ratio_within_the_noise_of_the_visit_is_not_incomplete() {
    let with = |sem: f64| {
        let case = Case::emg("kasper-2025")
            .with(Quantity::RestLevel, Task::RestBefore, How::Plain, 2.0)
            .also(|measure| measure.sem = Some(sem))
            .with(Quantity::RestLevel, Task::AfterHold, How::Median, 2.8)
            .also(|measure| measure.sem = Some(sem));
        case.assess().finding(Axis::Relaxation).status
    };
    assert_eq!(with(0.1), Status::Incomplete);
    assert_eq!(with(0.9), Status::Partial);
}

#[test]
fn pressure_and_emg_that_disagree_about_tone_are_inconclusive_and_closed() {
    let both = |rest: f64| {
        let mut case = Case::emg("kasper-2025").rest(9.0, 9.0).tonic(16.0, 9.0).and(
            "camtech",
            Site::Vaginal,
            Modality::Pressure,
            Unit::CentimetreWater,
        );
        case.person.births = Some(0);
        case.lift = Some(true);
        case.rest(rest, rest)
            .with(Quantity::MaximalContraction, Task::Maximal, How::BestThree, 30.0)
            .assess()
    };
    let disagree = both(15.0);
    assert_eq!(disagree.label, Label::Inconclusive);
    assert_eq!(disagree.conflicts[0], Conflict::Modalities);
    assert_eq!(disagree.gate, Gate::Red);
    let agree = both(40.0);
    assert_eq!((agree.label, agree.gate), (Label::Hypertonic, Gate::Red));
    assert_eq!(agree.wording, "hypertonic pattern", "pressure agrees, so the word may be used");
    assert_eq!(agree.finding(Axis::Strength).modality, Some(Modality::Pressure));
}

fn pushes(all: &[f64]) -> Case {
    let mut case = calm();
    for (trial, index) in all.iter().enumerate() {
        case = case
            .with(Quantity::PushIndex, Task::Push, How::Plain, *index)
            .also(|measure| measure.trial = Some(trial as u32));
    }
    case
}

#[test]
fn two_of_three_pushes_make_a_pattern() {
    let status = |all: &[f64]| pushes(all).assess().finding(Axis::Coordination).status;
    assert_eq!(status(&[70.0, 70.0, 70.0]), Status::High);
    assert_eq!(status(&[70.0, 10.0, 70.0]), Status::High);
    assert_eq!(status(&[70.0, 10.0, 10.0]), Status::Normal);
    assert_eq!(status(&[50.0, 50.0, 50.0]), Status::Normal);
    assert_eq!(status(&[70.0]), Status::Borderline);
}

#[test]
fn a_paradoxical_push_closes_strengthening_even_where_there_is_no_answer() {
    let mut case = pushes(&[70.0, 70.0, 70.0]);
    case.channels[0].profile.device = None;
    case.measures.retain(|one| one.task != Task::AfterHold);
    let got = case.assess();
    assert_eq!((got.label, got.gate), (Label::InsufficientData, Gate::Red));
}

#[test]
fn anal_emg_is_judged_by_the_rise_in_a_push() {
    let case = Case::new("some", Site::Anal, Modality::Emg, Unit::Microvolt).rest(2.0, 2.1);
    let of = |site: Site| {
        let mut case = case.clone();
        case.channels[0].profile.site = Some(site);
        for trial in 0..3 {
            case = case
                .with(Quantity::PushRise, Task::Push, How::Plain, 80.0)
                .also(|measure| measure.trial = Some(trial));
        }
        case.assess().finding(Axis::Coordination).status
    };
    assert_eq!(of(Site::Anal), Status::High);
    assert_eq!(of(Site::Vaginal), Status::Unknown);
}

/// With `s = r x` the value at which the probability of being low is 0.8 is `L / (1 + 0.8416 r)`.
#[test]
fn the_value_that_would_change_the_answer_is_where_it_changes() {
    let case = calm();
    let got = case.assess();
    let flip = |axis: Axis, to: Status| {
        let found =
            got.flips.iter().find(|flip| flip.driver == Driver::Axis(axis) && flip.to == Some(to));
        found.expect("it would change something").at.expect("there is a value")
    };
    let low = flip(Axis::Strength, Status::Low);
    let bound = got.finding(Axis::Strength).lower.expect("it has one");
    assert!((low - bound / (1.0 + 0.841_621_2 * 0.157)).abs() < 1e-5, "{low}");
    let high = flip(Axis::Tone, Status::High);
    let bound = got.finding(Axis::Tone).upper.expect("it has one");
    assert!((high - bound / (1.0 - 0.841_621_2 * 0.157)).abs() < 1e-5, "{high}");
    // And there it does change.
    for (rest, status) in [(high - 0.01, Status::Borderline), (high + 0.01, Status::High)] {
        let other = Case::emg("kasper-2025").rest(rest, rest).tonic(20.0, rest).assess();
        assert_eq!(other.finding(Axis::Tone).status, status);
    }
}

/// Every single change that is named does what it says.
#[test]
fn a_missing_reference_is_named_as_what_would_decide() {
    let mut case = calm();
    case.channels[0].profile.device = None;
    let got = case.assess();
    assert_eq!(got.label, Label::InsufficientData);
    let known = got.flips.iter().any(|flip| {
        flip.driver == Driver::Axis(Axis::Tone) && flip.at.is_none() && flip.label != got.label
    });
    assert!(known, "{:?}", got.flips);
}

#[test]
fn data_that_cannot_be_relied_upon_give_no_answer() {
    let rest = |reason: Reason| {
        let case = Case::emg("kasper-2025")
            .with(Quantity::RestLevel, Task::RestBefore, How::Plain, 2.4)
            .doubtful(reason)
            .with(Quantity::RestLevel, Task::AfterHold, How::Median, 2.4)
            .tonic(7.0, 2.4);
        let got = case.assess();
        (got.label, got.failed_checks.first().map(|(_, checks)| checks.clone()))
    };
    let failed = |check: Check| (Label::InsufficientData, Some(vec![check]));
    assert_eq!(rest(Reason::Saturated), failed(Check::Signal));
    assert_eq!(rest(Reason::Blind), failed(Check::Signal));
    assert_eq!(rest(Reason::Mains), failed(Check::Signal));
    assert_eq!(rest(Reason::NoiseFloor), failed(Check::Noise));
    assert_eq!(rest(Reason::TooShort), failed(Check::Rest));
    assert_eq!(rest(Reason::NoiseFloorUnknown), (Label::WithinRange, None));
    assert_eq!(rest(Reason::Gap), (Label::WithinRange, None));
}

#[test]
fn maximal_contractions_must_agree_unless_there_was_no_squeeze_to_agree() {
    let case = || {
        pressure("camtech").rest(15.0, 15.0).with(
            Quantity::MaximalContraction,
            Task::Maximal,
            How::BestThree,
            30.0,
        )
    };
    assert_ne!(case().assess().label, Label::InsufficientData);
    let apart = case().doubtful(Reason::TrialsDisagree).assess();
    assert_eq!(apart.label, Label::InsufficientData);
    assert_eq!(apart.failed_checks[0].1, [Check::Maximal]);
    let one = case().doubtful(Reason::TooFewTrials).also(|measure| measure.count = 1).assess();
    assert_eq!(one.label, Label::InsufficientData);
    let mut down = case().doubtful(Reason::TrialsDisagree);
    down.lift = Some(false);
    assert_eq!(down.assess().label, Label::UnableToContract);
}

#[test]
fn a_broken_channel_is_left_out_as_long_as_another_is_whole() {
    let mut case = calm().and("camtech", Site::Vaginal, Modality::Pressure, Unit::CentimetreWater);
    case.person.births = Some(0);
    let case = case
        .with(Quantity::RestLevel, Task::RestBefore, How::Plain, 15.0)
        .doubtful(Reason::Blind)
        .with(Quantity::MaximalContraction, Task::Maximal, How::BestThree, 2.0);
    let got = case.assess();
    assert_eq!(got.label, Label::WithinRange, "that of EMG alone");
    assert_eq!(got.failed_checks.len(), 1);
    assert_eq!(got.finding(Axis::Strength).modality, Some(Modality::Emg));
}

#[test]
fn a_contraction_that_does_not_rise_above_rest_was_not_found() {
    let at = |height: f64| {
        Case::emg("kasper-2025")
            .rest(2.4, 2.4)
            .with(Quantity::RestInstability, Task::RestBefore, How::Plain, 0.2)
            .with(Quantity::Peak, Task::Maximal, How::Best, height)
            .assess()
    };
    let none = at(0.55);
    assert_eq!(none.label, Label::UnableToContract);
    assert_eq!(none.wording, "unable to contract correctly: contraction not found");
    let strength = none.finding(Axis::Strength);
    assert_eq!((strength.status, strength.verified), (Status::Unknown, Some(Verified::Absent)));
    assert_ne!(at(0.65).label, Label::UnableToContract);
    let invalid = Case::emg("kasper-2025")
        .rest(2.4, 2.4)
        .with(Quantity::MaximalContraction, Task::Maximal, How::BestThree, 0.0)
        .also(|measure| {
            measure.value = None;
            measure.validity = Validity::Invalid;
            measure.reasons = Reasons::NONE.with(Reason::NoContraction);
        });
    assert_eq!(invalid.assess().label, Label::UnableToContract);
}

#[test]
fn maximal_contractions_count_before_gentle_ones() {
    let got = Case::emg("kasper-2025")
        .rest(2.4, 2.4)
        .tonic(2.9, 2.4)
        .with(Quantity::ContractionMean, Task::Maximal, How::Mean, 5.0)
        .assess();
    let strength = got.finding(Axis::Strength);
    assert!((strength.value.expect("measured") - 7.4).abs() < 1e-12);
    assert!(strength.doubts.contains(&Doubt::OtherTask(Task::Hold)));
}

#[test]
fn unrest_of_pressure_is_held_against_the_last_visit() {
    let unrest = |value: f64| {
        pressure("camtech")
            .rest(15.0, 15.0)
            .with(Quantity::RestVariability, Task::RestBefore, How::Plain, value)
            .also(|measure| measure.sem = Some(1.0))
    };
    let with = |then: f64, now: f64| {
        let mut case = unrest(now);
        let then = unrest(then);
        case.earlier = vec![Earlier {
            stamp: None,
            position: None,
            channels: then.channels.clone(),
            measures: then.measures,
        }];
        case.assess().finding(Axis::Instability).status
    };
    assert_eq!(unrest(9.0).assess().finding(Axis::Instability).status, Status::Unknown);
    assert_eq!(with(5.0, 7.7), Status::Normal);
    assert_eq!(with(5.0, 7.9), Status::High);
}

#[test]
fn strength_is_the_only_axis_that_can_be_sure_and_needs_two_visits() {
    let case = || {
        let mut case = pressure("peritron").rest(20.0, 20.0).with(
            Quantity::ContractionMean,
            Task::Maximal,
            How::Mean,
            15.0,
        );
        case.lift = Some(true);
        case.person.age_years = Some(40.0);
        case
    };
    assert_eq!(case().assess().confidence, Confidence::Low, "one visit only");
    let mut twice = case();
    twice.earlier = vec![Earlier {
        stamp: None,
        position: None,
        channels: case().channels,
        measures: case().measures,
    }];
    let got = twice.assess();
    assert_eq!((got.label, got.confidence), (Label::Weak, Confidence::High));
    twice.earlier[0].measures[2].value = Some(60.0);
    assert_eq!(twice.assess().confidence, Confidence::Low, "the visits disagree");
    for axis in Axis::ALL.iter().filter(|axis| **axis != Axis::Strength) {
        assert!(got.finding(*axis).confidence < Confidence::High, "{axis:?}");
    }
}

#[test]
fn the_words_of_london_follow_rest_and_squeeze() {
    let of = |rest: f64, squeeze: f64| {
        let mut case = Case::new(
            "anorectal-pull-through",
            Site::Anal,
            Modality::Pressure,
            Unit::MillimetreMercury,
        )
        .with(Quantity::RestLevel, Task::RestBefore, How::Plain, rest)
        .also(|measure| measure.sem = Some(3.0))
        .with(Quantity::SqueezeTotal, Task::Maximal, How::Best, squeeze)
        .also(|measure| measure.sem = Some(3.0));
        case.person.births = Some(0);
        case.assess().london.expect("anal pressure").tone.expect("both are known")
    };
    assert_eq!(of(60.0, 100.0), ("normal anal tone and contractility", Weight::None));
    assert_eq!(of(60.0, 40.0), ("anal normotension with hypocontractility", Weight::Major));
    assert_eq!(of(20.0, 100.0), ("anal hypotension with normal contractility", Weight::Major));
    assert_eq!(of(20.0, 40.0), ("combined anal hypotension and hypocontractility", Weight::Major));
    assert_eq!(of(110.0, 100.0), ("anal hypertension", Weight::Minor));
}

#[test]
fn parts_of_a_contraction_are_graded_each_for_itself() {
    let mut case = calm()
        .with(Quantity::ReleaseRate, Task::Flick, How::Whole, -80.0)
        .with(Quantity::HoldVariability, Task::Hold, How::Mean, 12.0)
        .with(Quantity::SqueezeCount, Task::Contraction, How::Plain, 3.0)
        .also(|measure| measure.count = 3);
    let grade = |case: &Case, aspect: Aspect| {
        let parts = case.assess().parts;
        assert_eq!(parts.len(), Aspect::ALL.len());
        let part = parts.into_iter().find(|part| part.aspect == aspect).expect("each is there");
        (part.grade, part.sentence)
    };
    let (release, sentence) = grade(&case, Aspect::Release);
    assert_eq!(release, Grade::Shown, "a mean of a group grades nothing");
    assert!(sentence.starts_with("letting go: -80.0 %MVC/s, -121 in the middle of"), "{sentence}");
    assert_eq!(grade(&case, Aspect::Rise).0, Grade::Unknown);
    assert_eq!(grade(&case, Aspect::Stability).0, Grade::Shown);
    assert_eq!(grade(&case, Aspect::Coordination).0, Grade::AsExpected);
    assert_eq!(grade(&case, Aspect::Rest).0, Grade::AsExpected);
    assert_eq!(grade(&case, Aspect::Relaxation).0, Grade::AsExpected);
    case.measures.iter_mut().for_each(|one| {
        if one.task == Task::AfterHold {
            one.value = Some(5.0);
        }
    });
    assert_eq!(grade(&case, Aspect::Relaxation).0, Grade::Less);
}

#[test]
fn a_sixty_second_contraction_of_which_less_than_half_is_left_is_low_in_endurance() {
    let of = |left: f64| {
        calm()
            .with(Quantity::EnduranceRatio, Task::Endurance, How::Plain, left)
            .also(|measure| measure.sem = Some(0.02))
            .assess()
    };
    assert_eq!(of(0.4).finding(Axis::Endurance).status, Status::Low);
    assert!(of(0.4).notes.contains(&"endurance low".to_owned()));
    assert_eq!(of(0.8).finding(Axis::Endurance).status, Status::Normal);
    assert_eq!(of(0.4).label, of(0.8).label);
}

/// The only table of men's perianal rest, and only with that device.
#[test]
fn a_perianal_patch_is_judged_by_its_own_device_only() {
    let of = |device: &str, rest: f64| {
        let mut case = Case::new(device, Site::Perianal, Modality::Emg, Unit::Microvolt);
        case.person.sex = Some(levator_score::Sex::Male);
        case = case.rest(rest, rest).also(|measure| measure.sem = Some(0.01));
        case.measures[0].sem = Some(0.01);
        case.assess().finding(Axis::Tone).status
    };
    assert_eq!(of("perez-martinez-2008", 0.424), Status::High);
    assert_eq!(of("perez-martinez-2008", 0.079), Status::Normal);
    assert_eq!(of("another-patch", 0.424), Status::Unknown);
}

#[test]
fn two_references_may_answer_differently_about_one_recording() {
    let of = |device: &str| {
        let mut case = Case::emg(device).rest(3.0, 3.0).tonic(9.0, 3.0);
        case.channels =
            vec![Observed { channel: case::CHANNEL, profile: case.channels[0].profile.clone() }];
        case.assess()
    };
    let (oleksy, kasper, legacy) = (of("oleksy-2020"), of("kasper-2025"), of("glazer-1997"));
    assert_eq!(oleksy.label, Label::Weak);
    assert_eq!(oleksy.wording, "low recruitment on EMG; force not measured");
    assert_eq!(kasper.label, Label::WithinRange);
    assert_eq!(legacy.label, Label::Mixed);
    assert_eq!(
        legacy.wording,
        "mixed: raised resting activity, overactive pattern; low recruitment on EMG; force not measured"
    );
}
