//! A file of zeros that takes up room, to be given up when there is no other.
//!
//! Giving up is truncating: it needs no right on the folder, so an app process may do it for a file of its
//! own user that the supervisor made.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::posix_fallocate;

/// How large the ballast is: crash recovery of PostgreSQL needs two segments of its log (32 MiB), the
/// configuration, pid files and caches of a start some MiB, and something must be left for deletions.
pub const BALLAST_BYTES: u64 = 64 << 20;

/// How much is given up at once for anything smaller than a start of PostgreSQL. A deletion needs some
/// 100 KiB; a program that keeps filling the disk takes a step at a time.
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

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes of the disk it holds. A backup may have restored it with holes: then it is longer than that.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.path.metadata().map_or(0, |found| held(&found))
    }

    /// Makes it as large as it should be, with blocks that are its own, and not sparse. If the disk has too
    /// little room, it stays as it was.
    ///
    /// # Errors
    ///
    /// When the file cannot be made; `Unsupported` where a file takes no room before there is something in it, as on a
    /// file system that compresses.
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
            // Half of the wish may have been granted, and the file be longer than its blocks; or an app process has
            // given up a part meanwhile.
            let now = file.metadata().map_or(0, |found| found.len());
            let _ = file.set_len(before.min(now));
            io::Error::from(error)
        })?;
        // Some file systems count blocks only when they have written them.
        file.sync_all()?;
        if held(&file.metadata()?) < BALLAST_BYTES {
            file.set_len(0)?;
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(())
    }

    /// Gives up so many bytes, or what there is; returns how many. They are free when this returns.
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
        // Where holes are, the last bytes may hold no blocks.
        let kept = if before < len {
            0
        } else {
            len.saturating_sub(bytes)
        };
        file.set_len(kept)?;
        // ext4 lends the blocks to nobody before the truncation is in its journal.
        file.sync_all()?;
        Ok(before.saturating_sub(kept))
    }
}

/// How many bytes of the disk a file holds for its length.
fn held(found: &Metadata) -> u64 {
    /// Of how many bytes `stat` counts blocks.
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
