//! The request body on standard input (RFC 3875, 4.2). Reads exactly the announced number of bytes: the server may
//! leave the pipe open, so reading more could block for ever.

use std::fs::File;
use std::io::{self, Read as _, Take};
use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use axum::body::Body;
use bytes::Bytes;
use futures::stream::try_unfold;
use tokio::task::spawn_blocking;

/// How many bytes are read at once: the capacity of a pipe.
const CHUNK_BYTES: u64 = 64 << 10;

/// The unread rest of the body.
#[derive(Debug, Clone)]
pub(super) struct Stdin(Arc<Mutex<Take<File>>>);

impl Stdin {
    /// A body of `body_len` bytes. Does not use `std`'s standard input, which reads ahead.
    pub(super) fn new(body_len: u64) -> io::Result<Self> {
        let stdin = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        Ok(Self(Arc::new(Mutex::new(stdin.take(body_len)))))
    }

    /// The body as a stream, read on demand. Fails if standard input ends too early.
    pub(super) fn stream(&self) -> Body {
        if self.is_read() {
            return Body::empty();
        }
        Body::from_stream(try_unfold(self.clone(), async |rest: Self| {
            let chunk = rest.next().await?;
            Ok::<_, io::Error>(chunk.map(|chunk| (chunk, rest)))
        }))
    }

    /// Reads and discards the rest of the body that the handler did not read.
    pub(super) async fn drain(&self) -> anyhow::Result<()> {
        if self.is_read() {
            return Ok(());
        }
        let rest = Arc::clone(&self.0);
        let drained = spawn_blocking(move || {
            let mut rest = rest.lock().unwrap_or_else(PoisonError::into_inner);
            io::copy(&mut *rest, &mut io::sink())
        });
        drained.await?.context("cannot read standard input")?;
        Ok(())
    }

    fn is_read(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .limit()
            == 0
    }

    async fn next(&self) -> io::Result<Option<Bytes>> {
        let rest = Arc::clone(&self.0);
        let read = spawn_blocking(move || {
            let mut rest = rest.lock().unwrap_or_else(PoisonError::into_inner);
            read_from(&mut rest)
        });
        read.await.map_err(io::Error::other)?
    }
}

fn read_from(rest: &mut Take<File>) -> io::Result<Option<Bytes>> {
    let len = rest.limit().min(CHUNK_BYTES);
    if len == 0 {
        return Ok(None);
    }
    let mut chunk = vec![0; usize::try_from(len).map_err(io::Error::other)?];
    let read = loop {
        match rest.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    chunk.truncate(read);
    Ok(Some(chunk.into()))
}
