//! Inspects uploads, one at a time in a process, on a thread of its own with the lowest scheduling priority of the
//! site.
//!
//! A waiting upload uses no thread and little memory, and leaves the queue when its client disconnects. The queue is
//! bounded by uploads ([`WAITING_MAX`]) and by samples ([`WAITING_SAMPLES_MAX`]): beyond them the result is `Busy` at
//! once, so that no client waits in vain.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::decode::Refusal;
use super::decode_cost::DecodeCost;
use super::inspect::{Facts, inspect};
use super::large_lock::LargeLock;
use super::pool::{Pool, Priority, Threads};
use super::spool::Received;
use crate::blocking::Lane;

/// How many samples may be queued or inspected in a process: three of the largest pictures.
const WAITING_SAMPLES_MAX: u64 = 3 * DecodeCost::SAMPLES_MAX;

/// How many uploads may be queued in a process, besides the one that is inspected.
const WAITING_MAX: usize = 8;

/// How many samples a permit of the semaphore counts.
const SAMPLES_PER_PERMIT: u64 = 1_000_000;

/// The niceness of the thread: higher than that of the render threads (5), because visitors wait for those.
const NICENESS: i32 = 10;

/// How many jobs the queue of the thread holds: the next one is submitted when the last one has ended.
const QUEUE_LEN_MAX: usize = 1;

/// How long a large upload waits for the lock that other processes may hold.
const LARGE_TIMEOUT: Duration = Duration::from_secs(90);

/// Reads the headers, up to 1 MiB of each file.
static HEADERS: Lane = Lane::new(2);

/// Why an upload was not inspected, or not accepted.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The file is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The queue is full.
    #[error("the queue of uploads to inspect is full")]
    Busy,
    /// The spooled file cannot be read.
    #[error("cannot read a spooled upload")]
    Unreadable(#[from] io::Error),
    /// The process is ending.
    #[error("the inspection of an upload was interrupted")]
    Interrupted,
}

/// Inspects uploads. Clones share its thread.
#[derive(Debug, Clone)]
pub struct Inspector {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pool: Pool,
    /// How many uploads may still be queued.
    queue: Arc<Semaphore>,
    /// How many samples may still be queued, in permits of [`SAMPLES_PER_PERMIT`].
    samples: Arc<Semaphore>,
    /// The turn of the upload that is inspected.
    next: Arc<Semaphore>,
    large: LargeLock,
}

impl Inspector {
    /// An inspector that shares a lock for large pictures with other processes, in this folder. Its thread starts with
    /// the first upload.
    #[must_use]
    pub fn new(shared_folder: &Path) -> Self {
        let threads = Threads {
            name: "inspect",
            count: 1,
            niceness: NICENESS,
        };
        let permits = WAITING_SAMPLES_MAX / SAMPLES_PER_PERMIT;
        Self {
            shared: Arc::new(Shared {
                pool: Pool::new(threads, QUEUE_LEN_MAX),
                queue: Arc::new(Semaphore::new(WAITING_MAX + 1)),
                samples: Arc::new(Semaphore::new(
                    usize::try_from(permits).unwrap_or(usize::MAX),
                )),
                next: Arc::new(Semaphore::new(1)),
                large: LargeLock::new(shared_folder, ".inspecting-large"),
            }),
        }
    }

    /// Decodes an upload completely, so that what is accepted can be rendered later.
    ///
    /// `place` is dropped when the work has ended, also if the caller is dropped before: decoding cannot be stopped
    /// half-way, and the limits count it until it ends.
    ///
    /// # Errors
    ///
    /// When the file is refused, or the queue is full.
    pub async fn inspect(
        &self,
        received: &Received,
        place: impl Send + 'static,
    ) -> Result<Facts, InspectError> {
        let shared = &self.shared;
        let queue = Arc::clone(&shared.queue).try_acquire_owned();
        let queue = queue.map_err(|_| InspectError::Busy)?;
        let path = received.path().to_owned();
        let cost = {
            let path = path.clone();
            HEADERS.run(move || DecodeCost::of_file(&path)).await
        };
        let cost = cost.map_err(|_| InspectError::Interrupted)??;
        let permits = cost.samples.div_ceil(SAMPLES_PER_PERMIT).max(1);
        let permits = u32::try_from(permits).unwrap_or(u32::MAX);
        let waiting = Arc::clone(&shared.samples).try_acquire_many_owned(permits);
        let waiting = waiting.map_err(|_| InspectError::Busy)?;
        // Before the turn: small uploads of this process need not wait for large ones of another process.
        let large_lock = if cost.is_large() {
            let lock = timeout(LARGE_TIMEOUT, shared.large.acquire()).await;
            Some(lock.map_err(|_| InspectError::Busy)?)
        } else {
            None
        };
        let turn = Arc::clone(&shared.next).acquire_owned().await;
        let turn = turn.map_err(|_| InspectError::Interrupted)?;
        let (sender, result) = oneshot::channel();
        let job = move || {
            let held = (place, queue, waiting, turn, large_lock);
            if sender.is_closed() {
                return;
            }
            let facts = std::fs::read(&path)
                .map_err(InspectError::from)
                .and_then(|bytes| Ok(inspect(&bytes, cost.unpacked_bytes)?));
            // Before the result is sent, so that the permits are free when the client gets its response.
            drop(held);
            // The receiver is gone if the client has disconnected.
            let _ = sender.send(facts);
        };
        let queued = shared.pool.submit(Priority::Visitor, job);
        queued.map_err(|_| InspectError::Busy)?;
        result.await.map_err(|_| InspectError::Interrupted)?
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use futures::FutureExt as _;

    use super::*;
    use crate::Originals;
    use crate::tests::samples;

    type Inspected<'a> = Pin<Box<dyn Future<Output = Result<Facts, InspectError>> + Send + 'a>>;

    async fn received(folder: &Path, bytes: &[u8]) -> Received {
        let incoming = Originals::new(folder).receive(1).await.unwrap();
        let incoming = incoming.write(bytes).await.unwrap();
        incoming.finish().await.unwrap()
    }

    /// Submits uploads until one is refused; returns those that are inspected or queued.
    async fn until_busy<'a>(inspector: &'a Inspector, file: &'a Received) -> Vec<Inspected<'a>> {
        let mut waiting: Vec<Inspected<'a>> = Vec::new();
        loop {
            let mut next: Inspected<'a> = Box::pin(inspector.inspect(file, ()));
            // The header is read on another thread before the upload is queued.
            let (queue, samples) = (&inspector.shared.queue, &inspector.shared.samples);
            let before = (queue.available_permits(), samples.available_permits());
            loop {
                match (&mut next).now_or_never() {
                    Some(Err(InspectError::Busy)) => return waiting,
                    Some(ended) => panic!("it did not wait: {ended:?}"),
                    None if samples.available_permits() < before.1 => break,
                    None => tokio::task::yield_now().await,
                }
            }
            waiting.push(next);
            assert!(waiting.len() < 100, "nothing is refused");
        }
    }

    #[tokio::test]
    async fn what_waits_to_be_inspected_is_bounded_in_number_and_weight() {
        let folder = tempfile::tempdir().unwrap();
        let lock = LargeLock::new(folder.path(), ".inspecting-large").acquire_blocking();
        // 25 megapixels, large and of few samples; then the largest there are.
        for (side, count) in [(5_000, WAITING_MAX + 1), (10_000, 4)] {
            let inspector = Inspector::new(folder.path());
            let file = received(folder.path(), &samples::jpeg_claiming(side, side)).await;
            let waiting = until_busy(&inspector, &file).await;
            assert_eq!(waiting.len(), count, "of {side} x {side}");
            drop(waiting);
            let alone = inspector.inspect(&file, ());
            let alone = timeout(Duration::from_secs(1), alone).await;
            assert!(alone.is_err(), "it did not wait for the other process");
        }
        drop(lock);
    }
}
