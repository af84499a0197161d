//! What ends by itself is taken away when it has ended, and nothing before.

use db::{known_browser, session, upload_place};
use domain::UserId;
use uuid::Uuid;

use crate::town::Town;

#[tokio::test]
async fn only_what_has_expired_is_swept() {
    let town = Town::new().await;
    let ann = town.newcomer("ann").await;
    let id = UserId(town.ask("select id from users where name = 'ann'").await);
    sqlx::raw_sql(
        "insert into sessions (token_hash, userid, expires_at)
         select sha256('ended'), userid, now() - interval '1 second' from sessions;
         insert into known_browsers (userid, token_hash, expires_at)
         select userid, sha256('ended'), now() - interval '1 second' from known_browsers",
    )
    .execute(&town.pool)
    .await
    .expect("what has ended");
    assert_eq!(session::sweep(&town.pool).await.unwrap(), 1);
    assert_eq!(known_browser::sweep(&town.pool).await.unwrap(), 1);
    assert!(ann.get("/").await.text().contains("ann"));
    let browsers: i64 = town.ask("select count(*) from known_browsers").await;
    assert_eq!(browsers, 1);

    let leases = [Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)];
    let take = async |lease| upload_place::take(&town.pool, id, lease).await.unwrap();
    assert!(take(leases[0]).await && take(leases[1]).await);
    assert!(!take(leases[2]).await, "an account has two places");
    // Only the own place is given back.
    upload_place::give_back(&town.pool, id, leases[0])
        .await
        .unwrap();
    assert!(take(leases[2]).await);
    assert!(!take(leases[0]).await);
    // A process that died gives nothing back.
    sqlx::query("update upload_places set expires_at = now() where lease = $1")
        .bind(leases[1])
        .execute(&town.pool)
        .await
        .expect("a lease that has ended");
    assert!(take(leases[0]).await, "its place is free");
    assert_eq!(upload_place::sweep(&town.pool).await.unwrap(), 0);
    sqlx::query("update upload_places set expires_at = now() where lease = $1")
        .bind(leases[0])
        .execute(&town.pool)
        .await
        .expect("a lease that has ended");
    assert_eq!(upload_place::sweep(&town.pool).await.unwrap(), 1);
    let left: Uuid = town.ask("select lease from upload_places").await;
    assert_eq!(left, leases[2]);
}
