//! `flickr-killr stop`: ends the running site.

use anyhow::Result;
use domain::settings::Place;
use stack::supervisor::{self, StateDir, Stopped};

use super::say::say;

/// Stops the site and waits until it is gone. Nothing to stop is no error: it is as asked.
pub(super) fn run(place: &Place) -> Result<()> {
    let state = StateDir::find(&place.state_dir)?;
    match super::block_on(supervisor::stop(&state))? {
        Stopped::Site => say!("stopped the site in {}", state.path().display()),
        Stopped::Nothing => say!("no site runs in {}", state.path().display()),
    }
    Ok(())
}
