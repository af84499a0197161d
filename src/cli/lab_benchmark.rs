//! `flickr-killr lab-benchmark`: what the lab's *Run benchmark* starts.

use anyhow::Result;
use ladder::lab;

/// Where the visitors go.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The address of the site, on loopback
    #[arg(long, value_name = "URL")]
    front: String,

    /// The database, for the names of the people visited
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: String,
}

/// Runs it.
pub(super) fn run(args: &Args) -> Result<()> {
    lab::run_benchmark(&args.front, &args.database_url)
}
