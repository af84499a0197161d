//! What must still be taken away from caches and disks because a transaction said so.

use domain::{PhotoToken, UserId};
use sqlx::{PgExecutor, PgTransaction};

use super::query_stats::counted;

/// A picture that is to disappear everywhere.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Gone {
    /// The row of the outbox that remembers it.
    pub id: i64,
    /// Whose picture it was.
    pub userid: UserId,
    /// The dead token.
    pub token: PhotoToken,
    /// The original to delete as well, when the photo itself is gone.
    pub filename: Option<String>,
    /// How often its delivery has failed.
    pub attempts: i32,
}

/// Writes down what must go, in the transaction that says so. The worker leaves it alone for ten
/// seconds: the request that wrote it delivers it at once.
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

/// Takes what is due, so that no other worker does the same at the same time.
pub async fn claim_due(db: impl PgExecutor<'_>, most: i64) -> Result<Vec<Gone>, sqlx::Error> {
    // Claiming moves the row a minute into the future instead of holding a lock while memcached is
    // asked: a worker that dies leaves it for the next.
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

/// What is owed at all, the oldest first, whoever has claimed it: for a process that starts, because
/// the one that claimed it may be dead. To deliver something twice harms nothing.
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

/// Forgets what was delivered.
pub async fn delivered(db: impl PgExecutor<'_>, id: i64) -> Result<(), sqlx::Error> {
    counted(
        sqlx::query("delete from outbox where id = $1")
            .bind(id)
            .execute(db),
    )
    .await
    .map(drop)
}

/// Puts off what could not be delivered: a second, then two, up to a minute.
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

/// How many purges are waiting.
pub async fn waiting(db: impl PgExecutor<'_>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select count(*) from outbox")
        .fetch_one(db)
        .await
}
