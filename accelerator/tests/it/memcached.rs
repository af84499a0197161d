//! The real memcached, as a child of its test.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, UnixStream};

use crate::stack::until;

/// A child that does not outlive its test, and the signal that ends it with all its own.
pub(crate) struct Process(Child, &'static str);

impl Process {
    /// Starts it; the signal is the one that ends it with all its own.
    pub(crate) fn start(command: &mut Command, end: &'static str) -> Self {
        let child = command.stdin(Stdio::null()).spawn();
        Self(child.expect("it is installed"), end)
    }

    pub(crate) fn signal(&self, name: &str) {
        let done = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.0.id().to_string())
            .status();
        assert!(done.unwrap().success(), "kill -{name}");
        // The signal is only sent; memcached answers until each thread has stopped.
        while name == "STOP" && !self.is_stopped() {
            std::thread::yield_now();
        }
    }

    fn is_stopped(&self) -> bool {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.0.id())).unwrap();
        threads.into_iter().all(|thread| {
            let stat = std::fs::read_to_string(thread.unwrap().path().join("stat"));
            stat.unwrap().rsplit(") ").next().unwrap().starts_with('T')
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A process that has ended needs no signal.
        let _told = Command::new("kill")
            .arg(format!("-{}", self.1))
            .arg(self.0.id().to_string())
            .status();
        let _reaped = self.0.wait();
    }
}

pub(crate) struct Memcached {
    pub(crate) address: SocketAddr,
    options: &'static [&'static str],
    process: Mutex<Process>,
}

impl Memcached {
    /// Starts one on any free port of a loopback address, with further options such as `-c 8`.
    pub(crate) async fn start(dir: &Path, host: IpAddr, options: &'static [&'static str]) -> Self {
        let ports = tempfile::NamedTempFile::new_in(dir)
            .unwrap()
            .into_temp_path();
        // A negative port means any free one, written to this file.
        let process = Self::run(host, -1, options, Some(&ports));
        let port = until(|| async {
            let text = std::fs::read_to_string(&ports).ok()?;
            let (_, port) = text
                .lines()
                .find(|line| line.starts_with("TCP"))?
                .rsplit_once(' ')?;
            port.parse().ok()
        })
        .await;
        Self {
            address: SocketAddr::new(host, port),
            options,
            process: Mutex::new(process),
        }
    }

    fn run(host: IpAddr, port: i32, options: &[&str], told_in: Option<&Path>) -> Process {
        let mut command = Command::new("memcached");
        command
            .args(["-U", "0", "-m", "32", "-t", "1", "-u", "root"])
            .args(options)
            .args(["-l", &host.to_string(), "-p", &port.to_string()]);
        if let Some(told_in) = told_in {
            command.env("MEMCACHED_PORT_FILENAME", told_in);
        }
        Process::start(&mut command, "KILL")
    }

    /// Starts one that only its own user can reach, memcached's default for a socket.
    pub(crate) async fn on_socket(path: &Path) -> Process {
        let mut command = Command::new("memcached");
        command.args(["-u", "root", "-t", "1", "-s"]).arg(path);
        let process = Process::start(&mut command, "KILL");
        until(|| async { UnixStream::connect(path).await.ok() }).await;
        process
    }

    pub(crate) fn signal(&self, name: &str) {
        self.process.lock().unwrap().signal(name);
    }

    /// Starts it again on its old port, empty.
    pub(crate) async fn restart(&self) {
        let address = self.address;
        {
            let mut process = self.process.lock().unwrap();
            // The port is free only when the previous process has ended.
            *process = Process::start(&mut Command::new("true"), "KILL");
            let port = i32::from(address.port());
            *process = Self::run(address.ip(), port, self.options, None);
        }
        until(|| async move { TcpStream::connect(address).await.ok() }).await;
    }

    /// Sends one line, and returns the first line of the reply.
    pub(crate) async fn ask(&self, line: &str) -> String {
        let mut stream = BufReader::new(TcpStream::connect(self.address).await.unwrap());
        let said = format!("{line}\r\n");
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_line(&mut answer).await.unwrap();
        answer.trim_end().to_owned()
    }

    /// Returns one of its own counters.
    pub(crate) async fn stat(&self, name: &str) -> u64 {
        let mut stream = BufReader::new(TcpStream::connect(self.address).await.unwrap());
        stream.write_all(b"stats\r\n").await.unwrap();
        let mut lines = stream.lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some(value) = line.strip_prefix(&format!("STAT {name} ")) {
                return value.parse().unwrap();
            }
        }
        panic!("memcached has no counter {name}");
    }
}
