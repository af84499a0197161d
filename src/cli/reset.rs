//! `flickr-killr reset`: removes a stopped site.

use anyhow::{Result, bail};
use clap::Args;
use domain::settings::Place;
use stack::supervisor::{self, StateDir};

use super::output::print_line;

#[derive(Debug, Args)]
pub(super) struct ResetArgs {
    #[command(flatten)]
    place: Place,

    /// Really remove the database, all pictures (uploads too) and the logs
    #[arg(long)]
    yes: bool,
}

/// Removes everything that `up` created in a state directory.
pub(super) fn run(args: &ResetArgs) -> Result<()> {
    let state = StateDir::find(&args.place.state_dir)?;
    if !args.yes {
        bail!(
            "this would remove the database, all pictures (uploads too) and the logs in {}; \
             add --yes to confirm",
            state.path().display()
        );
    }
    super::runtime::block_on(supervisor::reset(&state))?;
    print_line!("removed the site in {}", state.path().display());
    Ok(())
}
