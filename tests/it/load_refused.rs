//! What is in a database already is never loaded over.

use db::demo::{self, LoadError};
use db::migrate::MigrateError;
use db::schema::Contents;

use crate::cluster::Database;
use crate::load::{SMALL, checksum, loaded, number, unseen};

#[tokio::test]
async fn a_second_load_is_refused_and_changes_nothing() {
    let (database, pool) = loaded(SMALL).await;
    let before = checksum(&pool).await;
    let again = demo::load(&database.options(), Contents { seed: 9, ..SMALL }, unseen).await;
    let error = again.expect_err("it is there already");
    assert!(
        matches!(error, LoadError::AlreadyLoaded(SMALL)),
        "{error:?}"
    );
    assert!(error.to_string().contains("200 users"), "{error}");
    assert_eq!(before, checksum(&pool).await);
}

#[tokio::test]
async fn a_demo_set_of_another_edition_is_recognised_and_left_as_it_is() {
    let (database, pool) = loaded(SMALL).await;
    for (sql, words) in [
        (
            "update flickr_killr set value = '1-0' where key = 'edition'",
            "(1-0; 200 users",
        ),
        (
            "delete from flickr_killr where key = 'edition'",
            "(from before editions had names; ",
        ),
    ] {
        sqlx::query(sql)
            .execute(&pool)
            .await
            .expect("another edition");
        let before = checksum(&pool).await;
        let error = demo::load(&database.options(), SMALL, unseen)
            .await
            .expect_err("it is there already");
        assert!(matches!(error, LoadError::OtherEdition { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.to_string().contains("flickr-killr reset"), "{error}");
        assert_eq!(before, checksum(&pool).await);
    }
}

#[tokio::test]
async fn the_tables_of_somebody_else_are_never_touched() {
    for sql in [
        "create table users (name text); insert into users values ('precious')",
        "create table flickr_killr (key text, note text); create table users (name text)",
        "create schema apart; create table apart.notes (body text)",
    ] {
        let database = Database::new().await;
        let pool = database.pool().await;
        sqlx::raw_sql(sql)
            .execute(&pool)
            .await
            .expect("tables of somebody else");
        let relations = "select count(*) from pg_class";
        let before = number(&pool, relations).await;
        let error = demo::load(&database.options(), SMALL, unseen)
            .await
            .expect_err("not ours");
        assert!(
            matches!(error, LoadError::Schema(MigrateError::Foreign { .. })),
            "{error:?}"
        );
        assert!(error.to_string().contains("did not make"), "{error}");
        assert_eq!(before, number(&pool, relations).await);
    }
}

#[tokio::test]
async fn a_half_load_beside_the_table_of_somebody_else_is_left_alone() {
    let (database, pool) = loaded(SMALL).await;
    sqlx::raw_sql("create table notes (body text); update flickr_killr set value = 'loading' where key = 'state'")
        .execute(&pool)
        .await
        .expect("a table of somebody else");
    let error = demo::load(&database.options(), SMALL, unseen)
        .await
        .expect_err("not all of it is ours");
    assert!(
        matches!(&error, LoadError::Schema(MigrateError::Foreign { tables }) if tables == &["notes"]),
        "{error:?}"
    );
    assert_eq!(number(&pool, "select count(*) from photos").await, 2_000);
}

#[tokio::test]
async fn a_database_of_another_version_is_not_altered() {
    let (database, pool) = loaded(SMALL).await;
    sqlx::query("insert into flickr_killr (key, value) values ('schema', '0')")
        .execute(&pool)
        .await
        .expect("a version");
    let error = demo::load(&database.options(), SMALL, unseen)
        .await
        .expect_err("another version");
    assert!(
        matches!(&error, LoadError::Schema(MigrateError::Unknown { found }) if found == "0"),
        "{error:?}"
    );
}
