//! Who is answered at all.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use levator_console::{Console, Exposure, Patience, Scene, StartError};

use crate::wire::{Heard, Page, UPGRADE, ask, hasty, parts, start, status};

/// Addresses on which somebody listens at this port, as the system tells them.
#[cfg(target_os = "linux")]
fn listening(port: u16) -> Vec<String> {
    let mut found = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let Ok(text) = std::fs::read_to_string(table) else { continue };
        for line in text.lines().skip(1) {
            let mut words = line.split_whitespace().skip(1);
            let (Some(local), _, Some("0A")) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            let (address, at) = local.split_once(':').expect("address and port");
            if at == format!("{port:04X}") {
                found.push(address.to_owned());
            }
        }
    }
    found
}

#[test]
#[cfg(target_os = "linux")]
fn it_listens_on_loopback_and_nowhere_else() {
    let (_console, at, _) = start(Patience::usual());
    let found = listening(at.port());
    // 127.0.0.1 and ::1, as the kernel writes them.
    const LOOPBACK: [&str; 2] = ["0100007F", "00000000000000000000000001000000"];
    assert!(found.iter().any(|one| one == LOOPBACK[0]), "{found:?}");
    assert!(found.iter().all(|one| LOOPBACK.contains(&one.as_str())), "{found:?}");
}

#[test]
fn it_is_not_exposed_at_an_address_that_stands_for_all() {
    for all in ["0.0.0.0", "::", "::ffff:0.0.0.0"] {
        let address = all.parse().expect("an address");
        match Console::start(Exposure::Network(address), &Scene::default()) {
            Err(error @ StartError::Unspecified(_)) => {
                assert!(error.to_string().contains("name the one"), "{error}");
            }
            other => panic!("{all}: {other:?}"),
        }
    }
}

#[test]
fn a_foreign_host_is_refused_on_every_path() {
    let (_console, at, _) = start(Patience::usual());
    for path in ["/", "/app.js", "/live", "/nothing"] {
        for host in ["evil.test", "127.0.0.1", "127.0.0.1:1", "evil.test:80"] {
            let answer = ask(at, &format!("GET {path} HTTP/1.1\nHost: {host}\n\n"));
            assert_eq!(status(&answer), 403, "{host}{path}: {answer}");
            assert!(!answer.contains("<html"), "{answer}");
        }
    }
    assert_eq!(status(&ask(at, "GET / HTTP/1.1\nHost: {host}\n\n")), 200);
    assert_eq!(status(&ask(at, "GET / HTTP/1.1\n\n")), 400);
    // Under rebinding, Host and Origin agree, and both are foreign.
    let rebound = format!("Host: evil.test:{0}\nOrigin: http://evil.test:{0}\n", at.port());
    assert_eq!(status(&ask(at, &format!("GET /live HTTP/1.1\n{rebound}{UPGRADE}\n"))), 403);
}

#[test]
fn an_upgrade_and_whatever_acts_must_come_from_our_own_page() {
    let (_console, at, _) = start(Patience::usual());
    let upgrade = |origin: &str| {
        status(&ask(at, &format!("GET /live HTTP/1.1\nHost: {{host}}\n{origin}{UPGRADE}\n")))
    };
    for origin in ["", "Origin: null\n", "Origin: http://evil.test\n", "Origin: https://{host}\n"] {
        assert_eq!(upgrade(origin), 403, "{origin}");
    }
    let twice = "Origin: http://{host}\nOrigin: http://evil.test\n";
    assert_eq!(upgrade(twice), 403);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let from = |origin: &str| {
            let head =
                format!("{method} / HTTP/1.1\nHost: {{host}}\n{origin}Content-Length: 0\n\n");
            status(&ask(at, &head))
        };
        assert_eq!(from(""), 403, "{method}");
        assert_eq!(from("Origin: http://evil.test\n"), 403, "{method}");
        assert_eq!(from("Origin: http://{host}\n"), 405, "{method}");
    }
}

#[test]
fn every_answer_says_what_a_browser_may_do_with_it() {
    let (_console, at, _) = start(Patience::usual());
    for path in ["/", "/app.js", "/style.css", "/vendor/preact.js", "/nothing", "/../Cargo.toml"] {
        let answer = ask(at, &format!("GET {path} HTTP/1.1\nHost: {{host}}\n\n")).to_lowercase();
        for header in [
            "content-security-policy: default-src 'none';",
            "cross-origin-resource-policy: same-origin",
            "cross-origin-opener-policy: same-origin",
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
        ] {
            assert!(answer.contains(header), "{path} lacks {header}:\n{answer}");
        }
        assert!(!answer.contains("unsafe-"), "{path}");
    }
}

#[test]
fn without_the_token_nothing_is_told() {
    let (_console, at, token) = start(Patience::usual());
    let mut wrong = token.clone().into_bytes();
    wrong[63] = if wrong[63] == b'0' { b'1' } else { b'0' };
    let wrong = String::from_utf8(wrong).expect("digits");
    for first in [
        format!("{{\"token\":\"{wrong}\"}}"),
        "{\"token\":\"\"}".to_owned(),
        "{\"token\":null}".to_owned(),
        "{\"do\":\"stop\"}".to_owned(),
        "no JSON".to_owned(),
    ] {
        let mut page = Page::silent(at);
        page.say(&first);
        // Not even a welcome comes before the end.
        assert!(matches!(page.hear(), Heard::Closed(4401)), "{first}");
    }
    assert!(Page::open(at, &token).is_alive());
    // The token is told to nobody who asks for files.
    for path in ["/", "/app.js", "/link.js"] {
        assert!(!ask(at, &format!("GET {path} HTTP/1.1\nHost: {{host}}\n\n")).contains(&token));
    }
}

#[test]
fn a_connection_that_does_not_prove_itself_is_closed() {
    let (_console, at, _) = start(hasty());
    assert!(matches!(Page::silent(at).end(), Heard::Closed(4401)));
}

#[test]
fn the_address_that_is_handed_to_a_browser_works_once() {
    let (console, at, token) = start(Patience::usual());
    let (_, once) = parts(&console.opening_address());
    assert_ne!(once, token);
    let mut page = Page::silent(at);
    page.say(&format!("{{\"token\":\"{once}\"}}"));
    let Heard::Json(welcome) = page.hear() else { panic!("no welcome") };
    assert_eq!(welcome["token"], token.as_str(), "the one to keep");
    let mut again = Page::silent(at);
    again.say(&format!("{{\"token\":\"{once}\"}}"));
    assert!(matches!(again.hear(), Heard::Closed(4401)));
    assert_eq!(parts(&console.opening_address()).1, token);
}

#[test]
fn when_the_program_ends_the_port_is_closed_and_pages_are_told() {
    let (console, at, token) = start(Patience::usual());
    let mut page = Page::open(at, &token);
    let ending = std::thread::spawn(move || drop(console));
    assert!(matches!(page.end(), Heard::Closed(1001)));
    ending.join().expect("it ends");
    for address in [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()] {
        let at = SocketAddr::new(address, at.port());
        assert!(TcpStream::connect_timeout(&at, Duration::from_secs(1)).is_err(), "{at}");
    }
}
