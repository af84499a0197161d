//! fcgiwrap: takes nginx's requests and starts this program for each, as CGI.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;

use super::account::Account;
use super::child::{Speaks, Spec};
use super::keeper::Service;
use super::probe::Probe;

/// How long fcgiwrap may be silent. Each of its processes waits for the program that it started, so
/// when all do, none answers us; and no program takes longer than the 30 s that a request may.
const SILENCE_MAX: Duration = Duration::from_secs(40);

/// What fcgiwrap starts, and where.
pub(super) struct Programs {
    /// The only program that it may start.
    pub(super) program: PathBuf,
    /// What the program finds in its environment besides the request.
    pub(super) envs: Vec<(&'static str, OsString)>,
    /// How many may run at once; further requests wait in the socket's queue.
    pub(super) count: usize,
}

/// fcgiwrap as a child to keep, listening on `socket`.
///
/// It hands its whole environment on to every program, so it gets none but theirs. It works where the
/// program lies: fcgiwrap goes there for each program anyway. When its first process dies, those it
/// has forked do not notice; they are of its group, and whoever ends the one ends the group.
///
/// When one of those dies, which no program of ours brings about, fcgiwrap 1.1.0 does not replace it:
/// its first process then asks the kernel without end whether another one died.
pub(super) fn service(
    fcgiwrap: PathBuf,
    account: Account,
    socket: &Path,
    programs: Programs,
) -> Service {
    let listen = format!("unix:{}", socket.display());
    let dir = programs.program.parent().unwrap_or(Path::new("/"));
    let stale = socket.to_owned();
    Service {
        spec: Spec {
            name: "fcgiwrap".to_owned(),
            program: fcgiwrap,
            args: vec![
                "-c".into(),
                programs.count.to_string().into(),
                "-s".into(),
                listen.into(),
                "-p".into(),
                programs.program.clone().into(),
            ],
            envs: programs.envs,
            inherits: false,
            dir: dir.to_owned(),
            account: Some(account),
            stop: vec![(Signal::SIGTERM, Duration::from_secs(2))],
            speaks: Speaks::ToAll,
        },
        ready: Probe::FastCgi(socket.to_owned()),
        alive: Probe::FastCgi(socket.to_owned()),
        start_patience: Duration::from_secs(10),
        silence_max: SILENCE_MAX,
        prepare: Box::new(move || remove_stale(&stale)),
    }
}

/// fcgiwrap does not listen where a socket lies already, and a killed one leaves its own.
fn remove_stale(socket: &Path) -> Result<()> {
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", socket.display()))
        }
        _ => Ok(()),
    }
}
