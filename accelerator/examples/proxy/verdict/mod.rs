//! Decides by the origin's headers whether its response may be stored, and for how long.
//!
//! The layer checks what it checks for every site: method, status, cookies, `Authorization`, `Vary`, encoding,
//! type. This module adds the rules of a proxy: RFC 9111, and that no response is stored whose headers nginx cannot
//! repeat.

use std::time::{Duration, SystemTime};

use http::header::{
    AGE, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG,
    EXPIRES, HeaderName, LAST_MODIFIED, SET_COOKIE, TRANSFER_ENCODING, VARY,
};
use http::{HeaderMap, HeaderValue};

use crate::directives::Directives;
use crate::freshness::Left;
use crate::not_pushed::NotPushed;

/// How long browsers and caches behind nginx may keep a hit below `/i/`, counted from the hit.
pub(crate) const PROMISE: Duration = Duration::from_secs(24 * 60 * 60);
/// How much earlier than necessary an item expires, besides the fraction of a second that memcached does not
/// count: its clock may be late, and the way there takes a moment.
const MARGIN: Duration = Duration::from_millis(500);

/// How the lifetime that a hit promises is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// The whole promise of a hit must fit into the origin's lifetime: a cache that keeps the last hit for as long as
    /// it may still has nothing that the origin would call stale. So a hit needs no `Age` either.
    Kept,
    /// Only the hit itself must be fresh, as with any cache. It promises more to the caches behind it than the origin
    /// did; this tests the rules of reuse on as many responses as possible.
    Uncounted,
}

/// Directives that may be lost: they permit, and a hit permits less or repeats them.
const MAY_BE_LOST: [&str; 6] = [
    "public",
    "max-age",
    "s-maxage",
    "immutable",
    "stale-while-revalidate",
    "stale-if-error",
];
const FORBIDS: [&str; 3] = ["no-store", "no-cache", "private"];

/// Headers that a stored response may have.
const EXPECTED: [HeaderName; 13] = [
    // A hit has them as well, or new ones.
    CACHE_CONTROL,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    DATE,
    // Their meaning is in the lifetime of the item.
    AGE,
    EXPIRES,
    // About this connection.
    CONNECTION,
    TRANSFER_ENCODING,
    // A client without a validator requests the whole file; that costs a transfer and never a wrong byte.
    ETAG,
    LAST_MODIFIED,
    // Checked by the layer.
    CONTENT_ENCODING,
    SET_COOKIE,
    VARY,
];
/// Headers that the suite's origin writes on every response, with changing values: its measurement, and no part of
/// the representation. (`keep-alive` is about the connection.)
const MARKS: [&str; 7] = [
    "keep-alive",
    "capability-seen",
    "server-base-url",
    "server-request-count",
    "client-request-count",
    "server-now",
    "request-numbers",
];

/// Returns for how long a response may be stored.
///
/// # Errors
/// The reason why not.
pub(crate) fn lifetime(
    request: &HeaderMap,
    response: &HeaderMap,
    asked: SystemTime,
    arrived: SystemTime,
    promise: Promise,
) -> Result<Duration, NotPushed> {
    let wishes = Directives::read(request.get_all(CACHE_CONTROL));
    if wishes.map_or(true, |wishes| wishes.has("no-store")) {
        return Err(NotPushed::AskedNotTo);
    }
    let directives = Directives::read(response.get_all(CACHE_CONTROL))?;
    if directives.names().any(|name| FORBIDS.contains(&name)) {
        return Err(NotPushed::Forbidden);
    }
    if !directives.names().all(|name| MAY_BE_LOST.contains(&name)) {
        return Err(NotPushed::Directive);
    }
    if !response.keys().all(is_expected) {
        return Err(NotPushed::Header);
    }
    if response.get(CONTENT_TYPE).is_some_and(has_other_charset) {
        return Err(NotPushed::Charset);
    }
    let left = Left::read(response, &directives, asked, arrived)?;
    let left = match promise {
        Promise::Kept => left.shared.min(left.private).saturating_sub(PROMISE),
        Promise::Uncounted => left.shared,
    };
    let whole = Duration::from_secs(left.saturating_sub(MARGIN).as_secs());
    if whole.is_zero() {
        return Err(NotPushed::TooShort);
    }
    Ok(whole)
}

fn is_expected(name: &HeaderName) -> bool {
    EXPECTED.contains(name) || MARKS.contains(&name.as_str())
}

/// nginx sends every text as UTF-8; a text without a charset counts as UTF-8.
fn has_other_charset(content_type: &HeaderValue) -> bool {
    let Ok(text) = content_type.to_str() else {
        return true;
    };
    let parameters = text.to_ascii_lowercase();
    let mut parameters = parameters.split(';').skip(1).map(str::trim);
    parameters.any(|parameter| !matches!(parameter, "charset=utf-8" | "charset=\"utf-8\""))
}

#[cfg(test)]
mod tests;
