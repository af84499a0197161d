//! A row lock on a photo while a picture of it is stored under the photo's token, in memcached or on disk.
//!
//! Deleting a photo and changing its visibility lock the row `for update` first (`photo_write`), which excludes
//! `for key share`; counting views does not, and does not wait. So a deletion either precedes a hold, which then finds
//! no row, or waits until the hold is dropped, and then removes what was stored. The two never overlap, also in different
//! processes.

use domain::{PhotoToken, UserId};
use sqlx::{PgPool, PgTransaction};

use super::pool;
use super::query_stats::counted;

/// Begins a hold in one round trip. A deletion locks the row for milliseconds; a hold waits for this lock timeout at most,
/// also if its request is cancelled.
const BEGIN: &str = "begin; set local lock_timeout = '250ms'";

/// A lock on a photo: deleting and hiding it wait until this is dropped. Keep it only briefly; it occupies a connection.
///
/// Dropping it queues the rollback and returns the connection to the pool, which sends it at once. The
/// connections of a process that dies end, and with them its holds.
#[derive(Debug)]
#[must_use]
pub struct Hold {
    _transaction: PgTransaction<'static>,
}

/// Holds the photo with this token, if it is public.
///
/// # Errors
///
/// When the database fails, has no connection to spare, or another transaction locks the row for too long.
pub async fn hold_public(
    db: &PgPool,
    owner: UserId,
    token: PhotoToken,
) -> Result<Option<Hold>, sqlx::Error> {
    hold(
        db,
        owner,
        token,
        "select id from photos
          where token = $1 and userid = $2 and visibility = 'public'
            for key share",
    )
    .await
}

/// Holds the photo with this token, whatever its visibility.
///
/// # Errors
///
/// As [`hold_public`].
pub async fn hold_any(
    db: &PgPool,
    owner: UserId,
    token: PhotoToken,
) -> Result<Option<Hold>, sqlx::Error> {
    hold(
        db,
        owner,
        token,
        "select id from photos
          where token = $1 and userid = $2
            for key share",
    )
    .await
}

/// Retries on another connection if the first was closed: the statement writes nothing.
async fn hold(
    db: &PgPool,
    owner: UserId,
    token: PhotoToken,
    select: &'static str,
) -> Result<Option<Hold>, sqlx::Error> {
    match hold_once(db, owner, token, select).await {
        Err(error) if pool::was_cut(&error) => hold_once(db, owner, token, select).await,
        held => held,
    }
}

async fn hold_once(
    db: &PgPool,
    owner: UserId,
    token: PhotoToken,
    select: &'static str,
) -> Result<Option<Hold>, sqlx::Error> {
    let mut transaction = db.begin_with(BEGIN).await?;
    // After waiting for a lock PostgreSQL checks the row again: with a new token or another visibility it is not
    // found.
    let found: Option<i64> = counted(
        sqlx::query_scalar(select)
            .bind(token)
            .bind(owner)
            .fetch_optional(&mut *transaction),
    )
    .await?;
    Ok(found.map(|_| Hold {
        _transaction: transaction,
    }))
}
