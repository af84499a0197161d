//! `flickr-killr serve`: runs one app process.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Parser};
use domain::Reserve;
use domain::config::{self, Listen, Serve};
use domain::rung::Rung;

/// The settings of one app process.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Where to listen: unix:PATH or ADDRESS:PORT
    #[arg(long, env = "FLICKR_KILLR_SERVE_LISTEN", value_name = "WHERE")]
    listen: Listen,

    /// Address of the front, which the lab's benchmark sends requests to; loopback only
    #[arg(long, env = "FLICKR_KILLR_FRONT", value_name = "ADDRESS:PORT")]
    front: Option<SocketAddr>,

    #[command(flatten)]
    site: SiteArgs,

    /// Database connections this process may hold
    #[arg(long, env = "FLICKR_KILLR_DATABASE_CONNECTIONS", value_name = "N", default_value = "8",
          value_parser = clap::value_parser!(u32).range(1..=200))]
    database_connections: u32,

    /// Open all of them at the start: with a full disk, opening one later may fail
    #[arg(long, env = "FLICKR_KILLR_CONNECT_AHEAD")]
    connect_ahead: bool,

    /// Maximum bytes of derivatives on disk; the least recently used are evicted first
    #[arg(
        long,
        env = "FLICKR_KILLR_DERIVATIVES_MAX_BYTES",
        value_name = "BYTES",
        default_value = "2147483648"
    )]
    derivatives_max_bytes: u64,

    /// Run the background jobs in this process: outbox, counters, sweeps
    #[arg(long, env = "FLICKR_KILLR_JOBS")]
    jobs: bool,

    /// Threads that handle requests [default: one a core]
    #[arg(long, env = "FLICKR_KILLR_THREADS", value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=256))]
    threads: Option<u32>,
}

/// The settings of a site that one request needs. A CGI process reads them from its environment, and nothing else.
#[derive(Debug, Args)]
struct SiteArgs {
    /// The database; a unix socket as `postgres://USER@localhost/NAME?host=DIR`
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: String,

    /// A memcached server; repeat it in nginx's order; without one, nothing is stored in memcached
    #[arg(
        long,
        env = "FLICKR_KILLR_MEMCACHED",
        value_name = "ADDRESS:PORT",
        value_delimiter = ','
    )]
    memcached: Vec<SocketAddr>,

    /// Kill a local memcached that hangs and misses a purge; its supervisor restarts it
    #[arg(long, env = "FLICKR_KILLR_FENCE")]
    fence: bool,

    /// Folder of the uploaded files, kept bit for bit
    #[arg(long, env = "FLICKR_KILLR_ORIGINALS", value_name = "DIR")]
    originals: PathBuf,

    /// Folder of pictures made from originals
    #[arg(long, env = "FLICKR_KILLR_DERIVATIVES", value_name = "DIR")]
    derivatives: PathBuf,

    /// Disk to leave free, as for `up`: below it derivatives are not stored, below half of it uploads are refused
    #[arg(
        long,
        env = "FLICKR_KILLR_DISK_RESERVE",
        value_name = "SIZE",
        default_value_t
    )]
    disk_reserve: Reserve,

    /// File that is shortened when the disk is full, to free space; `up` creates it
    #[arg(long, env = "FLICKR_KILLR_BALLAST", value_name = "FILE")]
    ballast: Option<PathBuf>,

    /// Show /lab and what each page cost
    #[arg(long, env = "FLICKR_KILLR_LAB")]
    lab: bool,

    /// Host name under which /lab is served, besides addresses and localhost; repeat it
    #[arg(
        long,
        env = "FLICKR_KILLR_LAB_HOSTS",
        value_name = "NAME",
        value_delimiter = ','
    )]
    lab_host: Vec<String>,

    /// File with the password of all demo people; without it they cannot log in
    #[arg(long, env = "FLICKR_KILLR_DEMO_LOGINS", value_name = "FILE")]
    demo_logins: Option<PathBuf>,

    /// The version of the ladder that pages show
    #[arg(long, env = "FLICKR_KILLR_RUNG", value_name = "X", default_value_t)]
    rung: Rung,

    /// Serve files from disk: the site's own from DIR (see `static-files`), pictures from their folders
    #[arg(long, env = "FLICKR_KILLR_FILES_FROM_DISK", value_name = "DIR")]
    files_from_disk: Option<PathBuf>,

    /// Shared folder where processes of all versions publish the site's own files
    #[arg(long, env = "FLICKR_KILLR_STATIC_FILES", value_name = "DIR")]
    static_files: Option<PathBuf>,
}

#[derive(Debug, Parser)]
struct EnvironmentArgs {
    #[command(flatten)]
    site: SiteArgs,
}

/// How many database connections a process needs that handles one request.
const CONNECTIONS_OF_ONE_REQUEST: u32 = 1;

/// Serves until SIGTERM or SIGINT.
pub(super) fn run(args: ServeArgs) -> Result<()> {
    super::log_to_stderr();
    let mut runtime = match args.threads {
        Some(1) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    if let Some(threads) = args.threads.filter(|threads| *threads > 1) {
        runtime.worker_threads(threads as usize);
    }
    let runtime = runtime.enable_all().build().context("no async runtime")?;
    runtime.block_on(crate::process::serve(args.into()))
}

/// Reads the settings of a site from the environment, for a process that handles one request.
///
/// # Errors
///
/// When a variable is missing or invalid.
pub(crate) fn site_from_environment() -> Result<config::Site> {
    // The same definition as the flags of `serve`; the real command line is not parsed.
    let args = EnvironmentArgs::try_parse_from(["flickr-killr"]).map_err(|error| {
        let message = error.to_string();
        let what = message.split("\n\n").next().unwrap_or_default();
        let what: Vec<&str> = what.split_whitespace().skip(1).collect();
        anyhow::anyhow!(
            "{} (each is an environment variable here: see `flickr-killr serve --help`)",
            what.join(" ")
        )
    })?;
    Ok(args.site.into_config(CONNECTIONS_OF_ONE_REQUEST, false))
}

impl SiteArgs {
    fn into_config(self, database_connections: u32, probes: bool) -> config::Site {
        config::Site {
            database_url: self.database_url,
            database_connections,
            memcached: self.memcached,
            fence: self.fence,
            originals: self.originals,
            derivatives: self.derivatives,
            disk_reserve: self.disk_reserve,
            ballast: self.ballast,
            lab: self.lab,
            lab_hosts: self.lab_host,
            demo_logins: self.demo_logins,
            rung: self.rung,
            files_from_disk: self.files_from_disk,
            static_files: self.static_files,
            probes,
        }
    }
}

impl From<ServeArgs> for Serve {
    fn from(args: ServeArgs) -> Self {
        // Only the supervisor and the front connect to a unix socket, and the front does not pass probes on.
        let probes = matches!(args.listen, Listen::Unix(_));
        Self {
            site: args.site.into_config(args.database_connections, probes),
            listen: args.listen,
            front: args.front,
            derivatives_max_bytes: args.derivatives_max_bytes,
            jobs: args.jobs,
            connect_ahead: args.connect_ahead,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        args: ServeArgs,
    }

    #[test]
    fn probes_are_answered_only_where_no_visitor_comes() {
        for (listen, expected) in [("unix:/run/app.sock", true), ("127.0.0.1:8080", false)] {
            let words = [
                "serve",
                "--database-url=postgres://localhost/x",
                "--originals=o",
                "--derivatives=d",
                "--listen",
                listen,
            ];
            let alone = Alone::try_parse_from(words).unwrap();
            assert_eq!(Serve::from(alone.args).site.probes, expected, "{listen}");
        }
    }
}
