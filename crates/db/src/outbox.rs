//! The outbox: purges that were committed and are not confirmed yet.

use domain::{PhotoToken, UserId};
use sqlx::{PgExecutor, PgTransaction};

use super::query_stats::counted;

/// A picture whose copies must all be removed.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Gone {
    /// Its row in the outbox.
    pub id: i64,
    /// Its owner.
    pub userid: UserId,
    /// Its former token.
    pub token: PhotoToken,
    /// The original to delete as well, if the photo was deleted.
    pub filename: Option<String>,
    /// How often its delivery has failed.
    pub attempts: i32,
}

/// Inserts a purge, in the transaction that requires it. The job skips it for ten seconds, because the request that
/// inserted it delivers it at once.
pub(super) async fn remember(
    tx: &mut PgTransaction<'_>,
    userid: UserId,
    token: PhotoToken,
    filename: Option<&str>,
) -> Result<Gone, sqlx::Error> {
    counted(
        sqlx::query_as(
            "insert into outbox (userid, token, filename, not_before)
             values ($1, $2, $3, now() + interval '10 seconds')
             returning id, userid, token, filename, attempts",
        )
        .bind(userid)
        .bind(token)
        .bind(filename)
        .fetch_one(&mut **tx),
    )
    .await
}

/// Claims due purges, so that no other process delivers them at the same time.
pub async fn claim_due(db: impl PgExecutor<'_>, most: i64) -> Result<Vec<Gone>, sqlx::Error> {
    // Claiming postpones the row by a minute instead of holding a lock during the purge: the claim of a process that
    // dies expires.
    counted(
        sqlx::query_as(
            "update outbox
                set not_before = now() + interval '1 minute'
              where id in (select id from outbox
                            where not_before <= now()
                            order by not_before
                            limit $1
                              for update skip locked)
             returning id, userid, token, filename, attempts",
        )
        .bind(most)
        .fetch_all(db),
    )
    .await
}

/// Returns pending purges, the oldest first, claimed or not: for a process that starts, because the one that claimed them
/// may be dead. Delivering a purge twice does no harm.
pub async fn pending(db: impl PgExecutor<'_>, most: i64) -> Result<Vec<Gone>, sqlx::Error> {
    counted(
        sqlx::query_as(
            "select id, userid, token, filename, attempts
               from outbox
              order by id
              limit $1",
        )
        .bind(most)
        .fetch_all(db),
    )
    .await
}

/// Deletes a delivered purge.
pub async fn delivered(db: impl PgExecutor<'_>, id: i64) -> Result<(), sqlx::Error> {
    counted(
        sqlx::query("delete from outbox where id = $1")
            .bind(id)
            .execute(db),
    )
    .await
    .map(drop)
}

/// Postpones a purge that could not be delivered: a second, then two, up to a minute.
pub async fn put_off(db: impl PgExecutor<'_>, id: i64) -> Result<(), sqlx::Error> {
    counted(
        sqlx::query(
            "update outbox
                set attempts = attempts + 1,
                    not_before = now() + least(60, power(2, least(attempts, 6))) * interval '1 second'
              where id = $1",
        )
        .bind(id)
        .execute(db),
    )
    .await
    .map(drop)
}

/// Returns how many purges are pending.
pub async fn waiting(db: impl PgExecutor<'_>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select count(*) from outbox")
        .fetch_one(db)
        .await
}
