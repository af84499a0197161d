//! Reads the rest of a request whose handler has answered without reading all of it.
//!
//! nginx sends a body before it reads an answer. If the connection closes meanwhile, as hyper does with an unread body,
//! nginx reports 502 and the answer is lost (actix-web #3967 tells the same story). So a refusal waits until the body has
//! arrived, and discards it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::Method;
use axum::http::header::EXPECT;
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

/// How many bytes are discarded: as many as nginx lets an upload have.
const DISCARDED_BYTES_MAX: usize = 64 << 20;

/// How long the next bytes may take. nginx has the whole body and sends at once; a slow client that is connected
/// directly gets its answer with the connection closed.
const FRAME_TIMEOUT: Duration = Duration::from_millis(500);

/// A body that can be read further after its reader has gone.
#[derive(Clone)]
struct Shared(Arc<Mutex<Body>>);

/// Lets the handler answer, and reads what it left of the request's body.
pub(super) async fn discard(request: Request, next: Next) -> Response {
    // A client that expects "100 Continue" has not sent the body yet, and need not.
    let nothing_comes = matches!(*request.method(), Method::GET | Method::HEAD)
        || request.headers().contains_key(EXPECT);
    if nothing_comes {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let mut body = Shared(Arc::new(Mutex::new(body)));
    let request = Request::from_parts(parts, Body::new(body.clone()));
    let response = next.run(request).await;
    let mut discarded = 0;
    while discarded < DISCARDED_BYTES_MAX
        && let Ok(Some(Ok(frame))) = timeout(FRAME_TIMEOUT, body.frame()).await
    {
        discarded += frame.data_ref().map_or(0, Bytes::len);
    }
    response
}

impl Shared {
    fn with<T>(&self, look: impl FnOnce(Pin<&mut Body>) -> T) -> T {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        look(Pin::new(&mut body))
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        self.with(|body| body.poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.with(|body| body.size_hint())
    }
}
