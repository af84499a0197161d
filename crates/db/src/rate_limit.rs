//! Counters that limit the rate of attempts; `site::brake` decides what they count.
//!
//! A row is a counter. Each attempt raises its level by one, each period without an attempt lowers it by one, and from a
//! certain level on each attempt closes the counter for a time that doubles. The number of rows is
//! bounded by the schema: a subject has one of a fixed number of buckets.

use sqlx::{PgConnection, PgExecutor};

use super::query_stats::counted;

/// How many counters there are of each kind: `rate_limits_bucket` in schema.sql is the same number.
pub const BUCKETS: u32 = 1 << 17;

/// A counter, and how fast it closes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counter {
    /// The kind, a value of `rate_limits_kind`.
    pub kind: &'static str,
    /// The bucket of the subject, less than [`BUCKETS`].
    pub bucket: i32,
    /// How many attempts in a row are free; the wait after the last of them is a second, and doubles with each further one.
    pub free: i32,
    /// How many seconds without an attempt lower the level by one; also the longest wait.
    pub calm_s: i32,
}

/// Returns for how many seconds one of these counters is still closed; `None` if all are open.
///
/// Only reads: a flood of refused attempts takes no lock and writes nothing.
pub async fn closed_for(
    db: impl PgExecutor<'_>,
    counters: &[Counter],
) -> Result<Option<f64>, sqlx::Error> {
    let (kinds, buckets): (Vec<&str>, Vec<i32>) = counters
        .iter()
        .map(|counter| (counter.kind, counter.bucket))
        .unzip();
    counted(
        sqlx::query_scalar(
            "select extract(epoch from max(l.not_before) - now())::float8
               from unnest($1::text[], $2::int4[]) as asked (kind, bucket)
               join rate_limits l using (kind, bucket)
              where l.not_before > now()",
        )
        .bind(kinds)
        .bind(buckets)
        .fetch_one(db),
    )
    .await
}

/// Counts an attempt, unless the counter is closed; returns whether it was counted.
///
/// One statement decides by the row's own state under the row's lock, so of any number of concurrent
/// attempts exactly as many are counted as of sequential ones.
pub async fn count(db: impl PgExecutor<'_>, counter: Counter) -> Result<bool, sqlx::Error> {
    let counted_row: Option<bool> = counted(
        sqlx::query_scalar(
            // The level that remains after the time since the last attempt, with this attempt. Half a level of
            // tolerance: the first attempts take time too, and the sixth of six must close the counter.
            "insert into rate_limits as l (kind, bucket, level, counted_at, not_before)
             values ($1, $2, 1, now(), now())
                 on conflict (kind, bucket) do update
                    set (level, counted_at, not_before) = (
                        select next.level,
                               greatest(l.counted_at, now()),
                               greatest(l.counted_at, now())
                               + case when next.level > $3::int4 - 0.5
                                      then make_interval(secs => power(2, next.level - $3::int4))
                                      else interval '0' end
                          from (select least(
                                    1 + greatest(0, l.level - extract(epoch from now() - l.counted_at)::float8 / $4::int4),
                                    $3::int4 + log(2, $4::int4)::float8) as level) next)
                  where l.not_before <= now()
             returning true",
        )
        .bind(counter.kind)
        .bind(counter.bucket)
        .bind(counter.free)
        .bind(counter.calm_s)
        .fetch_optional(db),
    )
    .await?;
    Ok(counted_row.is_some())
}

/// Takes back one attempt, as if it had not been made: earlier attempts stay counted.
pub async fn give_back(db: impl PgExecutor<'_>, counter: Counter) -> Result<(), sqlx::Error> {
    counted(
        sqlx::query(
            "update rate_limits
                set level = greatest(0, level - 1),
                    not_before = counted_at
                    + case when level - 1 > $3::int4 - 0.5
                           then make_interval(secs => power(2, level - 1 - $3::int4))
                           else interval '0' end
              where kind = $1 and bucket = $2",
        )
        .bind(counter.kind)
        .bind(counter.bucket)
        .bind(counter.free)
        .execute(db),
    )
    .await
    .map(drop)
}

/// Resets a counter.
pub async fn forget(db: impl PgExecutor<'_>, counter: Counter) -> Result<(), sqlx::Error> {
    counted(
        sqlx::query("delete from rate_limits where kind = $1 and bucket = $2")
            .bind(counter.kind)
            .bind(counter.bucket)
            .execute(db),
    )
    .await
    .map(drop)
}

/// Deletes the counters whose level is 0 again; returns how many.
///
/// Skips counters that an attempt has locked: an attempt locks several in an order of its own, and a sweep that waited for
/// one of them could deadlock with it.
pub async fn sweep(db: impl PgExecutor<'_>, calm_s_max: i32) -> Result<u64, sqlx::Error> {
    sqlx::query(
        "delete from rate_limits
          where (kind, bucket) in (
                select kind, bucket
                  from rate_limits
                 where counted_at < now() - level * make_interval(secs => $1)
                   for update skip locked)",
    )
    .bind(f64::from(calm_s_max))
    .execute(db)
    .await
    .map(|done| done.rows_affected())
}

/// Returns the secret that maps subjects to buckets; the first process draws it. Without it a stranger could compute a name
/// that shares the bucket of another person, and close it.
pub async fn key(db: &mut PgConnection, fresh: &str) -> Result<String, sqlx::Error> {
    counted(
        sqlx::query_scalar(
            "insert into flickr_killr as f (key, value) values ('rate_limit_key', $1)
                 on conflict (key) do update set value = f.value
             returning value",
        )
        .bind(fresh)
        .fetch_one(db),
    )
    .await
}
