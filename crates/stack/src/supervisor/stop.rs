//! Stops a running site from another process, and removes a stopped one.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::leftovers::clear_leftovers;
use super::output::Console;
use super::run_file::Running;
use super::state::StateDir;

/// How long a stop may take; PostgreSQL alone has a minute for its last checkpoint.
const STOP_TIMEOUT: Duration = Duration::from_secs(120);

/// How often to check whether the supervisor has ended.
const CHECK_INTERVAL: Duration = Duration::from_millis(10);

/// The result of [`stop`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// A running site was stopped.
    Site,
    /// No site was running; leftovers of a killed supervisor are stopped and removed.
    Nothing,
}

/// Stops the site in a state directory and waits until it has ended.
pub async fn stop(state: &StateDir) -> Result<Stopped> {
    if let Some(running) = Running::read(state)?.filter(Running::is_alive) {
        let pid = running.supervisor.pid;
        if kill(Pid::from_raw(pid), Signal::SIGTERM) == Err(Errno::EPERM) {
            bail!("the site belongs to another user: stop it as that user, or as root");
        }
        let since = Instant::now();
        while running.is_alive() {
            if since.elapsed() > STOP_TIMEOUT {
                bail!("process {} did not stop in time", running.supervisor.pid);
            }
            tokio::time::sleep(CHECK_INTERVAL).await;
        }
        return Ok(Stopped::Site);
    }
    if state.exists() {
        let _lock = state.lock()?;
        let console = Console::new();
        clear_leftovers(state, &console).await?;
        console.flush();
    }
    Ok(Stopped::Nothing)
}

/// Removes all files of a stopped site; returns an error for a running one.
pub async fn reset(state: &StateDir) -> Result<()> {
    if !state.exists() {
        bail!("{}", state.no_site());
    }
    let lock = state.lock()?;
    let console = Console::new();
    clear_leftovers(state, &console).await?;
    console.flush();
    state.remove(&lock)
}
