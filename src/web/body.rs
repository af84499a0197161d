//! A request's body is read to its end, also when the answer comes before it.
//!
//! nginx passes an upload on while it arrives, so a refusal can come before the body is here. A process that
//! then closes its connection resets it: nginx, or a browser at a process without a front, meets the reset
//! while it still sends, and the refusal is lost (502 instead of 507). So what the handler leaves is read
//! and thrown away, for a while.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::Method;
use bytes::{Buf as _, Bytes};
use domain::urls::pattern;
use futures::StreamExt as _;
use http_body::{Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep, timeout};

/// How long a body may stand still. As `client_body_timeout` in nginx.
const STILL_MAX: Duration = Duration::from_secs(30);

/// How many bytes come at least in so much time of waiting for them: 8 KiB a second, so that a place for uploads cannot
/// be kept for nothing.
const BYTES_IN_STILL_MAX: usize = 240 << 10;

/// How long the rest of a body is read after its request was answered, as `lingering_time` in nginx: 64 MB
/// over a line of 4 Mbit/s.
const LINGER_MAX: Duration = Duration::from_secs(120);

/// How many bytes of it are read: the largest upload.
const LINGER_BYTES_MAX: usize = super::limits::UPLOAD_BYTES_MAX;

/// Has the body of a request read to its end, whatever its handler leaves of it.
pub async fn read_to_the_end(request: Request) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    request.map(|body| {
        Body::new(ReadToTheEnd {
            rest: Some(body),
            late: Box::pin(sleep(STILL_MAX)),
            waits_since: None,
            waited: Duration::ZERO,
            bytes: 0,
        })
    })
}

/// Whether a request brings a picture: its body may take minutes to arrive.
pub fn is_upload(request: &Request) -> bool {
    request.method() == Method::POST && request.uri().path() == pattern::UPLOAD
}

struct ReadToTheEnd {
    /// None when it has ended.
    rest: Option<Body>,
    /// Ends a body that is too slow.
    late: Pin<Box<Sleep>>,
    /// When the wait began that goes on now.
    waits_since: Option<Instant>,
    /// How long was waited for these bytes, before.
    waited: Duration,
    bytes: usize,
}

impl HttpBody for ReadToTheEnd {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let Some(rest) = &mut this.rest else {
            return Poll::Ready(None);
        };
        match Pin::new(rest).poll_frame(cx) {
            Poll::Ready(frame) => {
                if let Some(since) = this.waits_since.take() {
                    this.waited += since.elapsed();
                }
                match &frame {
                    Some(Ok(frame)) => this.bytes += frame.data_ref().map_or(0, Bytes::len),
                    _ => this.rest = None,
                }
                if this.bytes >= BYTES_IN_STILL_MAX {
                    (this.waited, this.bytes) = (Duration::ZERO, 0);
                }
                Poll::Ready(frame)
            }
            Poll::Pending => {
                if this.waits_since.is_none() {
                    let now = Instant::now();
                    this.waits_since = Some(now);
                    let left = STILL_MAX.saturating_sub(this.waited);
                    this.late.as_mut().reset(now + left);
                }
                if this.late.as_mut().poll(cx).is_ready() {
                    this.rest = None;
                    let late = io::Error::from(ErrorKind::TimedOut);
                    return Poll::Ready(Some(Err(axum::Error::new(late))));
                }
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.rest
            .as_ref()
            .map_or_else(SizeHint::default, Body::size_hint)
    }
}

impl Drop for ReadToTheEnd {
    fn drop(&mut self) {
        let rest = self.rest.take().filter(|rest| !rest.is_end_stream());
        if let (Some(rest), Ok(runtime)) = (rest, Handle::try_current()) {
            runtime.spawn(throw_away(rest));
        }
    }
}

async fn throw_away(rest: Body) {
    let until = Instant::now() + LINGER_MAX;
    let mut frames = rest.into_data_stream();
    let mut bytes_left = LINGER_BYTES_MAX;
    while Instant::now() < until
        && let Ok(Some(Ok(data))) = timeout(STILL_MAX, frames.next()).await
        && let Some(left) = bytes_left.checked_sub(data.remaining())
    {
        bytes_left = left;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::stream;
    use tokio::sync::Notify;

    use super::*;

    /// A body of some chunks that counts those that were read and tells when it is dropped.
    fn counted_body(read: &Arc<AtomicUsize>, done: &Arc<Notify>) -> Body {
        struct Tell(Arc<Notify>);
        impl Drop for Tell {
            fn drop(&mut self) {
                self.0.notify_one();
            }
        }
        let (read, tell) = (Arc::clone(read), Tell(Arc::clone(done)));
        Body::from_stream(stream::iter(0..100).map(move |_| {
            let _tell = &tell;
            read.fetch_add(1, Ordering::Relaxed);
            io::Result::Ok(Bytes::from_static(b"bytes"))
        }))
    }

    #[tokio::test]
    async fn what_a_handler_leaves_is_read_and_what_it_reads_arrives_whole() {
        for reads in [0, 3, 100] {
            let (read, done) = (Arc::default(), Arc::new(Notify::new()));
            let request = Request::new(counted_body(&read, &done));
            let mut frames = read_to_the_end(request)
                .await
                .into_body()
                .into_data_stream();
            for _ in 0..reads {
                assert_eq!(frames.next().await.unwrap().unwrap(), "bytes");
            }
            drop(frames);
            done.notified().await;
            assert_eq!(read.load(Ordering::Relaxed), 100, "after {reads}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_drop_by_drop_ends_and_one_over_a_slow_line_does_not() {
        for (bytes, arrives) in [(7 << 10, false), (9 << 10, true)] {
            let drops = stream::iter(0..120).then(move |_| async move {
                sleep(Duration::from_secs(1)).await;
                io::Result::Ok(Bytes::from(vec![0; bytes]))
            });
            let request = read_to_the_end(Request::new(Body::from_stream(drops))).await;
            let frames = request.into_body().into_data_stream();
            let frames: Vec<_> = frames.collect().await;
            assert_eq!(frames.iter().all(Result::is_ok), arrives);
            assert_eq!(frames.len() == 120, arrives);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stands_still_ends_with_an_error() {
        let still = Body::from_stream(stream::pending::<io::Result<Bytes>>());
        let request = read_to_the_end(Request::new(still)).await;
        let mut frames = request.into_body().into_data_stream();
        assert!(frames.next().await.unwrap().is_err());
        assert!(frames.next().await.is_none());
    }
}
