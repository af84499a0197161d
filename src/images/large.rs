//! Large pictures take turns, over all processes of the machine.
//!
//! A picture of 100 megapixels unpacks to 300 MB and more. With one at a time, of each kind of work, the memory of a site does
//! not grow with its processes. The kernel releases the lock of a process that dies.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The turn of one kind of work.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    path: PathBuf,
}

/// Holds the turn until it is dropped.
#[derive(Debug)]
#[must_use]
pub(super) struct Taken {
    _lock: Option<File>,
}

impl Turn {
    /// The turn whose lock file has this name, in the folder that the processes share.
    pub(super) fn new(folder: &Path, name: &str) -> Self {
        Self {
            path: folder.join(name),
        }
    }

    /// Waits for the turn. Blocks: only for a thread that does this kind of work alone.
    pub(super) fn wait(&self) -> Taken {
        let lock = self.lock();
        if let Err(error) = &lock {
            // A full disk, for example. One at a time in this process is still true.
            tracing::warn!(path = %self.path.display(), %error, "large pictures do not take turns with other processes");
        }
        Taken { _lock: lock.ok() }
    }

    fn lock(&self) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.path)?;
        file.lock()?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_the_turn_and_the_next_gets_it_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let turn = Turn::new(&folder.path().join("originals"), ".turn");
        let other = Turn::new(&folder.path().join("originals"), ".other");
        let taken = turn.wait();
        // As another process sees it: a lock belongs to the opened file, not to the process.
        let rival = File::open(&turn.path).unwrap();
        assert!(rival.try_lock().is_err());
        let _other = other.wait();
        drop(taken);
        rival.lock().unwrap();
    }
}
