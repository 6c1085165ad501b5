//! What is on a port: listening first, then asking, once, in the order that harms none.

use core::time::Duration;

use levator_decode::foreign::{ASKS, Ask, Certainty, Description, Guess, NATIVE, Recogniser};
use levator_device::{Clock, LinkError, Port};

/// How long a port that speaks is listened to. Our choice: enough for the rate of a pressure plug, to
/// tell 47.6 from 62.5 lines a second.
const LISTEN: Duration = Duration::from_millis(1500);
/// How long a silent port is listened to before anything is said: boards that restart when the port is
/// opened speak up to 3 s later.
const BOOT: Duration = Duration::from_millis(3000);
/// How long each other speed is listened at, where bytes came and nothing was understood.
const AT_EACH_SPEED: Duration = Duration::from_millis(500);
/// Between two words of a question.
const PAUSE: Duration = Duration::from_millis(100);
/// Speeds at which devices stream by themselves, the usual first. The one at which the port was opened is
/// listened at before all of them.
const SPEEDS: [u32; 6] = [115_200, 230_400, 57_600, 9_600, 500_000, 921_600];

/// What was found on a port.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What it may be, the best first.
    pub guesses: Vec<Guess>,
    /// The speed of the port when it was understood; the last one tried where it was not.
    pub baud: u32,
    /// Bytes that were heard.
    pub byte_count: u64,
    /// Who was asked; empty where listening was enough, or nothing might be said.
    pub asked: Vec<&'static str>,
}

struct Ear<'a> {
    port: &'a mut dyn Port,
    clock: Clock,
    recogniser: Recogniser,
    /// The newest bytes, for answers.
    heard: Vec<u8>,
}

/// Listens on a port that was opened at `opened_baud` to find out what is there, and with `may_ask` asks. That is
/// for a port that somebody has picked: what is asked may stop a device that serves another program.
///
/// Speeds that the port does not know are passed over.
///
/// # Errors
///
/// If the port goes away.
pub fn identify(
    port: &mut dyn Port,
    opened_baud: u32,
    known: Vec<(String, Description)>,
    may_ask: bool,
) -> Result<Found, LinkError> {
    let (clock, recogniser) = (Clock::start(), Recogniser::new(known));
    let mut ear = Ear { port, clock, recogniser, heard: Vec::new() };
    let mut baud = opened_baud;
    ear.listen(LISTEN)?;
    if ear.recogniser.byte_count() == 0 {
        ear.listen_for(BOOT.saturating_sub(LISTEN), LISTEN)?;
    }
    let mut asked = Vec::new();
    if ear.recogniser.byte_count() > 0 {
        for speed in SPEEDS.into_iter().filter(|speed| *speed != opened_baud) {
            if !ear.recogniser.guesses().is_empty() {
                break;
            }
            if ear.tune(speed)? {
                baud = speed;
                ear.listen(AT_EACH_SPEED)?;
            }
        }
    }
    let mut guesses = ear.recogniser.guesses();
    if guesses.is_empty() && may_ask {
        'asking: for ask in ASKS {
            asked.push(ask.who);
            for speed in ask.bauds {
                if !ear.tune(*speed)? {
                    continue;
                }
                baud = *speed;
                if let Some(guess) = ear.ask(ask)? {
                    guesses = vec![guess];
                    break 'asking;
                }
            }
        }
    }
    Ok(Found { guesses, baud, byte_count: ear.recogniser.byte_count(), asked })
}

impl Ear<'_> {
    /// Whether the port knows this speed.
    fn tune(&mut self, baud: u32) -> Result<bool, LinkError> {
        match self.port.set_baud(baud) {
            Ok(()) => {}
            Err(LinkError::NoSuchSpeed { .. }) => return Ok(false),
            Err(error) => return Err(error),
        }
        self.recogniser.reopen();
        self.heard.clear();
        Ok(true)
    }

    fn listen(&mut self, time: Duration) -> Result<(), LinkError> {
        let end = self.clock.now().saturating_add(time);
        while self.clock.now() < end {
            self.read()?;
        }
        Ok(())
    }

    /// Listens until something comes, but no longer than `time`, and then for `more`.
    fn listen_for(&mut self, time: Duration, more: Duration) -> Result<(), LinkError> {
        let end = self.clock.now().saturating_add(time);
        while self.clock.now() < end {
            if self.read()? > 0 {
                return self.listen(more);
            }
        }
        Ok(())
    }

    fn read(&mut self) -> Result<usize, LinkError> {
        /// Longest answer that is looked into.
        const KEPT: usize = 8192;
        let mut buffer = [0; 1024];
        let len = self.port.read(&mut buffer)?;
        self.recogniser.hear(self.clock.now(), &buffer[..len]);
        // An answer comes behind what a device that streams has sent before.
        self.heard.extend_from_slice(&buffer[..len]);
        let excess = self.heard.len().saturating_sub(KEPT);
        self.heard.drain(..excess);
        Ok(len)
    }

    fn ask(&mut self, ask: &Ask) -> Result<Option<Guess>, LinkError> {
        for word in ask.words {
            match self.port.write_all(word) {
                // It takes nothing: then it does not answer either.
                Ok(()) | Err(LinkError::NotTaken { .. }) => {}
                Err(gone) => return Err(gone),
            }
            self.listen(PAUSE)?;
        }
        let end = self.clock.now().saturating_add(ask.wait);
        loop {
            if let Some((id, text)) = ask.answered(&self.heard) {
                let why = match core::str::from_utf8(text) {
                    Ok(text) if text.chars().all(|c| !c.is_control()) => {
                        format!("it answers {text}")
                    }
                    _ => "it answers as its specification says".to_owned(),
                };
                return Ok(Some(certain(id, why)));
            }
            let is_native = |guess: &Guess| guess.id == NATIVE;
            if let Some(guess) = self.recogniser.guesses().into_iter().find(is_native) {
                return Ok(Some(guess));
            }
            if self.clock.now() >= end {
                return Ok(None);
            }
            self.read()?;
        }
    }
}

fn certain(id: &str, why: String) -> Guess {
    Guess { id: id.to_owned(), certainty: Certainty::Certain, rate_hz: None, why }
}
