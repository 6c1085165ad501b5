//! Who is answered at all, decided before anything else is looked at.
//!
//! Any web site can make the browser of the person send requests to this computer, and by naming its
//! own server anew ("DNS rebinding") it can even read the answers. Three things stand against it: the
//! name in `Host` must be one of ours, `Origin` must be one of ours where a page acts, and the first
//! message must carry the token. To compare `Origin` with `Host` would not do: under rebinding the
//! attacker sets both.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, UPGRADE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

/// Nothing but our own files, nothing inline, and no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// For a report, which brings its own style and nothing else: no script, no network, no way to our pages
/// though it comes from the same server, and a frame only in them.
pub(crate) const PAPER: [(HeaderName, &str); 2] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'self'; sandbox allow-modals",
    ),
    (X_FRAME_OPTIONS, "SAMEORIGIN"),
];

/// Names under which the server may be asked.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    hosts: Vec<String>,
}

impl Guard {
    /// `names` without port, an address of version 6 in brackets.
    pub(crate) fn new(names: &[String], port: u16) -> Self {
        Self { hosts: names.iter().map(|name| format!("{name}:{port}")).collect() }
    }

    /// Whether a request may go on to be routed; if not, what is answered.
    pub(crate) fn check(&self, request: &Request<impl Sized>) -> Result<(), StatusCode> {
        let headers = request.headers();
        let host = only(headers, &HOST).ok_or(StatusCode::BAD_REQUEST)?;
        if !self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)) {
            return Err(StatusCode::FORBIDDEN);
        }
        let acts = request.method() != Method::GET || headers.contains_key(UPGRADE);
        let origin = only(headers, &ORIGIN);
        // A page that only fetches a file need not say where it is from; if it does, it must be ours.
        if (acts || headers.contains_key(ORIGIN)) && !origin.is_some_and(|told| self.is_ours(told))
        {
            return Err(StatusCode::FORBIDDEN);
        }
        if request.method() == Method::GET { Ok(()) } else { Err(StatusCode::METHOD_NOT_ALLOWED) }
    }

    fn is_ours(&self, origin: &str) -> bool {
        let host = origin.strip_prefix("http://");
        host.is_some_and(|host| self.hosts.iter().any(|known| known == host))
    }
}

/// The value of a header that is there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

/// Adds to every answer what keeps it where it belongs, unless it says more itself.
pub(crate) fn protect(response: &mut Response<Body>) {
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(method: &str, headers: &[(&str, &str)]) -> Result<(), u16> {
        let names = ["127.0.0.1", "localhost", "[::1]"].map(str::to_owned);
        let mut request = Request::builder().method(method).uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).expect("well formed");
        Guard::new(&names, 4000).check(&request).map_err(|code| code.as_u16())
    }

    #[test]
    fn only_our_own_names_are_answered() {
        for good in ["127.0.0.1:4000", "localhost:4000", "LOCALHOST:4000", "[::1]:4000"] {
            assert_eq!(answer("GET", &[("host", good)]), Ok(()), "{good}");
        }
        for bad in ["evil.test:4000", "127.0.0.1", "127.0.0.1:4001", "localhost.evil.test:4000", ""]
        {
            assert_eq!(answer("GET", &[("host", bad)]), Err(403), "{bad}");
        }
        assert_eq!(answer("GET", &[]), Err(400));
        let twice = [("host", "127.0.0.1:4000"), ("host", "evil.test:4000")];
        assert_eq!(answer("GET", &twice), Err(400));
    }

    #[test]
    fn whoever_acts_must_come_from_our_own_page() {
        let ours = ("host", "127.0.0.1:4000");
        let upgrade = ("upgrade", "websocket");
        let from = |origin| [ours, upgrade, ("origin", origin)];
        assert_eq!(answer("GET", &from("http://127.0.0.1:4000")), Ok(()));
        assert_eq!(answer("GET", &from("http://localhost:4000")), Ok(()));
        for bad in
            ["http://evil.test:4000", "https://127.0.0.1:4000", "null", "http://127.0.0.1", ""]
        {
            assert_eq!(answer("GET", &from(bad)), Err(403), "{bad}");
        }
        assert_eq!(answer("GET", &[ours, upgrade]), Err(403), "no origin");
        // Under rebinding both agree, and both are foreign.
        let rebound = [("host", "evil.test:4000"), upgrade, ("origin", "http://evil.test:4000")];
        assert_eq!(answer("GET", &rebound), Err(403));
        assert_eq!(answer("GET", &[ours, ("origin", "http://evil.test")]), Err(403));
    }

    #[test]
    fn nothing_is_taken_but_questions() {
        let ours = ("host", "127.0.0.1:4000");
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"] {
            assert_eq!(answer(method, &[ours]), Err(403), "{method}");
            let from_us = [ours, ("origin", "http://127.0.0.1:4000")];
            assert_eq!(answer(method, &from_us), Err(405), "{method}");
        }
    }
}
