//! Writing XDF, to whatever can be written to.
//!
//! Values are written as doubles, every digit kept. A stamp stands at the beginning of each block; the
//! samples behind it follow at the nominal rate. No clock offset is written, as none was measured. A
//! boundary chunk stands about every [`BOUNDARY_BYTES`] bytes, so that a damaged file can be read on.

use std::io::{self, Write};

use super::chunk::{BOUNDARY, MAGIC, Tag};
use super::samples::Format;
use super::xml::escape;

/// Bytes from one boundary chunk to the next.
pub const BOUNDARY_BYTES: u64 = 1 << 20;

/// Samples of a chunk.
const CHUNK_SAMPLES: usize = 2048;

/// A stream to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamSpec {
    /// Its name.
    pub name: String,
    /// What it holds, such as `EMG` or `Markers`.
    pub content: String,
    /// Samples a second; zero for marks.
    pub nominal_hz: f64,
    /// Label and unit of each channel.
    pub channels: Vec<(String, String)>,
    /// How values are written: [`Format::Text`] for marks, [`Format::Double64`] for signals.
    pub format: Format,
}

impl StreamSpec {
    /// Numbers at a rate.
    #[must_use]
    pub fn signal(name: &str, content: &str, nominal_hz: f64, channels: &[(&str, &str)]) -> Self {
        let own = |(label, unit): &(&str, &str)| ((*label).to_owned(), (*unit).to_owned());
        Self {
            name: name.to_owned(),
            content: content.to_owned(),
            nominal_hz,
            channels: channels.iter().map(own).collect(),
            format: Format::Double64,
        }
    }

    /// Texts, each at its time.
    #[must_use]
    pub fn marks(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            content: "Markers".to_owned(),
            nominal_hz: 0.0,
            channels: vec![(String::new(), String::new())],
            format: Format::Text,
        }
    }

    fn xml(&self, id: u32) -> String {
        let channels: String = self
            .channels
            .iter()
            .map(|(label, unit)| {
                let (label, unit) = (escape(label), escape(unit));
                let content = escape(&self.content);
                format!(
                    "<channel><label>{label}</label><unit>{unit}</unit><type>{content}</type></channel>"
                )
            })
            .collect();
        format!(
            "<?xml version=\"1.0\"?><info><name>{}</name><type>{}</type>\
             <channel_count>{}</channel_count><nominal_srate>{}</nominal_srate>\
             <channel_format>{}</channel_format><source_id>levator-{id}</source_id>\
             <desc><channels>{channels}</channels></desc></info>",
            escape(&self.name),
            escape(&self.content),
            self.channels.len(),
            self.nominal_hz,
            self.format.name(),
        )
    }
}

/// Number of a stream in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamId(u32);

#[derive(Debug)]
struct Track {
    channel_count: usize,
    step_s: f64,
    stamps_s: Option<(f64, f64)>,
    sample_count: u64,
}

/// Writes one file.
#[derive(Debug)]
pub struct XdfWriter<W> {
    sink: W,
    tracks: Vec<Track>,
    content: Vec<u8>,
    since_boundary: u64,
}

impl<W: Write> XdfWriter<W> {
    /// Writes the beginning of the file.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn create(mut sink: W) -> io::Result<Self> {
        sink.write_all(&MAGIC)?;
        let mut writer = Self { sink, tracks: Vec::new(), content: Vec::new(), since_boundary: 0 };
        writer
            .content
            .extend_from_slice(b"<?xml version=\"1.0\"?><info><version>1.0</version></info>");
        writer.chunk(Tag::FileHeader, None)?;
        Ok(writer)
    }

    /// Describes a stream.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn stream(&mut self, spec: &StreamSpec) -> io::Result<StreamId> {
        let id = self.tracks.len() as u32 + 1;
        self.content.extend_from_slice(spec.xml(id).as_bytes());
        self.chunk(Tag::StreamHeader, Some(id))?;
        self.tracks.push(Track {
            channel_count: spec.channels.len().max(1),
            step_s: if spec.nominal_hz > 0.0 { 1.0 / spec.nominal_hz } else { 0.0 },
            stamps_s: None,
            sample_count: 0,
        });
        Ok(StreamId(id))
    }

    /// Appends samples of a stream of numbers: all channels of the first sample, then of the next. The
    /// first one has the stamp `at_s`, or follows the last one that was written.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn samples(
        &mut self,
        stream: StreamId,
        at_s: Option<f64>,
        values: &[f64],
    ) -> io::Result<()> {
        let Some(track) = self.tracks.get(stream.0 as usize - 1) else { return Ok(()) };
        let (count, step_s) = (track.channel_count, track.step_s);
        let follows = track.stamps_s.map_or(0.0, |(_, last)| last + step_s);
        let mut at_s = at_s.unwrap_or(follows);
        for part in values.chunks(CHUNK_SAMPLES * count) {
            let samples = part.len() / count;
            self.length(samples as u64);
            for (at, values) in part.chunks_exact(count).enumerate() {
                match at {
                    0 => {
                        self.content.push(8);
                        self.content.extend_from_slice(&at_s.to_le_bytes());
                    }
                    _ => self.content.push(0),
                }
                for value in values {
                    self.content.extend_from_slice(&value.to_le_bytes());
                }
            }
            let last_s = at_s + samples.saturating_sub(1) as f64 * step_s;
            self.count(stream, at_s, last_s, samples as u64);
            at_s = last_s + step_s;
            self.chunk(Tag::Samples, Some(stream.0))?;
        }
        Ok(())
    }

    /// Appends a mark.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn mark(&mut self, stream: StreamId, at_s: f64, text: &str) -> io::Result<()> {
        self.length(1);
        self.content.push(8);
        self.content.extend_from_slice(&at_s.to_le_bytes());
        self.length(text.len() as u64);
        self.content.extend_from_slice(text.as_bytes());
        self.count(stream, at_s, at_s, 1);
        self.chunk(Tag::Samples, Some(stream.0))
    }

    /// Ends all streams, and gives the sink back.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        for at in 0..self.tracks.len() {
            let track = &self.tracks[at];
            let stamps = track.stamps_s.map_or(String::new(), |(first, last)| {
                format!(
                    "<first_timestamp>{first}</first_timestamp><last_timestamp>{last}</last_timestamp>"
                )
            });
            let text = format!(
                "<?xml version=\"1.0\"?><info>{stamps}<sample_count>{}</sample_count></info>",
                track.sample_count
            );
            self.content.extend_from_slice(text.as_bytes());
            self.chunk(Tag::StreamFooter, Some(at as u32 + 1))?;
        }
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn count(&mut self, stream: StreamId, first_s: f64, last_s: f64, count: u64) {
        if let Some(track) = self.tracks.get_mut(stream.0 as usize - 1) {
            let first = track.stamps_s.map_or(first_s, |(first, _)| first);
            track.stamps_s = Some((first, last_s));
            track.sample_count += count;
        }
    }

    /// Appends a number of variable length to the content.
    fn length(&mut self, number: u64) {
        write_length(&mut self.content, number);
    }

    /// Writes the content as a chunk, and a boundary after it when it is time.
    fn chunk(&mut self, tag: Tag, stream: Option<u32>) -> io::Result<()> {
        let mut head = Vec::with_capacity(16);
        let stream_len = if stream.is_some() { 4 } else { 0 };
        write_length(&mut head, (2 + stream_len + self.content.len()) as u64);
        head.extend_from_slice(&tag.code().to_le_bytes());
        if let Some(stream) = stream {
            head.extend_from_slice(&stream.to_le_bytes());
        }
        self.sink.write_all(&head)?;
        self.sink.write_all(&self.content)?;
        self.since_boundary += (head.len() + self.content.len()) as u64;
        self.content.clear();
        if self.since_boundary >= BOUNDARY_BYTES {
            return self.boundary();
        }
        Ok(())
    }

    /// Writes a boundary chunk: from there on, a damaged file can be read on.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn boundary(&mut self) -> io::Result<()> {
        self.since_boundary = 0;
        self.content.extend_from_slice(&BOUNDARY);
        self.chunk(Tag::Boundary, None)
    }
}

fn write_length(out: &mut Vec<u8>, number: u64) {
    match (u8::try_from(number), u32::try_from(number)) {
        (Ok(number), _) => out.extend_from_slice(&[1, number]),
        (_, Ok(number)) => {
            out.push(4);
            out.extend_from_slice(&number.to_le_bytes());
        }
        _ => {
            out.push(8);
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
}
