//! fcgiwrap: takes nginx's requests and starts this program for each, as CGI.
//!
//! Several of them accept from one socket, which belongs to the supervisor: it survives their deaths, and requests
//! wait in its queue meanwhile. fcgiwrap could fork them itself (`-c`), but once the first one has died, Debian's
//! 1.1.0 polls the kernel in an endless loop for further deaths and replaces none.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;

use super::child::{Output, Spec};
use super::probe::Probe;
use super::shared_socket::SharedSocket;
use super::socket_dir::SocketDir;
use super::supervise::Service;
use super::unix_user::UnixUser;

/// How long all of them may be silent. Each waits for the program that it started, so if all are busy, none answers
/// the probe; and no program runs longer than the 30 s limit of a request.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(40);

/// The CGI program and its limits.
pub(super) struct CgiPrograms {
    /// The only program that fcgiwrap may start.
    pub(super) program: PathBuf,
    /// The program's environment besides the request.
    pub(super) envs: Vec<(&'static str, OsString)>,
    /// How many may run at once; further requests wait in the socket's queue.
    pub(super) count: usize,
}

/// Returns one fcgiwrap for each program that may run at once, on a socket created here.
///
/// Each passes its whole environment on to its programs, so it gets only theirs. It runs in the program's folder,
/// because fcgiwrap changes to it for each program anyway.
pub(super) fn services(
    fcgiwrap: &Path,
    user: &UnixUser,
    socket: &Path,
    programs: &CgiPrograms,
    sockets: &SocketDir,
) -> Result<Vec<Service>> {
    let listener = Arc::new(SharedSocket::bind(socket, sockets, user)?);
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
            user: Some(user.clone()),
            stop: vec![(Signal::SIGTERM, Duration::from_secs(2))],
            output: Output::Terminal,
        },
        ready: Probe::FastCgi(socket.to_owned()),
        alive: Probe::FastCgi(socket.to_owned()),
        start_timeout: Duration::from_secs(10),
        silence_timeout: SILENCE_TIMEOUT,
        prepare: Box::new(|| Ok(())),
    });
    Ok(services.collect())
}
