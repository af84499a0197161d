//! `flickr-killr stop`: ends the running site.

use anyhow::Result;

use super::say::say;
use crate::settings::Place;
use crate::stack::{self, StateDir, Stopped};

/// Stops the site and waits until it is gone. Nothing to stop is no error: it is as asked.
pub(super) fn run(place: &Place) -> Result<()> {
    let state = StateDir::find(&place.state_dir)?;
    match super::block_on(stack::stop(&state))? {
        Stopped::Site => say!("stopped the site in {}", state.path().display()),
        Stopped::Nothing => say!("no site runs in {}", state.path().display()),
    }
    Ok(())
}
