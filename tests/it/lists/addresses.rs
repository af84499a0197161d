//! Addresses as people share and type them.

use reqwest::StatusCode;

use super::photos;
use crate::town::Town;

#[tokio::test]
async fn parameters_that_others_add_to_a_link_are_ignored_on_every_page() {
    let town = Town::new().await;
    let stranger = town.stranger();
    let ann = town.newcomer("ann").await;
    let id = photos(&town, "ann", 50, "2020-05-10", "public").await[20];
    let photo = format!("/people/ann/{id}");
    for path in [
        "/",
        "/people",
        "/people/ann",
        &photo,
        "/people/ann/archive",
        "/people/ann/archive/2020-05",
        "/login",
        "/register",
        "/lab",
    ] {
        let plain = stranger.get(path).await;
        for added in [
            "fbclid=IwAR0",
            "utm_source=a&utm_medium=b",
            "gclid=1&ref=x",
            "ref=a&ref=b",
            "fbclid",
            "x=%00",
            "%ff=%ff",
            "&&",
        ] {
            let answer = stranger.get(&format!("{path}?{added}")).await;
            assert_eq!(answer.status, plain.status, "{path}?{added}");
        }
    }
    assert_eq!(ann.get("/upload?fbclid=1").await.status, StatusCode::OK);
    let with = format!("/people/ann?fbclid=1&before={id}&utm_source=x");
    let without = format!("/people/ann?before={id}");
    let shown = super::shown(&stranger.get(&with).await.text());
    assert_eq!(shown, super::shown(&stranger.get(&without).await.text()));
    // A parameter of the page itself has one value.
    for twice in [
        "/?before=7&before=8",
        "/people?q=a&q=b",
        "/login?next=/&next=/",
    ] {
        assert_eq!(
            stranger.get(twice).await.status,
            StatusCode::BAD_REQUEST,
            "{twice}"
        );
    }
}

#[tokio::test]
async fn a_slash_at_the_end_and_capital_letters_lead_to_the_page() {
    let town = Town::new().await;
    let stranger = town.stranger();
    town.newcomer("ann").await;
    let id = photos(&town, "ann", 1, "2020-05-10", "public").await[0];
    for (typed, right) in [
        ("/people/".to_owned(), "/people".to_owned()),
        ("/People".to_owned(), "/people".to_owned()),
        ("/people/Ann".to_owned(), "/people/ann".to_owned()),
        ("/people/ann/".to_owned(), "/people/ann".to_owned()),
        (
            format!("/people/ANN/{id}/?fbclid=1&comments_after=7"),
            format!("/people/ann/{id}?comments_after=7"),
        ),
        (
            "/people/Ann/archive/".to_owned(),
            "/people/ann/archive".to_owned(),
        ),
        (
            "/people/ann/archive/2020-05/?before=2020-05-20T10:00:00Z.17".to_owned(),
            "/people/ann/archive/2020-05?before=2020-05-20T10:00:00Z.17".to_owned(),
        ),
        (
            "/login/?next=/upload".to_owned(),
            "/login?next=/upload".to_owned(),
        ),
        ("/upload/".to_owned(), "/upload".to_owned()),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = stranger.ask(method, &typed, &[]).await;
            assert_eq!(
                (answer.status, answer.header("location")),
                (StatusCode::MOVED_PERMANENTLY, right.as_str()),
                "{method} {typed}"
            );
            assert!(!answer.header("cache-control").is_empty(), "{typed}");
        }
        assert!(
            !stranger.get(&right).await.status.is_client_error(),
            "{right}"
        );
    }
    for nowhere in [
        "//people/",
        "//a.example/",
        "/people//ann/",
        "/people/nobody/at/all/",
        "/people/a_b/",
    ] {
        let answer = stranger.get(nowhere).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::NOT_FOUND, ""),
            "{nowhere}"
        );
    }
    // A form is not sent elsewhere.
    let posted = stranger.post("/login/", &[("name", "ann")]).await;
    assert!(posted.header("location").is_empty());
}

#[tokio::test]
async fn errors_speak_in_the_words_of_other_sites() {
    let town = Town::new().await;
    let stranger = town.stranger();
    for (path, title) in [
        ("/no/such/page", "Page not found"),
        ("/people/nobody-of-that-name", "Page not found"),
        ("/?before=x", "Bad request"),
        ("/logout", "Not allowed"),
    ] {
        let text = stranger.get(path).await.text();
        assert!(
            text.contains(&format!("<h1>{title}</h1>")),
            "{path}: {text}"
        );
    }
}
