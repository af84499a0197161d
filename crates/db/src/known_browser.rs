//! Known browsers: those in which an account was logged in to before, identified by the hash of a secret.

use domain::{SecretHash, UserId};
use sqlx::{PgConnection, PgPool};
use time::{Duration, OffsetDateTime};

use super::query_stats::counted;

/// How long a browser stays known after a log-in.
pub const KNOWN_DAYS: i64 = 180;

/// How many browsers an account may have; the least recently used one is deleted first.
const BROWSERS_MAX: i64 = 10;

/// A browser at the begin of a log-in.
#[derive(Debug, Clone, Copy)]
pub struct Browser<'a> {
    /// The hash of the secret that it sent.
    pub secret: &'a SecretHash,
    /// The accounts that knew it by this secret.
    pub accounts: &'a [UserId],
}

/// Stores that this account was logged in to in this browser, under a fresh secret.
///
/// All accounts of the browser move from its old secret to the fresh one. A secret that was planted in the
/// browser or copied from it is worthless from then on.
///
/// Of two log-ins at once with one secret, in two tabs, the second finds it moved, and it is unknown which of the two
/// cookies the browser keeps. So the accounts that knew the secret when the second began know both.
pub async fn remember(
    db: &mut PgConnection,
    user: UserId,
    old: Option<Browser<'_>>,
    fresh: &SecretHash,
) -> Result<(), sqlx::Error> {
    // One log-in of an account at a time, so that none misses the row of another when it counts them.
    counted(
        sqlx::query("select from users where id = $1 for no key update")
            .bind(user)
            .execute(&mut *db),
    )
    .await?;
    if let Some(old) = old {
        move_accounts(db, old, fresh).await?;
    }
    counted(
        sqlx::query(
            "insert into known_browsers (userid, token_hash, expires_at) values ($1, $2, $3)
                 on conflict (userid, token_hash) do update set expires_at = excluded.expires_at",
        )
        .bind(user)
        .bind(fresh.as_bytes())
        .bind(OffsetDateTime::now_utc() + Duration::days(KNOWN_DAYS))
        .execute(&mut *db),
    )
    .await?;
    counted(
        sqlx::query(
            "delete from known_browsers
              where userid = $1
                and token_hash not in (select token_hash
                                         from known_browsers
                                        where userid = $1
                                        order by expires_at desc
                                        limit $2)",
        )
        .bind(user)
        .bind(BROWSERS_MAX)
        .execute(&mut *db),
    )
    .await
    .map(drop)
}

async fn move_accounts(
    db: &mut PgConnection,
    old: Browser<'_>,
    fresh: &SecretHash,
) -> Result<(), sqlx::Error> {
    let moved = counted(
        sqlx::query("update known_browsers set token_hash = $2 where token_hash = $1")
            .bind(old.secret.as_bytes())
            .bind(fresh.as_bytes())
            .execute(&mut *db),
    )
    .await?;
    if moved.rows_affected() > 0 || old.accounts.is_empty() {
        return Ok(());
    }
    counted(
        sqlx::query(
            "insert into known_browsers (userid, token_hash, expires_at)
             select userid, $2, max(expires_at)
               from known_browsers
              where userid = any($1)
              group by userid",
        )
        .bind(old.accounts)
        .bind(fresh.as_bytes())
        .execute(&mut *db),
    )
    .await
    .map(drop)
}

/// Deletes browsers that were not used for long; returns how many.
pub async fn sweep(db: &PgPool) -> Result<u64, sqlx::Error> {
    sqlx::query("delete from known_browsers where expires_at < now()")
        .execute(db)
        .await
        .map(|done| done.rows_affected())
}
