//! One request as nginx reports it: which server responded, how fast, how much.

use std::net::SocketAddr;
use std::time::Duration;

/// Where the response came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// memcached had the file.
    Hit,
    /// memcached did not have the file; the app responded.
    Miss,
    /// memcached failed or was too slow; the app responded.
    Failed,
    /// The browser's copy is current: nginx returned 304 from the URL alone.
    NotModified,
    /// memcached was not asked: a page, another method, a path without a key.
    Pass,
    /// nginx responded by itself.
    Nginx,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 6] = [
        Self::Hit,
        Self::Miss,
        Self::Failed,
        Self::NotModified,
        Self::Pass,
        Self::Nginx,
    ];

    /// A name of at most six letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Failed => "failed",
            Self::NotModified => "304",
            Self::Pass => "pass",
            Self::Nginx => "nginx",
        }
    }
}

/// A request that nginx has finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its end, in milliseconds since 1970.
    pub ended_ms: u64,
    /// The time in nginx, if both of its lines arrived.
    pub took: Option<Duration>,
    /// Where the response came from.
    pub outcome: Outcome,
    /// The method.
    pub method: String,
    /// The status of the response.
    pub status: u16,
    /// The length of the body, in bytes.
    pub bytes: u64,
    /// The statuses of all upstream responses, in order: `404 : 200`.
    pub chain: String,
    /// The request target, as escaped by nginx.
    pub target: String,
}

/// The content of one line from the socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Request(Request),
    /// The number of requests that were not reported.
    Lost(u64),
}

/// Parses one line; `None` if it is malformed.
pub(super) fn read(line: &str) -> Option<Line> {
    let fields: Vec<&str> = line.split('\t').collect();
    if let ["lost", count] = fields.as_slice() {
        return Some(Line::Lost(count.parse().ok()?));
    }
    let [
        took,
        ended,
        _connection,
        _serial,
        method,
        status,
        bytes,
        addresses,
        chain,
        target,
    ] = fields.as_slice()
    else {
        return None;
    };
    let status = status.parse().ok()?;
    let (seconds, milliseconds) = ended.split_once('.')?;
    Some(Line::Request(Request {
        ended_ms: seconds.parse::<u64>().ok()? * 1000 + milliseconds.parse::<u64>().ok()?,
        took: took.parse().ok().map(Duration::from_micros),
        outcome: outcome(status, addresses, chain),
        method: (*method).to_owned(),
        status,
        bytes: bytes.parse().ok()?,
        chain: (*chain).to_owned(),
        target: (*target).to_owned(),
    }))
}

/// nginx lists the status of every upstream: `,` separates servers that were tried in turn, ` : ` separates memcached
/// from the app after a miss.
fn outcome(status: u16, addresses: &str, chain: &str) -> Outcome {
    let first = |list: &str| list.split(" : ").next().unwrap_or_default().to_owned();
    let (upstreams, statuses) = (first(addresses), first(chain));
    // When every server is marked as failed, nginx asks none, and logs the name of the upstream instead.
    let is_memcached = upstreams == "memcached"
        || upstreams
            .split(", ")
            .any(|address| address.parse::<SocketAddr>().is_ok());
    match statuses.rsplit(", ").next().unwrap_or_default() {
        "-" if upstreams == "-" && status == 304 => Outcome::NotModified,
        "-" if upstreams == "-" => Outcome::Nginx,
        "200" if is_memcached => Outcome::Hit,
        "404" if is_memcached => Outcome::Miss,
        _ if is_memcached => Outcome::Failed,
        _ => Outcome::Pass,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome_of(status: u16, addresses: &str, chain: &str) -> Outcome {
        let line = format!(
            "184\t1795517991.984\t5\t1\tGET\t{status}\t12000\t{addresses}\t{chain}\t/i/a.webp"
        );
        match read(&line) {
            Some(Line::Request(request)) => request.outcome,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_chain_tells_who_answered() {
        const MC: &str = "127.0.0.1:11211";
        const APP: &str = "unix:/run/app-0.sock";
        for (status, addresses, chain, expected) in [
            (200, MC.to_owned(), "200", Outcome::Hit),
            (206, MC.to_owned(), "200", Outcome::Hit),
            (200, format!("{MC} : {APP}"), "404 : 200", Outcome::Miss),
            (200, format!("{MC}, [::1]:1"), "502, 200", Outcome::Hit),
            (
                200,
                format!("{MC}, {MC} : {APP}"),
                "502, 404 : 200",
                Outcome::Miss,
            ),
            (200, format!("{MC} : {APP}"), "504 : 200", Outcome::Failed),
            (
                200,
                format!("memcached : {APP}"),
                "502 : 200",
                Outcome::Failed,
            ),
            (
                503,
                format!("{MC} : {APP}, {APP}"),
                "404 : 502, 502",
                Outcome::Miss,
            ),
            (304, "-".to_owned(), "-", Outcome::NotModified),
            (404, "-".to_owned(), "-", Outcome::Nginx),
            (200, APP.to_owned(), "200", Outcome::Pass),
            (499, APP.to_owned(), "-", Outcome::Pass),
        ] {
            assert_eq!(
                outcome_of(status, &addresses, chain),
                expected,
                "{addresses} {chain}"
            );
        }
    }

    #[test]
    fn a_line_is_read_whole_and_a_loss_is_a_number() {
        let Some(Line::Request(request)) =
            read("184\t1795517991.984\t5\t1\tGET\t200\t12000\t127.0.0.1:1\t200\t/i/a.webp")
        else {
            panic!("not read");
        };
        assert_eq!(request.took, Some(Duration::from_micros(184)));
        assert_eq!(
            (request.ended_ms, request.bytes),
            (1_795_517_991_984, 12_000)
        );
        assert_eq!(read("lost\t7"), Some(Line::Lost(7)));
        assert_eq!(read("-\t1.5\tx"), None);
    }
}
