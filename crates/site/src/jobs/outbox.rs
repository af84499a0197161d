//! Delivers purges: removes a picture from disk and memcached, and the original of a deleted photo.

use db::outbox::{self, Gone};
use domain::urls;
use images::blocking::Lane;
use images::{Encoding, Original, Originals, Width};

use crate::Site;

/// How many purges one run of the job claims.
const BATCH: i64 = 50;

/// Runs the deletion of originals.
static DELETING: Lane = Lane::new(4);

/// The outcome of a purge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// No copy is left on disk or in memcached.
    Everywhere,
    /// A memcached did not confirm it and may resume with a copy; the job retries.
    CacheSilent,
    /// A file could not be removed; the job retries.
    DiskFailed,
}

/// Removes all copies of one picture, and its row of the outbox once all removals are confirmed.
pub async fn deliver(site: &Site, gone: &Gone) -> Delivery {
    let files_gone = match site.derivatives.remove(gone.userid, gone.token).await {
        Ok(_) => true,
        Err(error) => {
            tracing::error!(%error, owner = %gone.userid, "removing the files of a purged picture failed");
            false
        }
    };
    let original_gone = remove_original(&site.originals, gone).await;
    let report = site.accelerator.purge(addresses(gone)).await;
    let delivery = if !(files_gone && original_gone) {
        Delivery::DiskFailed
    } else if !report.is_confirmed() {
        Delivery::CacheSilent
    } else {
        Delivery::Everywhere
    };
    let noted = if delivery == Delivery::Everywhere {
        outbox::delivered(&site.db, gone.id).await
    } else {
        tracing::warn!(
            ?delivery,
            ?report,
            attempts = gone.attempts,
            "a purge is not confirmed and will be retried"
        );
        outbox::put_off(&site.db, gone.id).await
    };
    if let Err(error) = noted {
        tracing::error!(%error, "updating the outbox failed; the purge will be repeated");
    }
    delivery
}

/// Delivers the purges that are due; returns how many there were.
///
/// # Errors
///
/// When the outbox cannot be read.
pub async fn deliver_due(site: &Site) -> Result<usize, db::Error> {
    let due = outbox::claim_due(&site.db, BATCH).await?;
    for gone in &due {
        deliver(site, gone).await;
    }
    Ok(due.len())
}

/// Every address under which the picture may be cached.
fn addresses(gone: &Gone) -> Vec<String> {
    let mut addresses = Vec::with_capacity(Width::ALL.len() * 2);
    for width in Width::ALL {
        for encoding in [Encoding::WebP, Encoding::Jpeg] {
            addresses.push(urls::picture(
                gone.userid,
                gone.token,
                width.pixels(),
                encoding.extension(),
            ));
        }
    }
    addresses
}

/// Deletes the uploaded file of a deleted photo. A drawn photo has none.
async fn remove_original(originals: &Originals, gone: &Gone) -> bool {
    let Some(Ok(Original::Upload(name))) = gone.filename.as_deref().map(str::parse) else {
        return true;
    };
    let originals = originals.clone();
    match DELETING.run(move || originals.delete(name)).await {
        Ok(Ok(_)) => true,
        failed => {
            tracing::error!(?failed, "removing the original of a deleted photo failed");
            false
        }
    }
}
