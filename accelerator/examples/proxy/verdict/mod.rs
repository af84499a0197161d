//! Decides by the origin's headers whether its answer may be pushed, and for how long.
//!
//! The layer judges what it judges for every site: method, status, cookies, `Authorization`, `Vary`, encoding,
//! type. Here stands what only somebody needs who passes on what others said: RFC 9111, and that nothing
//! is pushed whose headers nginx cannot repeat.

use std::time::{Duration, SystemTime};

use http::header::{
    AGE, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG,
    EXPIRES, HeaderName, LAST_MODIFIED, SET_COOKIE, TRANSFER_ENCODING, VARY,
};
use http::{HeaderMap, HeaderValue};

use crate::directives::Directives;
use crate::freshness::Left;

/// How long browsers and caches behind nginx may keep a hit below `/i/`, counted from the hit.
pub(crate) const PROMISE: Duration = Duration::from_secs(24 * 60 * 60);
/// How much earlier an item goes than it must, besides the fraction of a second that memcached does not
/// count: its clock may be late, and the way there takes a moment.
const MARGIN: Duration = Duration::from_millis(500);

/// Why an answer of the origin carries no policy; one name a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotPushed {
    /// The client forbade to keep what it gets.
    AskedNotTo,
    /// `Cache-Control` forbids, or allows only under a condition.
    Forbidden,
    /// `Cache-Control` says something that a hit could not say.
    Directive,
    /// A header that a hit could not repeat.
    Header,
    /// The text has another charset than the one nginx names.
    Charset,
    /// What was said about time or caching cannot be read for certain.
    Unreadable,
    /// Nothing was said about time.
    NoLifetime,
    /// Stale already, or before a hit's promise could end.
    TooShort,
}

impl NotPushed {
    /// Returns a short name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AskedNotTo => "asked-not-to",
            Self::Forbidden => "forbidden",
            Self::Directive => "directive",
            Self::Header => "header",
            Self::Charset => "charset",
            Self::Unreadable => "unreadable",
            Self::NoLifetime => "no-lifetime",
            Self::TooShort => "too-short",
        }
    }
}

/// What the promise of a hit counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// All of a hit's promise must fit into the time that the origin gave: who keeps the last hit for as
    /// long as it says has still nothing that the origin would call stale. Therefore a hit need
    /// not say its `Age` either.
    Kept,
    /// Only the hit itself must be fresh, as with any cache. What it says to those behind it is more than the
    /// origin said; this is to try the rules of reuse on as many answers as possible.
    Uncounted,
}

/// Directives that may be lost: they allow, and a hit allows less or says it anew.
const MAY_BE_LOST: [&str; 6] = [
    "public",
    "max-age",
    "s-maxage",
    "immutable",
    "stale-while-revalidate",
    "stale-if-error",
];
const FORBIDS: [&str; 3] = ["no-store", "no-cache", "private"];

/// Headers that may stand on an answer that is pushed.
const EXPECTED: [HeaderName; 13] = [
    // Said by a hit as well, or anew.
    CACHE_CONTROL,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    DATE,
    // Spent: what they say is in the time that the item stays.
    AGE,
    EXPIRES,
    // About this connection.
    CONNECTION,
    TRANSFER_ENCODING,
    // Who has no validator asks for the whole; that costs a transfer and never a wrong byte.
    ETAG,
    LAST_MODIFIED,
    // Judged by the layer.
    CONTENT_ENCODING,
    SET_COOKIE,
    VARY,
];
/// What the suite's origin writes on every answer, other values each time: how it measures, and nothing of
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

/// Returns for how long an answer may be pushed.
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

/// nginx says UTF-8 of every text; what says nothing is taken for it.
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
