//! The port on loopback, its limits, and the thread that serves it.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State, WebSocketUpgrade};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Request, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use levator_live::Handle;
use serde_json::Value;
use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::time::{sleep, timeout};

use crate::assets;
use crate::client;
use crate::desk::Desk;
use crate::guard::{Guard, protect};
use crate::hub::{Hub, Latency};
use crate::papers::Papers;
use crate::scene::Scene;
use crate::tap::{Queue, Tap};
use crate::token::Token;
use crate::words;

/// Requests at one time. A page needs six; further ones wait for nobody and are cut.
const MAX_CONNECTIONS: usize = 48;
/// Pages and would-be pages at one time.
const MAX_SOCKETS: usize = 16;
/// Pages that have proved themselves.
const MAX_PAGES: usize = 8;
/// Questions that are being answered at one time, for all pages.
const MAX_INQUIRIES: usize = 4;
/// Longest head of a request; ours are a few hundred bytes.
const MAX_HEAD_LEN: usize = 8 * 1024;
/// Connections that the system keeps until they are taken.
const BACKLOG_LEN: u32 = 128;
/// Bytes on the way to one page: more than a second of the busiest device.
const SEND_BUFFER_LEN: u32 = 128 * 1024;

/// How long is waited for whom. Everybody else goes on meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The head of a request must be there by then.
    pub head: Duration,
    /// A request must be answered and read by then.
    pub request: Duration,
    /// A page that has not proved itself by then is not ours.
    pub greeting: Duration,
    /// A message that a page does not take within this time is its last.
    pub sending: Duration,
    /// Between two questions whether the page is still there; its browser answers, not its script, so a
    /// hidden tab stays.
    pub ping: Duration,
    /// A page that was not heard for so long is gone.
    pub silence: Duration,
}

impl Patience {
    /// For people on this computer. Our choice: everything here takes milliseconds when nothing is wrong.
    #[must_use]
    pub const fn usual() -> Self {
        Self {
            head: Duration::from_secs(5),
            request: Duration::from_secs(10),
            greeting: Duration::from_secs(5),
            sending: Duration::from_secs(10),
            ping: Duration::from_secs(10),
            silence: Duration::from_secs(45),
        }
    }
}

/// Who can reach the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Exposure {
    /// Browsers on this computer.
    #[default]
    Loopback,
    /// Every computer that can reach this address, unencrypted. To be chosen by a person who was told
    /// what [`Console::exposure_warning`] says.
    Network(IpAddr),
}

impl Exposure {
    /// At one address of this computer.
    ///
    /// # Errors
    ///
    /// [`StartError::Unspecified`] for `0.0.0.0`, `::`, and the former written as the latter.
    pub fn at(address: IpAddr) -> Result<Self, StartError> {
        match address.to_canonical().is_unspecified() {
            true => Err(StartError::Unspecified(address)),
            false => Ok(Self::Network(address)),
        }
    }
}

/// Why the page cannot be served. The measurement can go on without it.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address stands for every address of this computer. The page answers to its names only, and there
    /// would be none.
    #[error(
        "{0} stands for all addresses of this computer: name the one at which the page is to be reached \
         (`ip address` or `ipconfig` lists them)"
    )]
    Unspecified(IpAddr),
    /// No port could be opened on the address.
    #[error("cannot open a port on {address}")]
    Bind {
        /// The address.
        address: IpAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The system gives no chance or no thread.
    #[error("cannot start the server of the page")]
    System(#[from] io::Error),
}

/// The server of the page. Dropping it closes the port and ends its thread.
#[derive(Debug)]
pub struct Console {
    shared: Arc<Shared>,
    at: SocketAddr,
    exposure: Exposure,
    thread: Option<JoinHandle<()>>,
}

/// What the tasks of the server share.
pub(crate) struct Shared {
    pub(crate) hub: Hub,
    /// Who answers questions, if anybody does.
    pub(crate) desk: Option<Arc<dyn Desk>>,
    pub(crate) inquiries: Arc<Semaphore>,
    pub(crate) papers: Papers,
    pub(crate) patience: Patience,
    guard: Guard,
    token: Token,
    /// Works once, for the address that is handed to a browser: other programs of this computer may see
    /// it among the arguments of a process.
    once: Mutex<Option<Token>>,
    socket_count: AtomicUsize,
    page_count: AtomicUsize,
    is_stopping: AtomicBool,
    stop: Notify,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("hub", &self.hub).finish_non_exhaustive()
    }
}

impl Console {
    /// Opens a free port and serves the page from a thread of its own.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub fn start(exposure: Exposure, scene: &Scene) -> Result<Self, StartError> {
        Self::start_with(exposure, scene, Patience::usual(), None)
    }

    /// The same with another patience, and with somebody who answers what pages ask outside of a session.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub fn start_with(
        exposure: Exposure,
        scene: &Scene,
        patience: Patience,
        desk: Option<Arc<dyn Desk>>,
    ) -> Result<Self, StartError> {
        let address = match exposure {
            Exposure::Loopback => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Exposure::Network(address) => Exposure::at(address).map(|_| address)?,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // A listener belongs to the runtime that is there when it is made.
        let within = runtime.enter();
        let first = listen(SocketAddr::new(address, 0))
            .map_err(|source| StartError::Bind { address, source })?;
        let at = first.local_addr()?;
        // `localhost` may mean either; where there is no version 6, or its port is taken, one is enough.
        let second = match exposure {
            Exposure::Loopback => {
                listen(SocketAddr::new(Ipv6Addr::LOCALHOST.into(), at.port())).ok()
            }
            Exposure::Network(_) => None,
        };
        drop(within);
        let mut names = ["127.0.0.1", "localhost", "[::1]"].map(str::to_owned).to_vec();
        if let Exposure::Network(address) = exposure {
            names.push(match address {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(address) => format!("[{address}]"),
            });
        }
        let shared = Arc::new(Shared {
            hub: Hub::new(Arc::new(Queue::new()), scene),
            desk,
            inquiries: Arc::new(Semaphore::new(MAX_INQUIRIES)),
            papers: Papers::default(),
            patience,
            guard: Guard::new(&names, at.port()),
            token: Token::new()?,
            once: Mutex::new(Some(Token::new()?)),
            socket_count: AtomicUsize::new(0),
            page_count: AtomicUsize::new(0),
            is_stopping: AtomicBool::new(false),
            stop: Notify::new(),
        });
        let listeners: Vec<_> = [Some(first), second].into_iter().flatten().collect();
        let served = Arc::clone(&shared);
        let thread =
            thread::Builder::new().name("levator-console".to_owned()).spawn(move || {
                runtime.block_on(serve(listeners, served));
                // A question that is still being answered does not keep the program from ending.
                runtime.shutdown_background();
            })?;
        Ok(Self { shared, at, exposure, thread: Some(thread) })
    }

    /// What a person opens: with the token, which stays in the browser.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}/#{}", self.at, self.shared.token.text())
    }

    /// The same for handing to a browser: it works once.
    #[must_use]
    pub fn opening_address(&self) -> String {
        let once = self.shared.once.lock().unwrap_or_else(PoisonError::into_inner);
        match &*once {
            Some(token) => format!("http://{}/#{}", self.at, token.text()),
            None => self.address(),
        }
    }

    /// What is exposed, if anything is.
    #[must_use]
    pub fn exposure_warning(&self) -> Option<String> {
        match self.exposure {
            Exposure::Loopback => None,
            Exposure::Network(_) => Some(format!(
                "the page is served to every computer that can reach {}, UNENCRYPTED: whoever reads the \
                 traffic sees the signal and the token, and can pause and end the visit",
                self.at
            )),
        }
    }

    /// A sink for a session.
    #[must_use]
    pub fn tap(&self) -> Tap {
        Tap::new(Arc::clone(&self.shared.hub.queue))
    }

    /// Names the session that feeds the tap.
    pub fn attach(&self, session: Handle, scene: &Scene) {
        self.shared.hub.attach(session, scene);
    }

    /// Forgets the session before this one, and tells the pages what the next will be. For before it is
    /// started, so that nothing of it is missed.
    pub fn renew(&self, scene: &Scene) {
        self.shared.hub.renew(scene);
    }

    /// Tells the pages where the visit is (`PROTOCOL.md`, `stage`).
    pub fn set_stage(&self, stage: Value) {
        self.shared.hub.set_stage(stage);
    }

    /// Tells the pages what came of it.
    pub fn conclude(&self, result: Value) {
        self.shared.hub.conclude(result);
    }

    /// Pages that are open.
    #[must_use]
    pub fn page_count(&self) -> usize {
        self.shared.page_count.load(Ordering::Relaxed)
    }

    /// How long it took from the engine to the page, as a page has measured it.
    #[must_use]
    pub fn page_latency(&self) -> Latency {
        self.shared.hub.latency()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.shared.is_stopping.store(true, Ordering::Relaxed);
        self.shared.stop.notify_waiters();
        self.shared.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            // What a thread says at its end is for a debugger.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// The token to keep, if `told` is one of ours.
    pub(crate) fn admit(&self, told: &str) -> Option<&str> {
        let mut once = self.once.lock().unwrap_or_else(PoisonError::into_inner);
        let is_once = once.as_ref().is_some_and(|once| once.is(told));
        if is_once {
            *once = None;
        }
        (self.token.is(told) || is_once).then(|| self.token.text())
    }

    /// Room for one more page.
    pub(crate) fn seat(&self) -> Option<Seat<'_>> {
        Seat::take(&self.page_count, MAX_PAGES)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// Until the program wants to end.
    pub(crate) async fn stopping(&self) {
        let told = self.stop.notified();
        if !self.is_stopping() {
            told.await;
        }
    }
}

/// One of so many.
pub(crate) struct Seat<'a>(&'a AtomicUsize);

impl<'a> Seat<'a> {
    fn take(count: &'a AtomicUsize, most: usize) -> Option<Self> {
        let taken = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
            (taken < most).then_some(taken + 1)
        });
        taken.is_ok().then_some(Self(count))
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Connections take it over. What a page that does not read has not taken must not grow to megabytes.
    socket.set_send_buffer_size(SEND_BUFFER_LEN)?;
    socket.bind(at)?;
    socket.listen(BACKLOG_LEN)
}

async fn serve(listeners: Vec<TcpListener>, shared: Arc<Shared>) {
    let router = Router::new()
        .route("/", get(page))
        .route("/live", get(live))
        .route("/paper/{ticket}", get(paper))
        .route("/words/{name}", get(spoken))
        .route("/{*path}", get(file))
        .with_state(Arc::clone(&shared));
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let gather = Arc::clone(&shared);
    tokio::spawn(async move { gather.hub.run().await });
    for listener in listeners {
        let (router, shared, room) = (router.clone(), Arc::clone(&shared), Arc::clone(&room));
        tokio::spawn(accept(listener, router, shared, room));
    }
    shared.stopping().await;
    // Pages are told that the program ends; who does not listen is cut.
    for _ in 0..20 {
        if shared.page_count.load(Ordering::Relaxed) == 0 {
            break;
        }
        sleep(Duration::from_millis(10)).await;
    }
    sleep(Duration::from_millis(10)).await;
}

async fn accept(listener: TcpListener, router: Router, shared: Arc<Shared>, room: Arc<Semaphore>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many files are open: somebody will close one.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Without room the stream is dropped here, which closes it.
        if let Ok(permit) = Arc::clone(&room).try_acquire_owned() {
            let (router, shared) = (router.clone(), Arc::clone(&shared));
            tokio::spawn(async move {
                let limit = shared.patience.request;
                let _ = timeout(limit, connection(stream, router, shared)).await;
                drop(permit);
            });
        }
    }
}

/// One request; an upgraded one goes on elsewhere.
async fn connection(stream: TcpStream, router: Router, shared: Arc<Shared>) {
    // Small messages must not wait for each other.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router);
    let guarded = service_fn(|request: Request<Incoming>| {
        let verdict = shared.guard.check(&request);
        let service = service.clone();
        async move {
            let mut response = match verdict {
                Err(code) => plain(code),
                Ok(()) => match service.call(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                },
            };
            protect(&mut response);
            Ok::<_, Infallible>(response)
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(shared.patience.head)
        .max_buf_size(MAX_HEAD_LEN)
        .max_headers(32)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), guarded)
        .with_upgrades();
    // Whoever went away or spoke nonsense has no more to be told.
    let _ = served.await;
}

fn plain(code: StatusCode) -> Response<Body> {
    (code, code.canonical_reason().unwrap_or_default()).into_response()
}

async fn page() -> Response<Body> {
    asset("")
}

async fn file(Path(path): Path<String>) -> Response<Body> {
    asset(&path)
}

/// A report, by an address that only a page was told.
async fn paper(State(shared): State<Arc<Shared>>, Path(ticket): Path<String>) -> Response<Body> {
    let Some(found) = shared.papers.get(&ticket) else { return plain(StatusCode::NOT_FOUND) };
    let mut response = Response::new(Body::from(found));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    for (name, value) in crate::guard::PAPER {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The words of a language: those of the page, and those that it shares with the reports.
async fn spoken(Path(name): Path<String>) -> Response<Body> {
    let code = name.strip_suffix(".json").unwrap_or_default();
    let Some(words) = words::of(code) else { return plain(StatusCode::NOT_FOUND) };
    let mut response = Response::new(Body::from(words));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn asset(path: &str) -> Response<Body> {
    let Some((bytes, kind)) = assets::find(path) else { return plain(StatusCode::NOT_FOUND) };
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

async fn live(State(shared): State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response<Body> {
    let upgrade = upgrade
        .max_message_size(client::MAX_MESSAGE_LEN)
        .max_frame_size(client::MAX_MESSAGE_LEN)
        .write_buffer_size(0)
        .max_write_buffer_size(1024 * 1024);
    upgrade.on_upgrade(|socket| async move {
        // Dropping the socket closes it.
        if let Some(_seat) = Seat::take(&shared.socket_count, MAX_SOCKETS) {
            client::serve(socket, Arc::clone(&shared)).await;
        }
    })
}
