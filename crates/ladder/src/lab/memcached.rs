//! Reads memcached: exact counts by `stats`, and a sample of the requested files by `watch fetchers` (memcached's
//! doc/protocol.txt).

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use stack::observe::memcached;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

/// How long a server may take to answer: within the second that is being drawn.
const TIMEOUT: Duration = Duration::from_millis(300);

/// How long of each second the log is watched. A log line costs memcached about as much as a hit, so a tenth of the hits
/// are sampled.
const SAMPLE: Duration = Duration::from_millis(100);

/// How many bytes of the log are read at most, each time: some thousand lines.
const LOG_BYTES_MAX: usize = 512 << 10;

/// Counters of all servers since their start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Hits.
    pub(super) hits: u64,
    /// Log lines that memcached dropped.
    pub(super) unseen: u64,
}

impl Counts {
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            hits: self.hits.saturating_sub(before.hits),
            unseen: self.unseen.saturating_sub(before.unseen),
        }
    }
}

/// Reads the counters of all servers; `None` if one of them does not answer.
pub(super) async fn counts(servers: &[SocketAddr]) -> Option<Counts> {
    let mut sum = Counts::default();
    for server in servers {
        let counts = counts_of(*server).await.ok()?;
        sum.hits += counts.hits;
        sum.unseen += counts.unseen;
    }
    (!servers.is_empty()).then_some(sum)
}

async fn counts_of(server: SocketAddr) -> io::Result<Counts> {
    let counters = memcached::counters(server, TIMEOUT).await?;
    Ok(Counts {
        hits: counters.get("get_hits"),
        unseen: counters.get("log_worker_dropped") + counters.get("log_watcher_skipped"),
    })
}

/// Samples the files that the servers find, and counts them by address.
pub(super) async fn found(servers: &[SocketAddr]) -> HashMap<String, u64> {
    let mut found = HashMap::new();
    let looks = servers.iter().map(|server| log_of(*server));
    for log in futures::future::join_all(looks).await.into_iter().flatten() {
        read_log(&log, &mut found);
    }
    found
}

async fn log_of(server: SocketAddr) -> io::Result<String> {
    let mut stream = timeout(TIMEOUT, TcpStream::connect(server)).await??;
    stream.write_all(b"watch fetchers\r\n").await?;
    let until = Instant::now() + SAMPLE;
    let mut log = Vec::with_capacity(16 << 10);
    while log.len() < LOG_BYTES_MAX {
        match timeout_at(until, stream.read_buf(&mut log)).await {
            Ok(Ok(1..)) => {}
            Ok(Ok(0)) | Err(_) => break,
            Ok(Err(error)) => return Err(error),
        }
    }
    Ok(String::from_utf8_lossy(&log).into_owned())
}

/// Counts the addresses in lines such as `ts=1.5 gid=2 type=item_get key=v1%3A%2Fi... status=found ...`.
fn read_log(log: &str, found: &mut HashMap<String, u64>) {
    for line in log.lines().filter(|line| line.contains(" status=found ")) {
        let key = line.split(' ').find_map(|word| word.strip_prefix("key="));
        let path = key.and_then(|key| unescaped(key)?.strip_prefix("v1:").map(str::to_owned));
        if let Some(path) = path {
            *found.entry(path).or_insert(0) += 1;
        }
    }
}

/// Decodes the percent-encoding of memcached's log.
fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        (rest, _) = match (first, behind) {
            (b'%', [high, low, behind @ ..]) => {
                let digits = [*high, *low];
                let code = u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?;
                (behind, bytes.push(code))
            }
            _ => (behind, bytes.push(*first)),
        };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_were_found_are_counted_by_their_address() {
        let log = "OK\r\n\
            ts=1.7 gid=2 type=item_get key=v1%3A%2Fi%2F7%2Fa%2F640.webp status=found clsid=1 cfd=25 size=2\n\
            ts=1.8 gid=3 type=item_get key=v1%3A%2Fi%2F7%2Fb%2F640.webp status=not_found clsid=0 cfd=25 size=0\n\
            ts=1.9 gid=4 type=item_get key=v1%3A%2Fi%2F7%2Fa%2F640.webp status=found clsid=1 cfd=25 size=2\n\
            ts=2.0 gid=5 type=item_get key=v1%3A%2Fi%2F7%2Fa%2F6";
        let mut found = HashMap::new();
        read_log(log, &mut found);
        assert_eq!(found, [("/i/7/a/640.webp".to_owned(), 2)].into());
        assert_eq!(unescaped("a%zz"), None);
    }
}
