//! The photos beside a photo: only those that this visitor may see; and whose views are counted.

use super::photos;
use crate::town::{Answer, Town};

/// Where a page's head leads in that direction, and the pictures to fetch ahead.
fn beside(page: &Answer, rel: &str) -> (Option<i64>, Option<String>) {
    let text = page.text();
    let Some((_, rest)) = text.split_once(&format!("<link rel=\"{rel}\" href=\"")) else {
        return (None, None);
    };
    let (tag, _) = rest.split_once('>').unwrap();
    let (href, rest) = tag.split_once('"').unwrap();
    let id = href.rsplit_once('/').and_then(|(_, id)| id.parse().ok());
    let data = |name: &str| {
        let (_, rest) = rest.split_once(&format!("data-{name}=\""))?;
        Some(rest.split_once('"')?.0)
    };
    let ahead = data("folder").zip(data("srcset")).map(|(folder, names)| {
        let files = names.split(", ").map(|name| format!("{folder}{name}"));
        files.collect::<Vec<_>>().join(", ")
    });
    (id, ahead)
}

#[tokio::test]
async fn neighbours_are_those_that_this_visitor_may_see() {
    let town = Town::new().await;
    let (ann, bob, stranger) = (
        town.newcomer("ann").await,
        town.newcomer("bob").await,
        town.stranger(),
    );
    sqlx::query(
        "insert into follows (follower_id, followee_id)
         select a.id, b.id from users a, users b where a.name = 'ann' and b.name = 'bob'",
    )
    .execute(&town.pool)
    .await
    .unwrap();
    let mut ids = Vec::new();
    for visibility in [
        "public", "private", "contacts", "public", "contacts", "private", "public",
    ] {
        ids.extend(photos(&town, "ann", 1, "2020-05-10", visibility).await);
    }
    let path = format!("/people/ann/{}", ids[3]);
    for (who, visitor, newer, older) in [
        ("a stranger", &stranger, ids[6], ids[0]),
        ("a contact", &bob, ids[4], ids[2]),
        ("the owner", &ann, ids[4], ids[2]),
    ] {
        let page = visitor.get(&path).await;
        assert_eq!(beside(&page, "prev").0, Some(newer), "{who}, newer");
        assert_eq!(beside(&page, "next").0, Some(older), "{who}, older");
    }
    // Contacts do not see what is the owner's alone.
    let at_contacts = format!("/people/ann/{}", ids[4]);
    let newer =
        async |visitor: &crate::town::Visitor| beside(&visitor.get(&at_contacts).await, "prev").0;
    assert_eq!(newer(&bob).await, Some(ids[6]));
    assert_eq!(newer(&ann).await, Some(ids[5]));
    // The ends.
    let last = stranger.get(&format!("/people/ann/{}", ids[0])).await;
    assert_eq!(beside(&last, "next"), (None, None));
}

#[tokio::test]
async fn the_picture_of_the_next_photo_is_offered_if_a_browser_may_keep_it() {
    let town = Town::new().await;
    let (ann, stranger) = (town.newcomer("ann").await, town.stranger());
    let mut ids = photos(&town, "ann", 1, "2020-05-10", "public").await;
    ids.extend(photos(&town, "ann", 1, "2020-05-10", "private").await);
    ids.extend(photos(&town, "ann", 1, "2020-05-10", "public").await);
    let newest = format!("/people/ann/{}", ids[2]);
    let (next, ahead) = beside(&stranger.get(&newest).await, "next");
    assert_eq!(next, Some(ids[0]));
    let ahead = ahead.expect("pictures to fetch ahead");
    for picture in ahead.split(", ") {
        let (url, _) = picture.split_once(' ').unwrap();
        assert!(url.starts_with("/i/"), "{ahead}");
    }
    // They are those of its page.
    let page = stranger.get(&format!("/people/ann/{}", ids[0])).await;
    assert!(
        page.text().contains(&format!("srcset=\"{ahead}\"")),
        "{ahead}"
    );
    // A private picture may not be kept, so it would be fetched twice.
    assert_eq!(
        beside(&ann.get(&newest).await, "next"),
        (Some(ids[1]), None)
    );
}

#[tokio::test]
async fn a_view_is_one_of_a_person_who_is_not_the_owner() {
    let town = Town::new().await;
    let (ann, bob, stranger) = (
        town.newcomer("ann").await,
        town.newcomer("bob").await,
        town.stranger(),
    );
    let id = photos(&town, "ann", 1, "2020-05-10", "public").await[0];
    let path = format!("/people/ann/{id}");
    let views = || -> i32 {
        let counted = town.site.views.take();
        counted.iter().map(|(_, _, count)| *count).sum()
    };
    stranger.get(&path).await;
    bob.get(&path).await;
    assert_eq!(views(), 2);
    ann.get(&path).await;
    stranger.ask("HEAD", &path, &[]).await;
    for (name, value) in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
    ] {
        let answer = stranger.ask("GET", &path, &[(name, value)]).await;
        assert_eq!(answer.status, 200, "{name}: {value}");
    }
    assert_eq!(views(), 0);
}
