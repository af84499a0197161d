//! What PostgreSQL does for explore and for the list of people: an index each, and bounded work.

use db::{explore, load, people_list, schema};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row as _};

use crate::cluster::Database;

/// How many blocks of 8 kB a statement may read: those of 1,000 people found by a search, three
/// each, and those of 48 covers.
const BLOCKS_MAX: u64 = 5_000;

/// Thirty thousand people of few names, 100,000 photos of which the newest 10,000 are of one person.
async fn town(database: &Database) -> PgPool {
    let pool = database.pool().await;
    let mut connection = pool.acquire().await.unwrap();
    schema::create_tables(&mut connection).await.unwrap();
    for sql in [
        "insert into users (name, display_name, public_photo_count)
         select 'user-' || n, (array['Ann Lee', 'Øyvind Åse', 'Ольга', '渡辺'])[1 + n % 4] || ' ' || n % 97, n % 50
           from generate_series(1, 30000) n",
        "insert into photos (userid, filename, token, width, height, tone, visibility, taken_at)
         select case when n > 90000 then 1 else 2 + n % 20000 end, 'drawn:' || n, gen_random_uuid(), 3, 2, 0,
                (case n % 10 when 0 then 'contacts' when 1 then 'private' else 'public' end)::visibility,
                now() - n * interval '1 hour'
           from generate_series(1, 100000) n",
        "insert into recent_photos
         select id, userid from photos where visibility = 'public' order by id desc limit 10000",
    ] {
        sqlx::query(sql).execute(&mut *connection).await.unwrap();
    }
    load::fill_name_words(&mut connection).await.unwrap();
    schema::create_keys(&mut connection).await.unwrap();
    schema::create_indexes(&mut connection).await.unwrap();
    // So that an index answers alone, as it does on a site at work.
    run(&mut connection, "vacuum (analyze)").await;
    drop(connection);
    pool
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The plan of a prepared statement, run with these arguments; with it how many blocks it read.
async fn plan(
    connection: &mut PgConnection,
    (sql, types): (&str, &str),
    arguments: &str,
) -> (String, u64) {
    run(connection, &format!("prepare asked ({types}) as {sql}")).await;
    let explain = format!("explain (analyze, buffers, format json) execute asked ({arguments})");
    let plan = sqlx::raw_sql(AssertSqlSafe(explain))
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    // JSON, read as text.
    let plan: Value = serde_json::from_str(plan.get_unchecked(0)).unwrap();
    run(connection, "deallocate asked").await;
    let root = &plan[0]["Plan"];
    let blocks = |name: &str| root[name].as_u64().unwrap();
    let read = blocks("Shared Hit Blocks") + blocks("Shared Read Blocks");
    (serde_json::to_string_pretty(root).unwrap(), read)
}

/// Texts as a stranger may send them, as SQL.
const TEXTS: [&str; 14] = [
    "'a'",
    "'u'",
    "'user'",
    "'ann lee 7'",
    "'an le us'",
    "'o'",
    "'о'",
    "'渡'",
    "'%'",
    "'_'",
    "'\\'",
    "''",
    "'nobody at all'",
    "repeat('ann ', 2500)",
];

#[tokio::test]
async fn every_list_reads_an_index_and_a_bounded_number_of_blocks() {
    let database = Database::new().await;
    let pool = town(&database).await;
    let mut connection = pool.acquire().await.unwrap();
    for mode in ["force_generic_plan", "force_custom_plan"] {
        run(&mut connection, &format!("set plan_cache_mode = {mode}")).await;
        for (name, sql) in explore::STATEMENTS {
            for place in ["9223372036854775807", "100000", "95000", "50000", "1"] {
                let (plan, read) = plan(&mut connection, (sql, "int8"), place).await;
                check(&format!("{mode}, {name} from {place}"), &plan, read);
            }
        }
        for (name, sql, types) in people_list::STATEMENTS {
            let arguments: Vec<String> = match name {
                "people by name" => TEXTS.map(|text| format!("{text}, 0")).to_vec(),
                "people by photos" => vec!["2147483647, 0".to_owned(), "7, 500".to_owned()],
                _ => TEXTS.map(str::to_owned).to_vec(),
            };
            for arguments in arguments {
                let (plan, read) = plan(&mut connection, (sql, types), &arguments).await;
                check(&format!("{mode}, {name} of {arguments}"), &plan, read);
            }
        }
    }
}

fn check(what: &str, plan: &str, read: u64) {
    for dear in ["\"Seq Scan\"", "Bitmap"] {
        assert!(!plan.contains(dear), "{what}: {dear}\n{plan}");
    }
    assert!(read <= BLOCKS_MAX, "{what} reads {read} blocks\n{plan}");
}

/// Names as people have them.
const NAMES: [&str; 12] = [
    "Ångström Ødegård",
    "Rui S. Azevedo",
    "O'Brien-Smith",
    "İstanbul",
    "Łukasz",
    "渡辺 だい",
    "김철수",
    "Ольга Йорк",
    "हिन्दी",
    "…",
    "Kjærgaard Straße",
    "🎉 % _ \\ Party",
];

#[tokio::test]
async fn a_search_folds_its_text_as_the_schema_folds_names() {
    let database = Database::new().await;
    let pool = database.pool().await;
    let mut connection = pool.acquire().await.unwrap();
    schema::create_tables(&mut connection).await.unwrap();
    let mut folded = Vec::new();
    for (n, name) in NAMES.iter().enumerate() {
        let stored: String = sqlx::query_scalar(
            "insert into users (name, display_name) values ('user-' || $1, $2) returning sort_name",
        )
        .bind(n.to_string())
        .bind(name)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
        let asked: String = sqlx::query_scalar(people_list::FOLDED)
            .bind(name)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        assert_eq!(asked, stored, "{name}");
        folded.push(stored);
    }
    assert_eq!(folded[0], "angstrom odegard");
    assert_eq!(folded[2], "o brien smith");
    assert_eq!(folded[7], "ольга иорк");
    assert_eq!(folded[10], "kjaergaard strasse");
    assert_eq!(folded[11], "🎉 party");
}
