//! Takes pictures away everywhere: files, memcached, and the original of a deleted photo.

use db::outbox::{self, Gone};
use domain::urls;
use images::blocking::Lane;
use images::{Encoding, Original, Originals, Width};

use crate::Site;

/// How many purges one round takes.
const BATCH: i64 = 50;

/// Deletes originals.
static DELETING: Lane = Lane::new(4);

/// What became of a picture that was to be taken away everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// No copy is left with us.
    Everywhere,
    /// A memcached did not confirm it, and may wake up with a copy; the next round tries again.
    CacheSilent,
    /// A file could not be removed; the next round tries again.
    DiskFailed,
}

/// Takes one picture away, and forgets it once every copy is known to be gone.
pub async fn deliver(site: &Site, gone: &Gone) -> Delivery {
    let files_gone = match site.derivatives.remove(gone.userid, gone.token).await {
        Ok(_) => true,
        Err(error) => {
            tracing::error!(%error, owner = %gone.userid, "the files of a dead picture could not be removed");
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
            "a purge is not confirmed; it will be tried again"
        );
        outbox::put_off(&site.db, gone.id).await
    };
    if let Err(error) = noted {
        tracing::error!(%error, "the outbox could not be updated; the purge will be done once more");
    }
    delivery
}

/// Delivers what is due; says how many were.
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

/// Every address under which the picture may have been kept.
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

/// Deletes the uploaded file of a deleted photo. A drawn one has none.
async fn remove_original(originals: &Originals, gone: &Gone) -> bool {
    let Some(Ok(Original::Upload(name))) = gone.filename.as_deref().map(str::parse) else {
        return true;
    };
    let originals = originals.clone();
    match DELETING.run(move || originals.delete(name)).await {
        Ok(Ok(_)) => true,
        failed => {
            tracing::error!(
                ?failed,
                "the original of a deleted photo could not be removed"
            );
            false
        }
    }
}
