//! Limits the number of threads that each kind of blocking work uses.
//!
//! tokio has 512 blocking threads for the whole process. Work that waits on one of them keeps the thread from all other
//! work, so each kind of work first waits for a permit of its own lane, which needs no thread.

use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

/// A bound on one kind of blocking work in this process. Requests wait first come, first served.
#[derive(Debug)]
pub struct Lane {
    permits: Semaphore,
}

impl Lane {
    /// A lane that uses at most this many threads.
    #[must_use]
    pub const fn new(threads: usize) -> Self {
        Self {
            permits: Semaphore::const_new(threads),
        }
    }

    /// Waits for a permit, then runs the work on a blocking thread.
    ///
    /// A caller that is dropped while it waits leaves the queue. Work that has started goes on, and keeps its permit
    /// until it ends: clients that disconnect do not raise the number of busy threads.
    ///
    /// # Errors
    ///
    /// When the work panics or the runtime ends.
    pub async fn run<T: Send + 'static>(
        &'static self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        // The semaphore is never closed; without a permit the work would only be unbounded.
        let permit = self.permits.acquire().await.ok();
        spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[tokio::test]
    async fn work_whose_caller_has_left_still_counts_until_it_ends() {
        static LANE: Lane = Lane::new(1);
        let (release, held) = channel::<()>();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let first = tokio::spawn(LANE.run(move || {
            begun.send(()).unwrap();
            let _ = held.recv();
        }));
        has_begun.await.unwrap();
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        assert_eq!(LANE.permits.available_permits(), 0, "the work goes on");
        let waiting = LANE.run(|| ());
        drop(waiting);
        drop(release);
        LANE.run(|| ()).await.unwrap();
        assert_eq!(LANE.permits.available_permits(), 1);
    }
}
