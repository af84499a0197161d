//! Whatever a memcached replies to nginx, the client gets the application's bytes, or sees that a response broke off.

use std::net::SocketAddr;
use std::sync::Mutex;

use accelerator::gzipped;
use futures::future::join_all;

use crate::liar::{Liar, Say, told};
use crate::site::{Site, bytes_of};
use crate::stack::{Stack, folder, options, until};

const PICTURE: &str = "/i/anna/token/640.webp";
const KEY: &str = "v1:/i/anna/token/640.webp";

/// nginx asks these; the site stores nothing.
async fn stack(asked: Vec<SocketAddr>) -> Stack {
    Stack::of(
        folder(),
        Vec::new(),
        (asked, 1),
        vec![Site::with(options(Vec::new()))],
    )
    .await
}

fn this(text: impl AsRef<[u8]>) -> Say {
    Say::This(text.as_ref().to_vec())
}

/// Replies that are wrong before the first byte of a value: the client must not notice.
fn lies() -> Vec<(&'static str, Vec<Say>)> {
    let header = |header: &str| vec![this(format!("VALUE {header}\r\nwrong\r\nEND\r\n"))];
    vec![
        ("nothing at all", vec![]),
        ("the end", vec![Say::Bye]),
        ("half a header, then nothing", vec![this(&KEY[..9])]),
        (
            "half a header, then the end",
            vec![this("VALUE v1:/i/an"), Say::Bye],
        ),
        ("a refusal", vec![this("ERROR\r\n")]),
        (
            "a fault of its own",
            vec![this("SERVER_ERROR out of memory\r\n")],
        ),
        (
            "a fault of ours",
            vec![this("CLIENT_ERROR bad command line format\r\n")],
        ),
        ("another key", header("v1:/i/anna/token/320.webp 0 5")),
        ("a longer key", header(&format!("{KEY}x 0 5"))),
        (
            "a shorter key",
            header(&format!("{} 0 5", &KEY[..KEY.len() - 1])),
        ),
        ("no key", header("0 5")),
        ("no length", header(&format!("{KEY} 0"))),
        ("a negative length", header(&format!("{KEY} 0 -5"))),
        ("a length in words", header(&format!("{KEY} 0 five"))),
        (
            "a length beyond numbers",
            header(&format!("{KEY} 0 99999999999999999999")),
        ),
        ("flags in words", header(&format!("{KEY} gzip 5"))),
        (
            "another value first",
            vec![this(
                [told("v1:/i/a.webp", b"wrong"), told(KEY, b"wrong")].concat(),
            )],
        ),
        ("another protocol", vec![this("HD f0\r\n")]),
        ("bytes", vec![this([0, 255, 10, 13, 0, 27, 128, 10])]),
        ("bytes without a line", vec![this(vec![b'x'; 70_000])]),
        (
            "another server",
            vec![this("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")],
        ),
        (
            "an answer when nobody waits any more",
            vec![Say::TooLate(told(KEY, b"wrong"))],
        ),
    ]
}

/// Replies that go wrong after nginx has begun its response, which it cannot take back.
fn broken_values() -> Vec<(&'static str, Vec<Say>)> {
    let bytes = bytes_of(PICTURE);
    let whole = told(KEY, &bytes);
    let half = &whole[..whole.len() / 2];
    let short = format!("VALUE {KEY} 0 {}\r\n", bytes.len());
    let ends_inside = [short.as_bytes(), &bytes[..100], b"\r\nEND\r\n"].concat();
    vec![
        ("a header alone, then the end", vec![this(&short), Say::Bye]),
        ("half a value, then nothing", vec![this(half)]),
        ("half a value, then the end", vec![this(half), Say::Bye]),
        (
            "a value that ends before it should",
            vec![this(ends_inside)],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lie_before_the_value_is_a_miss() {
    let asked = lies().into_iter().map(|(name, lie)| async move {
        let liar = Liar::start(move |_| Some(lie.clone())).await;
        let stack = stack(vec![liar.address]).await;
        for _ in 0..3 {
            let answer = stack.get(PICTURE).await;
            assert_eq!(
                (answer.status, answer.header("x-cache")),
                (200, Some("MISS")),
                "{name}"
            );
            assert!(answer.body == bytes_of(PICTURE), "{name}");
        }
        assert!(!liar.heard().is_empty(), "{name}: was never asked");
        assert!(!liar.was_trusted_again(), "{name}: {:?}", liar.heard());
        // nginx has skipped it and asks it again.
        liar.reform([(KEY.to_owned(), bytes_of(PICTURE))]);
        let hit = until(|| async { Some(stack.get(PICTURE).await).filter(|it| it.is_hit()) }).await;
        assert!(hit.body == bytes_of(PICTURE), "{name}");
    });
    join_all(asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_breaks_off_never_looks_complete() {
    let asked = broken_values().into_iter().map(|(name, lie)| async move {
        let liar = Liar::start(move |_| Some(lie.clone())).await;
        let stack = stack(vec![liar.address]).await;
        let answer = stack.try_send("GET", PICTURE, &[]).await;
        assert!(answer.is_err(), "{name}: {answer:?}");
        // nginx counts this as no failure, so it asks again; but on another connection.
        let answer = stack.try_send("GET", PICTURE, &[]).await;
        assert!(answer.is_err(), "{name}: {answer:?}");
        assert!(!liar.was_trusted_again(), "{name}: {:?}", liar.heard());
        liar.reform([(KEY.to_owned(), bytes_of(PICTURE))]);
        let hit = stack.get(PICTURE).await;
        assert!(hit.is_hit() && hit.body == bytes_of(PICTURE), "{name}");
    });
    join_all(asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_breaks_off_never_looks_complete_when_it_is_inflated() {
    let path = "/static/site.0123456789abcdef.css";
    let text = gzipped(path, &bytes_of(path)).unwrap();
    let header = format!("VALUE v1:{path} 2 {}\r\n", text.len());
    let half = [header.as_bytes(), &text[..text.len() / 2]].concat();
    for lie in [vec![this(&half)], vec![this(&half), Say::Bye]] {
        let liar = Liar::start(move |_| Some(lie.clone())).await;
        let stack = stack(vec![liar.address]).await;
        for accepted in ["gzip", "identity"] {
            let answer = stack
                .try_send("GET", path, &[("Accept-Encoding", accepted)])
                .await;
            assert!(answer.is_err(), "{accepted}: {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_value_is_not_taken_for_its_bytes() {
    let bytes = bytes_of(PICTURE);
    let header = format!("VALUE {KEY} 0 {}\r\n", bytes.len());
    let whole = [header.as_bytes(), &bytes].concat();
    let ends = [
        "\r\nEND\r\nEND\r\n",
        "\r\nEMD\r\n",
        "\r\nERROR\r\n",
        "more bytes than it said",
    ];
    let mut lies: Vec<_> = ends
        .iter()
        .map(|end| (*end, vec![this([&whole, end.as_bytes()].concat())]))
        .collect();
    lies.push(("the end", vec![this(&whole), Say::Bye]));
    for (end, lie) in lies {
        let liar = Liar::start(move |_| Some(lie.clone())).await;
        let stack = stack(vec![liar.address]).await;
        for _ in 0..3 {
            let answer = stack.try_send("GET", PICTURE, &[]).await.unwrap();
            assert!(answer.body == bytes, "{end:?}");
        }
        assert!(!liar.was_trusted_again(), "{end:?}: {:?}", liar.heard());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_miss_that_is_said_twice_answers_no_other_request() {
    let liar = Liar::start(|line| {
        let other = line.contains("320");
        (!other).then(|| vec![this("END\r\nEND\r\n")])
    })
    .await;
    let stack = stack(vec![liar.address]).await;
    let small = "/i/anna/token/320.webp";
    for _ in 0..5 {
        for path in [PICTURE, small] {
            let answer = stack.get(path).await;
            assert!(
                answer.status == 200 && answer.body == bytes_of(path),
                "{path}"
            );
        }
    }
    assert_eq!(stack.complaints(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_belongs_to_the_request_before_is_a_miss() {
    // It answers each request with the reply to the one before.
    let before = Mutex::new("v1:/i/first.webp".to_owned());
    let liar = Liar::start(move |line| {
        let key = line.strip_prefix("get ").unwrap().to_owned();
        let before = std::mem::replace(&mut *before.lock().unwrap(), key);
        Some(vec![this(told(&before, b"wrong"))])
    })
    .await;
    let stack = stack(vec![liar.address]).await;
    for number in 0..20 {
        let path = format!("/i/anna/{number}/640.webp");
        let answer = stack.get(&path).await;
        assert_eq!(answer.header("x-cache"), Some("MISS"), "{path}");
        assert!(answer.body == bytes_of(&path), "{path}");
    }
    assert!(!liar.heard().is_empty() && !liar.was_trusted_again());
}
