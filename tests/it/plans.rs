//! What PostgreSQL does for the queries that the userid index carries, with it and without, and for the
//! sessions of one person.

use std::collections::BTreeMap;

use db::userid_index::{self, What};
use db::{photo, photostream, schema, session};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row as _};

use crate::cluster::Database;

/// As many photos as it takes for a planner to be tempted by a sort.
const PHOTOS_OF_THE_BIG_OWNER: i32 = 50_000;

/// A database with one big owner and a thousand small ones.
async fn archive_of_a_big_owner(database: &Database) -> PgPool {
    let pool = database.pool().await;
    let mut connection = pool.acquire().await.unwrap();
    schema::create_tables(&mut connection).await.unwrap();
    schema::create_keys(&mut connection).await.unwrap();
    for sql in [
        "insert into users (name, display_name) select 'user-' || n, 'User' from generate_series(1, 1001) n",
        "insert into photos (userid, filename, token, width, height, tone, visibility, taken_at)
         select case when n <= 50000 then 1 else 2 + n % 1000 end, 'drawn:' || n, gen_random_uuid(), 3, 2, 0,
                (case n % 10 when 0 then 'contacts' when 1 then 'private' else 'public' end)::visibility,
                now() - n * interval '1 hour'
           from generate_series(1, 100000) n",
    ] {
        sqlx::query(sql).execute(&mut *connection).await.unwrap();
    }
    schema::create_indexes(&mut connection).await.unwrap();
    sqlx::query("analyze")
        .execute(&mut *connection)
        .await
        .unwrap();
    drop(connection);
    pool
}

/// The plan of every statement that the index carries, as prepared and with the plan forced.
async fn plans(pool: &PgPool, mode: &str) -> BTreeMap<&'static str, String> {
    let mut connection = pool.acquire().await.unwrap();
    run(&mut connection, format!("set plan_cache_mode = {mode}")).await;
    let mut plans = BTreeMap::new();
    for (name, sql) in photostream::STATEMENTS {
        let arguments = ["'user-1'", "25000"];
        plans.insert(
            name,
            plan(&mut connection, sql, "text, int8", &arguments).await,
        );
    }
    for (name, sql) in photo::STATEMENTS {
        let plan = if name.starts_with("month") {
            let arguments = ["1", "now() - interval '1 year'", "now()", "0"];
            plan(
                &mut connection,
                sql,
                "int8, timestamptz, timestamptz, int8",
                &arguments,
            )
            .await
        } else {
            plan(&mut connection, sql, "int8, int8", &["1", "25000"]).await
        };
        plans.insert(name, plan);
    }
    plans
}

async fn plan(connection: &mut PgConnection, sql: &str, types: &str, arguments: &[&str]) -> String {
    run(connection, format!("prepare asked ({types}) as {sql}")).await;
    let explain = format!(
        "explain (costs off) execute asked ({})",
        arguments.join(", ")
    );
    let lines: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain))
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    run(connection, "deallocate asked".to_owned()).await;
    lines.join("\n")
}

async fn run(connection: &mut PgConnection, sql: String) {
    sqlx::query(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_big_owner_is_read_in_order_also_by_a_generic_plan() {
    let database = Database::new().await;
    let pool = archive_of_a_big_owner(&database).await;
    let count: i64 = sqlx::query_scalar("select count(*) from photos where userid = 1")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(count, i64::from(PHOTOS_OF_THE_BIG_OWNER));
    for mode in ["force_generic_plan", "force_custom_plan"] {
        for (name, plan) in plans(&pool, mode).await {
            // A plan made for these very values may walk the primary key: half of all photos are theirs.
            let in_order = plan.contains("photos_userid")
                || (mode == "force_custom_plan" && plan.contains("photos_pkey"));
            assert!(in_order, "{mode}, {name} does not use the index:\n{plan}");
            assert!(
                !plan.contains("Bitmap"),
                "{mode}, {name} collects all photos of the owner:\n{plan}"
            );
            // The outermost sort of a page's 41 rows is not the sort of all photos of the owner.
            let below_the_limit = plan.split_once("Limit").map_or("", |(_, below)| below);
            assert!(
                !below_the_limit.contains("Sort"),
                "{mode}, {name} sorts before it limits:\n{plan}"
            );
        }
    }
}

/// How many blocks a statement read, where it returned one row.
async fn blocks_of_one_row(connection: &mut PgConnection, execute: &str) -> u64 {
    let explain = format!("explain (analyze, buffers, timing off, format json) {execute}");
    let plan = sqlx::raw_sql(AssertSqlSafe(explain))
        .fetch_one(connection)
        .await
        .unwrap();
    // JSON, read as text.
    let plan: Value = serde_json::from_str(plan.get_unchecked(0)).unwrap();
    let root = &plan[0]["Plan"];
    assert_eq!(root["Actual Rows"].as_f64(), Some(1.0), "{root:#}");
    let blocks = |name: &str| root[name].as_u64().unwrap();
    blocks("Shared Hit Blocks") + blocks("Shared Read Blocks")
}

#[tokio::test]
async fn a_stranger_s_month_reads_none_of_the_private_photos_in_it() {
    let database = Database::new().await;
    let pool = archive_of_a_big_owner(&database).await;
    let mut connection = pool.acquire().await.unwrap();
    for sql in [
        "insert into photos (userid, filename, token, width, height, tone, visibility, taken_at)
         select 1001, 'drawn:0', gen_random_uuid(), 3, 2, 0,
                (case n when 1 then 'public' else 'private' end)::visibility,
                timestamptz '1999-02-01' + n * interval '20 seconds'
           from generate_series(1, 50001) n",
        "analyze photos",
    ] {
        run(&mut connection, sql.to_owned()).await;
    }
    let (_, sql) = photo::STATEMENTS
        .into_iter()
        .find(|(name, _)| *name == "month, stranger")
        .unwrap();
    let types = "int8, timestamptz, timestamptz, int8";
    run(&mut connection, format!("prepare asked ({types}) as {sql}")).await;
    for mode in ["force_generic_plan", "force_custom_plan"] {
        run(&mut connection, format!("set plan_cache_mode = {mode}")).await;
        let asked = "execute asked (1001, '1999-02-01', '1999-03-01', 0)";
        let read = blocks_of_one_row(&mut connection, asked).await;
        // Three levels of the index and one photo.
        assert!(read < 10, "{mode}: {read} blocks");
    }
}

#[tokio::test]
async fn the_sessions_of_one_person_are_found_by_an_index() {
    let database = Database::new().await;
    let pool = archive_of_a_big_owner(&database).await;
    let mut connection = pool.acquire().await.unwrap();
    for sql in [
        "insert into sessions (token_hash, userid, expires_at)
         select sha256(n::text::bytea), 1 + n % 1000, now() + n * interval '1 second'
           from generate_series(1, 50000) n",
        "analyze sessions",
    ] {
        run(&mut connection, sql.to_owned()).await;
    }
    for mode in ["force_generic_plan", "force_custom_plan"] {
        run(&mut connection, format!("set plan_cache_mode = {mode}")).await;
        let arguments = ["sha256('7')", "16"];
        let sql = session::END_ALL_BUT_NEWEST;
        let plan = plan(&mut connection, sql, "bytea, int8", &arguments).await;
        assert!(plan.contains("sessions_userid"), "{mode}:\n{plan}");
        assert!(!plan.contains("Seq Scan on sessions"), "{mode}:\n{plan}");
    }
}

#[tokio::test]
async fn once_dropped_no_query_finds_an_index_led_by_the_owner() {
    let database = Database::new().await;
    let pool = archive_of_a_big_owner(&database).await;
    let dropped = userid_index::drop_all(&pool).await.unwrap();
    let names: Vec<&str> = dropped.iter().map(|done| done.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "photos_userid",
            "photos_userid_public",
            "photos_userid_taken",
            "photos_userid_taken_public"
        ]
    );
    let status = userid_index::status(&pool).await.unwrap();
    assert!(status.is_gone() && status.present.is_empty(), "{status:?}");
    for (name, plan) in plans(&pool, "force_generic_plan").await {
        // The primary key, read backwards, or the whole table: nothing that knows the owner.
        for index in [
            "photos_userid",
            "Index Cond: (userid",
            "Index Cond: ((userid",
        ] {
            assert!(
                !plan.contains(index),
                "{name} still finds the owner by an index:\n{plan}"
            );
        }
        assert!(
            plan.contains("Filter: ") && plan.contains("userid = "),
            "{name}:\n{plan}"
        );
    }
}

#[tokio::test]
async fn what_was_dropped_comes_back_as_the_schema_says_and_an_invalid_one_is_rebuilt() {
    let database = Database::new().await;
    let pool = archive_of_a_big_owner(&database).await;
    let before = userid_index::status(&pool).await.unwrap();
    assert!(before.is_whole());
    userid_index::drop_all(&pool).await.unwrap();
    let created = userid_index::create_all(&pool).await.unwrap();
    assert!(
        created.iter().all(|done| done.what == What::Created),
        "{created:?}"
    );
    let after = userid_index::status(&pool).await.unwrap();
    let definitions = |status: &userid_index::Status| {
        status
            .present
            .iter()
            .map(|member| member.definition.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(definitions(&after), definitions(&before));

    // What an interrupted CREATE INDEX CONCURRENTLY leaves behind.
    sqlx::query(
        "update pg_index set indisvalid = false where indexrelid = 'photos_userid'::regclass",
    )
    .execute(&pool)
    .await
    .unwrap();
    let status = userid_index::status(&pool).await.unwrap();
    assert!(!status.is_whole());
    let rebuilt = userid_index::create_all(&pool).await.unwrap();
    let what: Vec<What> = rebuilt.iter().map(|done| done.what).collect();
    assert_eq!(what, [What::Rebuilt, What::Kept, What::Kept, What::Kept]);
    assert!(userid_index::status(&pool).await.unwrap().is_whole());
}

#[tokio::test]
async fn a_reader_who_holds_the_table_only_delays_the_drop() {
    let database = Database::new().await;
    let pool = archive_of_a_big_owner(&database).await;
    let mut reader = pool.begin().await.unwrap();
    sqlx::query("select 1 from photos limit 1")
        .execute(&mut *reader)
        .await
        .unwrap();
    let dropping = tokio::spawn({
        let pool = pool.clone();
        async move { userid_index::drop_all(&pool).await }
    });
    // Wait until the drop stands in line for its lock, then for its first time-out to pass.
    let waits = "select count(*) from pg_locks where not granted and relation = 'photos'::regclass";
    while sqlx::query_scalar::<_, i64>(waits)
        .fetch_one(&pool)
        .await
        .unwrap()
        == 0
    {
        tokio::task::yield_now().await;
    }
    // Others are let through between the tries.
    let count: i64 = sqlx::query_scalar("select count(*) from photos where userid = 7")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(count > 0);
    reader.commit().await.unwrap();
    assert_eq!(dropping.await.unwrap().unwrap().len(), 4);
}
