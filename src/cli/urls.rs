//! `flickr-killr urls`: prints a list of pages for a benchmark.

use anyhow::{Result, bail};
use clap::Args;
use db::{people, pool};
use domain::Cursor;
use domain::settings::Place;
use domain::urls;
use stack::supervisor::{Running, StateDir};

use super::output::print_line;

#[derive(Debug, Args)]
pub(super) struct UrlsArgs {
    #[command(flatten)]
    place: Place,

    /// The database of a site that `up` did not start; prints paths instead of whole URLs
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,

    /// How many people, drawn uniformly at random; prints the photostream of each
    #[arg(long, value_name = "N", default_value = "1000",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    random_people: u32,

    /// Print paths instead of whole URLs
    #[arg(long)]
    paths: bool,
}

/// Prints one URL a line.
pub(super) fn run(args: &UrlsArgs) -> Result<()> {
    let (database, base) = match &args.database_url {
        Some(url) => (url.clone(), String::new()),
        None => {
            let state = StateDir::find(&args.place.state_dir)?;
            let Some(running) = Running::read(&state)?.filter(Running::is_alive) else {
                bail!(
                    "no site runs in {}; start it with `flickr-killr up`, name another site's folder with \
                     --state-dir, or its database with --database-url",
                    state.path().display()
                );
            };
            let base = if args.paths {
                String::new()
            } else {
                format!("http://{}", running.listen)
            };
            (running.database_url, base)
        }
    };
    let names = super::runtime::block_on(async {
        let db = pool::open(&database, 1)?;
        Ok(people::random_names(&db, args.random_people.into()).await?)
    })?;
    for name in &names {
        print_line!("{base}{}", urls::person(name, Cursor::Newest));
    }
    Ok(())
}
