//! Browsers that return with a filled cache.

use std::sync::{Arc, Mutex};

use benchmarker::{Plan, Visitors, run};

use crate::server::{Reply, Server, html, path_of, response};

const PAGE: &str = "<link rel=stylesheet href=/kept.css><img src=/asked.webp><img src=/never.webp>";

/// A page with an immutable file, one that is validated, and one that is not stored.
fn site(head: &str) -> Reply {
    let is_known = head.contains("If-None-Match: \"1\"\r\n");
    Reply::Bytes(match path_of(head) {
        "/" => html(PAGE),
        "/kept.css" => response(200, "Cache-Control: max-age=31536000\r\n", "x"),
        "/asked.webp" if is_known => b"HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n".to_vec(),
        "/asked.webp" => response(200, "Cache-Control: no-cache\r\nETag: \"1\"\r\n", "picture"),
        "/never.webp" => response(200, "Cache-Control: no-store\r\n", "picture"),
        other => panic!("nobody asks for {other}"),
    })
}

fn visits(server: &Server, visitors: Visitors) -> Plan {
    server.plan("/").visitors(visitors)
}

#[test]
fn a_visitor_who_returns_asks_only_for_what_may_have_changed() {
    // 4 requests for the first visit, then 3 each: the page, the validated file, the file not stored.
    let server = Server::start(4 + 3 + 3, |head, _| site(head));
    let report = run(&visits(&server, Visitors::Returning)).unwrap();
    let seen = server.seen();
    let count = |path: &str| seen[..10].iter().filter(|seen| *seen == path).count();
    assert_eq!(count("/kept.css"), 1, "{seen:?}");
    assert_eq!(
        (count("/"), count("/asked.webp"), count("/never.webp")),
        (3, 3, 3)
    );
    assert_eq!(
        (report.pages, report.from_cache, report.revalidated),
        (3, 2, 2)
    );
    assert!(
        report.first_visit_times.p50_ms.is_some() && report.repeat_visit_times.p50_ms.is_some()
    );
    let text = report.to_string();
    assert!(
        text.contains("first visits") && text.contains("2 revalidated"),
        "{text}"
    );
}

#[test]
fn whoever_comes_next_has_nothing() {
    // A new visitor takes over after each second page view.
    let server = Server::start(4 + 3 + 4 + 3, |head, _| site(head));
    let report = run(&visits(&server, Visitors::ReturningFor(2))).unwrap();
    let seen = server.seen();
    let kept = seen[..14].iter().filter(|path| *path == "/kept.css");
    assert_eq!(kept.count(), 2, "{seen:?}");
    assert_eq!((report.pages, report.from_cache), (4, 2));
}

#[test]
fn by_default_every_visit_is_the_first() {
    let conditions = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&conditions);
    let server = Server::start(8, move |head, _| {
        *seen.lock().unwrap() += usize::from(head.contains("If-None-Match"));
        site(head)
    });
    let report = run(&server.plan("/")).unwrap();
    assert_eq!(
        (report.pages, report.from_cache, report.revalidated),
        (2, 0, 0)
    );
    assert_eq!(*conditions.lock().unwrap(), 0);
}

#[test]
fn what_a_style_sheet_imports_is_fetched_once_and_on_later_visits_too() {
    let server = Server::start(6, |head, _| {
        Reply::Bytes(match path_of(head) {
            "/" => html("<link rel=stylesheet href=/a.css>"),
            "/a.css" => response(200, "Content-Type: text/css\r\n", "@import '/b.css';"),
            "/b.css" => response(200, "Content-Type: text/css\r\n", "@import '/a.css';"),
            other => panic!("nobody asks for {other}"),
        })
    });
    let report = run(&server.plan("/")).unwrap();
    assert_eq!(
        server.seen()[..6],
        ["/", "/a.css", "/b.css", "/", "/a.css", "/b.css"]
    );
    assert_eq!(report.pages, 2);
}

/// The path and cookie of each request.
type Told = Arc<Mutex<Vec<String>>>;

/// A page that sets a cookie and has a picture.
fn that_sets_a_cookie(told: &Told) -> impl Fn(&str, usize) -> Reply + Send + Sync + 'static {
    let tell = Arc::clone(told);
    move |head: &str, number: usize| {
        let cookie = head.lines().find_map(|line| line.strip_prefix("Cookie: "));
        let line = format!("{} {}", path_of(head), cookie.unwrap_or("-"));
        tell.lock().unwrap().push(line);
        Reply::Bytes(match path_of(head) {
            "/" => response(
                200,
                &format!("Content-Type: text/html\r\nSet-Cookie: visit={number}; HttpOnly\r\n"),
                "<img src=/a.webp>",
            ),
            _ => response(200, "", "x"),
        })
    }
}

#[test]
fn a_cookie_goes_with_the_parts_of_a_page_and_with_later_pages_of_the_same_visitor() {
    let told = Told::default();
    let server = Server::start(4, that_sets_a_cookie(&told));
    run(&visits(&server, Visitors::Returning)).unwrap();
    let told = told.lock().unwrap();
    assert_eq!(
        told[..4],
        ["/ -", "/a.webp visit=0", "/ visit=0", "/a.webp visit=2"]
    );
}

#[test]
fn whoever_comes_next_has_no_cookie() {
    let told = Told::default();
    let server = Server::start(4, that_sets_a_cookie(&told));
    run(&server.plan("/")).unwrap();
    let told = told.lock().unwrap();
    assert_eq!(
        told[..4],
        ["/ -", "/a.webp visit=0", "/ -", "/a.webp visit=2"]
    );
}
