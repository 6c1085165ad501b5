//! Every device is recognised over a pseudo-terminal, and none is disturbed.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]
#![cfg(unix)]

use std::sync::atomic::{AtomicBool, Ordering};

use levator_catalog::devices;
use levator_decode::foreign::{Certainty, Description};
use levator_device::{PortSettings, SerialPort};
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
        let found = identify(&mut port, known(), may_ask).expect("it stays");
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
