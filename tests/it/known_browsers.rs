//! Browsers in which an account was logged in to before: what a crowd of strangers cannot take from them,
//! and what becomes of their secrets.

use db::known_browser;
use domain::{Secret, UserId};
use futures::FutureExt as _;
use futures::future::join_all;
use reqwest::StatusCode;

use crate::town::{Answer, Town, Visitor};

const PASSWORD: &str = "correct horse battery";

async fn log_in(visitor: &Visitor, name: &str) -> Answer {
    let form = [("name", name), ("password", PASSWORD)];
    visitor.post("/login", &form).await
}

const WAITING_FOR_A_LOCK: &str = "select count(*) from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'";

/// Waits until so many connections wait for a lock.
async fn until_locked(town: &Town, count: i64) {
    while town.ask::<i64>(WAITING_FOR_A_LOCK).await < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_crowd_of_waiting_strangers_does_not_refuse_a_known_browser() {
    let town = Town::new().await;
    let (ann, bob) = (town.newcomer("ann").await, town.newcomer("bob").await);
    let (base, site) = town.another_process().await;
    let (ann, bob) = (ann.moved_to(&base), bob.moved_to(&base));
    // Strangers take all places where one waits for the decision.
    let (mut deciding, mut waiting) = (Vec::new(), Vec::new());
    loop {
        let mut turn = Box::pin(site.accounts.turn_to_decide());
        match turn.as_mut().now_or_never() {
            Some(Ok(turn)) => deciding.push(turn),
            Some(Err(_)) => break,
            None => waiting.push(turn),
        }
    }
    let stranger = Visitor::at(&base);
    let busy = log_in(&stranger, "ann").await;
    assert_eq!(busy.status, StatusCode::SERVICE_UNAVAILABLE);
    let owner = log_in(&ann, "ann").await;
    assert_eq!(owner.status, StatusCode::SEE_OTHER, "{}", owner.text());
    let other = log_in(&bob, "ann").await;
    assert_eq!(
        other.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "a browser is known to its own account alone"
    );
    sqlx::query("delete from known_browsers")
        .execute(&town.pool)
        .await
        .expect("revoked browsers");
    let revoked = log_in(&ann, "ann").await;
    assert_eq!(revoked.status, StatusCode::SERVICE_UNAVAILABLE);
    drop((deciding, waiting));
    let stranger = log_in(&stranger, "ann").await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn two_log_ins_at_once_with_one_cookie_leave_the_browser_known_to_both_accounts() {
    let town = Town::new().await;
    let browser = town.newcomer("ann").await;
    let joined = [("name", "bob"), ("password", PASSWORD)];
    let joined = browser.post("/register", &joined).await;
    assert_eq!(joined.status, StatusCode::SEE_OTHER);
    let known = "select count(*) from known_browsers";
    assert_eq!(town.ask::<i64>(known).await, 2);
    // Both have shown the cookie before either gets a fresh one.
    let mut lock = town.pool.begin().await.expect("a transaction");
    sqlx::query("select from known_browsers for update")
        .execute(&mut *lock)
        .await
        .expect("locked rows");
    let tabs = ["ann", "bob"].map(|name| {
        let browser = browser.clone();
        tokio::spawn(async move { log_in(&browser, name).await.status })
    });
    until_locked(&town, 2).await;
    lock.rollback().await.expect("open rows");
    for tab in join_all(tabs).await {
        assert_eq!(tab.expect("an answer"), StatusCode::SEE_OTHER);
    }
    // Whichever cookie the browser kept, it is known to both.
    let browsers = "select count(*) from (select from known_browsers
                                           group by token_hash having count(*) = 2) b";
    assert_eq!(town.ask::<i64>(browsers).await, 2);
}

#[tokio::test]
async fn two_log_ins_at_once_in_new_browsers_leave_an_account_few_of_them() {
    let town = Town::new().await;
    let _ann = town.newcomer("ann").await;
    sqlx::query(
        "insert into known_browsers (userid, token_hash, expires_at)
         select userid, sha256(n::text::bytea), now() + n * interval '1 minute'
           from known_browsers, generate_series(1, 9) n",
    )
    .execute(&town.pool)
    .await
    .expect("nine more browsers");
    let ann: UserId = town.ask("select id from users where name = 'ann'").await;
    let fresh = || Secret::random().hash();
    let mut first = town.pool.begin().await.expect("a transaction");
    known_browser::remember(&mut first, ann, None, &fresh())
        .await
        .expect("a browser");
    let pool = town.pool.clone();
    let second = tokio::spawn(async move {
        let mut second = pool.begin().await.expect("a transaction");
        let remembered = known_browser::remember(&mut second, ann, None, &fresh()).await;
        remembered.expect("a browser");
        second.commit().await.expect("a commit");
    });
    while !second.is_finished() && town.ask::<i64>(WAITING_FOR_A_LOCK).await == 0 {
        tokio::task::yield_now().await;
    }
    first.commit().await.expect("a commit");
    second.await.expect("a second browser");
    let known: i64 = town.ask("select count(*) from known_browsers").await;
    assert_eq!(known, 10);
}
