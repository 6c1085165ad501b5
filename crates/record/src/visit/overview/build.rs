//! Making an overview while samples come, in flat memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use levator_decode::StreamInfo;
use levator_engine::Output;
use levator_signal::{Block, SampleRate};

use super::format::{self, CHUNK_LEN, Entry, Extremes, Identity, LEVEL_COUNT, MAGIC};
use super::{OverviewError, OverviewStream};
use crate::visit::file::{create_private, keep_name, part_of};
use crate::visit::signals::labels;
use crate::visit::{JOURNAL, OVERVIEW};

/// Seconds that a bucket of the finest level holds at most: a page of 1200 columns shows 48 s then. Our
/// choice: 12 % of the samples as BDF has them.
const BUCKET_S: f64 = 0.04;

/// Takes samples and writes buckets.
#[derive(Debug)]
pub(crate) struct Builder {
    folder: PathBuf,
    infos: BTreeMap<u8, StreamInfo>,
    streams: Vec<Stream>,
    out: Out,
    /// What the disk said; nothing more is written then.
    failure: Option<io::Error>,
}

/// All written but where it belongs.
#[derive(Debug)]
pub(crate) struct Built {
    folder: PathBuf,
    streams: Vec<OverviewStream>,
    out: Out,
}

#[derive(Debug)]
struct Out {
    part: Part,
    file: BufWriter<File>,
    len: u64,
    entries: Vec<Entry>,
}

/// The file while it is not whole: it goes if it does not become so.
#[derive(Debug)]
struct Part(Option<PathBuf>);

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

#[derive(Debug)]
struct Stream {
    about: OverviewStream,
    levels: Vec<Level>,
}

/// Chunks that are not full yet, by their number.
#[derive(Debug, Default)]
struct Level(BTreeMap<u64, Chunk>);

#[derive(Debug)]
struct Chunk {
    counts: Vec<u32>,
    /// Of each channel, one after the other.
    extremes: Vec<Extremes>,
}

const NOTHING: Extremes = [f32::INFINITY, f32::NEG_INFINITY, f32::INFINITY, f32::NEG_INFINITY];

impl Builder {
    /// Of the visit in `folder`, under another name until it is whole.
    pub(crate) fn new(folder: &Path) -> io::Result<Self> {
        let part = part_of(&folder.join(OVERVIEW));
        // One that is there was left behind by a crash.
        let _ = std::fs::remove_file(&part);
        let mut file = BufWriter::new(create_private(&part)?);
        let part = Part(Some(part));
        file.write_all(&MAGIC)?;
        let out = Out { part, file, len: MAGIC.len() as u64, entries: Vec::new() };
        let folder = folder.to_owned();
        Ok(Self { folder, infos: BTreeMap::new(), streams: Vec::new(), out, failure: None })
    }

    pub(crate) fn take(&mut self, output: &Output<'_>) {
        match output {
            Output::Stream(info) => {
                self.infos.insert(info.stream, **info);
            }
            Output::Block(block) if self.failure.is_none() => self.block(block),
            _ => {}
        }
    }

    fn block(&mut self, block: &Block<'_>) {
        let number = block.channel.stream;
        let known = self.streams.iter().position(|stream| stream.about.stream == number);
        let place = match known {
            Some(place) => place,
            None => {
                let Some(info) = self.infos.get(&number) else { return };
                self.streams.push(Stream::new(info, block.first.0));
                self.streams.len() - 1
            }
        };
        let stream = &mut self.streams[place];
        stream.values(block);
    }

    /// Writes what is full. To be called between inputs: only then, all channels have come equally far.
    pub(crate) fn keep_up(&mut self) {
        for (place, stream) in self.streams.iter_mut().enumerate() {
            if self.failure.is_none() {
                self.failure = stream.write_full(place, &mut self.out).err();
            }
        }
    }

    /// Chunks that are in memory.
    #[cfg(test)]
    pub(super) fn open_chunk_count(&self) -> usize {
        self.streams.iter().flat_map(|stream| &stream.levels).map(|level| level.0.len()).sum()
    }

    /// Writes what is open.
    pub(crate) fn finish(mut self) -> io::Result<Built> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        for (place, stream) in self.streams.iter_mut().enumerate() {
            for level in 0..stream.levels.len() {
                stream.write_level(level, u64::MAX, place, &mut self.out)?;
            }
        }
        self.out.entries.sort_by_key(|entry| (entry.stream, entry.level, entry.first));
        let streams = self.streams.into_iter().map(|stream| stream.about).collect();
        Ok(Built { folder: self.folder, streams, out: self.out })
    }
}

impl Built {
    /// Binds it to the journal, which is whole now, and gives it its name. Where there is no journal,
    /// nothing is left.
    pub(crate) fn put_in_place(self) -> io::Result<()> {
        let Self { folder, streams, mut out } = self;
        let path = folder.join(OVERVIEW);
        let identity = match Identity::of(&folder.join(JOURNAL)) {
            Ok(identity) => identity,
            Err(OverviewError::Io(error)) => return Err(error),
            Err(_) => return Err(io::ErrorKind::NotFound.into()),
        };
        out.file.write_all(&format::encode_index(identity, &streams, &out.entries))?;
        out.file.flush()?;
        out.file.get_ref().sync_all()?;
        std::fs::rename(part_of(&path), &path)?;
        out.part.0 = None;
        keep_name(&path);
        Ok(())
    }
}

impl Stream {
    fn new(info: &StreamInfo, first: u64) -> Self {
        let about = OverviewStream {
            stream: info.stream,
            kind: info.kind,
            unit: info.unit,
            rate: info.rate,
            labels: labels(info),
            samples: first..first,
            bucket_len: bucket_len(info.rate),
        };
        Self { about, levels: (0..LEVEL_COUNT).map(|_| Level::default()).collect() }
    }

    fn values(&mut self, block: &Block<'_>) {
        let channel = usize::from(block.channel.channel);
        let channel_count = self.about.labels.len();
        if channel >= channel_count {
            return;
        }
        let factor = block.unit.factor_to(self.about.unit).unwrap_or(1.0);
        let (len, mut first) = (self.about.bucket_len, block.first.0);
        let mut rest = block.values;
        // A channel that is passed over has none.
        let mut levels = block.envelope;
        while !rest.is_empty() {
            let bucket = first / len;
            let until = (len - first % len).min(rest.len() as u64);
            let (here, after) = rest.split_at(until as usize);
            let (levels_here, levels_after) = levels.split_at(here.len().min(levels.len()));
            let (low, high) = extremes(here);
            let (least, most) = extremes(levels_here);
            let found = [low, high, least, most].map(|value| (value * factor) as f32);
            let chunk = self.levels[0].chunk(bucket, channel_count);
            let at = bucket as usize % CHUNK_LEN;
            // The channels of a stream share their samples.
            let count = if channel == 0 { until as u32 } else { 0 };
            chunk.add(at, channel, count, found);
            first = first.saturating_add(until);
            (rest, levels) = (after, levels_after);
        }
        self.about.samples.end = self.about.samples.end.max(first);
    }

    /// Writes the chunks that end at or before the newest sample.
    fn write_full(&mut self, place: usize, out: &mut Out) -> io::Result<()> {
        let before = self.about.samples.end / self.about.bucket_len / CHUNK_LEN as u64;
        self.write_level(0, before, place, out)
    }

    /// Writes the chunks of a level with a number below `before`, and adds them to the next level.
    fn write_level(
        &mut self,
        level: usize,
        before: u64,
        place: usize,
        out: &mut Out,
    ) -> io::Result<()> {
        let channel_count = self.about.labels.len();
        while let Some(first) = self.levels[level].0.first_entry()
            && *first.key() < before
        {
            let (number, chunk) = first.remove_entry();
            out.chunk(&chunk, number, place as u8, level as u8)?;
            let above = level + 1;
            if above == self.levels.len() {
                continue;
            }
            for at in chunk.used() {
                let bucket = (number * CHUNK_LEN as u64 + at as u64) / 4;
                let parent = self.levels[above].chunk(bucket, channel_count);
                let place = bucket as usize % CHUNK_LEN;
                for channel in 0..channel_count {
                    let count = if channel == 0 { chunk.counts[at] } else { 0 };
                    parent.add(place, channel, count, chunk.extremes[channel * CHUNK_LEN + at]);
                }
            }
            if before < u64::MAX {
                self.write_level(above, number / 4, place, out)?;
            }
        }
        Ok(())
    }
}

impl Level {
    fn chunk(&mut self, bucket: u64, channel_count: usize) -> &mut Chunk {
        self.0.entry(bucket / CHUNK_LEN as u64).or_insert_with(|| Chunk {
            counts: vec![0; CHUNK_LEN],
            extremes: vec![NOTHING; CHUNK_LEN * channel_count],
        })
    }
}

impl Chunk {
    fn add(&mut self, at: usize, channel: usize, count: u32, found: Extremes) {
        self.counts[at] = self.counts[at].saturating_add(count);
        let [low, high, least, most] = found;
        let known = &mut self.extremes[channel * CHUNK_LEN + at];
        // Of what is no number, the other is taken.
        *known = [known[0].min(low), known[1].max(high), known[2].min(least), known[3].max(most)];
    }

    /// From the first bucket with a sample to the last.
    fn used(&self) -> std::ops::Range<usize> {
        let is_used = |count: &u32| *count > 0;
        let first = self.counts.iter().position(is_used).unwrap_or(0);
        let last = self.counts.iter().rposition(is_used).map_or(0, |last| last + 1);
        first..last.max(first)
    }
}

impl Out {
    fn chunk(&mut self, chunk: &Chunk, number: u64, stream: u8, level: u8) -> io::Result<()> {
        let used = chunk.used();
        if used.is_empty() {
            return Ok(());
        }
        let channels: Vec<&[Extremes]> =
            chunk.extremes.chunks(CHUNK_LEN).map(|channel| &channel[used.clone()]).collect();
        let (bytes, crc) = format::encode_chunk(&chunk.counts[used.clone()], &channels);
        let first = number * CHUNK_LEN as u64 + used.start as u64;
        let (bucket_count, offset) = (used.len() as u16, self.len);
        self.entries.push(Entry { stream, level, bucket_count, first, offset, crc });
        self.len += bytes.len() as u64;
        self.file.write_all(&bytes)
    }
}

/// A power of two, so that buckets of all levels begin together.
fn bucket_len(rate: SampleRate) -> u64 {
    let most = (rate.hz() * BUCKET_S).floor() as u64;
    most.checked_ilog2().map_or(1, |power| 1 << power)
}

/// Of what is a number; in eight lanes, as one waits for the one before it.
fn extremes(values: &[f64]) -> (f64, f64) {
    let (eights, rest) = values.as_chunks::<8>();
    let (mut low, mut high) = ([f64::INFINITY; 8], [f64::NEG_INFINITY; 8]);
    for eight in eights {
        for ((low, high), value) in low.iter_mut().zip(&mut high).zip(eight) {
            if value.is_finite() {
                (*low, *high) = (low.min(*value), high.max(*value));
            }
        }
    }
    let both = rest.iter().filter(|value| value.is_finite());
    let low = low.into_iter().chain(both.clone().copied()).fold(f64::INFINITY, f64::min);
    let high = high.into_iter().chain(both.copied()).fold(f64::NEG_INFINITY, f64::max);
    (low, high)
}
