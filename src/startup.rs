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

/// How long the site's own files may take to memcached.
const PUSH_PATIENCE: Duration = Duration::from_secs(2);

/// Writes the site's own files.
static FILES: Lane = Lane::new(1);

/// Does what must be done before the process answers anybody.
///
/// What a process that died had committed and not purged is purged now. And the files of this
/// version lie in the common folder and in memcached before a page can name them, so that processes
/// of the version before find them as well.
pub async fn get_ready(state: &AppState, router: &Router) {
    tokio::join!(
        jobs::deliver_pending(&state.site),
        bring_files(state, router)
    );
}

async fn bring_files(state: &AppState, router: &Router) {
    let site = &state.site;
    if let Some(asset_store) = site.asset_store.clone() {
        let kept = FILES.run(move || asset_store.keep_own()).await;
        if let Err(error) = kept.map_err(Into::into).flatten() {
            tracing::warn!(
                error = format!("{error:#}"),
                "the site's own files cannot be left for other versions; this process answers them \
                 from its own memory"
            );
        }
    }
    if state.rung.files() != Files::Memcached {
        return;
    }
    let before = site.accelerator.stats().stored;
    let pushed = timeout(PUSH_PATIENCE, push(site, router)).await;
    let stored = site.accelerator.stats().stored - before;
    if pushed.is_err() || stored < assets::all().iter().count() as u64 {
        tracing::info!(
            stored,
            "memcached does not have all of the site's own files yet; each comes there with its first \
             visitor"
        );
    }
}

/// Asks for each file as nginx does, so that the accelerator stores what it would store then.
async fn push(site: &Site, router: &Router) {
    for asset in assets::all().iter() {
        let request = Request::get(&asset.url).header(ACCEPT_ENCODING, "gzip");
        let Ok(request) = request.body(Body::empty()) else {
            continue;
        };
        let Ok(answer) = router.clone().oneshot(request).await;
        // What is read is stored; the bytes are nobody's.
        let _ = to_bytes(answer.into_body(), usize::MAX).await;
    }
    site.accelerator.flush().await;
}
