//! Where uploads wait before the database is asked anything about them.
//!
//! A thousand uploads sent at once are refused by a look-up each: of the session, and of the account's places. Let in
//! together they would fill the queue for database connections, and a page would wait behind all of them. So only a few are
//! let in at a time; the others wait with their bodies unread, without a thread and without a connection.

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::web::is_upload;

/// How many uploads of a process are looked up at once.
const LOOKED_UP_AT_ONCE: usize = 2;

static TURNS: Semaphore = Semaphore::const_new(LOOKED_UP_AT_ONCE);

/// The turn of an upload: held until it has its place or is refused.
#[derive(Clone)]
struct Turn {
    _permit: Arc<SemaphorePermit<'static>>,
}

/// Lets uploads in, a few at a time; all other requests at once.
pub(crate) async fn in_turn(mut request: Request, next: Next) -> Response {
    if is_upload(&request)
        // The semaphore is never closed.
        && let Ok(permit) = TURNS.acquire().await
    {
        request.extensions_mut().insert(Turn {
            _permit: Arc::new(permit),
        });
    }
    next.run(request).await
}

/// Ends the turn of an upload that was looked up.
pub(super) fn looked_up(request: &mut Request) {
    request.extensions_mut().remove::<Turn>();
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::{get, post};
    use axum::{Router, middleware::from_fn};
    use tokio::sync::mpsc;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn two_uploads_are_looked_up_at_once_and_everything_else_goes_on() {
        let (enter, mut entered) = mpsc::unbounded_channel();
        let leave = Arc::new(Semaphore::new(0));
        let left = Arc::clone(&leave);
        let upload = move |mut request: Request| {
            let (enter, left) = (enter.clone(), left.clone());
            async move {
                let _ = enter.send(());
                left.acquire().await.unwrap().forget();
                looked_up(&mut request);
                // Receiving goes on after the look-up.
                std::future::pending::<()>().await;
            }
        };
        let router = Router::new()
            .route("/upload", post(upload).get(async || "form"))
            .route("/", get(async || "page"))
            .layer(from_fn(in_turn));
        let ask = |method: &str, path: &str| {
            let request = Request::builder().method(method).uri(path);
            router.clone().oneshot(request.body(Body::empty()).unwrap())
        };
        let uploads: Vec<_> = (0..5)
            .map(|_| tokio::spawn(ask("POST", "/upload")))
            .collect();
        for _ in 0..LOOKED_UP_AT_ONCE {
            entered.recv().await.unwrap();
        }
        assert!(ask("GET", "/").await.unwrap().status().is_success());
        assert!(ask("GET", "/upload").await.unwrap().status().is_success());
        assert!(entered.try_recv().is_err(), "a third one");
        // One has its place, and the next is let in.
        leave.add_permits(1);
        entered.recv().await.unwrap();
        for upload in &uploads {
            upload.abort();
        }
    }
}
