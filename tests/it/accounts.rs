//! Coming in, going out, and what guessing leads to.

use reqwest::StatusCode;

use crate::town::{DEMO_PASSWORD, Town, jpeg};

#[tokio::test]
async fn somebody_joins_leaves_and_comes_back() {
    let town = Town::new().await;
    let ann = town.newcomer("ann-lind").await;
    assert!(ann.get("/").await.text().contains("ann-lind"));
    assert_eq!(ann.post("/logout", &[]).await.status, StatusCode::SEE_OTHER);
    assert!(!ann.get("/").await.text().contains("ann-lind"));
    let back = ann
        .post(
            "/login",
            &[
                ("name", "Ann-Lind "),
                ("password", "correct horse battery"),
                ("next", "/people"),
            ],
        )
        .await;
    assert_eq!(
        (back.status, back.header("location")),
        (StatusCode::SEE_OTHER, "/people")
    );
    assert!(ann.get("/").await.text().contains("ann-lind"));
    let cookie = back.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_registration_is_said() {
    let town = Town::new().await;
    let stranger = town.stranger();
    let taken = town.biggest_owner().await;
    let good = "correct horse battery";
    let cases = [
        ("a", "", good, "2 to 30 characters"),
        ("Ann Lind", "", good, "small letters"),
        ("admin", "", good, "reserved"),
        ("support-", "", good, "reserved"),
        ("support-team", "Ann Lind", good, "reserved"),
        ("ann-lind", "Flickr Killr", good, "reserved"),
        ("ann-lind", "\u{200b}\u{200b}", good, "cannot be seen"),
        ("ann-lind", "\u{202e}nna", good, "cannot be seen"),
        ("ann-lind", "\u{301}", good, "must not be empty"),
        ("ann-lind", "@bob", good, "unique name"),
        ("ann-lind", "", "1234567", "8 to 1000"),
        ("ann-lind", "", "        ", "repeats"),
        ("ann-lind", "", "Password", "most common"),
        ("ann-lind", "", "ann-lind1", "your name"),
        ("ann-lind", "Ann of Linds", "ann of linds", "your name"),
        (taken.as_str(), "", good, "taken"),
    ];
    for (name, display_name, password, sentence) in cases {
        let form = [
            ("name", name),
            ("display_name", display_name),
            ("password", password),
        ];
        let answer = stranger.post("/register", &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(
            answer.text().contains(sentence),
            "{name}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn a_name_of_joined_letters_or_emoji_is_shown_beside_the_unique_one() {
    let town = Town::new().await;
    for (name, shown) in [
        ("persian", "می\u{200c}خواهم"),
        ("family", "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}"),
    ] {
        let form = [
            ("name", name),
            ("display_name", shown),
            ("password", "correct horse battery"),
        ];
        let visitor = town.stranger();
        let joined = visitor.post("/register", &form).await;
        assert_eq!(joined.status, StatusCode::SEE_OTHER, "{}", joined.text());
        let page = visitor.get(joined.header("location")).await.text();
        assert!(page.contains(&format!("<h1>{shown}</h1>")), "{page}");
    }
    let photo = town.stranger().get("/").await.values_of("href");
    let photo = photo
        .iter()
        .find(|url| url.matches('/').count() == 3 && url.starts_with("/people/"));
    let photo = photo.expect("a photo on the first page");
    let owner = photo.split('/').nth(2).expect("an owner").to_owned();
    let handle = format!("@{owner}</");
    for page in [
        "/".to_owned(),
        "/people?q=".to_owned() + &owner,
        format!("/people/{owner}"),
        photo.clone(),
    ] {
        let shown = town.stranger().get(&page).await.text();
        assert!(shown.contains(&handle), "{page} does not say @{owner}");
    }
}

#[tokio::test]
async fn the_way_to_log_in_leads_back_to_where_one_was() {
    let town = Town::new().await;
    let owner = town.biggest_owner().await;
    let stranger = town.stranger();
    for (page, link) in [
        ("/".to_owned(), "/login".to_owned()),
        (
            format!("/people/{owner}"),
            format!("/login?next=/people/{owner}"),
        ),
        (
            "/people?from=m".to_owned(),
            "/login?next=/people%3Ffrom%3Dm".to_owned(),
        ),
        ("/nowhere".to_owned(), "/login?next=/nowhere".to_owned()),
        ("/login?next=/people".to_owned(), "/login".to_owned()),
        ("/register".to_owned(), "/login".to_owned()),
        // Logging in would lead to the same "not this way".
        ("/logout".to_owned(), "/login".to_owned()),
        // Too long for a header.
        (format!("/{}", "x".repeat(3000)), "/login".to_owned()),
    ] {
        let links = stranger.get(&page).await.values_of("href");
        assert!(links.contains(&link), "{page}: no {link} in {links:?}");
    }
    // A page that answers a form is not shown by a GET of its address.
    let refused = stranger.post_from_elsewhere("/logout").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let links = refused.values_of("href");
    assert!(links.contains(&"/login".to_owned()), "{links:?}");
    let long = format!("/upload?{}", "%00".repeat(2000));
    let to_login = stranger.get(&long).await;
    assert_eq!(to_login.header("location"), "/login");
}

#[tokio::test]
async fn a_session_that_has_ended_is_nobody_s() {
    let town = Town::new().await;
    let ann = town.newcomer("ann-lind").await;
    assert_eq!(ann.get("/upload").await.status, StatusCode::OK);
    sqlx::query("update sessions set expires_at = now() - interval '1 second'")
        .execute(&town.pool)
        .await
        .expect("sessions that have ended");
    let page = ann.get("/upload").await;
    assert_eq!(
        (page.status, page.header("location")),
        (StatusCode::SEE_OTHER, "/login?next=/upload")
    );
    assert!(!ann.get("/").await.text().contains("ann-lind"));
}

#[tokio::test]
async fn a_session_that_was_logged_out_is_nobody_s_and_all_others_go_on() {
    let town = Town::new().await;
    let (ann, bob) = (town.newcomer("ann-lind").await, town.newcomer("bob").await);
    let elsewhere = town.stranger();
    let form = [("name", "ann-lind"), ("password", "correct horse battery")];
    let entered = elsewhere.post("/login", &form).await;
    // Whoever kept the cookie has a copy of it.
    let cookies = entered.headers.get_all("set-cookie").iter();
    let session = cookies
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
        .find(|cookie| cookie.starts_with("session="))
        .expect("a session")
        .to_owned();
    let with_copy = async || {
        let cookie = [("cookie", session.as_str())];
        town.stranger().ask("GET", "/upload", &cookie).await.status
    };
    assert_eq!(with_copy().await, StatusCode::OK);
    assert_eq!(
        elsewhere.post("/logout", &[]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(with_copy().await, StatusCode::SEE_OTHER, "to log in");
    for other in [&ann, &bob] {
        assert_eq!(other.get("/upload").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_session_that_ends_within_a_form_leads_to_its_page_and_does_nothing() {
    let town = Town::new().await;
    let ann = town.newcomer("ann-lind").await;
    let posted = ann.upload("Mine", "public", jpeg(1, 40, 30)).await;
    let page = posted.header("location").to_owned();
    let stranger = town.stranger();
    for action in ["delete", "visibility"] {
        let form = [("visibility", "private")];
        let asked = stranger.post(&format!("{page}/{action}"), &form).await;
        assert_eq!(asked.header("location"), format!("/login?next={page}"));
    }
    assert_eq!(stranger.get(&page).await.status, StatusCode::OK);
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down_even_for_the_right_guess() {
    let town = Town::new().await;
    let _ann = town.newcomer("ann-lind").await;
    let stranger = town.stranger();
    let mut last = None;
    for _ in 0..10 {
        let answer = stranger
            .post("/login", &[("name", "ann-lind"), ("password", "wrong")])
            .await;
        last = Some(answer.status);
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
            break;
        }
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(last, Some(StatusCode::TOO_MANY_REQUESTS));
}

#[tokio::test]
async fn demo_people_get_in_with_the_demo_password_only() {
    let town = Town::new().await;
    let name = town.biggest_owner().await;
    let visitor = town.stranger();
    let wrong = visitor
        .post("/login", &[("name", &name), ("password", "")])
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let right = visitor
        .post("/login", &[("name", &name), ("password", DEMO_PASSWORD)])
        .await;
    assert_eq!(right.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn forms_of_other_sites_do_nothing() {
    let town = Town::new().await;
    let ann = town.newcomer("ann-lind").await;
    let posted = ann.upload("Mine", "public", jpeg(1, 40, 30)).await;
    let page = posted.header("location").to_owned();
    for path in [
        "/logout".to_owned(),
        format!("{page}/delete"),
        "/lab/index".to_owned(),
    ] {
        assert_eq!(
            ann.post_from_elsewhere(&path).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    assert_eq!(ann.get(&page).await.status, StatusCode::OK);
}
