//! The private folder of the unix sockets, and other folders that only the site's own user may enter.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::dir_identity::FileId;
use super::unix_user::UnixUser;

/// Sockets are in /tmp regardless of TMPDIR, which may be long, or closed to other users.
const SOCKETS: &str = "/tmp/fk-";

/// The short private folder of the unix sockets of one running site: the path of a socket is limited to 107 bytes.
#[derive(Debug, Clone)]
pub(super) struct SocketDir {
    path: PathBuf,
    user: UnixUser,
}

impl SocketDir {
    /// Creates a new folder for this site.
    pub(super) fn make(user: &UnixUser) -> Result<Self> {
        loop {
            let path = PathBuf::from(format!("{SOCKETS}{:08x}", rand::random::<u32>()));
            if create_private(&path, user)? {
                let user = user.clone();
                return Ok(Self { path, user });
            }
        }
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Recreates the folder if it is gone, as after a sweep of temporary files. Fails if another user has created a
    /// folder of this name since.
    pub(super) fn ensure(&self) -> Result<()> {
        let path = &self.path;
        create_private(path, &self.user)?;
        let found = std::fs::symlink_metadata(path)
            .with_context(|| format!("cannot look at {}", path.display()))?;
        let is_private = found.is_dir() && found.mode() & 0o077 == 0;
        ensure!(
            is_private && self.user.owns(&found),
            "{} belongs to another user, and the site needs it for its sockets; remove it",
            path.display()
        );
        Ok(())
    }

    /// Removes the folder with the privileges of its user.
    pub(super) fn remove(&self) {
        let _ = self
            .user
            .with_privileges(|| Ok(std::fs::remove_dir_all(&self.path)?));
    }
}

/// Creates a folder for this user alone, inside a folder of this user, unless it exists.
pub(super) fn create_user_dir(user: &UnixUser, path: &Path) -> Result<()> {
    create_private(path, user)?;
    let found = std::fs::metadata(path);
    let found = found.with_context(|| format!("cannot look at {}", path.display()))?;
    ensure!(
        found.is_dir() && user.owns(&found),
        "{} is not a folder of the user {}; remove it, or give it to that user",
        path.display(),
        user.name
    );
    Ok(())
}

/// Creates a folder for this user alone; returns false if the name was taken.
fn create_private(path: &Path, user: &UnixUser) -> Result<bool> {
    user.with_privileges(|| match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot create {}", path.display())),
    })
}

/// Removes the socket folder of a killed supervisor, only if it is still the same folder and its name is that of a
/// socket folder.
pub(super) fn remove_leftover(dir: &Path, was: Option<FileId>) {
    let name = dir.to_string_lossy();
    let is_fit = name
        .strip_prefix(SOCKETS)
        .is_some_and(|name| !name.contains('/'));
    if is_fit && was.is_some() && FileId::of(dir) == was {
        // Does not follow symlinks.
        let _ = std::fs::remove_dir_all(dir);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_folder_of_the_sockets_is_private_and_somebody_else_s_is_refused() {
        let user = UnixUser::choose("nobody").unwrap();
        let sockets = SocketDir::make(&user).unwrap();
        let path = sockets.path().to_owned();
        let mode = || std::fs::symlink_metadata(&path).unwrap().mode() & 0o777;
        assert_eq!(mode(), 0o700);
        std::fs::remove_dir(&path).unwrap();
        sockets.ensure().unwrap();
        assert_eq!(mode(), 0o700);
        // Created by another user meanwhile, open to all.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let said = sockets.ensure().unwrap_err().to_string();
        assert!(said.contains("belongs to another user"), "{said}");
        let inside = path.join("a folder");
        std::fs::create_dir(&inside).unwrap();
        // Neither a folder inside such a folder nor any other.
        let other = tempfile::tempdir().unwrap();
        for kept in [inside.as_path(), other.path()] {
            remove_leftover(kept, FileId::of(kept));
            assert!(kept.exists(), "{}", kept.display());
        }
        // Nor one that another user has created since.
        for was in [None, FileId::of(other.path())] {
            remove_leftover(&path, was);
            assert!(path.exists());
        }
        remove_leftover(&path, FileId::of(&path));
        assert!(!path.exists());
    }
}
