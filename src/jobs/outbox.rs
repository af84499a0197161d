//! Takes pictures away everywhere: files, memcached, and the original of a deleted photo.

use accelerator::Accelerator;
use sqlx::PgPool;
use tokio::task::spawn_blocking;

use crate::db::outbox::{self, Gone};
use crate::images::{Derivatives, Encoding, Original, Originals, Width};
use crate::urls;

/// How many purges one round takes.
const BATCH: i64 = 50;

/// Takes one picture away and forgets it once every copy is known to be gone. Says whether that is
/// so; if not, the next round tries again.
pub async fn deliver(
    db: &PgPool,
    accelerator: &Accelerator,
    derivatives: &Derivatives,
    originals: &Originals,
    gone: &Gone,
) -> bool {
    let files_gone = match derivatives.remove(gone.userid, gone.token).await {
        Ok(_) => true,
        Err(error) => {
            tracing::error!(%error, owner = %gone.userid, "the files of a dead picture could not be removed");
            false
        }
    };
    let original_gone = remove_original(originals, gone).await;
    let report = accelerator.purge(addresses(gone)).await;
    let confirmed = files_gone && original_gone && report.is_confirmed();
    let noted = if confirmed {
        outbox::delivered(db, gone.id).await
    } else {
        tracing::warn!(
            ?report,
            attempts = gone.attempts,
            "a purge is not confirmed; it will be tried again"
        );
        outbox::put_off(db, gone.id).await
    };
    if let Err(error) = noted {
        tracing::error!(%error, "the outbox could not be updated; the purge will be done once more");
    }
    confirmed
}

/// Delivers what is due; says how many were.
///
/// # Errors
///
/// When the outbox cannot be read.
pub async fn deliver_due(
    db: &PgPool,
    accelerator: &Accelerator,
    derivatives: &Derivatives,
    originals: &Originals,
) -> Result<usize, sqlx::Error> {
    let due = outbox::claim_due(db, BATCH).await?;
    for gone in &due {
        deliver(db, accelerator, derivatives, originals, gone).await;
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
    match spawn_blocking(move || originals.delete(name)).await {
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
