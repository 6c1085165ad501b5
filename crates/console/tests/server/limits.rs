//! How much of the server anybody can take: a page that is open goes on whatever others do.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use levator_console::{Patience, Tap};
use levator_engine::{Output, Sink};
use levator_signal::{Block, ChannelId, Quality, SampleIndex, SampleRate, SignalKind, Unit};

use crate::wire::{Heard, Page, ask, dial, hasty, start, status};

/// Whether the other side has ended it.
fn is_cut(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).expect("it can be asked");
    let mut byte = [0];
    match stream.read(&mut byte) {
        Ok(count) => count == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

#[test]
fn a_thousand_connections_leave_the_page_as_it_is() {
    let (_console, at, token) = start(hasty());
    // The page answers pings, as a browser does, by asking for something.
    let mut page = Page::open(at, &token);
    let mut held: Vec<TcpStream> = Vec::new();
    for round in 0..10 {
        held.extend((0..100).map(|_| dial(at)));
        assert!(page.is_alive(), "after {} connections", 100 * (round + 1));
        sleep(Duration::from_millis(20));
        held.retain_mut(|one| !is_cut(one));
        // As many as were let in, and those that wait in the queue of the system.
        assert!(held.len() <= 48 + 100, "{} are held", held.len());
    }
    // Who says nothing is cut after a while, and then there is room again.
    let until = Instant::now() + Duration::from_secs(10);
    while status(&ask(at, "GET / HTTP/1.1\nHost: {host}\n\n")) != 200 {
        assert!(Instant::now() < until, "nobody is answered any more");
        assert!(page.is_alive());
        sleep(Duration::from_millis(50));
    }
    assert!(page.is_alive());
}

#[test]
fn a_request_that_never_ends_is_cut() {
    let (_console, at, token) = start(hasty());
    let mut page = Page::open(at, &token);
    let mut slow = dial(at);
    let began = Instant::now();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: ").expect("the first bytes are taken");
    while !is_cut(&mut slow) {
        let _ = slow.write_all(b"x");
        assert!(page.is_alive());
        assert!(began.elapsed() < Duration::from_secs(5), "it is still waited for");
        sleep(Duration::from_millis(50));
    }
    assert!(began.elapsed() >= Duration::from_millis(500), "nobody is cut at once");
}

#[test]
fn a_head_that_is_too_long_is_refused() {
    let (_console, at, _) = start(Patience::usual());
    let long = "x".repeat(64 * 1024);
    let answer = ask(at, &format!("GET / HTTP/1.1\nHost: {{host}}\nX-Long: {long}\n\n"));
    assert!(matches!(status(&answer), 0 | 431), "{answer}");
    let many: String = (0..200).map(|n| format!("X-{n}: 1\n")).collect();
    let answer = ask(at, &format!("GET / HTTP/1.1\nHost: {{host}}\n{many}\n"));
    assert!(matches!(status(&answer), 0 | 431), "{answer}");
}

#[test]
fn messages_that_are_too_long_too_many_or_binary_end_their_page_only() {
    let (_console, at, token) = start(Patience::usual());
    let mut page = Page::open(at, &token);
    let mut long = Page::open(at, &token);
    long.say(&format!("{{\"do\":\"mark\",\"text\":\"{}\"}}", "x".repeat(100_000)));
    assert!(matches!(long.end(), Heard::Closed(_) | Heard::Cut));
    // A frame that only says that it is long is not waited for.
    let mut claims = Page::open(at, &token);
    claims.0.write_all(&[0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]).expect("it is taken");
    assert!(matches!(claims.end(), Heard::Closed(_) | Heard::Cut));
    let mut binary = Page::open(at, &token);
    binary.frame(2, &[1, 2, 3]).expect("it is taken");
    assert!(matches!(binary.end(), Heard::Closed(_) | Heard::Cut));
    let mut hurried = Page::open(at, &token);
    for _ in 0..200 {
        hurried.say("{\"do\":\"mark\",\"text\":\"\"}");
    }
    assert!(matches!(hurried.end(), Heard::Closed(_) | Heard::Cut));
    assert!(page.is_alive());
}

#[test]
fn there_is_room_for_eight_pages() {
    let (console, at, token) = start(Patience::usual());
    let mut pages: Vec<Page> = (0..8).map(|_| Page::open(at, &token)).collect();
    assert_eq!(console.page_count(), 8);
    let mut more = Page::silent(at);
    more.say(&format!("{{\"token\":\"{token}\"}}"));
    assert!(matches!(more.end(), Heard::Closed(4429)));
    drop(pages.pop());
    let until = Instant::now() + Duration::from_secs(5);
    while console.page_count() == 8 {
        assert!(Instant::now() < until, "a page that went away still has its place");
        sleep(Duration::from_millis(10));
    }
    assert!(Page::open(at, &token).is_alive());
}

#[test]
fn a_page_whose_browser_is_gone_is_let_go() {
    let (console, at, token) = start(hasty());
    let mut page = Page::open(at, &token);
    let began = Instant::now();
    // It takes what comes, but answers no ping.
    assert!(matches!(page.end(), Heard::Closed(_) | Heard::Cut));
    assert!(began.elapsed() < Duration::from_secs(5));
    let until = Instant::now() + Duration::from_secs(5);
    while console.page_count() > 0 {
        assert!(Instant::now() < until, "it still has its place");
        sleep(Duration::from_millis(10));
    }
}

/// So many samples of 24 channels at 2 kHz, in blocks of 20 ms; the longest that one of them took.
fn feed(tap: &mut Tap, blocks: std::ops::Range<u64>) -> Duration {
    let rate = SampleRate::from_hz(2000.0).expect("possible");
    let mut longest = Duration::ZERO;
    for block in blocks {
        let values: Vec<f64> = (0..40).map(|n| (block * 40 + n) as f64).collect();
        for channel in 0..24 {
            let began = Instant::now();
            tap.emit(Output::Block(Block {
                channel: ChannelId { stream: 0, channel },
                kind: SignalKind::Emg,
                unit: Unit::Microvolt,
                rate,
                first: SampleIndex(block * 40),
                values: &values,
                filtered: &values,
                envelope: &values,
                quality: Quality::GOOD,
            }));
            longest = longest.max(began.elapsed());
        }
        sleep(Duration::from_micros(500));
    }
    longest
}

#[test]
fn a_page_that_does_not_read_delays_nobody_and_is_told_what_it_missed() {
    // However busy this computer is, nobody is cut here for being slow.
    let long = Duration::from_secs(120);
    let patience = Patience { sending: long, silence: long, ..Patience::usual() };
    let (console, at, token) = start(patience);
    let mut slow = Page::open(at, &token);
    let mut quick = Page::open(at, &token);
    let reading = std::thread::spawn(move || {
        let mut points = 0;
        // Up to the newest sample: nothing is missing, and the last one is there.
        loop {
            match quick.hear() {
                Heard::Points(bytes) => {
                    let first = u64::from_le_bytes(*bytes[16..].first_chunk().expect("a header"));
                    let count = u64::from(u16::from_le_bytes([bytes[28], bytes[29]]));
                    points += count;
                    if bytes[3] == 23 && first + 10 * count == 40 * 2000 {
                        return points;
                    }
                }
                Heard::Json(value) => assert_ne!(value["type"], "behind"),
                end => panic!("{end:?}"),
            }
        }
    });
    let mut tap = console.tap();
    let longest = feed(&mut tap, 0..2000);
    assert_eq!(reading.join().expect("it reads"), 24 * 8000, "40 s, 200 points a second");
    assert!(longest < Duration::from_millis(100), "the port would have waited for {longest:?}");
    // The slow one has as much as fits between; then it is told what it missed, and gets the window.
    let behind = slow.until("behind");
    assert!(behind["messages"].as_u64() > Some(0), "{behind}");
    slow.until("ready");
    assert!(slow.is_alive());
}
