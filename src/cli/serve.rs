//! `flickr-killr serve`: one app process alone.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use tracing_subscriber::EnvFilter;

use crate::config::{Listen, Serve};

/// What one app process is told.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Where to listen: unix:PATH or ADDRESS:PORT
    #[arg(long, env = "FLICKR_KILLR_SERVE_LISTEN", value_name = "WHERE")]
    listen: Listen,

    /// Where the front listens, so that the lab can send it visitors; loopback only
    #[arg(long, env = "FLICKR_KILLR_FRONT", value_name = "ADDRESS:PORT")]
    front: Option<SocketAddr>,

    /// The database; a unix socket as `postgres://USER@localhost/NAME?host=DIR`
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: String,

    /// Database connections this process may hold
    #[arg(long, env = "FLICKR_KILLR_DATABASE_CONNECTIONS", value_name = "N", default_value = "8",
          value_parser = clap::value_parser!(u32).range(1..=200))]
    database_connections: u32,

    /// A memcached server; repeat it in the order nginx lists them; none keeps nothing there
    #[arg(
        long,
        env = "FLICKR_KILLR_MEMCACHED",
        value_name = "ADDRESS:PORT",
        value_delimiter = ','
    )]
    memcached: Vec<SocketAddr>,

    /// Folder of uploads as they came, kept bit for bit
    #[arg(long, env = "FLICKR_KILLR_ORIGINALS", value_name = "DIR")]
    originals: PathBuf,

    /// Folder of pictures made from originals
    #[arg(long, env = "FLICKR_KILLR_DERIVATIVES", value_name = "DIR")]
    derivatives: PathBuf,

    /// Bytes of derivatives that may lie on disk; the least recently used go first
    #[arg(
        long,
        env = "FLICKR_KILLR_DERIVATIVES_MAX_BYTES",
        value_name = "BYTES",
        default_value = "2147483648"
    )]
    derivatives_max_bytes: u64,

    /// Show /lab and what each page cost
    #[arg(long)]
    lab: bool,

    /// File with the one password of all demo people; without it nobody logs in as them
    #[arg(long, value_name = "FILE")]
    demo_logins: Option<PathBuf>,

    /// Run the background jobs in this process: outbox, counters, brooms
    #[arg(long)]
    jobs: bool,

    /// Threads that answer requests [default: one a core]
    #[arg(long, env = "FLICKR_KILLR_THREADS", value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=256))]
    threads: Option<u32>,
}

/// Serves until SIGTERM or SIGINT.
pub(super) fn run(args: ServeArgs) -> Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let mut runtime = match args.threads {
        Some(1) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    if let Some(threads) = args.threads.filter(|threads| *threads > 1) {
        runtime.worker_threads(threads as usize);
    }
    let runtime = runtime.enable_all().build().context("no async runtime")?;
    runtime.block_on(crate::app::serve(args.into()))
}

impl From<ServeArgs> for Serve {
    fn from(args: ServeArgs) -> Self {
        Self {
            listen: args.listen,
            front: args.front,
            database_url: args.database_url,
            database_connections: args.database_connections,
            memcached: args.memcached,
            originals: args.originals,
            derivatives: args.derivatives,
            derivatives_max_bytes: args.derivatives_max_bytes,
            lab: args.lab,
            demo_logins: args.demo_logins,
            jobs: args.jobs,
        }
    }
}
