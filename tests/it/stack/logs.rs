//! No child waits for its log, whatever becomes of the supervisor or of the disk.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::site::{Site, folder, program, send};
use crate::cluster::Database;

/// How many clients ask at once.
const CLIENTS: usize = 4;

/// How many answers each state of the site must give: a pipe of 64 KiB holds some 200 lines of nginx.
const ANSWERS: usize = 1000;

/// How long an answer may take at most; reached only when a request hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks over a connection of its own; returns the head of the answer, or nothing when the request hangs.
fn ask(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).expect("nginx listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a question");
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
        read => read.expect("an answer"),
    };
    let answer = String::from_utf8_lossy(&answer);
    answer.split("\r\n\r\n").next().map(str::to_owned)
}

/// Lets clients ask until they have [`ANSWERS`], and returns how many of them had which status. All stop when one hangs.
fn statuses(address: &str, path: &str) -> BTreeMap<String, usize> {
    let left = AtomicUsize::new(ANSWERS);
    let take = || left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
    let client = || {
        let mut statuses = Vec::new();
        while take().is_ok() {
            let head = ask(address, path);
            if head.is_none() {
                left.store(0, Relaxed);
            }
            let status = head.as_deref().and_then(|head| head.split(' ').nth(1));
            statuses.push(status.unwrap_or("hangs").to_owned());
        }
        statuses
    };
    let mut counts = BTreeMap::new();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        for client in clients {
            for status in client.join().expect("a client") {
                *counts.entry(status).or_default() += 1;
            }
        }
    });
    counts
}

/// All of them had this status.
fn all(status: &str) -> BTreeMap<String, usize> {
    BTreeMap::from([(status.to_owned(), ANSWERS)])
}

#[test]
fn a_stopped_supervisor_and_dead_app_processes_hang_no_request() {
    let dir = folder();
    let mut site = Site::ready(dir.path());
    let address = site.record()["listen"]
        .as_str()
        .expect("an address")
        .to_owned();
    let page = site.get("/");
    let (_, style) = page.split_once("href=\"/static/").expect("a style");
    let style = format!("/static/{}", style.split('"').next().expect("an end"));
    let is_hit = || {
        let head = ask(&address, &style).expect("no request hangs");
        head.contains("X-Cache: HIT memcached")
    };
    let begin = Instant::now();
    while !is_hit() {
        assert!(begin.elapsed() < PATIENCE, "{style} is never stored");
    }
    let log = site.state.join("logs/nginx.log");
    let lines = || {
        std::fs::read_to_string(&log)
            .expect("a log")
            .lines()
            .count()
    };
    let apps = [site.pid("app-0"), site.pid("app-1")];

    site.signal(Signal::SIGSTOP);
    send(apps[0], Signal::SIGKILL);
    let (begin, before) = (Instant::now(), lines());
    assert_eq!(statuses(&address, "/"), all("200"), "one process is dead");
    // A line a second for the dead process, and one for each request that it had begun.
    let most = 2 * (begin.elapsed().as_secs() as usize + 1) + 2 * CLIENTS;
    let written = lines() - before;
    assert!(
        written <= most,
        "{written} lines, not {most}, for {ANSWERS} requests"
    );

    send(apps[1], Signal::SIGKILL);
    assert_eq!(statuses(&address, "/"), all("503"), "both are dead");
    assert_eq!(statuses(&address, &style), all("200"));
    assert!(is_hit());

    site.signal(Signal::SIGCONT);
    for _ in apps {
        site.wait_for("answers after");
    }
    assert_eq!(statuses(&address, "/"), all("200"), "both are back");
    site.stop();
}

#[tokio::test]
async fn an_app_process_whose_log_cannot_be_written_serves() {
    let dir = folder();
    let database = Database::new().await;
    let mut connection = db::connect(&database.options())
        .await
        .expect("a connection");
    let made = db::migrate::run(&mut connection).await;
    made.expect("tables");
    sqlx::raw_sql("drop table recent_photos")
        .execute(&mut connection)
        .await
        .expect("one less");
    let socket = dir.path().join("app.sock");
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .expect("a full device");
    let listen = format!("--listen=unix:{}", socket.display());
    let below = |name: &str| format!("--{name}={}", dir.path().join(name).display());
    let words = ["serve", &listen, &below("originals"), &below("derivatives")];
    let mut process = program(dir.path(), &words)
        .env("DATABASE_URL", database.url())
        .env("RUST_LOG", "debug")
        .stdout(Stdio::null())
        .stderr(full)
        .spawn()
        .expect("the program starts");
    let served = tokio::task::spawn_blocking(move || {
        let begin = Instant::now();
        let mut stream = loop {
            match std::os::unix::net::UnixStream::connect(&socket) {
                Ok(stream) => break stream,
                Err(_) if process.try_wait().expect("a child").is_some() => {
                    panic!("it ended: a line of its log could not be written")
                }
                Err(error) => assert!(begin.elapsed() < PATIENCE, "{error}"),
            }
        };
        // A table is missing, so the page fails, and the failure is logged.
        let question = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(question.as_bytes()).expect("a question");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        send(process.id() as i32, Signal::SIGTERM);
        assert!(process.wait().expect("an end").success());
        answer
    });
    let answer = served.await.expect("it serves");
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
}
