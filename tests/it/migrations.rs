//! A database of an older version is brought to the newest schema, and nothing that people have there is lost.

use std::process::Output;

use db::migrate::{self, MigrateError, Migrated};
use futures::future::join_all;
use sqlx::{ConnectOptions as _, PgConnection, PgPool};

use crate::cluster::{Database, client};
use crate::load::number;

/// The schema of 0.4.0, and the marks that 0.4.0 put into a database that it had loaded.
const SCHEMA_OF_0_4_0: &str = include_str!("../../crates/db/migrations/0001_schema_of_0_4_0.sql");
const MARKS_OF_0_4_0: &str = "insert into flickr_killr (key, value) values
    ('state', 'loaded'), ('schema', '29d83a3d6ebe'), ('seed', '2007'), ('users', '2'), ('photos', '2'), ('edition', '3-1')";

/// A row at least of every table, as people leave them.
const PEOPLE_OF_0_4_0: &str = "
    insert into users (id, name, display_name, about, password_hash, public_photo_count) overriding system value values
        (1, 'ann-lee', 'Änn Lee', 'Likes fog.', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA', 1),
        (2, 'bob', 'Bob', '', null, 0);
    insert into photos (id, userid, filename, token, title, width, height, tone, visibility, taken_at) values
        (1, 1, 'aa.jpg', '11111111-1111-4111-8111-111111111111', 'Fog', 40, 30, 7, 'public', '2020-02-02 12:00+00'),
        (2, 1, 'drawn:7', '22222222-2222-4222-8222-222222222222', '', 40, 30, 7, 'private', '2020-02-03 12:00+00');
    insert into recent_photos values (1, 1);
    insert into photo_months values (1, '2020-02-01', 1, 0, 1);
    insert into tags (id, name) overriding system value values (1, 'fog');
    insert into photo_tags values (1, 1, 1);
    insert into comments (photo_id, userid, author_id, body) values (1, 1, 2, 'Where is this?');
    insert into favorites (photo_id, fan_id, userid) values (1, 2, 1);
    insert into follows values (2, 1);
    insert into sessions (token_hash, userid, expires_at) values (decode(repeat('ab', 32), 'hex'), 1, 'infinity');
    insert into photo_views values (1, 1, 3);
    insert into outbox (userid, token, filename) values (1, '33333333-3333-4333-8333-333333333333', 'bb.jpg');
    insert into login_failures values ('ann-lee', 2, now());
    insert into lab_timings (state, owners, median_ms, slowest_ms, beside, owner, plan, plan_text)
        values ('with the userid index', 25, 0.1, 0.2, 0, 'ann-lee', '[]', 'Limit')";

/// Tables of 0.4.0 whose rows stay: all but the tries of the last minutes, and the marks.
const KEPT: [&str; 13] = [
    "users",
    "photos",
    "recent_photos",
    "photo_months",
    "tags",
    "photo_tags",
    "comments",
    "favorites",
    "follows",
    "sessions",
    "photo_views",
    "outbox",
    "lab_timings",
];

async fn of_0_4_0() -> (Database, PgPool) {
    let database = Database::new().await;
    let pool = database.pool().await;
    for sql in [SCHEMA_OF_0_4_0, MARKS_OF_0_4_0, PEOPLE_OF_0_4_0] {
        sqlx::raw_sql(sql)
            .execute(&pool)
            .await
            .expect("as 0.4.0 left it");
    }
    (database, pool)
}

async fn connected(database: &Database) -> PgConnection {
    database.options().connect().await.expect("a connection")
}

/// All rows of the tables of 0.4.0, without columns that came later.
async fn rows(pool: &PgPool) -> Vec<String> {
    let mut rows = Vec::new();
    for table in KEPT {
        let sql = format!(
            "select (to_jsonb(t) - 'sort_name' - 'sha256')::text from {table} t order by 1"
        );
        let found: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_all(pool)
            .await
            .expect("rows");
        assert!(!found.is_empty(), "no row of {table} to lose");
        rows.extend(found.into_iter().map(|row| format!("{table}: {row}")));
    }
    rows
}

/// What `pg_dump` says of a schema.
fn dumped(database: &Database) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = client("pg_dump")
        .args(["--schema-only", "--no-owner", "--dbname", &database.url()])
        .output()
        .expect("pg_dump runs");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    let dump = String::from_utf8(stdout).expect("text");
    // Newer versions begin and end a dump with a random word.
    let lines = dump
        .lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_database_of_0_4_0_gets_the_newest_schema_and_keeps_every_row() {
    let (old, pool) = of_0_4_0().await;
    let before = rows(&pool).await;
    let migrated = migrate::run(&mut connected(&old).await)
        .await
        .expect("it migrates");
    assert_eq!(
        migrated,
        Migrated::Upgraded {
            from: 1,
            to: migrate::newest()
        }
    );
    assert_eq!(rows(&pool).await, before);
    let fresh = Database::new().await;
    let created = migrate::run(&mut connected(&fresh).await)
        .await
        .expect("it is made");
    assert_eq!(created, Migrated::Created);
    similar_asserts(&dumped(&fresh), &dumped(&old));
    // People are found by every word of their names, those of before as well.
    for word in ["ann", "lee", "bob"] {
        let sql = "select count(*) from name_words where word = $1";
        let found: i64 = sqlx::query_scalar(sql)
            .bind(word)
            .fetch_one(&pool)
            .await
            .expect("a count");
        assert_eq!(found, 1, "{word}");
    }
    for database in [&old, &fresh] {
        let again = migrate::run(&mut connected(database).await).await;
        assert_eq!(again.expect("nothing to do"), Migrated::Current);
    }
}

/// Compares line by line, so that a difference is readable.
fn similar_asserts(expected: &str, got: &str) {
    for (expected, got) in expected.lines().zip(got.lines()) {
        assert_eq!(expected, got);
    }
    assert_eq!(expected.lines().count(), got.lines().count());
}

#[tokio::test]
async fn processes_that_start_at_once_apply_each_migration_once() {
    let (old, pool) = of_0_4_0().await;
    let runs =
        join_all((0..6).map(|_| async { migrate::run(&mut connected(&old).await).await })).await;
    let upgraded = runs
        .iter()
        .filter(|run| matches!(run, Ok(Migrated::Upgraded { .. })))
        .count();
    assert_eq!(upgraded, 1, "{runs:?}");
    assert!(runs.iter().all(Result::is_ok), "{runs:?}");
    let listed = number(&pool, "select count(*) from _sqlx_migrations where success").await;
    assert_eq!(listed, migrate::all().count() as i64);

    let fresh = Database::new().await;
    let runs =
        join_all((0..6).map(|_| async { migrate::run(&mut connected(&fresh).await).await })).await;
    let created = runs
        .iter()
        .filter(|run| matches!(run, Ok(Migrated::Created)))
        .count();
    assert_eq!(created, 1, "{runs:?}");
    assert!(runs.iter().all(Result::is_ok), "{runs:?}");
}

#[tokio::test]
async fn an_index_that_was_dropped_for_a_demonstration_stays_dropped() {
    let (old, pool) = of_0_4_0().await;
    sqlx::raw_sql("drop index photos_userid, photos_userid_public, photos_userid_taken")
        .execute(&pool)
        .await
        .expect("dropped");
    migrate::run(&mut connected(&old).await)
        .await
        .expect("it migrates");
    let status = db::userid_index::status(&pool).await.expect("a status");
    assert!(status.is_gone(), "{status:?}");
}

#[tokio::test]
async fn a_schema_that_this_program_does_not_know_is_refused_in_a_sentence_and_left_alone() {
    let fresh = Database::new().await;
    migrate::run(&mut connected(&fresh).await)
        .await
        .expect("it is made");
    let pool = fresh.pool().await;
    let newer =
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                 values (9000, 'of tomorrow', true, 'x', 0)";
    sqlx::raw_sql(newer)
        .execute(&pool)
        .await
        .expect("a migration of tomorrow");
    let error = migrate::run(&mut connected(&fresh).await)
        .await
        .expect_err("too new");
    assert!(
        matches!(error, MigrateError::Newer { found: 9000 }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("newer version of this program"),
        "{error}"
    );

    let (old, pool) = of_0_4_0().await;
    let before = rows(&pool).await;
    sqlx::raw_sql("update flickr_killr set value = 'abc' where key = 'schema'")
        .execute(&pool)
        .await
        .expect("another schema");
    let error = migrate::run(&mut connected(&old).await)
        .await
        .expect_err("unknown");
    assert!(
        matches!(&error, MigrateError::Unknown { found } if found == "abc"),
        "{error:?}"
    );
    assert_eq!(rows(&pool).await, before);
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_database_as_it_was() {
    let (old, pool) = of_0_4_0().await;
    let before = rows(&pool).await;
    // In the way of one that the migration makes, in its last third.
    sqlx::raw_sql("create index users_sort_name on users (id)")
        .execute(&pool)
        .await
        .expect("an index");
    let error = migrate::run(&mut connected(&old).await)
        .await
        .expect_err("it is in the way");
    assert!(error.to_string().contains("as it was"), "{error}");
    assert_eq!(rows(&pool).await, before);
    assert_eq!(
        number(&pool, "select count(*) from login_failures").await,
        1
    );
    sqlx::raw_sql("drop index users_sort_name")
        .execute(&pool)
        .await
        .expect("out of the way");
    let migrated = migrate::run(&mut connected(&old).await)
        .await
        .expect("it migrates");
    assert!(
        matches!(migrated, Migrated::Upgraded { .. }),
        "{migrated:?}"
    );
    assert_eq!(rows(&pool).await, before);
}
