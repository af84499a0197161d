//! `flickr-killr lab-benchmark`: the process that *Run the benchmark* on the lab page starts.

use anyhow::Result;
use ladder::lab;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The address of the site, on loopback
    #[arg(long, value_name = "URL")]
    front: String,

    /// The database, to draw the people whose pages are requested
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: String,
}

pub(super) fn run(args: &Args) -> Result<()> {
    lab::run_benchmark(&args.front, &args.database_url)
}
