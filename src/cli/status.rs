//! `flickr-killr status`: what runs.

use anyhow::{Result, bail};

use crate::settings::Place;
use crate::stack::{Running, StateDir, describe};

/// Prints what is known; a site that does not run is an error, so that scripts can ask.
pub(super) fn run(place: &Place) -> Result<()> {
    let state = StateDir::find(&place.state_dir)?;
    if !state.exists() {
        bail!("there is no site in {}", state.path().display());
    }
    let running = Running::read(&state).filter(Running::is_alive);
    print!("{}", describe(&state, running.as_ref()));
    if running.is_none() {
        bail!("the site in {} does not run", state.path().display());
    }
    Ok(())
}
