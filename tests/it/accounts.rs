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
    let cases = [
        ("a", "12345678", "2 to 30 characters"),
        ("Ann Lind", "12345678", "small letters"),
        ("admin", "12345678", "reserved"),
        ("ann-lind", "1234567", "8 to 1000"),
        (taken.as_str(), "12345678", "taken"),
    ];
    for (name, password, sentence) in cases {
        let answer = stranger
            .post("/register", &[("name", name), ("password", password)])
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(
            answer.text().contains(sentence),
            "{name}: {}",
            answer.text()
        );
    }
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
