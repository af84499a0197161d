//! The userid index: *every* index of photos whose first column is `userid`.
//!
//! Any other index led by the owner that is left behind carries the photostream as well, and
//! dropping "the" index would show nothing; so the family is found by asking the catalogue, never by
//! a list of names. What to restore is read from schema.sql.

use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

use super::{pool, schema};

/// How long a drop waits for its lock before it lets the waiting pages through and tries again.
const DROP_LOCK_TIMEOUT: &str = "500ms";

/// How often a drop tries to get its lock.
const DROP_TRIES: u32 = 20;

/// Serialises whoever changes the family, across processes.
const ADVISORY_LOCK: i64 = 0x7573_6572_6964;

/// One index of the family.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// False when its creation was interrupted: it costs writes and serves nobody.
    pub valid: bool,
    /// How many bytes it has on disk.
    pub bytes: i64,
    /// The statement that would make it, as PostgreSQL tells it.
    pub definition: String,
}

/// Where the family stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// What is there.
    pub present: Vec<Member>,
    /// Names that schema.sql has and the database has not.
    pub missing: Vec<String>,
    /// How far a creation that is running now has come.
    pub creating: Option<Progress>,
}

/// How far the creation of one index has come, as PostgreSQL tells it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Progress {
    /// Its name; none in the first moment.
    pub name: Option<String>,
    /// What is being done, in PostgreSQL's words.
    pub phase: String,
    /// How much of that is done, in percent; none where nothing is counted.
    pub percent: Option<i32>,
}

impl Status {
    /// Whether everything is there and usable.
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.present.iter().all(|member| member.valid)
    }

    /// Whether nothing is there that could serve a query.
    pub fn is_gone(&self) -> bool {
        !self.present.iter().any(|member| member.valid)
    }

    /// How many bytes the family has on disk.
    pub fn bytes(&self) -> i64 {
        self.present.iter().map(|member| member.bytes).sum()
    }
}

/// What was done to one index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Its name.
    pub name: String,
    /// What happened.
    pub what: What,
    /// How long it took.
    pub took: Duration,
    /// How many bytes were freed or filled.
    pub bytes: i64,
}

/// What can happen to an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It is gone.
    Dropped,
    /// It is there.
    Created,
    /// It was left invalid by an interruption and was made again.
    Rebuilt,
    /// It was there already.
    Kept,
}

/// Why the family was not changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else is dropping or creating it.
    #[error("the userid index is being changed by somebody else; see `flickr-killr index status`")]
    Busy,
    /// The lock was not to be had between the queries of the site.
    #[error(
        "no moment without a query of photos was found in {DROP_TRIES} tries; try again when it is calmer"
    )]
    NoLock,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Where the family stands now.
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

/// Drops the family. Each drop waits half a second for its lock and then lets others through before
/// it tries again, so the site never stands still behind it.
///
/// # Errors
///
/// When somebody else is at it, when no lock is to be had, or when the database fails.
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

/// Restores the family from schema.sql, concurrently: the site reads and writes meanwhile. What an
/// interruption left invalid is made again.
///
/// # Errors
///
/// When somebody else is at it, or when the database fails.
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
    // A partial index and a new physical order of things: let the planner know.
    sqlx::query("analyze photos").execute(&mut *db).await?;
    Ok(done)
}

/// A connection of its own that holds [`ADVISORY_LOCK`].
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
    // Its settings are its own, so it does not go back to the pool.
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
