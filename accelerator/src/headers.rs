//! The only place that writes caching headers on what the application answers.

use http::header::{
    AGE, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, EXPIRES, HeaderName, LAST_MODIFIED,
    PRAGMA, SET_COOKIE, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, response};

use crate::Policy;
use crate::judge::Asked;
use crate::media::Media;

/// Who answered: a hit says `HIT memcached` here, see `nginx.conf`.
pub const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Writes what the policy means, and nothing that a hit could not say as well.
///
/// `media` is the type of a response that may be stored: of such a response no other header is left.
pub(crate) fn write(asked: &Asked, parts: &mut response::Parts, media: Option<Media>) {
    debug_assert!(
        !parts.headers.contains_key(CACHE_CONTROL),
        "a handler wrote Cache-Control by hand; put a Policy into the response instead"
    );
    let promised = parts
        .extensions
        .get::<Policy>()
        .copied()
        .unwrap_or_default();
    let policy = kept(promised, parts);
    if let Some(media) = media {
        keep_what_a_hit_has(&mut parts.headers);
        parts
            .headers
            .insert(CONTENT_TYPE, HeaderValue::from_static(media.content_type));
    }
    for stale in [AGE, EXPIRES, PRAGMA] {
        parts.headers.remove(stale);
    }
    if policy.is_public() {
        parts.headers.remove(LAST_MODIFIED);
        parts.headers.remove(ETAG);
    }
    parts.headers.insert(CACHE_CONTROL, policy.cache_control());
    if policy == Policy::ForEver
        && let Some(etag) = asked.key.as_ref().and_then(crate::Key::etag)
        && let Ok(etag) = HeaderValue::try_from(etag)
    {
        parts.headers.insert(ETAG, etag);
    }
    if media.is_some_and(|media| media.is_text) {
        parts
            .headers
            .insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    parts
        .headers
        .insert(X_CACHE, HeaderValue::from_static("MISS"));
    parts.headers.append(
        SERVER_TIMING,
        HeaderValue::from_static("cache;desc=\"MISS\""),
    );
}

/// Turns the answer into a 304 if the client has these bytes: the same rule as in `nginx.conf`.
///
/// `If-None-Match: *` is not looked at, because nginx cannot know whether a file exists.
pub(crate) fn is_not_modified(asked: &Asked, parts: &mut response::Parts) -> bool {
    let Some(etag) = parts.headers.get(ETAG) else {
        return false;
    };
    let is_read = matches!(asked.method, Method::GET | Method::HEAD);
    let is_for_ever = parts.headers.get(CACHE_CONTROL) == Some(&Policy::ForEver.cache_control());
    let has_it = asked
        .if_none_match
        .as_ref()
        .is_some_and(|theirs| names(theirs, etag));
    if !(is_read && is_for_ever && has_it && parts.status == StatusCode::OK) {
        return false;
    }
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(CONTENT_TYPE);
    parts.headers.remove(CONTENT_LENGTH);
    true
}

/// A promise about a file is not one about its absence, nor one about a visitor.
fn kept(promised: Policy, parts: &response::Parts) -> Policy {
    let is_whole_answer = matches!(
        parts.status,
        StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED
    );
    if promised.is_public() && parts.headers.contains_key(SET_COOKIE) {
        Policy::SharedByNobody
    } else if promised.is_public() && !is_whole_answer {
        Policy::KeptNowhere
    } else {
        promised
    }
}

fn keep_what_a_hit_has(headers: &mut HeaderMap) {
    let length = headers.remove(CONTENT_LENGTH);
    headers.clear();
    headers.extend(length.map(|length| (CONTENT_LENGTH, length)));
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
    use super::{is_not_modified, write};
    use crate::Policy;
    use crate::judge::{Asked, judge};
    use http::{Request, Response, response};

    fn written(
        request: http::request::Builder,
        response: http::response::Builder,
        policy: Policy,
    ) -> response::Parts {
        let asked = Asked::of(&mut request.body(()).unwrap());
        let (mut parts, ()) = policy.on(response.body(()).unwrap()).into_parts();
        let media = judge(&asked, &parts).ok().map(|(_, media)| media);
        write(&asked, &mut parts, media);
        is_not_modified(&asked, &mut parts);
        parts
    }

    fn css() -> Request<()> {
        Request::get("/static/site.0123456789ab.css")
            .body(())
            .unwrap()
    }

    fn get_css() -> http::request::Builder {
        Request::get(css().uri().clone())
    }

    fn a_css() -> http::response::Builder {
        Response::builder()
            .header("content-type", "text/css")
            .header("last-modified", "x")
            .header("x-by", "me")
    }

    #[test]
    fn a_fingerprinted_file_says_for_ever_and_nothing_a_hit_could_not_say() {
        let parts = written(get_css(), a_css(), Policy::ForEver);
        let mut headers: Vec<_> = parts
            .headers
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
                "server-timing: cache;desc=\"MISS\"",
                "vary: Accept-Encoding",
                "x-cache: MISS",
            ]
        );
    }

    #[test]
    fn a_missing_file_is_not_missing_for_ever() {
        let parts = written(get_css(), a_css().status(404), Policy::ForEver);
        assert_eq!(parts.headers["cache-control"], "no-store");
        assert!(!parts.headers.contains_key("etag"));
        assert_eq!(
            parts.headers["x-by"], "me",
            "what cannot be stored keeps its headers"
        );
    }

    #[test]
    fn what_sets_a_cookie_is_shared_by_nobody() {
        let parts = written(
            get_css(),
            a_css().header("set-cookie", "a=b"),
            Policy::ForEver,
        );
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
            let parts = written(
                get_css().header("if-none-match", tag),
                a_css(),
                Policy::ForEver,
            );
            assert_eq!(parts.status, status, "{tag}");
            assert_eq!(parts.headers["etag"], "\"0123456789ab\"", "{tag}");
        }
    }

    #[test]
    #[should_panic(expected = "Cache-Control by hand")]
    fn a_handler_that_writes_caching_headers_is_found_in_tests() {
        written(
            get_css(),
            a_css().header("cache-control", "public"),
            Policy::ForEver,
        );
    }
}
