//! Reads a memcached's counters, and one item without side effects (memcached's doc/protocol.txt).

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a line of a response may be, in bytes; the longest has some hundred.
const LINE_BYTES_MAX: u64 = 4 << 10;

/// How many counters are accepted; there are some hundred.
const COUNTERS_MAX: usize = 4 << 10;

/// How long an item may be, in bytes: the largest that memcached can hold, whatever `-I` is set to.
const ITEM_BYTES_MAX: usize = 1 << 30;

/// The counters of one server since its start, by memcached's names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters(HashMap<String, u64>);

impl Counters {
    /// Returns one counter; 0 if this memcached does not have it.
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }
}

/// An item in memcached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The stored bytes.
    pub value: Vec<u8>,
    /// The flags set by the client that stored it.
    pub flags: u32,
    /// When it expires; `None` if it stays until it is evicted.
    pub seconds_left: Option<u64>,
    /// How long ago it was stored or last fetched, whichever is later.
    pub idle_seconds: u64,
    /// Whether it has been fetched since it was stored.
    pub was_fetched: bool,
    /// The CAS number: changes each time the key is stored.
    pub version: u64,
}

/// Reads a server's counters.
///
/// # Errors
///
/// When the connection fails, the response is malformed, or the timeout passes.
pub async fn counters(server: SocketAddr, limit: Duration) -> io::Result<Counters> {
    let exchange = async {
        let mut lines = send(server, "stats").await?;
        let mut counters = Counters::default();
        while counters.0.len() < COUNTERS_MAX {
            let line = read_line(&mut lines).await?;
            if line == "END" {
                return Ok(counters);
            }
            let mut words = line.split(' ').skip(1);
            // Some values are not numbers, such as the version.
            if let (Some(name), Some(Ok(value))) = (words.next(), words.next().map(str::parse)) {
                counters.0.insert(name.to_owned(), value);
            }
        }
        Err(unexpected("too many counters"))
    };
    timeout(limit, exchange).await?
}

/// Reads an item without side effects: its LRU position, its time of last access and its fetched flag stay unchanged
/// (`u`, memcached 1.6.10 and later).
///
/// # Errors
///
/// When the connection fails, the response is malformed, or the timeout passes.
pub async fn look(server: SocketAddr, key: &str, limit: Duration) -> io::Result<Option<Item>> {
    let exchange = async {
        let mut reply = send(server, &format!("mg {key} u f t l h c v")).await?;
        let head = read_line(&mut reply).await?;
        if head == "EN" {
            return Ok(None);
        }
        let (len, mut item) = read_head(&head).ok_or_else(|| unexpected(&head))?;
        item.value = vec![0; len];
        reply.read_exact(&mut item.value).await?;
        Ok(Some(item))
    };
    timeout(limit, exchange).await?
}

async fn send(server: SocketAddr, command: &str) -> io::Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(server).await?;
    stream
        .write_all(format!("{command}\r\n").as_bytes())
        .await?;
    Ok(BufReader::new(stream))
}

async fn read_line(reply: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    reply.take(LINE_BYTES_MAX).read_line(&mut line).await?;
    match line.strip_suffix("\r\n") {
        Some(line) => Ok(line.to_owned()),
        None => Err(unexpected("incomplete reply")),
    }
}

/// Reads `VA 12 f2 t100 l0 h0 c5`.
fn read_head(head: &str) -> Option<(usize, Item)> {
    let mut words = head.strip_prefix("VA ")?.split(' ');
    let len = words.next()?.parse().ok()?;
    let mut item = Item {
        value: vec![],
        flags: 0,
        seconds_left: None,
        idle_seconds: 0,
        was_fetched: false,
        version: 0,
    };
    for word in words {
        let value = word.get(1..)?;
        match word.as_bytes().first()? {
            b'f' => item.flags = value.parse().ok()?,
            // -1 for an item that never expires.
            b't' => item.seconds_left = value.parse().ok(),
            b'l' => item.idle_seconds = value.parse().ok()?,
            b'h' => item.was_fetched = value == "1",
            b'c' => item.version = value.parse().ok()?,
            _ => {}
        }
    }
    (len <= ITEM_BYTES_MAX).then_some((len, item))
}

fn unexpected(reply: &str) -> io::Error {
    let shown: String = reply.chars().take(60).collect();
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("unexpected memcached reply: {shown:?}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_read_with_all_that_is_known_of_it() {
        let (len, item) = read_head("VA 12 f2 t100 l7 h1 c5").unwrap();
        assert_eq!(len, 12);
        assert_eq!(
            (item.flags, item.seconds_left, item.idle_seconds),
            (2, Some(100), 7)
        );
        assert_eq!((item.was_fetched, item.version), (true, 5));
        let (_, stays) = read_head("VA 0 f0 t-1 l0 h0 c6").unwrap();
        assert_eq!((stays.seconds_left, stays.was_fetched), (None, false));
        for unexpected in ["EN", "VA x", "CLIENT_ERROR bad", "VA 99999999999 f0"] {
            assert_eq!(read_head(unexpected), None, "{unexpected}");
        }
    }
}
