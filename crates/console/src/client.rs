//! One page: proves itself, is told everything, and may ask for a few things.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use levator_engine::Conduct;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::hub::{Hub, text};
use crate::server::Shared;

/// Longest message from a page: a note of [`levator_live::MAX_MARK_LEN`] bytes, escaped, and its frame.
pub(crate) const MAX_MESSAGE_LEN: usize = 8 * 1024;
/// Messages a page may send in a second. A person at the keys needs a tenth of it.
const MESSAGES_PER_S: usize = 50;

/// Answers that wait for one page.
const ANSWERS_LEN: usize = 8;

/// Why a page is sent away: codes of the range that is free for applications.
mod code {
    pub(super) const NOT_OURS: u16 = 4401;
    pub(super) const TOO_MANY: u16 = 4429;
    pub(super) const STOPPING: u16 = 1001;
}

pub(crate) async fn serve(mut socket: WebSocket, shared: Arc<Shared>) {
    let Some(welcome) = greet(&mut socket, &shared).await else {
        close(socket, code::NOT_OURS, "the first message must carry the token").await;
        return;
    };
    let Some(_seat) = shared.seat() else {
        close(socket, code::TOO_MANY, "too many pages are open").await;
        return;
    };
    if send(&mut socket, text(&welcome), shared.patience.sending).await.is_ok() {
        let _ = talk(&mut socket, &shared).await;
    }
    if shared.is_stopping() {
        close(socket, code::STOPPING, "the program ends").await;
    }
}

/// The first message must come soon and carry the token.
async fn greet(socket: &mut WebSocket, shared: &Shared) -> Option<Value> {
    let message = timeout(shared.patience.greeting, socket.recv()).await.ok()??.ok()?;
    let Message::Text(words) = message else { return None };
    let told: Value = serde_json::from_str(&words).ok()?;
    let token = told["token"].as_str()?;
    let kept = shared.admit(token)?;
    Some(json!({
        "type": "welcome",
        "protocol": 1,
        "version": env!("CARGO_PKG_VERSION"),
        "token": kept,
    }))
}

/// `Err` when the page is gone or must go.
async fn talk(socket: &mut WebSocket, shared: &Arc<Shared>) -> Result<(), ()> {
    let (hub, patience) = (&shared.hub, shared.patience);
    let within = patience.sending;
    let (first, mut news) = hub.subscribe();
    for message in first {
        send(socket, message, within).await?;
    }
    let mut heard_at = Instant::now();
    let mut ping_at = heard_at + patience.ping;
    let mut allowance = Allowance::new();
    let (answer_in, mut answers) = mpsc::channel(ANSWERS_LEN);
    loop {
        tokio::select! {
            heard = socket.recv() => {
                heard_at = Instant::now();
                let heard = heard.ok_or(())?.map_err(|_| ())?;
                if !allowance.take(heard_at) {
                    return Err(());
                }
                match heard {
                    Message::Text(words) => {
                        let answer = match serde_json::from_str::<Value>(&words) {
                            Ok(wish) if wish["do"] == "ask" => inquire(wish, shared, &answer_in),
                            Ok(wish) => obey(&wish, hub),
                            Err(_) => Some(refusal("this is no JSON")),
                        };
                        if let Some(answer) = answer {
                            send(socket, text(&answer), within).await?;
                        }
                    }
                    Message::Ping(_) | Message::Pong(_) => {}
                    Message::Binary(_) | Message::Close(_) => return Err(()),
                }
            }
            message = news.recv() => match message {
                Ok(message) => send(socket, message, within).await?,
                Err(RecvError::Lagged(count)) => {
                    // It reads too slowly: it is told how much it missed, and begins anew.
                    send(socket, text(&json!({ "type": "behind", "messages": count })), within).await?;
                    let (first, again) = hub.subscribe();
                    news = again;
                    for message in first {
                        send(socket, message, within).await?;
                    }
                }
                Err(RecvError::Closed) => return Err(()),
            },
            // One end of it is here: it never closes.
            Some(answer) = answers.recv() => send(socket, text(&answer), within).await?,
            () = sleep_until(ping_at) => {
                if heard_at.elapsed() > patience.silence {
                    return Err(());
                }
                ping_at = Instant::now() + patience.ping;
                send(socket, Message::Ping(Vec::new().into()), within).await?;
            }
            () = shared.stopping() => return Ok(()),
        }
    }
}

/// Has a question answered on a thread of its own; what is told at once, if it cannot be.
fn inquire(question: Value, shared: &Arc<Shared>, answers: &mpsc::Sender<Value>) -> Option<Value> {
    let (id, what) = (question["id"].clone(), question["what"].clone());
    let answer = move |mut answer: Value| {
        answer["type"] = "answer".into();
        answer["id"] = id.clone();
        answer["what"] = what.clone();
        answer
    };
    let refused = |why: &str| json!({ "refused": why });
    let Some(desk) = shared.desk.clone() else {
        return Some(answer(refused(
            "nobody answers questions here: this visit was begun with its port",
        )));
    };
    let Ok(permit) = Arc::clone(&shared.inquiries).try_acquire_owned() else {
        return Some(answer(refused("too much is asked at once; wait for an answer")));
    };
    let (shared, answers) = (Arc::clone(shared), answers.clone());
    tokio::spawn(async move {
        let asked = tokio::task::spawn_blocking(move || desk.ask(&question)).await;
        drop(permit);
        let told = match asked {
            Ok(Ok(reply)) => {
                let path = reply.paper.and_then(|paper| shared.papers.put(paper).ok());
                json!({ "told": reply.told, "path": path })
            }
            Ok(Err(why)) => refused(&why),
            Err(_) => refused("the program broke down over this; please report it"),
        };
        // The page may have gone meanwhile.
        let _ = answers.send(answer(told)).await;
    });
    None
}

/// What a page may ask for. Anything else is answered with what was wrong.
fn obey(wish: &Value, hub: &Hub) -> Option<Value> {
    let session = hub.session();
    let done = |done: Result<(), levator_live::MarkError>| {
        done.err().map(|error| refusal(&error.to_string()))
    };
    match (wish["do"].as_str().unwrap_or_default(), session) {
        ("ping", _) => {
            Some(json!({ "type": "pong", "t": wish["t"], "now_us": hub.queue.now_us() }))
        }
        ("latency", _) => {
            hub.hear_latency(wish);
            None
        }
        (_, None) => Some(refusal("nothing is measured yet")),
        ("mark", Some(session)) => done(session.mark(wish["text"].as_str().unwrap_or_default())),
        ("conduct", Some(session)) => match conduct(wish["what"].as_str().unwrap_or_default()) {
            Some(what) => done(session.conduct(what)),
            None => Some(refusal("this cannot be done with a programme")),
        },
        ("stop", Some(session)) => {
            session.stop();
            None
        }
        _ => Some(refusal("this is not known")),
    }
}

fn conduct(what: &str) -> Option<Conduct> {
    Some(match what {
        "start" => Conduct::Start,
        "suspend" => Conduct::Suspend,
        "resume" => Conduct::Resume,
        "skip" => Conduct::Skip,
        "skip-phase" => Conduct::SkipPhase,
        "stop" => Conduct::Stop,
        _ => return None,
    })
}

fn refusal(why: &str) -> Value {
    json!({ "type": "refused", "why": why })
}

async fn send(socket: &mut WebSocket, message: Message, within: Duration) -> Result<(), ()> {
    timeout(within, socket.send(message)).await.map_err(|_| ())?.map_err(|_| ())
}

async fn close(mut socket: WebSocket, code: u16, reason: &'static str) {
    let until = Instant::now() + Duration::from_secs(1);
    let farewell = CloseFrame { code, reason: reason.into() };
    let _ = timeout_at(until, socket.send(Message::Close(Some(farewell)))).await;
    // The browser answers; until then the socket would be cut and the reason with it.
    while let Ok(Some(Ok(_))) = timeout_at(until, socket.recv()).await {}
}

/// So many messages within any second.
struct Allowance {
    /// When the last ones came, oldest first; never more than [`MESSAGES_PER_S`].
    taken: VecDeque<Instant>,
}

impl Allowance {
    fn new() -> Self {
        Self { taken: VecDeque::with_capacity(MESSAGES_PER_S) }
    }

    /// Whether one more is allowed at `now`.
    fn take(&mut self, now: Instant) -> bool {
        let is_old = |at: &Instant| now.duration_since(*at) >= Duration::from_secs(1);
        while self.taken.front().is_some_and(is_old) {
            self.taken.pop_front();
        }
        let is_allowed = self.taken.len() < MESSAGES_PER_S;
        if is_allowed {
            self.taken.push_back(now);
        }
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_messages_within_any_second_are_allowed_and_not_one_more() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut allowance = Allowance::new();
        assert!((0..50).all(|_| allowance.take(at(900))));
        assert!(!allowance.take(at(999)));
        // The turn of a second gives nothing back: fifty came within the last one.
        assert!(!allowance.take(at(1100)));
        assert!((0..50).all(|_| allowance.take(at(1900))));
        assert!(!allowance.take(at(1901)));
    }
}
