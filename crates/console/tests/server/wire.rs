//! A browser of the plainest kind: requests and WebSocket frames by hand, so that they can be wrong.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use levator_console::{Console, Exposure, Patience, Scene};
use serde_json::Value;

/// Waits for everything, but not for ever: a test that hangs tells nothing.
const WAIT: Duration = Duration::from_secs(20);

/// A patience of tenths of a second, so that nobody waits for the tests.
pub(crate) fn hasty() -> Patience {
    Patience {
        head: Duration::from_millis(600),
        request: Duration::from_millis(1200),
        greeting: Duration::from_millis(600),
        sending: Duration::from_millis(600),
        ping: Duration::from_millis(200),
        silence: Duration::from_millis(900),
    }
}

pub(crate) fn start(patience: Patience) -> (Console, SocketAddr, String) {
    let console = Console::start_with(Exposure::Loopback, &Scene::default(), patience, None)
        .expect("loopback has a free port");
    let (at, token) = parts(&console.address());
    (console, at, token)
}

/// Where an address leads, and the token behind `#`.
pub(crate) fn parts(address: &str) -> (SocketAddr, String) {
    let rest = address.strip_prefix("http://").expect("an address of the web");
    let (at, token) = rest.split_once("/#").expect("a token behind the #");
    (at.parse().expect("an address of a socket"), token.to_owned())
}

pub(crate) fn dial(at: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(at).expect("the server listens");
    stream.set_read_timeout(Some(WAIT)).expect("a timeout can be set");
    stream
}

/// Sends a request and gives back everything that is answered.
pub(crate) fn ask(at: SocketAddr, head: &str) -> String {
    let mut stream = dial(at);
    let head = head.replace("{host}", &at.to_string()).replace('\n', "\r\n");
    stream.write_all(head.as_bytes()).expect("the server reads");
    let mut answer = Vec::new();
    // Whoever is cut off has read what there was.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The number in the first line of an answer; 0 where there is none.
pub(crate) fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

pub(crate) const UPGRADE: &str = "Connection: Upgrade\nUpgrade: websocket\n\
     Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n";

/// One end of a WebSocket.
pub(crate) struct Page(pub(crate) TcpStream);

/// What came over it.
#[derive(Debug)]
pub(crate) enum Heard {
    Json(Value),
    Points(Vec<u8>),
    Closed(u16),
    /// The connection ended without a word.
    Cut,
}

impl Page {
    /// A connection that was upgraded and has said nothing yet.
    pub(crate) fn silent(at: SocketAddr) -> Self {
        let mut stream = dial(at);
        let head = format!("GET /live HTTP/1.1\nHost: {at}\nOrigin: http://{at}\n{UPGRADE}\n");
        stream.write_all(head.replace('\n', "\r\n").as_bytes()).expect("the server reads");
        let mut answer = Vec::new();
        let mut byte = [0];
        while !answer.ends_with(b"\r\n\r\n") {
            match stream.read(&mut byte) {
                Ok(1) => answer.push(byte[0]),
                Ok(_) | Err(_) => break,
            }
        }
        Self(stream)
    }

    /// One that has proved itself and was welcomed.
    pub(crate) fn open(at: SocketAddr, token: &str) -> Self {
        let mut page = Self::silent(at);
        page.say(&format!("{{\"token\":\"{token}\"}}"));
        page.until("ready");
        page
    }

    pub(crate) fn say(&mut self, text: &str) {
        // Whether it was still heard is seen from the answer.
        let _ = self.frame(1, text.as_bytes());
    }

    /// Sends a frame, masked with zeros.
    pub(crate) fn frame(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        let mut bytes = vec![0x80 | opcode];
        match payload.len() {
            len @ ..=125 => bytes.push(0x80 | len as u8),
            len @ ..=65_535 => {
                bytes.push(0x80 | 126);
                bytes.extend((len as u16).to_be_bytes());
            }
            len => {
                bytes.push(0x80 | 127);
                bytes.extend((len as u64).to_be_bytes());
            }
        }
        bytes.extend([0; 4]);
        bytes.extend(payload);
        self.0.write_all(&bytes)
    }

    fn exactly(&mut self, len: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.0.read_exact(&mut bytes).ok().map(|()| bytes)
    }

    /// The next message; pings are passed over and not answered.
    pub(crate) fn hear(&mut self) -> Heard {
        loop {
            let Some(head) = self.exactly(2) else { return Heard::Cut };
            let len = match head[1] & 0x7f {
                126 => self.exactly(2).map(|b| u64::from(u16::from_be_bytes([b[0], b[1]]))),
                127 => self.exactly(8).map(|b| b.iter().fold(0, |all, b| all << 8 | u64::from(*b))),
                len => Some(u64::from(len)),
            };
            let Some(payload) = len.and_then(|len| self.exactly(len as usize)) else {
                return Heard::Cut;
            };
            match head[0] & 0x0f {
                1 => return Heard::Json(serde_json::from_slice(&payload).expect("it is JSON")),
                2 => return Heard::Points(payload),
                8 => {
                    let code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                    let _ = self.frame(8, &payload);
                    return Heard::Closed(code);
                }
                _ => {}
            }
        }
    }

    /// Passes over everything up to a message of this type.
    pub(crate) fn until(&mut self, kind: &str) -> Value {
        loop {
            match self.hear() {
                Heard::Json(value) if value["type"] == kind => return value,
                Heard::Json(_) | Heard::Points(_) => {}
                end => panic!("{end:?} before {kind}"),
            }
        }
    }

    /// How it ends.
    pub(crate) fn end(&mut self) -> Heard {
        loop {
            match self.hear() {
                Heard::Json(_) | Heard::Points(_) => {}
                end => return end,
            }
        }
    }

    /// Whether it is still answered.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.say("{\"do\":\"ping\",\"t\":1}");
        loop {
            match self.hear() {
                Heard::Json(value) if value["type"] == "pong" => return true,
                Heard::Json(_) | Heard::Points(_) => {}
                Heard::Closed(_) | Heard::Cut => return false,
            }
        }
    }
}
