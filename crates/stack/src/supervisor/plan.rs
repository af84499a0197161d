//! What is to run, as somebody else decided it.

use std::net::SocketAddr;
use std::path::PathBuf;

use domain::Reserve;
use domain::rung::{Front, Rung};
use serde::{Deserialize, Serialize};

/// Everything `up` is told.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The folder that holds everything, as the person said it.
    pub state_dir: PathBuf,
    /// Who runs the children when we are root.
    pub user: String,
    /// Which version of the site runs.
    pub rung: Rung,
    /// Where the site is served; port 0 takes any free one.
    pub listen: SocketAddr,
    /// How many people a new database is filled with: that is disk to be found.
    pub users: u32,
    /// How many photos a new database is filled with.
    pub photos: u32,
    /// How many app processes run; where there is one only, how many threads it has.
    pub app_processes: usize,
    /// Somebody else's database; without it we run a private one.
    pub database_url: Option<String>,
    /// How many database connections each app process may hold.
    pub database_connections: u32,
    /// How much memory memcached has, in MiB.
    pub memcached_mb: u32,
    /// How many bytes of derivatives may lie on disk.
    pub derivatives_max_bytes: u64,
    /// How much of the disk is left free.
    pub disk_reserve: Reserve,
    /// Whether /lab is shown.
    pub lab: bool,
    /// The names of hosts under which /lab answers, beside addresses and `localhost`.
    pub lab_hosts: Vec<String>,
    /// Whether people may log in as demo people.
    pub demo_logins: bool,
    /// All settings, for `flickr-killr config`.
    pub settings: Vec<HeldSetting>,
    /// The arguments with which this program migrates the database and loads the demo data where that is wanted.
    pub prepare: Vec<String>,
}

/// A setting that a site was started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldSetting {
    /// Its name, as flag and in the settings file.
    pub name: String,
    /// Its value as text; none for a setting without one.
    pub value: Option<String>,
    /// Where the value came from.
    pub origin: String,
}

/// How many programs of 0.1 may run at once for each app process that other versions would have.
/// They are either starting up, which is work for the processor, or waiting for PostgreSQL; with
/// more of them every single one only takes longer.
const PROGRAMS_PER_PROCESS: usize = 4;

/// How many database connections a program of 0.1 holds.
const CONNECTIONS_PER_PROGRAM: u32 = 1;

impl Plan {
    /// How many programs run at once at most; none where nobody starts programs for requests.
    pub(super) fn programs(&self) -> usize {
        match self.rung.front() {
            Front::NginxAndCgi => self.app_processes * PROGRAMS_PER_PROCESS,
            Front::App | Front::Nginx => 0,
        }
    }

    /// How many app processes stay: of 0.1 the one that does what no visitor waits for.
    pub(super) fn lasting_processes(&self) -> usize {
        match self.rung.front() {
            Front::NginxAndCgi | Front::App => 1,
            Front::Nginx => self.app_processes,
        }
    }

    /// How many database connections one lasting process may hold. An only one has those of all.
    pub(super) fn connections_per_process(&self) -> u32 {
        match self.rung.front() {
            Front::NginxAndCgi | Front::Nginx => self.database_connections,
            Front::App => (self.database_connections * self.app_processes as u32).min(POOL_MAX),
        }
    }

    /// How many database connections may be open at once, whoever holds them.
    pub(super) fn connections(&self) -> u32 {
        self.connections_per_process() * self.lasting_processes() as u32
            + CONNECTIONS_PER_PROGRAM * self.programs() as u32
    }
}

/// How many connections `serve` accepts to hold.
const POOL_MAX: u32 = 200;
