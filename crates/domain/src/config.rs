//! What one app process is told: where it listens, what it may reach, what it shows.

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
    /// Where the front of the site listens, as far as we can reach it: the lab's benchmark goes there.
    pub front: Option<SocketAddr>,
    /// The site that it serves.
    pub site: Site,
    /// How many bytes of derivatives may lie on disk; the least recently used go first.
    pub derivatives_max_bytes: u64,
    /// Opens all database connections before they are needed.
    pub connect_ahead: bool,
    /// Runs the background jobs in this process: outbox, counters, brooms.
    pub jobs: bool,
}

/// What a site is made of, however its requests arrive.
#[derive(Debug, Clone)]
pub struct Site {
    /// The database, as `postgres://` URL; unix sockets as `?host=/directory`.
    pub database_url: String,
    /// How many database connections this process may hold.
    pub database_connections: u32,
    /// The memcached servers in the order that nginx lists them; empty keeps nothing there.
    pub memcached: Vec<SocketAddr>,
    /// Kills a memcached of this machine that is frozen and misses a purge; whoever started it must
    /// start it again. Never to be set for somebody else's memcached.
    pub fence: bool,
    /// Uploads as they came, kept bit for bit.
    pub originals: PathBuf,
    /// Pictures made from originals: `public/` and `private/` below it.
    pub derivatives: PathBuf,
    /// How much of the disk of these two folders is left free.
    pub disk_reserve: Reserve,
    /// The file whose room is given up when the disk is full; without it there is none.
    pub ballast: Option<PathBuf>,
    /// Shows `/lab` and the footer that says what a page cost.
    pub lab: bool,
    /// The names of hosts under which the lab answers, beside addresses and `localhost`.
    pub lab_hosts: Vec<String>,
    /// The file with the one password of all demo people; without it nobody logs in as them.
    pub demo_logins: Option<PathBuf>,
    /// The version of the ladder that this is.
    pub rung: Rung,
    /// Answers files from disk: the site's own from this folder, public pictures from
    /// `derivatives/public`. A file that is not there goes to the handler, which makes it.
    pub files_from_disk: Option<PathBuf>,
    /// The folder of the site's own files of every version, shared by all processes; without it a
    /// process knows only those of its own.
    pub static_files: Option<PathBuf>,
    /// Answers `/healthz` and `/metrics`, because no visitor can ask for them here.
    pub probes: bool,
}
