//! What runs, written down: for `status` and `stop`, and for the next `up` after a kill -9.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::nginx::reachable;
use super::output::Console;
use super::private::remove_sockets;
use super::process::{self, Identity};
use super::state::StateDir;
use super::watch::WATCHERS;
use crate::rung::Rung;

/// How long what a killed supervisor left may take to stop by itself, before it is killed.
const LEFT_OVER_PATIENCE: Duration = Duration::from_secs(8);

/// How often we look whether it is gone.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// One running site.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    pub(super) supervisor: Identity,
    /// Which version of the site it is.
    pub rung: Rung,
    /// Where the site is served.
    pub listen: SocketAddr,
    /// The database of the site, as the app processes reach it.
    pub database_url: String,
    /// Where memcached listens, in the versions that have it.
    pub memcached: Option<SocketAddr>,
    /// The private folder of the unix sockets.
    pub sockets: PathBuf,
    /// Whether a page has been served.
    pub ready: bool,
    /// The children by name.
    pub(super) children: BTreeMap<String, ChildRecord>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ChildRecord {
    /// None while it is being replaced.
    pub(super) process: Option<Identity>,
    pub(super) restarts: u32,
    /// The signal that stops it kindly.
    pub(super) stop_signal: i32,
}

impl Running {
    /// What is written down in a state directory; none when nothing is, or nothing readable.
    pub fn read(state: &StateDir) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(state.record()).ok()?).ok()
    }

    /// The sockets of the app processes behind nginx, in their order.
    pub fn app_sockets(&self) -> Vec<PathBuf> {
        let number = |name: &String| name.strip_prefix("app-")?.parse::<u32>().ok();
        let mut numbers: Vec<u32> = self.children.keys().filter_map(number).collect();
        numbers.sort_unstable();
        let socket = |number| self.sockets.join(format!("app-{number}.sock"));
        numbers.into_iter().map(socket).collect()
    }

    /// The socket where whoever watches connects: from then on it tells of each request that nginx answers.
    pub fn watch_socket(&self) -> PathBuf {
        self.sockets.join(WATCHERS)
    }

    /// Where visitors come, as we reach it.
    pub fn front(&self) -> SocketAddr {
        reachable(self.listen)
    }

    /// Whether the process that wrote this down still runs.
    pub fn is_alive(&self) -> bool {
        self.supervisor.living().is_some()
    }
}

/// The record as the supervisor keeps it. Each change is on disk before the next thing happens.
#[derive(Debug, Clone)]
pub(super) struct Record {
    path: PathBuf,
    running: Arc<Mutex<Running>>,
}

impl Record {
    pub(super) fn begin(path: PathBuf, running: Running) -> Self {
        let record = Self {
            path,
            running: Arc::new(Mutex::new(running)),
        };
        record.change(|_| ());
        record
    }

    pub(super) fn child_started(&self, name: &str, pid: i32, stop_signal: Signal) {
        self.change(|running| {
            let before = running.children.get(name);
            let restarts = before.map_or(0, |child| child.restarts + 1);
            let process = Identity::of(pid);
            let child = ChildRecord {
                process,
                restarts,
                stop_signal: stop_signal as i32,
            };
            running.children.insert(name.to_owned(), child);
        });
    }

    pub(super) fn child_ended(&self, name: &str) {
        self.change(|running| {
            if let Some(child) = running.children.get_mut(name) {
                child.process = None;
            }
        });
    }

    pub(super) fn ready(&self) {
        self.change(|running| running.ready = true);
    }

    pub(super) fn end(&self) {
        let _ = std::fs::remove_file(&self.path);
    }

    /// A full disk must not take the site down; then the record is old, and the next `up` finds
    /// left-over children by the kernel's word alone.
    fn change(&self, change: impl FnOnce(&mut Running)) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut running);
        if let Ok(bytes) = serde_json::to_vec_pretty(&*running) {
            let new = self.path.with_extension("new");
            if std::fs::write(&new, bytes).is_ok() {
                let _ = std::fs::rename(&new, &self.path);
            }
        }
    }
}

/// Ends what a killed supervisor left behind: children, PostgreSQL's processes, the sockets.
///
/// The caller holds the lock, so nobody runs this site. A process is only touched when pid, start
/// time and boot are those written down, when it is of the group of such a one that is gone, or when
/// it works inside our cluster's folder.
pub(super) async fn clear_left_over(state: &StateDir, console: &Console) -> Result<()> {
    let before = Running::read(state);
    let mut left: Vec<(String, i32)> = Vec::new();
    for (name, child) in before.iter().flat_map(|running| &running.children) {
        let Some(identity) = &child.process else {
            continue;
        };
        let orphans = identity.orphans();
        if let Some(stat) = identity.living() {
            if let Ok(stop) = Signal::try_from(child.stop_signal) {
                process::signal(stat.pid, stop);
            }
        } else if orphans.is_empty() {
            continue;
        }
        // Nobody is left to tell these anything: nginx's workers would stay for ever.
        for orphan in orphans {
            process::signal(orphan.pid, Signal::SIGKILL);
        }
        left.push((name.clone(), identity.pid));
    }
    let families: Vec<i32> = left.iter().map(|(_, pid)| *pid).collect();
    let cluster = state.cluster();
    let names: Vec<&str> = left.iter().map(|(name, _)| name.as_str()).collect();
    if !names.is_empty() {
        console.say(&format!(
            "stopping what an earlier run left: {}",
            names.join(", ")
        ));
    }
    let remaining = || {
        let mut pids = process::working_in(&cluster);
        for leader in &families {
            pids.extend(process::family(*leader).iter().map(|stat| stat.pid));
        }
        pids
    };
    let since = Instant::now();
    loop {
        let pids = remaining();
        if pids.is_empty() {
            break;
        }
        if since.elapsed() > LEFT_OVER_PATIENCE {
            for pid in pids {
                process::signal(pid, Signal::SIGKILL);
            }
            anyhow::ensure!(
                since.elapsed() < 2 * LEFT_OVER_PATIENCE,
                "processes of an earlier run do not end: {:?}",
                remaining()
            );
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    if let Some(running) = before {
        remove_sockets(&running.sockets);
    }
    let _ = std::fs::remove_file(state.record());
    Ok(())
}
