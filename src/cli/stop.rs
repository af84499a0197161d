//! `flickr-killr stop`: stops the running site.

use anyhow::Result;
use domain::settings::Place;
use stack::supervisor::{self, StateDir, Stopped};

use super::output::print_line;

/// Stops the site and waits until its processes have ended. Succeeds also if no site runs.
pub(super) fn run(place: &Place) -> Result<()> {
    let state = StateDir::find(&place.state_dir)?;
    match super::runtime::block_on(supervisor::stop(&state))? {
        Stopped::Site => print_line!("stopped the site in {}", state.path().display()),
        Stopped::Nothing => print_line!("no site runs in {}", state.path().display()),
    }
    Ok(())
}
