//! Every device is recognised over a pseudo-terminal, and none is disturbed.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]
#![cfg(unix)]

use std::sync::atomic::{AtomicBool, Ordering};

use levator_catalog::devices;
use levator_decode::foreign::{Certainty, Description};
use levator_device::{LinkError, Port, PortSettings, SerialPort};
use levator_live::identify::{Found, identify};
use levator_simulate::{
    Burst, DeviceConfig, ForeignDevice, Line, LineSettings, PseudoTerminal, Scenario, Speaker,
    VirtualDevice, VirtualPerson, serve,
};

fn known() -> Vec<(String, Description)> {
    let known = devices::BUILT_IN.iter().filter_map(|(id, _)| devices::built_in(id));
    known.map(|device| (device.id, device.description)).collect()
}

fn find<D: Speaker + Send>(device: &mut D, may_ask: bool) -> Found {
    let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
    let settings = LineSettings { speed: 1.0, burst: Burst::UsbCdc };
    let mut line = Line::new(settings, None).expect("real time");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let server = scope.spawn(|| serve(device, &terminal, &mut line, &over));
        let mut port = SerialPort::open(&PortSettings::new(terminal.port_name())).expect("a port");
        let found = identify(&mut port, 115_200, known(), may_ask).expect("it stays");
        over.store(true, Ordering::Relaxed);
        server.join().expect("no panic").expect("no failure");
        found
    })
}

fn foreign(id: &str, layout: usize) -> ForeignDevice {
    let device = devices::built_in(id).expect("it is built in");
    let person = VirtualPerson::new(Scenario::Healthy, 5);
    ForeignDevice::with_layout(&device.description, &person, device.baud, layout)
}

#[test]
fn devices_that_speak_are_recognised_and_told_nothing() {
    std::thread::scope(|scope| {
        for (id, layout, least) in [
            ("nogasm", 0, Certainty::Likely),
            ("nogasm", 1, Certainty::Likely),
            ("edge-o-matic", 0, Certainty::Likely),
            ("edge-o-matic", 3, Certainty::Likely),
            ("edge-o-matic", 4, Certainty::Likely),
            ("bioamp-envelope", 0, Certainty::Likely),
            ("text", 0, Certainty::Possible),
            ("spikershield", 0, Certainty::Likely),
        ] {
            scope.spawn(move || {
                let mut device = foreign(id, layout);
                let found = find(&mut device, true);
                let best = found.guesses.first().unwrap_or_else(|| panic!("{id}: {found:?}"));
                assert_eq!(best.id, id, "{found:?}");
                assert!(best.certainty >= least, "{found:?}");
                assert!(found.asked.is_empty(), "{found:?}");
                assert_eq!(device.disturbances(), [""; 0], "{id}");
            });
        }
        // A board that is streaming already, as after a program that crashed.
        for (id, start) in [("chords-uno", &b"START\n"[..]), ("cyton", b"b"), ("bitalino", &[0x05])]
        {
            scope.spawn(move || {
                let mut device = foreign(id, 0);
                device.receive(start);
                let found = find(&mut device, true);
                let best = found.guesses.first().unwrap_or_else(|| panic!("{id}: {found:?}"));
                assert_eq!(
                    (best.id.as_str(), best.certainty),
                    (id, Certainty::Certain),
                    "{found:?}"
                );
                assert!(found.asked.is_empty() && device.is_streaming(), "{found:?}");
            });
        }
    });
}

#[test]
fn devices_that_wait_are_asked_once_and_nothing_moves() {
    std::thread::scope(|scope| {
        for (id, most) in [
            ("bitalino", &[][..]),
            ("chords-uno", &[]),
            ("chords-uno-r4", &[]),
            ("cyton", &[]),
            // What stops a BITalino resets a board with Firmata, which sets nothing.
            ("firmata", &["reset"]),
            ("flexvolt", &[]),
        ] {
            scope.spawn(move || {
                let mut device = foreign(id, 0);
                let found = find(&mut device, true);
                let best = found.guesses.first().unwrap_or_else(|| panic!("{id}: {found:?}"));
                assert_eq!(
                    (best.id.as_str(), best.certainty),
                    (id, Certainty::Certain),
                    "{found:?}"
                );
                assert_eq!(device.disturbances(), most, "{id}");
                assert!(!device.is_streaming(), "{id}");
            });
        }
        // A port that nobody has picked is only listened to.
        scope.spawn(|| {
            let mut device = foreign("firmata", 0);
            let found = find(&mut device, false);
            assert_eq!((found.guesses.len(), found.asked.len(), found.byte_count), (0, 0, 0));
            assert_eq!(device.disturbances(), [""; 0]);
        });
    });
}

#[test]
fn our_own_probe_is_known_by_its_status_or_its_answer() {
    let person = VirtualPerson::new(Scenario::Rest, 1);
    let mut device = VirtualDevice::new(DeviceConfig::emg_probe(), person).expect("possible");
    let found = find(&mut device, true);
    assert_eq!(found.guesses[0].id, "native", "{found:?}");
    assert_eq!(found.guesses[0].certainty, Certainty::Certain);
}

/// A silent port of which the driver knows a few speeds only, behind a stream that fits nothing.
struct Picky {
    baud: u32,
    tried: Vec<u32>,
    /// Bytes that stand before the answer of a FlexVolt.
    chatter: usize,
    asked: bool,
}

impl Port for Picky {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, LinkError> {
        std::thread::sleep(std::time::Duration::from_millis(5));
        if !std::mem::take(&mut self.asked) {
            return Ok(0);
        }
        let mut answer = vec![b'.'; self.chatter];
        answer.extend(b"Xx");
        let len = answer.len().min(buffer.len());
        buffer[..len].copy_from_slice(&answer[answer.len() - len..]);
        self.chatter = 0;
        Ok(len)
    }

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        self.asked = bytes == b"X" && self.baud == 230_400;
        Ok(())
    }

    fn name(&self) -> &str {
        "picky"
    }

    fn set_baud(&mut self, baud: u32) -> Result<(), LinkError> {
        self.tried.push(baud);
        if ![115_200, 230_400, 57_600].contains(&baud) {
            let (name, reason) = ("picky".to_owned(), "Invalid argument".to_owned());
            return Err(LinkError::NoSuchSpeed { name, baud, reason });
        }
        self.baud = baud;
        Ok(())
    }
}

#[test]
fn a_speed_that_the_port_does_not_know_is_passed_over() {
    let mut port = Picky { baud: 9600, tried: Vec::new(), chatter: 10, asked: false };
    let found = identify(&mut port, 9600, known(), true).expect("it stays");
    assert_eq!((found.guesses[0].id.as_str(), found.baud), ("flexvolt", 230_400), "{found:?}");
    assert!(port.tried.contains(&222_222) && port.tried.contains(&921_600), "{:?}", port.tried);
}

#[test]
fn the_speed_that_is_told_is_that_of_the_port() {
    let mut device = foreign("nogasm", 0);
    let terminal = PseudoTerminal::open().expect("this system has pseudo-terminals");
    let settings = LineSettings { speed: 1.0, burst: Burst::UsbCdc };
    let mut line = Line::new(settings, None).expect("real time");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let server = scope.spawn(|| serve(&mut device, &terminal, &mut line, &over));
        let settings = PortSettings { baud: 57_600, ..PortSettings::new(terminal.port_name()) };
        let mut port = SerialPort::open(&settings).expect("a port");
        let found = identify(&mut port, settings.baud, known(), false).expect("it stays");
        over.store(true, Ordering::Relaxed);
        server.join().expect("no panic").expect("no failure");
        assert_eq!((found.guesses[0].id.as_str(), found.baud), ("nogasm", 57_600), "{found:?}");
    });
}
