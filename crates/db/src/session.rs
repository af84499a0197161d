//! Sessions, known by the hash of their secret.

use domain::{SecretHash, UserId, Username};
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

use super::query_stats::counted;

/// How long a session lasts.
pub const SESSION_DAYS: i64 = 30;

/// The person of a session.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SignedIn {
    /// Their id.
    pub id: UserId,
    /// Their name in addresses.
    pub name: Username,
    /// Their name as shown.
    pub display_name: String,
}

/// Begins a session.
pub async fn begin(
    db: impl PgExecutor<'_>,
    hash: &SecretHash,
    user: UserId,
) -> Result<(), sqlx::Error> {
    counted(
        sqlx::query("insert into sessions (token_hash, userid, expires_at) values ($1, $2, $3)")
            .bind(hash.as_bytes())
            .bind(user)
            .bind(OffsetDateTime::now_utc() + Duration::days(SESSION_DAYS))
            .execute(db),
    )
    .await
    .map(drop)
}

/// Returns the person of the session with this hash; `None` if the session has ended.
pub async fn find(
    db: impl PgExecutor<'_>,
    hash: &SecretHash,
) -> Result<Option<SignedIn>, sqlx::Error> {
    counted(
        sqlx::query_as(
            "select u.id, u.name, u.display_name
               from sessions s
               join users u on u.id = s.userid
              where s.token_hash = $1 and s.expires_at > now()",
        )
        .bind(hash.as_bytes())
        .fetch_optional(db),
    )
    .await
}

/// Ends a session.
pub async fn end(db: impl PgExecutor<'_>, hash: &SecretHash) -> Result<(), sqlx::Error> {
    counted(
        sqlx::query("delete from sessions where token_hash = $1")
            .bind(hash.as_bytes())
            .execute(db),
    )
    .await
    .map(drop)
}

/// The statement of [`end_all_but_newest`], for the test of its plan.
pub const END_ALL_BUT_NEWEST: &str = "
    delete from sessions
     where token_hash in (select token_hash
                            from sessions
                           where userid = (select userid from sessions where token_hash = $1)
                           order by expires_at desc
                          offset $2)";

/// Ends the sessions of a person except the newest ones; the person is that of the given session.
pub async fn end_all_but_newest(
    db: impl PgExecutor<'_>,
    one: &SecretHash,
    kept: i64,
) -> Result<(), sqlx::Error> {
    counted(
        sqlx::query(END_ALL_BUT_NEWEST)
            .bind(one.as_bytes())
            .bind(kept)
            .execute(db),
    )
    .await
    .map(drop)
}

/// Deletes sessions that have ended; returns how many.
pub async fn sweep(db: &sqlx::PgPool) -> Result<u64, sqlx::Error> {
    sqlx::query("delete from sessions where expires_at < now()")
        .execute(db)
        .await
        .map(|done| done.rows_affected())
}
