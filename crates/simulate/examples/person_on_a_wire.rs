//! A person, a device, a bad cable and a host that reads: one minute in a few milliseconds.
#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use levator_protocol::{Decoder, Direction, Encoder, Flags, MAX_WIRE, Message, Start};
use levator_signal::HostTime;
use levator_simulate::{
    BadCable, CableFaults, DeviceConfig, Scenario, VirtualDevice, VirtualPerson,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let person = VirtualPerson::new(Scenario::Healthy, 7);
    let mut device = VirtualDevice::new(DeviceConfig::emg_probe(), person)?;
    let mut cable = BadCable::new(CableFaults::ROUGH, 7);

    let mut frame = [0; MAX_WIRE];
    let start = Message::Start(Start { streams: 1, batch_ms: 20, keep_alive_ms: 0 });
    let len = Encoder::new(Direction::HostToDevice).encode(&start, Flags::default(), &mut frame)?;
    device.receive(&frame[..len]);

    let mut decoder = Decoder::new(Direction::DeviceToHost);
    let (mut received, mut refused) = (0_u64, 0_u64);
    for step in 1..=6000 {
        let now = HostTime::from_secs_f64(f64::from(step) * 0.01);
        let (mut sent, mut arrived) = (Vec::new(), Vec::new());
        device.advance(now, &mut sent);
        cable.carry(now, &sent, &mut arrived);
        let mut input = &arrived[..];
        while let Some(result) = decoder.next(&mut input) {
            match result.map(|frame| frame.message()) {
                Ok(Message::Samples(samples)) => received += u64::from(samples.scan_count),
                Ok(_) => {}
                Err(_) => refused += 1,
            }
        }
    }

    println!("{:?}", device.scan_counts(0));
    println!("{:#?}", cable.counts());
    println!("{received} scans arrived, {refused} pieces were refused");
    for contraction in device.truth(0).ok_or("a person has a truth")?.contractions {
        let (onset_s, offset_s) = (contraction.onset_s, contraction.offset_s);
        println!("contraction from {onset_s:6.3} s to {offset_s:6.3} s");
    }
    Ok(())
}
