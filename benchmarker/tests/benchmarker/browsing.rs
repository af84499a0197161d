//! A page view fetches what a browser would.

use std::io::Write;
use std::sync::{Arc, Barrier, mpsc};

use benchmarker::{Failure, Fetch, Lazy, Order, run};
use flate2::{Compression, write::GzEncoder};

use crate::server::{Reply, Server, html, path_of, response};

const PAGE: &str = r#"<!doctype html><link rel="stylesheet" href="/static/a.css">
    <script src="/static/b.js" type="module"></script>
    <img src="x.webp?a=1&amp;b=2"><img src="/320.webp" srcset="/320.webp 320w, /1600.webp 1600w">
    <img src="/late.webp" loading="lazy"><img src="http://elsewhere.example/far.webp">"#;

fn site(head: &str) -> Reply {
    Reply::Bytes(if path_of(head) == "/people/anna" {
        html(PAGE)
    } else {
        response(200, "", "part")
    })
}

#[test]
fn a_page_and_its_parts_are_fetched_and_counted_by_kind() {
    let server = Server::start(10, |head, _| site(head));
    let report = server.measure("/people/anna");
    let view = [
        "/people/anna",
        "/static/a.css",
        "/static/b.js",
        "/people/x.webp?a=1&b=2",
        "/1600.webp",
    ];
    assert_eq!(server.seen()[..10], [view, view].concat());
    let r = &report.requests;
    assert_eq!(
        (r.total, r.html, r.statics, r.pictures),
        (10, 2, 4, 4),
        "{report}"
    );
    assert_eq!((report.pages, report.pages_incomplete), (2, 0), "{report}");
}

#[test]
fn what_is_fetched_of_a_page_is_a_choice() {
    for (fetch, lazy, per_view) in [
        (Fetch::PagesOnly, Lazy::Skip, 1),
        (Fetch::NoPictures, Lazy::Skip, 3),
        (Fetch::Everything, Lazy::Include, 6),
    ] {
        let server = Server::start(2 * per_view, |head, _| site(head));
        let report = run(&server.plan("/people/anna").fetch(fetch).lazy(lazy)).unwrap();
        assert_eq!(
            (report.pages, report.requests.total),
            (2, 2 * per_view as u64),
            "{fetch:?}"
        );
    }
}

#[test]
fn only_the_parts_below_a_path_are_fetched_where_one_is_given() {
    let server = Server::start(6, |head, _| site(head));
    let report = run(&server.plan("/people/anna").parts_below("/static/")).unwrap();
    let view = ["/people/anna", "/static/a.css", "/static/b.js"];
    assert_eq!(server.seen()[..6], [view, view].concat());
    assert_eq!(report.pages, 2, "{report}");
}

#[test]
fn who_answered_is_told_apart_for_pages_and_files() {
    let server = Server::start(10, |head, _| {
        Reply::Bytes(match path_of(head) {
            "/people/anna" => response(200, "Content-Type: text/html\r\nX-Cache: MISS\r\n", PAGE),
            path if path.starts_with("/static/") => {
                response(200, "X-Cache: HIT memcached\r\n", "part")
            }
            _ => response(200, "X-Cache: MISS\r\n", "part"),
        })
    });
    let report = server.measure("/people/anna");
    let (pages, files) = (&report.page_tiers, &report.file_tiers);
    assert_eq!((pages.app.requests, pages.memcached.requests), (2, 0));
    assert_eq!((files.app.requests, files.memcached.requests), (4, 4));
    assert_eq!(report.tiers.app.requests, 6, "{report}");
    assert!((files.memcached.share - 0.5).abs() < 1e-9, "{report}");
}

#[test]
fn a_compressed_page_is_read_and_asked_for() {
    let server = Server::start(4, |head, _| {
        if path_of(head) != "/" || !head.contains("Accept-Encoding: gzip\r\n") {
            return Reply::Bytes(response(200, "", "part"));
        }
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(b"<img src=/packed.webp>").unwrap();
        let headers = "Content-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n";
        Reply::Bytes(response(200, headers, gzip.finish().unwrap()))
    });
    let report = server.measure("/");
    assert_eq!(
        server.seen()[..4],
        ["/", "/packed.webp", "/", "/packed.webp"]
    );
    assert_eq!(report.pages, 2, "{report}");
}

#[test]
fn a_page_that_changes_changes_its_parts_with_and_without_an_etag() {
    for etags in [["", ""], ["ETag: \"1\"\r\n", "ETag: \"2\"\r\n"]] {
        let server = Server::start(6, move |head, number| {
            if path_of(head) != "/" {
                return Reply::Bytes(response(200, "", "part"));
            }
            let second = number >= 4;
            let headers = format!("Content-Type: text/html\r\n{}", etags[usize::from(second)]);
            let body = if second {
                "<img src=/new.webp>"
            } else {
                "<img src=/old.webp>"
            };
            Reply::Bytes(response(200, &headers, body))
        });
        server.measure("/");
        assert_eq!(
            server.seen()[..6],
            ["/", "/old.webp", "/", "/old.webp", "/", "/new.webp"],
            "{etags:?}"
        );
    }
}

#[test]
fn the_parts_of_a_page_travel_over_all_connections_of_the_browser_at_once() {
    // No part is answered before three are requested at the same time.
    let together = Arc::new(Barrier::new(3));
    let server = Server::start(4, move |head, _| {
        if path_of(head) == "/" {
            return Reply::Bytes(html("<img src=1><img src=2><img src=3>"));
        }
        together.wait();
        Reply::Bytes(response(200, "", "part"))
    });
    let report = run(&server.plan("/").connections(3).per_browser(3)).unwrap();
    assert_eq!((report.pages, report.requests.pictures), (1, 3), "{report}");
    assert_eq!(report.generator.browsers, 1);
}

#[test]
fn each_page_is_visited_once_with_all_its_parts_and_then_the_run_ends() {
    // The server would answer for ever, and the plan would last for a minute.
    let server = Server::start(usize::MAX, |head, _| {
        Reply::Bytes(if path_of(head).starts_with("/page") {
            html("<img src=/a.webp><img src=/b.webp>")
        } else {
            response(200, "", "part")
        })
    });
    let list: String = (0..7).map(|i| format!("/page/{i}\n")).collect();
    let plan = server.plan(&list).threads(2).connections(12).once();
    let report = run(&plan).unwrap();
    assert_eq!((report.pages, report.requests.total), (7, 21), "{report}");
    assert!(run(&plan.order(Order::Zipf)).is_err());
}

#[test]
fn several_threads_share_the_connections_and_the_list() {
    let server = Server::start(40, |_, _| Reply::Bytes(response(200, "", "x")));
    let list: String = (0..40).map(|i| format!("/{i}\n")).collect();
    let plan = server
        .plan(&list)
        .threads(2)
        .connections(4)
        .fetch(Fetch::PagesOnly);
    let report = run(&plan).unwrap();
    assert!(
        report.requests.total >= 30 && report.errors.total == 0,
        "{report}"
    );
    assert_eq!(
        (report.generator.browsers, report.generator.threads),
        (4, 2)
    );
}

#[test]
fn the_same_seed_asks_for_the_same_pages_in_the_same_order() {
    let list: String = (0..50).map(|i| format!("/{i}\n")).collect();
    let walk = |seed, order| {
        let server = Server::start(30, |_, _| Reply::Bytes(response(200, "", "x")));
        let plan = server
            .plan(&list)
            .order(order)
            .seed(seed)
            .fetch(Fetch::PagesOnly);
        let expected: Vec<String> = plan
            .first_pages(0, 30)
            .into_iter()
            .map(str::to_owned)
            .collect();
        run(&plan).unwrap();
        assert_eq!(server.seen()[..30], expected);
        expected
    };
    for order in [Order::Shuffle, Order::Random, Order::Zipf] {
        assert_eq!(walk(7, order), walk(7, order));
        assert_ne!(walk(7, order), walk(8, order));
    }
    assert_eq!(walk(7, Order::File)[..3], ["/0", "/1", "/2"]);
}

#[test]
fn whoever_listens_hears_of_every_request_while_the_run_goes_on() {
    let server = Server::start(10, |head, _| site(head));
    let (progress, heard) = mpsc::channel();
    let report = run(&server.plan("/people/anna").send_progress_to(progress)).unwrap();
    let (mut requests, mut pages) = (0, 0);
    for progress in heard {
        requests += progress
            .times
            .iter()
            .map(|(_, times)| times.len())
            .sum::<u64>();
        pages += progress.pages.len();
    }
    assert_eq!(requests, report.requests.total);
    assert_eq!(pages, report.requests.html);
}

#[test]
fn a_page_that_leads_to_another_of_the_site_is_that_page() {
    // The page, its redirect, and the picture there; twice.
    let server = Server::start(6, |head, _| {
        Reply::Bytes(match path_of(head) {
            "/old/page" => response(302, "Location: ../new?a=b\r\n", ""),
            "/new?a=b" => html("<img src=/a.webp>"),
            _ => response(200, "", "x"),
        })
    });
    let report = run(&server.plan("/old/page")).unwrap();
    assert_eq!(
        server.seen()[..3],
        ["/old/page", "/new?a=b", "/a.webp"],
        "{report}"
    );
    assert_eq!(
        (
            report.pages,
            report.requests.redirects,
            report.requests.total
        ),
        (2, 2, 6),
        "{report}"
    );
}

#[test]
fn a_page_that_leads_to_another_site_ends_there_and_one_that_leads_on_for_ever_fails() {
    let server = Server::start(2, |_, _| {
        Reply::Bytes(response(302, "Location: http://127.0.0.2:1/\r\n", ""))
    });
    let report = run(&server.plan("/")).unwrap();
    assert_eq!((report.pages, report.errors.total), (2, 0), "{report}");

    let server = Server::start(21, |_, number| {
        Reply::Bytes(response(302, &format!("Location: /{number}\r\n"), ""))
    });
    let report = run(&server.plan("/")).unwrap();
    assert_eq!(
        (report.requests.redirects, report.errors.total, report.pages),
        (20, 1, 0),
        "{report}"
    );
    let path = &report.errors.first_paths[&Failure::Unexpected];
    assert!(path.starts_with("/19"), "{path}");
}
