//! Stops and removes what a killed supervisor left: children, PostgreSQL's processes, the sockets.

use std::time::{Duration, Instant};

use anyhow::Result;
use nix::sys::signal::Signal;

use super::dir_identity::forget_id;
use super::output::Console;
use super::ownership::Ownership;
use super::process;
use super::replace_file;
use super::run_file::{FoundRunFile, Running};
use super::socket_dir::remove_leftover;
use super::state::StateDir;

/// How long left-over processes may take to stop before they are killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(8);

/// How often to check whether they have ended.
const CHECK_INTERVAL: Duration = Duration::from_millis(10);

/// Stops the processes that a killed supervisor left, and removes its sockets.
///
/// The caller holds the lock, so this site has no supervisor. A process is ended only if its pid, start time and boot
/// are those in the run file, or its process group is that of such a process, or it is a `postgres` in this cluster;
/// and only if the kernel shows that it works in this state directory, or hides that ([`Ownership`]).
pub(super) async fn clear_leftovers(state: &StateDir, console: &Console) -> Result<()> {
    let before = match Running::read_run_file(state)? {
        Some(FoundRunFile::Here(running)) => Some(running),
        Some(FoundRunFile::Elsewhere(original)) => {
            console.report(&format!(
                "this folder is a copy of {original}; what runs there is left alone"
            ));
            forget_id(state.path());
            None
        }
        None => None,
    };
    let names_its_directory = |running: &Running| running.directory.is_some();
    let ownership = Ownership::of(state, before.as_deref().is_some_and(names_its_directory));
    let families = signal_leftovers(before.as_deref(), &ownership, console);
    wait_until_gone(&families, &ownership).await?;
    // Before 0.5 the run file did not name its directory: it may be that of a copy.
    if let Some(running) = before.filter(|running| names_its_directory(running)) {
        remove_leftover(&running.sockets, running.sockets_folder);
    }
    replace_file::remove(&state.run_file());
    Ok(())
}

/// Sends each recorded child its stop signal, and returns their pids.
fn signal_leftovers(
    before: Option<&Running>,
    ownership: &Ownership,
    console: &Console,
) -> Vec<i32> {
    let mut left: Vec<(&str, i32)> = Vec::new();
    for (name, child) in before.into_iter().flat_map(|running| &running.children) {
        let Some(identity) = &child.process else {
            continue;
        };
        let mut orphans = identity.orphans();
        orphans.retain(|orphan| ownership.includes(orphan.pid));
        let living = identity
            .living()
            .filter(|stat| ownership.includes(stat.pid));
        if living.is_none() && orphans.is_empty() {
            continue;
        }
        if let Some(stat) = living
            && let Ok(stop) = Signal::try_from(child.stop_signal)
        {
            process::signal(stat.pid, stop);
        }
        // Without a leader no signal stops these: nginx's workers would run for ever.
        for orphan in orphans {
            process::signal(orphan.pid, Signal::SIGKILL);
        }
        left.push((name, identity.pid));
    }
    let names: Vec<&str> = left.iter().map(|(name, _)| *name).collect();
    if !names.is_empty() {
        console.report(&format!(
            "stopping what an earlier run left: {}",
            names.join(", ")
        ));
    }
    left.into_iter().map(|(_, pid)| pid).collect()
}

/// Waits until these process groups and PostgreSQL have ended; kills what exceeds the timeout.
async fn wait_until_gone(families: &[i32], ownership: &Ownership) -> Result<()> {
    let remaining = || {
        let mut pids = ownership.postgres();
        for leader in families {
            let family = process::family(*leader).into_iter().map(|stat| stat.pid);
            pids.extend(family.filter(|pid| ownership.includes(*pid)));
        }
        pids
    };
    let since = Instant::now();
    loop {
        let pids = remaining();
        if pids.is_empty() {
            return Ok(());
        }
        if since.elapsed() > STOP_TIMEOUT {
            for pid in pids {
                process::signal(pid, Signal::SIGKILL);
            }
            anyhow::ensure!(
                since.elapsed() < 2 * STOP_TIMEOUT,
                "processes of an earlier run did not stop: {:?}",
                remaining()
            );
        }
        tokio::time::sleep(CHECK_INTERVAL).await;
    }
}
