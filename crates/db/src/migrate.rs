//! Creates and migrates the schema of a database, and compares it with the one of this program.
//!
//! `schema.sql` describes the current schema, and a fresh database is made from it. The migrations lead there from the
//! schema of 0.4.0; a test applies them and compares. The version of a database is the last migration that it
//! lists in `_sqlx_migrations`.

use sqlx::{Connection as _, PgConnection};
use thiserror::Error;

use crate::load::{self, Seat};
use crate::migrations::MIGRATIONS;
pub use crate::migrations::{all, newest};
use crate::schema::{self, DatabaseState, Part};

/// Whether sqlx's `run_direct` lists migrations as applied without applying them. (`run` and `skip`, which are
/// documented, have a bound that a future which moves between threads does not meet.)
const LIST_ONLY: bool = true;
const APPLY: bool = false;

/// The outcome of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migrated {
    /// The database was empty; the tables were created.
    Created,
    /// The database was migrated to the newest schema.
    Upgraded {
        /// The last migration before.
        from: i64,
        /// The last migration now.
        to: i64,
    },
    /// The database had the newest schema already.
    Current,
}

/// Why a database was not changed.
#[derive(Debug, Error)]
pub enum MigrateError {
    /// The tables of another program.
    #[error(
        "the database holds tables that Flickr Killr did not make ({}); nothing was changed. \
         Name an empty database.", tables.join(", ")
    )]
    Foreign {
        /// The names of some of them.
        tables: Vec<String>,
    },
    /// A later version of this program has migrated the database.
    #[error(
        "the database has migration {found} of a newer version of this program, which knows migrations up to {}; \
         nothing was changed. Start the newer version, or use another database.",
        newest()
    )]
    Newer {
        /// The last migration of the database.
        found: i64,
    },
    /// A schema that no release had.
    #[error(
        "the database has the schema {found:?}, which no release of this program had; nothing was changed. \
         Use another state directory or an empty database, or remove what is there (`flickr-killr reset`; uploads go \
         with it)."
    )]
    Unknown {
        /// Its name in the database.
        found: String,
    },
    /// A load of the demo data is incomplete.
    #[error(
        "the demo data was not loaded to its end; `flickr-killr demo load` begins again, `flickr-killr up` as well"
    )]
    Loading,
    /// Another process migrates or loads.
    #[error(
        "another process migrates or loads the database; nothing was changed. Try again when it has ended."
    )]
    Busy,
    /// A migration failed and was rolled back.
    #[error("migrating the database failed; it is as it was before the migration that failed")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Creates the tables of an empty database, or applies the missing migrations. Processes that do so at the same time wait
/// for each other.
///
/// # Errors
///
/// When the database belongs to another program, is newer than this program or being loaded, or fails.
pub async fn run(connection: &mut PgConnection) -> Result<Migrated, MigrateError> {
    if let DatabaseState::Ready { .. } = schema::inspect_on(connection).await? {
        return Ok(Migrated::Current);
    }
    if !load::lock(connection, Seat::First).await? {
        return Err(MigrateError::Busy);
    }
    let migrated = run_locked(connection).await;
    load::unlock(connection, Seat::First).await?;
    migrated
}

/// As [`run`], for a caller that holds the lock of the first seat.
pub(crate) async fn run_locked(connection: &mut PgConnection) -> Result<Migrated, MigrateError> {
    match schema::inspect_on(connection).await? {
        DatabaseState::Empty => {
            create(connection).await?;
            Ok(Migrated::Created)
        }
        DatabaseState::Outdated { version } => {
            MIGRATIONS
                .run_direct(Some(version), &mut *connection, LIST_ONLY)
                .await?;
            MIGRATIONS.run_direct(None, &mut *connection, APPLY).await?;
            Ok(Migrated::Upgraded {
                from: version,
                to: newest(),
            })
        }
        DatabaseState::Ready { .. } => Ok(Migrated::Current),
        DatabaseState::Loading => Err(MigrateError::Loading),
        DatabaseState::Foreign { tables } => Err(MigrateError::Foreign { tables }),
        DatabaseState::Newer { version } => Err(MigrateError::Newer { found: version }),
        DatabaseState::Unknown { found } => Err(MigrateError::Unknown { found }),
    }
}

/// Creates all tables, keys and indexes, and lists all migrations as applied.
pub(crate) async fn create(connection: &mut PgConnection) -> Result<(), MigrateError> {
    let mut tx = connection.begin().await?;
    for part in [Part::Tables, Part::Keys, Part::Indexes] {
        for statement in schema::statements(part) {
            sqlx::raw_sql(statement.sql.as_str())
                .execute(&mut *tx)
                .await?;
        }
    }
    sqlx::raw_sql("insert into flickr_killr (key, value) values ('state', 'ready')")
        .execute(&mut *tx)
        .await?;
    MIGRATIONS.run_direct(None, &mut *tx, LIST_ONLY).await?;
    tx.commit().await?;
    Ok(())
}
