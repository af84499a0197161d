//! Bulk operations for the demo loader.

use bytes::Bytes;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::sync::mpsc::Receiver;

use super::schema::{self, Contents, Part, Statement};

/// The number of the lock that the first connection of a load holds: "flkrkill", read as a number. The
/// second holds the next one.
const LOCK: i64 = 0x666c_6b72_6b69_6c6c;

/// The key in `flickr_killr` of the edition of the demo set.
const EDITION: &str = "edition";

/// Which of the two connections of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// The connection that begins and finishes the load.
    First,
    /// The second connection.
    Second,
}

/// How long to wait for another load: as long as PostgreSQL may need to notice that one was killed.
const LOCK_TIMEOUT: &str = "10s";

/// The tables that a load fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Table {
    Photos,
    Follows,
    Favorites,
    PhotoTags,
    Comments,
    PhotoMonths,
    Users,
    RecentPhotos,
    Tags,
}

impl Table {
    /// All tables, the slowest to load first: the two connections end at the same time if the last tables are small.
    pub const ALL: [Self; 9] = [
        Self::Photos,
        Self::Follows,
        Self::Favorites,
        Self::PhotoTags,
        Self::Comments,
        Self::PhotoMonths,
        Self::Users,
        Self::RecentPhotos,
        Self::Tags,
    ];

    /// The name in the schema.
    pub fn name(self) -> &'static str {
        self.columns().split_once(' ').map_or("", |(name, _)| name)
    }

    /// Name and columns for COPY.
    fn columns(self) -> &'static str {
        match self {
            Self::Photos => {
                "photos (id, userid, filename, token, title, description, width, height, tone, visibility, \
                 taken_at, created_at, view_count, favorite_count, comment_count)"
            }
            Self::Follows => "follows (follower_id, followee_id)",
            Self::Favorites => "favorites (photo_id, fan_id, userid, created_at)",
            Self::PhotoTags => "photo_tags (photo_id, tag_id, userid)",
            Self::Comments => "comments (id, photo_id, userid, author_id, body, created_at)",
            Self::PhotoMonths => {
                "photo_months (userid, month, public_count, contacts_count, private_count)"
            }
            Self::Users => {
                "users (id, name, display_name, about, created_at, public_photo_count, contacts_photo_count, \
                 private_photo_count, follower_count, followee_count)"
            }
            Self::RecentPhotos => "recent_photos (photo_id, userid)",
            Self::Tags => "tags (id, name)",
        }
    }
}

/// A piece of a table.
#[derive(Debug)]
pub enum Chunk {
    /// Rows in COPY's binary form.
    Rows(Bytes),
    /// All rows have been sent. Without it the copy is rolled back.
    End,
}

/// Opens a connection for a load: with much memory for sorting, and without parallel workers, because there are two
/// connections.
pub async fn connect(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let mut connection = options
        .clone()
        .disable_statement_logging()
        .connect()
        .await?;
    sqlx::raw_sql(
        "set maintenance_work_mem = '256MB';
         set max_parallel_maintenance_workers = 0;
         set max_parallel_workers_per_gather = 0;
         set jit = off;
         set statement_timeout = 0;
         set client_min_messages = warning",
    )
    .execute(&mut connection)
    .await?;
    Ok(connection)
}

/// Takes the lock of this connection of the load, until the connection ends. False if another holds it.
///
/// Each connection has a lock of its own: PostgreSQL may still execute the last statement of a killed load, on either
/// connection, and it must not change the tables of the next load.
pub async fn lock(connection: &mut PgConnection, seat: Seat) -> sqlx::Result<bool> {
    sqlx::query("select set_config('lock_timeout', $1, false)")
        .bind(LOCK_TIMEOUT)
        .execute(&mut *connection)
        .await?;
    let locked = sqlx::query("select pg_advisory_lock($1)")
        .bind(LOCK + seat as i64)
        .execute(&mut *connection)
        .await;
    sqlx::raw_sql("set lock_timeout = 0")
        .execute(&mut *connection)
        .await?;
    match locked {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("55P03") => Ok(false),
        Err(error) => Err(error),
    }
}

/// Releases the lock of this connection.
pub async fn unlock(connection: &mut PgConnection, seat: Seat) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_unlock($1)")
        .bind(LOCK + seat as i64)
        .execute(connection)
        .await?;
    Ok(())
}

/// Drops all tables of an interrupted load, so that the database is empty.
pub async fn clear(connection: &mut PgConnection) -> sqlx::Result<()> {
    let tables = schema::tables().chain(schema::OLD_TABLES);
    let tables: Vec<&str> = tables.chain([schema::MIGRATIONS_TABLE]).collect();
    let drop = format!(
        "drop table if exists {}; drop type if exists visibility",
        tables.join(", ")
    );
    sqlx::raw_sql(AssertSqlSafe(drop))
        .execute(connection)
        .await?;
    Ok(())
}

/// Marks a database without rows as one that is being loaded, and drops its keys and indexes until the rows are there.
///
/// The edition identifies the rows that this version of the program makes from the seed and the numbers.
pub async fn begin(
    connection: &mut PgConnection,
    contents: Contents,
    edition: &str,
) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    // Foreign keys first: they need the keys that they refer to.
    let mut keys: Vec<&Statement> = schema::statements(Part::Keys).collect();
    keys.sort_by_key(|key| !key.is_foreign_key());
    let keys = keys.into_iter().map(|key| {
        let table = key.table().unwrap_or_default();
        format!("alter table {table} drop constraint {}", key.name())
    });
    let indexes = schema::statements(Part::Indexes)
        // The userid index may be dropped for a demonstration.
        .map(|index| format!("drop index if exists {}", index.name()));
    let drops: Vec<String> = keys.chain(indexes).collect();
    sqlx::raw_sql(AssertSqlSafe(drops.join("; ")))
        .execute(&mut *transaction)
        .await?;
    let Contents {
        seed,
        users,
        photos,
    } = contents;
    let marks = [
        ("state", "loading".to_owned()),
        ("seed", seed.to_string()),
        ("users", users.to_string()),
        ("photos", photos.to_string()),
        (EDITION, edition.to_owned()),
    ];
    sqlx::raw_sql("delete from flickr_killr")
        .execute(&mut *transaction)
        .await?;
    for (key, value) in marks {
        let insert = "insert into flickr_killr (key, value) values ($1, $2)";
        sqlx::query(insert)
            .bind(key)
            .bind(value)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}

/// The key in `flickr_killr` that marks a site without demo data.
const BEGAN_EMPTY: &str = "began empty";

/// Records that the site begins without demo data, unless it has people.
pub async fn remember_empty(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query(
        "insert into flickr_killr (key, value)
         select $1, 'true' where not exists (select from users)
         on conflict do nothing",
    )
    .bind(BEGAN_EMPTY)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether that was recorded.
pub async fn is_remembered_empty(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from flickr_killr where key = $1)")
        .bind(BEGAN_EMPTY)
        .fetch_one(connection)
        .await
}

/// The edition of the demo set that a database was loaded with; `None` if it was loaded before
/// editions had names.
pub async fn edition(connection: &mut PgConnection) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select value from flickr_killr where key = $1")
        .bind(EDITION)
        .fetch_optional(connection)
        .await
}

/// Fills a table; returns how many rows it has.
///
/// The table is emptied in the same transaction: PostgreSQL then writes every row once, frozen and
/// marked as visible to all, and with `wal_level = minimal` not into the log at all.
pub async fn copy(
    connection: &mut PgConnection,
    table: Table,
    mut chunks: Receiver<Chunk>,
) -> sqlx::Result<u64> {
    let mut transaction = connection.begin().await?;
    let truncate = format!("truncate {}", table.name());
    sqlx::raw_sql(AssertSqlSafe(truncate))
        .execute(&mut *transaction)
        .await?;
    let statement = format!(
        "copy {} from stdin (format binary, freeze)",
        table.columns()
    );
    let mut copy = transaction.copy_in_raw(&statement).await?;
    loop {
        match chunks.recv().await {
            Some(Chunk::Rows(rows)) => {
                copy.send(rows).await?;
            }
            Some(Chunk::End) => break,
            None => {
                copy.abort("the rows ended early").await?;
                return Err(sqlx::Error::Protocol(format!(
                    "the rows of {} ended early",
                    table.name()
                )));
            }
        }
    }
    let rows = copy.finish().await?;
    transaction.commit().await?;
    Ok(rows)
}

/// Fills the words by which people are found, from the names that are there, and returns their number.
pub async fn fill_name_words(connection: &mut PgConnection) -> sqlx::Result<u64> {
    let filled = sqlx::query(
        "insert into name_words (word, userid)
         select distinct word, u.id
           from users u,
                unnest(string_to_array(u.sort_name || ' ' || replace(u.name, '-', ' '), ' ')) word
          where word <> ''",
    )
    .execute(connection)
    .await?;
    Ok(filled.rows_affected())
}

/// Creates a primary or unique key, or an index.
pub async fn build(
    connection: &mut PgConnection,
    statement: &'static Statement,
) -> sqlx::Result<()> {
    sqlx::raw_sql(statement.sql.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Creates all foreign keys without checking the existing rows. [`validate`] checks them, with so weak a lock that two can
/// run at once.
pub async fn declare_foreign_keys(connection: &mut PgConnection) -> sqlx::Result<()> {
    for key in schema::statements(Part::Keys).filter(|key| key.is_foreign_key()) {
        sqlx::raw_sql(AssertSqlSafe(format!("{} not valid", key.sql)))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Checks that the rows obey a foreign key.
pub async fn validate(connection: &mut PgConnection, key: &'static Statement) -> sqlx::Result<()> {
    let validate = format!(
        "alter table {} validate constraint {}",
        key.table().unwrap_or_default(),
        key.name()
    );
    sqlx::raw_sql(AssertSqlSafe(validate))
        .execute(connection)
        .await?;
    Ok(())
}

/// Updates the planner's statistics of a table.
pub async fn analyze(connection: &mut PgConnection, table: &'static str) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(format!("analyze {table}")))
        .execute(connection)
        .await?;
    Ok(())
}

/// Sets the sequences to follow the loaded ids, and marks the database as complete.
pub async fn finish(connection: &mut PgConnection) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    for table in ["users", "photos", "tags", "comments"] {
        let follow = format!(
            "select setval(pg_get_serial_sequence('{table}', 'id'), (select coalesce(max(id), 0) from {table}) + 1, false)"
        );
        sqlx::raw_sql(AssertSqlSafe(follow))
            .execute(&mut *transaction)
            .await?;
    }
    sqlx::raw_sql("update flickr_killr set value = 'ready' where key = 'state'")
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}
