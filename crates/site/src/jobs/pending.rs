//! Delivers at start-up the purges that a process committed but did not deliver before it died.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use db::outbox;
use futures::{StreamExt as _, stream};
use tokio::time::timeout;

use super::outbox::{Delivery, deliver};
use crate::Site;

/// How long all pending purges may take; each waits two seconds for a frozen memcached.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(5);
/// How many purges are delivered before the start; the job delivers the rest.
const PENDING_MAX: i64 = 1_000;
/// How many purges run at once.
const CONCURRENCY: usize = 8;

/// Delivers pending purges, for [`DELIVERY_TIMEOUT`] at most.
pub async fn deliver_pending(site: &Site) {
    let pending = match outbox::pending(&site.db, PENDING_MAX).await {
        Ok(pending) => pending,
        Err(error) => {
            tracing::warn!(%error, "reading the pending purges failed; the job will retry");
            return;
        }
    };
    if pending.is_empty() {
        return;
    }
    let confirmed = AtomicUsize::new(0);
    let all = stream::iter(&pending).for_each_concurrent(CONCURRENCY, async |gone| {
        let delivery = deliver(site, gone);
        confirmed.fetch_add(usize::from(delivery.await == Delivery::Everywhere), Relaxed);
    });
    // After a timeout too the number of confirmed purges decides.
    let _ = timeout(DELIVERY_TIMEOUT, all).await;
    let (pending, confirmed) = (pending.len(), confirmed.into_inner());
    if confirmed == pending {
        tracing::info!(confirmed, "delivered the pending purges");
    } else {
        tracing::warn!(
            pending,
            confirmed,
            "starting although purges are not confirmed: a copy of a deleted or hidden picture may be left in a cache or \
             on disk; the job retries"
        );
    }
}
