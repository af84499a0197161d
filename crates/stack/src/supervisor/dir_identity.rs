//! The identity of a directory: distinguishes a directory that was moved from a copy of it.
//!
//! A directory has a random id. A copy has the same id, but another path, device and inode. A directory that was moved
//! (`mv`) keeps device and inode until the next mount, and its old path no longer leads to it.

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::process;
use super::replace_file::write_whole;

/// Identifies a file or directory as long as it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file at a path, following symlinks; `None` if it does not exist or is not accessible.
    pub(super) fn of(path: impl AsRef<Path>) -> Option<Self> {
        Some(Self::from(&std::fs::metadata(path).ok()?))
    }
}

impl From<&Metadata> for FileId {
    fn from(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
        }
    }
}

/// The name of the file with the directory's random id. The id is needed because a device may have another number
/// after each mount, and a path may lead elsewhere.
pub(super) const ID: &str = "id";

/// Identifies the directory for which a file was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DirIdentity {
    /// Its path without symlinks.
    path: String,
    /// The content of its file [`ID`]. A copy of the directory holds the same.
    id: String,
    file: FileId,
    /// The boot in which the kernel used this device and inode.
    boot: String,
}

impl DirIdentity {
    /// Returns the identity of a directory; writes an id if it has none.
    pub(super) fn of(dir: &Path) -> Result<Self> {
        let look = || format!("cannot look at {}", dir.display());
        let id = match id_of(dir) {
            Ok(id) => id,
            Err(_) => {
                let id = format!("{:032x}", rand::random::<u128>());
                write_whole(&dir.join(ID), id.as_bytes())?;
                id
            }
        };
        Ok(Self {
            path: path_of(dir).with_context(look)?,
            id,
            file: FileId::of(dir).with_context(look)?,
            boot: process::boot(),
        })
    }

    /// Whether `dir` is this directory, moved or not, and not a copy: it has the same id, and either the same path, or
    /// the same device and inode, or the old path no longer holds a directory with this id.
    pub(super) fn is(&self, dir: &Path) -> bool {
        let is_same_file = || self.boot == process::boot() && FileId::of(dir) == Some(self.file);
        let is_gone = || match id_of(Path::new(&self.path)) {
            Ok(id) => id != self.id,
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        id_of(dir).is_ok_and(|id| id == self.id)
            && (path_of(dir).as_ref() == Some(&self.path) || is_same_file() || is_gone())
    }

    /// Its path when the identity was recorded.
    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

/// Removes the id of a copied directory, so that it gets a new one.
pub(super) fn forget_id(dir: &Path) {
    let _ = std::fs::remove_file(dir.join(ID));
}

fn id_of(dir: &Path) -> io::Result<String> {
    std::fs::read_to_string(dir.join(ID))
}

fn path_of(dir: &Path) -> Option<String> {
    Some(dir.canonicalize().ok()?.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_directory_is_the_same_and_a_copy_is_another() {
        let dir = tempfile::tempdir().expect("a folder");
        let [first, moved, copy] = ["first", "moved", "copy"].map(|name| dir.path().join(name));
        std::fs::create_dir(&first).expect("a folder");
        let place = DirIdentity::of(&first).expect("a place");
        std::fs::create_dir(&copy).expect("a folder");
        std::fs::copy(first.join(ID), copy.join(ID)).expect("a copy");
        assert!(place.is(&first) && !place.is(&copy));
        std::fs::rename(&first, &moved).expect("moved");
        assert!(place.is(&moved) && !place.is(&first));
    }

    #[test]
    fn a_directory_is_the_same_after_its_device_got_another_number_and_after_a_reboot() {
        let dir = tempfile::tempdir().expect("a folder");
        let [first, moved, copy] = ["first", "moved", "copy"].map(|name| dir.path().join(name));
        std::fs::create_dir(&first).expect("a folder");
        let mut place = DirIdentity::of(&first).expect("a place");
        place.file.device += 1;
        assert!(place.is(&first), "mounted anew");
        place.boot = "of before".to_owned();
        assert!(place.is(&first), "after a reboot");
        std::fs::create_dir(&copy).expect("a folder");
        std::fs::copy(first.join(ID), copy.join(ID)).expect("a copy");
        assert!(!place.is(&copy));
        std::fs::rename(&first, &moved).expect("moved");
        assert!(place.is(&moved));
    }
}
