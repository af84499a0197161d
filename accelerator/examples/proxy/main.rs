//! A reverse proxy before the origin of a test suite for HTTP caches: `scripts/cache-tests` starts it.
//!
//! The strictest example of a site that stores responses of another server. Not a proxy for use: it knows one
//! origin, and renames paths so that nginx can look them up.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example that a person looks at"
)]

mod directives;
mod freshness;
mod not_pushed;
mod origin;
mod verdict;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use accelerator::nginx::Front;
use accelerator::{Accelerator, Options, Policy, StoredFor, configuration};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_LOCATION, HeaderName, LOCATION, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use origin::Origin;
use verdict::Promise;

/// The reason why a response carries no policy.
const NOT_PUSHED: HeaderName = HeaderName::from_static("x-not-pushed");
/// Headers that nginx removes from files, and their other names: the suite checks that they arrive.
const PAST_NGINX: [(HeaderName, HeaderName); 2] = [
    (VARY, HeaderName::from_static("x-origin-vary")),
    (SET_COOKIE, HeaderName::from_static("x-origin-set-cookie")),
];

#[derive(Clone)]
struct Proxy {
    origin: Origin,
    accelerator: Accelerator,
    promise: Promise,
}

/// Carries the origin's headers past the layer, which writes its own.
#[derive(Clone, Default)]
struct Said(Arc<OnceLock<HeaderMap>>);

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("proxy: {fault}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the files of nginx into a folder, and serves on a socket there.
async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [folder, origin, memcached, listen, promise] = arguments.as_slice() else {
        return Err("usage: proxy FOLDER ORIGIN MEMCACHED LISTEN kept|uncounted".into());
    };
    let promise = match promise.as_str() {
        "kept" => Promise::Kept,
        "uncounted" => Promise::Uncounted,
        other => return Err(format!("no such promise: {other}").into()),
    };
    let folder = PathBuf::from(folder);
    let memcached = memcached.parse()?;
    let socket = folder.join("app");
    front(&folder, &socket, memcached, listen)?;
    let accelerator = Accelerator::new(Options::new([memcached]));
    let proxy = Proxy {
        origin: Origin::new(origin.parse()?),
        accelerator: accelerator.clone(),
        promise,
    };
    let router = Router::new()
        .fallback(pass_on)
        .with_state(proxy)
        .layer(accelerator.layer())
        .layer(middleware::from_fn_with_state(accelerator, put_back));
    let listener = tokio::net::UnixListener::bind(&socket)?;
    println!("ready");
    Ok(axum::serve(listener, router).await?)
}

fn front(
    folder: &Path,
    socket: &Path,
    memcached: std::net::SocketAddr,
    listen: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    let is_root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(folder)?) == 0;
    configuration::write_to(folder)?;
    let temp_dir = folder.join("temp");
    std::fs::create_dir(&temp_dir)?;
    let front = Front {
        // Only its owner may enter the folder, so the workers run as the owner.
        user: is_root.then(|| "root".to_owned()),
        workers: 1,
        pid: folder.join("nginx.pid"),
        error_log: folder.join("error.log"),
        access_log: None,
        site: "A site".into(),
        temp_dir,
        listen: listen.to_owned(),
        apps: vec![socket.to_owned()],
        memcached: vec![memcached],
        copies: 1,
        watch: None,
    };
    Ok(front.write_to(folder)?)
}

/// The handler: asks the origin, and attaches a policy if its response may be stored.
async fn pass_on(State(proxy): State<Proxy>, request: Request) -> Response {
    let method = request.method().clone();
    let wishes = request.headers().clone();
    let beside = request.extensions().get::<Said>().cloned();
    let told = match proxy.origin.ask(request).await {
        Ok(told) => told,
        Err(fault) => return (StatusCode::BAD_GATEWAY, fault.to_string()).into_response(),
    };
    let mut response = told.response;
    let said = response.headers().clone();
    if changes_something(&method, response.status()) {
        forget_what_it_names(&proxy, &said).await;
    }
    let lifetime = verdict::lifetime(&wishes, &said, told.asked, told.arrived, proxy.promise);
    // Only the layer writes these.
    for name in [http::header::CACHE_CONTROL, NOT_PUSHED] {
        response.headers_mut().remove(name);
    }
    match lifetime {
        Ok(lifetime) => {
            response.extensions_mut().insert(StoredFor(lifetime));
            response = Policy::Purgeable.on(response);
        }
        Err(reason) => {
            let reason = HeaderValue::from_static(reason.name());
            response.headers_mut().insert(NOT_PUSHED, reason);
        }
    }
    if let Some(Said(beside)) = beside {
        beside.get_or_init(|| said);
    }
    response
}

/// RFC 9111, 4.4: an unsafe method that was answered without an error.
fn changes_something(method: &Method, status: StatusCode) -> bool {
    !method.is_safe() && (status.is_success() || status.is_redirection())
}

/// The layer purges the path itself; only this proxy knows what `Location` and `Content-Location` name.
async fn forget_what_it_names(proxy: &Proxy, said: &HeaderMap) {
    let named = [LOCATION, CONTENT_LOCATION];
    let named = named
        .iter()
        .filter_map(|name| said.get(name)?.to_str().ok());
    let paths: Vec<_> = named
        .filter_map(|named| proxy.origin.outer(named))
        .collect();
    proxy.accelerator.purge(paths).await;
}

/// Wraps the layer: puts the origin's headers back on responses of the origin, because the suite checks that they
/// arrive; and waits until the item is in memcached, so that the next request is a hit and all runs are the same.
async fn put_back(
    State(accelerator): State<Accelerator>,
    mut request: Request,
    next: Next,
) -> Response {
    let Said(said) = Said::default();
    request.extensions_mut().insert(Said(Arc::clone(&said)));
    let mut response = next.run(request).await;
    accelerator.flush().await;
    let Some(mut said) = said.get().cloned() else {
        return response;
    };
    // The layer may have gzipped the body.
    said.remove(CONTENT_LENGTH);
    let headers = response.headers_mut();
    for (hidden, shown) in PAST_NGINX {
        for line in said.get_all(&hidden) {
            headers.append(shown.clone(), line.clone());
        }
        said.remove(hidden);
    }
    for name in said.keys() {
        headers.remove(name);
    }
    headers.extend(said);
    response
}
