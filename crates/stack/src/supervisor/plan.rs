//! What to run, as decided by the caller.

use std::net::SocketAddr;
use std::path::PathBuf;

use domain::Reserve;
use domain::rung::{Front, Rung};
use serde::{Deserialize, Serialize};

/// The input of `up`.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The state directory, as given on the command line.
    pub state_dir: PathBuf,
    /// The user that runs the children when the caller is root.
    pub user: String,
    /// The version of the site.
    pub rung: Rung,
    /// The address of the site; port 0 takes any free port.
    pub listen: SocketAddr,
    /// How many users a new database gets; this determines the disk space needed.
    pub users: u32,
    /// How many photos a new database gets.
    pub photos: u32,
    /// How many app processes run; in a version with one process, how many threads it has.
    pub app_processes: usize,
    /// An external database; `None` starts a private PostgreSQL.
    pub database_url: Option<String>,
    /// How many database connections each app process may open.
    pub database_connections: u32,
    /// The memory of memcached, in MiB.
    pub memcached_mb: u32,
    /// How many bytes of derivatives the disk may hold.
    pub derivatives_max_bytes: u64,
    /// How much of the disk stays free.
    pub disk_reserve: Reserve,
    /// Whether /lab is served.
    pub lab: bool,
    /// The host names under which /lab answers, besides addresses and `localhost`.
    pub lab_hosts: Vec<String>,
    /// Whether visitors may log in as demo users.
    pub demo_logins: bool,
    /// All settings, for `flickr-killr config`.
    pub settings: Vec<HeldSetting>,
    /// The arguments with which this program migrates the database and, if requested, loads the demo data.
    pub prepare: Vec<String>,
}

/// A setting that a site was started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldSetting {
    /// Its name, as a flag and in the settings file.
    pub name: String,
    /// Its value as text; `None` if it has none.
    pub value: Option<String>,
    /// Where the value came from.
    pub origin: String,
}

/// How many CGI programs of 0.1 may run at once for each app process of the other versions. Each either starts up,
/// which takes CPU time, or waits for PostgreSQL; more of them only slow each one down.
const PROGRAMS_PER_PROCESS: usize = 4;

/// How many database connections one CGI program opens.
const CONNECTIONS_PER_PROGRAM: u32 = 1;

impl Plan {
    /// How many CGI programs run at once at most; 0 in versions without CGI.
    pub(super) fn programs(&self) -> usize {
        match self.rung.front() {
            Front::NginxAndCgi => self.app_processes * PROGRAMS_PER_PROCESS,
            Front::App | Front::Nginx => 0,
        }
    }

    /// How many app processes run permanently: in 0.1 only the one for background jobs.
    pub(super) fn lasting_processes(&self) -> usize {
        match self.rung.front() {
            Front::NginxAndCgi | Front::App => 1,
            Front::Nginx => self.app_processes,
        }
    }

    /// How many database connections one permanent process may open. A single process gets those of all.
    pub(super) fn connections_per_process(&self) -> u32 {
        match self.rung.front() {
            Front::NginxAndCgi | Front::Nginx => self.database_connections,
            Front::App => (self.database_connections * self.app_processes as u32).min(POOL_MAX),
        }
    }

    /// How many database connections may be open at once in total.
    pub(super) fn connections(&self) -> u32 {
        self.connections_per_process() * self.lasting_processes() as u32
            + CONNECTIONS_PER_PROGRAM * self.programs() as u32
    }
}

/// How many connections `serve` accepts as its limit.
const POOL_MAX: u32 = 200;
