//! Decides whether a response may be stored; pure, so that every rule is one line and one test.

use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, IF_MATCH, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE, SET_COOKIE, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, response};

use crate::key::Kind;
use crate::media::Media;
use crate::{Key, NotStored, Policy, StoredFor, gzip};

/// What matters of a request after its handler has consumed it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) key: Option<Key>,
    pub(crate) accepts_gzip: bool,
    pub(crate) if_none_match: Option<HeaderValue>,
    is_signed: bool,
}

impl Asked {
    /// Reads a request, and takes from those that nginx might answer what a hit would not look at either.
    ///
    /// A handler that answered such a request with 206 or 304 would keep the file out of memcached.
    pub(crate) fn of<B>(request: &mut Request<B>) -> Self {
        let target = request
            .uri()
            .path_and_query()
            .map_or("", |target| target.as_str());
        let key = Key::of(target);
        let if_none_match = request.headers().get(IF_NONE_MATCH).cloned();
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if key.is_some() && is_read {
            for conditional in [
                IF_NONE_MATCH,
                IF_MODIFIED_SINCE,
                IF_MATCH,
                IF_UNMODIFIED_SINCE,
                RANGE,
                IF_RANGE,
            ] {
                request.headers_mut().remove(conditional);
            }
        }
        Self {
            method: request.method().clone(),
            key,
            accepts_gzip: gzip::is_accepted(request.headers()),
            if_none_match,
            is_signed: request.headers().contains_key(AUTHORIZATION),
        }
    }
}

impl Asked {
    /// Returns the key of a file that may be made for others at the same time.
    pub(crate) fn key_to_share(&self) -> Option<&Key> {
        self.key
            .as_ref()
            .filter(|_| self.method == Method::GET && !self.is_signed)
    }

    /// Tells whether an answer of this status means that the file under this path is another now (RFC 9111, section 4.4).
    pub(crate) fn invalidates(&self, status: StatusCode) -> bool {
        !self.method.is_safe() && (status.is_success() || status.is_redirection())
    }
}

/// Returns the key and the type of a response that may be stored, or the reason why not.
pub(crate) fn judge(asked: &Asked, parts: &response::Parts) -> Result<(Key, Media), NotStored> {
    let policy = parts
        .extensions
        .get::<Policy>()
        .copied()
        .unwrap_or_default();
    if !policy.is_public() {
        return Err(NotStored::Policy);
    }
    if asked.method != Method::GET {
        return Err(NotStored::Method);
    }
    if parts.status != StatusCode::OK {
        return Err(NotStored::Status);
    }
    if parts.headers.contains_key(SET_COOKIE) {
        return Err(NotStored::SetCookie);
    }
    if asked.is_signed {
        return Err(NotStored::Authorization);
    }
    if varies(&parts.headers) {
        return Err(NotStored::Vary);
    }
    if parts.headers.contains_key(CONTENT_ENCODING) {
        return Err(NotStored::Encoded);
    }
    if let Some(StoredFor(life)) = parts.extensions.get::<StoredFor>()
        && life.as_secs() == 0
    {
        return Err(NotStored::NoLifetime);
    }
    let key = asked.key.as_ref().ok_or(NotStored::NotAddressable)?;
    match (policy, key.kind()) {
        (Policy::Immutable, Kind::Fingerprinted) | (Policy::Purgeable, Kind::Derivative) => {}
        _ => return Err(NotStored::PolicyDoesNotFitPath),
    }
    let media = Media::of(key.extension()).ok_or(NotStored::WrongType)?;
    let named = parts
        .headers
        .get(CONTENT_TYPE)
        .and_then(|named| named.to_str().ok());
    if !named.is_some_and(|named| media.is_named_by(named)) {
        return Err(NotStored::WrongType);
    }
    Ok((key.clone(), media))
}

/// Tells whether a response depends on more of the request than the coding, for which one copy is enough.
pub(crate) fn varies(headers: &HeaderMap) -> bool {
    let names = headers
        .get_all(VARY)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    names
        .map(<[u8]>::trim_ascii)
        .any(|name| !name.eq_ignore_ascii_case(ACCEPT_ENCODING.as_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{Asked, judge};
    use crate::{NotStored, Policy, StoredFor};
    use http::{Request, Response, StatusCode};
    use std::time::Duration;

    const CSS: &str = "/static/site.0123456789ab.css";

    fn verdict(
        request: http::request::Builder,
        response: http::response::Builder,
        policy: Policy,
    ) -> Option<NotStored> {
        let asked = Asked::of(&mut request.body(()).unwrap());
        let (parts, ()) = policy.on(response.body(()).unwrap()).into_parts();
        judge(&asked, &parts).err()
    }

    fn css() -> http::response::Builder {
        Response::builder().header("content-type", "text/css")
    }

    #[test]
    fn a_fingerprinted_file_with_its_type_and_promise_is_stored() {
        assert_eq!(verdict(Request::get(CSS), css(), Policy::Immutable), None);
        assert_eq!(
            verdict(
                Request::get(CSS),
                css().header("vary", "Accept-Encoding"),
                Policy::Immutable
            ),
            None
        );
    }

    #[test]
    fn every_refusal_has_its_name() {
        let get = || Request::get(CSS);
        for (request, response, policy, reason) in [
            (get(), css(), Policy::NoStore, NotStored::Policy),
            (get(), css(), Policy::Private, NotStored::Policy),
            (
                Request::head(CSS),
                css(),
                Policy::Immutable,
                NotStored::Method,
            ),
            (
                Request::post(CSS),
                css(),
                Policy::Immutable,
                NotStored::Method,
            ),
            (
                get(),
                css().status(404),
                Policy::Immutable,
                NotStored::Status,
            ),
            (
                get(),
                css().status(206),
                Policy::Immutable,
                NotStored::Status,
            ),
            (
                get(),
                css().header("set-cookie", "a=b"),
                Policy::Immutable,
                NotStored::SetCookie,
            ),
            (
                get().header("authorization", "x"),
                css(),
                Policy::Immutable,
                NotStored::Authorization,
            ),
            (
                get(),
                css().header("vary", "accept-encoding, Cookie"),
                Policy::Immutable,
                NotStored::Vary,
            ),
            (
                get(),
                css().header("vary", "*"),
                Policy::Immutable,
                NotStored::Vary,
            ),
            (
                get(),
                css().header("content-encoding", "br"),
                Policy::Immutable,
                NotStored::Encoded,
            ),
            (
                Request::get("/static/site.css"),
                css(),
                Policy::Immutable,
                NotStored::NotAddressable,
            ),
            (
                Request::get(format!("{CSS}?v=1")),
                css(),
                Policy::Immutable,
                NotStored::NotAddressable,
            ),
            (
                get(),
                css(),
                Policy::Purgeable,
                NotStored::PolicyDoesNotFitPath,
            ),
            (
                Request::get("/i/a.css"),
                css(),
                Policy::Immutable,
                NotStored::PolicyDoesNotFitPath,
            ),
            (
                get(),
                Response::builder().header("content-type", "text/html"),
                Policy::Immutable,
                NotStored::WrongType,
            ),
            (
                get(),
                Response::builder(),
                Policy::Immutable,
                NotStored::WrongType,
            ),
            (
                Request::get("/static/a.01234567.exe"),
                css(),
                Policy::Immutable,
                NotStored::WrongType,
            ),
        ] {
            let asked = format!("{request:?} {response:?} {policy:?}");
            assert_eq!(verdict(request, response, policy), Some(reason), "{asked}");
        }
    }

    #[test]
    fn what_would_live_less_than_a_second_is_not_stored() {
        for (life, reason) in [(999, Some(NotStored::NoLifetime)), (1_000, None)] {
            let asked = Asked::of(&mut Request::get(CSS).body(()).unwrap());
            let answer = Policy::Immutable.on(css().body(()).unwrap());
            let (mut parts, ()) = answer.into_parts();
            parts
                .extensions
                .insert(StoredFor(Duration::from_millis(life)));
            assert_eq!(judge(&asked, &parts).err(), reason, "{life} ms");
        }
    }

    #[test]
    fn only_an_unsafe_request_that_succeeded_invalidates() {
        for (method, status, expected) in [
            ("GET", 200, false),
            ("HEAD", 200, false),
            ("OPTIONS", 204, false),
            ("POST", 200, true),
            ("PUT", 201, true),
            ("DELETE", 204, true),
            ("POST", 303, true),
            ("POST", 404, false),
            ("POST", 500, false),
        ] {
            let mut request = Request::builder().method(method).uri(CSS).body(()).unwrap();
            let status = StatusCode::from_u16(status).unwrap();
            let invalidates = Asked::of(&mut request).invalidates(status);
            assert_eq!(invalidates, expected, "{method} {status}");
        }
    }

    #[test]
    fn only_a_plain_get_of_a_file_is_shared() {
        let shared = |request: http::request::Builder| {
            Asked::of(&mut request.body(()).unwrap())
                .key_to_share()
                .is_some()
        };
        assert!(shared(Request::get(CSS)));
        assert!(!shared(Request::get(CSS).header("authorization", "x")));
        assert!(!shared(Request::head(CSS)) && !shared(Request::get("/page")));
    }

    #[test]
    fn what_writes_keeps_its_conditions() {
        let request = Request::put(CSS).header("if-match", "\"a\"");
        let mut request = request.body(()).unwrap();
        Asked::of(&mut request);
        assert!(request.headers().contains_key("if-match"));
    }

    #[test]
    fn conditions_and_ranges_are_taken_only_from_what_nginx_may_answer() {
        for (target, left) in [(CSS, false), ("/people/anna", true)] {
            let request = Request::get(target)
                .header("range", "bytes=0-1")
                .header("if-none-match", "\"a\"");
            let mut request = request.body(()).unwrap();
            assert!(Asked::of(&mut request).if_none_match.is_some());
            assert_eq!(request.headers().contains_key("range"), left, "{target}");
            assert_eq!(
                request.headers().contains_key("if-none-match"),
                left,
                "{target}"
            );
        }
    }
}
