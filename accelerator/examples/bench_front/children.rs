//! Child processes that end with this program.

use std::ffi::OsStr;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::Trouble;

/// How long a program may take to listen.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// How long between two attempts to reach it.
const AGAIN_AFTER: Duration = Duration::from_millis(10);

/// A program and its own children; terminated and waited for on drop.
pub(crate) struct Running {
    child: Child,
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A program that has already ended is only waited for.
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _told = kill_process(pid, Signal::TERM);
        }
        let _reaped = self.child.wait();
    }
}

/// Starts a program; its output goes to a file in its folder.
pub(crate) fn start<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(
    program: &str,
    words: I,
    log: &Path,
) -> Result<Running, Trouble> {
    let log = std::fs::File::create(log)?;
    let child = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("{program}: {error}")))?;
    Ok(Running { child })
}

/// Returns a free address on loopback.
pub(crate) fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

/// Waits until a program listens.
pub(crate) async fn listening(address: SocketAddr) -> Result<(), Trouble> {
    until(&format!("{address} listens"), || {
        TcpStream::connect(address).is_ok()
    })
    .await
}

/// Repeats the check until it succeeds.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) -> Result<(), Trouble> {
    let asking = async {
        while !is_so() {
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    };
    tokio::time::timeout(START_TIMEOUT, asking)
        .await
        .map_err(|_elapsed| format!("in vain waited until {what}").into())
}

/// Returns whether a program can be started by its name.
pub(crate) fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}
