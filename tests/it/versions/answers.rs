//! What a version answered, and where two of them differ.

use std::collections::BTreeMap;
use std::io::Read as _;

use reqwest::header::HeaderMap;

/// Headers that tell who answered and how it travelled; everything else must be the same.
const OF_THE_WAY: [&str; 12] = [
    "accept-ranges",
    "connection",
    "content-encoding",
    "content-length",
    "date",
    "keep-alive",
    "server",
    "server-timing",
    "transfer-encoding",
    "x-cache",
    "cache-status",
    "x-request-id",
];

/// An answer without what chance and the way decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn of(status: u16, headers: &HeaderMap, body: Vec<u8>) -> Self {
        let is_gzip = headers
            .get("content-encoding")
            .is_some_and(|coding| coding == "gzip");
        let is_part = status == 206 || status == 416;
        let body = if is_gzip && !is_part && !body.is_empty() {
            inflated(&body)
        } else {
            body
        };
        let is_page = headers
            .get("content-type")
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        let mut kept: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in headers {
            let value = value.to_str().expect("a readable header").to_owned();
            if !OF_THE_WAY.contains(&name.as_str()) {
                let values = kept.entry(name.to_string()).or_default();
                *values = format!("{values}{}\n", without_secrets(&value));
            }
        }
        // Where nginx alone answers "you have it", it names the type of what it does not send.
        if status == 304 {
            kept.remove("content-type");
        }
        // Whoever has a front gets pages gzipped, and others might not.
        if is_page {
            kept.remove("vary");
        }
        Self {
            status,
            headers: kept,
            body: if is_page { without_chance(&body) } else { body },
        }
    }

    /// What is different in another answer; nothing when nothing is.
    pub(super) fn differs_from(&self, expected: &Self) -> Option<String> {
        if self.status != expected.status {
            return Some(format!("status {}, not {}", self.status, expected.status));
        }
        let names = self.headers.keys().chain(expected.headers.keys());
        for name in names {
            let (got, wanted) = (self.headers.get(name), expected.headers.get(name));
            if got != wanted {
                return Some(format!("{name}: {got:?}, not {wanted:?}"));
            }
        }
        (self.body != expected.body).then(|| first_difference(&self.body, &expected.body))
    }
}

fn inflated(body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let read = flate2::read::GzDecoder::new(body).read_to_end(&mut plain);
    read.expect("gzip");
    plain
}

/// A cookie's secret is random; its length and all that is said about it are not.
fn without_secrets(value: &str) -> String {
    match value
        .strip_prefix("session=")
        .and_then(|rest| rest.split_once(';'))
    {
        Some((secret, rest)) => format!("session={};{rest}", "*".repeat(secret.len())),
        None => value.to_owned(),
    }
}

/// The page without the lab's line, which names the version, without views, which grow by looking, and without the port
/// of its own address, which each start chooses.
fn without_chance(body: &[u8]) -> Vec<u8> {
    let page = String::from_utf8(body.to_vec()).expect("a page in UTF-8");
    let page = without_port(&page);
    let page = without(&page, "<footer class=\"cost\"", "</footer>");
    without(&page, "<dt>Views</dt>", "</dd>").into_bytes()
}

fn without_port(page: &str) -> String {
    let mut parts = page.split("http://127.0.0.1:");
    let begin = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()));
    rest.fold(begin, |page, part| page + "http://127.0.0.1" + part)
}

fn without(page: &str, begin: &str, end: &str) -> String {
    let Some((before, rest)) = page.split_once(begin) else {
        return page.to_owned();
    };
    let after = rest.split_once(end).map_or("", |(_, after)| after);
    format!("{before}{after}")
}

fn first_difference(got: &[u8], wanted: &[u8]) -> String {
    let (got, wanted) = (
        String::from_utf8_lossy(got),
        String::from_utf8_lossy(wanted),
    );
    let mut lines = got.lines().zip(wanted.lines());
    match lines.find(|(got, wanted)| got != wanted) {
        Some((got, wanted)) => format!("it says\n  {got}\nnot\n  {wanted}"),
        None => format!("a body of {} bytes, not {}", got.len(), wanted.len()),
    }
}
