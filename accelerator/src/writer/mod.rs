//! Brings items to memcached and takes them away, off the path of any response.
//!
//! One task a server owns its connection. Stores wait in a bounded queue and are dropped when it is
//! full; purges have a queue of their own, go first and are never dropped. They need not wait for the
//! stores before them: a purge first revokes the [`Flight`] of each key, so a store that still waits
//! will not happen, and the one under way is over before the task turns to the purge.

mod backoff;
mod server;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::flights::Flight;
use crate::options::Options;
use crate::purge::ServerPurge;
use crate::ring::Ring;
use crate::stats::Counters;
use crate::{Key, NotStored};

/// How many purges may wait for one server before the next one waits for its place.
const PURGES_LEN_MAX: usize = 1_024;

/// The bit of an item's flags that `memcached_gzip_flag` in `nginx.conf` looks at.
pub(crate) const FLAG_GZIP: u32 = 2;

/// The bytes of one file as memcached will hold them.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) value: Bytes,
    pub(crate) is_gzip: bool,
}

/// A store on its way through the queue.
pub(crate) struct Store {
    flight: Flight,
    item: Item,
    /// The part of the queue's bytes that this one takes.
    _room: OwnedSemaphorePermit,
}

enum Errand {
    Store(Store),
    /// Answered when everything that was queued before has been dealt with.
    Flush(oneshot::Sender<()>),
}

struct Purge {
    keys: Arc<[Key]>,
    done: oneshot::Sender<ServerPurge>,
}

struct Server {
    address: SocketAddr,
    errands: mpsc::Sender<Errand>,
    purges: mpsc::Sender<Purge>,
}

pub(crate) struct Writer {
    ring: Ring,
    servers: Vec<Server>,
    room: Arc<Semaphore>,
}

impl Writer {
    /// Starts one task a server; needs a tokio runtime unless there is no server.
    pub(crate) fn start(options: &Arc<Options>, counters: &Arc<Counters>) -> Self {
        let servers = options.servers.iter().map(|address| {
            let (errands, waiting_errands) = mpsc::channel(options.queue_len_max.max(1));
            let (purges, waiting_purges) = mpsc::channel(PURGES_LEN_MAX);
            let task = server::Task::new(*address, Arc::clone(options), Arc::clone(counters));
            tokio::spawn(task.run(waiting_errands, waiting_purges));
            Server {
                address: *address,
                errands,
                purges,
            }
        });
        Self {
            ring: Ring::new(options.servers.iter().map(SocketAddr::to_string)),
            servers: servers.collect(),
            room: Arc::new(Semaphore::new(
                options.queue_bytes_max.min(Semaphore::MAX_PERMITS),
            )),
        }
    }

    pub(crate) fn has_servers(&self) -> bool {
        !self.servers.is_empty()
    }

    /// Hands an item to the queue of the server where nginx will look for it; never waits.
    pub(crate) fn store(&self, flight: Flight, item: Item) -> Result<(), NotStored> {
        let key = flight.key().as_str().as_bytes();
        let server = self.ring.server_of(key).ok_or(NotStored::Disabled)?;
        // An empty file takes room as well: its key does.
        let len = u32::try_from(key.len() + item.value.len()).map_err(|_| NotStored::TooLarge)?;
        let room = Arc::clone(&self.room)
            .try_acquire_many_owned(len)
            .map_err(|_| NotStored::QueueFull)?;
        let store = Store {
            flight,
            item,
            _room: room,
        };
        self.servers[server]
            .errands
            .try_send(Errand::Store(store))
            .map_err(|error| match error {
                TrySendError::Full(_) => NotStored::QueueFull,
                TrySendError::Closed(_) => NotStored::Disabled,
            })
    }

    /// Deletes keys on every server and proves it; the caller has revoked their flights.
    pub(crate) async fn purge(&self, keys: Arc<[Key]>) -> Vec<(SocketAddr, ServerPurge)> {
        let mut answers = Vec::with_capacity(self.servers.len());
        for server in &self.servers {
            let (done, answer) = oneshot::channel();
            let purge = Purge {
                keys: Arc::clone(&keys),
                done,
            };
            // If the task is gone, its end of `done` is dropped, which the answer below shows.
            let _gone = server.purges.send(purge).await;
            answers.push((server.address, answer));
        }
        let mut outcome = Vec::with_capacity(answers.len());
        for (address, answer) in answers {
            outcome.push((address, answer.await.unwrap_or(ServerPurge::Unreachable)));
        }
        outcome
    }

    /// Waits until everything that was queued before is in memcached, or given up.
    pub(crate) async fn flush(&self) {
        for server in &self.servers {
            let (done, answer) = oneshot::channel();
            if server.errands.send(Errand::Flush(done)).await.is_ok() {
                // A task that ended has nothing left to wait for.
                let _ended = answer.await;
            }
        }
    }
}
