//! What the writer writes, read back.

use super::write::{StreamSpec, XdfWriter};
use super::*;

#[test]
fn signals_gaps_and_marks_come_back() {
    let mut writer = XdfWriter::create(Vec::new()).expect("memory");
    let spec = StreamSpec::signal("a <b>", "EMG", 1000.0, &[("left & right", "uV"), ("", "uV")]);
    let emg = writer.stream(&spec).expect("memory");
    let slow = StreamSpec::signal("p", "Pressure", 10.0, &[("anal", "cmH2O")]);
    let slow = writer.stream(&slow).expect("memory");
    let marks = writer.stream(&StreamSpec::marks("marks")).expect("memory");
    let values = |from: u32, count: u32| -> Vec<f64> {
        (from..from + count).map(|at| f64::from(at) * 0.1 - 7.3).collect()
    };
    // 12.37 s, then a gap of 3 s.
    writer.samples(emg, Some(5.0), &values(0, 2 * 12_370)).expect("memory");
    writer.samples(emg, Some(5.0 + 12.37 + 3.0), &values(90_000, 2 * 5_000)).expect("memory");
    writer.samples(slow, Some(5.2), &values(0, 100)).expect("memory");
    writer.mark(marks, 6.5, "squeeze 收缩").expect("memory");
    writer.mark(marks, 21.0, "after").expect("memory");
    let bytes = writer.finish().expect("memory");
    let mut file = open(&bytes).expect("our own");
    assert_eq!(file.deviations(), []);
    let selection = file.select(&everything(&file)).expect("signals");
    let titles: Vec<&[String]> =
        selection.streams.iter().map(|stream| stream.titles.as_slice()).collect();
    assert_eq!(
        titles,
        [&["left & right".to_owned(), "a <b> 1".to_owned()][..], &["anal".to_owned()]]
    );
    let info =
        selection.streams.iter().map(|stream| (stream.info.kind.name(), stream.info.unit.symbol()));
    assert_eq!(info.collect::<Vec<_>>(), [("emg", "uV"), ("pressure", "cmH2O")]);
    let found = collect(&mut file, &selection);
    assert_eq!(found.samples[0].len(), 17_370);
    assert_eq!(found.samples[0][12_369].0, 12_369);
    assert_eq!(found.samples[0][12_370].0, 12_370 + 3_000);
    let flat: Vec<f64> = found.samples[0].iter().flat_map(|(_, values)| values.clone()).collect();
    assert_eq!(flat, [values(0, 2 * 12_370), values(90_000, 2 * 5_000)].concat());
    assert_eq!((found.samples[1][0].0, found.samples[1].len()), (2, 100));
    let near = |at: usize, onset: f64| (found.marks[at].0 - onset).abs() < 1e-6;
    assert!(near(0, 1.5) && near(1, 16.0), "{:?}", found.marks);
    assert_eq!(found.marks[0].1, "squeeze 收缩");
}

#[test]
fn a_selection_gives_what_was_asked_for() {
    let mut writer = XdfWriter::create(Vec::new()).expect("memory");
    let spec =
        StreamSpec::signal("p", "", 50.0, &[("EMG1", "uV"), ("anal", "mmHg"), ("eeg", "uV")]);
    let stream = writer.stream(&spec).expect("memory");
    writer.samples(stream, None, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).expect("memory");
    let bytes = writer.finish().expect("memory");
    let file = open(&bytes).expect("our own");
    let first = file.select(&XdfOptions::default()).expect("a signal");
    assert_eq!((first.streams.len(), first.streams[0].titles.join(",")), (1, "EMG1".to_owned()));
    let by_name = |name: &str| {
        let channels = vec![ChannelChoice::Name(name.to_owned())];
        file.select(&XdfOptions { channels, ..XdfOptions::default() })
    };
    assert_eq!(by_name("anal").expect("unique").streams[0].channels, [1]);
    let message = by_name("ecg").expect_err("not there").to_string();
    assert_eq!(message, "no channel `ecg`; channels by number: 0 EMG1, 1 anal, 2 eeg");
}
