//! Start-up work of a process, before it listens: delivers pending purges and publishes this build's static files.
//!
//! Each part has a timeout, and none keeps the process from listening: a dead memcached delays it by these
//! timeouts at most.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::http::header::ACCEPT_ENCODING;
use futures::{StreamExt as _, stream};
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::outbox::{Delivery, deliver};
use crate::assets;
use crate::blocking::Lane;
use crate::db::outbox;
use crate::rung::Files;
use crate::web::Site;

/// How long purges that are owed may take, of which one waits two seconds for a frozen memcached.
const OWED_PATIENCE: Duration = Duration::from_secs(5);
/// How many purges are done before the start; the rounds do what is left.
const OWED_MAX: i64 = 1_000;
/// How many purges are under way at once.
const OWED_AT_ONCE: usize = 8;
/// How long the site's own files may take to memcached.
const PUSH_PATIENCE: Duration = Duration::from_secs(2);

/// Writes the site's own files.
static FILES: Lane = Lane::new(1);

/// Does what must be done before the process answers anybody.
///
/// What a process that died had committed and not purged is purged now. And the files of this
/// version lie in the common folder and in memcached before a page can name them, so that processes
/// of the version before find them as well.
pub async fn get_ready(site: &Site, router: &Router) {
    tokio::join!(deliver_owed(site), bring_files(site, router));
}

async fn deliver_owed(site: &Site) {
    let owed = match outbox::owed(&site.db, OWED_MAX).await {
        Ok(owed) => owed,
        Err(error) => {
            tracing::warn!(%error, "it is not known whether a purge is owed; the rounds will ask again");
            return;
        }
    };
    if owed.is_empty() {
        return;
    }
    let confirmed = AtomicUsize::new(0);
    let all = stream::iter(&owed).for_each_concurrent(OWED_AT_ONCE, async |gone| {
        let delivery = deliver(
            &site.db,
            &site.accelerator,
            &site.derivatives,
            &site.originals,
            gone,
        );
        confirmed.fetch_add(usize::from(delivery.await == Delivery::Everywhere), Relaxed);
    });
    // Either way what counts is how many are confirmed.
    let _ = timeout(OWED_PATIENCE, all).await;
    let (owed, confirmed) = (owed.len(), confirmed.into_inner());
    if confirmed == owed {
        tracing::info!(owed, "what was owed to deleted and hidden pictures is done");
    } else {
        tracing::warn!(
            owed,
            confirmed,
            "this process answers although a copy of a deleted or hidden picture may be left in a \
             cache or on the disk; it goes on trying"
        );
    }
}

async fn bring_files(site: &Site, router: &Router) {
    if let Some(generations) = site.generations.clone() {
        let kept = FILES.run(move || generations.keep_own()).await;
        if let Err(error) = kept.map_err(Into::into).flatten() {
            tracing::warn!(
                error = format!("{error:#}"),
                "the site's own files cannot be left for other versions; this process answers them \
                 from its own memory"
            );
        }
    }
    if site.rung.files() != Files::Memcached {
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
