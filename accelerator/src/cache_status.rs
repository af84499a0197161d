//! What an answer says about who made it: `Cache-Status` (RFC 9211), `X-Cache` and `Server-Timing`.
//!
//! These are the answers of the application, so each of them was forwarded to it; a hit says `hit` in
//! `nginx.conf`. The cache is called `memcached`.

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::judge::Asked;
use crate::{Key, NotStored};

/// Who answered: a hit says `HIT memcached` here, see `nginx.conf`.
pub const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// What became of a file that nginx had looked for in vain.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shared {
    /// Made for this request and handed on to be stored; whether a server takes it is seen later.
    Stored,
    /// Made for another request that came before.
    Collapsed,
    /// Made for this request, and not handed on.
    Not(NotStored),
}

/// Says on a response that the application made it, and how it came to that.
pub(crate) fn say_miss(headers: &mut HeaderMap, status: HeaderValue) {
    headers.insert(X_CACHE, HeaderValue::from_static("MISS"));
    headers.append(
        SERVER_TIMING,
        HeaderValue::from_static("cache;desc=\"MISS\""),
    );
    headers.append(CACHE_STATUS, status);
}

/// Returns the status of a file that has a key.
pub(crate) fn of_file(key: &Key, shared: Shared) -> HeaderValue {
    // A key has no byte that would have to be escaped in a string (RFC 8941, section 3.3.3).
    let text = match shared {
        Shared::Stored => format!("memcached; fwd=uri-miss; stored; key=\"{key}\""),
        Shared::Collapsed => format!("memcached; fwd=uri-miss; collapsed; key=\"{key}\""),
        Shared::Not(reason) => {
            let reason = reason.name();
            format!("memcached; fwd=uri-miss; key=\"{key}\"; detail={reason}")
        }
    };
    valid(text)
}

/// Returns the status of an answer that is for nobody but who asked.
pub(crate) fn of_other(asked: &Asked, reason: NotStored) -> HeaderValue {
    match &asked.key {
        _ if asked.method != Method::GET => HeaderValue::from_static("memcached; fwd=method"),
        Some(key) => of_file(key, Shared::Not(reason)),
        // By far the commonest: a page.
        None if reason == NotStored::Policy => {
            HeaderValue::from_static("memcached; fwd=bypass; detail=policy")
        }
        None => valid(format!("memcached; fwd=bypass; detail={}", reason.name())),
    }
}

fn valid(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("memcached"))
}
