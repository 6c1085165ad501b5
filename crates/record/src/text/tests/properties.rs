//! What holds for any file.

use std::io::Cursor;

use levator_decode::Scans;
use proptest::prelude::*;

use super::{collect, open_with};
use crate::text::{ChannelChoice, Layout, TextFile, TextOptions, Timing};

/// Opens and reads; whatever comes, nothing panics and the layout agrees with the samples.
fn read(bytes: &[u8], options: &TextOptions) {
    if let Ok(mut file) = open_with(bytes, options) {
        collect(&mut file);
        let info = file.stream_info();
        assert_eq!(usize::from(info.channel_count), file.layout().channels.len());
    }
}

/// Pieces that tables are made of, and what breaks them.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "0",
        "1",
        "7",
        "0.1",
        "-3.5",
        "1e9",
        "1741897731.25",
        "nan",
        "inf",
        "1e400",
        "x",
        "\"",
        "\"a b\"",
        ",",
        ",",
        ",",
        ";",
        "\t",
        " ",
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "#",
        "%",
        "time",
        "t_ms",
        "emg",
        "Annotations:",
        "sampling rate: 10",
        "\u{feff}",
        "µV",
        ":",
        "-",
        "999999999999999999999",
    ])
}

fn options() -> impl Strategy<Value = TextOptions> {
    (prop::option::of(0.02..5000.0_f64), prop::option::of(0_usize..4)).prop_map(
        |(rate_hz, index)| {
            let channels = index.map(ChannelChoice::Index).into_iter().collect();
            TextOptions { rate_hz, channels, ..TextOptions::default() }
        },
    )
}

/// Index and bits of every scan.
type Samples = Vec<(u64, Vec<u64>)>;

/// What a file gives: samples and layout by one pass and by two, and what is wrong with it.
fn outcome(text: &str, options: &TextOptions) -> Result<(Samples, Layout), String> {
    let scans = |all: &mut Samples, scans: Scans<'_>| {
        let count = usize::from(scans.channel_count);
        let bits = scans.codes.chunks(count).map(|scan| scan.iter().map(|v| v.to_bits()).collect());
        all.extend((scans.first.0..).zip(bits));
    };
    let source = Cursor::new(text.as_bytes());
    let through = TextFile::read_through(source.clone(), options, |_| Vec::new(), scans);
    let by_two = TextFile::from_seek(source, options).map(|mut file| {
        let mut all = Vec::new();
        file.read(&mut |block| scans(&mut all, block)).expect("it is in memory");
        (all, file.layout().clone())
    });
    match (through, by_two) {
        (Ok((file, all)), Ok(two)) => {
            assert_eq!((&all, file.layout()), (&two.0, &two.1));
            Ok(two)
        }
        (Err(one), Err(two)) => {
            assert_eq!(one.to_string(), two.to_string());
            Err(two.to_string())
        }
        (one, two) => panic!("{one:?} {two:?}"),
    }
}

/// Rows of nothing but numbers are read many at a time, but only where lines end with LF: the same
/// text must give the same with CR.
fn assert_one_by_one_is_the_same(text: &str, options: &TextOptions) {
    let text = text.replace('\r', "");
    assert_eq!(outcome(&text, options), outcome(&text.replace('\n', "\r"), options), "{text:?}");
    let windows = text.replace('\n', "\r\n");
    assert_eq!(outcome(&text, options), outcome(&windows, options), "{text:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..600), options in options(),
    ) {
        read(&bytes, &options);
        let without_zeros: Vec<u8> = bytes.into_iter().map(|byte| byte.max(1)).collect();
        read(&without_zeros, &options);
    }

    #[test]
    fn any_text_of_likely_pieces_is_read_or_refused(
        pieces in prop::collection::vec(piece(), 0..200), options in options(),
    ) {
        read(pieces.concat().as_bytes(), &options);
    }

    #[test]
    fn many_rows_at_a_time_read_as_one_by_one(
        pieces in prop::collection::vec(piece(), 0..60), options in options(),
        rows in prop::collection::vec((0_u32..40, -2e4_f64..2e4, 0_usize..6, 0_u32..60), 0..400),
        scaled in any::<bool>(), comma in any::<bool>(), uneven in 0_i32..2,
    ) {
        let scale = if scaled { 1e305 } else { 1.0 };
        let options = TextOptions { scale, ..options };
        let mut time = 0;
        let table: String = rows
            .iter()
            .map(|(step, value, digits, odd)| {
                // Most steps are equal; a gap, a step back and a row of another kind are rare.
                time += match step {
                    0 => 700,
                    1 => 4 - uneven,
                    2 => uneven,
                    _ => 2,
                };
                let time = if *step == 3 { time - 8 } else { time };
                match odd {
                    0 => format!("{:.3},,x\n", f64::from(time) / 1e3),
                    1 => format!(" {time}e-3 , 1 ,\n"),
                    2 => "# comment\n\n".to_owned(),
                    _ => format!("{:.3},{value:.digits$},{step}\n", f64::from(time) / 1e3),
                }
            })
            .collect();
        let table = format!("t_s,emg_uV,n_x\n{table}{}", pieces.concat());
        let table = if comma { table.replace(',', ";").replace('.', ",") } else { table };
        assert_one_by_one_is_the_same(&table, &options);
        let both = [ChannelChoice::Index(2), ChannelChoice::Index(1)].to_vec();
        assert_one_by_one_is_the_same(&table, &TextOptions { channels: both, ..options });
        let column: String = rows.iter().map(|row| format!("{:.1$}\n", row.1, row.2)).collect();
        let hertz = TextOptions { rate_hz: Some(100.0), ..TextOptions::default() };
        assert_one_by_one_is_the_same(&column, &hertz);
    }

    #[test]
    fn any_times_are_placed_in_order(
        rows in prop::collection::vec((prop::num::f64::ANY, -9_i32..9), 2..60),
        steps in prop::collection::vec(0_u32..400, 2..60),
    ) {
        let wild: String = rows.iter().map(|(time, value)| format!("{time:e},{value}\n")).collect();
        read(format!("time,p\n{wild}").as_bytes(), &TextOptions::default());
        let mut time = 0.0;
        let tame: String = steps
            .iter()
            .map(|step| {
                time += f64::from(*step) / 100.0;
                format!("{time:.2},{step}\n")
            })
            .collect();
        read(format!("time_s,p\n{tame}").as_bytes(), &TextOptions::default());
    }

    /// A regular table with missing rows: what is there keeps its value at its index, what is missing
    /// is bridged or a gap.
    #[test]
    fn missing_rows_never_shift_the_others(
        missing in prop::collection::vec(prop::bool::weighted(0.2), 300),
    ) {
        let present = |index: usize| index < 2 || index == 299 || !missing[index];
        let rows: String = (0..300)
            .filter(|index| present(*index))
            .map(|index| format!("{:.2},{}\n", index as f64 / 50.0, index * index))
            .collect();
        let text = format!("t_s,p\n{rows}");
        let mut file = open_with(text.as_bytes(), &TextOptions::default()).expect("a table");
        prop_assert_eq!(file.layout().timing, Timing::Regular);
        prop_assert_eq!(file.layout().sample_count, 300);
        for (index, scan) in collect(&mut file) {
            if present(index as usize) {
                prop_assert_eq!(scan[0].to_bits(), ((index * index) as f64).to_bits());
            }
        }
    }

    /// Straight lines through uneven rows of a straight line stay on it.
    #[test]
    fn resampling_keeps_a_straight_line(
        steps in prop::collection::vec(30_u32..170, 50..200),
    ) {
        let mut time_ms = 0;
        let rows: String = steps
            .iter()
            .map(|step| {
                time_ms += step;
                format!("{time_ms},{}\n", time_ms * 2)
            })
            .collect();
        let text = format!("t_ms,p\n{rows}");
        let mut file = open_with(text.as_bytes(), &TextOptions::default()).expect("a table");
        let first_ms = f64::from(steps[0]);
        let rate_hz = file.layout().rate.hz();
        file.read(&mut |scans: Scans<'_>| {
            for (offset, value) in scans.codes.iter().enumerate() {
                let expected = 2.0 * (first_ms + (scans.first.0 as f64 + offset as f64) * 1000.0 / rate_hz);
                // Rounding of a product of numbers below 1e5.
                assert!((value - expected).abs() < 1e-6, "{value} at {expected}");
            }
        }).expect("the file is still there");
    }
}
