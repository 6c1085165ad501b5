mod broken;
mod interop;
mod written;

use std::io::{Cursor, Read, Seek};
use std::path::PathBuf;

use super::*;
use crate::text::ChannelChoice;

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/interop").join(name)
}

/// Index and values of each sample, by stream, and the marks.
#[derive(Debug, Default, PartialEq)]
struct Found {
    samples: Vec<Vec<(u64, Vec<f64>)>>,
    marks: Vec<(f64, String)>,
}

fn everything<R: Read + Seek>(file: &XdfFile<R>) -> XdfOptions {
    let signals = file.streams().iter().filter(|stream| stream.is_signal());
    let count: usize = signals.map(|stream| stream.channels.len()).sum();
    XdfOptions { channels: (0..count).map(ChannelChoice::Index).collect(), ..XdfOptions::default() }
}

fn collect<R: Read + Seek>(file: &mut XdfFile<R>, selection: &Selection) -> Found {
    let mut found = Found { samples: vec![Vec::new(); selection.streams.len()], marks: Vec::new() };
    file.read(selection, &mut |item| match item {
        Item::Scans(scans) => {
            let count = usize::from(scans.channel_count);
            for (at, values) in scans.codes.chunks_exact(count).enumerate() {
                let index = scans.first.0 + at as u64;
                found.samples[usize::from(scans.stream)].push((index, values.to_vec()));
            }
        }
        Item::Annotation(mark) => found.marks.push((mark.onset_s, mark.text.into_owned())),
    })
    .expect("it can be read");
    found
}

fn open(bytes: &[u8]) -> Result<XdfFile<Cursor<&[u8]>>, XdfError> {
    XdfFile::from_seek(Cursor::new(bytes))
}
