//! The request data that is needed after the handler has consumed the request.

use http::header::{
    AUTHORIZATION, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE,
};
use http::{HeaderValue, Method, Request, StatusCode};

use crate::gzip;
use crate::key::Key;

/// What the layer keeps of a request.
#[derive(Clone, Debug)]
pub(crate) struct RequestInfo {
    pub(crate) method: Method,
    pub(crate) key: Option<Key>,
    pub(crate) accepts_gzip: bool,
    pub(crate) if_none_match: Option<HeaderValue>,
    pub(crate) is_signed: bool,
}

impl RequestInfo {
    /// Reads a request. Removes conditions and ranges from those that nginx may answer, because a hit ignores them.
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

    /// Returns the key of a file whose response concurrent requests may share.
    pub(crate) fn shareable_key(&self) -> Option<&Key> {
        self.key
            .as_ref()
            .filter(|_| self.method == Method::GET && !self.is_signed)
    }

    /// Returns whether a response of this status means that the file at this path has changed (RFC 9111, section 4.4).
    pub(crate) fn invalidates(&self, status: StatusCode) -> bool {
        !self.method.is_safe() && (status.is_success() || status.is_redirection())
    }
}

#[cfg(test)]
mod tests {
    use super::RequestInfo;
    use http::{Request, StatusCode};

    const CSS: &str = "/static/site.0123456789ab.css";

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
            let invalidates = RequestInfo::of(&mut request).invalidates(status);
            assert_eq!(invalidates, expected, "{method} {status}");
        }
    }

    #[test]
    fn only_a_plain_get_of_a_file_is_shared() {
        let shared = |request: http::request::Builder| {
            RequestInfo::of(&mut request.body(()).unwrap())
                .shareable_key()
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
        RequestInfo::of(&mut request);
        assert!(request.headers().contains_key("if-match"));
    }

    #[test]
    fn conditions_and_ranges_are_taken_only_from_what_nginx_may_answer() {
        for (target, left) in [(CSS, false), ("/people/anna", true)] {
            let request = Request::get(target)
                .header("range", "bytes=0-1")
                .header("if-none-match", "\"a\"");
            let mut request = request.body(()).unwrap();
            assert!(RequestInfo::of(&mut request).if_none_match.is_some());
            assert_eq!(request.headers().contains_key("range"), left, "{target}");
            assert_eq!(
                request.headers().contains_key("if-none-match"),
                left,
                "{target}"
            );
        }
    }
}
