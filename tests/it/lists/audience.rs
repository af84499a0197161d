//! Lists, and the counts above them, hold what this visitor may see.

use reqwest::StatusCode;

use super::{photos, shown};
use crate::town::{Town, Visitor};

/// The photos of a page and the count above them.
async fn seen(visitor: &Visitor, path: &str) -> (Vec<i64>, String) {
    let page = visitor.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}");
    let text = page.text();
    let (_, facts) = text.split_once("<p class=\"facts\"><span>").unwrap();
    let count = facts.split_once(" photo").unwrap().0.to_owned();
    (shown(&text), count)
}

#[tokio::test]
async fn lists_and_their_counts_hold_what_this_visitor_may_see() {
    let town = Town::new().await;
    let (ann, bob, cyd, stranger) = (
        town.newcomer("ann").await,
        town.newcomer("bob").await,
        town.newcomer("cyd").await,
        town.stranger(),
    );
    sqlx::query(
        "insert into follows (follower_id, followee_id)
         select a.id, b.id
           from users a, users b
          where (a.name, b.name) in (('ann', 'bob'), ('cyd', 'ann'))",
    )
    .execute(&town.pool)
    .await
    .unwrap();
    let mut ids = Vec::new();
    for visibility in ["public", "contacts", "private"] {
        ids.extend(photos(&town, "ann", 2, "2020-05-10", visibility).await);
        // Of another person, and a month that only some know.
        photos(&town, "bob", 1, "2020-05-11", visibility).await;
    }
    photos(&town, "ann", 1, "2021-01-01", "private").await;
    sqlx::query(
        "update users u
            set public_photo_count = n.public, contacts_photo_count = n.contacts,
                private_photo_count = n.private
           from (select userid,
                        count(*) filter (where visibility = 'public') as public,
                        count(*) filter (where visibility = 'contacts') as contacts,
                        count(*) filter (where visibility = 'private') as private
                   from photos group by userid) n
          where n.userid = u.id",
    )
    .execute(&town.pool)
    .await
    .unwrap();
    for (who, visitor, in_may, in_all, months) in [
        ("a stranger", &stranger, 2, 2, 1),
        ("a member whom ann does not follow", &cyd, 2, 2, 1),
        ("a contact", &bob, 4, 4, 1),
        ("the owner", &ann, 6, 7, 2),
    ] {
        let (mut may, count) = seen(visitor, "/people/ann/archive/2020-05").await;
        may.sort_unstable();
        assert_eq!(may, ids[..in_may], "{who}");
        assert_eq!(count, in_may.to_string(), "{who}");
        let (stream, count) = seen(visitor, "/people/ann").await;
        assert_eq!((stream.len(), count), (in_all, in_all.to_string()), "{who}");
        let rail = visitor.get("/people/ann/archive/2020-05").await.text();
        let listed = rail.matches("href=\"/people/ann/archive/20").count();
        assert_eq!(listed, months, "{who}");
        let newest = visitor.get("/people/ann/archive/2021-01").await.status;
        assert_eq!(newest == StatusCode::OK, months == 2, "{who}");
    }
}
