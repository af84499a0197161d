//! What is refused leaves a line in the log, and no secret does.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use nix::sys::signal::Signal;

use crate::stack::site::{program, send};
use crate::town::Town;

/// One app process with a log of its own.
struct Process {
    child: Child,
    socket: PathBuf,
    log: BufReader<std::process::ChildStderr>,
    said: String,
}

impl Process {
    fn start(town: &Town) -> Self {
        let folder = town.folder.path();
        let socket = folder.join("app.sock");
        let path = |name: &str| folder.join(name).display().to_string();
        let mut command = program(
            folder,
            &[
                "serve",
                "--lab",
                "--lab-host=photos.example",
                "--listen",
                &format!("unix:{}", socket.display()),
                "--originals",
                &path("originals"),
                "--derivatives",
                &path("derivatives"),
            ],
        );
        command.env("DATABASE_URL", town.database.url());
        command.env_remove("RUST_LOG").stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let log = BufReader::new(child.stderr.take().expect("its log"));
        let mut process = Self {
            child,
            socket,
            log,
            said: String::new(),
        };
        process.wait_for("serving");
        process
    }

    /// Reads the log until a line holds these words.
    #[track_caller]
    fn wait_for(&mut self, words: &str) -> String {
        loop {
            let mut line = String::new();
            let length = self.log.read_line(&mut line).expect("a log in UTF-8");
            assert!(length > 0, "no line with {words:?} in\n{}", self.said);
            self.said.push_str(&line);
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Sends a request; returns its status.
    fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> u16 {
        let mut stream = UnixStream::connect(&self.socket).expect("a process that listens");
        let length = body.len();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nX-Forwarded-For: 192.0.2.7\r\n"
        );
        for header in headers {
            request.push_str(header);
            request.push_str("\r\n");
        }
        let request = format!("{request}\r\n{body}");
        stream.write_all(request.as_bytes()).expect("a question");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let answer = String::from_utf8_lossy(&answer);
        let status = answer
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        status.unwrap_or_else(|| panic!("no status in {answer}"))
    }

    /// Ends the process and returns all that it said.
    fn end(mut self) -> String {
        send(self.child.id() as i32, Signal::SIGTERM);
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).expect("a log in UTF-8");
        self.child.wait().expect("an end");
        std::mem::take(&mut self.said) + &rest
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Also when the test fails: no process is left behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const OWN: &str = "Sec-Fetch-Site: same-origin";
const HOST: &str = "Host: 127.0.0.1:8080";

fn forms(process: &Process) {
    let log_in = |form: &str| process.ask("POST", "/login", &[HOST, OWN], form);
    assert_eq!(log_in("name=ann&password=canary-1"), 422);
    // A password in the field of the name.
    assert_eq!(log_in("name=canary-2&password=canary-3"), 422);
    assert_eq!(log_in("name=canary%004%0a&password=canary-5%00"), 422);
    let refused = (0..12).any(|_| log_in("name=ann&password=canary-6") == 429);
    assert!(refused, "guessing is not slowed down");
}

fn foreign(process: &Process) {
    let from = [
        HOST,
        "Sec-Fetch-Site: cross-site",
        "Origin: https://evil.example:1234",
        "Cookie: session=canary-7",
    ];
    assert_eq!(process.ask("POST", "/logout", &from, ""), 403);
    let garbled = [HOST, "Sec-Fetch-Site: canary-8", "Origin: canary-9 \t;"];
    assert_eq!(process.ask("POST", "/logout", &garbled, ""), 403);
}

fn rebound(process: &Process) {
    let evil = [
        "Host: evil.example:8080",
        "Origin: http://evil.example:8080",
    ];
    let drop = "index=userid&action=drop";
    assert_eq!(process.ask("POST", "/lab/index", &evil, drop), 403);
    assert_eq!(process.ask("GET", "/lab", &evil, ""), 403);
    assert_eq!(process.ask("GET", "/", &evil, ""), 200);
    for own in [
        "Host: localhost:8080",
        "Host: [::1]",
        "Host: photos.example",
    ] {
        assert_eq!(process.ask("GET", "/lab", &[own], ""), 200, "{own}");
    }
}

#[tokio::test]
async fn what_is_refused_leaves_a_line_without_secrets() {
    let town = Town::new().await;
    let _ann = town.newcomer("ann").await;
    let indexes = "select count(*) from pg_indexes where tablename = 'photos'";
    let before: i64 = town.ask(indexes).await;
    let mut process = Process::start(&town);
    let asked = tokio::task::spawn_blocking(move || {
        forms(&process);
        let wrong = process.wait_for("wrong name or password");
        for part in [
            "account=ann",
            "network=192.0.2.7",
            "refused a log-in",
            "/login",
        ] {
            assert!(wrong.contains(part), "no {part:?} in {wrong}");
        }
        process.wait_for("too many tries");
        foreign(&process);
        let line = process.wait_for("refused a form of another origin");
        assert!(line.contains("evil.example"), "{line}");
        process.wait_for("refused a form of another origin");
        rebound(&process);
        process.wait_for("refused the lab");
        process.end()
    });
    let said = asked.await.expect("all lines");
    assert!(!said.contains("canary"), "{said}");
    assert!(!said.contains('\0') && !said.contains("%00"), "{said}");
    let after: i64 = town.ask(indexes).await;
    assert_eq!(before, after, "no index was dropped");
    assert!(!exists(town.folder.path(), "app.sock"));
}

fn exists(folder: &Path, name: &str) -> bool {
    folder.join(name).exists()
}
