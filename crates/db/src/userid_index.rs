//! The userid index: *every* index of photos whose first column is `userid`.
//!
//! Any remaining index led by the owner would serve the photostream as well, and dropping "the" index would have no
//! effect; so the family is found in the catalogue, never by a list of names. The statements to restore it are read from
//! schema.sql.

use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

use super::{pool, schema};

/// How long a drop waits for its lock before it lets the waiting queries run and retries.
const DROP_LOCK_TIMEOUT: &str = "500ms";

/// How many times a drop tries to get its lock.
const DROP_TRIES: u32 = 20;

/// The advisory lock that serialises changes of the family, across processes.
const ADVISORY_LOCK: i64 = 0x7573_6572_6964;

/// One index of the family.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// False if its creation was interrupted: it costs writes and serves no query.
    pub valid: bool,
    /// How many bytes it has on disk.
    pub bytes: i64,
    /// The statement that creates it, as PostgreSQL reports it.
    pub definition: String,
}

/// The state of the family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The existing indexes.
    pub present: Vec<Member>,
    /// The names in schema.sql that are missing in the database.
    pub missing: Vec<String>,
    /// The progress of a creation in progress.
    pub creating: Option<Progress>,
}

/// The progress of the creation of one index, as PostgreSQL reports it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Progress {
    /// Its name; `None` in the first moment.
    pub name: Option<String>,
    /// PostgreSQL's name of the phase.
    pub phase: String,
    /// How much of the phase is done, in percent; `None` if PostgreSQL does not count it.
    pub percent: Option<i32>,
}

impl Status {
    /// Whether all indexes exist and are valid.
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.present.iter().all(|member| member.valid)
    }

    /// Whether no index exists that could serve a query.
    pub fn is_gone(&self) -> bool {
        !self.present.iter().any(|member| member.valid)
    }

    /// How many bytes the family has on disk.
    pub fn bytes(&self) -> i64 {
        self.present.iter().map(|member| member.bytes).sum()
    }
}

/// A change of one index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Its name.
    pub name: String,
    pub what: What,
    /// How long it took.
    pub took: Duration,
    /// How many bytes were freed or filled.
    pub bytes: i64,
}

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It was dropped.
    Dropped,
    /// It was created.
    Created,
    /// It was invalid after an interruption and was created again.
    Rebuilt,
    /// It existed already.
    Kept,
}

/// Why the family was not changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process is changing the family.
    #[error("another process is changing the userid index; see `flickr-killr index status`")]
    Busy,
    /// The lock could not be acquired between the queries of the site.
    #[error("the lock on photos was not free in {DROP_TRIES} attempts; try again under less load")]
    NoLock,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Returns the state of the family.
pub async fn status(db: &PgPool) -> Result<Status, sqlx::Error> {
    let mut connection = db.acquire().await?;
    status_on(&mut connection).await
}

async fn status_on(db: &mut PgConnection) -> Result<Status, sqlx::Error> {
    let present: Vec<Member> = sqlx::query_as(
        "select c.relname::text as name, i.indisvalid as valid,
                pg_relation_size(c.oid) as bytes, pg_get_indexdef(c.oid) as definition
           from pg_index i
           join pg_class c on c.oid = i.indexrelid
           join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
          where i.indrelid = 'photos'::regclass and a.attname = 'userid'
          order by c.relname",
    )
    .fetch_all(&mut *db)
    .await?;
    let creating: Option<Progress> = sqlx::query_as(
        "select c.relname::text as name, p.phase,
                case when p.tuples_total > 0 then (100 * p.tuples_done / p.tuples_total)::int4
                     when p.blocks_total > 0 then (100 * p.blocks_done / p.blocks_total)::int4
                end as percent
           from pg_stat_progress_create_index p
           left join pg_class c on c.oid = p.index_relid
          where p.relid = 'photos'::regclass
          limit 1",
    )
    .fetch_optional(&mut *db)
    .await?;
    let missing = schema::userid_indexes()
        .filter(|(name, _)| !present.iter().any(|member| member.name == *name))
        .map(|(name, _)| name.to_owned())
        .collect();
    Ok(Status {
        present,
        missing,
        creating,
    })
}

/// Drops the family. Each drop waits half a second for its lock and then lets other queries run before it retries, so that
/// the site is never blocked for long.
///
/// # Errors
///
/// When another process changes the family, when the lock is not free, or when the database fails.
pub async fn drop_all(db: &PgPool) -> Result<Vec<Done>, Error> {
    let mut connection = alone(db).await?;
    let outcome = drop_members(&mut connection).await;
    release(connection).await;
    outcome
}

async fn drop_members(db: &mut PgConnection) -> Result<Vec<Done>, Error> {
    let mut done = Vec::new();
    for member in status_on(db).await?.present {
        let begin = Instant::now();
        drop_one(db, &member.name).await?;
        done.push(Done {
            name: member.name,
            what: What::Dropped,
            took: begin.elapsed(),
            bytes: member.bytes,
        });
    }
    Ok(done)
}

async fn drop_one(db: &mut PgConnection, name: &str) -> Result<(), Error> {
    for _ in 0..DROP_TRIES {
        let mut tx = db.begin().await?;
        sqlx::query(AssertSqlSafe(format!(
            "set local lock_timeout = '{DROP_LOCK_TIMEOUT}'"
        )))
        .execute(&mut *tx)
        .await?;
        let dropped = sqlx::query(AssertSqlSafe(format!(
            "drop index if exists {}",
            quoted(name)
        )))
        .execute(&mut *tx)
        .await;
        match dropped {
            Ok(_) => return Ok(tx.commit().await?),
            Err(error) if is_lock_timeout(&error) => tx.rollback().await?,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::NoLock)
}

/// Restores the family from schema.sql, concurrently: the site reads and writes meanwhile. Indexes
/// that an interruption left invalid are created again.
///
/// # Errors
///
/// When another process changes the family, or when the database fails.
pub async fn create_all(db: &PgPool) -> Result<Vec<Done>, Error> {
    let mut connection = alone(db).await?;
    let outcome = create_members(&mut connection).await;
    release(connection).await;
    outcome
}

async fn create_members(db: &mut PgConnection) -> Result<Vec<Done>, Error> {
    // Sorting a million keys in memory takes a second; the connection is closed afterwards.
    sqlx::query("set maintenance_work_mem = '256MB'")
        .execute(&mut *db)
        .await?;
    sqlx::query("set statement_timeout = 0")
        .execute(&mut *db)
        .await?;
    let before = status_on(db).await?;
    let mut done = Vec::new();
    for (name, statement) in schema::userid_indexes() {
        let begin = Instant::now();
        let what = match before.present.iter().find(|member| member.name == name) {
            Some(member) if member.valid => What::Kept,
            Some(_) => {
                drop_one(db, name).await?;
                What::Rebuilt
            }
            None => What::Created,
        };
        if what != What::Kept {
            let concurrently = statement.replacen("create index ", "create index concurrently ", 1);
            sqlx::query(AssertSqlSafe(concurrently))
                .execute(&mut *db)
                .await?;
        }
        let bytes = sqlx::query_scalar("select pg_relation_size($1::regclass)")
            .bind(name)
            .fetch_one(&mut *db)
            .await?;
        done.push(Done {
            name: name.to_owned(),
            what,
            took: begin.elapsed(),
            bytes,
        });
    }
    // Updates the statistics for the planner.
    sqlx::query("analyze photos").execute(&mut *db).await?;
    Ok(done)
}

/// Opens a connection of its own that holds [`ADVISORY_LOCK`].
async fn alone(db: &PgPool) -> Result<PgConnection, Error> {
    let mut connection = pool::unlogged(db).await?;
    let locked: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
        .bind(ADVISORY_LOCK)
        .fetch_one(&mut connection)
        .await?;
    if locked {
        Ok(connection)
    } else {
        Err(Error::Busy)
    }
}

/// Releases the lock before the connection ends: the server notices a closed connection only later, and
/// the next change would fail with [`Error::Busy`] until then.
async fn release(mut connection: PgConnection) {
    let unlocked = sqlx::query("select pg_advisory_unlock($1)")
        .bind(ADVISORY_LOCK)
        .execute(&mut connection)
        .await;
    if let Err(error) = unlocked {
        tracing::debug!(%error, "the connection of an index change was already gone");
    }
    // The connection has settings of its own, so it is not returned to the pool.
    drop(connection.close().await);
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    // 55P03 lock_not_available, PostgreSQL's Appendix A.
    error
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|code| code == "55P03")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
