//! The other end of the wire, for tests.

use levator_protocol::{
    Decoder, Direction, Encoder, Flags, Frame, Identify, MAX_WIRE, Message, Start,
};

/// Bytes of the messages, as a host sends them that wants every one acknowledged.
pub(crate) fn say(messages: &[Message<'_>]) -> Vec<u8> {
    encode(messages, Flags { ack_wanted: true, retransmission: false })
}

/// As [`say`], for the second time.
pub(crate) fn say_again(messages: &[Message<'_>]) -> Vec<u8> {
    encode(messages, Flags { ack_wanted: true, retransmission: true })
}

fn encode(messages: &[Message<'_>], flags: Flags) -> Vec<u8> {
    let mut encoder = Encoder::new(Direction::HostToDevice);
    let mut bytes = Vec::new();
    for message in messages {
        let mut frame = [0; MAX_WIRE];
        let len = encoder.encode(message, flags, &mut frame).expect("a host may say that");
        bytes.extend_from_slice(&frame[..len]);
    }
    bytes
}

pub(crate) const IDENTIFY: Message<'_> = Message::Identify(Identify { minor: 0, max_payload: 240 });

pub(crate) const START: Message<'_> =
    Message::Start(Start { streams: 1, batch_ms: 0, keep_alive_ms: 0 });

/// Calls `each` for every frame in `bytes`, which must hold nothing else.
pub(crate) fn hear(bytes: &[u8], mut each: impl FnMut(&Frame<'_>)) {
    let mut decoder = Decoder::new(Direction::DeviceToHost);
    let mut input = bytes;
    while let Some(result) = decoder.next(&mut input) {
        each(&result.expect("a device sends whole frames only"));
    }
    assert_eq!(decoder.pending_len(), 0, "bytes end inside a frame");
}

/// One line for every frame in `bytes` but STATUS.
pub(crate) fn summary(bytes: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    hear(bytes, |frame| {
        let line = match frame.message() {
            Message::Hello(hello) => format!("hello {:x}", hello.boot_id),
            Message::StreamDesc(stream) => {
                format!("stream {} epoch {}", stream.stream, stream.epoch)
            }
            Message::Calib(calib) => {
                format!("calib {}.{} epoch {}", calib.stream, calib.channel, calib.epoch)
            }
            Message::Samples(samples) => {
                format!("samples {} from {}", samples.scan_count, samples.index)
            }
            Message::Status(_) => return,
            Message::TimeRep(reply) => format!("time {} {}", reply.t1, reply.t2_us),
            Message::Ack(ack) => format!("ack {:02x} {:?}", ack.kind, ack.result),
            other => format!("{other:?}"),
        };
        lines.push(line);
    });
    lines
}
