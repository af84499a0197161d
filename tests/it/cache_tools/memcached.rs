//! A memcached of a test's own, and one item by hand.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

/// Killed with its test.
pub(super) struct Memcached {
    process: Child,
    pub(super) address: SocketAddr,
}

impl Memcached {
    pub(super) fn start() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let ports = dir.path().join("ports");
        // A negative port means any free one, told in this file.
        let process = Command::new("memcached")
            .args(["-l", "127.0.0.1", "-U", "0", "-u", "root", "-p", "-1"])
            .env("MEMCACHED_PORT_FILENAME", &ports)
            .stdin(Stdio::null())
            .spawn()
            .expect("memcached is installed");
        let port = loop {
            let told = std::fs::read_to_string(&ports).unwrap_or_default();
            if let Some(port) = told
                .lines()
                .find_map(|line| line.strip_prefix("TCP INET: "))
            {
                break port.parse().expect("a port");
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        Self {
            process,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
        }
    }
}

impl Drop for Memcached {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Stores an item as nobody of the site would.
pub(super) fn set(server: SocketAddr, key: &str, flags: u32, value: &[u8]) {
    let mut stream = TcpStream::connect(server).expect("memcached");
    write!(stream, "set {key} {flags} 0 {}\r\n", value.len()).expect("a command");
    stream
        .write_all(&[value, b"\r\n"].concat())
        .expect("a value");
    let mut answer = String::new();
    BufReader::new(stream)
        .read_line(&mut answer)
        .expect("an answer");
    assert_eq!(answer, "STORED\r\n", "{key}");
}
