//! Parts of files, for a process that has no nginx in front: cut here as nginx cuts them in version
//! 0.4, from the whole that the accelerator has seen. Where nginx cuts, no range comes this far.

use accelerator::Policy;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, IF_RANGE, RANGE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::{error, page};

/// Whether a path is one of a file. This layer is around the accelerator, outside of the router.
fn is_file(path: &str) -> bool {
    path.starts_with("/i/") || path.starts_with("/static/")
}

/// What a client wants of a file.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    /// The first and the last byte.
    Part(u64, u64),
    Nothing,
}

/// Answers a range of a file with that range, and a HEAD with the headers of a GET.
pub async fn cut(mut request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads || !is_file(request.uri().path()) {
        return next.run(request).await;
    }
    // The server sends no body to a HEAD, whatever we answer.
    *request.method_mut() = Method::GET;
    let range = request.headers_mut().remove(RANGE);
    let condition = request.headers_mut().remove(IF_RANGE);
    let mut response = next.run(request).await;
    let Some(length) = length_of_whole(&response) else {
        return response;
    };
    let wanted = match range.as_ref().map(HeaderValue::to_str) {
        Some(Ok(range)) if holds(condition.as_ref(), &response) => wanted(range, length),
        _ => Wanted::Whole,
    };
    match wanted {
        Wanted::Whole => {
            let bytes = HeaderValue::from_static("bytes");
            response.headers_mut().insert(ACCEPT_RANGES, bytes);
            response
        }
        Wanted::Part(first, last) => part(response, first, last, length).await,
        Wanted::Nothing => {
            let range = format!("bytes */{length}");
            let refused = (
                StatusCode::RANGE_NOT_SATISFIABLE,
                [(CONTENT_RANGE, range)],
                page::SECURITY,
            );
            kept_nowhere(refused.into_response())
        }
    }
}

/// Says that a response may not be stored, because the accelerator has seen another.
fn kept_nowhere(mut response: Response) -> Response {
    Policy::NoStore.write_on(response.headers_mut());
    response
}

/// How long a file is that can be cut. A text that was inflated for this client cannot: nginx, which
/// inflates while it sends, does not know its length. Such a text has a weak validator.
fn length_of_whole(response: &Response) -> Option<u64> {
    let validator = response.headers().get("etag");
    if response.status() != StatusCode::OK
        || validator.is_some_and(|tag| tag.as_bytes().starts_with(b"W/"))
    {
        return None;
    }
    let length = response.headers().get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// Whether the client's other part is of this very file (RFC 9110, 13.1.5). Pictures have no
/// validator, so of them it gets the whole.
fn holds(condition: Option<&HeaderValue>, response: &Response) -> bool {
    condition.is_none_or(|tag| response.headers().get("etag") == Some(tag))
}

/// Several ranges at once, and what is no range at all, are answered with the whole, as RFC 9110 (14.2) allows.
fn wanted(range: &str, length: u64) -> Wanted {
    let ranges = match range.split_once('=') {
        Some((unit, ranges)) if unit.eq_ignore_ascii_case("bytes") => ranges,
        _ => return Wanted::Whole,
    };
    if ranges.contains(',') || length == 0 {
        return Wanted::Whole;
    }
    let part = match ranges.split_once('-').map(|(a, b)| (a.trim(), b.trim())) {
        Some(("", last)) => number(last).map(|len| (length - len.min(length), length - 1)),
        Some((first, "")) => number(first).map(|first| (first, length - 1)),
        Some((first, last)) => number(first).zip(number(last)),
        None => None,
    };
    match part.map(|(first, last)| (first, last.min(length - 1))) {
        Some((first, last)) if first <= last => Wanted::Part(first, last),
        Some(_) => Wanted::Nothing,
        None => Wanted::Whole,
    }
}

/// Digits and nothing else.
fn number(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

async fn part(response: Response, first: u64, last: u64, length: u64) -> Response {
    let (mut parts, body) = response.into_parts();
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    // Files are small: the largest picture has a few hundred kilobytes.
    let whole = match to_bytes(body, place(length)).await {
        Ok(whole) if whole.len() == place(length) => whole,
        _ => return kept_nowhere(error::failed("a file ended before its length")),
    };
    let part = whole.slice(place(first)..=place(last));
    parts.status = StatusCode::PARTIAL_CONTENT;
    let headers = [
        (CONTENT_RANGE, format!("bytes {first}-{last}/{length}")),
        (CONTENT_LENGTH, part.len().to_string()),
    ];
    let mut response = Response::from_parts(parts, Body::from(part));
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_a_part_the_whole_or_nothing() {
        for (range, expected) in [
            ("bytes=0-9", Wanted::Part(0, 9)),
            ("bytes=90-", Wanted::Part(90, 99)),
            ("bytes=-10", Wanted::Part(90, 99)),
            ("bytes=90-200", Wanted::Part(90, 99)),
            ("bytes=-200", Wanted::Part(0, 99)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=9-8", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes=x", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=1", Wanted::Whole),
            ("BYTES= 1 - 2 ", Wanted::Part(1, 2)),
            ("bytes=0-1,4-5", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
            ("", Wanted::Whole),
        ] {
            assert_eq!(wanted(range, 100), expected, "{range:?}");
        }
        assert_eq!(wanted("bytes=0-", 0), Wanted::Whole);
    }
}
