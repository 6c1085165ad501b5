//! What several themes need.

use std::collections::BTreeSet;
#[cfg(unix)]
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
#[cfg(unix)]
use std::process::{Child, Stdio};
use std::sync::OnceLock;

use levator_engine::{Digest, Engine, EngineConfig, Input, Summary, Tee};
use levator_record::text::{TextFile, TextOptions};
use levator_record::{Header, Item, Reader};
use levator_signal::HostTime;

/// A file below `tests/data`.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The binary under test.
pub(crate) fn levator() -> Command {
    Command::new(env!("CARGO_BIN_EXE_levator"))
}

/// `levator simulate`, until it is dropped, and the port it offers.
#[cfg(unix)]
pub(crate) struct Simulated {
    process: Child,
    pub(crate) port: String,
}

#[cfg(unix)]
impl Simulated {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut process = levator()
            .arg("simulate")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary was built");
        let mut port = String::new();
        BufReader::new(process.stdout.take().expect("it was piped"))
            .read_line(&mut port)
            .expect("its first line is the port");
        Self { process, port: port.trim().to_owned() }
    }
}

#[cfg(unix)]
impl Drop for Simulated {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A header for recordings that tests make.
pub(crate) fn header() -> Header {
    Header {
        tool: "levator tests".to_owned(),
        wire: [levator_protocol::MAJOR, levator_protocol::MINOR],
        opened_unix_ms: 0,
        device: "virtual".to_owned(),
        port: String::new(),
        config: EngineConfig::device(),
    }
}

/// Units, and names of programmes and references: the same in every language.
fn names() -> &'static BTreeSet<String> {
    const UNITS: &str = "\u{b5}V cmH\u{2082}O mmHg hPa count s Hz Hz/s BLAKE3 UTC levator";
    static NAMES: OnceLock<BTreeSet<String>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let references = levator_catalog::references::all();
        let texts = references.iter().flat_map(|one| [&one.pack().id, &one.pack().name]);
        let words = texts.flat_map(|text| text.split(' ')).map(bare).map(str::to_owned);
        let programmes = levator_catalog::programmes::BUILT_IN.iter();
        words
            .chain(programmes.map(|(id, _)| (*id).to_owned()))
            .chain(UNITS.split(' ').map(str::to_owned))
            .collect()
    })
}

/// Without the signs around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|sign: char| !sign.is_alphanumeric() && sign != '\u{b5}')
}

/// Words of a text in [`levator_catalog::lang::Lang::Marked`] that stand outside of its marks and are no
/// units, numbers or names of programmes and references.
pub(crate) fn foreign_words(text: &str) -> Vec<String> {
    let (open, close) = levator_catalog::lang::MARKS;
    let mut outside = String::new();
    let mut depth = 0;
    for sign in text.chars() {
        match sign {
            _ if sign == open => depth += 1,
            _ if sign == close => depth -= 1,
            // What stands on both sides of marks is not one word.
            _ if depth == 0 => outside.push(sign),
            _ if !outside.ends_with(' ') => outside.push(' '),
            _ => {}
        }
    }
    assert_eq!(depth, 0, "every mark has its other: {text}");
    let words = outside.split([' ', '\n', '\u{a0}']).map(bare);
    words
        .filter(|word| word.contains(char::is_alphabetic) && !names().contains(*word))
        .map(str::to_owned)
        .collect()
}

/// What the engine finds in a recording.
pub(crate) fn analysed(journal: &Path) -> (Summary, Digest) {
    let mut reader = Reader::open(journal).expect("it is a recording");
    let config = reader.header().expect("its header is whole").config.clone();
    let mut engine = Engine::new(&config).expect("settings that worked before");
    let mut sink = Tee(Summary::new(), Digest::new());
    let mut last = HostTime::ZERO;
    while let Some(item) = reader.next() {
        match item {
            Item::Input(input) => {
                last = input.at();
                engine.handle(input, &mut sink);
            }
            Item::Damage(damage) => panic!("{}: {damage}", journal.display()),
            Item::End(_) => {}
        }
    }
    engine.finish(last, &mut sink);
    (sink.0, sink.1)
}

/// What the engine finds in a text file.
pub(crate) fn analysed_text(path: &Path, options: &TextOptions) -> Summary {
    let mut file = TextFile::open(path, options).expect("it is a table");
    let mut engine = Engine::new(&EngineConfig::scans(file.stream_info())).expect("legal");
    let mut summary = Summary::new();
    file.read(&mut |scans| {
        engine.handle(Input::Scans { at: HostTime::ZERO, scans }, &mut summary);
    })
    .expect("it can be read");
    engine.finish(HostTime::ZERO, &mut summary);
    summary
}

/// Onset and offset in seconds of each contraction of the first channel that was searched.
pub(crate) fn found(summary: &Summary) -> Vec<(f64, f64)> {
    let channel = summary.principal().expect("a channel was searched");
    let seconds = |index| channel.rate.time_s(index);
    channel
        .contractions
        .iter()
        .map(|one| (seconds(one.onset), one.offset.map_or(channel.duration_s(), seconds)))
        .collect()
}

/// Onset and offset in seconds of each label of a recording.
pub(crate) fn labels(name: &str) -> Vec<(f64, f64)> {
    let path = data(&format!("recordings/{name}.labels.csv"));
    let text = std::fs::read_to_string(&path).expect("the recording has labels");
    text.lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let mut fields = line.split(',').map(|field| field.parse::<f64>());
            let mut next = || fields.next().expect("two times").expect("a number");
            (next(), next())
        })
        .collect()
}
