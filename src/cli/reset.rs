//! `flickr-killr reset`: removes a site.

use anyhow::{Result, bail};
use clap::Args;
use domain::settings::Place;
use stack::supervisor::{self, StateDir};

use super::say::say;

/// Which site, and whether it is meant.
#[derive(Debug, Args)]
pub(super) struct ResetArgs {
    #[command(flatten)]
    place: Place,

    /// Really remove the database, all pictures (uploads too) and the logs
    #[arg(long)]
    yes: bool,
}

/// Removes everything that `up` made in a state directory.
pub(super) fn run(args: &ResetArgs) -> Result<()> {
    let state = StateDir::find(&args.place.state_dir)?;
    if !args.yes {
        bail!(
            "this would remove the database, all pictures (uploads too) and the logs in {}; \
             say --yes if you mean it",
            state.path().display()
        );
    }
    super::block_on(supervisor::reset(&state))?;
    say!("removed the site in {}", state.path().display());
    Ok(())
}
