//! Reads the free space of a file system with `statvfs`.

use std::io;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;

/// The size and the free space of one file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Bytes that a program without special permissions may still use.
    pub available_bytes: u64,
    /// Bytes of the whole file system.
    pub size_bytes: u64,
    /// Files that may still be created; [`u64::MAX`] where the file system has no limit.
    pub free_inodes: u64,
    /// Files that the file system can hold; 0 where it has no limit.
    pub inodes: u64,
}

impl Reading {
    /// Reads the file system of a path, or of the nearest folder above it that exists.
    pub fn of(path: &Path) -> io::Result<Self> {
        let existing = path.ancestors().find(|above| above.exists());
        let existing = existing.filter(|above| !above.as_os_str().is_empty());
        let found = statvfs(existing.unwrap_or(Path::new(".")))?;
        let inodes = found.files();
        Ok(Self {
            available_bytes: found.blocks_available() * found.fragment_size(),
            size_bytes: found.blocks() * found.fragment_size(),
            free_inodes: if inodes == 0 {
                u64::MAX
            } else {
                found.files_available()
            },
            inodes,
        })
    }

    /// Reads the file systems of several paths and returns the one with the least space.
    pub(super) fn of_fullest(paths: &[PathBuf]) -> io::Result<Self> {
        let mut fullest: Option<Self> = None;
        for path in paths {
            let reading = Self::of(path)?;
            if fullest.is_none_or(|so_far| reading.available_bytes < so_far.available_bytes) {
                fullest = Some(reading);
            }
        }
        fullest.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
