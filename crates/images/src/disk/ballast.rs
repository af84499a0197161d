//! A file of zeros that reserves disk space, to be freed when the disk is full.
//!
//! Freeing it means truncating the file. That needs no write permission on the folder, so an app process can do it with
//! a file of its own user that the supervisor created.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::posix_fallocate;

/// The size of the ballast: crash recovery of PostgreSQL needs two WAL segments (32 MiB), the configuration, pid files
/// and caches of a start some MiB, and deletions need the rest.
pub const BALLAST_BYTES: u64 = 64 << 20;

/// How much is freed at once for anything smaller than a start of PostgreSQL. A deletion needs some 100 KiB; if another
/// program keeps filling the disk, it gets one step at a time.
pub const STEP_BYTES: u64 = 8 << 20;

/// The ballast file of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballast {
    path: PathBuf,
}

impl Ballast {
    /// The ballast at this path, which need not exist.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes of the disk it occupies. That is less than its length if a backup restored it with holes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.path.metadata().map_or(0, |found| held(&found))
    }

    /// Allocates the blocks of the whole size, so that the file is not sparse. If the disk has too little space, the
    /// file stays as it was.
    ///
    /// # Errors
    ///
    /// When the file cannot be created; `Unsupported` on a file system that allocates no blocks for zeros, such as one
    /// that compresses.
    pub fn make(&self) -> io::Result<()> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&self.path)?;
        let found = file.metadata()?;
        if held(&found) >= BALLAST_BYTES {
            return Ok(());
        }
        let mut before = found.len();
        if held(&found) < before {
            before = 0;
            file.set_len(before)?;
        }
        let whole = i64::try_from(BALLAST_BYTES).map_err(io::Error::other)?;
        posix_fallocate(&file, 0, whole).map_err(|error| {
            // The allocation may have succeeded in part and left the file longer than its blocks; or an app process may
            // have truncated it meanwhile.
            let now = file.metadata().map_or(0, |found| found.len());
            let _ = file.set_len(before.min(now));
            io::Error::from(error)
        })?;
        // Some file systems count blocks only after they were written.
        file.sync_all()?;
        if held(&file.metadata()?) < BALLAST_BYTES {
            file.set_len(0)?;
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(())
    }

    /// Frees this many bytes, or all that are left, and returns how many. The disk counts them as free when this
    /// returns.
    ///
    /// # Errors
    ///
    /// When the file cannot be shortened.
    pub fn give_up(&self, bytes: u64) -> io::Result<u64> {
        let file = match File::options().write(true).open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        let found = file.metadata()?;
        let (before, len) = (held(&found), found.len());
        if before == 0 || bytes == 0 {
            return Ok(0);
        }
        // In a file with holes the last bytes may have no blocks.
        let kept = if before < len {
            0
        } else {
            len.saturating_sub(bytes)
        };
        file.set_len(kept)?;
        // ext4 reuses the blocks only after the truncation is in its journal.
        file.sync_all()?;
        Ok(before.saturating_sub(kept))
    }
}

/// How many bytes of the disk a file occupies, at most its length.
fn held(found: &Metadata) -> u64 {
    /// The unit of `st_blocks`.
    const BLOCK_BYTES: u64 = 512;
    found.len().min(found.blocks() * BLOCK_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ballast_that_a_backup_restored_with_holes_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let ballast = Ballast::at(folder.path().join("ballast"));
        let file = File::create(ballast.path()).unwrap();
        file.set_len(BALLAST_BYTES).unwrap();
        assert_eq!(ballast.bytes(), 0);
        assert_eq!(ballast.give_up(STEP_BYTES).unwrap(), 0);
        ballast.make().unwrap();
        assert!(file.metadata().unwrap().blocks() * 512 >= BALLAST_BYTES);
        assert_eq!(ballast.bytes(), BALLAST_BYTES);
        assert_eq!(ballast.give_up(STEP_BYTES).unwrap(), STEP_BYTES);
    }
}
