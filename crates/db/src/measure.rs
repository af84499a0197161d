//! The queries of the lab: the plan of the photostream, its time, and earlier measurements.

use std::time::{Duration, Instant};

use domain::Username;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use time::OffsetDateTime;

use super::{photostream, pool};

/// How long the queries of one measurement may take together: beside a benchmark, without the index, each takes most of a
/// second, and a visitor waits for the result.
const MEASURING_MAX: Duration = Duration::from_secs(3);

/// The advisory lock that admits one benchmark of the lab at a time, over all processes.
const BENCHMARK_LOCK: i64 = 0x6c6f_6164;

/// A measurement of the photostream query.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Timing {
    /// `with the userid index` or `without the userid index`.
    pub state: String,
    pub measured_at: OffsetDateTime,
    /// How many owners were queried.
    pub owners: i32,
    /// The median time of a query, in milliseconds.
    pub median_ms: f64,
    /// The longest time of a query, in milliseconds.
    pub slowest_ms: f64,
    /// How many other queries ran at once, at most, while it was measured: they share the cores, so such a time is
    /// compared with no time of a quiet database.
    pub beside: i32,
    /// The person whose plan it is, the same in both states.
    pub owner: Username,
    /// The plan, as JSON.
    pub plan: String,
    /// The plan as PostgreSQL's text.
    pub plan_text: String,
}

/// About how many photos the person has whose plans are shown: a dozen fits a line, and without the index PostgreSQL reads
/// all photos for them.
const EXAMPLE_PHOTOS: i32 = 12;

/// Returns the person whose plans are shown; `None` without photos.
///
/// It is the one of the last measurement as long as they have about a dozen photos, and otherwise the first with the
/// number of photos nearest to that.
pub async fn example(db: &PgPool) -> Result<Option<Username>, sqlx::Error> {
    sqlx::query_scalar(
        "select u.name
           from users u
           left join (select distinct owner from lab_timings) t on t.owner = u.name
          where u.public_photo_count > 0
          order by (t.owner is not null and abs(u.public_photo_count - $1) <= 4) desc,
                   abs(u.public_photo_count - $1), u.id
          limit 1",
    )
    .bind(EXAMPLE_PHOTOS)
    .fetch_optional(db)
    .await
}

/// Runs the photostream query once for each owner, one after the other on one connection, and keeps
/// the result as the last one in this state of the index, with the plan for the example.
pub async fn run(
    db: &PgPool,
    owners: &[Username],
    example: &Username,
    with_index: bool,
) -> Result<(), sqlx::Error> {
    let mut connection = pool::unlogged(db).await?;
    // Connecting and preparing are not measured.
    connection.ping().await?;
    let mut beside = 0;
    let begin = Instant::now();
    let mut took = Vec::with_capacity(owners.len());
    for owner in owners {
        beside = beside.max(queries_beside(&mut connection).await?);
        let begin_of_one = Instant::now();
        sqlx::query(photostream::EXPLAINED)
            .bind(owner.as_str())
            .bind(i64::MAX)
            .fetch_all(&mut connection)
            .await?;
        took.push(begin_of_one.elapsed().as_secs_f64() * 1000.0);
        if begin.elapsed() > MEASURING_MAX {
            break;
        }
    }
    took.sort_by(f64::total_cmp);
    let (Some(median), Some(slowest)) = (took.get(took.len() / 2), took.last()) else {
        return Ok(());
    };
    let plan = explain(&mut connection, example, "format json")
        .await?
        .concat();
    let lines = explain(&mut connection, example, "costs off").await?;
    // The plans of both states are of one person, so that they can be compared.
    sqlx::query("delete from lab_timings where owner <> $1")
        .bind(example.as_str())
        .execute(&mut connection)
        .await?;
    sqlx::query(
        "insert into lab_timings (state, owners, median_ms, slowest_ms, beside, owner, plan, plan_text)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (state) do update
                set measured_at = now(), owners = $2, median_ms = $3, slowest_ms = $4,
                    beside = $5, owner = $6, plan = $7, plan_text = $8",
    )
    .bind(if with_index {
        "with the userid index"
    } else {
        "without the userid index"
    })
    .bind(i32::try_from(took.len()).unwrap_or(i32::MAX))
    .bind(median)
    .bind(slowest)
    .bind(beside)
    .bind(example.as_str())
    .bind(plan)
    .bind(lines.join("\n"))
    .execute(&mut connection)
    .await?;
    connection.close().await
}

/// The plan of a stranger's first page of that person, run and timed by PostgreSQL itself.
async fn explain(
    db: &mut PgConnection,
    owner: &Username,
    how: &str,
) -> Result<Vec<String>, sqlx::Error> {
    // The same statement that the site sends, from the same constant; read as text in both formats.
    let sql = format!(
        "explain (analyze, buffers, {how}) {}",
        photostream::EXPLAINED
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(owner.as_str())
        .bind(i64::MAX)
        .fetch_all(db)
        .await?
        .iter()
        .map(text_of)
        .collect()
}

/// The only column of a plan, which has the type json or text.
fn text_of(row: &sqlx::postgres::PgRow) -> Result<String, sqlx::Error> {
    use sqlx::Row as _;
    row.try_get_unchecked(0)
}

async fn queries_beside(db: &mut PgConnection) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar(
        "select count(*)::int4
           from pg_stat_activity
          where state = 'active' and backend_type = 'client backend' and pid <> pg_backend_pid()",
    )
    .fetch_one(db)
    .await
}

/// Returns the last measurement in each state of the index.
pub async fn last(db: &PgPool) -> Result<Vec<Timing>, sqlx::Error> {
    sqlx::query_as(
        "select state, measured_at, owners, median_ms, slowest_ms, beside, owner, plan, plan_text
           from lab_timings
          order by state",
    )
    .fetch_all(db)
    .await
}

/// The key in `flickr_killr` of the result of the lab's last benchmark.
const BENCHMARK_KEY: &str = "lab-benchmark";

/// Stores the result of the lab's benchmark, as JSON, and replaces an earlier one.
pub async fn keep_benchmark(db: &PgPool, found: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into flickr_killr (key, value) values ($1, $2)
             on conflict (key) do update set value = $2",
    )
    .bind(BENCHMARK_KEY)
    .bind(found)
    .execute(db)
    .await
    .map(drop)
}

/// Returns the result of the lab's last benchmark that measured both states of the index.
pub async fn last_benchmark(db: &PgPool) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select value from flickr_killr where key = $1")
        .bind(BENCHMARK_KEY)
        .fetch_optional(db)
        .await
}

/// Opens a connection that holds the lock of the lab's benchmark until it is closed; `None` if another process has the
/// lock.
pub async fn alone(db: &PgPool) -> Result<Option<PgConnection>, sqlx::Error> {
    let mut connection = db.acquire().await?.detach();
    let locked: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
        .bind(BENCHMARK_LOCK)
        .fetch_one(&mut connection)
        .await?;
    Ok(locked.then_some(connection))
}
