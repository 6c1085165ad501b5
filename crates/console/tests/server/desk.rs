//! What a page asks outside of a session, and where the visit is.

use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use levator_console::{Console, Desk, Exposure, Patience, Reply, Scene};
use levator_engine::Sink;
use serde_json::{Value, json};

use crate::wire::{Heard, Page, UPGRADE, ask, parts, status};

/// Says what it was asked, slowly if it is told to.
struct Echo;

impl Desk for Echo {
    fn ask(&self, question: &Value) -> Result<Reply, String> {
        match question["what"].as_str().unwrap_or_default() {
            "slow" => {
                sleep(Duration::from_millis(600));
                Ok(json!({ "slow": true }).into())
            }
            "paper" => Ok(Reply {
                told: json!({ "for": "person" }),
                paper: Some("<!DOCTYPE html><title>report</title>".to_owned()),
            }),
            "panic" => panic!("this is what is tested"),
            "echo" => Ok(question.clone().into()),
            other => Err(format!("{other:?} is not known; ask for an echo")),
        }
    }
}

fn start(desk: Option<Arc<dyn Desk>>) -> (Console, std::net::SocketAddr, String) {
    let console =
        Console::start_with(Exposure::Loopback, &Scene::default(), Patience::usual(), desk)
            .expect("loopback has a free port");
    let (at, token) = parts(&console.address());
    (console, at, token)
}

fn question(page: &mut Page, id: u32, what: &str) {
    page.say(&json!({ "do": "ask", "id": id, "what": what }).to_string());
}

#[test]
fn a_question_is_answered_to_who_asked_and_to_nobody_else() {
    let (_console, at, token) = start(Some(Arc::new(Echo)));
    let (mut page, mut other) = (Page::open(at, &token), Page::open(at, &token));
    question(&mut page, 7, "echo");
    let answer = page.until("answer");
    assert_eq!((&answer["id"], &answer["what"]), (&json!(7), &json!("echo")));
    assert_eq!(answer["told"]["what"], "echo");
    question(&mut page, 8, "nonsense");
    assert_eq!(page.until("answer")["refused"], "\"nonsense\" is not known; ask for an echo");
    // One that breaks down takes nobody with it.
    question(&mut page, 9, "panic");
    assert!(page.until("answer")["refused"].as_str().is_some_and(|why| why.contains("broke down")));
    other.say("{\"do\":\"ping\",\"t\":1}");
    loop {
        match other.hear() {
            Heard::Json(value) if value["type"] == "pong" => break,
            Heard::Json(value) => assert_ne!(value["type"], "answer"),
            Heard::Points(_) => {}
            end => panic!("{end:?}"),
        }
    }
}

#[test]
fn a_slow_answer_delays_nothing_and_only_so_many_are_asked_for_at_once() {
    let (_console, at, token) = start(Some(Arc::new(Echo)));
    let mut page = Page::open(at, &token);
    let began = Instant::now();
    for id in 0..6 {
        question(&mut page, id, "slow");
    }
    assert!(page.is_alive());
    assert!(began.elapsed() < Duration::from_millis(500), "a ping waited {:?}", began.elapsed());
    let mut done = 0;
    while done < 4 {
        let answer = page.until("answer");
        done += u32::from(answer["told"]["slow"] == true);
    }
    question(&mut page, 10, "slow");
    assert_eq!(page.until("answer")["told"]["slow"], true, "there is room again");
    let mut busy = Page::open(at, &token);
    for id in 0..5 {
        question(&mut busy, id, "slow");
    }
    let refused = busy.until("answer");
    assert!(refused["refused"].as_str().is_some_and(|why| why.contains("at once")), "{refused}");
}

#[test]
fn without_a_desk_it_is_said_that_nobody_answers() {
    let (_console, at, token) = start(None);
    let mut page = Page::open(at, &token);
    question(&mut page, 1, "echo");
    let answer = page.until("answer");
    assert_eq!(answer["id"], 1);
    assert!(answer["refused"].is_string() && answer["told"].is_null(), "{answer}");
}

#[test]
fn a_report_lies_where_only_the_page_knows_and_can_do_nothing() {
    let (_console, at, token) = start(Some(Arc::new(Echo)));
    let mut page = Page::open(at, &token);
    question(&mut page, 1, "paper");
    let answer = page.until("answer");
    let path = answer["path"].as_str().expect("a path").to_owned();
    let answer = ask(at, &format!("GET /{path} HTTP/1.1\nHost: {{host}}\n\n"));
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(answer.contains("<title>report</title>"));
    let head = answer.to_lowercase();
    for header in [
        "content-type: text/html",
        "content-security-policy: default-src 'none'; style-src 'unsafe-inline';",
        "sandbox allow-modals",
        "frame-ancestors 'self'",
        "x-frame-options: sameorigin",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cache-control: no-store",
    ] {
        assert!(head.contains(header), "{header}: {answer}");
    }
    assert!(!head.contains("script-src"), "nothing allows a script: {answer}");
    // Not without the ticket, not for others, and not by another method.
    for wrong in ["paper/", "paper/x", &path[..path.len() - 1], &path.replace("paper", "Paper")] {
        let answer = ask(at, &format!("GET /{wrong} HTTP/1.1\nHost: {{host}}\n\n"));
        assert_eq!(status(&answer), 404, "{wrong}");
    }
    let get = |host: &str, rest: &str| {
        status(&ask(at, &format!("GET /{path} HTTP/1.1\nHost: {host}\n{rest}\n")))
    };
    assert_eq!(get("evil.test", ""), 403);
    assert_eq!(get("{host}", "Origin: http://evil.test\n"), 403);
    let post = format!("POST /{path} HTTP/1.1\nHost: {{host}}\nContent-Length: 0\n\n");
    assert_eq!(status(&ask(at, &post)), 403);
}

#[test]
fn questions_count_as_messages_and_keep_to_their_length() {
    let (_console, at, token) = start(Some(Arc::new(Echo)));
    let mut hurried = Page::open(at, &token);
    for id in 0..200 {
        question(&mut hurried, id, "echo");
    }
    assert!(matches!(hurried.end(), Heard::Closed(_) | Heard::Cut));
    let mut long = Page::open(at, &token);
    long.say(&json!({ "do": "ask", "what": "x".repeat(10_000) }).to_string());
    assert!(matches!(long.end(), Heard::Closed(_) | Heard::Cut));
    // Whoever has no token asks nothing.
    let mut stranger = Page::silent(at);
    question(&mut stranger, 1, "echo");
    assert!(matches!(stranger.hear(), Heard::Closed(4401)));
    let head = format!("GET /live HTTP/1.1\nHost: {{host}}\nOrigin: http://evil.test\n{UPGRADE}\n");
    assert_eq!(status(&ask(at, &head)), 403);
}

#[test]
fn the_stage_is_told_to_all_and_a_new_scene_begins_with_nothing_of_the_last() {
    let (console, at, token) = start(Some(Arc::new(Echo)));
    let mut early = Page::open(at, &token);
    console.set_stage(json!({ "stage": "check", "device": "x" }));
    assert_eq!(early.until("stage")["stage"], "check");
    console.conclude(json!({ "ended": "stopped" }));
    let mut page = Page::silent(at);
    page.say(&json!({ "token": token }).to_string());
    assert_eq!(page.until("stage")["stage"], "check");
    page.until("result");
    page.until("ready");
    let mut tap = console.tap();
    let rate = levator_signal::SampleRate::from_hz(100.0).expect("possible");
    tap.emit(levator_engine::Output::Block(levator_signal::Block {
        channel: levator_signal::ChannelId { stream: 0, channel: 0 },
        kind: levator_signal::SignalKind::Emg,
        unit: levator_signal::Unit::Microvolt,
        rate,
        first: levator_signal::SampleIndex(0),
        values: &[1.0; 50],
        filtered: &[1.0; 50],
        envelope: &[1.0; 50],
        quality: levator_signal::Quality::GOOD,
    }));
    while !matches!(early.hear(), Heard::Points(_)) {}
    console.renew(&Scene { title: "next".to_owned(), ..Scene::default() });
    assert_eq!(early.until("scene")["title"], "next");
    let mut late = Page::silent(at);
    late.say(&json!({ "token": token }).to_string());
    loop {
        match late.hear() {
            Heard::Json(value) if value["type"] == "ready" => break,
            Heard::Json(value) => assert_ne!(value["type"], "result"),
            other => panic!("{other:?} is of the session before"),
        }
    }
}

#[test]
fn words_are_served_with_those_of_the_catalogue() {
    let (_console, at, _) = start(None);
    let answer = ask(at, "GET /words/de.json HTTP/1.1\nHost: {host}\n\n");
    assert_eq!(status(&answer), 200);
    assert!(answer.contains("\"programme.free-run\"") && answer.contains("\"act.stop\""));
    for path in ["words/pt.json", "words/en", "words/..%2Fapp.js", "words/"] {
        assert_eq!(status(&ask(at, &format!("GET /{path} HTTP/1.1\nHost: {{host}}\n\n"))), 404);
    }
}
