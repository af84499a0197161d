//! Writes items to memcached and deletes them, off the path of any response.
//!
//! Each server has several tasks, each with one connection and its own share of the keys. Stores wait in a bounded
//! queue and are dropped when it is full. Purges have their own queue, go first and are never dropped.
//! A purge need not wait for the stores before it: it first revokes the [`Permit`] of each key, so a store that still
//! waits does not happen, and the store under way is over before the task turns to the purge.

mod backoff;
mod command;
mod connection;
mod pending_purges;
mod server;

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::Instant;

use crate::cacheable::Permit;
use crate::item::Item;
use crate::key::Key;
use crate::not_stored::NotStored;
use crate::options::Options;
use crate::purge::ServerPurge;
use crate::ring::Ring;
use crate::stats::Counters;

use command::{Command, Purge, Store};
use connection::Connection;

/// How many purges may wait for one connection before the next one waits for room in the queue.
const PURGES_LEN_MAX: usize = 1_024;

/// The sending ends of one connection's queues.
struct Queues {
    commands: mpsc::Sender<Command>,
    purges: mpsc::Sender<Purge>,
}

struct Server {
    state: Arc<server::Server>,
    connections: Vec<Queues>,
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
            let connections = (0..options.connections.max(1)).map(|number| {
                let (commands, waiting_commands) = mpsc::channel(options.queue_len_max.max(1));
                let (purges, waiting_purges) = mpsc::channel(PURGES_LEN_MAX);
                let connection = Connection::new(Arc::clone(&state));
                tokio::spawn(connection::run(
                    connection,
                    number == 0,
                    waiting_commands,
                    waiting_purges,
                ));
                Queues { commands, purges }
            });
            Server {
                connections: connections.collect(),
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

    /// Returns how many keys a server may still hold although they were purged.
    pub(crate) fn pending_purges(&self) -> usize {
        let pending = self.servers.iter().map(|server| server.state.pending_len());
        pending.sum()
    }

    /// Queues an item for the servers where nginx will look for it; never waits.
    ///
    /// A server that is skipped after a failure is replaced by the next of the retry order, as nginx does.
    pub(crate) fn store(&self, permit: Permit, item: Item) -> Result<(), NotStored> {
        let now = Instant::now();
        let key = permit.key().as_str().as_bytes();
        let order = self.ring.order(key);
        let available = order
            .into_iter()
            .filter(|number| self.servers[*number].state.is_available(now));
        let chosen: Vec<_> = available.take(self.copies).collect();
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
            permit,
            item,
            _room: room,
        });
        let mut outcome = Err(NotStored::ServerDown);
        for number in chosen {
            let queues = self.servers[number].queues_of(store.permit.key());
            let sent = queues.commands.try_send(Command::Store(Arc::clone(&store)));
            let reason = match sent {
                Ok(()) => {
                    outcome = Ok(());
                    continue;
                }
                Err(TrySendError::Full(_)) => NotStored::QueueFull,
                Err(TrySendError::Closed(_)) => NotStored::Disabled,
            };
            if outcome.is_ok() {
                // The first copy is queued; only the second is missing.
                self.counters.not_stored(reason);
            } else {
                outcome = Err(reason);
            }
        }
        outcome
    }

    /// Deletes keys on every server and proves it; the caller has revoked their permits.
    pub(crate) async fn purge(&self, keys: &[Key]) -> Vec<(SocketAddr, ServerPurge)> {
        // All servers at once: one that does not answer delays no other.
        let servers = self.servers.iter().map(|server| async move {
            let mut all = ServerPurge::Confirmed { removed: 0 };
            for outcome in server.begin_purge(keys).await {
                // A task that has ended has dropped its sender.
                all = all.and(outcome.await.unwrap_or(ServerPurge::Unreachable));
            }
            (server.state.address, all)
        });
        join_all(servers).await
    }

    /// Waits until every store that was queued before is in memcached, or given up.
    pub(crate) async fn flush(&self) {
        for queues in self.servers.iter().flat_map(|server| &server.connections) {
            let (done, flushed) = oneshot::channel();
            if queues.commands.send(Command::Flush(done)).await.is_ok() {
                // A task that has ended has nothing left to wait for.
                let _ended = flushed.await;
            }
        }
    }
}

impl Server {
    fn number_of(&self, key: &Key) -> usize {
        crc32fast::hash(key.as_str().as_bytes()) as usize % self.connections.len()
    }

    fn queues_of(&self, key: &Key) -> &Queues {
        &self.connections[self.number_of(key)]
    }

    /// Sends each connection its share of the keys.
    async fn begin_purge(&self, keys: &[Key]) -> Vec<oneshot::Receiver<ServerPurge>> {
        let mut shares = vec![Vec::new(); self.connections.len()];
        for key in keys {
            shares[self.number_of(key)].push(key.clone());
        }
        let mut outcomes = Vec::new();
        for (queues, keys) in self.connections.iter().zip(shares) {
            if !keys.is_empty() {
                let (done, outcome) = oneshot::channel();
                // If the task has ended, `done` is dropped, and the receiver sees it.
                let _ended = queues.purges.send(Purge { keys, done }).await;
                outcomes.push(outcome);
            }
        }
        outcomes
    }
}
