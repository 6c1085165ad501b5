//! From a packet on a pseudo-terminal to what follows from it, at 1000 packets a second: a bare reader and
//! a whole live session, in turn; and what decoding and analysing a packet takes of the time of its thread,
//! which other work on the machine does not reach.
//!
//! Not timed by divan: what counts is the tail, and a packet comes when it comes. `cargo bench --bench
//! latency` runs 3 rounds of 3000 packets of each; without `--bench` it runs a few, to see that it works.

#[cfg(unix)]
fn main() {
    unix::main();
}

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::{Read, Write};
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc::{Sender, channel};
    use std::time::Duration;

    use levator_device::{Clock, PortSettings, SerialConnector};
    use levator_engine::{Digest, Engine, EngineConfig, Input, Output, Sink};
    use levator_live::{LiveConfig, Session};
    use levator_protocol::{
        Capabilities, Direction, Encoder, Flags, Hello, MAX_WIRE, Message, SampleFormat,
        SampleStatus, Samples, StreamDesc, StreamFlags, StreamKind, WireUnit,
    };
    use levator_signal::HostTime;
    use levator_simulate::PseudoTerminal;

    /// When each packet was written, in nanoseconds of a clock that all threads share.
    struct Sent(Vec<AtomicU64>);

    impl Sent {
        fn new(count: usize) -> Self {
            Self((0..count).map(|_| AtomicU64::new(0)).collect())
        }

        fn late_us(&self, packet: usize, now_ns: u64) -> f64 {
            now_ns.saturating_sub(self.0[packet].load(Ordering::Acquire)) as f64 * 1e-3
        }
    }

    /// One sample of EMG a packet, as a probe of 1 kHz without batches sends it: 26 bytes.
    struct Probe(Encoder);

    impl Probe {
        fn say(&mut self, message: &Message<'_>) -> Vec<u8> {
            let mut wire = [0; MAX_WIRE];
            let len = self.0.encode(message, Flags::default(), &mut wire).expect("it fits");
            wire[..len].to_vec()
        }

        fn greeting(&mut self) -> Vec<u8> {
            let hello = self.say(&Message::Hello(Hello {
                minor: 0,
                max_payload: 240,
                model: 1,
                boot_id: 7,
                uid: [1; 8],
                firmware: [0, 1, 0],
                stream_count: 1,
                capabilities: Capabilities::NONE,
                name: "probe".into(),
            }));
            let described = self.say(&Message::StreamDesc(StreamDesc {
                stream: 0,
                epoch: 1,
                kind: StreamKind::EmgRaw,
                format: SampleFormat::I16,
                channels: 1,
                unit: WireUnit::Microvolt,
                flags: StreamFlags::NONE,
                rate_mhz: 1_000_000,
                max_scans: 1,
                filter_delay_us: 0,
                adc_min: 0,
                adc_max: 0,
                label: "EMG".into(),
            }));
            [vec![0], hello, described].concat()
        }

        fn packet(&mut self, index: u32) -> Vec<u8> {
            let code = (index.wrapping_mul(2_654_435_761) >> 20) as i16;
            self.say(&Message::Samples(Samples {
                stream: 0,
                epoch: 1,
                status: SampleStatus::NONE,
                index,
                time_us: index.wrapping_mul(1000),
                scan_count: 1,
                fault_channels: 0,
                data: &code.to_le_bytes(),
            }))
        }
    }

    /// Writes a packet every millisecond.
    fn send(terminal: &PseudoTerminal, packets: &[Vec<u8>], sent: &Sent, clock: Clock) {
        let mut due = clock.now();
        for (packet, at) in packets.iter().zip(&sent.0) {
            due = due.saturating_add(Duration::from_millis(1));
            std::thread::sleep(due.saturating_since(clock.now()));
            at.store(clock.now().as_nanos(), Ordering::Release);
            terminal.write(packet).expect("there is room");
        }
    }

    fn bare(packets: &[Vec<u8>], clock: Clock) -> Vec<f64> {
        let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
        let mut port = File::open(terminal.port_name()).expect("it is there");
        let sent = Sent::new(packets.len());
        let mut late = Vec::with_capacity(packets.len());
        std::thread::scope(|scope| {
            scope.spawn(|| send(&terminal, packets, &sent, clock));
            let (mut buffer, mut read, mut end) = ([0; 4096], 0, 0);
            for (number, packet) in packets.iter().enumerate() {
                end += packet.len();
                while read < end {
                    read += port.read(&mut buffer).expect("the port is open");
                }
                late.push(sent.late_us(number, clock.now().as_nanos()));
            }
        });
        late
    }

    /// Tells when a sample has been through the engine.
    struct Seen(Sender<(u64, u64)>, Clock);

    impl Sink for Seen {
        fn emit(&mut self, output: Output<'_>) {
            if let Output::Block(block) = output {
                let now = self.1.now().as_nanos();
                for place in 0..block.values.len() as u64 {
                    // Who listened may have gone.
                    let _ = self.0.send((block.first.0 + place, now));
                }
            }
        }
    }

    fn session(greeting: &[u8], packets: &[Vec<u8>], clock: Clock) -> (Vec<f64>, [f64; 3]) {
        let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
        let connector = SerialConnector::new(PortSettings::new(terminal.port_name()));
        let (sender, seen) = channel();
        let config = LiveConfig::new(EngineConfig::device());
        let session = Session::start(connector, config, Seen(sender, clock)).expect("it is there");
        terminal.write(greeting).expect("there is room");
        let sent = Sent::new(packets.len());
        send(&terminal, packets, &sent, clock);
        let mut late = Vec::with_capacity(packets.len());
        while late.len() < packets.len() {
            let (index, now) = seen.recv_timeout(Duration::from_secs(5)).expect("nothing is lost");
            late.push(sent.late_us(index as usize, now));
        }
        let figures = session.latest().latency;
        let us = |time: Duration| time.as_secs_f64() * 1e6;
        (late, [us(figures.p50), us(figures.p99), us(figures.max)])
    }

    fn thread_ns() -> f64 {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
    }

    /// What a packet takes where one follows the other at once, so that caches are warm: the least of five
    /// rounds.
    fn warm_us(greeting: &[u8], packets: &[Vec<u8>]) -> f64 {
        let round = || {
            let mut engine = Engine::new(&EngineConfig::device()).expect("defaults are legal");
            let mut digest = Digest::new();
            let at = |ms: u64| HostTime::from_nanos(ms * 1_000_000);
            engine.handle(Input::Bytes { at: at(0), bytes: greeting }, &mut digest);
            let before = thread_ns();
            for (ms, packet) in (1..).zip(packets) {
                engine.handle(Input::Bytes { at: at(ms), bytes: packet }, &mut digest);
            }
            (thread_ns() - before) * 1e-3 / packets.len() as f64
        };
        (0..5).map(|_| round()).fold(f64::INFINITY, f64::min)
    }

    /// What each packet takes of the time of the thread that feeds it to an engine, one a millisecond, so
    /// that caches are as cold as in a session. The time of two looks at the clock is taken off.
    fn own_cpu(greeting: &[u8], packets: &[Vec<u8>], clock: Clock) -> Vec<f64> {
        let look_ns = (0..1000).map(|_| -thread_ns() + thread_ns()).fold(f64::INFINITY, f64::min);
        let mut engine = Engine::new(&EngineConfig::device()).expect("defaults are legal");
        let mut digest = Digest::new();
        engine.handle(Input::Bytes { at: clock.now(), bytes: greeting }, &mut digest);
        let (mut due, mut own_us) = (clock.now(), Vec::with_capacity(packets.len()));
        for packet in packets {
            due = due.saturating_add(Duration::from_millis(1));
            std::thread::sleep(due.saturating_since(clock.now()));
            let at = clock.now();
            let before = thread_ns();
            engine.handle(Input::Bytes { at, bytes: packet }, &mut digest);
            own_us.push((thread_ns() - before - look_ns).max(0.0) * 1e-3);
        }
        own_us
    }

    fn percentile(late: &mut [f64], part: f64) -> f64 {
        late.sort_by(f64::total_cmp);
        late[((late.len() - 1) as f64 * part).round() as usize]
    }

    fn say(line: std::fmt::Arguments<'_>) {
        let _ = writeln!(std::io::stdout(), "{line}");
    }

    pub(super) fn main() {
        let is_measured = std::env::args().any(|argument| argument == "--bench");
        let (rounds, count) = if is_measured { (3, 3000) } else { (1, 50) };
        let mut probe = Probe(Encoder::new(Direction::DeviceToHost));
        let greeting = probe.greeting();
        let packets: Vec<_> = (0..count).map(|index| probe.packet(index)).collect();
        let clock = Clock::start();
        say(format_args!("us from write to        p50     p99   p99.9"));
        for _ in 0..rounds {
            let mut late = bare(&packets, clock);
            let [a, b, c] = [0.5, 0.99, 0.999].map(|part| percentile(&mut late, part));
            say(format_args!("  a bare read       {a:7.1} {b:7.1} {c:7.1}"));
            let (mut late, own) = session(&greeting, &packets, clock);
            let [a, b, c] = [0.5, 0.99, 0.999].map(|part| percentile(&mut late, part));
            say(format_args!("  the engine's word {a:7.1} {b:7.1} {c:7.1}"));
            let [a, b, c] = own;
            say(format_args!("    of it our share: p50 {a:.2}, p99 {b:.2}, most {c:.1}"));
            let mut own = own_cpu(&greeting, &packets, clock);
            let [a, b, c] = [0.5, 0.99, 0.999].map(|part| percentile(&mut own, part));
            say(format_args!("  CPU of the thread {a:7.2} {b:7.2} {c:7.2}"));
            let warm = warm_us(&greeting, &packets);
            say(format_args!("    one after the other, caches warm: {warm:.2}"));
        }
    }
}
