//! One GET over a connection of its own.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Trouble;

pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (is, value) = line.split_once(':')?;
            is.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Requests a path; `headers` are complete lines, each with its line end.
pub(crate) async fn get(address: SocketAddr, path: &str, headers: &str) -> Result<Answer, Trouble> {
    let mut stream = TcpStream::connect(address).await?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.ok_or_else(|| format!("{address}{path} is not answered whole"))?;
    Ok(Answer {
        head: String::from_utf8_lossy(&bytes[..end]).into_owned(),
        body: bytes.split_off(end + 4),
    })
}
