//! fcgiwrap: takes nginx's requests and starts this program for each, as CGI.
//!
//! Several of them take turns on one socket, which is ours: it outlives whoever dies, and requests wait
//! in its queue meanwhile. fcgiwrap could fork them by itself (`-c`), but then Debian's 1.1.0 asks the
//! kernel without end, once the first of them has died, whether another one did, and replaces none.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;

use super::account::Account;
use super::child::{Speaks, Spec};
use super::keeper::Service;
use super::probe::Probe;

/// How long all of them may be silent. Each waits for the program that it started, so when all do,
/// none answers us; and no program takes longer than the 30 s that a request may.
const SILENCE_MAX: Duration = Duration::from_secs(40);

/// What fcgiwrap starts.
pub(super) struct Programs {
    /// The only program that it may start.
    pub(super) program: PathBuf,
    /// What the program finds in its environment besides the request.
    pub(super) envs: Vec<(&'static str, OsString)>,
    /// How many may run at once; further requests wait in the socket's queue.
    pub(super) count: usize,
}

/// As many fcgiwraps as programs may run at once, each as a child to keep, on a socket made here.
///
/// Each hands its whole environment on to its programs, so it gets none but theirs. It works where the
/// program lies: fcgiwrap goes there for each program anyway.
pub(super) fn services(
    fcgiwrap: &Path,
    account: &Account,
    socket: &Path,
    programs: &Programs,
) -> Result<Vec<Service>> {
    let listener = UnixListener::bind(socket)
        .with_context(|| format!("cannot listen on {}", socket.display()))?;
    account.own(socket)?;
    let listener = Arc::new(OwnedFd::from(listener));
    let dir = programs.program.parent().unwrap_or(Path::new("/"));
    let numbers = 0..programs.count;
    let services = numbers.map(|number| Service {
        spec: Spec {
            name: format!("fcgiwrap-{number}"),
            program: fcgiwrap.to_owned(),
            args: vec!["-p".into(), programs.program.clone().into()],
            envs: programs.envs.clone(),
            inherits: false,
            stdin: Some(Arc::clone(&listener)),
            dir: dir.to_owned(),
            account: Some(account.clone()),
            stop: vec![(Signal::SIGTERM, Duration::from_secs(2))],
            speaks: Speaks::ToAll,
        },
        ready: Probe::FastCgi(socket.to_owned()),
        alive: Probe::FastCgi(socket.to_owned()),
        start_patience: Duration::from_secs(10),
        silence_max: SILENCE_MAX,
        prepare: Box::new(|| Ok(())),
    });
    Ok(services.collect())
}
