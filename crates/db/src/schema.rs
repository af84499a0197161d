//! The statements of `schema.sql`, and the state of a database compared with them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sqlx::postgres::PgConnection;
use sqlx::{PgPool, Row};

use crate::migrations;

/// The parts of `schema.sql`. Rows are loaded between the first and the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Types and tables.
    Tables,
    /// Primary, unique and foreign keys.
    Keys,
    /// Indexes.
    Indexes,
}

/// One statement of `schema.sql`, without comments.
#[derive(Debug)]
pub struct Statement {
    /// The part of `schema.sql` that contains it.
    pub part: Part,
    /// Its text, without the semicolon.
    pub sql: String,
}

impl Statement {
    /// The name of the table, type, constraint or index that it creates.
    pub fn name(&self) -> &str {
        let words: Vec<&str> = self.sql.split_whitespace().collect();
        match words[..] {
            ["alter", "table", _, "add", "constraint", name, ..]
            | ["create", "unlogged", "table", name, ..]
            | ["create", _, name, ..] => name,
            _ => "",
        }
    }

    /// The table that it creates or changes; `None` for a type.
    pub fn table(&self) -> Option<&str> {
        let words: Vec<&str> = self.sql.split_whitespace().collect();
        match words[..] {
            ["alter", "table", table, ..]
            | ["create", "table", table, ..]
            | ["create", "unlogged", "table", table, ..]
            | ["create", "index", _, "on", table, ..] => Some(table),
            _ => None,
        }
    }

    /// Whether it creates a foreign key.
    pub fn is_foreign_key(&self) -> bool {
        self.sql.contains(" foreign key ")
    }
}

static STATEMENTS: LazyLock<Vec<Statement>> =
    LazyLock::new(|| parse(include_str!("../../../schema.sql")));

fn parse(text: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut part = Part::Tables;
    let mut sql = String::new();
    for line in text.lines() {
        match line.strip_prefix("-- part: ") {
            Some("keys") => part = Part::Keys,
            Some("indexes") => part = Part::Indexes,
            _ => {}
        }
        let code = line.split("--").next().unwrap_or("").trim_end();
        if code.is_empty() {
            continue;
        }
        sql.push_str(code);
        match sql.strip_suffix(';') {
            Some(whole) => {
                statements.push(Statement {
                    part,
                    sql: whole.to_owned(),
                });
                sql.clear();
            }
            None => sql.push('\n'),
        }
    }
    statements
}

/// The statements of a part, in the order in which they must run.
pub fn statements(part: Part) -> impl Iterator<Item = &'static Statement> {
    STATEMENTS
        .iter()
        .filter(move |statement| statement.part == part)
}

/// The names of all tables of the schema.
pub fn tables() -> impl Iterator<Item = &'static str> {
    statements(Part::Tables).filter_map(Statement::table)
}

/// The statement that creates an index, if `schema.sql` has one of this name.
pub fn statement(index_name: &str) -> Option<&'static str> {
    statements(Part::Indexes)
        .find(|statement| statement.name() == index_name)
        .map(|statement| statement.sql.as_str())
}

/// The userid index: every index of photos whose first column is the owner, as name and statement.
pub fn userid_indexes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let leads = |statement: &&Statement| {
        let columns = statement
            .sql
            .split_once('(')
            .map(|(_, columns)| columns.trim_start());
        statement.table() == Some("photos")
            && columns.is_some_and(|columns| columns.starts_with("userid"))
    };
    statements(Part::Indexes)
        .filter(leads)
        .map(|statement| (statement.name(), statement.sql.as_str()))
}

/// Creates the tables, without keys and indexes.
pub async fn create_tables(connection: &mut PgConnection) -> sqlx::Result<()> {
    create(connection, Part::Tables).await
}

/// Creates all keys.
pub async fn create_keys(connection: &mut PgConnection) -> sqlx::Result<()> {
    create(connection, Part::Keys).await
}

/// Creates all indexes.
pub async fn create_indexes(connection: &mut PgConnection) -> sqlx::Result<()> {
    create(connection, Part::Indexes).await
}

async fn create(connection: &mut PgConnection, part: Part) -> sqlx::Result<()> {
    for statement in statements(part) {
        sqlx::raw_sql(statement.sql.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The demo data that was loaded into a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The seed of the demo set.
    pub seed: u64,
    /// How many people were loaded.
    pub users: u32,
    /// How many photos were loaded.
    pub photos: u32,
}

/// The state of a database for this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseState {
    /// It has no tables.
    Empty,
    /// It has tables of another program, and is never altered.
    Foreign {
        /// The names of some of them.
        tables: Vec<String>,
    },
    /// A load of the demo data is incomplete; it must be loaded again.
    Loading,
    /// It has the newest schema.
    Ready {
        /// The demo data that was loaded, if any.
        demo: Option<Contents>,
    },
    /// Migrations are missing.
    Outdated {
        /// The last migration that it has.
        version: i64,
    },
    /// It has migrations of a newer version of this program.
    Newer {
        /// The last migration that it has.
        version: i64,
    },
    /// It has a schema that no release had.
    Unknown {
        /// Its name in the database.
        found: String,
    },
}

/// The table in which sqlx lists the migrations that were applied.
pub(crate) const MIGRATIONS_TABLE: &str = "_sqlx_migrations";

/// Tables of older schemas.
pub(crate) const OLD_TABLES: [&str; 1] = ["login_failures"];

/// How many names of foreign tables are reported.
const FOREIGN_NAMES_MAX: usize = 5;

/// Inspects a database without changing it.
pub async fn inspect(pool: &PgPool) -> sqlx::Result<DatabaseState> {
    inspect_on(&mut *pool.acquire().await?).await
}

/// Inspects a database without changing it, over one connection.
pub async fn inspect_on(connection: &mut PgConnection) -> sqlx::Result<DatabaseState> {
    let found = sqlx::query(
        "select c.relname::text, coalesce(n.nspname = current_schema(), false)
         from   pg_class c
         join   pg_namespace n on n.oid = c.relnamespace
         where  c.relkind in ('r', 'p', 'v', 'm', 'f')
         and    n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
         and    not exists (select from pg_depend d
                            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
         order  by 1",
    )
    .fetch_all(&mut *connection)
    .await?;
    let found: Vec<(String, bool)> = found.iter().map(|row| (row.get(0), row.get(1))).collect();
    if found.is_empty() {
        return Ok(DatabaseState::Empty);
    }
    let foreign = |marked: bool| {
        let ours = |name: &str, here: bool| {
            let mut known = tables().chain(OLD_TABLES).chain([MIGRATIONS_TABLE]);
            marked && here && known.any(|table| table == name)
        };
        found
            .iter()
            .filter(|(name, here)| !ours(name, *here))
            .map(|(name, _)| name.clone())
            .take(FOREIGN_NAMES_MAX)
            .collect()
    };
    let marker = match found
        .iter()
        .any(|(name, here)| *here && name == "flickr_killr")
    {
        true => marker(connection).await?,
        false => None,
    };
    let Some(marker) = marker else {
        return Ok(DatabaseState::Foreign {
            tables: foreign(false),
        });
    };
    let value = |key: &str| marker.get(key).map(String::as_str);
    let strangers: Vec<String> = foreign(true);
    if value("state") == Some("loading") {
        // Loading again means dropping all tables, which is refused if one belongs to another program.
        return Ok(match strangers.is_empty() {
            true => DatabaseState::Loading,
            false => DatabaseState::Foreign { tables: strangers },
        });
    }
    // A database from before there were migrations names its schema by a hash.
    let version = match value("schema") {
        Some(hash) => migrations::before_migrations(hash),
        None => last_migration(connection, &found).await?,
    };
    let Some(version) = version else {
        let found = value("schema").unwrap_or("without migrations").to_owned();
        return Ok(DatabaseState::Unknown { found });
    };
    if version > migrations::newest() {
        return Ok(DatabaseState::Newer { version });
    }
    if version < migrations::newest() || value("schema").is_some() {
        return Ok(DatabaseState::Outdated { version });
    }
    let number = |key: &str| value(key).and_then(|value| value.parse().ok());
    let demo = number("seed").map(|seed| Contents {
        seed,
        users: number("users").unwrap_or(0) as u32,
        photos: number("photos").unwrap_or(0) as u32,
    });
    Ok(DatabaseState::Ready { demo })
}

/// The last migration of a database; `None` without a list of them.
async fn last_migration(
    connection: &mut PgConnection,
    tables: &[(String, bool)],
) -> sqlx::Result<Option<i64>> {
    if !tables
        .iter()
        .any(|(name, here)| *here && name == MIGRATIONS_TABLE)
    {
        return Ok(None);
    }
    sqlx::query_scalar("select max(version) from _sqlx_migrations")
        .fetch_one(connection)
        .await
}

/// The content of the table `flickr_killr`; `None` if it has other columns.
async fn marker(connection: &mut PgConnection) -> sqlx::Result<Option<BTreeMap<String, String>>> {
    let columns: Vec<String> = sqlx::query_scalar(
        "select attname::text || ' ' || atttypid::regtype::text
         from   pg_attribute
         where  attrelid = to_regclass(quote_ident(current_schema()) || '.flickr_killr') and attnum > 0
         order  by attnum",
    )
    .fetch_all(&mut *connection)
    .await?;
    if columns != ["key text", "value text"] {
        return Ok(None);
    }
    let rows: Vec<(String, String)> = sqlx::query_as("select key, value from flickr_killr")
        .fetch_all(&mut *connection)
        .await?;
    Ok(Some(rows.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_is_whole_and_knows_its_name() {
        assert_eq!(tables().next(), Some("flickr_killr"));
        assert!(tables().any(|table| table == "photos"));
        for statement in STATEMENTS.iter() {
            assert!(!statement.name().is_empty(), "{}", statement.sql);
            assert!(
                statement.table().is_some() || statement.sql.starts_with("create type"),
                "{}",
                statement.sql
            );
            assert_eq!(
                statement.sql.matches('(').count(),
                statement.sql.matches(')').count(),
                "{}",
                statement.sql
            );
            assert!(!statement.sql.contains(';'), "{}", statement.sql);
        }
        let of = |part| statements(part).count();
        assert!(of(Part::Tables) > 10 && of(Part::Keys) > 20 && of(Part::Indexes) > 4);
    }

    #[test]
    fn the_userid_index_is_every_index_led_by_the_owner() {
        let names: Vec<&str> = userid_indexes().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                "photos_userid",
                "photos_userid_public",
                "photos_userid_taken",
                "photos_userid_taken_public"
            ]
        );
        assert!(
            statement("photos_userid")
                .is_some_and(|sql| sql.starts_with("create index photos_userid on photos"))
        );
        assert_eq!(statement("photos_pkey"), None);
    }

    #[test]
    fn no_key_of_photos_begins_with_the_owner() {
        let keys = statements(Part::Keys)
            .filter(|key| key.table() == Some("photos") && !key.is_foreign_key());
        for key in keys {
            assert!(!key.sql.contains("(userid"), "{}", key.sql);
        }
    }
}
