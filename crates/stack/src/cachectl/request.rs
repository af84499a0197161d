//! One request as nginx told it: who answered, how fast, how much.

use std::net::SocketAddr;
use std::time::Duration;

/// Who answered, as far as the cache goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// memcached had it.
    Hit,
    /// memcached was asked and did not have it; the app answered.
    Miss,
    /// memcached failed or was too slow; the app answered.
    Failed,
    /// A browser had it already, and nginx said so from the address alone.
    NotModified,
    /// memcached was not asked: a page, another method, a path without a key.
    Pass,
    /// nginx answered by itself, without asking anybody.
    Nginx,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Hit,
        Self::Miss,
        Self::Failed,
        Self::NotModified,
        Self::Pass,
        Self::Nginx,
    ];

    /// A word of at most six letters.
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

/// A request that nginx has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// When it ended, in milliseconds since 1970.
    pub ended_ms: u64,
    /// How long it took inside of nginx, if both its lines came through.
    pub took: Option<Duration>,
    /// Who answered.
    pub outcome: Outcome,
    /// The method.
    pub method: String,
    /// The status that the client got.
    pub status: u16,
    /// How many bytes of body it got.
    pub bytes: u64,
    /// What everybody answered whom nginx asked, in turn: `404 : 200`.
    pub chain: String,
    /// What the client asked for, as nginx escapes it.
    pub target: String,
}

/// What one line of the socket says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Request(Request),
    /// So many requests were not told.
    Lost(u64),
}

/// Reads one line; none if it is no such line.
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

/// nginx lists everybody whom it asked: `,` stands between servers that were tried one after the other,
/// ` : ` where a miss went on to the app.
fn outcome(status: u16, addresses: &str, chain: &str) -> Outcome {
    let first = |list: &str| list.split(" : ").next().unwrap_or_default().to_owned();
    let (asked, said) = (first(addresses), first(chain));
    // With every server put aside nginx asks none, and writes down the name of the upstream instead.
    let is_memcached = asked == "memcached"
        || asked
            .split(", ")
            .any(|address| address.parse::<SocketAddr>().is_ok());
    match said.rsplit(", ").next().unwrap_or_default() {
        "-" if asked == "-" && status == 304 => Outcome::NotModified,
        "-" if asked == "-" => Outcome::Nginx,
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
