//! Page views that are due at planned instants, and browsers that think.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use benchmarker::{CheckResult, Fetch, Load, Plan, Report, Stage, Stages, Think, run};

use crate::server::{Reply, Server, response};

fn open(server: &Server, rate: f64, secs: f64) -> Plan {
    server
        .plan("/")
        .fetch(Fetch::PagesOnly)
        .connections(8)
        .duration(Duration::from_secs_f64(secs))
        .load(Load::Open(Stages::constant(rate).unwrap()))
}

fn closed(server: &Server, think: Think, users: Option<Stages>) -> Plan {
    server
        .plan("/")
        .fetch(Fetch::PagesOnly)
        .load(Load::Closed { think, users })
}

fn ok(_: &str, _: usize) -> Reply {
    Reply::Bytes(response(200, "", "x"))
}

/// Asserts that all checks passed but those that depend on how busy the machine is.
fn assert_sound(report: &Report) {
    for check in &report.audit {
        let may_fail = check.name == "punctual" || check.name == "Little's law";
        assert!(may_fail || check.result == CheckResult::Passed, "{check:?}");
    }
}

#[test]
fn a_server_that_pauses_is_late_for_all_who_were_due_meanwhile() {
    const PAUSE: Duration = Duration::from_millis(1400);
    let begin = Mutex::new(None::<Instant>);
    let server = Server::start(usize::MAX, move |_, _| {
        let begin = *begin.lock().unwrap().get_or_insert_with(Instant::now);
        let pause = begin + Duration::from_secs(1)..begin + Duration::from_secs(1) + PAUSE;
        if pause.contains(&Instant::now()) {
            thread::sleep(pause.end.saturating_duration_since(Instant::now()));
        }
        Reply::Bytes(response(200, "", "x"))
    });
    let report = run(&open(&server, 300.0, 4.0)).unwrap();
    assert_sound(&report);
    let (response, service) = (report.request_times, report.service_times);
    // Of the arrivals of 4 s, those of 0.4 s wait for a second and more: a tenth.
    assert!(response.p95_ms.unwrap() > 900.0, "{response:?}");
    assert!(response.p99_ms.unwrap() > 1000.0, "{response:?}");
    // The service times, of the eight requests under way, hardly show it.
    assert!(service.p50_ms.unwrap() <= response.p50_ms.unwrap());
    assert!(service.average_ms.unwrap() < response.average_ms.unwrap() / 2.0);
    assert!(report.to_string().contains("service time"), "{report}");
}

#[test]
fn what_was_due_was_begun_or_skipped_or_waits() {
    let server = Server::start(usize::MAX, |_, _| Reply::Silence);
    let plan = open(&server, 200.0, 2.0).timeout(Duration::from_millis(500));
    let report = run(&plan).unwrap();
    assert_sound(&report);
    let load = report.load;
    assert!(
        load.is_open() && load.skipped > 100 && load.waiting > 0,
        "{load:?}"
    );
    assert!(load.due.abs_diff(400) <= 2, "{load:?}");
    assert!(report.to_string().contains("skipped"), "{report}");
    assert!(report.falls_behind(), "{report}");
}

#[test]
fn page_views_come_at_the_rate_that_was_asked_for() {
    let server = Server::start(usize::MAX, ok);
    for threads in [1, 2] {
        let report = run(&open(&server, 250.0, 2.0).threads(threads)).unwrap();
        assert_sound(&report);
        assert_eq!(report.errors.total, 0, "{report}");
        // At both ends of the measured time one may be on either side.
        let load = report.load;
        assert!(load.due.abs_diff(500) <= 2, "{load:?}");
        assert_eq!(report.seconds.len(), 2);
    }
}

#[test]
fn a_browser_that_thinks_asks_no_more_often_than_it_may() {
    let server = Server::start(usize::MAX, ok);
    let think = Think::Fixed(Duration::from_millis(100));
    let plan = closed(&server, think, None).duration(Duration::from_millis(1050));
    let report = run(&plan).unwrap();
    assert!((1..=11).contains(&report.requests.total), "{report}");
    assert!(!report.load.is_open() && !report.falls_behind());
    // However late the browser is woken: its think time was longer, and no request waited.
    assert_eq!(report.request_times, report.service_times);
    assert!(report.audit.iter().all(|check| check.name != "punctual"));
}

#[test]
fn stages_let_no_more_browsers_to_work_than_they_say() {
    let server = Server::start(usize::MAX, ok);
    let stage = Stage {
        from: 2.0,
        to: 2.0,
        time: Duration::from_secs(60),
    };
    let plan = closed(&server, Think::NONE, Some(Stages::of(vec![stage]).unwrap()))
        .connections(5)
        .duration(Duration::from_millis(300));
    let report = run(&plan).unwrap();
    assert_sound(&report);
    assert!(report.requests.total > 0);
    assert_eq!(server.connections(), 2);
}
