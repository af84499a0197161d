//! What is to run, as somebody else decided it.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Everything [`up`](super::up) is told.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The folder that holds everything, as the person said it.
    pub state_dir: PathBuf,
    /// Who runs the children when we are root.
    pub user: String,
    /// Where the site is served; port 0 takes any free one.
    pub listen: SocketAddr,
    /// How many people a new database is filled with: that is disk to be found.
    pub users: u32,
    /// How many photos a new database is filled with.
    pub photos: u32,
    /// How many app processes run.
    pub app_processes: usize,
    /// Somebody else's database; without it we run a private one.
    pub database_url: Option<String>,
    /// How many database connections each app process may hold.
    pub database_connections: u32,
    /// How much memory memcached has, in MiB.
    pub memcached_mb: u32,
    /// How many bytes of derivatives may lie on disk.
    pub derivatives_max_bytes: u64,
    /// Whether /lab is shown.
    pub lab: bool,
    /// Whether people may log in as demo people.
    pub demo_logins: bool,
    /// What to say to this program so that it loads the demo data, where that is not done yet.
    pub loader: Vec<String>,
}
