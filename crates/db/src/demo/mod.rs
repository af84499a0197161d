//! Loads the demo set into a database that has its tables and no people.
//!
//! Rows are made on threads of their own and copied over two connections; keys and indexes are built over the same two.
//! Until the last step the database is marked as being loaded, and a load that finds this mark begins again.

mod build;
mod rows;
mod write;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use demo_data::{Impossible, World};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use thiserror::Error;
use tokio::sync::{Mutex, mpsc};

use crate::load::{self, Seat, Table};
use crate::migrate::{self, MigrateError};
use crate::people;
use crate::schema::{self, Contents, DatabaseState};

/// How many chunks may be queued for a connection: enough that neither side waits for the other.
const CHUNKS_MAX: usize = 4;

/// The progress of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub phase: Phase,
    /// How much of it is done: rows, or keys and indexes.
    pub done: u64,
    /// The total, as far as it is known.
    pub total: u64,
}

/// The parts of a load, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// People, photos, follows and favorites are drawn, in memory.
    Inventing,
    /// Rows are copied.
    Rows,
    /// Primary and unique keys are built.
    Keys,
    /// Foreign keys are checked, indexes built, tables analyzed.
    Indexes,
    /// The load is complete.
    Done,
}

/// Why the demo data was not loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The database belongs to another program, or has another schema.
    #[error(transparent)]
    Schema(#[from] MigrateError),
    /// People have registered.
    #[error(
        "the database holds {people} people that are not of the demo data; nothing was changed. The demo data is loaded \
         into a database without people only."
    )]
    HasPeople {
        /// How many people.
        people: i64,
    },
    /// The demo data is loaded already.
    #[error(
        "the demo set is loaded already ({} users, {} photos, seed {}); nothing was changed",
        .0.users, .0.photos, .0.seed
    )]
    AlreadyLoaded(Contents),
    /// The demo data is loaded already, with the rows of another version of this program.
    #[error(
        "the database holds another edition of the demo set ({}; {} users, {} photos, seed {}) than this \
         program makes ({}): other pictures and comments for the same numbers; nothing was changed. \
         It can be served as it is; `flickr-killr reset` makes room for the new one.",
        found.as_deref().unwrap_or("from before editions had names"),
        contents.users, contents.photos, contents.seed, World::EDITION
    )]
    OtherEdition {
        /// The contents of the database.
        contents: Contents,
        /// Its edition, if the database names one.
        found: Option<String>,
    },
    /// Another process loads or migrates.
    #[error("the database is being loaded by another process; nothing was changed")]
    Busy,
    /// Such demo data cannot be made.
    #[error(transparent)]
    Impossible(#[from] Impossible),
    /// The database failed.
    #[error("loading failed")]
    Database(#[from] sqlx::Error),
    /// A thread that makes rows panicked.
    #[error("making rows failed")]
    Making(#[from] tokio::task::JoinError),
}

/// Loads the demo set into an empty database, or again after an interrupted load.
///
/// Dropping the future stops the load; a later start recognises that it is incomplete.
pub async fn load(
    options: &PgConnectOptions,
    contents: Contents,
    progress: impl Fn(Progress) + Send + Sync,
) -> Result<(), LoadError> {
    let mut first = load::connect(options).await?;
    if !load::lock(&mut first, Seat::First).await? {
        return Err(LoadError::Busy);
    }
    match migrate::run_locked(&mut first).await {
        Err(MigrateError::Loading) => {
            load::clear(&mut first).await?;
            migrate::create(&mut first).await?;
        }
        migrated => _ = migrated?,
    }
    if let DatabaseState::Ready {
        demo: Some(contents),
    } = schema::inspect_on(&mut first).await?
    {
        let found = load::edition(&mut first).await?;
        return Err(if found.as_deref() == Some(World::EDITION) {
            LoadError::AlreadyLoaded(contents)
        } else {
            LoadError::OtherEdition { contents, found }
        });
    }
    let (people, _) = people::totals(&mut first).await?;
    if people > 0 {
        return Err(LoadError::HasPeople { people });
    }
    let mut second = load::connect(options).await?;
    if !load::lock(&mut second, Seat::Second).await? {
        return Err(LoadError::Busy);
    }
    progress(Progress {
        phase: Phase::Inventing,
        done: 0,
        total: 1,
    });
    let Contents {
        seed,
        users,
        photos,
    } = contents;
    let world = tokio::task::spawn_blocking(move || World::new(seed, users, photos)).await??;
    let world = Arc::new(world);
    load::begin(&mut first, contents, World::EDITION).await?;
    let mut rows = copy_all([&mut first, &mut second], &world, &progress).await?;
    drop(world);
    rows.insert("name_words", load::fill_name_words(&mut first).await?);
    build::all([&mut first, &mut second], &rows, &progress).await?;
    load::finish(&mut first).await?;
    progress(Progress {
        phase: Phase::Done,
        done: 1,
        total: 1,
    });
    Ok(())
}

/// Prepares the database of a site without demo data, and records that, so that a later start loads none. A database with
/// people stays as it is.
///
/// # Errors
///
/// As [`migrate::run`], but the rest of an interrupted load is dropped.
pub async fn begin_empty(connection: &mut PgConnection) -> Result<(), MigrateError> {
    if !load::lock(connection, Seat::First).await? {
        return Err(MigrateError::Busy);
    }
    match migrate::run_locked(connection).await {
        Err(MigrateError::Loading) => {
            load::clear(connection).await?;
            migrate::create(connection).await?;
        }
        migrated => _ = migrated?,
    }
    load::remember_empty(connection).await?;
    load::unlock(connection, Seat::First).await?;
    Ok(())
}

/// Whether the site began without demo data, by [`begin_empty`].
pub async fn was_begun_empty(connection: &mut PgConnection) -> sqlx::Result<bool> {
    load::is_remembered_empty(connection).await
}

/// How many rows each table has.
type RowCounts = HashMap<&'static str, u64>;

/// Copies all tables over two connections: the next free one takes the next table.
async fn copy_all(
    connections: [&mut PgConnection; 2],
    world: &Arc<World>,
    progress: &(impl Fn(Progress) + Send + Sync),
) -> Result<RowCounts, LoadError> {
    let waiting = Mutex::new(VecDeque::from(Table::ALL));
    let counts = Mutex::new(RowCounts::new());
    let (done, total) = (AtomicU64::new(0), rows::total_about(world));
    let report = |rows: u64| {
        let done = done.fetch_add(rows, Ordering::Relaxed) + rows;
        progress(Progress {
            phase: Phase::Rows,
            done,
            total: total.max(done),
        });
    };
    report(0);
    let stream = async |connection: &mut PgConnection| -> Result<(), LoadError> {
        loop {
            let Some(table) = waiting.lock().await.pop_front() else {
                return Ok(());
            };
            let count = copy_table(connection, table, world, &report).await?;
            counts.lock().await.insert(table.name(), count);
        }
    };
    let [first, second] = connections;
    tokio::try_join!(stream(first), stream(second))?;
    Ok(counts.into_inner())
}

async fn copy_table(
    connection: &mut PgConnection,
    table: Table,
    world: &Arc<World>,
    report: &impl Fn(u64),
) -> Result<u64, LoadError> {
    let (made, mut pieces) = mpsc::channel(CHUNKS_MAX);
    let (chunks, copied) = mpsc::channel(1);
    let world = Arc::clone(world);
    let maker = tokio::task::spawn_blocking(move || rows::make(table, &world, &made));
    let forward = async {
        while let Some(write::Piece { rows, count }) = pieces.recv().await {
            report(count);
            if chunks.send(load::Chunk::Rows(rows)).await.is_err() {
                return Ok(());
            }
        }
        // Only a maker that ended normally has made all rows.
        if maker.await? {
            // If the copy failed, it returns the error itself.
            let _ = chunks.send(load::Chunk::End).await;
        }
        drop(chunks);
        Ok::<(), LoadError>(())
    };
    let copy = async { Ok(load::copy(connection, table, copied).await?) };
    let (rows, ()) = tokio::try_join!(copy, forward)?;
    Ok(rows)
}
