//! A scripted server on a free port of the loopback.

use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use benchmarker::{PageList, Plan, Report, run};
use nix::sys::socket::{setsockopt, sockopt::Linger};

/// The reply of the script to a request.
pub(crate) enum Reply {
    /// Sends bytes and keeps the connection.
    Bytes(Vec<u8>),
    /// Sends bytes and closes the connection without an announcement.
    BytesThenClose(Vec<u8>),
    /// Sends bytes and resets the connection.
    BytesThenReset(Vec<u8>),
    /// Sends nothing.
    Silence,
}

/// A running server. It lives until the test process ends.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// The requested paths, in order of arrival.
    seen: Arc<Mutex<Vec<String>>>,
    /// The bodies of the requests, in order of arrival.
    bodies: Arc<Mutex<Vec<String>>>,
    /// The peer addresses of connections that carried a request.
    peers: Arc<Mutex<Vec<String>>>,
    /// How many connections carried a request.
    connections: Arc<AtomicUsize>,
    /// Set when the expected number of requests has arrived.
    enough: Arc<AtomicBool>,
}

impl Server {
    /// Answers `enough` requests by `script`, which gets the head of each and its number, from 0. The
    /// next request is not answered, and stops the run.
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
            bodies: Arc::default(),
            peers: Arc::default(),
        };
        let (seen, stop, script) = (
            Arc::clone(&server.seen),
            Arc::clone(&server.enough),
            Arc::new(script),
        );
        let connections = Arc::clone(&server.connections);
        let (bodies, peers) = (Arc::clone(&server.bodies), Arc::clone(&server.peers));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, stop, script) =
                    (Arc::clone(&seen), Arc::clone(&stop), Arc::clone(&script));
                let connections = Arc::clone(&connections);
                let (bodies, peers) = (Arc::clone(&bodies), Arc::clone(&peers));
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    let peer = stream.peer_addr().unwrap().ip().to_string();
                    let is_first = Cell::new(true);
                    let note = |head: &str, body: &str| {
                        if is_first.take() {
                            connections.fetch_add(1, SeqCst);
                            peers.lock().unwrap().push(peer.clone());
                        }
                        bodies.lock().unwrap().push(body.to_owned());
                        let mut seen = seen.lock().unwrap();
                        seen.push(path_of(head).to_owned());
                        if seen.len() > enough {
                            stop.store(true, SeqCst);
                            return None; // enough was counted
                        }
                        Some(seen.len() - 1)
                    };
                    serve(stream, note, &*script)
                });
            }
        });
        server
    }

    /// A plan for pages of this server. It ends when the server has had enough requests, or after a
    /// minute.
    pub(crate) fn plan(&self, paths: &str) -> Plan {
        let base = format!("http://{}", self.address);
        Plan::new(PageList::parse(paths, Some(&base)).unwrap())
            .connections(1)
            .warmup(Duration::ZERO)
            .duration(Duration::from_secs(60))
            .timeout(Duration::from_secs(30))
            .stop_when(Arc::clone(&self.enough))
    }

    /// The plan, with the same end as [`Server::plan`].
    pub(crate) fn bounded(&self, plan: Plan) -> Plan {
        plan.warmup(Duration::ZERO)
            .duration(Duration::from_secs(60))
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

    /// The bodies of all requests.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.bodies.lock().unwrap().clone()
    }

    /// The addresses that connections came from.
    pub(crate) fn peers(&self) -> Vec<String> {
        self.peers.lock().unwrap().clone()
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    note: impl Fn(&str, &str) -> Option<usize>,
    script: &dyn Fn(&str, usize) -> Reply,
) {
    stream.set_nodelay(true).unwrap();
    while let Some(head) = read_head(&mut stream) {
        let body = read_body(&mut stream, &head);
        let Some(number) = note(&head, &body) else {
            continue;
        };
        // Write errors are ignored: the client may end the run at any moment.
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

fn read_body(stream: &mut impl Read, head: &str) -> String {
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
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
