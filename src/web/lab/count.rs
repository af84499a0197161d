//! Counts requests for the lab: pages with their times, and files by path.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::web::state::Lab;

/// Counts a page, and whether it failed.
pub(crate) async fn page(State(lab): State<Lab>, request: Request, next: Next) -> Response {
    let begin = Instant::now();
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let failed = response.status().is_server_error();
    lab.live.request_counters().page(&path, begin, failed);
    response
}

/// Counts a file that the app answers.
pub(crate) async fn file(State(lab): State<Lab>, request: Request, next: Next) -> Response {
    lab.live.request_counters().file(request.uri().path());
    next.run(request).await
}
