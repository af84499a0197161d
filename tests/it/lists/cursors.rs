//! A page begins where the one before ended, whatever became of the photo there.

use reqwest::StatusCode;

use super::{link, photos, shown};
use crate::town::{Town, Visitor};

async fn seen(visitor: &Visitor, path: &str) -> (StatusCode, String, String) {
    let answer = visitor.get(path).await;
    (
        answer.status,
        answer.header("location").to_owned(),
        without_way_back(&answer.text()),
    )
}

/// A page without its link to log in, which repeats the address that was asked for.
fn without_way_back(page: &str) -> String {
    let lines = page.lines().filter(|line| !line.contains("/login?next="));
    lines.collect::<Vec<&str>>().join("\n")
}

#[tokio::test]
async fn an_address_made_with_a_private_id_returns_the_same_as_one_with_no_photo_behind_it() {
    let town = Town::new().await;
    let stranger = town.stranger();
    town.newcomer("ann").await;
    for day in ["2020-05-01", "2020-05-10", "2020-05-20", "2020-05-30"] {
        photos(&town, "ann", 1, day, "public").await;
    }
    let may = photos(&town, "ann", 1, "2020-05-15", "private").await[0];
    let june = photos(&town, "ann", 1, "2020-06-15", "private").await[0];
    let [contacts, none] = [
        photos(&town, "ann", 1, "2020-05-16", "contacts").await[0],
        june + 500_000,
    ];
    // What earlier versions linked to: the id alone. It leads to the month, whatever the id is.
    let month = "/people/ann/archive/2020-05";
    let expected = seen(&stranger, &format!("{month}?before={none}")).await;
    assert_eq!(
        (expected.0, expected.1.as_str()),
        (StatusCode::SEE_OTHER, month)
    );
    for id in [may, june, contacts] {
        let with = seen(&stranger, &format!("{month}?before={id}")).await;
        assert_eq!(with, expected, "{id}");
    }
    // A place of today's form with a private photo's id in it.
    let place = |id: i64| format!("{month}?before=2020-05-15T00:00:00Z.{id}");
    let expected = seen(&stranger, &place(none)).await;
    assert_eq!(shown(&expected.2).len(), 2, "{}", expected.2);
    for id in [may, june, contacts] {
        assert_eq!(seen(&stranger, &place(id)).await, expected, "{id}");
    }
    // Upload order is the order of ids: what is before and after a place is the same with and
    // without a photo there.
    for (list, with, without) in [
        ("/people/ann?before=", june, june + 1),
        ("/people/ann?after=", may, may - 1),
    ] {
        let with = seen(&stranger, &format!("{list}{with}")).await;
        let without = seen(&stranger, &format!("{list}{without}")).await;
        assert_eq!(with.0, without.0, "{list}");
        assert_eq!(shown(&with.2), shown(&without.2), "{list}");
    }
}

#[tokio::test]
async fn a_place_of_another_month_shows_no_photo_of_that_month() {
    let town = Town::new().await;
    let stranger = town.stranger();
    town.newcomer("ann").await;
    let may = photos(&town, "ann", 3, "2020-05-10", "public").await;
    photos(&town, "ann", 3, "2020-06-10", "public").await;
    photos(&town, "ann", 3, "2020-04-10", "public").await;
    let month = "/people/ann/archive/2020-05";
    let page = stranger
        .get(&format!("{month}?before=2020-08-01T00:00:00Z.1"))
        .await;
    let mut ids = shown(&page.text());
    ids.sort_unstable();
    assert_eq!(ids, may);
    for nothing in ["2020-05-01T00:00:00Z.1", "0000-01-01T00:00:00Z.1"] {
        let answer = stranger.get(&format!("{month}?before={nothing}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{nothing}");
    }
    for wrong in ["x", "2020-05-20", "2020-05-20T10:00:00Z", "%00", "17%00"] {
        let answer = stranger.get(&format!("{month}?before={wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn the_page_after_a_deleted_photo_still_comes() {
    let town = Town::new().await;
    let stranger = town.stranger();
    let ann = town.newcomer("ann").await;
    // Hours apart, and five of them within one microsecond, where the id alone orders them.
    let mut all = photos(&town, "ann", 41, "2020-05-10", "public").await;
    for _ in 0..5 {
        all.extend(photos(&town, "ann", 1, "2020-05-10", "public").await);
    }
    for first in ["/people/ann", "/people/ann/archive/2020-05"] {
        let page = stranger.get(first).await.text();
        let last = *shown(&page).last().unwrap();
        let next = link(&page, "next").unwrap_or_else(|| panic!("{first} has no next page"));
        let before = shown(&stranger.get(&next).await.text());
        let deleted = ann
            .post(&format!("/people/ann/{last}/delete"), &[])
            .await
            .status;
        assert_eq!(deleted, StatusCode::SEE_OTHER);
        let after = stranger.get(&next).await;
        assert_eq!(after.status, StatusCode::OK, "{first}: {}", after.text());
        assert_eq!(shown(&after.text()), before, "{first}");
        all.retain(|id| *id != last);
    }
    // Every photo that is left is met once.
    for first in ["/people/ann", "/people/ann/archive/2020-05"] {
        let (mut met, mut here) = (Vec::new(), Some(first.to_owned()));
        while let Some(path) = here {
            let page = stranger.get(&path).await.text();
            met.extend(shown(&page));
            here = link(&page, "next");
        }
        met.sort_unstable();
        assert_eq!(met, all, "{first}");
    }
}

#[tokio::test]
async fn explore_goes_on_after_a_deleted_photo() {
    let town = Town::new().await;
    let stranger = town.stranger();
    let page = stranger.get("/").await.text();
    let next = link(&page, "next").expect("a next page");
    let before = shown(&stranger.get(&next).await.text());
    let last = *shown(&page).last().unwrap();
    sqlx::query("delete from photos where id = $1")
        .bind(last)
        .execute(&town.pool)
        .await
        .unwrap();
    assert_eq!(shown(&stranger.get(&next).await.text()), before);
}

#[tokio::test]
async fn comments_go_on_after_a_deleted_one_and_one_of_another_photo() {
    let town = Town::new().await;
    let stranger = town.stranger();
    town.newcomer("ann").await;
    let ids = photos(&town, "ann", 2, "2020-05-10", "public").await;
    let secret = photos(&town, "ann", 1, "2020-05-10", "private").await[0];
    let comment = async |photo: i64, body: &str| -> i64 {
        sqlx::query_scalar(
            "with c as (
                insert into comments (photo_id, userid, author_id, body)
                select id, userid, userid, $2 from photos where id = $1
                returning id)
             select id from c",
        )
        .bind(photo)
        .bind(body)
        .fetch_one(&town.pool)
        .await
        .expect("a comment")
    };
    let first = comment(ids[0], "one").await;
    let elsewhere = comment(ids[1], "elsewhere").await;
    let hidden = comment(secret, "hidden").await;
    comment(ids[0], "two").await;
    sqlx::query("update photos set comment_count = 2 where id = $1")
        .bind(ids[0])
        .execute(&town.pool)
        .await
        .unwrap();
    let at = |id: i64| format!("/people/ann/{}?comments_after={id}", ids[0]);
    let (_, _, expected) = seen(&stranger, &at(first)).await;
    assert!(expected.contains("two") && !expected.contains("<p>one</p>"));
    sqlx::query("delete from comments where id = $1")
        .bind(first)
        .execute(&town.pool)
        .await
        .unwrap();
    for id in [first, elsewhere, hidden, hidden - 1] {
        assert_eq!(seen(&stranger, &at(id)).await.2, expected, "{id}");
    }
}
