//! Sessions, known by the hash of their secret, and the brakes on guessing passwords.

use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};

use super::cost::counted;
use crate::domain::{SecretHash, UserId, Username};

/// How long a session lasts.
pub const SESSION_DAYS: i64 = 30;

/// Who is logged in.
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
///
/// # Errors
///
/// When the database fails.
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

/// Who holds the secret of that hash; nobody once the session has ended.
///
/// # Errors
///
/// When the database fails.
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
///
/// # Errors
///
/// When the database fails.
pub async fn end(db: impl PgExecutor<'_>, hash: &SecretHash) -> Result<(), sqlx::Error> {
    counted(
        sqlx::query("delete from sessions where token_hash = $1")
            .bind(hash.as_bytes())
            .execute(db),
    )
    .await
    .map(drop)
}

/// How many seconds a subject must still wait before another try; none when it may try at once.
///
/// The first five failures are free; from then on each doubles the wait, from one second up to a
/// quarter of an hour. An hour of quiet forgives all.
///
/// # Errors
///
/// When the database fails.
pub async fn wait_before_login(
    db: impl PgExecutor<'_>,
    subjects: &[String],
) -> Result<Option<i64>, sqlx::Error> {
    let seconds: Option<f64> = counted(
        sqlx::query_scalar(
            "select max(extract(epoch from last_at - now())
                        + least(900, power(2, least(failures, 20) - 6)))::float8
               from login_failures
              where subject = any($1) and failures > 5 and last_at > now() - interval '1 hour'",
        )
        .bind(subjects)
        .fetch_one(db),
    )
    .await?;
    Ok(seconds
        .filter(|seconds| *seconds > 0.0)
        .map(|seconds| seconds.ceil() as i64))
}

/// Remembers that a try is being made, before its outcome is known: tries at the same moment then
/// count too.
///
/// # Errors
///
/// When the database fails.
pub async fn count_login_try(
    db: impl PgExecutor<'_>,
    subjects: &[String],
) -> Result<(), sqlx::Error> {
    counted(
        sqlx::query(
            "insert into login_failures as f (subject, failures, last_at)
             select s, 1, now() from unnest($1::text[]) s order by s
                 on conflict (subject) do update
                    set failures = case when f.last_at < now() - interval '1 hour' then 1
                                        else f.failures + 1 end,
                        last_at = now()",
        )
        .bind(subjects)
        .execute(db),
    )
    .await
    .map(drop)
}

/// Forgives an account and address whose owner got in.
///
/// # Errors
///
/// When the database fails.
pub async fn forgive(db: impl PgExecutor<'_>, subjects: &[String]) -> Result<(), sqlx::Error> {
    counted(
        sqlx::query("delete from login_failures where subject = any($1)")
            .bind(subjects)
            .execute(db),
    )
    .await
    .map(drop)
}

/// Sweeps out sessions that ended and failures long forgiven; says how many sessions went.
///
/// # Errors
///
/// When the database fails.
pub async fn sweep(db: &sqlx::PgPool) -> Result<u64, sqlx::Error> {
    let sessions = sqlx::query("delete from sessions where expires_at < now()")
        .execute(db)
        .await?;
    sqlx::query("delete from login_failures where last_at < now() - interval '1 day'")
        .execute(db)
        .await?;
    Ok(sessions.rows_affected())
}
