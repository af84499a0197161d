//! Explore shows at most four photos of one person on a page, and goes on past any number of them.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::StatusCode;

use super::{link, photos, shown};
use crate::town::{Town, Visitor};

/// How many photos of each person a page shows.
fn of_each(html: &str) -> BTreeMap<String, usize> {
    let mut of_each = BTreeMap::new();
    for rest in html.split("class=\"open\" href=\"/people/").skip(1) {
        let (name, _) = rest.split_once('/').unwrap();
        *of_each.entry(name.to_owned()).or_default() += 1;
    }
    of_each
}

/// Follows the links of one relation; checks each page, and returns what each shows.
async fn walk(visitor: &Visitor, from: &str, rel: &str) -> Vec<(String, Vec<i64>)> {
    let (mut pages, mut here) = (Vec::new(), from.to_owned());
    loop {
        let page = visitor.get(&here).await;
        if page.status == StatusCode::SEE_OTHER {
            page.header("location").clone_into(&mut here);
            continue;
        }
        assert_eq!(page.status, StatusCode::OK, "{here}");
        let text = page.text();
        assert!(!shown(&text).is_empty(), "{here} is empty");
        for (person, count) in of_each(&text) {
            assert!(count <= 4, "{here} shows {count} of {person}");
        }
        pages.push((here, shown(&text)));
        match link(&text, rel) {
            Some(next) => here = next,
            None => return pages,
        }
        assert!(pages.len() < 300, "{rel} does not end");
    }
}

#[tokio::test]
async fn one_person_has_four_places_of_a_page_and_others_are_not_pushed_out() {
    let town = Town::new().await;
    let stranger = town.stranger();
    town.newcomer("ann").await;
    let others = shown(&stranger.get("/").await.text());
    let posted = photos(&town, "ann", 100, "2020-05-10", "public").await;
    let page = shown(&stranger.get("/").await.text());
    assert_eq!(page.len(), 40);
    let newest: Vec<i64> = posted.iter().rev().take(4).copied().collect();
    assert_eq!(page[..4], newest);
    assert_eq!(page[4..], others[..36], "the page of others goes on");
}

#[tokio::test]
async fn ten_thousand_photos_in_a_row_make_short_pages_but_none_empty() {
    let town = Town::new().await;
    let stranger = town.stranger();
    town.newcomer("ann").await;
    let newest_of_others = shown(&stranger.get("/").await.text())[0];
    photos(&town, "ann", 10_000, "2020-05-10", "public").await;
    let pages = walk(&stranger, "/", "next").await;
    let others = pages
        .iter()
        .position(|(_, photos)| photos.contains(&newest_of_others));
    assert!(others.is_some_and(|page| page <= 6), "{others:?}");
    // The same past the small table of the newest 10,000, and back.
    sqlx::query("delete from recent_photos where photo_id < (select max(photo_id) - 5000 from recent_photos)")
        .execute(&town.pool)
        .await
        .unwrap();
    let again = walk(&stranger, "/", "next").await;
    assert_eq!(
        again.last().map(|(_, photos)| photos),
        pages.last().map(|(_, photos)| photos)
    );
    let (last, _) = again.last().unwrap();
    let back = walk(&stranger, last, "prev").await;
    assert_eq!(back.last().map(|(url, _)| url.as_str()), Some("/"));
}

#[tokio::test]
async fn a_photo_is_left_out_only_for_four_others_of_its_owner() {
    let town = Town::new().await;
    let stranger = town.stranger();
    let pages = walk(&stranger, "/", "next").await;
    let met: Vec<i64> = pages
        .iter()
        .flat_map(|(_, photos)| photos.clone())
        .collect();
    let once: BTreeSet<i64> = met.iter().copied().collect();
    assert_eq!(once.len(), met.len(), "a photo is shown twice");
    let newest_first = met.windows(2).all(|pair| pair[0] > pair[1]);
    assert!(newest_first, "out of order");
    let all: Vec<(i64, i64)> = sqlx::query_as(
        "select id, userid from photos where visibility = 'public' order by id desc",
    )
    .fetch_all(&town.pool)
    .await
    .unwrap();
    let owner: BTreeMap<i64, i64> = all.iter().copied().collect();
    for (id, person) in all.iter().filter(|(id, _)| !once.contains(id)) {
        // The page that examined it: the last one that begins above it.
        let page = pages.iter().rev().find(|(_, page)| page[0] > *id);
        let (url, page) = page.unwrap_or_else(|| panic!("{id} is newer than all pages"));
        let of_person = page.iter().filter(|id| owner[*id] == *person).count();
        assert_eq!(of_person, 4, "{id} is left out of {url}");
    }
}

#[tokio::test]
async fn private_photos_in_a_row_change_nothing_on_explore() {
    let town = Town::new().await;
    let stranger = town.stranger();
    town.newcomer("ann").await;
    let before = shown(&stranger.get("/").await.text());
    photos(&town, "ann", 5_000, "2020-05-10", "private").await;
    sqlx::query("delete from recent_photos")
        .execute(&town.pool)
        .await
        .unwrap();
    assert_eq!(shown(&stranger.get("/").await.text()), before);
}

#[tokio::test]
async fn a_photo_that_is_not_public_is_not_on_explore_even_if_the_small_table_has_it() {
    let town = Town::new().await;
    let stranger = town.stranger();
    town.newcomer("ann").await;
    // More than four of one person, so that the statement for such pages is asked too.
    for many in [1, 100] {
        photos(&town, "ann", many, "2020-05-10", "public").await;
        let private = photos(&town, "ann", 1, "2020-05-10", "private").await[0];
        sqlx::query("insert into recent_photos select id, userid from photos where id = $1")
            .bind(private)
            .execute(&town.pool)
            .await
            .unwrap();
        let page = stranger.get("/").await.text();
        assert!(!shown(&page).contains(&private), "{many}");
    }
}

#[tokio::test]
async fn a_private_photo_is_not_on_explore_when_nobody_has_more_than_four_there() {
    let town = Town::new().await;
    let stranger = town.stranger();
    let names: Vec<String> = sqlx::query_scalar("select name from users order by id limit 14")
        .fetch_all(&town.pool)
        .await
        .unwrap();
    // Four of each together: with one more, another statement would be asked.
    for (visibility, count) in [("public", 3), ("private", 1)] {
        for name in &names {
            photos(&town, name, count, "2020-05-10", visibility).await;
        }
    }
    let public: Vec<i64> = sqlx::query_scalar(
        "select id from photos where visibility = 'public' order by id desc limit 40",
    )
    .fetch_all(&town.pool)
    .await
    .unwrap();
    // From the small table, and from that of all photos.
    for _ in 0..2 {
        assert_eq!(shown(&stranger.get("/").await.text()), public);
        sqlx::query("delete from recent_photos")
            .execute(&town.pool)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn the_small_table_of_the_newest_has_no_gaps() {
    let town = Town::new().await;
    let (ann, stranger) = (town.newcomer("ann").await, town.stranger());
    let old = photos(&town, "ann", 1, "2020-05-10", "private").await[0];
    for name in ["bob", "cid"] {
        town.newcomer(name).await;
        photos(&town, name, 2, "2020-05-10", "public").await;
    }
    // Only the newest one is in the table, as if it had room for one.
    sqlx::query(
        "delete from recent_photos where photo_id < (select max(photo_id) from recent_photos)",
    )
    .execute(&town.pool)
    .await
    .unwrap();
    let path = format!("/people/ann/{old}");
    let shown_now = ann
        .post(&format!("{path}/visibility"), &[("visibility", "public")])
        .await;
    assert_eq!(shown_now.status, StatusCode::SEE_OTHER);
    let gap: i64 = town
        .ask(
            "select count(*) from photos where visibility = 'public'
                 and id > (select min(photo_id) from recent_photos)
                 and id not in (select photo_id from recent_photos)",
        )
        .await;
    assert_eq!(gap, 0);
    assert!(shown(&stranger.get("/").await.text()).contains(&old));
}
