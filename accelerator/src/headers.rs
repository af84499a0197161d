//! The only place that writes caching headers on what the application answers.

use http::header::{
    AGE, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, EXPIRES, LAST_MODIFIED, PRAGMA,
    SET_COOKIE, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, response};

use crate::judge::{Asked, varies};
use crate::media::Media;
use crate::{Key, Policy};

/// Finds handlers that write caching headers themselves.
///
/// # Panics
/// In debug builds, when there is a `Cache-Control`.
pub(crate) fn assert_none_by_hand(headers: &HeaderMap) {
    debug_assert!(
        !headers.contains_key(CACHE_CONTROL),
        "a handler wrote Cache-Control by hand; put a Policy into the response instead"
    );
}

/// Returns the headers of a file that everybody may have: those that a hit has as well, and no other.
///
/// What depends on the encoding, its name and length, is for the caller to add.
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

/// Writes what the policy means on an answer that is not stored, and nothing that contradicts it.
pub(crate) fn write(asked: &Asked, parts: &mut response::Parts) {
    let promised = parts
        .extensions
        .get::<Policy>()
        .copied()
        .unwrap_or_default();
    let policy = kept(promised, parts);
    for stale in [AGE, EXPIRES, PRAGMA] {
        parts.headers.remove(stale);
    }
    if policy.is_public() {
        parts.headers.remove(LAST_MODIFIED);
        parts.headers.remove(ETAG);
    }
    parts.headers.insert(CACHE_CONTROL, policy.cache_control());
    if policy == Policy::Immutable
        && let Some(etag) = asked.key.as_ref().and_then(Key::etag)
        && let Ok(etag) = HeaderValue::try_from(etag)
    {
        parts.headers.insert(ETAG, etag);
    }
}

/// Turns the answer into a 304 if the client has these bytes.
pub(crate) fn is_not_modified(asked: &Asked, parts: &mut response::Parts) -> bool {
    if parts.status != StatusCode::OK || !has_it(asked, &parts.headers) {
        return false;
    }
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(CONTENT_TYPE);
    parts.headers.remove(CONTENT_LENGTH);
    true
}

/// Tells whether a client has a file with these headers: the same rule as in `nginx.conf`.
///
/// `If-None-Match: *` is not looked at, because nginx cannot know whether a file exists.
pub(crate) fn has_it(asked: &Asked, headers: &HeaderMap) -> bool {
    let is_read = matches!(asked.method, Method::GET | Method::HEAD);
    let is_for_ever = headers.get(CACHE_CONTROL) == Some(&Policy::Immutable.cache_control());
    let (Some(etag), Some(theirs)) = (headers.get(ETAG), &asked.if_none_match) else {
        return false;
    };
    is_read && is_for_ever && names(theirs, etag)
}

/// Returns how long a handler says that its answer is.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A promise about a file is not one about its absence, nor one about a visitor.
///
/// What varies by more than the encoding is for nobody to keep: nginx has no `Vary` for a file but that one.
fn kept(promised: Policy, parts: &response::Parts) -> Policy {
    let is_whole_answer = matches!(
        parts.status,
        StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED
    );
    if promised.is_public() && parts.headers.contains_key(SET_COOKIE) {
        Policy::Private
    } else if promised.is_public() && (!is_whole_answer || varies(&parts.headers)) {
        Policy::NoStore
    } else {
        promised
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
    use crate::judge::Asked;
    use crate::media::Media;
    use crate::{Key, Policy};
    use http::{Request, Response, response};

    const CSS: &str = "/static/site.0123456789ab.css";

    /// What is left of an answer that is not stored.
    fn written(
        request: http::request::Builder,
        response: http::response::Builder,
        policy: Policy,
    ) -> response::Parts {
        let asked = Asked::of(&mut request.body(()).unwrap());
        let (mut parts, ()) = policy.on(response.body(()).unwrap()).into_parts();
        write(&asked, &mut parts);
        is_not_modified(&asked, &mut parts);
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
