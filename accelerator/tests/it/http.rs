//! A client that changes nothing: it sends the target as given, and returns every byte of the response.

use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Sorted by name; a name may occur twice.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Returns a header that must not occur twice.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} comes twice: {self:?}");
        value
    }

    pub(crate) fn is_hit(&self) -> bool {
        self.header("x-cache") == Some("HIT memcached")
    }

    /// Removes the headers that must differ between two responses.
    pub(crate) fn without_names_of_who_answered(mut self) -> Self {
        let differs = [
            "date",
            "x-request-id",
            "x-cache",
            "server-timing",
            "cache-status",
        ];
        self.headers
            .retain(|(name, _)| !differs.contains(&name.as_str()));
        self
    }
}

/// Sends one request over a new connection; fails when the answer is cut off.
pub(crate) async fn send(
    socket: &Path,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
) -> std::io::Result<Answer> {
    let mut request =
        format!("{method} {target} HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += "\r\n";
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    parse(&bytes, method == "HEAD").ok_or_else(|| {
        std::io::Error::other(format!("cut off: {}", String::from_utf8_lossy(&bytes)))
    })
}

fn parse(bytes: &[u8], is_head: bool) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let mut headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    headers.sort();
    let mut answer = Answer {
        status,
        headers,
        body: bytes[end + 4..].to_vec(),
    };
    if answer.header("transfer-encoding") == Some("chunked") && !is_head {
        answer.body = unchunk(&answer.body)?;
    } else if let Some(len) = answer.header("content-length")
        && !is_head
        && status != 304
        && len.parse() != Ok(answer.body.len())
    {
        return None;
    }
    Some(answer)
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|window| window == b"\r\n")?;
        let len = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        rest = &rest[line + 2..];
        if len == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..len)?);
        rest = rest.get(len + 2..)?;
    }
}
