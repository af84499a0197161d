//! A file lock for large pictures: one at a time over all processes of the machine.
//!
//! A picture of 100 megapixels decodes to 300 MB and more. With one inspected and one rendered at a time, the memory of
//! a site does not grow with its processes. The kernel releases the lock of a process that dies.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::sleep;

/// How often a waiting task retries.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// The lock of one kind of work.
#[derive(Debug, Clone)]
pub(super) struct LargeLock {
    path: PathBuf,
}

/// Holds the lock until it is dropped.
#[derive(Debug)]
#[must_use]
pub(super) struct LargeLockGuard {
    _lock: Option<File>,
}

impl LargeLock {
    /// The lock whose file has this name, in the folder that the processes share.
    pub(super) fn new(folder: &Path, name: &str) -> Self {
        Self {
            path: folder.join(name),
        }
    }

    /// Waits for the lock by polling, which blocks no thread.
    pub(super) async fn acquire(&self) -> LargeLockGuard {
        loop {
            match self.open().map(|file| (file.try_lock(), file)) {
                Ok((Ok(()), file)) => return LargeLockGuard { _lock: Some(file) },
                Ok((Err(TryLockError::WouldBlock), _)) => sleep(RETRY_INTERVAL).await,
                Ok((Err(TryLockError::Error(error)), _)) | Err(error) => {
                    return self.without(&error);
                }
            }
        }
    }

    /// Waits for the lock. Blocks: only for a thread that does nothing but this kind of work.
    pub(super) fn acquire_blocking(&self) -> LargeLockGuard {
        let locked = self.open().and_then(|file| file.lock().map(|()| file));
        match locked {
            Ok(file) => LargeLockGuard { _lock: Some(file) },
            Err(error) => self.without(&error),
        }
    }

    /// Goes on without a lock, as on a full disk: the limit of one at a time still holds in this process.
    fn without(&self, error: &io::Error) -> LargeLockGuard {
        tracing::warn!(path = %self.path.display(), %error, "cannot lock large pictures; other processes may decode some at the same time");
        LargeLockGuard { _lock: None }
    }

    fn open(&self) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_has_the_turn_and_the_next_gets_it_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let turn = LargeLock::new(&folder.path().join("originals"), ".turn");
        let other = LargeLock::new(&folder.path().join("originals"), ".other");
        let taken = turn.acquire_blocking();
        // As another process sees it: a lock belongs to the opened file, not to the process.
        let rival = File::open(&turn.path).unwrap();
        assert!(rival.try_lock().is_err());
        let _other = other.acquire().await;
        let waiting = tokio::spawn({
            let turn = turn.clone();
            async move { turn.acquire().await }
        });
        drop(taken);
        let taken = waiting.await.unwrap();
        assert!(rival.try_lock().is_err());
        drop(taken);
        rival.lock().unwrap();
    }
}
