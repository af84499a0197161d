//! A server that does nothing, to measure the ceiling of the generator.

use std::fs::{self, File};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Error;

/// How long it may take to listen.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How often this is checked.
const CHECK_EVERY: Duration = Duration::from_millis(5);

/// A page with files that browsers cache, and pictures.
const PAGE: &str = "<!doctype html><title>nothing</title><link rel=stylesheet href=/kept/a.css>\
<script src=/kept/b.js></script><p>Nothing.</p><img src=/1.webp><img src=/2.webp><img src=/3.webp><img src=/4.webp>";

/// An nginx in a temporary folder that ends when this value is dropped.
///
/// It answers every path with five bytes (`return 200`), and `/page` with a small page that has two
/// files which browsers cache, and four pictures.
#[derive(Debug)]
pub struct NullServer {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl NullServer {
    /// Starts one on a free port of the loopback.
    ///
    /// # Errors
    /// When nginx is not installed, or does not start.
    pub fn start() -> Result<Self, Error> {
        Self::try_start().map_err(|cause| Error::System {
            doing: "starting an nginx whose only response is `return 200`",
            cause,
        })
    }

    fn try_start() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let configuration = folder.path().join("nginx.conf");
        fs::write(
            &configuration,
            format!(
                "daemon off; worker_processes auto; worker_rlimit_nofile 16384; pid nginx.pid; error_log error.log;
                 events {{ worker_connections 12000; }}
                 http {{
                   access_log off; keepalive_requests 1000000000;
                   client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
                   server {{
                     listen 127.0.0.1:{port} backlog=4096;
                     location / {{ return 200 hello; }}
                     location /kept/ {{ add_header Cache-Control max-age=31536000; return 200 hello; }}
                     location = /page {{ default_type text/html; return 200 '{PAGE}'; }}
                   }}
                 }}"
            ),
        )?;
        let log = folder.path().join("error.log");
        let mut command = Command::new("nginx");
        // Debian installs it outside of the default PATH of users.
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
        command
            .env("PATH", path)
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&configuration)
            .arg("-e")
            .arg(&log)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join("stderr"))?);
        let mut server = Self {
            child: command.spawn()?,
            url: format!("http://127.0.0.1:{port}/"),
            _folder: folder,
        };
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = server.child.try_wait()? {
                let log = fs::read_to_string(&log).unwrap_or_default();
                return Err(io::Error::other(format!("it ended ({status}): {log}")));
            }
            if begin.elapsed() > START_TIMEOUT {
                let secs = START_TIMEOUT.as_secs();
                return Err(io::Error::other(format!(
                    "it did not listen within {secs} s"
                )));
            }
            thread::sleep(CHECK_EVERY);
        }
        Ok(server)
    }

    /// Its worker processes, for tests that stop and continue them.
    #[must_use]
    pub fn processes(&self) -> Vec<i32> {
        let master = self.child.id();
        let children = fs::read_to_string(format!("/proc/{master}/task/{master}/children"));
        let children = children.unwrap_or_default();
        children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok())
            .collect()
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for NullServer {
    fn drop(&mut self) {
        // SIGTERM, not SIGKILL: nginx's master must end its workers.
        if let Ok(pid) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let _ = self.child.wait();
    }
}
