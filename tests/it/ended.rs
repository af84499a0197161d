//! Statements that the database ended pass by themselves: the visitor is told when to come back.

use reqwest::StatusCode;

use crate::town::Town;

#[tokio::test]
async fn a_page_whose_statement_was_ended_says_when_to_come_back() {
    let town = Town::new().await;
    let mut lock = town.pool.begin().await.expect("a transaction");
    sqlx::query("lock table users in access exclusive mode")
        .execute(&mut *lock)
        .await
        .expect("a table that answers no other");
    let visitor = town.stranger();
    let page = tokio::spawn(async move { visitor.get("/people").await });
    // What statement_timeout does, without its 20 seconds.
    let ended = "with waiting as materialized (
                     select pid
                       from pg_stat_activity
                      where datname = current_database() and wait_event_type = 'Lock')
                 select count(*) from waiting where pg_cancel_backend(pid)";
    while town.ask::<i64>(ended).await == 0 {
        tokio::task::yield_now().await;
    }
    let page = page.await.expect("an answer");
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.header("retry-after"), "2");
    lock.rollback().await.expect("the table answers again");
    let page = town.stranger().get("/people").await;
    assert_eq!(page.status, StatusCode::OK);
}
