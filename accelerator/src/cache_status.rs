//! Headers that name the program that answered: `Cache-Status` (RFC 9211), `X-Cache` and `Server-Timing`.
//!
//! The layer sees only requests that nginx forwarded, so each of its responses is a miss; `nginx.conf` writes the
//! headers of a hit. The cache is called `memcached`.

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::key::Key;
use crate::not_stored::NotStored;
use crate::request::RequestInfo;

/// The program that answered: `MISS` here, `HIT memcached` on a hit (see `nginx.conf`).
pub const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// What became of a file that nginx did not find in memcached.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Miss {
    /// Rendered for this request and queued; whether a server takes it shows later.
    Stored,
    /// Rendered for a concurrent request.
    Collapsed,
    /// Rendered for this request, and not queued.
    NotStored(NotStored),
}

/// Writes on a response that the application rendered it, and why.
pub(crate) fn write_miss(headers: &mut HeaderMap, status: HeaderValue) {
    headers.insert(X_CACHE, HeaderValue::from_static("MISS"));
    headers.append(
        SERVER_TIMING,
        HeaderValue::from_static("cache;desc=\"MISS\""),
    );
    headers.append(CACHE_STATUS, status);
}

/// Returns the `Cache-Status` of a file that has a key.
pub(crate) fn of_file(key: &Key, miss: Miss) -> HeaderValue {
    // A key has no byte that needs escaping in a string (RFC 8941, section 3.3.3).
    let text = match miss {
        Miss::Stored => format!("memcached; fwd=uri-miss; stored; key=\"{key}\""),
        Miss::Collapsed => format!("memcached; fwd=uri-miss; collapsed; key=\"{key}\""),
        Miss::NotStored(reason) => {
            let reason = reason.name();
            format!("memcached; fwd=uri-miss; key=\"{key}\"; detail={reason}")
        }
    };
    valid(text)
}

/// Returns the `Cache-Status` of a response that is not shared.
pub(crate) fn of_other(info: &RequestInfo, reason: NotStored) -> HeaderValue {
    match &info.key {
        _ if info.method != Method::GET => HeaderValue::from_static("memcached; fwd=method"),
        Some(key) => of_file(key, Miss::NotStored(reason)),
        // By far the most common: a page.
        None if reason == NotStored::Policy => {
            HeaderValue::from_static("memcached; fwd=bypass; detail=policy")
        }
        None => valid(format!("memcached; fwd=bypass; detail={}", reason.name())),
    }
}

fn valid(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("memcached"))
}
