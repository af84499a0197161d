//! A listening socket that several children share.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};

use super::dir_identity::FileId;
use super::socket_dir::SocketDir;
use super::unix_user::UnixUser;

/// A shared listening socket, recreated if it is gone from disk.
#[derive(Debug)]
pub(super) struct SharedSocket {
    path: PathBuf,
    sockets: SocketDir,
    user: UnixUser,
    bound: Mutex<(OwnedFd, Option<FileId>)>,
}

impl SharedSocket {
    pub(super) fn bind(path: &Path, sockets: &SocketDir, user: &UnixUser) -> Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            sockets: sockets.clone(),
            user: user.clone(),
            bound: Mutex::new(bound(path, sockets, user)?),
        })
    }

    /// Returns the socket for one more child.
    pub(super) fn share(&self) -> Result<OwnedFd> {
        let mut held = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        if FileId::of(&self.path) != held.1 {
            *held = bound(&self.path, &self.sockets, &self.user)?;
        }
        held.0
            .try_clone()
            .context("cannot duplicate the shared socket")
    }
}

fn bound(path: &Path, sockets: &SocketDir, user: &UnixUser) -> Result<(OwnedFd, Option<FileId>)> {
    sockets.ensure()?;
    let listener = user.with_privileges(|| {
        UnixListener::bind(path).with_context(|| format!("cannot listen on {}", path.display()))
    })?;
    Ok((listener.into(), FileId::of(path)))
}
