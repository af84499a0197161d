//! HTTP/1.1 as servers speak it.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use benchmarker::{Fetch, PageList, Plan, run};

use crate::server::{Reply, Server, response};

#[test]
fn a_chunked_body_is_read_to_its_end_and_the_connection_kept() {
    let body = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x\r\n!\r\n0\r\nT: t\r\n\r\n";
    let server = Server::start(3, |_, _| Reply::Bytes(body.to_vec()));
    let report = server.measure("/");
    assert_eq!(
        (
            report.requests.total,
            report.errors.total,
            report.reconnects
        ),
        (3, 0, 0),
        "{report}"
    );
    assert_eq!(report.bytes, 3 * body.len() as u64);
}

#[test]
fn a_big_body_is_counted_to_the_byte() {
    let whole = response(200, "", vec![b'x'; 300_000]);
    let length = whole.len() as u64;
    let server = Server::start(2, move |_, _| Reply::Bytes(whole.clone()));
    let report = server.measure("/");
    assert_eq!(
        (report.requests.total, report.bytes),
        (2, 2 * length),
        "{report}"
    );
}

#[test]
fn a_body_that_ends_with_the_connection_is_complete() {
    let server = Server::start(2, |_, _| {
        Reply::BytesThenClose(b"HTTP/1.1 200 OK\r\n\r\nall of it".to_vec())
    });
    let report = server.measure("/");
    assert_eq!(
        (report.requests.total, report.errors.total),
        (2, 0),
        "{report}"
    );
}

#[test]
fn an_announced_close_is_obeyed() {
    let server = Server::start(3, |_, _| {
        Reply::BytesThenClose(response(200, "Connection: close\r\n", "x"))
    });
    let report = server.measure("/");
    assert_eq!(
        (
            report.requests.total,
            report.errors.total,
            report.reconnects
        ),
        (3, 0, 0),
        "{report}"
    );
}

#[test]
fn a_kept_connection_that_the_server_closed_is_opened_again_without_failure() {
    // Every second response ends its connection without a word.
    let server = Server::start(6, |_, number| match number % 2 {
        0 => Reply::Bytes(response(200, "", "x")),
        _ => Reply::BytesThenClose(response(200, "", "x")),
    });
    let report = server.measure("/");
    assert_eq!(
        (report.requests.total, report.errors.total),
        (6, 0),
        "{report}"
    );
}

#[test]
fn statuses_without_a_body_and_redirects_are_answers() {
    let server = Server::start(3, |_, number| {
        Reply::Bytes(match number {
            0 => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
            1 => b"HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n".to_vec(),
            _ => response(302, "Location: /login\r\n", ""),
        })
    });
    // Single pages follow no redirects.
    let report = run(&server.plan("/").fetch(Fetch::PagesOnly)).unwrap();
    assert_eq!(
        (report.requests.total, report.requests.redirects),
        (3, 1),
        "{report}"
    );
    assert!(!server.seen().contains(&"/login".to_owned()));
}

#[test]
fn who_answered_is_told_apart_by_x_cache() {
    let server = Server::start(6, |_, number| {
        let tier = [
            "HIT memcached",
            "HIT memcached",
            "HIT page",
            "HIT disk",
            "MISS",
            "HIT elsewhere",
        ][number % 6];
        Reply::Bytes(response(200, &format!("X-Cache: {tier}\r\n"), "x"))
    });
    let tiers = server.measure("/").tiers;
    let counts = [
        tiers.memcached,
        tiers.page,
        tiers.disk,
        tiers.app,
        tiers.unnamed,
    ]
    .map(|t| t.requests);
    assert_eq!(counts, [2, 1, 1, 1, 1]);
    assert!((tiers.memcached.share - 1.0 / 3.0).abs() < 1e-9);
}

#[test]
fn a_request_looks_like_this() {
    let server = Server::start(1, |head, _| {
        let lines: Vec<&str> = head.lines().collect();
        let good = lines[0] == "GET /people/anna?before=7 HTTP/1.1"
            && lines.contains(&"Accept-Encoding: gzip")
            && lines.contains(&"Cookie: session=s")
            && lines
                .iter()
                .filter(|l| l.starts_with("Host: 127.0.0.1:"))
                .count()
                == 1;
        Reply::Bytes(response(if good { 200 } else { 400 }, "", head))
    });
    let report = run(&server
        .plan("/people/anna?before=7#top")
        .header("Cookie", "session=s"))
    .unwrap();
    assert_eq!(report.requests.total, 1, "{report}");
}

#[test]
fn a_unix_socket_serves_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let enough = Arc::clone(&stop);
    thread::spawn(move || {
        // The first connection only checks that the server listens.
        for stream in listener.incoming().skip(1) {
            let (mut stream, mut buffer) = (stream.unwrap(), [0; 4096]);
            for answered in 0.. {
                if answered == 2 {
                    enough.store(true, SeqCst);
                }
                if stream.read(&mut buffer).unwrap_or(0) == 0 {
                    break;
                }
                let _ = stream.write_all(&response(200, "", "x"));
            }
        }
    });
    let plan = Plan::new(PageList::single("http://site/").unwrap())
        .unix(&path)
        .connections(1)
        .warmup(Duration::ZERO)
        .stop_when(stop);
    let report = run(&plan).unwrap();
    assert!(
        report.requests.total >= 1 && report.errors.total == 0,
        "{report}"
    );
}
