//! Single flight: one render of a picture, and all requests that wait for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{oneshot, watch};

use super::{CHANGING, Derivative, Fresh, Held, Key, Shared, Source, StoreError, Work};
use crate::pool::{JobId, Priority};

/// What a flight brings, once it has landed.
pub(super) type Answer = Option<Result<Derivative, StoreError>>;

/// All flights of this process.
#[derive(Default)]
pub(super) struct Flights {
    in_the_air: Mutex<HashMap<Key, Flight>>,
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
    let (tell, told) = oneshot::channel();
    let job = {
        let (shared, answer) = (Arc::clone(shared), Arc::clone(&answer));
        move || {
            if !shared.flights.give_up_if_alone(&key, &answer) {
                // Nobody hears it if the runtime ended meanwhile; then the file is taken away.
                let _ = tell.send(shared.make(&key, work.original));
            }
        }
    };
    let job = shared
        .pool(work.large)
        .submit(work.priority, job)
        .map_err(|_| StoreError::Busy)?;
    let landing = Landing {
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
    // A task of its own: the visitor who came first may leave, the others stay.
    tokio::spawn(landing.wait(told, hold));
    Ok(receiver)
}

impl Flights {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Flight>> {
        self.in_the_air
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait for a key.
    #[cfg(test)]
    pub(super) fn waiting(&self, key: &Key) -> usize {
        self.lock()
            .get(key)
            .map_or(0, |flight| flight.answer.receiver_count())
    }

    /// Cancels a render that has not begun if no request waits for it: the visitor has scrolled on. Holds
    /// the lock, so that no request can join at this moment.
    fn give_up_if_alone(&self, key: &Key, answer: &Arc<watch::Sender<Answer>>) -> bool {
        let mut flights = self.lock();
        let alone = answer.receiver_count() == 0;
        if alone {
            remove(&mut flights, key, answer);
        }
        alone
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

/// The end of a flight. However it ends, also by a panic or with the runtime, the key is free again
/// and everybody who waits is told.
struct Landing {
    shared: Arc<Shared>,
    key: Key,
    answer: Arc<watch::Sender<Answer>>,
}

impl Landing {
    async fn wait<H: Send + 'static>(
        self,
        told: oneshot::Receiver<Result<Fresh, StoreError>>,
        hold: impl Future<Output = Held<H>> + Send,
    ) {
        let Ok(made) = told.await else {
            // Given up, dropped from the line, or panicked.
            return;
        };
        let answer = match made {
            Ok(fresh) => self.place(fresh, hold).await,
            // A deletion takes the original away after its commit, so the database knows whether this was one.
            Err(StoreError::Render(error)) if error.is_of_missing_original() => {
                Err(match hold.await {
                    Held::Current(_) => StoreError::Render(error),
                    Held::Gone => StoreError::Gone,
                    Held::Unknown => StoreError::Unknown,
                })
            }
            Err(error) => Err(error),
        };
        // First free the key, then answer: a request that comes in between finds the file.
        remove(&mut self.shared.flights.lock(), &self.key, &self.answer);
        self.answer.send_replace(Some(answer));
    }

    /// Has the token held, and places what was made.
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
            // What is not placed is taken away when it is dropped.
            if let (Some(held), Some(written)) = (held, written) {
                shared.place(written);
                drop(held);
            }
        });
        placed.await.map_err(|_| StoreError::Interrupted)?;
        answer
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        remove(&mut self.shared.flights.lock(), &self.key, &self.answer);
    }
}
