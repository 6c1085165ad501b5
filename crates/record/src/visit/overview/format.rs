//! The file: pieces of buckets one after the other, and last a list of them.

use std::io::{self, Read, Seek, SeekFrom};

use levator_decode::MAX_CHANNELS;
use levator_signal::{SampleRate, SignalKind, Unit};
use serde_json::{Value, json};

use super::{Bucket, OverviewError, OverviewStream};
use crate::block::take;

/// First bytes of the file.
pub(super) const MAGIC: [u8; 8] = [0x89, b'L', b'V', b'O', b'\r', b'\n', 0x1a, b'\n'];

/// Version of the file. A reader takes no other: the file is made again.
const VERSION: u64 = 2;

/// Most buckets of a chunk.
pub(super) const CHUNK_LEN: usize = 256;

/// Levels, each four times as coarse as the one before: the coarsest bucket holds 46 hours.
pub(super) const LEVEL_COUNT: u8 = 12;

/// Bytes of an entry of the list.
const ENTRY_LEN: usize = 24;

/// Bytes after the list: its two lengths and its checksum.
const TRAILER_LEN: usize = 12;

/// Longest list that is believed: that of a year.
const MAX_INDEX_LEN: u64 = 1 << 30;

/// Of one channel in one bucket: smallest and largest value, then those of its envelope. The smallest is
/// larger than the largest where there is none.
pub(super) type Extremes = [f32; 4];

/// Bytes of these.
const EXTREMES_LEN: usize = size_of::<Extremes>();

/// Which journal it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) recording: u32,
    pub(super) len: u64,
    pub(super) tail: u32,
}

/// Where a chunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its place in the list of streams.
    pub(super) stream: u8,
    pub(super) level: u8,
    pub(super) bucket_count: u16,
    /// Number of its first bucket, counted from sample zero.
    pub(super) first: u64,
    pub(super) offset: u64,
    /// Checksum of the counts; each channel has its own.
    pub(super) crc: u32,
}

/// Counts, and for each channel the extremes and their checksum, as they stand in the file.
pub(super) fn encode_chunk(counts: &[u32], channels: &[&[Extremes]]) -> (Vec<u8>, u32) {
    let bucket_len = 4 + EXTREMES_LEN * channels.len();
    let mut bytes = Vec::with_capacity(counts.len() * bucket_len + 64);
    bytes.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
    let crc = crc32fast::hash(&bytes);
    for channel in channels {
        let start = bytes.len();
        bytes.extend(channel.as_flattened().iter().flat_map(|value| value.to_le_bytes()));
        let crc = crc32fast::hash(&bytes[start..]);
        bytes.extend(crc.to_le_bytes());
    }
    (bytes, crc)
}

/// The buckets of one channel in one chunk.
pub(super) fn read_channel<R: Read + Seek>(
    file: &mut R,
    entry: &Entry,
    channel: usize,
    channel_count: usize,
) -> Result<impl Iterator<Item = Bucket> + use<R>, OverviewError> {
    let count = usize::from(entry.bucket_count);
    let damaged = OverviewError::Damaged { offset: entry.offset };
    if channel >= channel_count || count > CHUNK_LEN {
        return Err(damaged);
    }
    let mut counts = vec![0; count * 4];
    let mut extremes = vec![0; count * EXTREMES_LEN + 4];
    file.seek(SeekFrom::Start(entry.offset))?;
    let read = file.read_exact(&mut counts).and_then(|()| {
        let before = (counts.len() + channel * extremes.len()) as u64;
        file.seek(SeekFrom::Start(entry.offset + before))?;
        file.read_exact(&mut extremes)
    });
    match read {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(damaged),
        other => other?,
    }
    let crc = extremes.split_off(count * EXTREMES_LEN);
    if crc32fast::hash(&counts) != entry.crc || crc32fast::hash(&extremes).to_le_bytes() != crc[..]
    {
        return Err(damaged);
    }
    Ok((0..count).map(move |at| {
        let number = |bytes: &[u8], at: usize| bytes.as_chunks::<4>().0[at];
        let pair = |place: usize| {
            let low = f32::from_le_bytes(number(&extremes, 4 * at + place));
            let high = f32::from_le_bytes(number(&extremes, 4 * at + place + 1));
            (low <= high).then_some((low, high))
        };
        Bucket {
            count: u64::from(u32::from_le_bytes(number(&counts, at))),
            extremes: pair(0),
            envelope: pair(2),
        }
    }))
}

/// The list, and what follows it.
pub(super) fn encode_index(
    identity: Identity,
    streams: &[OverviewStream],
    entries: &[Entry],
) -> Vec<u8> {
    let mut bytes = description(identity, streams).to_string().into_bytes();
    let json_len = bytes.len() as u32;
    for entry in entries {
        bytes.extend([entry.stream, entry.level]);
        bytes.extend(entry.bucket_count.to_le_bytes());
        bytes.extend(entry.crc.to_le_bytes());
        bytes.extend(entry.first.to_le_bytes());
        bytes.extend(entry.offset.to_le_bytes());
    }
    bytes.extend(json_len.to_le_bytes());
    bytes.extend((entries.len() as u32).to_le_bytes());
    let crc = crc32fast::hash(&bytes);
    bytes.extend(crc.to_le_bytes());
    bytes
}

fn description(identity: Identity, streams: &[OverviewStream]) -> Value {
    let streams = streams.iter().map(|stream| {
        json!({
            "stream": stream.stream,
            "kind": stream.kind.name(),
            "unit": stream.unit.symbol(),
            "rate": { "scans": stream.rate.scans(), "seconds": stream.rate.seconds() },
            "labels": stream.labels,
            "samples": [stream.samples.start, stream.samples.end],
            "bucket_len": stream.bucket_len,
        })
    });
    let Identity { recording, len, tail } = identity;
    json!({
        "version": VERSION,
        "journal": { "recording": recording, "bytes": len, "tail": tail },
        "streams": streams.collect::<Vec<_>>(),
    })
}

/// What [`encode_index`] wrote.
pub(super) fn read_index(
    file: &mut (impl Read + Seek),
) -> Result<(Identity, Vec<OverviewStream>, Vec<Entry>), OverviewError> {
    let damaged = |offset| move || OverviewError::Damaged { offset };
    let len = file.seek(SeekFrom::End(0))?;
    let mut start = [0; MAGIC.len()];
    let mut trailer = [0; TRAILER_LEN];
    if len < (start.len() + trailer.len()) as u64 {
        return Err(damaged(len)());
    }
    file.rewind()?;
    file.read_exact(&mut start)?;
    let end = len - trailer.len() as u64;
    file.seek(SeekFrom::Start(end))?;
    file.read_exact(&mut trailer)?;
    let mut rest = &trailer[..];
    let mut next = || take(&mut rest).map(u32::from_le_bytes).unwrap_or_default();
    let (json_len, entry_count, crc) = (u64::from(next()), u64::from(next()), next());
    let index_len = json_len + entry_count * ENTRY_LEN as u64;
    if start != MAGIC || index_len > end.min(MAX_INDEX_LEN) {
        return Err(damaged(end)());
    }
    file.seek(SeekFrom::Start(end - index_len))?;
    let mut index = vec![0; index_len as usize];
    file.read_exact(&mut index)?;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&index);
    hasher.update(&trailer[..8]);
    if hasher.finalize() != crc {
        return Err(damaged(end)());
    }
    let (json, list) = index.split_at(json_len as usize);
    let json = serde_json::from_slice(json).ok();
    let (identity, streams) = json.as_ref().and_then(described).ok_or_else(damaged(end))?;
    let entries = list.as_chunks::<ENTRY_LEN>().0.iter().map(entry).collect::<Option<Vec<_>>>();
    let entries = entries.ok_or_else(damaged(end))?;
    // Everything the list names lies before it.
    let is_inside = |entry: &Entry| {
        let channels = streams.get(usize::from(entry.stream)).map_or(0, |one| one.labels.len());
        let count = u64::from(entry.bucket_count);
        let len = count * 4 + channels as u64 * (count * EXTREMES_LEN as u64 + 4);
        entry.offset.checked_add(len).is_some_and(|after| after <= end - index_len)
    };
    match entries.iter().find(|entry| !is_inside(entry)) {
        Some(entry) => Err(damaged(entry.offset)()),
        None => Ok((identity, streams, entries)),
    }
}

fn entry(bytes: &[u8; ENTRY_LEN]) -> Option<Entry> {
    let mut rest = &bytes[..];
    let [stream, level] = take(&mut rest)?;
    let bucket_count = u16::from_le_bytes(take(&mut rest)?);
    let crc = u32::from_le_bytes(take(&mut rest)?);
    let first = u64::from_le_bytes(take(&mut rest)?);
    let offset = u64::from_le_bytes(take(&mut rest)?);
    Some(Entry { stream, level, bucket_count, first, offset, crc })
}

fn described(json: &Value) -> Option<(Identity, Vec<OverviewStream>)> {
    if json["version"] != VERSION {
        return None;
    }
    let journal = &json["journal"];
    let short = |value: &Value| u32::try_from(value.as_u64()?).ok();
    let identity = Identity {
        recording: short(&journal["recording"])?,
        len: journal["bytes"].as_u64()?,
        tail: short(&journal["tail"])?,
    };
    let streams = json["streams"].as_array()?.iter().map(stream).collect::<Option<_>>()?;
    Some((identity, streams))
}

fn stream(json: &Value) -> Option<OverviewStream> {
    let number = |value: &Value| value.as_u64();
    let labels = json["labels"].as_array()?.iter();
    let labels: Vec<String> =
        labels.map(|label| label.as_str().map(str::to_owned)).collect::<Option<_>>()?;
    let bucket_len = number(&json["bucket_len"])?;
    let is_possible = labels.len() <= MAX_CHANNELS && (1..=1 << 32).contains(&bucket_len);
    is_possible.then_some(OverviewStream {
        stream: u8::try_from(number(&json["stream"])?).ok()?,
        kind: SignalKind::from_name(json["kind"].as_str()?)?,
        unit: Unit::from_symbol(json["unit"].as_str()?)?,
        rate: SampleRate::new(number(&json["rate"]["scans"])?, number(&json["rate"]["seconds"])?)?,
        labels,
        samples: number(&json["samples"][0])?..number(&json["samples"][1])?,
        bucket_len,
    })
}
