//! What a probe needs of the protocol, linked for a processor without an operating system: a frame of
//! samples out and, with the feature `decoder`, the host's commands in. `tests/embedded.sh` builds it;
//! nothing here is meant to run.
//!
//! Without `decoder` a panic calls a function that does not exist, so this links only if the compiler has
//! proved that encoding samples cannot panic. Of the decoder it cannot prove that: tests and the fuzzer
//! have to.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

#[cfg(feature = "decoder")]
use levator_protocol::Decoder;
use levator_protocol::{
    Direction, Encoder, Flags, MAX_WIRE, Message, SampleFormat, SampleStatus, Samples,
};

#[cfg(not(feature = "decoder"))]
unsafe extern "C" {
    safe fn nothing_here_may_panic() -> !;
}

#[cfg(feature = "decoder")]
fn nothing_here_may_panic() -> ! {
    loop {}
}

#[panic_handler]
fn on_panic(_: &PanicInfo<'_>) -> ! {
    nothing_here_may_panic()
}

/// Three codes of 24 bits become a frame; gives its length.
#[inline(never)]
fn send(encoder: &mut Encoder, codes: &[i32; 3], wire: &mut [u8; MAX_WIRE]) -> usize {
    let mut data = [0; 9];
    if SampleFormat::I24.pack(codes, &mut data).is_err() {
        return 0;
    }
    let samples = Samples {
        stream: 0,
        epoch: 1,
        status: SampleStatus::NONE,
        index: 5,
        time_us: 20_000,
        scan_count: 3,
        fault_channels: 0,
        data: &data,
    };
    encoder.encode(&Message::Samples(samples), Flags::default(), wire).unwrap_or(0)
}

/// Whether these bytes hold a START.
#[cfg(feature = "decoder")]
#[inline(never)]
fn hear(decoder: &mut Decoder, mut bytes: &[u8]) -> bool {
    let mut is_started = false;
    while let Some(result) = decoder.next(&mut bytes) {
        if let Ok(frame) = result {
            is_started |= matches!(frame.message(), Message::Start(_));
        }
    }
    is_started
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut encoder = Encoder::new(Direction::DeviceToHost);
    #[cfg(feature = "decoder")]
    let mut decoder = Decoder::new(Direction::HostToDevice);
    let mut wire = [0; MAX_WIRE];
    loop {
        let len = send(&mut encoder, black_box(&[0, -1, 8_388_607]), &mut wire);
        black_box((len, &wire));
        #[cfg(feature = "decoder")]
        black_box(hear(&mut decoder, black_box(&[1, 2, 3, 0])));
    }
}
