//! The migrations that this program has.

use sqlx::migrate::Migrator;

/// All migrations, embedded.
pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Schemas from before there were migrations, by the hash in their databases, with the migration that leads to
/// each: 0.4.0, and the last one of the development after it.
const BEFORE_MIGRATIONS: [(&str, i64); 2] = [("29d83a3d6ebe", 1), ("081ae838ea23", 2)];

/// The newest migration of this program.
pub fn newest() -> i64 {
    MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// The migrations, as number and description.
pub fn all() -> impl Iterator<Item = (i64, &'static str)> {
    MIGRATIONS
        .iter()
        .map(|migration| (migration.version, &*migration.description))
}

/// The migration that leads to a schema from before there were migrations.
pub(crate) fn before_migrations(hash: &str) -> Option<i64> {
    let mut known = BEFORE_MIGRATIONS.iter();
    known
        .find(|(schema, _)| *schema == hash)
        .map(|(_, migration)| *migration)
}
