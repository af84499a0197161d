//! Forwards nginx's lines about each request to watchers (`cache log`, `top`, `hist`), and enables these lines only
//! while a watcher is connected.
//!
//! nginx sends datagrams and never waits: those that do not fit into the socket's buffer are lost, and counted as far
//! as possible. The socket stays open as long as the site runs, because nginx logs an error for every line that it
//! cannot send. A watcher is a connection. A flag file enables nginx's lines; it is removed when the last watcher
//! disconnects.

use std::fs::File;
use std::io::{ErrorKind, IoSliceMut, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use accelerator::nginx;
use anyhow::{Context as _, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;

use super::super::dir_identity::FileId;
use super::super::unix_user::UnixUser;
use super::join::Joiner;

/// The socket for watchers, in the socket folder.
pub(in super::super) const WATCHERS: &str = "watch.sock";

/// The socket for nginx's lines.
const LINES: &str = "watch-lines.sock";

/// The flag file that exists while a watcher is connected.
const FLAG: &str = "watched";

/// How many lines are read before they are forwarded: one write for many lines is cheaper.
const LINES_AT_ONCE: usize = 512;

/// How many bytes of a line are read. The URL is at its end; a longer one is truncated.
const LINE_BYTES_MAX: usize = 4 << 10;

/// How many bytes are queued for a slow watcher; further lines are lost to it.
const BACKLOG_BYTES_MAX: usize = 1 << 20;

/// How many watchers may be connected at once.
const WATCHERS_MAX: usize = 32;

/// The thread that forwards lines. It has ended when this is dropped.
#[derive(Debug)]
pub(in super::super) struct RequestLog {
    config: nginx::Watch,
    /// Both sockets, as they were created.
    sockets: [(PathBuf, Option<FileId>); 2],
    until_closed: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl Drop for RequestLog {
    /// The thread removes the flag file at its end; the next thread creates it again, so this waits for the end.
    fn drop(&mut self) {
        let _ = self.until_closed.shutdown(Shutdown::Both);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl RequestLog {
    /// Opens the sockets and starts the thread.
    pub(in super::super) fn start(sockets: &Path, user: &UnixUser) -> Result<Self> {
        let config = nginx::Watch {
            flag: sockets.join(FLAG),
            socket: sockets.join(LINES),
        };
        let watchers = sockets.join(WATCHERS);
        let (lines, listener) = user.with_privileges(|| bind(&config.socket, &watchers))?;
        setsockopt(&lines, sockopt::ReceiveTimestampns, &true)
            .context("the kernel does not report receive times")?;
        listener.set_nonblocking(true)?;
        let (until_closed, closed) = UnixStream::pair()?;
        let relay = Relay {
            flag: config.flag.clone(),
            user: user.clone(),
            lines,
            listener,
            closed,
            watchers: vec![],
            joiner: Joiner::default(),
        };
        let thread = std::thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || relay.run())
            .context("cannot start a thread")?;
        let sockets = [config.socket.clone(), watchers].map(|path| {
            let made = FileId::of(&path);
            (path, made)
        });
        Ok(Self {
            config,
            sockets,
            until_closed,
            thread: Some(thread),
        })
    }

    /// Whether both sockets still exist.
    pub(in super::super) fn is_intact(&self) -> bool {
        let mut sockets = self.sockets.iter();
        sockets.all(|(path, made)| made.is_some() && FileId::of(path) == *made)
    }

    /// nginx's part of the configuration.
    pub(in super::super) fn nginx_config(&self) -> nginx::Watch {
        self.config.clone()
    }
}

/// Creates both sockets, whose folder is closed to other users.
fn bind(lines: &Path, watchers: &Path) -> Result<(UnixDatagram, UnixListener)> {
    // One of them may still exist if only the other was swept.
    for stale in [lines, watchers] {
        let _ = std::fs::remove_file(stale);
    }
    let bound = UnixDatagram::bind(lines);
    let bound = bound.with_context(|| format!("cannot create {}", lines.display()))?;
    let listener = UnixListener::bind(watchers);
    let listener = listener.with_context(|| format!("cannot create {}", watchers.display()))?;
    Ok((bound, listener))
}

struct Relay {
    flag: PathBuf,
    user: UnixUser,
    lines: UnixDatagram,
    listener: UnixListener,
    closed: UnixStream,
    watchers: Vec<Watcher>,
    joiner: Joiner,
}

impl Relay {
    fn run(mut self) {
        let mut buffer = vec![0; LINE_BYTES_MAX];
        while let Some(ready) = self.wait() {
            if ready.lines {
                self.forward(&mut buffer);
            }
            let before = self.watchers.len();
            self.watchers.retain_mut(Watcher::is_connected);
            if ready.listener {
                self.accept();
            }
            if before > 0 && self.watchers.is_empty() {
                self.set_flag(false);
            }
        }
        self.set_flag(false);
    }

    /// Creates or removes the flag file for nginx. On a full disk it cannot be created, and the watcher receives no
    /// lines; if it cannot be removed, nginx sends lines that are discarded.
    fn set_flag(&self, is_watched: bool) {
        let _ = self.user.with_privileges(|| {
            let _ = std::fs::remove_file(&self.flag);
            if is_watched {
                File::create_new(&self.flag)?;
            }
            Ok(())
        });
    }

    /// Waits for the next event; `None` when the site has stopped.
    fn wait(&self) -> Option<Ready> {
        let reads = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let mut fds = vec![
            reads(self.closed.as_fd()),
            reads(self.lines.as_fd()),
            reads(self.listener.as_fd()),
        ];
        fds.extend(self.watchers.iter().map(Watcher::waits_for));
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(_) => return None,
        }
        let is_ready = |at: usize| fds[at].any().unwrap_or(true);
        (!is_ready(0)).then(|| Ready {
            lines: is_ready(1),
            listener: is_ready(2),
        })
    }

    fn accept(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            if self.watchers.len() >= WATCHERS_MAX || stream.set_nonblocking(true).is_err() {
                continue;
            }
            if self.watchers.is_empty() {
                self.joiner = Joiner::default();
                self.set_flag(true);
            }
            self.watchers.push(Watcher {
                stream,
                backlog: vec![],
                lost: 0,
            });
        }
    }

    /// Reads the pending lines, and sends them to all watchers.
    fn forward(&mut self, buffer: &mut [u8]) {
        let (mut text, mut count) = (Vec::with_capacity(32 << 10), 0);
        for _ in 0..LINES_AT_ONCE {
            let Some((len, at)) = self.receive(buffer) else {
                break;
            };
            if !self.watchers.is_empty() && self.joiner.take(&buffer[..len], at, &mut text) {
                count += 1;
            }
        }
        for watcher in &mut self.watchers {
            watcher.send(&text, count);
        }
    }

    /// Receives one line, and the time when nginx sent it.
    fn receive(&self, buffer: &mut [u8]) -> Option<(usize, TimeSpec)> {
        let mut room = nix::cmsg_space!(TimeSpec);
        let mut parts = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::MSG_DONTWAIT;
        let fd = self.lines.as_raw_fd();
        let message = recvmsg::<()>(fd, &mut parts, Some(&mut room), flags).ok()?;
        let sent = message.cmsgs().ok()?.find_map(|control| match control {
            ControlMessageOwned::ScmTimestampns(sent) => Some(sent),
            _ => None,
        });
        Some((message.bytes, sent.unwrap_or(TimeSpec::new(0, 0))))
    }
}

/// The sources with pending events.
struct Ready {
    lines: bool,
    listener: bool,
}

struct Watcher {
    stream: UnixStream,
    backlog: Vec<u8>,
    lost: u64,
}

impl Watcher {
    fn waits_for(&self) -> PollFd<'_> {
        let mut flags = PollFlags::POLLIN;
        flags.set(PollFlags::POLLOUT, !self.backlog.is_empty());
        PollFd::new(self.stream.as_fd(), flags)
    }

    /// Whether the watcher is still connected. Watchers send nothing, so a readable connection means that it was
    /// closed.
    fn is_connected(&mut self) -> bool {
        let mut byte = [0];
        let gone = match self.stream.read(&mut byte) {
            Ok(read) => read == 0,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        };
        !gone && self.flush()
    }

    fn send(&mut self, text: &[u8], lines: u64) {
        if self.backlog.len() + text.len() > BACKLOG_BYTES_MAX {
            self.lost += lines;
            return;
        }
        if self.lost > 0 {
            super::join::write_lost(std::mem::take(&mut self.lost), &mut self.backlog);
        }
        self.backlog.extend_from_slice(text);
    }

    /// Writes as much as the socket accepts; returns whether the watcher is still connected.
    fn flush(&mut self) -> bool {
        while !self.backlog.is_empty() {
            match self.stream.write(&self.backlog) {
                Ok(0) => return false,
                Ok(written) => drop(self.backlog.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_of_the_next_watch_is_not_removed_by_the_one_before() {
        let dir = tempfile::tempdir().expect("a folder");
        if nix::unistd::geteuid().is_root() {
            std::os::unix::fs::chown(dir.path(), Some(65534), None).expect("root may");
        }
        let user = UnixUser::choose("nobody").expect("a user");
        let flag = dir.path().join(FLAG);
        for _ in 0..2 {
            let watch = RequestLog::start(dir.path(), &user).expect("a watch");
            let _watcher = UnixStream::connect(dir.path().join(WATCHERS)).expect("a watcher");
            while !flag.exists() {}
            drop(watch);
            assert!(!flag.exists(), "it is removed before the next begins");
        }
    }
}
