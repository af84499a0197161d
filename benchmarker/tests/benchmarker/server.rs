//! A server that follows a script, on port 0 of the loopback.

use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use benchmarker::{PageList, Plan, Report, run};
use nix::sys::socket::{setsockopt, sockopt::Linger};

/// What the script does with a request.
pub(crate) enum Reply {
    /// Answers and keeps the connection.
    Bytes(Vec<u8>),
    /// Answers and closes the connection without having announced it.
    BytesThenClose(Vec<u8>),
    /// Answers a part and resets the connection.
    BytesThenReset(Vec<u8>),
    /// Says nothing.
    Silence,
}

/// A running server. It lives until the test process ends.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// The paths asked for, in order of arrival.
    seen: Arc<Mutex<Vec<String>>>,
    /// How many connections carried a request.
    connections: Arc<AtomicUsize>,
    /// Set when the expected number of requests has arrived.
    enough: Arc<AtomicBool>,
}

impl Server {
    /// Answers `enough` requests by `script`, which gets the whole head of each
    /// and its number, from 0. The next is not answered, it stops the run.
    pub(crate) fn start(
        enough: usize,
        script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            enough: Arc::default(),
            connections: Arc::default(),
        };
        let (seen, stop, script) = (
            Arc::clone(&server.seen),
            Arc::clone(&server.enough),
            Arc::new(script),
        );
        let connections = Arc::clone(&server.connections);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, stop, script) =
                    (Arc::clone(&seen), Arc::clone(&stop), Arc::clone(&script));
                let connections = Arc::clone(&connections);
                thread::spawn(move || {
                    let is_first = Cell::new(true);
                    let note = |head: &str| {
                        connections.fetch_add(usize::from(is_first.take()), SeqCst);
                        let mut seen = seen.lock().unwrap();
                        seen.push(path_of(head).to_owned());
                        if seen.len() > enough {
                            stop.store(true, SeqCst);
                            return None; // what was to be counted is counted
                        }
                        Some(seen.len() - 1)
                    };
                    serve(stream.unwrap(), note, &*script)
                });
            }
        });
        server
    }

    /// A plan for one page of this server that would run for a minute, were it
    /// not stopped by the server having seen enough.
    pub(crate) fn plan(&self, paths: &str) -> Plan {
        let base = format!("http://{}", self.address);
        Plan::new(PageList::parse(paths, Some(&base)).unwrap())
            .connections(1)
            .warmup(Duration::ZERO)
            .duration(Duration::from_secs(60))
            .timeout(Duration::from_secs(30))
            .stop_when(Arc::clone(&self.enough))
    }

    /// Runs the plan of one path.
    pub(crate) fn measure(&self, path: &str) -> Report {
        run(&self.plan(path)).unwrap()
    }

    /// How many connections have carried a request.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    note: impl Fn(&str) -> Option<usize>,
    script: &dyn Fn(&str, usize) -> Reply,
) {
    stream.set_nodelay(true).unwrap();
    while let Some(head) = read_head(&mut stream) {
        let Some(number) = note(&head) else {
            continue;
        };
        // The client may end the run at any moment: what it leaves is its own.
        match script(&head, number) {
            Reply::Bytes(bytes) => {
                if stream.write_all(&bytes).is_err() {
                    return;
                }
            }
            Reply::BytesThenClose(bytes) => {
                let _ = stream.write_all(&bytes);
                return;
            }
            Reply::BytesThenReset(bytes) => {
                let _ = stream.write_all(&bytes);
                let linger = nix::libc::linger {
                    l_onoff: 1,
                    l_linger: 0,
                };
                setsockopt(&stream, Linger, &linger).unwrap();
                return;
            }
            Reply::Silence => {}
        }
    }
}

fn read_head(stream: &mut impl Read) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    Some(String::from_utf8(head).unwrap())
}

pub(crate) fn path_of(head: &str) -> &str {
    head.split(' ').nth(1).unwrap()
}

/// A complete response with these header lines, each ended by `\r\n`.
pub(crate) fn response(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!(
        "HTTP/1.1 {status} S\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A complete page.
pub(crate) fn html(body: &str) -> Vec<u8> {
    response(200, "Content-Type: text/html\r\n", body)
}
