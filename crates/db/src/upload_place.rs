//! Places for uploads: how many an account may have in progress, over all processes of the site.
//!
//! A place is a lease: it expires, because a process that dies does not release it.

use domain::UserId;
use sqlx::PgPool;
use uuid::Uuid;

use super::query_stats::counted;

/// How many uploads of one account may be in progress at once.
pub const PLACES_PER_ACCOUNT: i16 = 2;

/// Takes a place for an account under this name of the lease; `false` if all are taken.
pub async fn take(db: &PgPool, account: UserId, lease: Uuid) -> Result<bool, sqlx::Error> {
    for place in 1..=PLACES_PER_ACCOUNT {
        // A lease lasts longer than an upload (3 minutes) and the decoding that may go on after it (24 s).
        let taken = counted(
            sqlx::query(
                "insert into upload_places as p (userid, place, lease, expires_at)
                 values ($1, $2, $3, now() + interval '4 minutes')
                     on conflict (userid, place) do update
                        set lease = excluded.lease, expires_at = excluded.expires_at
                      where p.expires_at <= now()",
            )
            .bind(account)
            .bind(place)
            .bind(lease)
            .execute(db),
        )
        .await?;
        if taken.rows_affected() == 1 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Releases a place.
pub async fn give_back(db: &PgPool, account: UserId, lease: Uuid) -> Result<(), sqlx::Error> {
    counted(
        sqlx::query("delete from upload_places where userid = $1 and lease = $2")
            .bind(account)
            .bind(lease)
            .execute(db),
    )
    .await
    .map(drop)
}

/// Removes expired leases; returns how many.
pub async fn sweep(db: &PgPool) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query("delete from upload_places where expires_at <= now()")
        .execute(db)
        .await?;
    Ok(swept.rows_affected())
}
