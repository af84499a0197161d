//! What a person can set, and where each value came from.
//!
//! The clap definition of [`Settings`] is the single truth: names, forms, help. An environment
//! variable and a line of the TOML file are other ways to set the same flag, so they are parsed by
//! the same parser and refused with the same message. A flag wins over the environment, the
//! environment over the file, the file over the default.

mod file;
mod report;

pub use file::with_config_file;
pub use report::{Origin, Setting, report};

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::Reserve;
use clap::{Args, ValueEnum, value_parser};

use crate::rung::Rung;

// The groups of settings in `--help`.
const PLACE: &str = "Where it is kept";
const SITE: &str = "The site";
const DATA: &str = "The demo data";
const RESOURCES: &str = "Database, memory and disk";

/// How many app processes may be set, because each holds memory and database connections.
const WORKERS_MAX: i64 = 256;

/// Where the state of one site lies: enough to look at it, stop it or remove it.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Folder that holds everything of this site: database, pictures, logs
    #[arg(
        help_heading = PLACE,
        long,
        env = "FLICKR_KILLR_STATE_DIR",
        value_name = "DIR",
        default_value = ".flickr-killr"
    )]
    pub state_dir: PathBuf,

    /// TOML file with settings, named as the flags are (`users = 5000`); unknown names are errors
    #[arg(help_heading = PLACE, long, env = "FLICKR_KILLR_CONFIG", value_name = "FILE.toml")]
    pub config: Option<PathBuf>,

    /// The Unix user that all programs but nginx's master run as, when started as root
    #[arg(
        help_heading = PLACE,
        long,
        env = "FLICKR_KILLR_USER",
        value_name = "NAME",
        default_value = "nobody"
    )]
    pub user: String,
}

/// Which demo data a database without people gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Demo {
    /// People and photos drawn from the seed.
    Full,
    /// None: the site begins empty.
    None,
}

impl std::fmt::Display for Demo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::None => "none",
        })
    }
}

/// Everything that can be said to `up`.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Where the state lies, and who runs it.
    #[command(flatten)]
    pub place: Place,

    /// Address the site is served at; port 0 takes any free one
    #[arg(
        help_heading = SITE,
        long,
        env = "FLICKR_KILLR_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: SocketAddr,

    /// Version of the ladder: 0.1 CGI, 0.2 one server, 0.3 nginx and a process a core, 0.4 with memcached
    #[arg(
        help_heading = SITE,
        long,
        env = "FLICKR_KILLR_RUNG",
        value_name = "VERSION",
        value_enum,
        default_value = "0.4",
        hide_possible_values = true
    )]
    pub rung: Rung,

    /// Demo data for a database without people: full, or none for an empty site; one that holds people stays as it is
    /// [default: full, unless the site began with none]
    #[arg(help_heading = DATA, long, env = "FLICKR_KILLR_DEMO", value_name = "full|none", value_enum,
          hide_possible_values = true)]
    pub demo: Option<Demo>,

    /// People in the demo data (loaded at first start only)
    #[arg(help_heading = DATA, long, env = "FLICKR_KILLR_USERS", value_name = "N", default_value = "100000",
          value_parser = value_parser!(u32).range(1..))]
    pub users: u32,

    /// Photos in the demo data (loaded at first start only)
    #[arg(help_heading = DATA, long, env = "FLICKR_KILLR_PHOTOS", value_name = "N", default_value = "1000000",
          value_parser = value_parser!(u32).range(1..))]
    pub photos: u32,

    /// Seed of the demo data: the same seed draws the same people, words and pictures
    #[arg(
        help_heading = DATA,
        long,
        env = "FLICKR_KILLR_SEED",
        value_name = "S",
        default_value = "2007"
    )]
    pub seed: u64,

    /// App processes [default: one a core]
    #[arg(help_heading = SITE, long, env = "FLICKR_KILLR_WORKERS", value_name = "N",
          value_parser = value_parser!(u32).range(1..=WORKERS_MAX))]
    pub workers: Option<u32>,

    /// Database to use instead of a private PostgreSQL; one with tables not ours is refused. The whole
    /// address with user and password: PGPASSWORD and its like are not read
    #[arg(help_heading = RESOURCES, long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,

    /// Database connections each app process may hold
    #[arg(help_heading = RESOURCES, long, env = "FLICKR_KILLR_DATABASE_CONNECTIONS", value_name = "N", default_value = "8",
          value_parser = value_parser!(u32).range(1..=200))]
    pub database_connections: u32,

    /// Memory for memcached, in MiB
    #[arg(help_heading = RESOURCES, long, env = "FLICKR_KILLR_MEMCACHED_MB", value_name = "MIB", default_value = "256",
          value_parser = value_parser!(u32).range(8..=1_048_576))]
    pub memcached_mb: u32,

    /// Disk for pictures made from originals, in GiB; the least recently used go first
    #[arg(help_heading = RESOURCES, long, env = "FLICKR_KILLR_DERIVATIVES_GB", value_name = "GIB", default_value = "2",
          value_parser = positive)]
    pub derivatives_gb: f64,

    /// Disk to leave free: below it pictures made from originals are not kept, below half of it uploads
    /// are refused; a size (2GiB), a part (5%), or auto: 2 GiB, or 5 % of a smaller disk
    #[arg(
        help_heading = RESOURCES,
        long,
        env = "FLICKR_KILLR_DISK_RESERVE",
        value_name = "SIZE",
        default_value_t
    )]
    pub disk_reserve: Reserve,

    /// Show /lab, where the userid index is dropped and restored [default: on loopback only]
    #[arg(help_heading = SITE, long, env = "FLICKR_KILLR_LAB", value_name = "true|false", num_args = 0..=1,
          require_equals = true, default_missing_value = "true", overrides_with = "no_lab")]
    pub lab: Option<bool>,

    /// Hide /lab
    #[arg(help_heading = SITE, long, overrides_with = "lab")]
    pub no_lab: bool,

    /// Name of a host under which /lab answers, beside addresses and localhost; repeat it, or part by
    /// commas
    #[arg(
        help_heading = SITE,
        long,
        env = "FLICKR_KILLR_LAB_HOSTS",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub lab_host: Vec<String>,

    /// Let people log in as any demo person, with the one password kept in DIR/demo-logins
    /// (loopback only)
    #[arg(help_heading = SITE, long, env = "FLICKR_KILLR_DEMO_LOGINS", value_name = "true|false", num_args = 0..=1,
          require_equals = true, default_missing_value = "true", default_value = "false")]
    pub demo_logins: bool,
}

impl Settings {
    /// Whether /lab is shown: as set, or by default where only this machine can reach it.
    pub fn shows_lab(&self) -> bool {
        !self.no_lab && self.lab.unwrap_or_else(|| self.listen.ip().is_loopback())
    }

    /// How many app processes run: as set, or by default one per core.
    pub fn app_processes(&self) -> usize {
        self.workers.map_or_else(
            || std::thread::available_parallelism().map_or(1, usize::from),
            |n| n as usize,
        )
    }

    /// How many bytes of derivatives are kept on disk.
    pub fn derivatives_max_bytes(&self) -> u64 {
        const GIB: f64 = (1u64 << 30) as f64;
        (self.derivatives_gb * GIB) as u64
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1_000_000.0 => Ok(number),
        _ => Err("a number above 0 is needed, for example 2 or 0.5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Args as _;

    use super::Settings;

    #[test]
    fn each_setting_stands_in_a_group_of_the_help() {
        let command = Settings::augment_args(clap::Command::new("up"));
        let without: Vec<_> = command
            .get_arguments()
            .filter(|arg| arg.get_help_heading().is_none())
            .map(|arg| arg.get_id().as_str())
            .collect();
        assert!(without.is_empty(), "{without:?}");
    }
}
