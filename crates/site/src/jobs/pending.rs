//! Purges that a process committed and did not deliver before it died: delivered by the next start.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use db::outbox;
use futures::{StreamExt as _, stream};
use tokio::time::timeout;

use super::outbox::{Delivery, deliver};
use crate::Site;

/// How long purges that are owed may take, of which one waits two seconds for a frozen memcached.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(5);
/// How many purges are done before the start; the rounds do what is left.
const PENDING_MAX: i64 = 1_000;
/// How many purges are under way at once.
const CONCURRENCY: usize = 8;

/// Delivers pending purges, for [`DELIVERY_TIMEOUT`] at most.
pub async fn deliver_pending(site: &Site) {
    let owed = match outbox::owed(&site.db, PENDING_MAX).await {
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
    let all = stream::iter(&owed).for_each_concurrent(CONCURRENCY, async |gone| {
        let delivery = deliver(site, gone);
        confirmed.fetch_add(usize::from(delivery.await == Delivery::Everywhere), Relaxed);
    });
    // Either way what counts is how many are confirmed.
    let _ = timeout(DELIVERY_TIMEOUT, all).await;
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
