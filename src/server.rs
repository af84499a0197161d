//! The site as one service: every layer in one list.

use std::any::Any;
use std::time::Duration;

use accelerator::Accelerator;
use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use tokio::time::timeout;
use tower::ServiceBuilder;
use tower::util::option_layer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

use crate::web::limits::FORM_BYTES_MAX;
use crate::web::{self, AppState, csrf, error, lab, retry, routes, server_timing, session, upload};

/// How long a request may take before its visitor is told to come back; nginx waits longer for each read.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an upload may take, its body included: 64 MB over a line of 3 Mbit/s. A body that stands still
/// ends sooner.
pub const UPLOAD_TIMEOUT: Duration = Duration::from_secs(3 * 60);

/// Names a request in the logs of nginx and the app alike.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The site as one service: the routes, and every layer in one list, the outermost first. A layer sees the responses of
/// those below it.
///
/// The accelerator is outside of panics and timeouts, so that every response, theirs included, gets its
/// caching headers from one place. The session is around pages only.
pub fn router(state: AppState) -> Router {
    let shows_lab = state.lab.is_shown;
    let counts_pages = shows_lab.then(|| from_fn_with_state(state.clone(), lab::count::page));
    let counts_files = shows_lab.then(|| from_fn_with_state(state.clone(), lab::count::file));
    let server_timing = shows_lab.then(|| from_fn(server_timing::measure));

    let form_limit = DefaultBodyLimit::max(FORM_BYTES_MAX);

    let around_pages = ServiceBuilder::new()
        .option_layer(server_timing)
        .layer(from_fn(error::pages))
        .layer(from_fn(retry::once_more))
        .layer(from_fn_with_state(state.clone(), session::session))
        .layer(from_fn(csrf::same_origin_only))
        .layer(form_limit);
    let around_files = ServiceBuilder::new()
        .layer(from_fn(error::pages))
        .layer(from_fn(retry::once_more))
        .layer(from_fn(csrf::same_origin_only))
        .layer(form_limit);

    let pages = routes::pages()
        .layer(around_pages.clone())
        .layer(option_layer(counts_pages));
    let files = routes::files()
        .layer(around_files.clone())
        .layer(option_layer(counts_files));
    let routes = pages
        .merge(routes::lab(&state).layer(around_pages))
        .merge(files)
        .merge(routes::machines(&state).layer(around_files));

    let accelerator = state.site.accelerator.clone();
    let cuts_ranges = state.from_disk.is_some();
    around_all(routes.with_state(state), &accelerator, cuts_ranges)
}

/// Puts the layers around every request.
fn around_all(router: Router, accelerator: &Accelerator, cuts_ranges: bool) -> Router {
    // Where files come from disk there may be no nginx to cut them.
    let ranges = cuts_ranges.then(|| from_fn(web::cut_ranges));
    router.layer(
        ServiceBuilder::new()
            .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
            .layer(TraceLayer::new_for_http().make_span_with(span))
            .layer(PropagateRequestIdLayer::new(REQUEST_ID))
            .option_layer(ranges)
            .map_response(|response: Response<_>| response.map(Body::new))
            .layer(accelerator.layer())
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn(in_time))
            .layer(from_fn(error::to_canonical))
            .layer(from_fn(upload::in_turn)),
    )
}

/// Ends a request that takes too long.
async fn in_time(request: Request<Body>, next: Next) -> Response {
    let is_upload = web::is_upload(&request);
    let limit = if is_upload {
        UPLOAD_TIMEOUT
    } else {
        REQUEST_TIMEOUT
    };
    match timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!(?limit, "a request took too long and was ended");
            web::took_too_long(is_upload)
        }
    }
}

fn span<B>(request: &Request<B>) -> tracing::Span {
    let id = request
        .headers()
        .get(&REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "the signature that the layer asks for"
)]
fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let cause = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    web::failed(&format!("a handler panicked: {cause}"))
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use accelerator::{Accelerator, Options};
    use axum::body::to_bytes;
    use axum::http::{HeaderMap, Method, StatusCode};
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    /// Sends a request through the layers to a handler that never answers, or panics.
    async fn response(method: Method, path: &str) -> (StatusCode, HeaderMap, String) {
        let router = Router::new()
            .route("/panics", get(async || -> () { panic!("as asked") }))
            .fallback(pending::<()>);
        let accelerator = Accelerator::new(Options::new([]));
        let request = Request::builder().method(method).uri(path);
        let request = request.body(Body::empty()).unwrap();
        let answer = around_all(router, &accelerator, false)
            .oneshot(request)
            .await;
        let (parts, body) = answer.unwrap().into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        (parts.status, parts.headers, body)
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_takes_too_long_is_answered_with_a_page_that_says_when_to_come_back() {
        for (method, path, sentence) in [
            (Method::GET, "/people", "took too long"),
            (Method::POST, "/login", "took too long"),
            (Method::POST, "/upload", "longer than three minutes"),
            (Method::GET, "/i/a/b/640.webp", "took too long"),
        ] {
            let (status, headers, page) = response(method, path).await;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
            assert!(page.contains(sentence), "{path}: {page}");
            assert!(headers.contains_key("retry-after"), "{path}");
            assert_is_a_page(path, &headers);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_has_half_a_minute_and_an_upload_has_more_time() {
        let slow = get(sleeps).post(sleeps);
        async fn sleeps() {
            tokio::time::sleep(REQUEST_TIMEOUT * 2).await;
        }
        let router = Router::new().fallback_service(slow).layer(from_fn(in_time));
        for (method, path, status) in [
            (Method::GET, "/", StatusCode::SERVICE_UNAVAILABLE),
            (Method::GET, "/upload", StatusCode::SERVICE_UNAVAILABLE),
            (Method::POST, "/upload", StatusCode::OK),
        ] {
            let request = Request::builder().method(&method).uri(path);
            let request = request.body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), status, "{method} {path}");
        }
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_answered_with_a_page() {
        let (status, headers, page) = response(Method::GET, "/panics").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(page.contains("it has been logged"), "{page}");
        assert_is_a_page("/panics", &headers);
    }

    fn assert_is_a_page(path: &str, headers: &HeaderMap) {
        for (name, value) in [
            ("content-type", "text/html"),
            ("content-security-policy", "default-src 'none'"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            let header = headers.get(name).and_then(|header| header.to_str().ok());
            assert!(
                header.is_some_and(|header| header.starts_with(value)),
                "{path}: {name}: {header:?}"
            );
        }
    }
}
