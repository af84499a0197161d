//! The headers of a response that control its caching.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::validators::{self, Validators};

/// The longest freshness: the greatest number of seconds that RFC 9111, 1.2.2, requires caches to
/// represent, some 68 years.
const FOR_EVER_S: u32 = 1 << 31;

/// How long a response is fresh from its creation, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lifetime {
    /// Set by the server (RFC 9111, 4.2.1).
    Explicit(u32),
    /// Not set: a tenth of the time since `Last-Modified`, if there is one (4.2.2).
    Heuristic(Option<u32>),
}

/// The meaning of a response head to a private cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct CacheHead {
    pub(super) may_be_stored: bool,
    pub(super) lifetime: Lifetime,
    /// The age of the response on arrival, in seconds.
    age_s: u32,
    pub(super) validators: Option<Arc<Validators>>,
}

impl CacheHead {
    /// Reads the headers of a response. Allocates only for validators that no visitor of this thread
    /// has yet.
    pub(in crate::engine) fn of(headers: &[httparse::Header<'_>], status: u16) -> Self {
        Self::received_at(SystemTime::now(), headers, status)
    }

    pub(super) fn received_at(
        received: SystemTime,
        headers: &[httparse::Header<'_>],
        status: u16,
    ) -> Self {
        let mut fields = Fields::default();
        for header in headers {
            fields.read(header.name, header.value);
        }
        let date = fields.date.unwrap_or(received);
        let apparent_age_s = seconds(received.duration_since(date).unwrap_or_default());
        let (etag, last_modified) = match status {
            // A browser validates only complete responses; with `Vary: *` only by the ETag.
            200 | 304 if fields.varies_always => (fields.etag, None),
            200 | 304 => (fields.etag, fields.last_modified),
            _ => (None, None),
        };
        // 206 is not the whole file, and we never request a range.
        let may_be_stored = !fields.no_store && status >= 200 && status != 206;
        Self {
            may_be_stored,
            lifetime: fields.lifetime(date, status),
            age_s: fields.age_s.max(apparent_age_s),
            validators: may_be_stored
                .then(|| validators::shared(etag, last_modified))
                .flatten(),
        }
    }

    /// How long a response with this lifetime is fresh after the arrival of this head (RFC 9111, 4.2).
    pub(super) fn fresh_for(&self, lifetime: Lifetime) -> Duration {
        let (Lifetime::Explicit(lifetime_s) | Lifetime::Heuristic(Some(lifetime_s))) = lifetime
        else {
            return Duration::ZERO;
        };
        Duration::from_secs(lifetime_s.saturating_sub(self.age_s).into())
    }
}

/// The header fields that control caching, as sent.
#[derive(Default)]
struct Fields<'h> {
    no_store: bool,
    no_cache: bool,
    must_revalidate: bool,
    varies_always: bool,
    max_age_s: Option<u32>,
    /// The inner value is none when it is not a date, which means the past (RFC 9111, 5.3).
    expires: Option<Option<SystemTime>>,
    age_s: u32,
    date: Option<SystemTime>,
    etag: Option<&'h [u8]>,
    last_modified: Option<&'h [u8]>,
}

impl<'h> Fields<'h> {
    fn read(&mut self, name: &str, value: &'h [u8]) {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        // Compares lengths first, because most headers are not used.
        match name.len() {
            3 if is("age") => self.age_s = delta_seconds(value).unwrap_or(0),
            4 if is("etag") && !value.is_empty() => self.etag = self.etag.or(Some(value)),
            4 if is("date") => self.date = self.date.or_else(|| date(value)),
            4 if is("vary") => {
                self.varies_always |= value.split(|b| *b == b',').any(|v| v.trim_ascii() == b"*");
            }
            6 if is("pragma") => self.no_cache |= value.eq_ignore_ascii_case(b"no-cache"),
            7 if is("expires") => self.expires = self.expires.or_else(|| Some(date(value))),
            13 if is("cache-control") => directives(value).for_each(|d| self.directive(d)),
            13 if is("last-modified") && !value.is_empty() => {
                self.last_modified = self.last_modified.or(Some(value));
            }
            _ => {}
        }
    }

    /// Ignored: `s-maxage` and `private`, which are for shared caches; `immutable`, which is about
    /// reloading; `no-cache="field"`, which Chromium ignores too.
    fn directive(&mut self, directive: &[u8]) {
        let is = |name: &[u8]| directive.eq_ignore_ascii_case(name);
        self.no_store |= is(b"no-store");
        self.no_cache |= is(b"no-cache");
        self.must_revalidate |= is(b"must-revalidate");
        if self.max_age_s.is_none()
            && let Some((name, value)) = directive.split_at_checked(b"max-age=".len())
            && name.eq_ignore_ascii_case(b"max-age=")
        {
            // An invalid number makes it stale (RFC 9111, 4.2.1).
            self.max_age_s = Some(delta_seconds(value).unwrap_or(0));
        }
    }

    fn lifetime(&self, date: SystemTime, status: u16) -> Lifetime {
        if self.no_cache || self.varies_always {
            return Lifetime::Explicit(0);
        }
        if let Some(max_age_s) = self.max_age_s {
            return Lifetime::Explicit(max_age_s);
        }
        if let Some(expires) = self.expires {
            let left = expires.and_then(|expires| expires.duration_since(date).ok());
            return Lifetime::Explicit(left.map_or(0, seconds));
        }
        let unchanged =
            || self::date(self.last_modified?).and_then(|t| date.duration_since(t).ok());
        match status {
            200 | 203 | 304 if self.must_revalidate => Lifetime::Explicit(0),
            200 | 203 | 304 => Lifetime::Heuristic(unchanged().map(|d| seconds(d / 10))),
            300 | 301 | 308 | 410 => Lifetime::Explicit(FOR_EVER_S),
            _ => Lifetime::Heuristic(None),
        }
    }
}

/// The members of a list, trimmed; a comma in quotes does not separate.
fn directives(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    list.split(move |byte| {
        quoted ^= *byte == b'"';
        *byte == b',' && !quoted
    })
    .map(<[u8]>::trim_ascii)
}

/// A number of seconds, at most [`FOR_EVER_S`] (RFC 9111, 1.2.2).
fn delta_seconds(text: &[u8]) -> Option<u32> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |seconds: u32, byte: &u8| {
        seconds
            .saturating_mul(10)
            .saturating_add(u32::from(byte - b'0'))
    };
    Some(text.iter().fold(0, digit).min(FOR_EVER_S))
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs())
        .unwrap_or(FOR_EVER_S)
        .min(FOR_EVER_S)
}

fn date(text: &[u8]) -> Option<SystemTime> {
    httpdate::parse_http_date(std::str::from_utf8(text).ok()?.trim()).ok()
}
