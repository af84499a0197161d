//! Replaces a small file atomically, even on a full disk: the blocks of the old file are kept for the next version.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use images::disk::atomic_write;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

/// The minimum length of the file, padded with newlines: this much space is preallocated.
const LEN_MIN: usize = 16 << 10;

/// The mode of a file while it is being written.
const PRIVATE: u32 = 0o600;

/// Writes a file atomically. `PATH.new` beside it keeps the blocks of the previous version, so that from the second
/// write on no new blocks are needed.
///
/// A reader that opened the file two versions ago may read a partly written version.
pub(super) fn write(path: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    let spare = name_of_spare(path);
    fill(&spare, text, mode)?;
    let exchanged = renameat2(
        AT_FDCWD,
        &spare,
        AT_FDCWD,
        path,
        RenameFlags::RENAME_EXCHANGE,
    );
    if exchanged.is_ok() {
        return Ok(());
    }
    // There is no spare file yet, or the file system cannot exchange names.
    std::fs::rename(&spare, path)?;
    fill(&spare, text, mode)
}

/// Writes a file atomically, without keeping blocks in reserve.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    atomic_write::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Removes a file and its spare.
pub(super) fn remove(path: &Path) {
    for file in [path, &name_of_spare(path)] {
        let _ = std::fs::remove_file(file);
    }
}

fn name_of_spare(path: &Path) -> PathBuf {
    path.with_extension("new")
}

fn fill(path: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    let mut whole = text.to_vec();
    whole.resize(text.len().max(LEN_MIN), b'\n');
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(PRIVATE)
        .open(path)?;
    // The old content may be secret while the new content is not.
    file.set_permissions(Permissions::from_mode(PRIVATE))?;
    file.write_all(&whole)?;
    file.set_len(whole.len() as u64)?;
    file.set_permissions(Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn what_was_secret_is_gone_with_the_file_and_never_in_one_for_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("running.json");
        for text in ["secret", "secret, changed"] {
            write(&path, text.as_bytes(), 0o600).expect("written");
        }
        write(&path, b"open", 0o644).expect("written");
        let spare = name_of_spare(&path);
        let mode = |path: &Path| path.metadata().expect("it is there").mode() & 0o777;
        assert_eq!((mode(&path), mode(&spare)), (0o644, 0o600));
        let held = std::fs::read_to_string(&spare).expect("readable");
        assert!(held.starts_with("secret, changed"));
        remove(&path);
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 0);
    }

    #[test]
    fn a_version_takes_the_blocks_of_the_one_before_the_last() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("running.json");
        let mut inodes = Vec::new();
        for text in ["first and longest", "second", "third", "fourth"] {
            write(&path, text.as_bytes(), 0o600).expect("written");
            let read = std::fs::read_to_string(&path).expect("readable");
            assert_eq!(read.trim_end(), text);
            let found = path.metadata().expect("it is there");
            assert_eq!(found.mode() & 0o777, 0o600);
            inodes.push(found.ino());
        }
        assert_eq!(inodes[0], inodes[2]);
        assert_eq!(inodes[1], inodes[3]);
        assert_ne!(inodes[0], inodes[1]);
    }
}
