//! Start-up work of a process, before it listens: delivers pending purges and publishes this build's static files.
//!
//! Each part has a timeout, and none keeps the process from listening: a dead memcached delays it by these
//! timeouts at most.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::http::header::ACCEPT_ENCODING;
use domain::rung::Files;
use images::blocking::Lane;
use site::{Site, assets, jobs};
use tokio::time::timeout;
use tower::ServiceExt as _;

use crate::web::AppState;

/// How long storing the site's own files in memcached may take.
const PUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// The lane that writes the site's own files to disk.
static FILES: Lane = Lane::new(1);

/// Does the work that must be done before the process accepts requests.
///
/// Delivers the purges that a dead process committed and did not send. Publishes this version's files in the shared
/// folder and in memcached before a page can refer to them, so that processes of the previous version can serve them
/// as well.
pub async fn get_ready(state: &AppState, router: &Router) {
    tokio::join!(
        jobs::deliver_pending(&state.site),
        publish_files(state, router)
    );
}

async fn publish_files(state: &AppState, router: &Router) {
    let site = &state.site;
    if let Some(asset_store) = site.asset_store.clone() {
        let kept = FILES.run(move || asset_store.keep_own()).await;
        if let Err(error) = kept.map_err(Into::into).flatten() {
            tracing::warn!(
                error = format!("{error:#}"),
                "cannot publish the site's own files for other versions; this process serves them from its \
                 own memory"
            );
        }
    }
    if state.rung.files() != Files::Memcached {
        return;
    }
    let before = site.accelerator.stats().stored;
    let pushed = timeout(PUSH_TIMEOUT, push(site, router)).await;
    let stored = site.accelerator.stats().stored - before;
    if pushed.is_err() || stored < assets::all().iter().count() as u64 {
        tracing::info!(
            stored,
            "memcached does not have all of the site's own files yet; the first request for each stores it"
        );
    }
}

/// Requests each file as nginx does, so that the accelerator stores the same response.
async fn push(site: &Site, router: &Router) {
    for asset in assets::all().iter() {
        let request = Request::get(&asset.url).header(ACCEPT_ENCODING, "gzip");
        let Ok(request) = request.body(Body::empty()) else {
            continue;
        };
        let Ok(response) = router.clone().oneshot(request).await;
        // Reading the body triggers the store; the bytes are discarded.
        let _ = to_bytes(response.into_body(), usize::MAX).await;
    }
    site.accelerator.flush().await;
}
