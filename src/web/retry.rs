//! A request that only reads is answered once more when its database connection was closed.

use axum::body::Body;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use super::error;

/// Repeats a GET or HEAD whose database connection was closed: nothing of the response has been sent yet, and reading
/// twice changes nothing. A write is never repeated.
pub(crate) async fn once_more(request: Request, next: Next) -> Response {
    let again = copy_of_read(&request).map(|again| (again, next.clone()));
    let first = next.run(request).await;
    match again {
        Some((again, next)) if error::was_cut(&first) => next.run(again).await,
        _ => first,
    }
}

/// The same request, if it only reads; no handler of such a request reads its body.
fn copy_of_read(request: &Request) -> Option<Request> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let mut copy = Request::new(Body::empty());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}
