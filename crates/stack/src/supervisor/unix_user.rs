//! The unix user of the children: the caller, or an unprivileged user if the caller is root.

use std::fs::Metadata;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use nix::unistd::{Gid, Group, Uid, User, chown, geteuid};

use super::privileges::with_privileges_of;

/// The unix user that runs the children.
#[derive(Debug, Clone)]
pub(super) struct UnixUser {
    pub(super) name: String,
    uid: Uid,
    gid: Gid,
    /// Whether the caller is root and its children change to this user.
    becomes: bool,
}

impl UnixUser {
    /// Returns the caller, or `user` if the caller is root.
    pub(super) fn choose(user: &str) -> Result<Self> {
        let caller = geteuid();
        if !caller.is_root() {
            let name = User::from_uid(caller).ok().flatten();
            return Ok(Self {
                name: name.map_or_else(|| caller.to_string(), |user| user.name),
                uid: caller,
                gid: nix::unistd::getegid(),
                becomes: false,
            });
        }
        let found = User::from_name(user).context("cannot read the users of this machine")?;
        let Some(found) = found else {
            bail!(
                "there is no user {user:?} on this machine; give --user the name of an existing user"
            );
        };
        if found.uid.is_root() {
            bail!(
                "--user must not be root: PostgreSQL refuses to run as root, and the site needs no privileges"
            );
        }
        Ok(Self {
            name: found.name,
            uid: found.uid,
            gid: found.gid,
            becomes: true,
        })
    }

    /// The uid and gid to change to; `None` if this is the caller.
    pub(super) fn to_become(&self) -> Option<(u32, u32)> {
        self.becomes.then(|| (self.uid.as_raw(), self.gid.as_raw()))
    }

    /// The names of the user and group to change to, in nginx's syntax.
    pub(super) fn names_to_become(&self) -> Option<String> {
        let group = Group::from_gid(self.gid).ok().flatten()?;
        self.becomes
            .then(|| format!("{} {}", self.name, group.name))
    }

    /// Runs work in folders that this user can change, with this user's file privileges even if the caller is root.
    pub(super) fn with_privileges<T: Send>(
        &self,
        work: impl FnOnce() -> Result<T> + Send,
    ) -> Result<T> {
        if self.becomes {
            with_privileges_of(self.uid, self.gid, work)
        } else {
            work()
        }
    }

    /// Creates a folder for this user inside a folder of the caller, unless it exists; sets owner and mode in any
    /// case.
    pub(super) fn create_dir(&self, dir: &Path, mode: u32) -> Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let made = std::fs::DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(dir);
        made.with_context(|| format!("cannot create the folder {}", dir.display()))?;
        self.chown(dir)?;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(mode))
            .with_context(|| format!("cannot set the mode of {}", dir.display()))
    }

    /// Changes the owner of a file or folder to this user. It must be in a folder of the caller: in a folder of this
    /// user it could have been replaced by a symlink.
    pub(super) fn chown(&self, path: &Path) -> Result<()> {
        if !self.becomes {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid)).with_context(|| {
            format!(
                "cannot change the owner of {} to {}",
                path.display(),
                self.name
            )
        })
    }

    /// Whether a file belongs to this user.
    pub(super) fn owns(&self, file: &Metadata) -> bool {
        file.uid() == self.uid.as_raw()
    }

    /// Whether the caller is root and this user owns a folder.
    pub(super) fn may_change(&self, folder: &Metadata) -> bool {
        self.becomes && self.owns(folder)
    }

    /// Whether this user can enter a folder. Tested, not computed: the modes of all parents, access lists and mount
    /// options count.
    pub(super) fn can_enter(&self, dir: &Path) -> bool {
        let Some((uid, gid)) = self.to_become() else {
            return true;
        };
        let tried = Command::new("/usr/bin/test")
            .arg("-x")
            .arg(dir)
            .uid(uid)
            .gid(gid)
            .current_dir("/")
            .stdin(Stdio::null())
            .status();
        tried.is_ok_and(|status| status.success())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_that_would_run_as_root_or_as_nobody_known_are_refused() {
        if !geteuid().is_root() {
            // Then they run as the caller.
            assert!(UnixUser::choose("root").unwrap().to_become().is_none());
            return;
        }
        for user in ["root", "no-such-user"] {
            assert!(UnixUser::choose(user).is_err(), "{user}");
        }
        assert!(UnixUser::choose("nobody").unwrap().to_become().is_some());
    }
}
