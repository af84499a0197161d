//! A hit is the same as a miss: every header, every byte.

use accelerator::media::TABLE;

use crate::http::Answer;
use crate::site::bytes_of;
use crate::stack::Stack;

const HASH: &str = "0123456789abcdef";

/// A way to request a file: method, headers, and the status of both responses (0: not checked).
type Way = (&'static str, Vec<(&'static str, &'static str)>, u16);

fn ways(is_fingerprinted: bool) -> Vec<Way> {
    let gzip = ("Accept-Encoding", "gzip, deflate, br");
    let validated = if is_fingerprinted { 304 } else { 200 };
    vec![
        ("GET", vec![gzip], 200),
        ("GET", vec![], 200),
        ("GET", vec![("Accept-Encoding", "br")], 200),
        ("GET", vec![("Accept-Encoding", "gzip;q=0")], 200),
        ("GET", vec![gzip, ("Via", "1.1 proxy")], 200),
        ("GET", vec![gzip, ("Range", "bytes=10-19")], 206),
        ("GET", vec![gzip, ("Range", "bytes=10-19,30-39")], 0),
        ("GET", vec![gzip, ("Range", "bytes=9999999-")], 416),
        ("GET", vec![gzip, ("Range", "bytes=abc")], 200),
        ("GET", vec![gzip, ("Range", "bytes=1")], 200),
        ("GET", vec![gzip, ("Range", "bytes=0-1,x")], 200),
        ("GET", vec![gzip, ("Range", "BYTES= 1 - 2 , -3")], 0),
        ("GET", vec![("Range", "bytes=abc")], 200),
        (
            "GET",
            vec![
                gzip,
                ("Range", "bytes=10-19"),
                ("If-Range", "\"0123456789abcdef\""),
            ],
            0,
        ),
        (
            "GET",
            vec![gzip, ("Range", "bytes=10-19"), ("If-Range", "\"other\"")],
            200,
        ),
        ("GET", vec![("Range", "bytes=10-19")], 0),
        (
            "GET",
            vec![gzip, ("If-None-Match", "\"0123456789abcdef\"")],
            validated,
        ),
        (
            "GET",
            vec![gzip, ("If-None-Match", "\"x\", W/\"0123456789abcdef\"")],
            validated,
        ),
        ("GET", vec![gzip, ("If-None-Match", "\"other\"")], 200),
        ("GET", vec![gzip, ("If-None-Match", "*")], 200),
        (
            "GET",
            vec![gzip, ("If-Modified-Since", "Tue, 15 Nov 2033 12:45:26 GMT")],
            200,
        ),
        ("GET", vec![gzip, ("If-Match", "\"other\"")], 200),
        (
            "GET",
            vec![gzip, ("Cookie", "session=1"), ("Cache-Control", "no-cache")],
            200,
        ),
        ("HEAD", vec![gzip], 200),
        ("HEAD", vec![], 200),
        (
            "HEAD",
            vec![gzip, ("If-None-Match", "\"0123456789abcdef\"")],
            validated,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_equals_a_miss_in_every_header_and_byte() {
    let stack = Stack::start().await;
    for (extension, _) in TABLE {
        compare(
            &stack,
            &format!("/static/css/site.{HASH}.{extension}"),
            true,
        )
        .await;
    }
    for path in [
        "/i/anna/token/640.webp",
        "/i/anna/token/big.jpg",
        "/i/anna/token/empty.webp",
        "/i/chunks.webp",
    ] {
        compare(&stack, path, false).await;
    }
    let errors = stack.complaints();
    assert!(
        !errors.contains("[error]") && !errors.contains("invalid"),
        "{errors}"
    );
}

async fn compare(stack: &Stack, path: &str, is_fingerprinted: bool) {
    for (method, headers, status) in ways(is_fingerprinted) {
        let asked = format!("{method} {path} {headers:?}");
        let purged = stack.accelerator.purge([path]).await;
        assert!(purged.is_confirmed(), "{asked}: {purged:?}");
        let miss = stack.send(method, path, &headers).await;
        stack.accelerator.flush().await;
        let again = stack.send(method, path, &headers).await;
        if status != 0 && !path.contains("empty") && !path.contains("chunks") {
            assert_eq!(again.status, status, "{asked}");
        }
        assert_eq!(
            expected_answerer(&asked, again.status),
            again.header("x-cache"),
            "{asked}: {again:?}"
        );
        assert_same(&asked, miss, again);
    }
    let whole = stack.send("GET", path, &[]).await;
    if path != "/i/chunks.webp" {
        assert_eq!(whole.body, bytes_of(path), "{path}");
    }
}

fn expected_answerer(asked: &str, status: u16) -> Option<&'static str> {
    match status {
        304 => Some("HIT nginx"),
        _ if asked.starts_with("HEAD") || is_broken_range(asked) => Some("MISS"),
        _ => Some("HIT memcached"),
    }
}

/// nginx would refuse such a range, so the application sends the whole.
fn is_broken_range(asked: &str) -> bool {
    [r#""bytes=abc""#, r#""bytes=1""#, r#""bytes=0-1,x""#]
        .iter()
        .any(|range| asked.contains(range))
}

fn assert_same(asked: &str, miss: Answer, hit: Answer) {
    assert_eq!(
        miss.header("x-content-type-options"),
        Some("nosniff"),
        "{asked}"
    );
    let (mut miss, mut hit) = (
        miss.without_names_of_who_answered(),
        hit.without_names_of_who_answered(),
    );
    // On its own page for 416 nginx keeps the charset of a miss.
    if miss.status == 416 {
        for answer in [&mut miss, &mut hit] {
            let no_store = ("cache-control".to_owned(), "no-store".to_owned());
            assert!(answer.headers.contains(&no_store), "{asked}: {answer:?}");
            assert_eq!(answer.body, b"", "{asked}: it may be declared as gzip");
            answer.headers.retain(|(name, _)| name != "content-type");
        }
    }
    // nginx draws a new boundary between ranges for each response.
    if miss
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("multipart/byteranges"))
    {
        for answer in [&mut miss, &mut hit] {
            answer.headers.retain(|(name, _)| name != "content-type");
            answer.body.retain(|byte| !byte.is_ascii_digit());
        }
    }
    assert_eq!(miss, hit, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_the_headers_of_a_get() {
    let stack = Stack::start().await;
    for path in [
        "/static/site.0123456789abcdef.css",
        "/i/anna/token/640.webp",
    ] {
        let get = stack.get(path).await;
        let head = stack
            .send("HEAD", path, &[("Accept-Encoding", "gzip, deflate, br")])
            .await;
        assert_eq!(
            get.without_names_of_who_answered().headers,
            head.without_names_of_who_answered().headers
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_kept_gzipped_and_inflated_for_those_who_ask() {
    let stack = Stack::start().await;
    let path = "/static/site.0123456789abcdef.css";
    stack.get(path).await;
    stack.accelerator.flush().await;
    let (gzipped, plain) = (stack.get(path).await, stack.send("GET", path, &[]).await);
    assert!(gzipped.is_hit() && plain.is_hit());
    assert_eq!(gzipped.header("content-encoding"), Some("gzip"));
    assert!(
        gzipped.body.len() * 5 < plain.body.len(),
        "{} of {}",
        gzipped.body.len(),
        plain.body.len()
    );
    assert_eq!(plain.header("etag"), Some("W/\"0123456789abcdef\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validation_asks_neither_memcached_nor_the_application() {
    let stack = Stack::start().await;
    let path = "/static/site.0123456789abcdef.css";
    stack.get(path).await;
    stack.accelerator.flush().await;
    let before = (
        stack.memcached[0].stat("cmd_get").await,
        stack.site.asked.load(std::sync::atomic::Ordering::SeqCst),
    );
    let answer = stack
        .send("GET", path, &[("If-None-Match", "\"0123456789abcdef\"")])
        .await;
    assert_eq!(
        (answer.status, answer.header("x-cache")),
        (304, Some("HIT nginx"))
    );
    assert_eq!(
        answer.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    assert_eq!(answer.header("etag"), Some("\"0123456789abcdef\""));
    assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
    let after = (
        stack.memcached[0].stat("cmd_get").await,
        stack.site.asked.load(std::sync::atomic::Ordering::SeqCst),
    );
    assert_eq!(before, after);
    let posted = stack
        .send(
            "POST",
            path,
            &[
                ("If-None-Match", "\"0123456789abcdef\""),
                ("Content-Length", "0"),
            ],
        )
        .await;
    assert_eq!(
        posted.status, 405,
        "a POST is not validated, it is refused by the application"
    );
}
