//! Listens to what nginx tells of each request, as long as it is listened to.

use std::io;
use std::path::Path;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::net::UnixStream;

use super::request::{self, Line, Request};

/// An open ear; nginx begins to tell within a second, and ends within one after this is dropped.
#[derive(Debug)]
pub struct RequestStream {
    lines: Lines<BufReader<UnixStream>>,
    lost: u64,
}

impl RequestStream {
    /// Connects to the site.
    ///
    /// # Errors
    ///
    /// When nobody listens there, or we may not.
    pub async fn connect(socket: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(socket).await?;
        Ok(Self {
            lines: BufReader::with_capacity(64 << 10, stream).lines(),
            lost: 0,
        })
    }

    /// The next request; none when the site has stopped. May be cancelled at any time.
    ///
    /// # Errors
    ///
    /// When the connection breaks.
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

    /// How many requests nginx has answered meanwhile of which we know nothing: as far as the gaps tell.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}
