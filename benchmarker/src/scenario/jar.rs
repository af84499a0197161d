//! The cookies of one visitor on one site.

use cookie::Cookie;
use time::{Duration, OffsetDateTime};

/// How many cookies a site may store in a browser, and how many bytes each may have; as in Chromium.
const COOKIES_MAX: usize = 180;
const COOKIE_BYTES_MAX: usize = 4096;

/// The cookies of one visitor on one site.
///
/// A run loads one host, so the name identifies a cookie. `Max-Age` and `Expires` only remove
/// cookies: none expires within a visit, which lasts an hour at most. Ignored: `Path` (every cookie
/// goes everywhere), `Domain`, `Secure` and `SameSite` (every request is of the same site).
#[derive(Debug, Default)]
pub(crate) struct Jar(Vec<(Box<str>, Box<str>)>);

impl Jar {
    /// Stores the cookie of a `Set-Cookie` header. Ignores an invalid one, as browsers do.
    pub(crate) fn store(&mut self, header: &[u8]) {
        let Some(cookie) = str::from_utf8(header)
            .ok()
            .and_then(|text| Cookie::parse(text).ok())
        else {
            return;
        };
        let (name, value) = (cookie.name(), cookie.value());
        let has_control = |text: &str| text.bytes().any(|b| b.is_ascii_control());
        if has_control(name) || has_control(value) || name.len() + value.len() > COOKIE_BYTES_MAX {
            return;
        }
        self.0.retain(|(known, _)| **known != *name);
        // RFC 6265, 5.3: Max-Age has precedence.
        let has_expired = match (cookie.max_age(), cookie.expires_datetime()) {
            (Some(age), _) => age <= Duration::ZERO,
            (None, Some(at)) => at <= OffsetDateTime::now_utc(),
            (None, None) => false,
        };
        if !has_expired && self.0.len() < COOKIES_MAX {
            self.0.push((name.into(), value.into()));
        }
    }

    /// Appends the header line `Cookie`, if there is a cookie.
    pub(crate) fn write(&self, out: &mut String) {
        for (place, (name, value)) in self.0.iter().enumerate() {
            out.push_str(if place == 0 { "Cookie: " } else { "; " });
            out.push_str(name);
            out.push('=');
            out.push_str(value);
        }
        if !self.0.is_empty() {
            out.push_str("\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(headers: &[&str]) -> String {
        let mut jar = Jar::default();
        for header in headers {
            jar.store(header.as_bytes());
        }
        let mut out = String::new();
        jar.write(&mut out);
        out
    }

    #[test]
    fn cookies_are_kept_replaced_and_sent_together() {
        let session = "session=a-b_c; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax";
        assert_eq!(
            line(&["session=old", "theme=\"dark\"", session]),
            "Cookie: theme=\"dark\"; session=a-b_c\r\n"
        );
        assert_eq!(line(&[]), "");
    }

    #[test]
    fn a_cookie_is_taken_away_by_age_or_date() {
        for ended in [
            "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
            "session=x; Max-Age=-5",
            "session=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "session=x; Max-Age=0; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
        ] {
            assert_eq!(line(&["session=abc", ended]), "", "{ended}");
        }
        let lasting = "session=x; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        assert_eq!(line(&[lasting]), "Cookie: session=x\r\n");
    }

    #[test]
    fn what_is_no_cookie_is_ignored() {
        let long = format!("a={}", "x".repeat(5000));
        assert_eq!(line(&["", "=x", "nonsense", "a=b\u{1}c", &long]), "");
        let mut jar = Jar::default();
        jar.store(b"a=\xff");
        assert!(jar.0.is_empty());
    }
}
