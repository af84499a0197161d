//! The header Server-Timing: how many statements a page sent to the database, how long they took, how long the app.

use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use db::query_stats;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Measures a request and adds the header to its response.
pub(crate) async fn measure(request: Request, next: Next) -> Response {
    let begin = Instant::now();
    let (mut response, cost) = query_stats::of(next.run(request)).await;
    let millis = |duration: Duration| duration.as_secs_f64() * 1000.0;
    let timing = format!(
        "db;dur={:.2};desc=\"{}\", app;dur={:.2}",
        millis(cost.waited),
        cost.queries,
        millis(begin.elapsed())
    );
    if let Ok(value) = HeaderValue::try_from(timing) {
        response.headers_mut().append(SERVER_TIMING, value);
    }
    response
}
