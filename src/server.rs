//! The site as one service: the whole middleware stack, and the process that serves it.

use std::any::Any;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use accelerator::Accelerator;
use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, Request};
use axum::middleware::{Next, from_fn, map_request};
use axum::response::Response;
use axum::serve::ListenerExt as _;
use db::migrate::{self, MigrateError, Migrated};
use domain::config::{Listen, Serve};
use ladder::lab::Place;
use site::{Site, jobs};
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

use crate::startup;
use crate::web::{self, AppState};

/// How long a request may take before its visitor is told to come back; nginx waits longer for each read.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an upload may take, its body included: 64 MB over a line of 3 Mbit/s. A body that stands still
/// ends sooner.
pub const UPLOAD_TIMEOUT: Duration = Duration::from_secs(3 * 60);

/// How long requests in flight may still take when the process is told to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Names a request in the logs of nginx and the app alike.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The site as one service.
///
/// Outermost first; each layer sees the responses of those below it: request id and trace, ranges (where
/// files come from disk, because nginx may not be there to cut them), accelerator, panic catch, timeout;
/// inside the router the redirect to a page's one address, the session, the same-origin check and the body limit.
///
/// The accelerator is outside of panics and timeouts, so that every response, theirs included, gets its
/// caching headers from one place.
pub fn router(state: AppState) -> Router {
    let accelerator = state.site.accelerator.clone();
    let cuts_ranges = state.from_disk.is_some();
    within_layers(web::router(state), &accelerator, cuts_ranges)
}

fn within_layers(router: Router, accelerator: &Accelerator, cuts_ranges: bool) -> Router {
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
            .layer(from_fn(in_time)),
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

/// Runs one app process until it is told to stop (SIGTERM, SIGINT), then drains and returns.
///
/// # Errors
///
/// When it cannot listen, or its settings are no good.
pub async fn serve(config: Serve) -> anyhow::Result<()> {
    let state = AppState::open(&config.site)?;
    migrate(&config.site.database_url).await?;
    let site = state.site.clone();
    jobs::open_first_connection(&site).await;
    warn_of_random_page_cost(&site).await;
    let schedule = jobs::Schedule {
        shared: config.jobs,
        connect_ahead: config.connect_ahead,
        derivatives_max_bytes: config.derivatives_max_bytes,
    };
    state.lab.live.set_place(Place {
        socket: match &config.listen {
            Listen::Unix(path) => Some(path.clone()),
            Listen::Tcp(_) => None,
        },
        front: config.front,
    });
    let router = router(state.clone()).layer(map_request(web::read_to_the_end));
    startup::get_ready(&state, &router).await;
    tokio::spawn(jobs::run(site.clone(), schedule));
    if config.jobs {
        tokio::spawn(warm_up(state));
    }
    match &config.listen {
        Listen::Unix(path) => {
            let listener =
                unix_listener(path).with_context(|| format!("listening on {}", config.listen))?;
            tracing::info!(listen = %config.listen, "serving");
            drained(axum::serve(listener, router).with_graceful_shutdown(told_to_stop()?)).await?;
            // Whoever listens next on this path makes it anew.
            let _ = std::fs::remove_file(path);
        }
        Listen::Tcp(address) => {
            let listener = TcpListener::bind(address)
                .await
                .with_context(|| format!("listening on {address}"))?;
            tracing::info!(listen = %config.listen, "serving");
            // Without TCP_NODELAY a kept connection waits 40 ms for each answer's last packet.
            let listener = listener.tap_io(|stream| {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY was refused");
                }
            });
            // Outside of the request id too, which a visitor may not choose either.
            let visited = router.layer(from_fn(web::stand_in_for_a_front));
            let visited = visited.into_make_service_with_connect_info::<SocketAddr>();
            drained(axum::serve(listener, visited).with_graceful_shutdown(told_to_stop()?)).await?;
        }
    }
    Ok(())
}

/// Waits for the server to end by itself, or at most [`DRAIN_TIMEOUT`] after it was told to stop:
/// an idle client that keeps its connection open must not hold the process.
async fn drained(server: impl IntoFuture<Output = io::Result<()>>) -> anyhow::Result<()> {
    let give_up = told_to_stop()?;
    let give_up = async {
        give_up.await;
        tokio::time::sleep(DRAIN_TIMEOUT).await;
    };
    tokio::select! {
        ended = server.into_future() => Ok(ended?),
        () = give_up => Ok(()),
    }
}

fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Listens under a fresh name and then takes the path over, so that whoever connects always meets
/// a process that answers, and a path left by a dead one is no obstacle.
fn unix_listener(path: &Path) -> io::Result<UnixListener> {
    let fresh = path.with_extension("fresh");
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&fresh)?;
    std::fs::rename(&fresh, path)?;
    Ok(listener)
}

/// Brings the database to the schema of this program. A database that does not answer is no reason not to start: pages
/// ask it again.
async fn migrate(database_url: &str) -> anyhow::Result<()> {
    let connection = db::connect(&db::database_url::options(database_url)?).await;
    let migrated = match connection {
        Ok(mut connection) => migrate::run(&mut connection).await,
        Err(error) => Err(error.into()),
    };
    match migrated {
        Ok(Migrated::Current) => Ok(()),
        Ok(migrated) => {
            tracing::info!(?migrated, "migrated the database");
            Ok(())
        }
        Err(MigrateError::Database(error)) => {
            tracing::warn!(%error, "it is not known which schema the database has");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

async fn warn_of_random_page_cost(site: &Site) {
    match db::pool::random_page_cost(&site.db).await {
        Ok(cost) if cost > 2.0 => tracing::warn!(
            cost,
            "random_page_cost is made for turning disks: the photostream of a big owner will be \
             sorted instead of read from its index; set it to 1.1"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the database does not answer yet"),
    }
}

async fn warm_up(state: AppState) {
    if let Err(error) = jobs::warm_up(&state.site).await {
        tracing::warn!(error = format!("{error:#}"), "nothing was drawn ahead");
    }
    if state.lab.is_shown
        && let Err(error) = ladder::lab::measure_first(&state.site.db).await
    {
        tracing::warn!(%error, "the lab has nothing to compare with yet");
    }
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
        let answer = within_layers(router, &accelerator, false)
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
