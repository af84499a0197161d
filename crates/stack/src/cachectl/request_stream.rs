//! Receives the requests that nginx reports.

use std::io;
use std::path::Path;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::net::UnixStream;

use super::request::{self, Line, Request};

/// A connection to the request log. nginx starts to report within a second, and stops within a second after this is
/// dropped.
#[derive(Debug)]
pub struct RequestStream {
    lines: Lines<BufReader<UnixStream>>,
    lost: u64,
}

impl RequestStream {
    /// Connects to the request log's socket.
    ///
    /// # Errors
    ///
    /// When the connection is refused.
    pub async fn connect(socket: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(socket).await?;
        Ok(Self {
            lines: BufReader::with_capacity(64 << 10, stream).lines(),
            lost: 0,
        })
    }

    /// Returns the next request; `None` when the site has stopped. Cancel safe.
    pub async fn next(&mut self) -> io::Result<Option<Request>> {
        while let Some(line) = self.lines.next_line().await? {
            match request::read(&line) {
                Some(Line::Request(request)) => return Ok(Some(request)),
                Some(Line::Lost(count)) => self.lost += count,
                None => {}
            }
        }
        Ok(None)
    }

    /// How many requests were not reported, as far as the gaps show.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}
