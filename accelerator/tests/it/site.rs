//! A small site: a file for every path of the right shape, and pages that must not be stored.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use accelerator::{Accelerator, Options, Policy, StoredFor, Validity, media::Media};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use futures::future::poll_immediate;
use tokio::sync::Semaphore;

/// The state of the site that tests read and change.
pub(crate) struct Site {
    /// How many requests have reached a handler.
    pub(crate) asked: AtomicUsize,
    /// Handlers of `/i/slow...` wait for a permit here after they have read their data.
    pub(crate) gate: Semaphore,
    /// Gets a permit when such a handler waits.
    pub(crate) waiting: Semaphore,
    /// How many requests were not answered at once: they wait here, or for another's response.
    pub(crate) held_up: AtomicUsize,
    /// The content of `/i/slow/edition.webp`: the same path, and another picture after each edit.
    pub(crate) edition: AtomicUsize,
    /// Whether every picture is current.
    pub(crate) pictures_are_current: AtomicBool,
    /// Which version of the site this is; `/i/version...` shows it.
    pub(crate) version: AtomicUsize,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            asked: AtomicUsize::new(0),
            gate: Semaphore::new(0),
            waiting: Semaphore::new(0),
            held_up: AtomicUsize::new(0),
            edition: AtomicUsize::new(0),
            pictures_are_current: AtomicBool::new(true),
            version: AtomicUsize::new(0),
        }
    }
}

impl Site {
    /// Builds a site and its accelerator.
    pub(crate) fn with(options: Options) -> (Arc<Self>, Accelerator) {
        let site = Arc::<Self>::default();
        let accelerator = Accelerator::new(options.validity(SiteValidity(Arc::clone(&site))));
        (site, accelerator)
    }
}

/// The [`Validity`] of a [`Site`].
pub(crate) struct SiteValidity(pub(crate) Arc<Site>);

impl Validity for SiteValidity {
    async fn still_current(&self, path: &str) -> bool {
        path.starts_with("/static/") || self.0.pictures_are_current.load(SeqCst)
    }
}

/// A value that must not be read as a reply or a command.
const HOSTILE: &str = "\r\nEND\r\nflush_all\r\nVALUE v1:/i/a.webp 0 5\r\nwrong\r\nEND\r\n";

/// The number in a segment of a path such as `/len-9/`.
fn number_behind(name: &str, path: &str) -> Option<usize> {
    path.split('/')
        .find_map(|segment| segment.strip_prefix(name)?.parse().ok())
}

/// The content of a version of the site: the first shrinks by gzip, the second does not.
pub(crate) fn text_of_version(version: usize) -> String {
    format!("version {version} ").repeat(if version == 0 { 400 } else { 1 })
}

/// The bytes of a file: text for text types, noise for others; different for each path.
pub(crate) fn bytes_of(path: &str) -> Vec<u8> {
    if path.contains("hostile") {
        return HOSTILE.into();
    }
    let extension = path.rsplit('.').next().unwrap_or_default();
    let len = if let Some(len) = number_behind("len-", path) {
        len
    } else if path.contains("big") {
        300_000
    } else if path.contains("empty") {
        0
    } else {
        9_000
    };
    if Media::of(extension).is_some_and(|media| media.is_text) {
        return format!("/* {path} */ a {{ color: red }}\n")
            .repeat(400)
            .into_bytes()[..len.min(9_000)]
            .to_vec();
    }
    let mut state = path.bytes().fold(1_u32, |state, byte| {
        state.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    noise.take(len).collect()
}

pub(crate) fn router(site: Arc<Site>, accelerator: &Accelerator) -> Router {
    Router::new()
        .route("/static/{*path}", get(file))
        .route("/i/{*path}", any(picture))
        .route("/page", get(async || Html("<p>page</p>".repeat(100))))
        .route("/healthz", get("ok"))
        .route("/metrics", get("secret 1"))
        .route(
            "/headers",
            get(async |headers: HeaderMap| format!("{headers:?}")),
        )
        .route("/upload", post(async |body: Bytes| body.len().to_string()))
        .route("/form", post(async |body: Bytes| body.len().to_string()))
        .fallback(async || (StatusCode::NOT_FOUND, "nothing here"))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(Arc::clone(&site))
        .layer(accelerator.layer())
        .layer(from_fn_with_state(site, count_who_waits))
}

async fn count_who_waits(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let mut answer = pin!(next.run(request));
    if let Some(answer) = poll_immediate(&mut answer).await {
        return answer;
    }
    site.held_up.fetch_add(1, SeqCst);
    answer.await
}

async fn file(State(site): State<Arc<Site>>, uri: Uri) -> Response {
    site.asked.fetch_add(1, SeqCst);
    // A header that a hit could not have: the layer removes it.
    (
        [(header::LAST_MODIFIED, "Tue, 15 Nov 1994 12:45:26 GMT")],
        show(Policy::Immutable, &uri),
    )
        .into_response()
}

async fn picture(State(site): State<Arc<Site>>, request: Request) -> Response {
    let uri = request.uri().clone();
    site.asked.fetch_add(1, SeqCst);
    if !site.pictures_are_current.load(SeqCst) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let edition = site.edition.load(SeqCst);
    if uri.path().starts_with("/i/slow") {
        site.waiting.add_permits(1);
        site.gate.acquire().await.unwrap().forget();
    }
    match uri.path() {
        path if path.starts_with("/i/version") => {
            let text = text_of_version(site.version.load(SeqCst));
            (Extension(Policy::Purgeable), with_type(&uri), text).into_response()
        }
        path if path.starts_with("/i/for-") => {
            let seconds = number_behind("for-", path).unwrap();
            let life = StoredFor(Duration::from_secs(seconds as u64));
            (Extension(life), show(Policy::Purgeable, &uri)).into_response()
        }
        "/i/growing.webp" | "/i/shrinking.webp" => {
            let said = if uri.path().contains("growing") {
                "10"
            } else {
                "20"
            };
            let chunks =
                ["0123456789", "more"].map(|chunk| Ok::<_, std::io::Error>(Bytes::from(chunk)));
            let body = Body::from_stream(futures(chunks));
            let said = [(header::CONTENT_LENGTH, said)];
            (Extension(Policy::Purgeable), said, with_type(&uri), body).into_response()
        }
        "/i/cookie.webp" => {
            ([(header::SET_COOKIE, "a=b")], show(Policy::Purgeable, &uri)).into_response()
        }
        "/i/private.webp" => show(Policy::Private, &uri),
        "/i/slow/edition.webp" => {
            let shown = edition.to_string();
            (Extension(Policy::Purgeable), with_type(&uri), shown).into_response()
        }
        "/i/slow/private.webp" => {
            let name = request.headers()[header::COOKIE].as_bytes().to_vec();
            (Extension(Policy::Private), with_type(&uri), name).into_response()
        }
        "/i/silent.webp" => (with_type(&uri), bytes_of(uri.path())).into_response(),
        "/i/huge.webp" => (
            Extension(Policy::Purgeable),
            with_type(&uri),
            vec![7; 1_200_000],
        )
            .into_response(),
        "/i/chunks.webp" => {
            let halves = [b"first ".as_slice(), b"second"]
                .map(|half| Ok::<_, std::io::Error>(Bytes::from(half)));
            let body = Body::from_stream(futures(halves));
            (Extension(Policy::Purgeable), with_type(&uri), body).into_response()
        }
        "/i/broken.webp" => {
            let chunks = [
                Ok(Bytes::from("half")),
                Err(std::io::Error::other("the disk went away")),
            ];
            (
                Extension(Policy::Purgeable),
                with_type(&uri),
                Body::from_stream(futures(chunks)),
            )
                .into_response()
        }
        _ => show(Policy::Purgeable, &uri),
    }
}

fn show(policy: Policy, uri: &Uri) -> Response {
    (Extension(policy), with_type(uri), bytes_of(uri.path())).into_response()
}

fn with_type(uri: &Uri) -> [(header::HeaderName, String); 1] {
    let guess = match uri.path().rsplit('.').next() {
        Some("map") => "application/json".to_owned(),
        _ => mime_guess::from_path(uri.path())
            .first_or_octet_stream()
            .to_string(),
    };
    [(header::CONTENT_TYPE, guess)]
}

fn futures<T, const N: usize>(items: [T; N]) -> impl futures::Stream<Item = T> {
    futures::stream::iter(items)
}
