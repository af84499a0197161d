//! One request to an app process on its socket, or to the site as a client, with the complete response.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// How long an app process may take: it may have to draw a picture, and a few others before it.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a response may be, in bytes: no file of the site is as large.
const RESPONSE_BYTES_MAX: usize = 64 << 20;

/// How many headers a response may have.
const HEADERS_MAX: usize = 64;

/// An HTTP response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Response {
    /// Returns a header by its lower-case name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the body is gzipped.
    pub(super) fn is_gzip(&self) -> bool {
        self.header("content-encoding") == Some("gzip")
    }
}

/// Sends a request to one app process, as nginx would.
pub(super) async fn get_from_app(socket: &Path, target: &str) -> io::Result<Response> {
    timeout(RESPONSE_TIMEOUT, async {
        exchange(UnixStream::connect(socket).await?, "localhost", target).await
    })
    .await?
}

/// Sends a request to the site, as a browser would.
pub(super) async fn get_from_front(front: SocketAddr, target: &str) -> io::Result<Response> {
    timeout(RESPONSE_TIMEOUT, async {
        exchange(TcpStream::connect(front).await?, &front.to_string(), target).await
    })
    .await?
}

/// Uses HTTP/1.0, so that the response ends with the connection and is not chunked.
async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    host: &str,
    target: &str,
) -> io::Result<Response> {
    let request = format!("GET {target} HTTP/1.0\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut response = Vec::with_capacity(16 << 10);
    while response.len() < RESPONSE_BYTES_MAX && stream.read_buf(&mut response).await? > 0 {}
    parse(&response)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the response is not HTTP"))
}

fn parse(response: &[u8]) -> Option<Response> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(len) = head.parse(response).ok()? else {
        return None;
    };
    let headers = head.headers.iter().map(|header| {
        let value = String::from_utf8_lossy(header.value).into_owned();
        (header.name.to_ascii_lowercase(), value)
    });
    Some(Response {
        status: head.code?,
        headers: headers.collect(),
        body: response[len..].to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_headers_and_body() {
        let response = parse(
            b"HTTP/1.0 200 OK\r\nX-Cache: MISS\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\r\n\r\n",
        )
        .unwrap();
        assert_eq!(
            (
                response.status,
                response.header("x-cache"),
                response.is_gzip()
            ),
            (200, Some("MISS"), true)
        );
        assert_eq!(response.body, b"\x1f\x8b\r\n\r\n");
        assert_eq!(parse(b"HTTP/1.0 200"), None);
        assert_eq!(parse(b"SSH-2.0-x\r\n\r\n"), None);
    }
}
