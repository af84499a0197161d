//! The program as a CGI script (RFC 3875): one process a request, without a server around it.

mod script;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Stdio;

use domain::PhotoId;
use reqwest::header::HeaderMap;

use self::script::{Said, Script};
use crate::town::{DEMO_PASSWORD, Town, jpeg};

/// The headers of an answer that must be the same whoever gives it.
fn comparable(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut comparable: Vec<_> = headers
        .iter()
        // hyper's own, and three that are different in each answer.
        .filter(|(name, _)| {
            !["date", "x-request-id", "server-timing", "cache-status"].contains(&name.as_str())
        })
        .map(|(name, value)| {
            (
                name.to_string(),
                value.to_str().expect("readable").to_owned(),
            )
        })
        .collect();
    comparable.sort();
    comparable
}

#[tokio::test]
async fn a_page_is_byte_for_byte_what_serve_answers() {
    let town = Town::new().await;
    let stranger = town.stranger();
    let owner = town.biggest_owner().await;
    let photo: i64 = town.ask("select max(photo_id) from recent_photos").await;
    let of_photo: String = town
        .ask("select u.name from users u join photos p on p.userid = u.id where p.id = (select max(photo_id) from recent_photos)")
        .await;
    let style = stranger.get("/").await.values_of("href");
    let style = style
        .into_iter()
        .find(|url| url.ends_with(".css"))
        .expect("a style");
    let picture = stranger.get("/").await.values_of("src");
    let picture = picture
        .into_iter()
        .find(|url| url.starts_with("/i/"))
        .expect("a picture");
    for path in [
        "/".to_owned(),
        "/?before=1000".to_owned(),
        "/?before=x".to_owned(),
        "/people?from=m".to_owned(),
        "/people?from=%3Cscript%3E".to_owned(),
        format!("/people/{owner}"),
        format!("/people/{owner}/archive"),
        format!("/people/{of_photo}/{photo}"),
        "/people/Not%20A%20Name".to_owned(),
        "/login?next=%2Fupload".to_owned(),
        "/upload".to_owned(),
        "/logout".to_owned(),
        "/no/such/page".to_owned(),
        "/healthz".to_owned(),
        style.clone(),
        "/static/site.000000000000.css".to_owned(),
        picture,
        "/i/1/x/640.webp".to_owned(),
    ] {
        // Pages name their host, for those who link to them.
        let host = [("host", "photos.example")];
        let expected = stranger.ask("GET", &path, &host).await;
        let said = Script::of(&town, "GET", &path).says();
        assert_eq!(said.status, expected.status.as_u16(), "{path}");
        assert_eq!(
            comparable(&said.headers),
            comparable(&expected.headers),
            "{path}"
        );
        assert!(said.body == expected.body, "{path}: {}", said.text());
    }
    let squeezed = Script::of(&town, "GET", &style)
        .with("HTTP_ACCEPT_ENCODING", "gzip")
        .says();
    assert_eq!(squeezed.header("content-encoding"), "gzip");
    let fresh = style
        .rsplit('.')
        .nth(1)
        .map(|hash| format!("\"{hash}\""))
        .expect("a fingerprint");
    let known = Script::of(&town, "GET", &style)
        .with("HTTP_IF_NONE_MATCH", &fresh)
        .says();
    assert_eq!((known.status, known.body.len()), (304, 0));
}

#[tokio::test]
async fn a_head_has_the_headers_of_a_get_and_no_body() {
    let town = Town::new().await;
    let get = Script::of(&town, "GET", "/people").says();
    let head = Script::of(&town, "HEAD", "/people").says();
    assert_eq!(head.status, 200);
    assert_eq!(comparable(&head.headers), comparable(&get.headers));
    assert_eq!(head.header("content-length"), get.body.len().to_string());
    assert_eq!(head.body, b"");
}

#[tokio::test]
async fn the_address_is_read_from_what_rfc_3875_has_where_a_server_gives_no_more() {
    let town = Town::new().await;
    let expected = Script::of(&town, "GET", "/people?from=m").says();
    let said = Script::of(&town, "GET", "")
        .with("SCRIPT_NAME", "")
        .with("PATH_INFO", "/people")
        .with("QUERY_STRING", "from=m")
        .says();
    assert_eq!(said.status, 200);
    assert_eq!(said.text(), expected.text());
}

#[tokio::test]
async fn somebody_joins_logs_in_posts_a_picture_and_is_seen() {
    let town = Town::new().await;
    let form = b"name=ann&display_name=Ann+Script&password=correct+horse+battery";
    let joined = Script::of(&town, "POST", "/register")
        .form(form)
        .says_after(form);
    assert_eq!(joined.status, 303, "{}", joined.text());

    let form = b"name=ann&password=correct+horse+battery";
    let back = Script::of(&town, "POST", "/login")
        .form(form)
        .says_after(form);
    let cookies = format!("a=1; {}; b=2", back.session());
    let page = Script::of(&town, "GET", "/")
        .with("HTTP_COOKIE", &cookies)
        .says();
    assert!(page.text().contains("Ann Script"), "{}", page.text());
    assert_eq!(page.header("cache-control"), "private, no-store");

    let picture = jpeg(3, 1600, 1200);
    assert!(picture.len() > 64 << 10, "more than a pipe holds");
    let mut body = b"--x\r\nContent-Disposition: form-data; name=\"visibility\"\r\n\r\npublic\r\n\
        --x\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"a.jpg\"\r\n\r\n"
        .to_vec();
    body.extend_from_slice(&picture);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let upload = |cookies: &str| {
        Script::of(&town, "POST", "/upload")
            .form(&body)
            .with("CONTENT_TYPE", "multipart/form-data; boundary=x")
            .with("HTTP_COOKIE", cookies)
    };
    let posted = upload(&cookies).says_after(&body);
    assert_eq!(posted.status, 303, "{}", posted.text());
    let page = Script::of(&town, "GET", posted.header("location")).says();
    assert_eq!(page.status, 200);
    let drawn = page.text();
    let (_, drawn) = drawn.split_once("src=\"/i/").expect("a picture");
    let (drawn, _) = drawn.split_once('"').expect("an end");
    let drawn = Script::of(&town, "GET", &format!("/i/{drawn}")).says();
    assert_eq!(
        (drawn.status, drawn.header("content-type")),
        (200, "image/webp")
    );

    // Who is not logged in is sent to log in, and the body is taken and forgotten.
    let refused = upload("").says_after(&body);
    assert_eq!(
        (refused.status, refused.header("location")),
        (303, "/login?next=/upload")
    );
}

#[tokio::test]
async fn demo_people_log_in_with_their_one_password() {
    let town = Town::new().await;
    let owner = town.biggest_owner().await;
    for (password, expected) in [(DEMO_PASSWORD, 303), ("another password", 422)] {
        let form = format!("name={owner}&password={}", password.replace(' ', "+"));
        let said = Script::of(&town, "POST", "/login")
            .form(form.as_bytes())
            .says_after(form.as_bytes());
        assert_eq!(said.status, expected, "{}", said.text());
    }
}

#[tokio::test]
async fn the_view_of_a_photo_is_written_down_before_the_process_ends() {
    let town = Town::new().await;
    let photo: i64 = town.ask("select max(photo_id) from recent_photos").await;
    let owner: String = town
        .ask("select u.name from users u join photos p on p.userid = u.id where p.id = (select max(photo_id) from recent_photos)")
        .await;
    for views in 1..=2 {
        let said = Script::of(&town, "GET", &format!("/people/{owner}/{}", PhotoId(photo))).says();
        assert_eq!(said.status, 200);
        let counted: i64 = town.ask("select sum(views)::int8 from photo_views").await;
        assert_eq!(counted, views);
    }
}

#[tokio::test]
async fn as_many_bytes_are_read_as_were_announced_and_none_beyond() {
    let town = Town::new().await;
    let form = b"name=ann&password=correct+horse+battery";
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let mut left = reader.try_clone().expect("the same pipe");
    writer
        .write_all(form)
        .and_then(|()| writer.write_all(b"the next"))
        .expect("room");
    let said = Said::of(
        &Script::of(&town, "POST", "/login")
            .form(form)
            .output(reader),
    );
    assert_eq!(said.status, 422, "{}", said.text());
    drop(writer);
    let mut beyond = String::new();
    left.read_to_string(&mut beyond).expect("text");
    assert_eq!(beyond, "the next");
}

#[tokio::test]
async fn a_body_is_missing_short_or_huge() {
    let town = Town::new().await;
    // None announced: an empty form.
    let said = Script::of(&town, "POST", "/login")
        .form(b"")
        .without("CONTENT_LENGTH")
        .says();
    assert_eq!(said.status, 422, "{}", said.text());
    // Less than announced.
    let said = Script::of(&town, "POST", "/login")
        .form(b"name=ann&pass")
        .says_after(b"name=ann");
    assert_eq!(said.status, 400, "{}", said.text());
    assert!(said.text().contains("<h1>"), "{}", said.text());
    // More than the site takes: refused by its own limit, and all of it taken from the server.
    let size: u64 = 200 << 20;
    for (path, content_type) in [
        ("/login", "application/x-www-form-urlencoded"),
        ("/upload", "multipart/form-data; boundary=x"),
    ] {
        let huge = File::open("/dev/zero").expect("zeros");
        let said = Script::of(&town, "POST", path)
            .form(b"")
            .with("CONTENT_TYPE", content_type)
            .with("CONTENT_LENGTH", &size.to_string());
        let said = Said::of(&said.output(huge));
        assert!(said.status < 500, "{path}: {}", said.text());
        if path == "/login" {
            assert_eq!(said.status, 413, "{}", said.text());
        }
    }
}

#[tokio::test]
async fn what_makes_no_request_is_refused_in_a_sentence() {
    let town = Town::new().await;
    for (name, value, status) in [
        ("CONTENT_LENGTH", "-1", 400),
        ("CONTENT_LENGTH", "12a", 400),
        ("HTTP_TRANSFER_ENCODING", "chunked", 411),
        ("REQUEST_URI", "people", 400),
        ("REQUEST_URI", "/with space", 400),
        ("REQUEST_URI", "http://photos.example/", 400),
        ("REQUEST_METHOD", "GE T", 400),
        ("REQUEST_METHOD", "BREW", 405),
        ("REQUEST_METHOD", "PUT", 405),
        ("HTTP_X_BROKEN", "a\nb", 400),
    ] {
        let said = Script::of(&town, "GET", "/")
            .with("HTTP_SEC_FETCH_SITE", "same-origin")
            .with(name, value)
            .says();
        assert_eq!(said.status, status, "{name}={value}: {}", said.text());
        assert!(!said.body.is_empty(), "{name}={value}");
        assert!(!said.header("content-type").is_empty(), "{name}={value}");
    }
}

#[tokio::test]
async fn without_an_answer_there_is_a_sentence_a_code_and_nothing_on_standard_output() {
    let town = Town::new().await;
    let missing = [
        "DATABASE_URL",
        "FLICKR_KILLR_ORIGINALS",
        "FLICKR_KILLR_DERIVATIVES",
        "REQUEST_METHOD",
    ];
    let missing = missing.map(|name| (name, ""));
    let bad = [
        ("DATABASE_URL", "no address"),
        ("FLICKR_KILLR_DEMO_LOGINS", "/nowhere"),
        ("FLICKR_KILLR_RUNG", "0.9"),
        ("GATEWAY_INTERFACE", "CGI/9"),
    ];
    for (name, value) in missing.into_iter().chain(bad) {
        let script = Script::of(&town, "GET", "/");
        let script = if value.is_empty() {
            script.without(name)
        } else {
            script.with(name, value)
        };
        let output = script.output(Stdio::null());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{name}={value}");
        assert_eq!(output.stdout, b"", "{name}={value}");
        assert!(
            said.starts_with("error: ") && said.lines().count() == 1,
            "{name}={value}: {said}"
        );
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_a_page_and_no_failure() {
    let town = Town::new().await;
    let nowhere = format!(
        "postgres://postgres@localhost/x?host={}",
        town.folder.path().display()
    );
    let said = Script::of(&town, "GET", "/")
        .with("DATABASE_URL", &nowhere)
        .says();
    assert_eq!(said.status, 503, "{}", said.text());
    assert!(said.text().contains("<h1>"), "{}", said.text());
}

#[tokio::test]
async fn a_server_that_stops_listening_is_no_failure() {
    let town = Town::new().await;
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut script = Script::of(&town, "GET", "/");
    script
        .0
        .stdout(writer)
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    let output = script
        .0
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .expect("an end");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[tokio::test]
async fn the_words_of_a_query_are_no_command() {
    let town = Town::new().await;
    let mut script = Script::of(&town, "GET", "/people");
    script.0.args(["reset", "--yes"]);
    assert_eq!(script.says().status, 200);
}

#[tokio::test]
async fn the_lab_says_which_version_answers() {
    let town = Town::new().await;
    let said = Script::of(&town, "GET", "/")
        .with("FLICKR_KILLR_RUNG", "0.1")
        .says();
    let line = "data-version=\"0.1\" data-name=\"The CGI Strawman\"";
    assert!(said.text().contains(line), "{}", said.text());
    assert!(
        !said.header("server-timing").is_empty(),
        "what the page cost"
    );
}
