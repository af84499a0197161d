//! A memcached of its own, the items in it, and its counters.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::Trouble;
use crate::children::{Running, free_address, start, until};

/// How many threads memcached has for a number of nginx workers: the rule by which the site starts it.
pub(crate) fn threads(workers: usize) -> usize {
    (workers / 2).max(1)
}

/// Where it listens; memcached cannot listen on both.
#[derive(Clone, Copy)]
pub(crate) enum Listens {
    Tcp,
    Unix,
}

enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

pub(crate) struct Memcached {
    program: Running,
    address: Address,
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Memcached {
    pub(crate) async fn start(
        dir: &Path,
        listens: Listens,
        workers: usize,
    ) -> Result<Self, Trouble> {
        let (address, place) = match listens {
            Listens::Tcp => {
                let address = free_address()?;
                let words = [
                    "-l".to_owned(),
                    address.ip().to_string(),
                    "-p".to_owned(),
                    address.port().to_string(),
                ];
                (Address::Tcp(address), words.to_vec())
            }
            Listens::Unix => {
                let path = dir.join("memcached.sock");
                (
                    Address::Unix(path.clone()),
                    vec!["-s".to_owned(), path.display().to_string()],
                )
            }
        };
        let threads = threads(workers).to_string();
        let usual = [
            "-U", "0", "-m", "64", "-I", "2m", "-c", "4096", "-t", &threads,
        ];
        let mut words: Vec<String> = usual.map(str::to_owned).to_vec();
        words.extend(place);
        if rustix::process::geteuid().is_root() {
            words.extend(["-u", "root"].map(str::to_owned));
        }
        let program = start("memcached", words, &dir.join("memcached-said"))?;
        let memcached = Self { program, address };
        until("memcached answers", || memcached.connect().is_ok()).await?;
        Ok(memcached)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.program.pid()
    }

    pub(crate) fn tcp(&self) -> Option<SocketAddr> {
        match self.address {
            Address::Tcp(address) => Some(address),
            Address::Unix(_) => None,
        }
    }

    /// Its address as nginx writes it.
    pub(crate) fn for_nginx(&self) -> String {
        match &self.address {
            Address::Tcp(address) => address.to_string(),
            Address::Unix(path) => format!("unix:{}", path.display()),
        }
    }

    /// Stores bytes without flags, as the accelerator does with pictures.
    pub(crate) fn fill(
        &self,
        items: &[(String, Vec<u8>)],
        key: impl Fn(&str) -> String,
    ) -> Result<(), Trouble> {
        let mut stream = BufReader::new(self.connect()?);
        for (path, bytes) in items {
            write!(
                stream.get_mut(),
                "set {} 0 0 {}\r\n",
                key(path),
                bytes.len()
            )?;
            stream.get_mut().write_all(bytes)?;
            stream.get_mut().write_all(b"\r\n")?;
            let mut answer = String::new();
            stream.read_line(&mut answer)?;
            if answer != "STORED\r\n" {
                return Err(format!("memcached says {answer:?} to {path}").into());
            }
        }
        Ok(())
    }

    /// Its counters of lookups: hits and misses.
    pub(crate) fn hits_and_misses(&self) -> Result<(u64, u64), Trouble> {
        let mut stream = BufReader::new(self.connect()?);
        stream.get_mut().write_all(b"stats\r\nquit\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let counter = |name: &str| {
            let start = format!("STAT {name} ");
            let value = text
                .lines()
                .find_map(|line| line.strip_prefix(&start)?.parse().ok());
            value.ok_or_else(|| format!("memcached has no counter {name}"))
        };
        Ok((counter("get_hits")?, counter("get_misses")?))
    }

    fn connect(&self) -> std::io::Result<Box<dyn Stream>> {
        Ok(match &self.address {
            Address::Tcp(address) => Box::new(TcpStream::connect(address)?),
            Address::Unix(path) => Box::new(UnixStream::connect(path)?),
        })
    }
}
