//! Failures are counted by kind, and are never part of the times.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::Duration;

use benchmarker::{Error, Failure, PageList, Plan, run};

use crate::server::{Reply, Server, response};

#[test]
fn a_dead_server_is_an_error_not_a_rate() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let plan = Plan::new(PageList::single(&format!("http://{free}/")).unwrap());
    let error = run(&plan).unwrap_err();
    assert!(matches!(error, Error::NothingAnswers { .. }));
    assert!(
        error
            .to_string()
            .starts_with(&format!("nothing answers at {free}: ")),
        "{error}"
    );
}

#[test]
fn a_body_that_ends_early_is_truncated() {
    let server = Server::start(2, |_, _| {
        Reply::BytesThenClose(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort".to_vec())
    });
    let report = server.measure("/");
    assert_eq!(
        (report.errors.truncated, report.requests.total),
        (2, 0),
        "{report}"
    );
}

#[test]
fn a_reset_in_the_middle_is_a_reset() {
    let server = Server::start(1, |_, _| {
        Reply::BytesThenReset(b"HTTP/1.1 200 OK\r\n".to_vec())
    });
    let report = server.measure("/");
    assert_eq!(
        (report.errors.total, report.requests.total),
        (1, 0),
        "{report}"
    );
    // Whether or not the kernel delivers the first bytes, the end is a reset.
    assert_eq!(report.errors.reset, 1, "{report}");
}

#[test]
fn a_server_that_closes_fresh_connections_without_a_word_fails_each_request() {
    let server = Server::start(2, |_, _| Reply::BytesThenClose(Vec::new()));
    let report = server.measure("/");
    assert_eq!(
        (report.errors.truncated, report.reconnects),
        (2, 0),
        "{report}"
    );
}

#[test]
fn silence_is_a_timeout_and_the_connection_is_given_up() {
    let server = Server::start(1, |_, _| Reply::Silence);
    let report = run(&server.plan("/").timeout(Duration::from_millis(20))).unwrap();
    assert_eq!(
        (report.errors.timeout, report.requests.total),
        (1, 0),
        "{report}"
    );
    assert_eq!(
        report.errors.first_paths,
        BTreeMap::from([(Failure::Timeout, "/".to_owned())])
    );
}

#[test]
fn a_drip_that_never_completes_is_a_timeout_too() {
    let server = Server::start(1, |_, _| {
        Reply::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx".to_vec())
    });
    let report = run(&server.plan("/").timeout(Duration::from_millis(20))).unwrap();
    assert_eq!(report.errors.timeout, 1, "{report}");
}

#[test]
fn error_pages_are_failures_with_the_first_path_that_failed() {
    let server = Server::start(4, |_, number| {
        Reply::Bytes(response([200, 404, 500, 200][number % 4], "", "quick"))
    });
    let report = server.measure("/people/nobody");
    assert_eq!(
        (report.requests.total, report.pages, report.pages_incomplete),
        (2, 2, 2),
        "{report}"
    );
    assert_eq!(
        (report.errors.status_4xx, report.errors.status_5xx),
        (1, 1),
        "{report}"
    );
    assert_eq!(
        report.errors.first_paths[&Failure::Status4xx],
        "/people/nobody"
    );
}

#[test]
fn only_failures_give_no_headline() {
    let server = Server::start(3, |_, _| Reply::Bytes(response(503, "", "no")));
    let report = server.measure("/");
    let text = report.to_string();
    assert_eq!(
        (report.requests_per_sec, report.errors.status_5xx),
        (0.0, 3)
    );
    assert!(
        text.starts_with("no request was answered as expected"),
        "{text}"
    );
    assert!(!text.contains("requests/sec"), "{text}");
}

#[test]
fn garbage_and_bytes_nobody_asked_for_are_malformed() {
    for garbage in [
        b"220 smtp ready\r\n".to_vec(),
        [response(200, "", "one"), b"more".to_vec()].concat(),
    ] {
        let server = Server::start(1, move |_, _| Reply::Bytes(garbage.clone()));
        let report = server.measure("/");
        assert_eq!(
            (report.errors.malformed, report.requests.total),
            (1, 0),
            "{report}"
        );
    }
}

#[test]
fn a_page_whose_part_fails_is_not_complete() {
    let server = Server::start(4, |head, _| match head {
        head if head.starts_with("GET /gone.png ") => Reply::Bytes(response(404, "", "")),
        _ => Reply::Bytes(crate::server::html("<img src=/gone.png>")),
    });
    let report = server.measure("/");
    assert_eq!(
        (report.pages, report.pages_incomplete, report.requests.html),
        (0, 2, 2),
        "{report}"
    );
}

#[test]
fn other_peoples_machines_are_refused_before_anything_is_sent() {
    // 192.0.2.0/24 is reserved for documentation: no machine has these addresses.
    for host in ["192.0.2.1", "0.0.0.0", "[2001:db8::1]"] {
        let plan = Plan::new(PageList::single(&format!("http://{host}/")).unwrap());
        assert!(matches!(run(&plan), Err(Error::NotLoopback(_))), "{host}");
    }
}

#[test]
fn a_plan_without_sense_is_refused_with_a_sentence() {
    let plan = || Plan::new(PageList::single("http://127.0.0.1/").unwrap());
    let hour = Duration::from_secs(3600);
    for (nonsense, word) in [
        (plan().threads(0), "threads"),
        (plan().connections(0), "connections"),
        (plan().connections(10_001), "connections"),
        (plan().per_browser(7), "browser"),
        (plan().threads(4).connections(3), "4 threads"),
        (plan().duration(Duration::ZERO), "hour"),
        (plan().duration(hour).warmup(Duration::from_secs(1)), "hour"),
        (plan().warmup(Duration::MAX), "hour"),
        (plan().timeout(Duration::ZERO), "timeout"),
        (plan().viewport_px(0), "window"),
        (plan().header("Host", "x"), "Host"),
        (plan().header("X", "a\r\nB: c"), "header"),
    ] {
        match run(&nonsense) {
            Err(Error::Invalid(sentence)) => assert!(sentence.contains(word), "{sentence}"),
            other => panic!("{word}: {other:?}"),
        }
    }
}
