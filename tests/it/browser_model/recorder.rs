//! Stands before the site, passes every byte on and writes down what is asked.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long nobody must say anything before we believe that nothing more comes: pictures begin when the
/// page is laid out, and no event tells that a browser wants no more.
const SILENCE: Duration = Duration::from_millis(1500);

/// One request as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) path: String,
    /// The header lines below the request line.
    pub(crate) headers: Vec<(String, String)>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let same = |(n, _): &&(String, String)| n.eq_ignore_ascii_case(name);
        self.headers.iter().find(same).map(|(_, value)| &**value)
    }

    fn parse(head: &str) -> Self {
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        Self {
            path: first.split(' ').nth(1).unwrap_or_default().to_owned(),
            headers: lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }
}

struct Record {
    asked: Vec<Asked>,
    /// When a byte last went through, in either direction.
    last: Instant,
}

/// The proxy; its threads end with the connections that they serve.
pub(crate) struct Recorder {
    pub(crate) address: SocketAddr,
    record: Arc<Mutex<Record>>,
}

impl Recorder {
    pub(crate) fn before(site: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let record = Arc::new(Mutex::new(Record {
            asked: Vec::new(),
            last: Instant::now(),
        }));
        let kept = Arc::clone(&record);
        std::thread::spawn(move || {
            for visitor in listener.incoming().flatten() {
                let server = TcpStream::connect(site).expect("the site listens");
                let (back, to) = (clone(&server), clone(&visitor));
                let noted = Arc::clone(&record);
                std::thread::spawn(move || pass(back, to, |_| touch(&noted)));
                let noted = Arc::clone(&record);
                std::thread::spawn(move || {
                    let mut unread = Vec::new();
                    pass(visitor, server, |bytes| {
                        touch(&noted);
                        unread.extend_from_slice(bytes);
                        // Only GET is asked: a request ends with its head.
                        while let Some(end) = unread.windows(4).position(|w| w == b"\r\n\r\n") {
                            let head: Vec<u8> = unread.drain(..end + 4).collect();
                            let asked = Asked::parse(&String::from_utf8_lossy(&head[..end]));
                            noted.lock().expect("not poisoned").asked.push(asked);
                        }
                    });
                });
            }
        });
        Self {
            address,
            record: kept,
        }
    }

    /// Waits until it is silent, and returns what was asked since the last time.
    pub(crate) fn take(&self) -> Vec<Asked> {
        loop {
            let silent_for = {
                let mut record = self.record.lock().expect("not poisoned");
                let silent_for = record.last.elapsed();
                if silent_for >= SILENCE {
                    return std::mem::take(&mut record.asked);
                }
                silent_for
            };
            std::thread::sleep(SILENCE - silent_for);
        }
    }
}

fn clone(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a second handle")
}

fn touch(record: &Mutex<Record>) {
    record.lock().expect("not poisoned").last = Instant::now();
}

/// Passes bytes on until one side ends, and tells the other.
fn pass(mut from: TcpStream, mut to: TcpStream, mut seen: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        seen(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
