//! An upload that is refused for want of room, as clients meet it through nginx: the answer comes before the
//! body, and is not lost by a client that sends all of it first.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use fantoccini::Locator;
use reqwest::StatusCode;

use super::levels::assert_refused_for_room;
use crate::browser::{Driver, ask, until};
use crate::stack::site::{Site, folder, up};
use crate::through::visitor;
use crate::town::jpeg;

/// How large the largest picture is that visitors are told they may post, and a little less.
const LARGE_BYTES: usize = 60 << 20;

/// A site that started with room, and again with a reserve that no disk has.
fn restarted(dir: &Path, rung: &str) -> Site {
    let mut command = up(dir);
    command.args(["--rung", rung]);
    let mut site = Site::start_as(command, dir);
    site.wait_for("ready http://");
    site.stop();
    let mut command = up(dir);
    command.args(["--rung", rung, "--disk-reserve=1000000GiB"]);
    let mut site = Site::start_as(command, dir);
    site.wait_for("!! little disk");
    site.wait_for("ready http://");
    site
}

/// The cookie of a person who is logged in: before the disk filled up they joined.
async fn cookie_of_ann(dir: &Path, rung: &str) -> (Site, String) {
    let path = dir.to_owned();
    let mut command = up(dir);
    command.args(["--rung", rung]);
    let site = tokio::task::block_in_place(|| {
        let mut site = Site::start_as(command, &path);
        site.wait_for("ready http://");
        site
    });
    let form = [("name", "ann"), ("password", "correct horse battery")];
    let joined = visitor(&site).post("/register", &form).await;
    assert_eq!(joined.status, StatusCode::SEE_OTHER, "{}", joined.text());
    let cookie = joined.header("set-cookie").split(';').next().unwrap_or("");
    let cookie = cookie.to_owned();
    tokio::task::block_in_place(|| site.stop());
    let site = tokio::task::block_in_place(|| restarted(&path, rung));
    (site, cookie)
}

fn head(address: &str, more: &str, content_length: usize) -> String {
    format!(
        "POST /upload HTTP/1.1\r\nHost: {address}\r\nSec-Fetch-Site: same-origin\r\n{more}\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {content_length}\r\n\r\n"
    )
}

/// Sends the head of an upload and a part of its body; returns the status line that comes back.
fn status_after(site: &Site, more: &str, sent: usize, content_length: usize) -> String {
    let address = site.record()["listen"].as_str().unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).expect("it listens");
    let head = head(&address, more, content_length);
    stream.write_all(head.as_bytes()).expect("it reads");
    // What a browser does: everything is sent before anything is read.
    let chunk = vec![b'x'; 64 << 10];
    let mut left = sent;
    while left > 0 {
        let bytes = left.min(chunk.len());
        stream.write_all(&chunk[..bytes]).expect("it reads on");
        left -= bytes;
    }
    let mut line = String::new();
    let mut answer = BufReader::new(stream);
    answer.read_line(&mut line).expect("an answer");
    if sent == content_length {
        let mut rest = String::new();
        answer.read_to_string(&mut rest).expect("all of it");
        assert!(
            !line.contains(" 507 ") || rest.contains("nearly full"),
            "{line}{rest}"
        );
    }
    line.trim_end().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_refusal_comes_before_the_body_and_survives_a_client_that_sends_it_all() {
    let dir = folder();
    let (site, cookie) = cookie_of_ann(dir.path(), "0.4").await;
    let with_cookie = format!("Cookie: {cookie}\r\nConnection: close\r\n");
    let close = "Connection: close\r\n";
    tokio::task::block_in_place(|| {
        for (more, status) in [(with_cookie.as_str(), "507"), (close, "303")] {
            let line = status_after(&site, more, 0, LARGE_BYTES);
            assert!(line.starts_with(&format!("HTTP/1.1 {status} ")), "{line}");
        }
        // Each is a race between an answer and a body.
        for (rounds, bytes) in [(40, 1 << 20), (3, LARGE_BYTES)] {
            for _ in 0..rounds {
                let line = status_after(&site, &with_cookie, bytes, bytes);
                assert!(line.starts_with("HTTP/1.1 507 "), "{bytes}: {line}");
                let line = status_after(&site, close, bytes, bytes);
                assert!(line.starts_with("HTTP/1.1 303 "), "{bytes}: {line}");
            }
        }
    });
    // A client that reads while it sends.
    let ann = visitor(&site);
    let form = [("name", "ann"), ("password", "correct horse battery")];
    assert_eq!(
        ann.post("/login", &form).await.status,
        StatusCode::SEE_OTHER
    );
    let mut picture = jpeg(1, 600, 400);
    picture.resize(LARGE_BYTES, 0);
    for _ in 0..3 {
        let answer = ann.upload("Large", "public", picture.clone()).await;
        assert_refused_for_room(&answer);
    }
    tokio::task::block_in_place(|| site.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_shows_the_page_that_refuses_a_large_picture() {
    let dir = folder();
    let (site, cookie) = cookie_of_ann(dir.path(), "0.4").await;
    let mut picture = jpeg(1, 600, 400);
    picture.resize(LARGE_BYTES, 0);
    let file = dir.path().join("large.jpg");
    std::fs::write(&file, picture).unwrap();
    let base = format!("http://{}", site.record()["listen"].as_str().unwrap());
    let driver = Driver::start();
    let browser = driver.browser().await;
    browser.goto(&base).await.unwrap();
    let set = format!("document.cookie = '{cookie}; path=/';");
    browser.execute(&set, vec![]).await.unwrap();
    browser.goto(&format!("{base}/upload")).await.unwrap();
    let mistake = ask(&browser, "document.querySelector('.mistake').textContent").await;
    assert!(mistake.to_string().contains("nearly full"), "{mistake}");
    let field = browser.find(Locator::Css("#picture")).await.unwrap();
    field.send_keys(&file.display().to_string()).await.unwrap();
    let button = browser
        .find(Locator::Css("main form button"))
        .await
        .unwrap();
    button.click().await.unwrap();
    until(
        &browser,
        "document.querySelector('.status')?.textContent === '507'",
    )
    .await;
    browser.close().await.unwrap();
    tokio::task::block_in_place(|| site.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_refuses_with_the_same_page() {
    for rung in ["0.1", "0.2", "0.3"] {
        let dir = folder();
        let (site, cookie) = cookie_of_ann(dir.path(), rung).await;
        let with_cookie = format!("Cookie: {cookie}\r\nConnection: close\r\n");
        tokio::task::block_in_place(|| {
            for bytes in [1 << 20, 8 << 20] {
                let line = status_after(&site, &with_cookie, bytes, bytes);
                assert!(line.starts_with("HTTP/1.1 507 "), "{rung}: {line}");
            }
            site.stop();
        });
    }
}

/// At 0.1 nginx takes the whole picture in, into a file.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_nginx_cannot_take_in_is_a_503_that_says_when_to_come_back() {
    let dir = folder();
    let mut command = up(dir.path());
    command.args(["--rung", "0.1"]);
    let site = tokio::task::block_in_place(|| {
        let mut site = Site::start_as(command, dir.path());
        site.wait_for("ready http://");
        site
    });
    let temp = site.state.join("nginx/temp/client_body");
    let closed = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(temp, closed).expect("a mode");
    let answer = visitor(&site)
        .upload("Large", "public", vec![b'x'; 1 << 20])
        .await;
    assert_eq!(
        answer.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("retry-after"), "2");
    assert!(
        answer.text().contains("reload in a few seconds"),
        "{}",
        answer.text()
    );
    tokio::task::block_in_place(|| site.stop());
}
