//! Bytes of a device.

use levator_protocol::{self as wire, Direction};
use levator_signal::HostTime;
use levator_simulate::{
    BadCable, CableFaults, DeviceConfig, Scenario, VirtualDevice, VirtualPerson,
};

/// What a probe for EMG and pressure sends in a minute: about 330 kB, 20 ms to a frame.
pub(crate) fn minute(faults: CableFaults) -> Vec<u8> {
    let person = VirtualPerson::new(Scenario::Healthy, 1);
    let mut device =
        VirtualDevice::new(DeviceConfig::combined_probe(), person).expect("a legal device");
    let mut host = wire::Encoder::new(Direction::HostToDevice);
    let mut frame = [0; wire::MAX_WIRE];
    let mut cable = BadCable::new(faults, 1);
    let mut bytes = Vec::new();
    for message in [
        wire::Message::GetDesc { stream: u8::MAX },
        wire::Message::Start(wire::Start { streams: 3, batch_ms: 20, keep_alive_ms: 0 }),
    ] {
        let len = host.encode(&message, wire::Flags::default(), &mut frame).expect("it fits");
        device.receive(&frame[..len]);
    }
    for step in 0..3000 {
        let at = HostTime::from_nanos(step * 20_000_000);
        let mut sent = Vec::new();
        device.advance(at, &mut sent);
        cable.carry(at, &sent, &mut bytes);
    }
    bytes
}
