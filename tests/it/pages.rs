//! What a visitor sees, and what one does not.

use std::collections::BTreeSet;

use reqwest::StatusCode;

use crate::town::Town;

#[tokio::test]
async fn every_page_answers_with_its_status() {
    let town = Town::new().await;
    let stranger = town.stranger();
    let owner = town.biggest_owner().await;
    let month: String = town
        .ask("select to_char(month, 'YYYY-MM') from photo_months where public_count > 0 limit 1")
        .await;
    let of_month: String = town
        .ask("select u.name from users u join photo_months m on m.userid = u.id where m.public_count > 0 limit 1")
        .await;
    let photo: i64 = town.ask("select max(photo_id) from recent_photos").await;
    let of_photo: String = town
        .ask("select u.name from users u join photos p on p.userid = u.id where p.id = (select max(photo_id) from recent_photos)")
        .await;
    let table = [
        ("/".to_owned(), 200),
        ("/?before=1000".to_owned(), 200),
        ("/?before=1".to_owned(), 404),
        ("/?before=x".to_owned(), 400),
        ("/?before=1&after=2".to_owned(), 400),
        ("/?page=2".to_owned(), 200),
        ("/people".to_owned(), 200),
        ("/people?from=m".to_owned(), 200),
        ("/people?from=%3Cscript%3E".to_owned(), 200),
        ("/people?order=photos".to_owned(), 200),
        ("/people?q=an".to_owned(), 200),
        ("/people?after=x".to_owned(), 400),
        (format!("/people/{owner}"), 200),
        (format!("/people/{owner}?before=0"), 400),
        ("/people/nobody-of-that-name".to_owned(), 404),
        ("/people/Not%20A%20Name".to_owned(), 404),
        (format!("/people/{owner}/archive"), 303),
        (format!("/people/{of_month}/archive/{month}"), 200),
        (format!("/people/{of_month}/archive/1870-01"), 404),
        (format!("/people/{of_month}/archive/2020-13"), 404),
        (format!("/people/{of_photo}/{photo}"), 200),
        (format!("/people/{of_photo}/{photo}?comments_after=x"), 400),
        (format!("/people/{of_photo}/999999999"), 404),
        (format!("/people/nobody-of-that-name/{photo}"), 404),
        (format!("/people/{of_photo}/{photo}x"), 404),
        ("/login".to_owned(), 200),
        ("/register".to_owned(), 200),
        ("/upload".to_owned(), 303),
        ("/logout".to_owned(), 405),
        ("/lab".to_owned(), 200),
        ("/no/such/page".to_owned(), 404),
        ("/static/site.000000000000.css".to_owned(), 404),
        ("/i/1/AAAAAAAAAAAAAAAAAAAAAA/640.webp".to_owned(), 404),
        ("/i/1/x/641.webp".to_owned(), 404),
        ("/healthz".to_owned(), 404),
        ("/metrics".to_owned(), 404),
    ];
    for (path, expected) in table {
        let answer = stranger.get(&path).await;
        assert_eq!(
            answer.status.as_u16(),
            expected,
            "{path}: {}",
            answer.text()
        );
        assert!(
            !answer.header("cache-control").is_empty(),
            "{path} says nothing about caching"
        );
        if expected >= 400 {
            assert!(
                answer.text().contains("<h1>"),
                "{path} is no page: {}",
                answer.text()
            );
        }
    }
}

#[tokio::test]
async fn no_page_may_be_kept_by_anybody_and_files_are_kept_as_long_as_promised() {
    let town = Town::new().await;
    let (stranger, member) = (town.stranger(), town.newcomer("keeper").await);
    for path in ["/", "/people", "/login"] {
        assert_eq!(
            stranger.get(path).await.header("cache-control"),
            "no-store",
            "{path}"
        );
        assert_eq!(
            member.get(path).await.header("cache-control"),
            "private, no-store",
            "{path}"
        );
    }
    let page = stranger.get("/").await;
    let style = page
        .values_of("href")
        .into_iter()
        .find(|url| url.ends_with(".css"))
        .unwrap();
    assert_eq!(
        stranger.get(&style).await.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    let picture = page
        .values_of("src")
        .into_iter()
        .find(|url| url.starts_with("/i/"))
        .unwrap();
    let answer = stranger.get(&picture).await;
    assert_eq!(answer.header("cache-control"), "public, max-age=86400");
    assert_eq!(answer.header("content-type"), "image/webp");
    assert!(
        answer.header("etag").is_empty(),
        "a deleted picture could be validated"
    );
}

#[tokio::test]
async fn paging_meets_every_photo_once_and_leads_back() {
    let town = Town::new().await;
    let stranger = town.stranger();
    let owner = town.biggest_owner().await;
    let start = format!("/people/{owner}");
    let expected: i64 = town
        .ask("select max(public_photo_count)::int8 from users")
        .await;
    let (mut seen, mut here, mut last) = (BTreeSet::new(), start.clone(), String::new());
    loop {
        let page = stranger.get(&here).await;
        assert_eq!(page.status, StatusCode::OK, "{here}");
        for photo in photos_on(&page.text(), &owner) {
            assert!(seen.insert(photo), "{photo} is shown twice");
        }
        last.clone_from(&here);
        match link(&page.text(), "next") {
            Some(next) => here = next,
            None => break,
        }
    }
    assert_eq!(seen.len() as i64, expected);
    let mut back = 0;
    here = last;
    while let Some(newer) = link(&stranger.get(&here).await.text(), "prev") {
        let page = stranger.get(&newer).await;
        here = if page.status == StatusCode::SEE_OTHER {
            page.header("location").to_owned()
        } else {
            newer
        };
        back += 1;
        assert!(back < 100, "paging back does not end");
    }
    assert_eq!(here, start, "the way back ends at the newest photos");
}

#[tokio::test]
async fn the_archive_holds_what_its_rail_promises() {
    let town = Town::new().await;
    let stranger = town.stranger();
    let owner = town.biggest_owner().await;
    let newest = stranger.get(&format!("/people/{owner}/archive")).await;
    let mut here = newest.header("location").to_owned();
    let count: i64 = town
        .ask("select m.public_count::int8 from photo_months m join users u on u.id = m.userid
               where u.public_photo_count = (select max(public_photo_count) from users) and m.public_count > 0
               order by m.month desc limit 1")
        .await;
    let mut seen = BTreeSet::new();
    loop {
        let page = stranger.get(&here).await;
        assert_eq!(page.status, StatusCode::OK, "{here}");
        seen.extend(photos_on(&page.text(), &owner));
        match link(&page.text(), "next") {
            Some(next) => here = next,
            None => break,
        }
    }
    assert_eq!(seen.len() as i64, count);
}

#[tokio::test]
async fn texts_that_people_typed_are_never_markup() {
    let town = Town::new().await;
    let member = town.newcomer("typist").await;
    let title = "<script>alert(1)</script> & \"quoted\"";
    let posted = member
        .upload(title, "public", crate::town::jpeg(1, 40, 30))
        .await;
    let page = town.stranger().get(posted.header("location")).await;
    assert!(!page.text().contains("<script>alert"), "{}", page.text());
    assert!(
        page.header("content-security-policy")
            .contains("default-src 'none'")
    );
}

#[tokio::test]
async fn a_form_of_more_than_64_kb_is_refused() {
    let town = Town::new().await;
    for (bytes, expected) in [(60_000, 422), (70_000, 413)] {
        let name = "a".repeat(bytes);
        let form = [("name", name.as_str()), ("password", "wrong")];
        let answer = town.stranger().post("/login", &form).await;
        assert_eq!(answer.status.as_u16(), expected, "{bytes} bytes");
    }
}

/// The ids of the photos that a page of this person shows.
fn photos_on(html: &str, owner: &str) -> BTreeSet<i64> {
    html.split(&format!("href=\"/people/{owner}/"))
        .skip(1)
        .filter_map(|rest| rest.split_once('"')?.0.parse().ok())
        .collect()
}

/// Where a page's link of that relation leads.
fn link(html: &str, rel: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("<a rel=\"{rel}\" href=\""))?;
    Some(rest.split_once('"')?.0.to_owned())
}

#[tokio::test]
async fn other_sites_find_a_title_an_address_and_a_picture_of_what_is_public() {
    let town = Town::new().await;
    let stranger = town.stranger();
    let photo: String = town
        .ask("select '/people/' || u.name || '/' || p.id from photos p join users u on u.id = p.userid where p.id = (select max(photo_id) from recent_photos)")
        .await;
    let person = photo.rsplit_once('/').unwrap().0;
    for path in ["/", person, &photo] {
        let with_mark = format!("{path}?utm_source=elsewhere");
        for path in [path, &with_mark] {
            let page = stranger.get(path).await;
            if page.status != StatusCode::OK {
                continue;
            }
            let url = meta(&page.text(), "og:url").expect("an address");
            let own = path.split('?').next().unwrap();
            assert!(
                url.starts_with("http://127.0.0.1:") && url.ends_with(own),
                "{url}"
            );
            assert!(meta(&page.text(), "og:title").is_some_and(|title| !title.is_empty()));
            let picture = meta(&page.text(), "og:image").expect("a picture");
            let picture = stranger
                .get(&picture.replace(&origin_of(&url, own), ""))
                .await;
            assert_eq!(picture.header("content-type"), "image/jpeg");
            assert_eq!(&picture.body[..2], b"\xff\xd8");
        }
    }
    for path in [
        "/",
        "/people",
        "/login",
        "/register",
        "/no/such/page",
        person,
        &photo,
    ] {
        let text = stranger.get(path).await.text();
        assert!(
            meta(&text, "description").is_some_and(|words| words.len() > 20),
            "{path}: {text}"
        );
    }

    // What is not for everybody has no picture for other sites, and neither has an odd host.
    let member = town.newcomer("hidden").await;
    let own = member
        .upload("Hidden", "private", crate::town::jpeg(3, 300, 200))
        .await;
    let page = member.get(own.header("location")).await.text();
    assert!(
        page.contains("Hidden") && !page.contains("og:image"),
        "{page}"
    );
    let odd = stranger
        .ask("GET", &photo, &[("host", "a\"b<c>")])
        .await
        .text();
    assert!(!odd.contains("og:url") && !odd.contains("b<c>"), "{odd}");

    let robots = stranger.get("/robots.txt").await;
    assert!(robots.header("content-type").starts_with("text/plain"));
    assert!(
        robots
            .text()
            .starts_with("User-agent: *\nDisallow: /upload\n"),
        "{}",
        robots.text()
    );
}

/// The content of a `meta` element, by its name or property.
fn meta(html: &str, name: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("\"{name}\" content=\""))?;
    Some(rest.split('"').next()?.to_owned())
}

/// What stands before a path in an absolute address.
fn origin_of(url: &str, path: &str) -> String {
    url.strip_suffix(path).expect("the path").to_owned()
}
