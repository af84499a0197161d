//! The configuration of one app process: where it listens, what it connects to, what it shows.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::Reserve;

use crate::rung::Rung;

/// Where an app process listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A unix socket, as behind nginx. Made anew; a stale one is removed.
    Unix(PathBuf),
    /// A TCP address, as for an app process alone.
    Tcp(SocketAddr),
}

impl std::str::FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:") {
            if path.is_empty() {
                return Err("unix: needs a path, for example unix:/run/app.sock".to_owned());
            }
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        text.parse()
            .map(Self::Tcp)
            .map_err(|_| format!("{text:?} is neither unix:PATH nor ADDRESS:PORT"))
    }
}

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => write!(f, "{address}"),
        }
    }
}

/// Everything that `flickr-killr serve` needs to run one app process.
#[derive(Debug, Clone)]
pub struct Serve {
    /// Where to listen.
    pub listen: Listen,
    /// The address of the front of the site, if this process can reach it: the lab's benchmark uses it.
    pub front: Option<SocketAddr>,
    /// The site that it serves.
    pub site: Site,
    /// How many bytes of derivatives are kept on disk; the least recently used are evicted first.
    pub derivatives_max_bytes: u64,
    /// Opens all database connections before they are needed.
    pub connect_ahead: bool,
    /// Runs the background jobs in this process: outbox, counters, sweeps.
    pub jobs: bool,
}

/// What a site is made of, however its requests arrive.
#[derive(Debug, Clone)]
pub struct Site {
    /// The database, as `postgres://` URL; unix sockets as `?host=/directory`.
    pub database_url: String,
    /// How many database connections this process may hold.
    pub database_connections: u32,
    /// The memcached servers in the order of nginx's configuration; none if empty.
    pub memcached: Vec<SocketAddr>,
    /// Kills a memcached of this machine that hangs and misses a purge; its supervisor must restart it. Never set this
    /// for a memcached that other programs use.
    pub fence: bool,
    /// The folder of uploads, kept bit for bit.
    pub originals: PathBuf,
    /// The folder of derivatives, with `public/` and `private/` below it.
    pub derivatives: PathBuf,
    /// How much of the disk of these two folders is left free.
    pub disk_reserve: Reserve,
    /// The ballast file, whose space is freed when the disk is full; none without it.
    pub ballast: Option<PathBuf>,
    /// Shows `/lab` and the footer with the cost of a page.
    pub lab: bool,
    /// The names of hosts under which the lab answers, beside addresses and `localhost`.
    pub lab_hosts: Vec<String>,
    /// The file with the one password of all demo people; without it logging in as them is disabled.
    pub demo_logins: Option<PathBuf>,
    /// The version of the ladder that this is.
    pub rung: Rung,
    /// Answers files from disk: the site's own from this folder, public pictures from
    /// `derivatives/public`. A missing file falls through to the handler that creates it.
    pub files_from_disk: Option<PathBuf>,
    /// The folder of the site's own files of every version, shared by all processes; without it a
    /// process knows only those of its own.
    pub static_files: Option<PathBuf>,
    /// Serves `/healthz` and `/metrics`, because no visitor can request them here.
    pub probes: bool,
}
