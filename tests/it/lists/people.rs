//! The list of people: in the order of what it shows, and everyone is found.

use std::collections::BTreeSet;

use reqwest::StatusCode;

use super::link;
use crate::town::{Town, Visitor, jpeg};

/// The people on a page: their names in addresses and as shown.
fn people(html: &str) -> Vec<(String, String)> {
    let list = html.split_once("<ul class=\"people\">").expect("a list").1;
    let list = list.split_once("</ul>").unwrap().0;
    let each = list.split("<li><a href=\"/people/").skip(1);
    each.map(|person| {
        let (name, rest) = person.split_once('"').unwrap();
        let shown = rest.split_once("<strong>").unwrap().1;
        (
            name.to_owned(),
            shown.split_once("</strong>").unwrap().0.to_owned(),
        )
    })
    .collect()
}

async fn all(visitor: &Visitor, from: &str) -> Vec<(String, String)> {
    let (mut all, mut here) = (Vec::new(), Some(from.to_owned()));
    while let Some(path) = here {
        let page = visitor.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text());
        all.extend(people(&page.text()));
        here = link(&page.text(), "next");
        assert!(all.len() < 2_000, "the list does not end");
    }
    all
}

/// Adds members as registration does, one for each name to show.
async fn members(town: &Town, names: &[&str]) {
    for (n, name) in names.iter().enumerate() {
        let visitor = town.stranger();
        // Each from an address of its own, as registration slows down the others.
        let headers = [("x-forwarded-for", format!("10.0.0.{n}"))];
        let form = format!(
            "name=member-{n}&display_name={}&password=correct+horse+battery",
            form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>()
        );
        let answer = visitor.form("/register", &headers[0], &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    }
}

#[tokio::test]
async fn people_stand_in_the_order_of_the_name_that_is_shown() {
    let town = Town::new().await;
    let stranger = town.stranger();
    let names = [
        "Zora",
        "ámbar",
        "Ambar",
        "Ольга",
        "Øyvind",
        "O'Brien",
        "渡辺",
        "Twin",
        "Twin",
        "Twin",
    ];
    members(&town, &names).await;
    let all = all(&stranger, "/people").await;
    let count: i64 = town.ask("select count(*) from users").await;
    let names: BTreeSet<&String> = all.iter().map(|(name, _)| name).collect();
    assert_eq!(
        (names.len() as i64, all.len() as i64),
        (count, count),
        "each is met once"
    );
    let place = |shown: &str| all.iter().position(|(_, name)| name == shown).unwrap();
    assert!(place("ámbar") < place("Zora"));
    assert_eq!(place("ámbar").abs_diff(place("Ambar")), 1);
    assert!(place("O&#39;Brien") < place("Øyvind") && place("Øyvind") < place("Zora"));
    assert!(place("Zora") < place("Ольга") && place("Ольга") < place("渡辺"));
    let sorted: Vec<String> = sqlx::query_scalar("select name from users order by sort_name, id")
        .fetch_all(&town.pool)
        .await
        .unwrap();
    let listed: Vec<&String> = all.iter().map(|(name, _)| name).collect();
    assert_eq!(listed, sorted.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn the_rail_leads_to_the_letter_that_is_shown() {
    let town = Town::new().await;
    let stranger = town.stranger();
    members(&town, &["Qadira", "Ольга"]).await;
    let page = stranger.get("/people?from=q").await.text();
    assert_eq!(people(&page)[0].1, "Qadira");
    assert!(
        page.contains("<a href=\"/people?from=q\" aria-current=\"true\">Q</a>"),
        "{page}"
    );
    let page = stranger.get("/people?from=~").await.text();
    assert_eq!(people(&page)[0].1, "Ольга");
    // Where links of earlier versions began: at a name in addresses.
    let old = stranger.get("/people?from=qadira-the-first").await;
    assert_eq!(old.status, StatusCode::OK);
    for odd in ["%25", "_", "%00", "%F0%9F%8E%89", &"a".repeat(5_000), ""] {
        let answer = stranger.get(&format!("/people?from={odd}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{odd}");
    }
}

#[tokio::test]
async fn most_photos_first_is_an_order_of_its_own() {
    let town = Town::new().await;
    let stranger = town.stranger();
    let listed = all(&stranger, "/people?order=photos").await;
    let sorted: Vec<String> =
        sqlx::query_scalar("select name from users order by public_photo_count desc, id desc")
            .fetch_all(&town.pool)
            .await
            .unwrap();
    let listed: Vec<String> = listed.into_iter().map(|(name, _)| name).collect();
    assert_eq!(listed, sorted);
    let answer = stranger.get("/people?order=photos&after=x").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn people_are_found_by_any_word_of_their_names() {
    let town = Town::new().await;
    let stranger = town.stranger();
    members(
        &town,
        &["Mária Øresund-Ångström", "Quentin % Zzyzx", "渡辺 だい"],
    )
    .await;
    let found = async |text: &str| {
        let text: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let page = stranger.get(&format!("/people?q={text}")).await;
        assert_eq!(page.status, StatusCode::OK, "{text}: {}", page.text());
        let found = people(&page.text());
        found.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    for (text, name) in [
        ("ORESUND", "member-0"),
        ("ångst", "member-0"),
        ("maria ang", "member-0"),
        ("  Angstrom   Mária ", "member-0"),
        ("Mária Øresund-Ångström", "member-0"),
        ("zzyz", "member-1"),
        ("member 1 zzy", "member-1"),
        ("member-2", "member-2"),
        ("渡", "member-2"),
        ("だい", "member-2"),
    ] {
        assert_eq!(
            found(text).await.first().map(String::as_str),
            Some(name),
            "{text}"
        );
    }
    for (text, why) in [
        ("zyzx", "not the beginning of a word"),
        ("maria zzyzx", "words of two people"),
        ("%", "a wildcard of LIKE"),
        ("_____", "a wildcard of LIKE"),
        ("qu%tin", "a wildcard within"),
        ("\\", "an escape"),
        ("' or 1=1 --", "SQL"),
    ] {
        assert_eq!(found(text).await, Vec::<String>::new(), "{text}: {why}");
    }
    for odd in [
        "%00",
        "a%00b",
        "%FF%FE",
        "+",
        "",
        &"a".repeat(7_000),
        &"a+".repeat(3_000),
    ] {
        let answer = stranger.get(&format!("/people?q={odd}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{odd}: {}", answer.text());
    }
    // One letter shows a page, and says that there are more.
    let page = stranger.get("/people?q=m").await.text();
    assert!(people(&page).len() <= 48 && !people(&page).is_empty());
    // What was searched for is never markup.
    let page = stranger.get("/people?q=%22%3E%3Cscript%3E").await.text();
    assert!(!page.contains("<script>"), "{page}");
}

#[tokio::test]
async fn the_cover_of_a_person_is_a_public_photo_in_every_list() {
    let town = Town::new().await;
    let stranger = town.stranger();
    let ann = town.newcomer("aaa-ann").await;
    for visibility in ["public", "private", "contacts"] {
        let posted = ann.upload("", visibility, jpeg(1, 40, 30)).await;
        assert_eq!(posted.status, StatusCode::SEE_OTHER, "{}", posted.text());
    }
    sqlx::query("update users set public_photo_count = 1000 where name = 'aaa-ann'")
        .execute(&town.pool)
        .await
        .unwrap();
    for list in [
        "/people?after=1.a",
        "/people?from=aaa",
        "/people?order=photos",
        "/people?q=aaa",
    ] {
        let page = stranger.get(list).await;
        assert_eq!(people(&page.text())[0].0, "aaa-ann", "{list}");
        let covers = page.values_of("src");
        let cover = covers.iter().find(|url| url.starts_with("/i/")).unwrap();
        let cover = stranger.get(cover).await.status;
        assert_eq!(cover, StatusCode::OK, "{list}: the cover is not public");
    }
}
