//! The brake on tries: how many passwords are checked, whom it holds, and whom it lets through.

use std::collections::BTreeMap;

use db::rate_limit::{self, Counter};
use futures::FutureExt as _;
use futures::future::join_all;
use reqwest::StatusCode;
use site::passwords::Standing;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};

use crate::town::{Answer, Town, Visitor};

const PASSWORD: &str = "correct horse battery";

/// How many tries come at the same moment.
const AT_ONCE: usize = 600;

async fn try_as(visitor: &Visitor, name: &str, password: &str) -> Answer {
    let form = [("name", name), ("password", password)];
    visitor.post("/login", &form).await
}

async fn change(pool: &PgPool, sql: &str) {
    let changed = sqlx::query(AssertSqlSafe(sql)).execute(pool).await;
    changed.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Closes the counters of a kind for a quarter of an hour.
async fn close(town: &Town, kind: &str) {
    let closed = format!(
        "update rate_limits set not_before = now() + interval '15 minutes' where kind = '{kind}'"
    );
    change(&town.pool, &closed).await;
}

/// Opens all counters, each after so many failures that one more try closes it for minutes: how fast this
/// machine is does not matter then.
const FULL_AND_OPEN: &str =
    "update rate_limits set level = 1000, not_before = now() - interval '1 second'";

const WAITING_FOR_A_LOCK: &str = "select count(*) from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'";

/// Waits until so many connections wait for a lock.
async fn until_locked(town: &Town, count: i64) {
    while town.ask::<i64>(WAITING_FOR_A_LOCK).await < count {
        tokio::task::yield_now().await;
    }
}

/// How many answers have each status.
fn statuses(answers: &[Answer]) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.status.as_u16()).or_default() += 1;
    }
    counts
}

/// Of how many tries at the same moment at two processes the password is checked, after one that fills
/// the counters. A try is an address and a name.
async fn checked_at_once(town: &Town, tries: impl Fn(usize) -> (String, String)) -> usize {
    let (other, _) = town.another_process().await;
    let bases = [&town.base, &other];
    let (address, name) = tries(0);
    let first = try_as(&Visitor::from(&town.base, &address), &name, "wrong").await;
    assert_eq!(first.status, StatusCode::UNPROCESSABLE_ENTITY);
    change(&town.pool, FULL_AND_OPEN).await;
    let answers = (0..AT_ONCE).map(|number| {
        let (address, name) = tries(number);
        let visitor = Visitor::from(bases[number % 2], &address);
        async move { try_as(&visitor, &name, "wrong").await }
    });
    let mut counts = statuses(&join_all(answers).await);
    let checked = counts.remove(&422).unwrap_or_default();
    // A machine that is busy with other things may let some of them time out.
    let refused = counts.remove(&429).unwrap_or_default() + counts.remove(&503).unwrap_or_default();
    assert_eq!((checked + refused, counts), (AT_ONCE, BTreeMap::new()));
    checked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_hundreds_of_tries_at_once_as_many_are_checked_as_one_by_one() {
    let town = Town::new().await;
    let _ann = town.newcomer("ann-lind").await;
    let address = |number: usize| format!("10.1.{}.{}", number / 250, number % 250);

    let of_one_address = |_| (address(0), "ann-lind".to_owned());
    assert_eq!(checked_at_once(&town, of_one_address).await, 1);

    change(&town.pool, "delete from rate_limits").await;
    let on_many_names = |number| (address(0), format!("name-{number}"));
    assert_eq!(checked_at_once(&town, on_many_names).await, 1);

    change(&town.pool, "delete from rate_limits").await;
    let from_many_addresses = |number| (address(number), "ann-lind".to_owned());
    assert_eq!(checked_at_once(&town, from_many_addresses).await, 1);
    // Those refused by the account are counted at no address either.
    let addresses: i64 = town
        .ask("select count(*) from rate_limits where kind in ('pair', 'address')")
        .await;
    assert!((2..=4).contains(&addresses), "{addresses} rows");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_statement_counts_and_decides_over_any_number_of_connections() {
    let town = Town::new().await;
    let counter = Counter {
        kind: "account",
        bucket: 7,
        free: 6,
        calm_s: 900,
    };
    let mut pools = Vec::new();
    for _ in 0..2 {
        let options = PgPoolOptions::new().max_connections(20);
        let pool = options.connect_with(town.database.options()).await;
        pools.push(pool.expect("connections"));
    }
    assert!(rate_limit::count(&pools[0], counter).await.unwrap());
    change(&town.pool, FULL_AND_OPEN).await;
    let counts = (0..AT_ONCE).map(|number| rate_limit::count(&pools[number % 2], counter));
    let counted = join_all(counts).await;
    let counted = counted
        .into_iter()
        .filter(|counted| *counted.as_ref().unwrap());
    assert_eq!(counted.count(), 1);
    let wait = rate_limit::closed_for(&pools[0], &[counter]).await.unwrap();
    // It doubles up to the calm period.
    assert!(
        wait.is_some_and(|wait| wait > 600.0 && wait <= 900.0),
        "{wait:?}"
    );

    // Six are free, and the sixth closes it.
    rate_limit::forget(&pools[0], counter).await.unwrap();
    for number in 0..6 {
        let wait = rate_limit::closed_for(&pools[0], &[counter]).await.unwrap();
        assert_eq!(wait, None, "before try {number}");
        assert!(rate_limit::count(&pools[0], counter).await.unwrap());
    }
    let closed: bool = town
        .ask("select not_before > counted_at from rate_limits where bucket = 7")
        .await;
    assert!(closed);
    // One of them taken back opens it again, five hours of quiet forgive all.
    rate_limit::give_back(&pools[0], counter).await.unwrap();
    let wait = rate_limit::closed_for(&pools[0], &[counter]).await.unwrap();
    assert_eq!(wait, None);
    assert_eq!(rate_limit::sweep(&pools[0], 900).await.unwrap(), 0);
    change(
        &town.pool,
        "update rate_limits set counted_at = now() - interval '5 hours'",
    )
    .await;
    assert_eq!(rate_limit::sweep(&pools[0], 900).await.unwrap(), 1);
}

#[tokio::test]
async fn the_sweep_waits_for_no_counter_that_a_try_holds() {
    let town = Town::new().await;
    for number in 0..3 {
        let _ = try_as(&town.stranger(), &format!("name-{number}"), "wrong").await;
    }
    change(
        &town.pool,
        "update rate_limits set counted_at = now() - interval '5 hours'",
    )
    .await;
    let before: i64 = town.ask("select count(*) from rate_limits").await;
    let mut trying = town.pool.begin().await.expect("a transaction");
    let held = "select from rate_limits where kind = 'address' for update";
    let held = sqlx::query(held).execute(&mut *trying).await.expect("rows");
    assert_eq!(held.rows_affected(), 1);
    // A sweep that waits would fail by this, not hang.
    let mut sweeping = town.pool.begin().await.expect("a transaction");
    sqlx::query("set local lock_timeout = '5s'")
        .execute(&mut *sweeping)
        .await
        .expect("a setting");
    let swept = rate_limit::sweep(&mut *sweeping, 900).await;
    assert_eq!(swept.expect("no wait"), before.unsigned_abs() - 1);
    sweeping.commit().await.expect("a sweep");
    trying.commit().await.expect("a try");
    assert_eq!(rate_limit::sweep(&town.pool, 900).await.unwrap(), 1);
}

#[tokio::test]
async fn a_try_that_one_counter_refuses_is_counted_by_none() {
    let town = Town::new().await;
    let _ = try_as(&town.stranger_from("10.0.0.1"), "ann", "wrong").await;
    // The account is being closed at the moment of the second try.
    let mut closing = town.pool.begin().await.expect("a transaction");
    sqlx::query(
        "update rate_limits set not_before = now() + interval '15 minutes' where kind = 'account'",
    )
    .execute(&mut *closing)
    .await
    .expect("a closed account");
    let visitor = town.stranger_from("10.0.0.2");
    let tried = tokio::spawn(async move { try_as(&visitor, "ann", "wrong").await.status });
    until_locked(&town, 1).await;
    closing.commit().await.expect("a closed account");
    assert_eq!(
        tried.await.expect("an answer"),
        StatusCode::TOO_MANY_REQUESTS
    );
    let rows: i64 = town.ask("select count(*) from rate_limits").await;
    assert_eq!(rows, 3, "pair, address and account of the first try alone");
}

#[tokio::test]
async fn the_database_refuses_more_rows_than_there_are_buckets() {
    let town = Town::new().await;
    for (kind, bucket) in [("account", -1), ("account", 131_072), ("another", 0)] {
        let counter = Counter {
            kind,
            bucket,
            free: 6,
            calm_s: 900,
        };
        let counted = rate_limit::count(&town.pool, counter).await;
        let error = counted.expect_err("no such bucket").to_string();
        assert!(error.contains("rate_limits_"), "{error}");
    }
    // However many names are tried, each kind has as many rows as subjects at most.
    for number in 0..4 {
        let name = format!("name-{}", number % 2);
        let stranger = town.stranger_from("10.0.0.1");
        let _ = try_as(&stranger, &name, "wrong").await;
    }
    let rows: i64 = town.ask("select count(*) from rate_limits").await;
    assert_eq!(rows, 2 + 1 + 2, "pairs, address, accounts");
}

#[tokio::test]
async fn strangers_cannot_keep_an_owner_out_who_has_a_known_browser() {
    let town = Town::new().await;
    let (ann, bob) = (town.newcomer("ann").await, town.newcomer("bob").await);
    let stranger = town.stranger();
    for visitor in [&ann, &bob] {
        visitor.post("/logout", &[]).await;
    }
    // What strangers did to the account, and neighbours to the address.
    let wrong = try_as(&stranger, "ann", "wrong").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for kind in ["account", "address"] {
        close(&town, kind).await;
        let right = try_as(&stranger, "ann", PASSWORD).await;
        assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "{kind}");
        let other = try_as(&bob, "ann", PASSWORD).await;
        assert_eq!(
            other.status,
            StatusCode::TOO_MANY_REQUESTS,
            "a browser is known to its own account alone"
        );
        let owner = try_as(&ann, "ann", PASSWORD).await;
        assert_eq!(owner.status, StatusCode::SEE_OTHER, "{kind}");
    }
    // A known browser guesses no faster than another.
    let mut last = StatusCode::OK;
    for _ in 0..10 {
        last = try_as(&ann, "ann", "wrong").await.status;
        if last == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    change(&town.pool, "delete from rate_limits where kind = 'browser'").await;
    for revoked in [
        "update known_browsers set expires_at = now() - interval '1 second'",
        "delete from known_browsers",
    ] {
        change(&town.pool, revoked).await;
        let owner = try_as(&ann, "ann", PASSWORD).await;
        assert_eq!(owner.status, StatusCode::TOO_MANY_REQUESTS, "{revoked}");
    }
}

#[tokio::test]
async fn a_known_browser_has_a_fresh_secret_after_each_log_in_and_an_account_few_of_them() {
    let town = Town::new().await;
    let ann = town.newcomer("ann").await;
    let mut secrets = Vec::new();
    for _ in 0..2 {
        let answer = try_as(&ann, "ann", PASSWORD).await;
        let cookies = answer.headers.get_all("set-cookie").iter();
        let cookie = cookies
            .map(|cookie| cookie.to_str().unwrap())
            .find(|cookie| cookie.starts_with("browser="))
            .expect("a cookie of the browser");
        for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=15552000"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let secret = cookie.split(';').next().expect("a value").to_owned();
        let digest = secret.trim_start_matches("browser=").to_owned();
        assert_eq!(digest.len(), 43, "256 bits in base64: {digest}");
        secrets.push(secret);
    }
    assert_ne!(secrets[0], secrets[1]);
    let known = "select count(*) from known_browsers";
    assert_eq!(town.ask::<i64>(known).await, 1, "one browser, one row");

    // The secret of before is worth nothing.
    let thief = town.stranger();
    let _ = try_as(&thief, "ann", "wrong").await;
    close(&town, "account").await;
    for (secret, status) in [(&secrets[0], 429), (&secrets[1], 303)] {
        let headers = [
            ("cookie", secret.as_str()),
            ("sec-fetch-site", "same-origin"),
        ];
        let body = format!("name=ann&password={}", PASSWORD.replace(' ', "+"));
        let answer = thief.send("POST", "/login", &headers, body).await;
        assert_eq!(answer.status.as_u16(), status);
    }
    change(&town.pool, "delete from rate_limits").await;
    for _ in 0..11 {
        let answer = try_as(&town.stranger(), "ann", PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(town.ask::<i64>(known).await, 10);
}

#[tokio::test]
async fn a_success_forgives_the_pair_but_not_the_failures_of_its_address() {
    let town = Town::new().await;
    let _ann = town.newcomer("ann").await;
    let guesser = town.stranger_from("10.0.0.1");
    for name in ["ann", "ann", "name-1", "name-2", "name-3"] {
        let wrong = try_as(&guesser, name, "wrong").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let right = try_as(&guesser, "ann", PASSWORD).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER);
    // A level falls by one in five minutes.
    let address: f64 = town
        .ask("select level from rate_limits where kind = 'address'")
        .await;
    assert!((4.5..=5.0).contains(&address), "five failures: {address}");
    let account: f64 = town
        .ask("select max(level) from rate_limits where kind = 'account'")
        .await;
    assert!((1.5..=2.0).contains(&account), "two failures: {account}");
    let others: f64 = town
        .ask("select min(level) from rate_limits where kind = 'account'")
        .await;
    assert!((0.5..=1.0).contains(&others), "one failure each: {others}");
    let pairs: i64 = town
        .ask("select count(*) from rate_limits where kind = 'pair'")
        .await;
    assert_eq!(pairs, 3, "that of ann is forgiven");
    // One failure more closes the address.
    let _ = try_as(&town.stranger_from("10.0.0.1"), "name-4", "wrong").await;
    let closed: bool = town
        .ask("select not_before > counted_at from rate_limits where kind = 'address'")
        .await;
    assert!(closed);
}

#[tokio::test]
async fn a_network_of_ipv6_is_one_guesser() {
    let town = Town::new().await;
    let mut last = StatusCode::OK;
    for host in 1..=12 {
        let visitor = town.stranger_from(&format!("2001:db8:1:2::{host}"));
        last = try_as(&visitor, &format!("name-{host}"), "wrong")
            .await
            .status;
        if last == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let other = town.stranger_from("2001:db8:1:3::1");
    let answer = try_as(&other, "name-13", "wrong").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_is_no_name_counts_as_a_try_of_its_address() {
    let town = Town::new().await;
    for name in ["", "not a name", "a\0b"] {
        let wrong = try_as(&town.stranger_from("10.0.0.1"), name, "wrong").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{name:?}");
    }
    let address: f64 = town.ask("select sum(level) from rate_limits").await;
    assert!((2.5..=3.0).contains(&address), "three tries: {address}");
    close(&town, "address").await;
    let refused = try_as(&town.stranger_from("10.0.0.1"), "not a name", "wrong").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn too_many_sign_ups_have_their_own_words_and_keep_the_form() {
    let town = Town::new().await;
    let _ann = town.newcomer("ann").await;
    close(&town, "sign-up").await;
    let stranger = town.stranger();
    let form = [
        ("name", "bob-lind"),
        ("display_name", "Bob <Lind>"),
        ("password", PASSWORD),
    ];
    let refused = stranger.post("/register", &form).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 600);
    let page = refused.text();
    assert!(page.contains("too many sign-ups"), "{page}");
    assert!(page.contains("15 minutes"), "{page}");
    assert!(page.contains("value=\"bob-lind\""), "{page}");
    assert!(page.contains("value=\"Bob &#60;Lind&#62;\""), "{page}");
    assert!(!page.contains(PASSWORD), "{page}");
    // To log in is another thing, as is a sign-up from elsewhere.
    let right = try_as(&stranger, "ann", PASSWORD).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER);
    let elsewhere = town.stranger_from("10.0.0.2");
    let joined = elsewhere.post("/register", &form).await;
    assert_eq!(joined.status, StatusCode::SEE_OTHER);
    let _ = try_as(&stranger, "name-1", "wrong").await;
    close(&town, "address").await;
    let refused = try_as(&stranger, "name-1", "wrong").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.text().contains("value=\"name-1\""));
}

#[tokio::test]
async fn pages_are_answered_while_tries_wait_for_the_database() {
    let town = Town::new().await;
    let mut lock = town.pool.begin().await.expect("a transaction");
    sqlx::query("lock table rate_limits in access exclusive mode")
        .execute(&mut *lock)
        .await
        .expect("a table that answers no other");
    let (base, _) = town.another_process().await;
    let tries: Vec<_> = (0..50)
        .map(|number| {
            let visitor = Visitor::from(&base, &format!("10.2.0.{number}"));
            tokio::spawn(async move { try_as(&visitor, "name", "wrong").await.status })
        })
        .collect();
    until_locked(&town, 2).await;
    // More tries than the process has connections, and yet one is free for a page.
    for _ in 0..3 {
        let page = Visitor::at(&base).get("/people").await;
        assert_eq!(page.status, StatusCode::OK);
    }
    assert_eq!(town.ask::<i64>(WAITING_FOR_A_LOCK).await, 2);
    lock.rollback().await.expect("the table answers again");
    for tried in join_all(tries).await {
        assert_ne!(tried.expect("an answer"), StatusCode::INTERNAL_SERVER_ERROR);
    }
}

#[tokio::test]
async fn a_full_line_for_hashes_is_said_at_once_and_counts_as_no_try() {
    let town = Town::new().await;
    let _ann = town.newcomer("ann").await;
    change(&town.pool, "delete from rate_limits").await;
    let (base, site) = town.another_process().await;
    let (mut hashing, mut waiting) = (Vec::new(), Vec::new());
    loop {
        let mut turn = Box::pin(site.accounts.passwords().turn(Standing::Stranger));
        match turn.as_mut().now_or_never() {
            Some(Ok(turn)) => hashing.push(turn),
            Some(Err(_)) => break,
            None => waiting.push(turn),
        }
    }
    let visitor = Visitor::at(&base);
    let busy = try_as(&visitor, "ann", PASSWORD).await;
    assert_eq!(busy.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(busy.header("retry-after"), "2");
    assert!(busy.text().contains("value=\"ann\""), "{}", busy.text());
    let form = [("name", "bob-lind"), ("password", PASSWORD)];
    let busy = visitor.post("/register", &form).await;
    assert_eq!(busy.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(busy.text().contains("value=\"bob-lind\""));
    let tries: f64 = town.ask("select sum(level) from rate_limits").await;
    assert!(tries < 0.5, "{tries} tries are counted");
    // Those who wait leave, and the next one is let in.
    drop(waiting);
    drop(hashing);
    let right = try_as(&visitor, "ann", PASSWORD).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER);
}
