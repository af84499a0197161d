//! The demo set arrives whole or not at all, and is the same every time.

use std::sync::Mutex;

use db::demo::{self, LoadError, Phase, Progress};
use db::load::{self, Seat};
use db::schema::{self, Contents, DatabaseState};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool};
use tokio::sync::mpsc;

use crate::cluster::Database;

pub(crate) const SMALL: Contents = Contents {
    seed: 7,
    users: 200,
    photos: 2_000,
};

pub(crate) fn unseen(_: Progress) {}

pub(crate) async fn loaded(contents: Contents) -> (Database, PgPool) {
    let database = Database::new().await;
    demo::load(&database.options(), contents, unseen)
        .await
        .expect("it loads");
    let pool = database.pool().await;
    (database, pool)
}

pub(crate) async fn number(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.expect(sql)
}

/// A checksum of all rows of all tables.
pub(crate) async fn checksum(pool: &PgPool) -> Vec<(String, Option<String>)> {
    let mut sums = Vec::new();
    for table in schema::tables() {
        let sql = format!("select md5(string_agg(t::text, '|' order by t::text)) from {table} t");
        let sum = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(pool)
            .await
            .expect("a checksum");
        sums.push((table.to_owned(), sum));
    }
    sums
}

#[tokio::test]
async fn the_same_seed_gives_the_same_rows() {
    let (_first, first) = loaded(SMALL).await;
    let (_second, second) = loaded(SMALL).await;
    let (_other, other) = loaded(Contents { seed: 8, ..SMALL }).await;
    let sums = checksum(&first).await;
    assert_eq!(sums, checksum(&second).await);
    let others = checksum(&other).await;
    for (table, sum) in sums
        .iter()
        .filter(|(table, sum)| table != "tags" && sum.is_some())
    {
        assert!(
            !others.contains(&(table.clone(), sum.clone())),
            "{table} does not depend on the seed"
        );
    }
}

#[tokio::test]
async fn every_stored_count_is_true() {
    let (_database, pool) = loaded(SMALL).await;
    assert_eq!(number(&pool, "select count(*) from users").await, 200);
    assert_eq!(number(&pool, "select count(*) from photos").await, 2_000);
    let photos = number(
        &pool,
        "select count(*) from photos p
         where  favorite_count <> (select count(*) from favorites f where f.photo_id = p.id)
         or     comment_count <> (select count(*) from comments c where c.photo_id = p.id)
         or     view_count < favorite_count + comment_count",
    )
    .await;
    assert_eq!(photos, 0, "photos with wrong counts");
    let users = number(
        &pool,
        "select count(*) from users u
         where  (public_photo_count, contacts_photo_count, private_photo_count)
             <> (select count(*) filter (where visibility = 'public'),
                        count(*) filter (where visibility = 'contacts'),
                        count(*) filter (where visibility = 'private')
                 from   photos p where p.userid = u.id)
         or     follower_count <> (select count(*) from follows where followee_id = u.id)
         or     followee_count <> (select count(*) from follows where follower_id = u.id)",
    )
    .await;
    assert_eq!(users, 0, "users with wrong counts");
    let months = number(
        &pool,
        "with true_months as (
             select userid, date_trunc('month', taken_at at time zone 'UTC')::date as month,
                    count(*) filter (where visibility = 'public')::int,
                    count(*) filter (where visibility = 'contacts')::int,
                    count(*) filter (where visibility = 'private')::int
             from   photos group by 1, 2)
         select count(*) from (
             (table true_months except all table photo_months) union all
             (table photo_months except all table true_months)) as different",
    )
    .await;
    assert_eq!(months, 0, "months with wrong counts");
}

#[tokio::test]
async fn the_newest_public_photos_are_at_hand() {
    let (_database, pool) = loaded(Contents {
        seed: 3,
        users: 300,
        photos: 12_000,
    })
    .await;
    assert_eq!(
        number(&pool, "select count(*) from recent_photos").await,
        10_000
    );
    let wrong = number(
        &pool,
        "with newest as (select id, userid from photos where visibility = 'public' order by id desc limit 10000)
         select count(*) from (
             (table newest except table recent_photos) union all
             (table recent_photos except table newest)) as different",
    )
    .await;
    assert_eq!(wrong, 0);
}

#[tokio::test]
async fn rows_make_sense_together() {
    let (_database, pool) = loaded(SMALL).await;
    for (claim, sql) in [
        (
            "a favourite is on a public photo",
            "select count(*) from favorites join photos p on p.id = photo_id where visibility <> 'public'",
        ),
        (
            "nobody likes their own",
            "select count(*) from favorites where fan_id = userid",
        ),
        (
            "the owner stands in favourites",
            "select count(*) from favorites f join photos p on p.id = photo_id where f.userid <> p.userid",
        ),
        (
            "the owner stands in comments",
            "select count(*) from comments c join photos p on p.id = photo_id where c.userid <> p.userid",
        ),
        (
            "the owner stands in tags",
            "select count(*) from photo_tags t join photos p on p.id = photo_id where t.userid <> p.userid",
        ),
        (
            "a photo is taken, then uploaded",
            "select count(*) from photos where taken_at >= created_at",
        ),
        (
            "a photo is uploaded after its owner joined",
            "select count(*) from photos p join users u on u.id = userid where p.created_at < u.created_at",
        ),
        (
            "ids grow with uploads",
            "select count(*) from photos a join photos b on b.id = a.id + 1 where b.created_at < a.created_at",
        ),
        (
            "comments grow with time",
            "select count(*) from comments a join comments b on b.photo_id = a.photo_id and b.id > a.id where b.created_at < a.created_at",
        ),
        (
            "a comment comes after the upload",
            "select count(*) from comments c join photos p on p.id = photo_id where c.created_at < p.created_at",
        ),
        (
            "a token is a random UUID",
            "select count(*) from photos where token::text !~ '^.{14}4.{4}[89ab]'",
        ),
        (
            "an original is drawn",
            "select count(*) from photos where filename !~ '^drawn:[0-9]+$'",
        ),
    ] {
        assert_eq!(number(&pool, sql).await, 0, "{claim}");
    }
}

#[tokio::test]
async fn a_loaded_database_is_whole() {
    let (_database, pool) = loaded(SMALL).await;
    assert_eq!(
        schema::inspect(&pool).await.expect("a look"),
        DatabaseState::Ready { demo: Some(SMALL) }
    );
    let invalid = number(
        &pool,
        "select count(*) from pg_constraint where not convalidated",
    )
    .await;
    assert_eq!(invalid, 0, "constraints not validated");
    let names: Vec<String> = sqlx::query_scalar(
        "select conname::text from pg_constraint where connamespace = 'public'::regnamespace
         union select indexrelid::regclass::text from pg_index",
    )
    .fetch_all(&pool)
    .await
    .expect("names");
    for statement in
        schema::statements(schema::Part::Keys).chain(schema::statements(schema::Part::Indexes))
    {
        assert!(
            names.iter().any(|name| name == statement.name()),
            "{} is missing",
            statement.name()
        );
    }
    // Fresh pages are known to be visible: counting may stay in the index.
    let hidden = number(
        &pool,
        "select count(*) from pg_class where relkind = 'r' and relallvisible < relpages
         and relname in ('photos', 'users', 'follows', 'favorites', 'comments', 'photo_tags')",
    )
    .await;
    assert_eq!(hidden, 0, "tables with pages not marked visible");
    let insert = "insert into tags (name) values ('a new one') returning id";
    let next = number(&pool, insert).await;
    assert_eq!(next, number(&pool, "select max(id) from tags").await);
}

#[tokio::test]
async fn a_load_that_was_dropped_is_made_again() {
    let (_whole, expected) = loaded(SMALL).await;
    for phase in [Phase::Rows, Phase::Keys, Phase::Indexes] {
        let database = Database::new().await;
        let options = database.options();
        let (seen, mut events) = mpsc::unbounded_channel();
        let load = demo::load(&options, SMALL, move |progress| {
            // Nobody listens any more after the first: that is fine.
            let _ = seen.send(progress.phase);
        });
        let reached = async { while events.recv().await.is_some_and(|seen| seen != phase) {} };
        tokio::select! {
            biased;
            () = reached => {}
            _ = load => panic!("it was to be interrupted in {phase:?}"),
        }
        let pool = database.pool().await;
        assert_eq!(
            schema::inspect(&pool).await.expect("a look"),
            DatabaseState::Loading
        );
        demo::load(&options, SMALL, unseen)
            .await
            .expect("the second attempt");
        assert_eq!(
            schema::inspect(&pool).await.expect("a look"),
            DatabaseState::Ready { demo: Some(SMALL) }
        );
        assert_eq!(checksum(&expected).await, checksum(&pool).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_waits_until_either_connection_of_the_one_before_is_gone() {
    for seat in [Seat::First, Seat::Second] {
        let database = Database::new().await;
        let options = database.options();
        let mut left = options.connect().await.expect("a connection");
        assert!(load::lock(&mut left, seat).await.expect("a lock"));
        let loading = tokio::spawn(async move { demo::load(&options, SMALL, unseen).await });
        let pool = database.pool().await;
        let waits = "select exists (select from pg_locks
                      where locktype = 'advisory' and not granted
                        and database = (select oid from pg_database where datname = current_database()))";
        while !sqlx::query_scalar::<_, bool>(waits)
            .fetch_one(&pool)
            .await
            .expect("a look")
        {
            assert!(!loading.is_finished(), "it does not wait for {seat:?}");
        }
        let state = schema::inspect(&pool).await.expect("a look");
        let untouched = [DatabaseState::Empty, DatabaseState::Ready { demo: None }];
        assert!(untouched.contains(&state), "{state:?}");
        left.close().await.expect("an end");
        loading.await.expect("a task").expect("a load");
        assert_eq!(
            schema::inspect(&pool).await.expect("a look"),
            DatabaseState::Ready { demo: Some(SMALL) }
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_whose_connections_are_cut_fails_and_is_made_again() {
    let database = Database::new().await;
    let options = database.options();
    let mut killer = options.clone().connect().await.expect("a connection");
    let (reached, mut reaches) = mpsc::channel(1);
    let (cut, cuts) = std::sync::mpsc::channel();
    let cuts = Mutex::new(Some(cuts));
    tokio::spawn(async move {
        reaches.recv().await;
        let terminate = "select pg_terminate_backend(pid, 10000) from pg_stat_activity
                         where  datname = current_database() and pid <> pg_backend_pid()";
        sqlx::query(terminate)
            .execute(&mut killer)
            .await
            .expect("a cut");
        cut.send(()).expect("the load waits for it");
    });
    let loaded = demo::load(&options, SMALL, |progress| {
        if progress.phase == Phase::Keys
            && let Some(cuts) = cuts.lock().expect("not poisoned").take()
        {
            reached.try_send(()).expect("room for one");
            cuts.recv().expect("the cut is made");
        }
    })
    .await;
    let error = loaded.expect_err("its connections were cut");
    assert!(matches!(error, LoadError::Database(_)), "{error:?}");
    let pool = database.pool().await;
    assert_eq!(
        schema::inspect(&pool).await.expect("a look"),
        DatabaseState::Loading
    );
    demo::load(&options, SMALL, unseen)
        .await
        .expect("the second attempt");
    assert_eq!(
        schema::inspect(&pool).await.expect("a look"),
        DatabaseState::Ready { demo: Some(SMALL) }
    );
}

#[tokio::test]
async fn a_site_may_begin_empty_but_photos_need_owners() {
    let nothing = Contents {
        seed: 1,
        users: 0,
        photos: 0,
    };
    let (_database, pool) = loaded(nothing).await;
    assert_eq!(
        schema::inspect(&pool).await.expect("a look"),
        DatabaseState::Ready {
            demo: Some(nothing)
        }
    );
    let database = Database::new().await;
    let error = demo::load(
        &database.options(),
        Contents {
            photos: 5,
            ..nothing
        },
        unseen,
    )
    .await;
    assert!(matches!(error, Err(LoadError::Impossible(_))), "{error:?}");
    let state = schema::inspect(&database.pool().await)
        .await
        .expect("a look");
    assert_eq!(
        state,
        DatabaseState::Ready { demo: None },
        "nothing was begun"
    );
}
