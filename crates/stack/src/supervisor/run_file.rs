//! The run file: records what runs, for `status` and `stop`, and for the next `up` after a kill -9.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, bail};
use domain::rung::Rung;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::dir_identity::{DirIdentity, FileId};
use super::ownership::has_open;
use super::plan::HeldSetting;
use super::port::reachable;
use super::process::Identity;
use super::replace_file;
use super::request_log::WATCHERS;
use super::state::StateDir;

/// One running site.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    pub(super) supervisor: Identity,
    /// The state directory for which this was written; `None` in a run file of 0.4.0 or before.
    #[serde(default, rename = "place")]
    pub(super) directory: Option<DirIdentity>,
    /// The version of the site.
    pub rung: Rung,
    /// The address of the site.
    pub listen: SocketAddr,
    /// The URL of the site's database, as the app processes use it.
    pub database_url: String,
    /// The address of memcached, in the versions that have it.
    pub memcached: Option<SocketAddr>,
    /// The private folder of the unix sockets.
    pub sockets: PathBuf,
    /// That folder when this was written: another may have its name now.
    #[serde(default)]
    pub(super) sockets_folder: Option<FileId>,
    /// Whether a page has been served.
    pub ready: bool,
    /// The settings that the site was started with.
    #[serde(default)]
    pub settings: Vec<HeldSetting>,
    /// The children by name.
    pub(super) children: BTreeMap<String, ChildEntry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ChildEntry {
    /// `None` while it is being replaced.
    pub(super) process: Option<Identity>,
    pub(super) restarts: u32,
    /// The signal for a graceful stop.
    pub(super) stop_signal: i32,
}

/// The run file of a state directory.
pub(super) enum FoundRunFile {
    /// It was written for this directory.
    Here(Box<Running>),
    /// It was written for another directory, and copied here.
    Elsewhere(String),
}

impl Running {
    /// Reads what runs in a state directory; `None` if there is no run file, or one of another directory.
    ///
    /// Returns an error if access to the run file is denied.
    pub fn read(state: &StateDir) -> Result<Option<Self>> {
        Ok(match Self::read_run_file(state)? {
            // A run file that names no directory counts while its supervisor holds this directory's lock.
            Some(FoundRunFile::Here(running)) if running.directory.is_none() => {
                let supervisor = running.supervisor.living();
                let locked = supervisor.zip(FileId::of(state.lock_file()));
                let is_held = locked.is_some_and(|(stat, lock)| has_open(stat.pid, lock));
                is_held.then_some(*running)
            }
            Some(FoundRunFile::Here(running)) => Some(*running),
            Some(FoundRunFile::Elsewhere(_)) | None => None,
        })
    }

    /// Reads the run file, and for which directory it was written.
    pub(super) fn read_run_file(state: &StateDir) -> Result<Option<FoundRunFile>> {
        let text = match std::fs::read(state.run_file()) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => bail!(
                "what runs in {} may be seen by the user that started it alone, because the run file may hold a database password; \
                 ask as that user, or as root",
                state.path().display()
            ),
            Err(_) => return Ok(None),
        };
        // An unreadable run file is from another version.
        let running: Option<Self> = serde_json::from_slice(&text).ok();
        Ok(running.map(|running| match &running.directory {
            Some(directory) if !directory.is(state.path()) => {
                FoundRunFile::Elsewhere(directory.path().to_owned())
            }
            _ => FoundRunFile::Here(Box::new(running)),
        }))
    }

    /// The sockets of the app processes behind nginx, in order.
    pub fn app_sockets(&self) -> Vec<PathBuf> {
        let number = |name: &String| name.strip_prefix("app-")?.parse::<u32>().ok();
        let mut numbers: Vec<u32> = self.children.keys().filter_map(number).collect();
        numbers.sort_unstable();
        let socket = |number| self.sockets.join(format!("app-{number}.sock"));
        numbers.into_iter().map(socket).collect()
    }

    /// The socket that streams one line for each request that nginx answers.
    pub fn watch_socket(&self) -> PathBuf {
        self.sockets.join(WATCHERS)
    }

    /// The address of the site, as reached from this machine.
    pub fn front(&self) -> SocketAddr {
        reachable(self.listen)
    }

    /// Whether the supervisor that wrote this still runs.
    pub fn is_alive(&self) -> bool {
        self.supervisor.living().is_some()
    }
}

/// The run file as the supervisor updates it. Each change is on disk before the next action.
#[derive(Debug, Clone)]
pub(super) struct RunFile {
    path: PathBuf,
    mode: u32,
    running: Arc<Mutex<Running>>,
}

impl RunFile {
    /// With `is_secret` the file is readable by its owner alone: the URL of an external database may hold a password.
    pub(super) fn begin(path: PathBuf, running: Running, is_secret: bool) -> Self {
        let run_file = Self {
            path,
            mode: if is_secret { 0o600 } else { 0o644 },
            running: Arc::new(Mutex::new(running)),
        };
        run_file.change(|_| ());
        run_file
    }

    pub(super) fn child_started(&self, name: &str, pid: i32, stop_signal: Signal) {
        self.change(|running| {
            let before = running.children.get(name);
            let restarts = before.map_or(0, |child| child.restarts + 1);
            let process = Identity::of(pid);
            let child = ChildEntry {
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
        replace_file::remove(&self.path);
    }

    /// A disk that cannot be written must not stop the site; then the run file is stale, and the next `up` finds
    /// left-over children by the kernel's data alone.
    fn change(&self, change: impl FnOnce(&mut Running)) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut running);
        // The folder may have been recreated since.
        running.sockets_folder = FileId::of(&running.sockets);
        if let Ok(bytes) = serde_json::to_vec_pretty(&*running) {
            let _ = replace_file::write(&self.path, &bytes, self.mode);
        }
    }
}
