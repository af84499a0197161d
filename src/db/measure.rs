//! What the lab asks: the plan of the photostream, its time, and what was measured before.

use std::time::Instant;

use sqlx::{AssertSqlSafe, Connection as _, PgPool};
use time::OffsetDateTime;

use super::photostream;
use crate::domain::Username;

/// A measurement of the photostream query.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Timing {
    /// `with the userid index` or `without the userid index`.
    pub state: String,
    /// When.
    pub measured_at: OffsetDateTime,
    /// How many owners were asked for.
    pub owners: i32,
    /// Half of them took less than this many milliseconds.
    pub median_ms: f64,
    /// The slowest took this many milliseconds.
    pub slowest_ms: f64,
}

/// The plan of a stranger's first page of that person, run and timed by PostgreSQL itself.
///
/// # Errors
///
/// When the database fails.
pub async fn explain(db: &PgPool, owner: &Username) -> Result<Vec<String>, sqlx::Error> {
    // The same text that the site sends, from the same constant.
    let sql = format!(
        "explain (analyze, buffers, costs off) {}",
        photostream::EXPLAINED
    );
    sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(owner.as_str())
        .bind(i64::MAX)
        .fetch_all(db)
        .await
}

/// Runs the photostream query once for each owner, one after the other on one connection, and keeps
/// the result as the last one in this state of the index.
///
/// # Errors
///
/// When the database fails.
pub async fn run(db: &PgPool, owners: &[Username], with_index: bool) -> Result<(), sqlx::Error> {
    let mut connection = db.acquire().await?;
    // Connecting and preparing are not what is measured.
    connection.ping().await?;
    let mut millis = Vec::with_capacity(owners.len());
    for owner in owners {
        let begin = Instant::now();
        sqlx::query(photostream::EXPLAINED)
            .bind(owner.as_str())
            .bind(i64::MAX)
            .fetch_all(&mut *connection)
            .await?;
        millis.push(begin.elapsed().as_secs_f64() * 1000.0);
    }
    millis.sort_by(f64::total_cmp);
    let (Some(median), Some(slowest)) = (millis.get(millis.len() / 2), millis.last()) else {
        return Ok(());
    };
    sqlx::query(
        "insert into lab_timings (state, owners, median_ms, slowest_ms)
         values ($1, $2, $3, $4)
             on conflict (state) do update
                set measured_at = now(), owners = $2, median_ms = $3, slowest_ms = $4",
    )
    .bind(if with_index {
        "with the userid index"
    } else {
        "without the userid index"
    })
    .bind(i32::try_from(owners.len()).unwrap_or(i32::MAX))
    .bind(median)
    .bind(slowest)
    .execute(&mut *connection)
    .await
    .map(drop)
}

/// The last measurement in each state.
///
/// # Errors
///
/// When the database fails.
pub async fn last(db: &PgPool) -> Result<Vec<Timing>, sqlx::Error> {
    sqlx::query_as(
        "select state, measured_at, owners, median_ms, slowest_ms from lab_timings order by state",
    )
    .fetch_all(db)
    .await
}
