//! A minimal HTTP client, one request a connection: enough to compare pages and to read counters.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// How long a response may take: a page without its index is slow.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Fetches a path of the site, uncompressed.
pub(super) fn get(site: SocketAddr, path: &str) -> Result<Answer> {
    let stream = TcpStream::connect_timeout(&site, TIMEOUT)
        .with_context(|| format!("cannot connect to {site}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    ask(stream, path).with_context(|| format!("requesting {path}"))
}

/// Fetches a path from one app process, on its own socket.
pub(super) fn get_unix(socket: &Path, path: &str) -> Result<Answer> {
    let stream = UnixStream::connect(socket)
        .with_context(|| format!("cannot connect to {}", socket.display()))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    ask(stream, path).with_context(|| format!("requesting {path} from {}", socket.display()))
}

/// Sends an HTTP/1.0 request, so that the response ends with the connection and is not chunked. The host is always the
/// same, because a page contains its own address and each version listens on another port.
fn ask(mut stream: impl Read + Write, path: &str) -> Result<Answer> {
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer).context("the response is not HTTP")
}

fn parse(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    Some(Answer {
        status,
        body: answer[end + 4..].to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_its_body() {
        let answer = parse(b"HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\nno\r\n\r\n").unwrap();
        assert_eq!(
            (answer.status, answer.text()),
            (404, "no\r\n\r\n".to_owned())
        );
        assert_eq!(parse(b"HTTP/1.1 200"), None);
    }
}
