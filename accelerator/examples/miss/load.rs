//! An open loop: each request has its instant, and its latency counts from then to the last byte.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How many misses a second.
pub(crate) const RATE: u32 = 200;
/// How many connections take turns: a miss may take as long as this many others before the next waits for it.
const CONNECTIONS: u32 = 8;
/// How long before its instant a request wakes up, because sleeping is inexact.
const AWAKE_BEFORE: Duration = Duration::from_micros(200);
/// How long all connections are open before the first request.
const START_AFTER: Duration = Duration::from_millis(50);

/// Requests new files at the fixed rate, and returns the latencies.
pub(crate) fn ask(
    socket: &Path,
    time: Duration,
    path: impl Fn(u64) -> String + Sync,
) -> io::Result<Vec<Duration>> {
    let count = u64::from(RATE) * time.as_millis() as u64 / 1000;
    let begin = Instant::now() + START_AFTER;
    let connections = (0..CONNECTIONS).map(|_| Connection::open(socket));
    let connections: Vec<Connection> = connections.collect::<io::Result<_>>()?;
    let path = &path;
    thread::scope(|scope| {
        let threads: Vec<_> = connections
            .into_iter()
            .zip(0..)
            .map(|(mut connection, first)| {
                scope.spawn(move || {
                    let mine = (first..count).step_by(CONNECTIONS as usize);
                    mine.map(|n| {
                        let request = request(&path(n));
                        let planned = begin + Duration::from_secs(1) * n as u32 / RATE;
                        wait_until(planned);
                        connection.exchange(&request)?;
                        Ok(planned.elapsed())
                    })
                    .collect::<io::Result<Vec<_>>>()
                })
            })
            .collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(
                thread
                    .join()
                    .map_err(|_| io::Error::other("a thread of the load died"))??,
            );
        }
        Ok(all)
    })
}

fn request(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: site\r\nAccept-Encoding: gzip\r\n\r\n").into_bytes()
}

fn wait_until(instant: Instant) {
    thread::sleep((instant - AWAKE_BEFORE).saturating_duration_since(Instant::now()));
    while Instant::now() < instant {
        std::hint::spin_loop();
    }
}

struct Connection {
    stream: BufReader<UnixStream>,
    head: String,
    body: Vec<u8>,
}

impl Connection {
    fn open(socket: &Path) -> io::Result<Self> {
        Ok(Self {
            stream: BufReader::with_capacity(64 << 10, UnixStream::connect(socket)?),
            head: String::new(),
            body: Vec::new(),
        })
    }

    /// Sends a request and reads the whole response, which must be a 200 with a Content-Length.
    fn exchange(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(request)?;
        self.head.clear();
        while !self.head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut self.head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let length = |line: &str| line.strip_prefix("content-length: ")?.parse().ok();
        let length = self.head.split("\r\n").find_map(length);
        match length {
            Some(length) if self.head.starts_with("HTTP/1.1 200 ") => {
                self.body.resize(length, 0);
                self.stream.read_exact(&mut self.body)
            }
            _ => Err(io::Error::other(format!(
                "not what was asked for: {}",
                self.head
            ))),
        }
    }
}
