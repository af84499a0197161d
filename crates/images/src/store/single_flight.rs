//! Single flight: concurrent requests for a picture share one render.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{oneshot, watch};

use super::{CHANGING, Derivative, Fresh, Held, Key, Shared, Source, StoreError, Work};
use crate::pool::{JobId, Priority};

/// The result of a flight; `None` while it runs.
pub(super) type Answer = Option<Result<Derivative, StoreError>>;

/// The renders of this process that are queued or running, by key.
#[derive(Default)]
pub(super) struct Flights {
    running: Mutex<HashMap<Key, Flight>>,
}

struct Flight {
    job: JobId,
    large: bool,
    answer: Arc<watch::Sender<Answer>>,
}

/// Joins the render of this key that is under way, or starts one.
pub(super) fn join_or_start<H: Send + 'static>(
    shared: &Arc<Shared>,
    key: Key,
    work: Work,
    hold: impl Future<Output = Held<H>> + Send + 'static,
) -> Result<watch::Receiver<Answer>, StoreError> {
    let mut flights = shared.flights.lock();
    if let Some(flight) = flights.get(&key) {
        if work.priority == Priority::Visitor {
            shared.pool(flight.large).promote(flight.job);
        }
        return Ok(flight.answer.subscribe());
    }
    let (answer, receiver) = watch::channel(None);
    let answer = Arc::new(answer);
    let (sender, result) = oneshot::channel();
    let job = {
        let (shared, answer) = (Arc::clone(shared), Arc::clone(&answer));
        move || {
            if !shared.flights.cancel_if_abandoned(&key, &answer) {
                // The receiver is gone if the runtime ended meanwhile; then dropping the result removes its file.
                let _ = sender.send(shared.make(&key, work.original));
            }
        }
    };
    let job = shared
        .pool(work.large)
        .submit(work.priority, job)
        .map_err(|_| StoreError::Busy)?;
    let completion = Completion {
        shared: Arc::clone(shared),
        key,
        answer: Arc::clone(&answer),
    };
    let flight = Flight {
        job,
        large: work.large,
        answer,
    };
    flights.insert(key, flight);
    drop(flights);
    // A task of its own: the first request may be cancelled while the others still wait.
    tokio::spawn(completion.wait(result, hold));
    Ok(receiver)
}

impl Flights {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Flight>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many requests wait for a key.
    #[cfg(test)]
    pub(super) fn waiting(&self, key: &Key) -> usize {
        self.lock()
            .get(key)
            .map_or(0, |flight| flight.answer.receiver_count())
    }

    /// Cancels a render that has not begun if no request waits for it any more, as when a visitor scrolls on. Holds the
    /// lock, so that no request can join at this moment.
    fn cancel_if_abandoned(&self, key: &Key, answer: &Arc<watch::Sender<Answer>>) -> bool {
        let mut flights = self.lock();
        let is_abandoned = answer.receiver_count() == 0;
        if is_abandoned {
            remove(&mut flights, key, answer);
        }
        is_abandoned
    }
}

fn remove(flights: &mut HashMap<Key, Flight>, key: &Key, answer: &Arc<watch::Sender<Answer>>) {
    if flights
        .get(key)
        .is_some_and(|flight| Arc::ptr_eq(&flight.answer, answer))
    {
        flights.remove(key);
    }
}

/// Completes a flight. However it ends, also by a panic or with the runtime, the key is released and all waiting
/// requests get a result.
struct Completion {
    shared: Arc<Shared>,
    key: Key,
    answer: Arc<watch::Sender<Answer>>,
}

impl Completion {
    async fn wait<H: Send + 'static>(
        self,
        result: oneshot::Receiver<Result<Fresh, StoreError>>,
        hold: impl Future<Output = Held<H>> + Send,
    ) {
        let Ok(made) = result.await else {
            // The job was cancelled, was dropped from the queue, or panicked.
            return;
        };
        let answer = match made {
            Ok(fresh) => self.place(fresh, hold).await,
            // A deletion removes the original after its commit, so the database knows whether there was one.
            Err(StoreError::Render(error)) if error.is_of_missing_original() => {
                Err(match hold.await {
                    Held::Current(_) => StoreError::Render(error),
                    Held::Gone => StoreError::Gone,
                    Held::Unknown => StoreError::Unknown,
                })
            }
            Err(error) => Err(error),
        };
        // Release the key before sending the result: a request that arrives in between finds the file.
        remove(&mut self.shared.flights.lock(), &self.key, &self.answer);
        self.answer.send_replace(Some(answer));
    }

    /// Holds the token while the file gets its name.
    async fn place<H: Send + 'static>(
        &self,
        Fresh {
            derivative,
            written,
        }: Fresh,
        hold: impl Future<Output = Held<H>> + Send,
    ) -> Result<Derivative, StoreError> {
        if derivative.source == Source::Disk {
            return Ok(derivative);
        }
        let (held, answer) = match hold.await {
            Held::Current(held) => (Some(held), Ok(derivative)),
            Held::Gone => (None, Err(StoreError::Gone)),
            Held::Unknown => (None, Err(StoreError::Unknown)),
        };
        let shared = Arc::clone(&self.shared);
        let placed = CHANGING.run(move || {
            // A file that is not placed is removed when it is dropped.
            if let (Some(held), Some(written)) = (held, written) {
                shared.place(written);
                drop(held);
            }
        });
        placed.await.map_err(|_| StoreError::Interrupted)?;
        answer
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        remove(&mut self.shared.flights.lock(), &self.key, &self.answer);
    }
}
