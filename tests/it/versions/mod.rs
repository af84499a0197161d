//! The four versions are one site: the same questions, asked of each over the same database, get the
//! same answers. And each of them starts, serves, survives its children and leaves nothing.

mod answers;
mod own;
mod people;
mod table;

use std::path::Path;
use std::time::{Duration, Instant};

use answers::Answer;
use domain::rung::Rung;
use nix::sys::signal::Signal;
use people::{Audience, FORM, PASSWORD, base, prepare};
use reqwest::Client;
use sqlx::{Connection as _, PgConnection};
use table::{Question, questions};

use crate::stack::site::{Site, folder, program, run, runs, send, up};
use crate::town::{Visitor, jpeg};

#[tokio::test]
async fn all_versions_answer_alike_and_survive_and_leave_nothing() {
    let dir = folder();
    let mut site = start(dir.path(), Rung::CacheMoney).await;
    let facts = prepare(&site).await;
    let questions = questions(&facts);
    let expected = answers(&site, &questions, Rung::CacheMoney).await;
    own::answers_of_nginx_have_its_page(&site, Rung::CacheMoney).await;
    guessing_is_slowed(&site, Rung::CacheMoney).await;
    hidden_is_gone(&site, Rung::CacheMoney).await;
    site = survives(site, Rung::CacheMoney).await;
    stop(site, Rung::CacheMoney).await;

    let mut left = vec![];
    for rung in [Rung::CgiStrawman, Rung::OneServer, Rung::SharedNothing] {
        site = start(dir.path(), rung).await;
        let still: Vec<&i32> = left.iter().filter(|pid| runs(**pid)).collect();
        assert!(
            still.is_empty(),
            "still there when {rung} is ready: {still:?}"
        );
        let got = answers(&site, &questions, rung).await;
        let mut differences = Vec::new();
        for ((question, got), expected) in questions.iter().zip(&got).zip(&expected) {
            let difference = got.differs_from(expected);
            if let Some(difference) = difference.filter(|_| !question.only_status) {
                differences.push(format!("{}: {difference}", question.row));
            }
        }
        assert!(
            differences.is_empty(),
            "version {rung} answers otherwise than 0.4:\n{}",
            differences.join("\n")
        );
        own::answers_of_nginx_have_its_page(&site, rung).await;
        guessing_is_slowed(&site, rung).await;
        hidden_is_gone(&site, rung).await;
        site = survives(site, rung).await;
        if rung == Rung::CgiStrawman {
            a_killed_program_is_a_502(&site).await;
            // The next start, of another version, clears away what is left.
            left = kill_supervisor(site).await;
        } else {
            stop(site, rung).await;
        }
    }
}

/// A site of that version on the one database.
async fn start(dir: &Path, rung: Rung) -> Site {
    let mut command = up(dir);
    command.args(["--rung", rung.version()]);
    let dir = dir.to_owned();
    let started = tokio::task::spawn_blocking(move || {
        let mut site = Site::start_as(command, &dir);
        site.wait_for("ready http://");
        site
    });
    started.await.expect("a running site")
}

/// The children of a version, its own names for them.
fn children(rung: Rung) -> &'static [&'static str] {
    match rung {
        // Four programs at once for each of two app processes.
        Rung::CgiStrawman => &[
            "fcgiwrap-0",
            "fcgiwrap-1",
            "fcgiwrap-2",
            "fcgiwrap-3",
            "fcgiwrap-4",
            "fcgiwrap-5",
            "fcgiwrap-6",
            "fcgiwrap-7",
            "jobs",
            "nginx",
            "postgres",
        ],
        Rung::OneServer => &["app-0", "postgres"],
        Rung::SharedNothing => &["app-0", "app-1", "nginx", "postgres"],
        Rung::CacheMoney => &["app-0", "app-1", "memcached", "nginx", "postgres"],
    }
}

/// Kills what answers for the application: it is replaced, and the site serves on.
async fn survives(mut site: Site, rung: Rung) -> Site {
    let killed = tokio::task::spawn_blocking(move || {
        let record = site.record();
        let running = record["children"].as_object().expect("children");
        let running: Vec<&str> = running.keys().map(String::as_str).collect();
        assert_eq!(running, children(rung), "{rung}");
        let victim = children(rung)[0];
        let before = site.pid(victim);
        send(before, Signal::SIGKILL);
        site.wait_for(&format!("!! {victim} ended"));
        site.wait_for(&format!("{victim} answers after"));
        assert_ne!(site.pid(victim), before, "{rung}");
        assert!(site.get("/").starts_with("HTTP/1.1 200"), "{rung}");
        site
    });
    killed.await.expect("it survives")
}

fn forked_by(pid: i32) -> Vec<i32> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap_or_default();
    let pids = children.split_whitespace();
    pids.filter_map(|pid| pid.parse().ok()).collect()
}

/// Stops a site in order: no process, no socket and no warning of nginx is left.
async fn stop(site: Site, rung: Rung) {
    let stopped = tokio::task::spawn_blocking(move || {
        let (mut pids, sockets, state) = (site.pids(), site.sockets(), site.state.clone());
        pids.extend(site.pids().into_iter().flat_map(forked_by));
        let status = run(program(state.parent().expect("a folder"), &["status"]));
        let said = String::from_utf8_lossy(&status.stdout).into_owned();
        let version = format!("{rung}, {}", rung.name());
        assert!(said.contains(&version), "no {version:?} in\n{said}");
        site.stop();
        assert!(
            !pids.iter().any(|pid| runs(*pid)),
            "{rung} leaves some of {pids:?}"
        );
        assert!(!sockets.exists(), "{rung} leaves {}", sockets.display());
        let log = std::fs::read_to_string(state.join("logs/nginx.log")).unwrap_or_default();
        assert!(
            !log.contains("[warn]") && !log.contains("[emerg]"),
            "{rung}: {log}"
        );
    });
    stopped.await.expect("a stopped site");
}

/// Kills a program of 0.1 in the middle of its request: that is a 502, with nothing of what it was about
/// to say, and the next request is answered as ever.
async fn a_killed_program_is_a_502(site: &Site) {
    let url = site.record()["database_url"]
        .as_str()
        .expect("a URL")
        .to_owned();
    let mut database = PgConnection::connect(&url).await.expect("a database");
    let mut lock = database.begin().await.expect("a transaction");
    let locked = sqlx::query("lock table users in access exclusive mode").execute(&mut *lock);
    locked.await.expect("nobody reads people now");
    let (url, pids) = (format!("{}/people", base(site)), site.pids());
    let asked = tokio::spawn(reqwest::get(url.clone()));
    let killed = tokio::task::spawn_blocking(move || {
        let begin = Instant::now();
        let programs = loop {
            let started = pids.iter().flat_map(|pid| forked_by(*pid));
            let programs: Vec<i32> = started.filter(|pid| is_program(*pid)).collect();
            assert!(begin.elapsed() < PATIENCE, "no program is started");
            if !programs.is_empty() {
                break programs;
            }
            std::thread::yield_now();
        };
        programs
            .into_iter()
            .for_each(|pid| send(pid, Signal::SIGKILL));
    });
    killed.await.expect("a program was killed");
    let answer = asked.await.expect("a task").expect("an answer");
    assert_eq!(answer.status(), 502);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert!(answer.headers().contains_key("content-security-policy"));
    assert!(
        answer
            .text()
            .await
            .expect("a page")
            .contains("Back in a moment")
    );
    lock.rollback().await.expect("people can be read again");
    assert_eq!(reqwest::get(url).await.expect("an answer").status(), 200);
}

/// How long a program may take to be started; reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether this is a program that answers one request: fcgiwrap gives it no arguments.
fn is_program(pid: i32) -> bool {
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    words.ends_with(b"/bin/flickr-killr\0")
}

/// Kills `up` itself, and names its children.
async fn kill_supervisor(mut site: Site) -> Vec<i32> {
    let killed = tokio::task::spawn_blocking(move || {
        let children = site.pids();
        site.signal(Signal::SIGKILL);
        site.end();
        children
    });
    killed.await.expect("a dead supervisor")
}

async fn answers(site: &Site, questions: &[Question], rung: Rung) -> Vec<Answer> {
    forget_tries(site).await;
    let audience = Audience::of(site).await;
    forget_tries(site).await;
    let (mut answers, mut wrong) = (Vec::new(), Vec::new());
    for question in questions {
        let answer = audience.ask(question).await;
        if answer.status != question.status {
            wrong.push(format!("{}: status {}", question.row, answer.status));
        }
        answers.push(answer);
    }
    assert!(
        wrong.is_empty(),
        "version {rung} answers otherwise than expected:\n{}",
        wrong.join("\n")
    );
    answers
}

/// Lets everybody guess from the beginning again: what one version counted holds for all.
async fn forget_tries(site: &Site) {
    let url = site.record()["database_url"]
        .as_str()
        .expect("a URL")
        .to_owned();
    let mut database = PgConnection::connect(&url).await.expect("a database");
    let forgotten = sqlx::query("delete from rate_limits")
        .execute(&mut database)
        .await;
    forgotten.expect("nothing is counted");
}

/// Whoever guesses passwords waits, and cannot say that somebody else did.
async fn guessing_is_slowed(site: &Site, rung: Rung) {
    forget_tries(site).await;
    let client = Client::new();
    let mut statuses = Vec::new();
    for guess in 0..7 {
        let request = client.post(format!("{}/login", base(site)));
        let request = request
            .header("sec-fetch-site", "same-origin")
            .header("content-type", FORM);
        let request = request.header("x-forwarded-for", format!("10.0.0.{guess}"));
        let answer = request
            .body(format!("name=nobody-{guess}&password=wrong"))
            .send()
            .await;
        statuses.push(answer.expect("an answer").status().as_u16());
    }
    assert_eq!(
        (statuses[0], statuses[6]),
        (422, 429),
        "{rung}: {statuses:?}"
    );
    forget_tries(site).await;
}

/// What a visitor can no longer see is gone from disk and memory as well, before it is said.
async fn hidden_is_gone(site: &Site, rung: Rung) {
    let (ann, stranger) = (Visitor::at(&base(site)), Visitor::at(&base(site)));
    let form = [("name", "ann"), ("password", PASSWORD)];
    assert_eq!(ann.post("/login", &form).await.status, 303, "{rung}");
    for (seed, (action, form)) in [
        ("delete", [].as_slice()),
        ("visibility", [("visibility", "private")].as_slice()),
    ]
    .into_iter()
    .enumerate()
    {
        let picture = jpeg(100 + seed as u8, 800, 500);
        let posted = ann.upload("Soon gone", "public", picture).await;
        let page = posted.header("location").to_owned();
        let sources = stranger.get(&page).await.values_of("src");
        let picture = sources.iter().find(|url| url.starts_with("/i/"));
        let picture = picture.unwrap_or_else(|| panic!("{rung}: no picture on {page}"));
        for _ in 0..3 {
            assert_eq!(stranger.get(picture).await.status, 200, "{rung}: {picture}");
        }
        let done = ann.post(&format!("{page}/{action}"), form).await;
        assert_eq!(done.status, 303, "{rung}: {}", done.text());
        for path in [picture, &page] {
            let after = stranger.get(path).await;
            assert_eq!(after.status, 404, "{rung}, after {action}: {path}");
        }
        if action == "visibility" {
            let gone = ann.post(&format!("{page}/delete"), &[]).await;
            assert_eq!(gone.status, 303, "{rung}: {}", gone.text());
        }
    }
}
