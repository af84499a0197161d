//! A file of zeros that takes up room, to be given up when there is no other.
//!
//! Giving up is truncating: it needs no right on the folder, so an app process may do it for a file of its
//! own user that the supervisor made.

use std::fs::{File, OpenOptions};
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

    /// How many bytes it holds.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.path.metadata().map_or(0, |found| found.size())
    }

    /// Makes it as large as it should be, with blocks that are its own, and not sparse. If the disk has too
    /// little room, it stays as it was.
    ///
    /// # Errors
    ///
    /// When the file cannot be made.
    pub fn make(&self) -> io::Result<()> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&self.path)?;
        let before = file.metadata()?.len();
        if before >= BALLAST_BYTES {
            return Ok(());
        }
        let whole = i64::try_from(BALLAST_BYTES).map_err(io::Error::other)?;
        posix_fallocate(&file, 0, whole).map_err(|error| {
            // Half of the wish may have been granted, and the file be longer than its blocks.
            let _ = file.set_len(before);
            error.into()
        })
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
        let before = file.metadata()?.len();
        let after = before.saturating_sub(bytes);
        if after == before {
            return Ok(0);
        }
        file.set_len(after)?;
        // ext4 lends the blocks to nobody before the truncation is in its journal.
        file.sync_all()?;
        Ok(before - after)
    }
}
