//! The whole site, through nginx: what memcached takes over, and what a fault costs a visitor.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use benchmarker::{PageList, Plan, Report};
use nix::sys::signal::Signal;
use reqwest::StatusCode;

use crate::crash::every_size;
use crate::stack::site::{Site, folder, send};
use crate::town::{Answer, Visitor, jpeg};

/// How long memcached may take to have what was pushed; reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn visitor(site: &Site) -> Visitor {
    Visitor::at(&base(site))
}

pub(crate) fn base(site: &Site) -> String {
    format!(
        "http://{}",
        site.record()["listen"].as_str().expect("an address")
    )
}

/// Asks for a file until memcached answers.
pub(crate) async fn until_hit(visitor: &Visitor, path: &str) -> Answer {
    let asked = async {
        loop {
            let answer = visitor.get(path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            if answer.header("x-cache") == "HIT memcached" {
                return answer;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asked)
        .await
        .unwrap_or_else(|_| panic!("{path} never comes from memcached"))
}

#[tokio::test]
async fn files_come_from_the_app_once_and_from_memcached_ever_after() {
    let dir = folder();
    let site = tokio::task::spawn_blocking({
        let path = dir.path().to_owned();
        move || Site::ready(&path)
    })
    .await
    .unwrap();
    let visitor = visitor(&site);
    let page = visitor.get("/").await;
    let style = page
        .values_of("href")
        .into_iter()
        .find(|url| url.ends_with(".css"))
        .unwrap();
    let picture = page
        .values_of("src")
        .into_iter()
        .find(|url| url.starts_with("/i/"))
        .unwrap();
    for path in [style, picture] {
        let hit = until_hit(&visitor, &path).await;
        for _ in 0..20 {
            let again = visitor.get(&path).await;
            assert_eq!(again.header("x-cache"), "HIT memcached", "{path}");
            assert_eq!(again.body, hit.body, "{path}");
        }
    }
    tokio::task::spawn_blocking(move || site.stop())
        .await
        .unwrap();
}

#[tokio::test]
async fn what_was_deleted_or_hidden_never_comes_from_memcached_again() {
    let dir = folder();
    let path = dir.path().to_owned();
    let site = tokio::task::spawn_blocking(move || Site::ready(&path))
        .await
        .unwrap();
    let (ann, stranger) = (visitor(&site), visitor(&site));
    let joined = ann
        .post(
            "/register",
            &[("name", "ann"), ("password", "correct horse battery")],
        )
        .await;
    assert_eq!(joined.status, StatusCode::SEE_OTHER, "{}", joined.text());
    for (seed, (action, form)) in [
        ("delete", [].as_slice()),
        ("visibility", [("visibility", "private")].as_slice()),
    ]
    .into_iter()
    .enumerate()
    {
        let posted = ann
            .upload("Soon gone", "public", jpeg(seed as u8, 600, 400))
            .await;
        let page = posted.header("location").to_owned();
        // In every size and format.
        let pictures = every_size(&stranger, &page).await;
        for picture in &pictures {
            until_hit(&stranger, picture).await;
        }
        let done = ann.post(&format!("{page}/{action}"), form).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        for picture in pictures.iter().cycle().take(24) {
            assert_eq!(
                stranger.get(picture).await.status,
                StatusCode::NOT_FOUND,
                "{action} {picture}"
            );
        }
    }
    tokio::task::spawn_blocking(move || site.stop())
        .await
        .unwrap();
}

/// How many connections ask at once.
const CONNECTIONS: u32 = 12;

#[test]
fn a_killed_memcached_app_or_worker_costs_no_more_than_what_was_in_flight() {
    let dir = folder();
    let mut site = Site::ready(dir.path());
    for victim in ["memcached", "app-1", "a worker of nginx"] {
        let stop = Arc::new(AtomicBool::new(false));
        let load = std::thread::spawn({
            let (base, stop) = (base(&site), Arc::clone(&stop));
            move || under_load(&base, stop)
        });
        until_connected(&site);
        if victim == "a worker of nginx" {
            let (master, before) = (site.pid("nginx"), workers_of(site.pid("nginx")));
            send(before[0], Signal::SIGKILL);
            // Its master replaces it.
            until(|| {
                workers_of(master)
                    .iter()
                    .any(|worker| !before.contains(worker))
            });
        } else {
            send(site.pid(victim), Signal::SIGKILL);
            site.wait_for(&format!("{victim} answers after"));
        }
        until_connected(&site);
        stop.store(true, Ordering::Relaxed);
        let report = load.join().unwrap();
        let allowed = if victim == "memcached" {
            0
        } else {
            u64::from(CONNECTIONS)
        };
        assert!(report.requests.total > 0, "{victim}: nobody asked");
        assert!(report.errors.total <= allowed, "{victim}: {report}");
        assert_eq!(
            report.errors.status_5xx + report.errors.status_4xx,
            0,
            "{victim}: {report}"
        );
    }
    site.stop();
}

/// Pages and their files until told to stop, at most for a minute.
fn under_load(base: &str, stop: Arc<AtomicBool>) -> Report {
    let pages = PageList::parse("/\n/people\n", Some(base)).expect("pages");
    let plan = Plan::new(pages)
        .threads(1)
        .connections(CONNECTIONS as usize)
        .warmup(Duration::ZERO)
        .duration(Duration::from_secs(60))
        .stop_when(stop);
    benchmarker::run(&plan).expect("somebody answers")
}

/// Waits until all connections of the load stand.
fn until_connected(site: &Site) {
    let listen = site.record()["listen"]
        .as_str()
        .expect("an address")
        .to_owned();
    let (_, port) = listen.rsplit_once(':').expect("a port");
    // As the kernel writes it, in /proc/net/tcp: the other end of an established (01) connection.
    let other_end = format!(":{:04X} 01", port.parse::<u16>().expect("a port"));
    until(|| {
        let table = std::fs::read_to_string("/proc/net/tcp").expect("a table of connections");
        table.matches(&other_end).count() >= CONNECTIONS as usize
    });
}

fn until(condition: impl Fn() -> bool) {
    let begin = std::time::Instant::now();
    while !condition() {
        assert!(begin.elapsed() < PATIENCE, "it never happens");
        std::thread::yield_now();
    }
}

/// The processes that a master has started.
fn workers_of(master: i32) -> Vec<i32> {
    let children = std::fs::read_to_string(format!("/proc/{master}/task/{master}/children"));
    let children = children.expect("a master has children");
    children
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}
