//! Brings items to memcached and takes them away, off the path of any response.
//!
//! Several tasks a server, each with a connection and its own share of the keys. Stores wait in a bounded
//! queue and are dropped when it is full; purges have a queue of their own, go first and are never dropped.
//! They need not wait for the stores before them: a purge first revokes the [`Flight`] of each key, so a
//! store that still waits will not happen, and the one under way is over before the task turns to the purge.

mod backoff;
mod debts;
mod lane;
mod server;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;

use crate::flights::Flight;
use crate::options::Options;
use crate::purge::ServerPurge;
use crate::ring::Ring;
use crate::stats::Counters;
use crate::{Key, NotStored};

/// How many purges may wait for one connection before the next one waits for its place.
const PURGES_LEN_MAX: usize = 1_024;

/// The bit of an item's flags that `memcached_gzip_flag` in `nginx.conf` looks at.
pub(crate) const FLAG_GZIP: u32 = 2;

/// The bytes of one file as memcached will hold them.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) value: Bytes,
    pub(crate) is_gzip: bool,
    /// How many more bytes are kept for visitors until it is stored: the same, not gzipped.
    pub(crate) plain_len: usize,
    pub(crate) stored_until: Option<Instant>,
}

/// A store on its way through the queues, one a copy.
struct Store {
    flight: Flight,
    item: Item,
    /// The part of the queue's bytes that this one takes.
    _room: OwnedSemaphorePermit,
}

enum Errand {
    Store(Arc<Store>),
    /// Answered when everything that was queued before has been dealt with.
    Flush(oneshot::Sender<()>),
}

struct Purge {
    keys: Vec<Key>,
    done: oneshot::Sender<ServerPurge>,
}

/// The ends of a lane's queues where errands are put.
struct Lane {
    errands: mpsc::Sender<Errand>,
    purges: mpsc::Sender<Purge>,
}

struct Server {
    state: Arc<server::Server>,
    lanes: Vec<Lane>,
}

pub(crate) struct Writer {
    ring: Ring,
    servers: Vec<Server>,
    copies: usize,
    room: Arc<Semaphore>,
    queue_bytes_max: usize,
    counters: Arc<Counters>,
}

impl Writer {
    /// Starts the tasks; needs a tokio runtime unless there is no server.
    pub(crate) fn start(options: &Arc<Options>, counters: &Arc<Counters>) -> Self {
        let servers = options.servers.iter().map(|address| {
            let state = server::Server::new(*address, Arc::clone(options), Arc::clone(counters));
            let state = Arc::new(state);
            let lanes = (0..options.connections.max(1)).map(|number| {
                let (errands, waiting_errands) = mpsc::channel(options.queue_len_max.max(1));
                let (purges, waiting_purges) = mpsc::channel(PURGES_LEN_MAX);
                let lane = lane::Lane::new(Arc::clone(&state), number == 0);
                tokio::spawn(lane.run(waiting_errands, waiting_purges));
                Lane { errands, purges }
            });
            Server {
                lanes: lanes.collect(),
                state,
            }
        });
        Self {
            ring: Ring::new(options.servers.iter().map(SocketAddr::to_string)),
            servers: servers.collect(),
            copies: options.copies.max(1),
            room: Arc::new(Semaphore::new(
                options.queue_bytes_max.min(Semaphore::MAX_PERMITS),
            )),
            queue_bytes_max: options.queue_bytes_max,
            counters: Arc::clone(counters),
        }
    }

    pub(crate) fn has_servers(&self) -> bool {
        !self.servers.is_empty()
    }

    /// Returns how many keys some server may still hold although they were purged.
    pub(crate) fn owed(&self) -> usize {
        self.servers.iter().map(|server| server.state.owed()).sum()
    }

    /// Hands an item to the queues of the servers where nginx will look for it; never waits.
    ///
    /// A server that is left alone after a failure is passed over for the next of the walk, as nginx does.
    pub(crate) fn store(&self, flight: Flight, item: Item) -> Result<(), NotStored> {
        let now = Instant::now();
        let key = flight.key().as_str().as_bytes();
        let order = self.ring.order(key);
        let places = order
            .into_iter()
            .filter(|number| self.servers[*number].state.is_open(now));
        let places: Vec<_> = places.take(self.copies).collect();
        // An empty file takes room as well: its key does.
        let len = key.len() + item.value.len() + item.plain_len;
        if len > self.queue_bytes_max {
            return Err(NotStored::TooLarge);
        }
        let len = u32::try_from(len).map_err(|_| NotStored::TooLarge)?;
        let room = Arc::clone(&self.room)
            .try_acquire_many_owned(len)
            .map_err(|_| NotStored::QueueFull)?;
        let store = Arc::new(Store {
            flight,
            item,
            _room: room,
        });
        let mut outcome = Err(NotStored::ServerDown);
        for number in places {
            let lane = self.servers[number].lane_of(store.flight.key());
            let sent = lane.errands.try_send(Errand::Store(Arc::clone(&store)));
            let reason = match sent {
                Ok(()) => {
                    outcome = Ok(());
                    continue;
                }
                Err(TrySendError::Full(_)) => NotStored::QueueFull,
                Err(TrySendError::Closed(_)) => NotStored::Disabled,
            };
            if outcome.is_ok() {
                // The first copy is on its way; only the second is missing.
                self.counters.not_stored(reason);
            } else {
                outcome = Err(reason);
            }
        }
        outcome
    }

    /// Deletes keys on every server and proves it; the caller has revoked their flights.
    pub(crate) async fn purge(&self, keys: &[Key]) -> Vec<(SocketAddr, ServerPurge)> {
        // All at once: one that does not answer keeps no other from being told.
        let servers = self.servers.iter().map(|server| async move {
            let mut all = ServerPurge::Confirmed { removed: 0 };
            for answer in server.begin_purge(keys).await {
                // A task that is gone has dropped its end.
                all = all.and(answer.await.unwrap_or(ServerPurge::Unreachable));
            }
            (server.state.address, all)
        });
        join_all(servers).await
    }

    /// Waits until everything that was queued before is in memcached, or given up.
    pub(crate) async fn flush(&self) {
        for lane in self.servers.iter().flat_map(|server| &server.lanes) {
            let (done, answer) = oneshot::channel();
            if lane.errands.send(Errand::Flush(done)).await.is_ok() {
                // A task that ended has nothing left to wait for.
                let _ended = answer.await;
            }
        }
    }
}

impl Server {
    fn number_of(&self, key: &Key) -> usize {
        crc32fast::hash(key.as_str().as_bytes()) as usize % self.lanes.len()
    }

    fn lane_of(&self, key: &Key) -> &Lane {
        &self.lanes[self.number_of(key)]
    }

    /// Hands each lane those of the keys that are its own.
    async fn begin_purge(&self, keys: &[Key]) -> Vec<oneshot::Receiver<ServerPurge>> {
        let mut shares = vec![Vec::new(); self.lanes.len()];
        for key in keys {
            shares[self.number_of(key)].push(key.clone());
        }
        let mut answers = Vec::new();
        for (lane, keys) in self.lanes.iter().zip(shares) {
            if !keys.is_empty() {
                let (done, answer) = oneshot::channel();
                // If the task is gone, its end of `done` is dropped, which the answer shows.
                let _gone = lane.purges.send(Purge { keys, done }).await;
                answers.push(answer);
            }
        }
        answers
    }
}
