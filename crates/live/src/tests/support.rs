//! A port, a device and a disk that do what a test tells them.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};
use levator_device::{Connector, LinkError, OpenError, Port};
use levator_engine::{Digest, EngineConfig, LinkState, Output, Sink};
use levator_protocol::{
    Capabilities, Direction, Encoder, Flags, Hello, MAX_WIRE, Message, SampleFormat, SampleStatus,
    Samples, StreamDesc, StreamFlags, StreamKind, WireUnit,
};
use levator_record::{Header, Storage};

use crate::{LiveConfig, RecordTo};

/// Beyond this a test has failed; nothing waits for it otherwise.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the port does at its next read.
pub(super) enum Read {
    Bytes(Vec<u8>),
    Gone,
    Panic,
}

/// What the port does with the next message to the device, beside passing it on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    Taken,
    NotTaken,
    Gone,
}

pub(super) struct FakePort {
    reads: Receiver<Read>,
    written: Sender<Vec<u8>>,
    writes: Write,
}

impl Port for FakePort {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, LinkError> {
        match self.reads.recv_timeout(Duration::from_millis(10)) {
            Ok(Read::Bytes(bytes)) => {
                buffer[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
            Ok(Read::Panic) => panic!("a port that breaks down"),
            Ok(Read::Gone) => Err(gone()),
            Err(timeout) if timeout.is_timeout() => Ok(0),
            Err(_) => Err(gone()),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        // The test may have stopped listening.
        drop(self.written.send(bytes.to_vec()));
        match self.writes {
            Write::Taken => Ok(()),
            Write::NotTaken => {
                Err(LinkError::NotTaken { name: "fake".to_owned(), taken: 0, len: bytes.len() })
            }
            Write::Gone => Err(gone()),
        }
    }

    fn name(&self) -> &str {
        "fake"
    }
}

fn gone() -> LinkError {
    LinkError::Gone { name: "fake".to_owned(), reason: "the test said so".to_owned() }
}

/// The other end of a port.
pub(super) struct Cable {
    pub(super) reads: Sender<Read>,
    pub(super) written: Receiver<Vec<u8>>,
}

impl Cable {
    pub(super) fn send(&self, bytes: Vec<u8>) {
        self.reads.send(Read::Bytes(bytes)).expect("the port is open");
    }

    /// Waits for a message to the device.
    pub(super) fn receive(&self) -> Vec<u8> {
        self.written.recv_timeout(PATIENCE).expect("the host says something")
    }
}

/// Gives out the ports it was given, and is empty otherwise.
pub(super) struct FakeConnector {
    ports: Receiver<Result<FakePort, OpenError>>,
}

impl Connector for FakeConnector {
    fn connect(&mut self) -> Result<Box<dyn Port>, OpenError> {
        match self.ports.try_recv() {
            Ok(Ok(port)) => Ok(Box::new(port)),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(OpenError::NotFound { name: "fake".to_owned(), existing: Vec::new() }),
        }
    }
}

/// Where ports are plugged in.
pub(super) struct Socket {
    ports: Sender<Result<FakePort, OpenError>>,
}

impl Socket {
    pub(super) fn new() -> (Self, FakeConnector) {
        let (ports, taken) = unbounded();
        (Self { ports }, FakeConnector { ports: taken })
    }

    pub(super) fn plug(&self) -> Cable {
        self.plug_with(Write::Taken)
    }

    pub(super) fn plug_with(&self, writes: Write) -> Cable {
        let (reads, read) = unbounded();
        let (write, written) = unbounded();
        self.ports.send(Ok(FakePort { reads: read, written: write, writes })).expect("in use");
        Cable { reads, written }
    }

    pub(super) fn refuse(&self, error: OpenError) {
        self.ports.send(Err(error)).expect("in use");
    }
}

/// A probe that measures pressure at 1 kHz. Says what it is told to say.
pub(super) struct Probe {
    encoder: Encoder,
    index: u32,
}

impl Probe {
    pub(super) fn new() -> Self {
        Self { encoder: Encoder::new(Direction::DeviceToHost), index: 0 }
    }

    fn frame(&mut self, message: &Message<'_>) -> Vec<u8> {
        let mut wire = [0; MAX_WIRE];
        let len = self.encoder.encode(message, Flags::default(), &mut wire).expect("it is valid");
        wire[..len].to_vec()
    }

    /// Name and description.
    pub(super) fn greeting(&mut self) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend(self.frame(&Message::Hello(Hello {
            minor: 0,
            max_payload: 240,
            model: 1,
            boot_id: 7,
            uid: [1, 2, 3, 4, 5, 6, 7, 8],
            firmware: [0, 1, 0],
            stream_count: 1,
            capabilities: Capabilities::from_bits(0),
            name: "probe".into(),
        })));
        bytes.extend(self.frame(&Message::StreamDesc(StreamDesc {
            stream: 0,
            epoch: 1,
            kind: StreamKind::Pressure,
            format: SampleFormat::I16,
            channels: 1,
            unit: WireUnit::Pascal,
            flags: StreamFlags::from_bits(0),
            rate_mhz: 1_000_000,
            max_scans: 20,
            filter_delay_us: 0,
            adc_min: -32_768,
            adc_max: 32_767,
            label: "pressure".into(),
        })));
        bytes
    }

    /// The next 20 samples: a slow wave.
    pub(super) fn samples(&mut self) -> Vec<u8> {
        let mut data = [0; 40];
        let mut code = i32::try_from(self.index % 500).expect("below 500");
        let codes = [(); 20].map(|()| {
            code += 1;
            code
        });
        SampleFormat::I16.pack(&codes, &mut data).expect("they fit");
        let message = Message::Samples(Samples {
            stream: 0,
            epoch: 1,
            status: SampleStatus::NONE,
            index: self.index,
            time_us: self.index * 1000,
            scan_count: 20,
            fault_channels: 0,
            data: &data,
        });
        self.index += 20;
        self.frame(&message)
    }
}

/// What a test waits for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Seen {
    Link(LinkState),
    /// One past the newest sample.
    Samples(u64),
    Mark(String),
}

/// A sink that keeps the fingerprint of all outputs and tells a test what it waits for.
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) digest: Digest,
    seen: Sender<Seen>,
}

/// What the sink saw.
pub(super) struct Seeing(Receiver<Seen>);

impl Seeing {
    pub(super) fn until(&self, wanted: &Seen) {
        while self.0.recv_timeout(PATIENCE).expect("it comes in time") != *wanted {}
    }
}

impl Watcher {
    pub(super) fn new() -> (Self, Seeing) {
        let (seen, seeing) = unbounded();
        (Self { digest: Digest::new(), seen }, Seeing(seeing))
    }
}

impl Sink for Watcher {
    fn emit(&mut self, output: Output<'_>) {
        self.digest.emit(output);
        let seen = match output {
            Output::Link(event) => Seen::Link(event.state),
            Output::Block(block) => Seen::Samples(block.first.0 + block.values.len() as u64),
            Output::Mark(mark) => Seen::Mark(mark.text.to_owned()),
            _ => return,
        };
        // The test may have stopped looking.
        drop(self.seen.send(seen));
    }
}

/// A sink that breaks down at a mark.
#[derive(Debug)]
pub(super) struct Fragile;

impl Sink for Fragile {
    fn emit(&mut self, output: Output<'_>) {
        assert!(!matches!(output, Output::Mark(_)), "a fault of ours");
    }
}

/// A folder that is gone when the test is over.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("levator-live-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&path).expect("there is room for a folder");
        Self(path)
    }

    pub(super) fn file(&self) -> PathBuf {
        self.0.join("raw.journal")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

pub(super) fn config() -> LiveConfig {
    // Small pools: tests start many engines.
    LiveConfig::new(EngineConfig { max_channel_count: 2, ..EngineConfig::device() })
}

pub(super) fn recording(path: PathBuf) -> LiveConfig {
    LiveConfig { record: Some(RecordTo { path, header: header(), beside: None }), ..config() }
}

pub(crate) fn header() -> Header {
    Header {
        tool: "test".to_owned(),
        wire: [1, 0],
        opened_unix_ms: 0,
        device: String::new(),
        port: "fake".to_owned(),
        // Replaced by that of the session.
        config: EngineConfig::device(),
    }
}

/// A disk in memory that can be told to refuse, or to break down.
#[derive(Clone, Default)]
pub(crate) struct FakeDisk {
    pub(crate) bytes: Arc<Mutex<Vec<u8>>>,
    pub(super) is_full: Arc<AtomicBool>,
    pub(super) panics: Arc<AtomicBool>,
}

impl io::Write for FakeDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(!self.panics.load(Ordering::SeqCst), "a disk that breaks down");
        if self.is_full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.lock().expect("no panic holds it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Storage for FakeDisk {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.bytes.lock().expect("no panic holds it").truncate(len as usize);
        Ok(())
    }
}
