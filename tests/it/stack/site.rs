//! A site under test: starts it, reads its output, and at the end stops it and removes its folder.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// How long a line of output may take on a slow machine; reached only if something is broken.
const LINE_TIMEOUT: Duration = Duration::from_secs(120);

/// A folder for the state of one site. The user of the children can enter it.
pub(crate) fn folder() -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(dir.path(), open).expect("a mode");
    dir
}

/// The program without any of its settings in the environment.
pub(crate) fn program(dir: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flickr-killr"));
    for (name, _) in std::env::vars_os() {
        let setting = name.to_string_lossy().starts_with("FLICKR_KILLR_");
        if setting || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command
        .args(words)
        .env("FLICKR_KILLR_STATE_DIR", dir.join("state"));
    command
}

/// A small site on a free port.
pub(crate) fn up(dir: &Path) -> Command {
    let small = [
        "up",
        "--listen=127.0.0.1:0",
        "--workers=2",
        "--users=200",
        "--photos=2000",
        "--memcached-mb=16",
        "--derivatives-gb=0.05",
    ];
    program(dir, &small)
}

/// The same command, started through another program that replaces itself by it (`exec`).
pub(crate) fn through(starter: &str, words: &[&str], command: &Command) -> Command {
    let mut through = Command::new(starter);
    through
        .args(words)
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => through.env(name, value),
            None => through.env_remove(name),
        };
    }
    through
}

/// Runs a command that ends by itself.
pub(crate) fn run(mut command: Command) -> Output {
    command.output().expect("the program starts")
}

/// Runs a command that must fail, and returns its standard error.
#[track_caller]
pub(crate) fn refusal(command: Command) -> String {
    let output = run(command);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "it was not refused: {output:?}");
    assert!(said.starts_with("error: "), "no sentence but {said:?}");
    said
}

pub(crate) struct Site {
    process: Child,
    lines: Receiver<String>,
    heard: Vec<String>,
    pub(crate) state: PathBuf,
}

impl Site {
    pub(crate) fn start(dir: &Path) -> Self {
        Self::start_as(up(dir), dir)
    }

    pub(crate) fn start_as(mut command: Command, dir: &Path) -> Self {
        let mut process = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = process.stdout.take().expect("a pipe");
        let (heard, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if heard.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            process,
            lines,
            heard: vec![],
            state: dir.join("state"),
        }
    }

    /// Starts a site and waits until it serves.
    pub(crate) fn ready(dir: &Path) -> Self {
        let mut site = Self::start(dir);
        site.wait_for("ready http://");
        site
    }

    /// Waits for a line that contains this text, and returns it.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, words: &str) -> String {
        loop {
            match self.lines.recv_timeout(LINE_TIMEOUT) {
                Ok(line) => {
                    self.heard.push(line.clone());
                    if line.contains(words) {
                        return line;
                    }
                }
                Err(_) => panic!("no line with {words:?}, but:\n{}", self.heard.join("\n")),
            }
        }
    }

    /// Whether one of the lines read so far contains this text.
    pub(crate) fn said(&self, words: &str) -> bool {
        self.heard.iter().any(|line| line.contains(words))
    }

    /// Waits until there is a line with each of these texts, in any order.
    #[track_caller]
    pub(crate) fn wait_for_all(&mut self, words: &[String]) {
        let mut missing = words.to_vec();
        while let Some(any) = missing.first() {
            match self.lines.recv_timeout(LINE_TIMEOUT) {
                Ok(line) => {
                    missing.retain(|words| !line.contains(words));
                    self.heard.push(line);
                }
                Err(_) => panic!("no line with {any:?}, but:\n{}", self.heard.join("\n")),
            }
        }
    }

    /// All lines of standard output so far.
    pub(crate) fn heard(&mut self) -> String {
        self.heard.extend(self.lines.try_iter());
        self.heard.join("\n")
    }

    /// The `running.json` of the site.
    pub(crate) fn record(&self) -> Value {
        let text = std::fs::read(self.state.join("running.json")).expect("a record");
        serde_json::from_slice(&text).expect("JSON")
    }

    /// The pid of one child.
    #[track_caller]
    pub(crate) fn pid(&self, child: &str) -> i32 {
        let record = self.record();
        let pid = record["children"][child]["process"]["pid"].as_i64();
        pid.unwrap_or_else(|| panic!("no {child} in {record}")) as i32
    }

    pub(crate) fn pids(&self) -> Vec<i32> {
        let record = self.record();
        let children = record["children"].as_object().expect("children");
        children.keys().map(|child| self.pid(child)).collect()
    }

    pub(crate) fn sockets(&self) -> PathBuf {
        self.record()["sockets"].as_str().expect("a folder").into()
    }

    /// Requests a page through nginx; returns the whole response.
    pub(crate) fn get(&self, path: &str) -> String {
        let address = self.record()["listen"]
            .as_str()
            .expect("an address")
            .to_owned();
        let mut stream = TcpStream::connect(&address).expect("somebody listens");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )
        .expect("a question");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        send(self.process.id() as i32, signal);
    }

    /// Waits until the program exits.
    pub(crate) fn end(&mut self) -> ExitStatus {
        self.process.wait().expect("an end")
    }

    /// Stops the site and checks that it exits with success.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        self.signal(Signal::SIGTERM);
        let status = self.end();
        assert!(
            status.success(),
            "{status}, after\n{}",
            self.heard.join("\n")
        );
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Ok(None) = self.process.try_wait() {
            self.signal(Signal::SIGTERM);
            self.end();
        }
    }
}

pub(crate) fn send(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).expect("the process is there");
}

/// Whether a process runs; a zombie does not count.
pub(crate) fn runs(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}
