//! Requests that a process of the application does not answer: how often nginx repeats them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures::future::{join_all, pending};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;

use crate::http::{self, Answer};
use crate::stack::{Nginx, folder, front, until};

/// How many processes there are: more than may lose the same request.
const PROCESSES: usize = 3;

/// Processes that answer `/page`, close the connection at `/kill`, as a dying one does, and are silent at `/hang`. The
/// first that gets `/frozen` is silent until it is killed; the others answer.
struct Processes {
    nginx: Nginx,
    seen: Arc<Seen>,
    _dir: TempDir,
}

#[derive(Default)]
struct Seen {
    /// How many requests were not for `/page`.
    lost: AtomicUsize,
    kill: Notify,
}

impl Processes {
    async fn start(change: impl FnOnce(&Path)) -> Self {
        let dir = folder();
        let seen = Arc::<Seen>::default();
        let sockets: Vec<PathBuf> = (0..PROCESSES)
            .map(|number| dir.path().join(format!("app-{number}")))
            .collect();
        for socket in &sockets {
            let listener = UnixListener::bind(socket).unwrap();
            tokio::spawn(serve(listener, Arc::clone(&seen)));
        }
        let nginx = Nginx::start(dir.path(), front(dir.path(), sockets), change).await;
        Self {
            nginx,
            seen,
            _dir: dir,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        http::send(&self.nginx.socket, "GET", path, &[])
            .await
            .unwrap()
    }
}

/// Serves as one process after another: when one dies, all its connections close, and the next listens.
async fn serve(listener: UnixListener, seen: Arc<Seen>) {
    let death = Arc::<Notify>::default();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (seen, death) = (Arc::clone(&seen), Arc::clone(&death));
        tokio::spawn(async move {
            let killed = death.notified();
            tokio::select! {
                () = killed => {}
                () = answer(stream, seen) => death.notify_waiters(),
            }
        });
    }
}

/// Answers the requests of one connection until one kills the process.
async fn answer(mut stream: UnixStream, seen: Arc<Seen>) {
    let mut head = Vec::new();
    loop {
        if !matches!(stream.read_buf(&mut head).await, Ok(1..)) {
            // nginx closed it.
            return pending().await;
        }
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let is_first = !head.starts_with(b"GET /page ") && seen.lost.fetch_add(1, SeqCst) == 0;
        if head.starts_with(b"GET /kill ") {
            return;
        }
        if head.starts_with(b"GET /hang ") {
            pending::<()>().await;
        }
        if head.starts_with(b"GET /frozen ") && is_first {
            return seen.kill.notified().await;
        }
        head.clear();
        let page = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage";
        stream.write_all(page).await.unwrap();
    }
}

/// Replaces a timeout in nginx.conf.
fn set(dir: &Path, directive: &str, value: &str) {
    let file = dir.join("nginx.conf");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines = text
        .lines()
        .map(|line| match line.trim().split(' ').next() {
            Some(first) if first == directive => format!("{directive} {value};\n"),
            _ => format!("{line}\n"),
        });
    let changed: String = lines.collect();
    assert!(changed.contains(&format!("{directive} {value};")));
    std::fs::write(file, changed).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_that_kills_its_process_is_sent_to_one_other() {
    let processes = Processes::start(|_| {}).await;
    assert_eq!(processes.get("/kill").await.status, 503);
    assert_eq!(processes.seen.lost.load(SeqCst), 2);
    assert_eq!(processes.get("/page").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_frozen_process_was_asked_is_answered_by_another_when_it_is_killed() {
    let processes = Processes::start(|_| {}).await;
    let killed = async {
        let lost = || processes.seen.lost.load(SeqCst);
        until(|| async { (lost() == 1).then_some(()) }).await;
        processes.seen.kill.notify_one();
    };
    let (answer, ()) = tokio::join!(processes.get("/frozen"), killed);
    assert_eq!(answer.status, 200);
}

/// nginx cannot know whether the connection was closed before the request arrived.
#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_that_is_closed_is_one_try_more() {
    let processes = Processes::start(|_| {}).await;
    let warm = join_all((0..24).map(|_| processes.get("/page"))).await;
    assert!(warm.iter().all(|answer| answer.status == 200));
    assert_eq!(processes.get("/kill").await.status, 503);
    let lost = processes.seen.lost.load(SeqCst);
    assert!(
        lost <= PROCESSES + 2,
        "{lost}: to all, and to all once more"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_that_is_not_answered_in_time_is_not_repeated() {
    let processes = Processes::start(|dir| set(dir, "proxy_read_timeout", "1s")).await;
    assert_eq!(processes.get("/hang").await.status, 503);
    assert_eq!(processes.seen.lost.load(SeqCst), 1);
}
