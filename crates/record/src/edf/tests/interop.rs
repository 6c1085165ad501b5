//! Files of other programs, against what other readers read from them.

use serde_json::Value;

use super::*;

fn expected() -> Vec<Value> {
    let text = std::fs::read_to_string(data("edf_expected.json")).expect("it is committed");
    serde_json::from_str(&text).expect("it is JSON")
}

fn name(file: &Value) -> &str {
    file["file"].as_str().expect("each has a name")
}

#[test]
fn every_value_has_the_bits_that_others_read() {
    let mut count = 0;
    for wanted in &expected() {
        let mut file = EdfFile::open(&data(name(wanted))).expect("it is whole");
        let signals = wanted["signals"].as_array().expect("a list");
        let mut codes = vec![Vec::new(); signals.len()];
        let mut values = vec![Vec::new(); signals.len()];
        while let Some(record) = file.read_record().expect("it can be read") {
            for at in 0..signals.len() {
                record.codes_into(at, &mut codes[at]);
                record.values_into(at, &mut values[at]);
            }
        }
        assert_eq!(file.record_count(), wanted["record_count"], "{}", name(wanted));
        let header = file.header();
        assert_eq!(header.signals.len(), signals.len());
        assert_eq!(header.record_duration_s, wanted["record_duration_s"]);
        let start = header.start.expect("all of them have one");
        let text = format!(
            "{:02}.{:02}.{:02}{:02}.{:02}.{:02}",
            start.day,
            start.month,
            start.year % 100,
            start.hour,
            start.minute,
            start.second
        );
        assert_eq!(text, wanted["start"], "{}", name(wanted));
        for (at, wanted) in signals.iter().enumerate() {
            let signal = &header.signals[at];
            assert_eq!(signal.label, wanted["label"]);
            assert_eq!(signal.dimension, wanted["dimension"]);
            assert_eq!(signal.rate.map(|rate| rate.hz()), wanted["rate_hz"].as_f64());
            assert_eq!(values[at].len(), wanted["sample_count"], "{}", signal.label);
            assert_eq!(
                codes[at].iter().sum::<f64>(),
                wanted["digital_sum"].as_f64().unwrap_or(0.5)
            );
            for (value, wanted) in values[at].iter().zip(wanted["first"].as_array().expect("five"))
            {
                assert_eq!(*value, *wanted, "{}", signal.label);
            }
            let bytes: Vec<u8> = values[at].iter().flat_map(|value| value.to_le_bytes()).collect();
            assert_eq!(crc32fast::hash(&bytes), wanted["crc32"], "{}", signal.label);
            count += values[at].len();
        }
    }
    assert!(count > 200_000, "{count}");
}

#[test]
fn streams_hold_the_same_samples_and_annotations() {
    for wanted in &expected() {
        let mut file = EdfFile::open(&data(name(wanted))).expect("it is whole");
        let options = everything(file.header());
        let selection = match file.header().select(&options) {
            Ok(selection) => selection,
            Err(error) => {
                assert!(matches!(error, EdfError::NoSignal), "{error}");
                Selection { streams: Vec::new(), origin: crate::text::Origin::Given }
            }
        };
        let mut found = collect(&mut file, &selection);
        let order = selection.streams.iter().flat_map(|stream| &stream.signals);
        for (&position, samples) in order.zip(&found.samples) {
            let signal = &wanted["signals"][position];
            assert_eq!(samples.len(), signal["sample_count"]);
            let calibration = file.header().signals[position].calibration;
            let bytes: Vec<u8> = samples
                .iter()
                .flat_map(|(_, code)| calibration.apply(*code).to_le_bytes())
                .collect();
            assert_eq!(crc32fast::hash(&bytes), signal["crc32"], "{}", signal["label"]);
            if !name(wanted).contains("_d.") {
                assert!(samples.iter().zip(0..).all(|((index, _), at)| *index == at));
            }
        }
        found.annotations.sort_by(|a, b| a.0.total_cmp(&b.0));
        let annotations = wanted["annotations"].as_array().expect("a list");
        assert_eq!(found.annotations.len(), annotations.len(), "{}", name(wanted));
        for ((onset_s, duration_s, text), wanted) in found.annotations.iter().zip(annotations) {
            // The reference rounds to twelve digits.
            assert!((onset_s - wanted[0].as_f64().expect("a time")).abs() < 1e-9, "{text}");
            assert_eq!(*duration_s, wanted[1].as_f64(), "{text}");
            assert_eq!(*text, wanted[2]);
        }
        assert_eq!(file.deviations(), [], "{}", name(wanted));
    }
}

#[test]
fn gaps_of_a_discontinuous_file_lie_where_its_records_say() {
    let mut file = EdfFile::open(&data("made_edfio_plus_d.edf")).expect("it is committed");
    assert_eq!(file.header().continuity, Continuity::Discontinuous);
    let selection = file.header().select(&everything(file.header())).expect("three signals");
    let rates: Vec<f64> = selection.streams.iter().map(|stream| stream.info.rate.hz()).collect();
    assert_eq!(rates, [500.0, 10.0, 500.0]);
    let found = collect(&mut file, &selection);
    let jumps = |samples: &[(u64, f64)]| -> Vec<(u64, u64)> {
        let next = |pair: &[(u64, f64)]| (pair[0].0 + 1, pair[1].0);
        samples.windows(2).map(next).filter(|(wanted, found)| wanted != found).collect()
    };
    // Records at 0, 0.5 | 2.5, 3, 3.5 | 7, ... seconds after the first one.
    assert_eq!(jumps(&found.samples[0]), [(500, 1250), (2000, 3500)]);
    assert_eq!(jumps(&found.samples[1]), [(10, 25), (40, 70)]);
    assert_eq!(jumps(&found.samples[2]), [(500, 1250), (2000, 3500)]);
}

#[test]
fn kinds_units_and_rates_are_those_of_the_file() {
    let file = EdfFile::open(&data("edfio_short_psg.edf")).expect("it is committed");
    // Electroencephalogram and eye movements come first and are in microvolts too.
    let selection = file.header().select(&EdfOptions::default()).expect("a signal");
    assert_eq!(selection.streams[0].info.label.as_str(), "EMG submental");
    assert_eq!(selection.streams[0].info.kind, levator_signal::SignalKind::Emg);
    assert_eq!(selection.streams[0].info.unit, levator_signal::Unit::Microvolt);

    let file = EdfFile::open(&data("made_edfio_plus.edf")).expect("it is committed");
    let selection = file.header().select(&everything(file.header())).expect("signals");
    let pressure = &selection.streams[1].info;
    assert_eq!(pressure.unit, levator_signal::Unit::CentimetreWater);
    assert_eq!(pressure.kind, levator_signal::SignalKind::Pressure);
    assert_eq!(file.header().signals[0].transducer, "vaginal probe");
    assert_eq!(file.header().signals[0].prefilter, "HP:20Hz LP:450Hz");
    let by_name = |name: &str| {
        let channels = vec![crate::text::ChannelChoice::Name(name.to_owned())];
        file.header().select(&EdfOptions { channels, ..EdfOptions::default() })
    };
    assert_eq!(by_name("press").expect("unique").streams[0].signals, [1]);
    let message = |name| by_name(name).expect_err("not there").to_string();
    assert_eq!(
        message("ECG"),
        "no signal `ECG`; signals by number: 0 EMG left, 1 Pressure, 2 EMG right"
    );
    assert_eq!(
        message("emg"),
        "`emg` fits several signals; choose one by number: 0 EMG left, 2 EMG right"
    );
}

/// What edfio and pyEDFlib agree on, of more files and larger ones.
#[test]
fn headers_values_and_annotations_are_those_of_two_other_readers() {
    let text = std::fs::read_to_string(data("expected.json")).expect("it is committed");
    let all: Vec<Value> = serde_json::from_str(&text).expect("it is JSON");
    let mut signal_count = 0;
    for wanted in all.iter().filter(|file| file["signals"].is_array()) {
        let mut file = EdfFile::open(&data(name(wanted))).expect("it is whole");
        let signals = wanted["signals"].as_array().expect("a list");
        let mut values = vec![Vec::new(); signals.len()];
        while let Some(record) = file.read_record().expect("it can be read") {
            for (at, values) in values.iter_mut().enumerate() {
                record.values_into(at, values);
            }
        }
        assert_eq!(file.record_count(), wanted["num_records"], "{}", name(wanted));
        assert_eq!(file.header().record_duration_s, wanted["record_duration_s"]);
        assert_eq!(file.header().signals.len(), wanted["n_signals"]);
        for ((signal, wanted), values) in file.header().signals.iter().zip(signals).zip(&values) {
            assert_eq!(signal.label, wanted["label"]);
            assert_eq!(signal.dimension, wanted["dim"]);
            assert_eq!(signal.rate.map(|rate| rate.hz()), wanted["fs"].as_f64());
            assert_eq!(values.len(), wanted["n"]);
            assert_eq!(serde_json::json!([signal.physical.0, signal.physical.1]), wanted["phys"]);
            assert_eq!(serde_json::json!([signal.digital.0, signal.digital.1]), wanted["dig"]);
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let spread = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
            let spread = (spread / values.len() as f64).sqrt();
            let last = *values.last().expect("samples");
            // The expected values have six decimals.
            let near = |found: f64, wanted: &Value| {
                let wanted = wanted.as_f64().expect("a number");
                assert!((found - wanted).abs() < 1e-6, "{found} {wanted} {}", signal.label);
            };
            near(mean, &wanted["mean"]);
            near(spread, &wanted["std"]);
            near(last, &wanted["last"]);
            for (value, wanted) in values.iter().zip(wanted["first5"].as_array().expect("five")) {
                near(*value, wanted);
            }
            signal_count += 1;
        }
        let mut file = EdfFile::open(&data(name(wanted))).expect("it is whole");
        let none = Selection { streams: Vec::new(), origin: crate::text::Origin::Given };
        let mut found = collect(&mut file, &none).annotations;
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert_eq!(found.len(), wanted["n_annotations"], "{}", name(wanted));
        let listed = wanted["annotations"].as_array().expect("a list");
        for ((onset_s, duration_s, text), wanted) in found.iter().zip(listed) {
            assert!((onset_s - wanted[0].as_f64().expect("a time")).abs() < 1e-6, "{text}");
            assert_eq!(*duration_s, wanted[1].as_f64(), "{text}");
            assert_eq!(*text, wanted[2]);
        }
    }
    assert_eq!(signal_count, 42);
}
