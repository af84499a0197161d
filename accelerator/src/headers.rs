//! The only place that writes caching headers on responses of the application.

use http::header::{
    AGE, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, EXPIRES, LAST_MODIFIED, PRAGMA,
    SET_COOKIE, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, response};

use crate::key::Key;
use crate::media::Media;
use crate::policy::Policy;
use crate::request::RequestInfo;
use crate::storable::varies;

/// Detects handlers that write caching headers themselves.
///
/// # Panics
/// In debug builds, when there is a `Cache-Control`.
pub(crate) fn assert_none_by_hand(headers: &HeaderMap) {
    debug_assert!(
        !headers.contains_key(CACHE_CONTROL),
        "a handler wrote Cache-Control by hand; put a Policy into the response instead"
    );
}

/// Returns the headers of a file that all clients may have: those of a hit, and no other.
///
/// The caller adds the headers that depend on the encoding: its name and the length.
pub(crate) fn of_file(key: &Key, policy: Policy, media: Media) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(10);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media.content_type));
    headers.insert(CACHE_CONTROL, policy.cache_control());
    if let Some(Ok(etag)) = key.etag().map(HeaderValue::try_from) {
        headers.insert(ETAG, etag);
    }
    if media.is_text {
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    headers
}

/// Writes the headers of its policy on a response that is not stored, and removes those that contradict it.
pub(crate) fn write(info: &RequestInfo, parts: &mut response::Parts) {
    let policy = effective_policy(parts);
    for stale in [AGE, EXPIRES, PRAGMA] {
        parts.headers.remove(stale);
    }
    if policy.is_public() {
        parts.headers.remove(LAST_MODIFIED);
        parts.headers.remove(ETAG);
    }
    parts.headers.insert(CACHE_CONTROL, policy.cache_control());
    if policy == Policy::Immutable
        && let Some(etag) = info.key.as_ref().and_then(Key::etag)
        && let Ok(etag) = HeaderValue::try_from(etag)
    {
        parts.headers.insert(ETAG, etag);
    }
}

/// Turns the response into a 304 if the client has these bytes.
pub(crate) fn is_not_modified(info: &RequestInfo, parts: &mut response::Parts) -> bool {
    if parts.status != StatusCode::OK || !client_has(info, &parts.headers) {
        return false;
    }
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(CONTENT_TYPE);
    parts.headers.remove(CONTENT_LENGTH);
    true
}

/// Returns whether the client has a file with these headers: the same rule as in `nginx.conf`.
///
/// `If-None-Match: *` is ignored, because nginx cannot know whether a file exists.
pub(crate) fn client_has(info: &RequestInfo, headers: &HeaderMap) -> bool {
    let is_read = matches!(info.method, Method::GET | Method::HEAD);
    let is_immutable = headers.get(CACHE_CONTROL) == Some(&Policy::Immutable.cache_control());
    let (Some(etag), Some(theirs)) = (headers.get(ETAG), &info.if_none_match) else {
        return false;
    };
    is_read && is_immutable && names(theirs, etag)
}

/// Returns the length that the handler announced.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Returns the policy that holds for this response: the handler's is about the file, not about its absence nor about
/// one client.
///
/// A response that varies by more than the encoding is not stored: the only `Vary` that nginx has for a file is that one.
fn effective_policy(parts: &response::Parts) -> Policy {
    let chosen = Policy::of(parts);
    let is_of_the_file = matches!(
        parts.status,
        StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED
    );
    if chosen.is_public() && parts.headers.contains_key(SET_COOKIE) {
        Policy::Private
    } else if chosen.is_public() && (!is_of_the_file || varies(&parts.headers)) {
        Policy::NoStore
    } else {
        chosen
    }
}

fn names(if_none_match: &HeaderValue, etag: &HeaderValue) -> bool {
    let tags = if_none_match
        .as_bytes()
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii);
    tags.map(|tag| tag.strip_prefix(b"W/").unwrap_or(tag))
        .any(|tag| tag == etag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{assert_none_by_hand, is_not_modified, of_file, write};
    use crate::media::Media;
    use crate::request::RequestInfo;
    use crate::{Key, Policy};
    use http::{Request, Response, response};

    const CSS: &str = "/static/site.0123456789ab.css";

    /// Returns a response that is not stored, after its headers are written.
    fn written(
        request: http::request::Builder,
        response: http::response::Builder,
        policy: Policy,
    ) -> response::Parts {
        let info = RequestInfo::of(&mut request.body(()).unwrap());
        let (mut parts, ()) = policy.on(response.body(()).unwrap()).into_parts();
        write(&info, &mut parts);
        is_not_modified(&info, &mut parts);
        parts
    }

    fn a_css() -> http::response::Builder {
        Response::builder()
            .header("content-type", "text/css")
            .header("last-modified", "x")
            .header("x-by", "me")
    }

    #[test]
    fn a_fingerprinted_file_says_for_ever_and_nothing_a_hit_could_not_say() {
        let key = Key::of(CSS).unwrap();
        let headers = of_file(&key, Policy::Immutable, Media::of("css").unwrap());
        let mut headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        assert_eq!(
            headers,
            [
                "cache-control: public, max-age=31536000, immutable",
                "content-type: text/css; charset=utf-8",
                "etag: \"0123456789ab\"",
                "vary: Accept-Encoding",
            ]
        );
    }

    #[test]
    fn a_picture_has_no_validator() {
        let key = Key::of("/i/a.webp").unwrap();
        let headers = of_file(&key, Policy::Purgeable, Media::of("webp").unwrap());
        assert_eq!(headers["cache-control"], "public, max-age=86400");
        assert!(!headers.contains_key("etag") && !headers.contains_key("vary"));
    }

    #[test]
    fn a_missing_file_is_not_missing_for_ever() {
        let parts = written(Request::get(CSS), a_css().status(404), Policy::Immutable);
        assert_eq!(parts.headers["cache-control"], "no-store");
        assert!(!parts.headers.contains_key("etag"));
        assert_eq!(
            parts.headers["x-by"], "me",
            "what cannot be stored keeps its headers"
        );
    }

    #[test]
    fn what_varies_by_more_than_the_encoding_is_kept_nowhere() {
        for (vary, kept) in [
            ("Accept-Encoding", Policy::Purgeable),
            ("Cookie", Policy::NoStore),
            ("accept-encoding, Accept-Language", Policy::NoStore),
            ("*", Policy::NoStore),
        ] {
            let parts = written(
                Request::get("/i/a.webp"),
                Response::builder().header("vary", vary),
                Policy::Purgeable,
            );
            assert_eq!(
                parts.headers["cache-control"],
                kept.cache_control(),
                "{vary}"
            );
            assert_eq!(parts.headers["vary"], vary);
        }
    }

    #[test]
    fn what_sets_a_cookie_is_shared_by_nobody() {
        let answer = a_css().header("set-cookie", "a=b");
        let parts = written(Request::get(CSS), answer, Policy::Immutable);
        assert_eq!(parts.headers["cache-control"], "private, no-store");
    }

    #[test]
    fn a_client_that_has_the_file_is_told_so() {
        for (tag, status) in [
            ("\"0123456789ab\"", 304),
            ("W/\"0123456789ab\"", 304),
            ("\"x\", W/\"0123456789ab\" ,\"y\"", 304),
            ("\"0123456789a\"", 200),
            ("0123456789ab", 200),
            ("*", 200),
            ("", 200),
        ] {
            let request = Request::head(CSS).header("if-none-match", tag);
            let parts = written(request, a_css(), Policy::Immutable);
            assert_eq!(parts.status, status, "{tag}");
            assert_eq!(parts.headers["etag"], "\"0123456789ab\"", "{tag}");
        }
    }

    #[test]
    #[should_panic(expected = "Cache-Control by hand")]
    fn a_handler_that_writes_caching_headers_is_found_in_tests() {
        let answer = a_css().header("cache-control", "public").body(()).unwrap();
        assert_none_by_hand(answer.headers());
    }
}
