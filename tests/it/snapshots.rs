//! Every page as it is, so that a refactoring shows in a diff what it changes for a visitor. A page that changes
//! on purpose is accepted with `INSTA_UPDATE=always cargo test --test it snapshots`.

use std::fmt::Write as _;

use insta::{Settings, assert_snapshot};

use crate::town::{Answer, DEMO_PASSWORD, Town, Visitor};

/// Headers that differ from one response to the next.
const VOLATILE: [&str; 3] = ["date", "server-timing", "x-request-id"];

/// Texts that differ from one run or build to the next, and what they are replaced by.
const FILTERS: [(&str, &str); 7] = [
    (
        r"/static/([a-z_-]+)\.[0-9a-f]{12}\.",
        "/static/$1.{fingerprint}.",
    ),
    (r"(session|browser)=[A-Za-z0-9_-]{20,}", "$1={secret}"),
    (r"127\.0\.0\.1:\d+", "{host}"),
    // Of Server-Timing the number of statements stays.
    (r"dur=[0-9.]+", "dur={ms}"),
    (r"content-length: \d+", "content-length: {bytes}"),
    (r"\d+(?:\.\d+)? ms", "{ms} ms"),
    (r"in \d+ seconds", "in {n} seconds"),
];

fn snapshot(name: &str, text: &str) {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, replacement) in FILTERS {
        settings.add_filter(pattern, replacement);
    }
    settings.bind(|| assert_snapshot!(name, text));
}

/// A response as text: status, headers in their order of names, body.
fn shown(answer: &Answer) -> String {
    let mut text = format!("{}\n", answer.status);
    let mut headers: Vec<_> = answer.headers.iter().collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in headers {
        if !VOLATILE.contains(&name.as_str()) {
            let value = String::from_utf8_lossy(value.as_bytes());
            writeln!(text, "{name}: {value}").expect("a string takes all");
        }
    }
    if let Some(timing) = answer.headers.get("server-timing") {
        writeln!(
            text,
            "server-timing: {}",
            timing.to_str().expect("readable")
        )
        .expect("a string takes all");
    }
    text + "\n" + &answer.text()
}

/// Compares an answer of nginx itself: the same for a status in every version, whatever was requested.
pub(crate) fn of_nginx(status: u16, head: &str, body: &str) {
    let mut lines: Vec<&str> = head.lines().collect();
    let status_line = lines.remove(0);
    lines.retain(|line| {
        let name = line
            .split(':')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        !VOLATILE.contains(&name.as_str())
    });
    lines.sort_unstable();
    let text = format!("{status_line}\n{}\n\n{body}", lines.join("\n"));
    snapshot(&format!("nginx_{status}"), &text);
}

/// The pages of a site that was just loaded, for `visitor`; those of one person are `owner`'s.
async fn pages(visitor: &Visitor, kind: &str, owner: &str) {
    let stream = visitor.get(&format!("/people/{owner}")).await.text();
    let first = |begins: &str, html: &str| -> String {
        let (_, rest) = html
            .split_once(begins)
            .unwrap_or_else(|| panic!("no {begins} in {html}"));
        rest.split('"').next().expect("an end").to_owned()
    };
    let photo = first(
        &format!("href=\"/people/{owner}/"),
        &stream.replace("/archive", ""),
    );
    let archive = visitor.get(&format!("/people/{owner}/archive")).await;
    let month = archive
        .header("location")
        .rsplit('/')
        .next()
        .expect("a month");
    let older = first("rel=\"next\" href=\"", &stream).replace("&#38;", "&");
    for (name, path) in [
        ("explore", "/".to_owned()),
        ("people", "/people".to_owned()),
        ("people_from", "/people?from=m".to_owned()),
        ("people_most_photos", "/people?order=photos".to_owned()),
        ("photostream", format!("/people/{owner}")),
        ("photostream_older", older),
        ("archive", format!("/people/{owner}/archive")),
        ("archive_month", format!("/people/{owner}/archive/{month}")),
        ("photo", format!("/people/{owner}/{photo}")),
        ("upload", "/upload".to_owned()),
        ("login", "/login".to_owned()),
        ("register", "/register".to_owned()),
        ("no_page", "/no/such/page".to_owned()),
        ("no_person", "/people/nobody-of-this-name".to_owned()),
        ("no_photo", format!("/people/{owner}/1")),
        ("bad_cursor", "/?before=x".to_owned()),
        ("bad_method", "/logout".to_owned()),
        ("canonical", "/People/".to_owned()),
        ("robots", "/robots.txt".to_owned()),
        ("no_file", "/static/none.css".to_owned()),
        (
            "no_picture",
            "/i/1/00000000-0000-4000-8000-000000000000/320.webp".to_owned(),
        ),
    ] {
        snapshot(&format!("{name}_{kind}"), &shown(&visitor.get(&path).await));
    }
}

/// What forms are answered with.
async fn forms(stranger: &Visitor) {
    type Fields<'a> = &'a [(&'a str, &'a str)];
    let forms: [(&str, &str, Fields<'_>); 5] = [
        (
            "login_wrong",
            "/login",
            &[("name", "ann"), ("password", "not the password")],
        ),
        (
            "register_mistake",
            "/register",
            &[("name", "a"), ("display_name", ""), ("password", "x")],
        ),
        (
            "register_common_password",
            "/register",
            &[
                ("name", "new-one"),
                ("display_name", ""),
                ("password", "password1"),
            ],
        ),
        ("upload_logged_out", "/upload", &[]),
        ("logout_logged_out", "/logout", &[]),
    ];
    for (name, path, form) in forms {
        snapshot(name, &shown(&stranger.post(path, form).await));
    }
    snapshot(
        "post_from_elsewhere",
        &shown(&stranger.post_from_elsewhere("/login").await),
    );
}

#[tokio::test]
async fn every_page_is_as_it_was() {
    let town = Town::without_lab().await;
    let owner = town.biggest_owner().await;
    let stranger = town.stranger();
    pages(&stranger, "visitor", &owner).await;
    forms(&stranger).await;
    let member = town.stranger();
    let entered = member
        .post("/login", &[("name", &owner), ("password", DEMO_PASSWORD)])
        .await;
    snapshot("login_right", &shown(&entered));
    pages(&member, "owner", &owner).await;
}

#[tokio::test]
async fn a_page_with_the_lab_is_as_it_was_and_costs_as_many_statements() {
    let town = Town::new().await;
    let owner = town.biggest_owner().await;
    let member = town.stranger();
    let entered = member
        .post("/login", &[("name", &owner), ("password", DEMO_PASSWORD)])
        .await;
    assert!(entered.status.is_redirection(), "{}", entered.text());
    for (name, path) in [
        ("lab_explore", "/".to_owned()),
        ("lab_people", "/people".to_owned()),
        ("lab_photostream", format!("/people/{owner}")),
        ("lab_archive", format!("/people/{owner}/archive")),
    ] {
        snapshot(name, &shown(&member.get(&path).await));
    }
}
