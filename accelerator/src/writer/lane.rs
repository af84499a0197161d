//! The task behind one connection to a memcached.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use memcache::exp::{AsyncMetaClient, Error, MutationStatus, Result, Ttl};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::debts::flush_all;
use super::server::Server;
use super::{Errand, FLAG_GZIP, Purge, Store};
use crate::lifetime;
use crate::purge::ServerPurge;
use crate::truth::Hold;
use crate::{Key, NotStored};

/// How often a purge deletes a key that is still there, because another process may be storing it.
const PURGE_ROUNDS: usize = 3;

/// How long to wait before a purge that failed is tried again.
const PURGE_PAUSE: Duration = Duration::from_millis(50);

/// How many keys are deleted within one [`Options::purge_timeout`](crate::Options::purge_timeout).
const KEYS_AT_ONCE: usize = 100;

/// How often debts are paid that nobody asks for.
const DEBTS_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Lane {
    server: Arc<Server>,
    /// One of the lanes pays what the server is owed when nothing else happens.
    pays: bool,
    client: Option<AsyncMetaClient>,
}

impl Lane {
    pub(super) fn new(server: Arc<Server>, pays: bool) -> Self {
        Self {
            server,
            pays,
            client: None,
        }
    }

    /// Works until the writer is dropped and the queues are empty.
    pub(super) async fn run(
        mut self,
        mut errands: mpsc::Receiver<Errand>,
        mut purges: mpsc::Receiver<Purge>,
    ) {
        let mut pay_day = interval(DEBTS_EVERY);
        pay_day.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                Some(purge) = purges.recv() => {
                    let did = self.purge(&purge.keys).await;
                    // Whoever asked may have gone; the keys are purged all the same.
                    let _gone = purge.done.send(did);
                }
                _ = pay_day.tick(), if self.pays => self.pay().await,
                errand = errands.recv() => match errand {
                    Some(Errand::Store(store)) => {
                        let outcome = AssertUnwindSafe(self.store(&store)).catch_unwind().await;
                        match outcome.unwrap_or_else(|_| Err(self.truth_panicked(&store))) {
                            Ok(()) => self.server.counters.stored(store.item.value.len()),
                            Err(reason) => self.server.counters.not_stored(reason),
                        }
                    }
                    Some(Errand::Flush(done)) => {
                        let _gone = done.send(());
                    }
                    None => break,
                },
            }
        }
    }

    /// A site's truth that panics says nothing, and must not take the lane with it.
    fn truth_panicked(&mut self, store: &Store) -> NotStored {
        let key = store.flight.key();
        tracing::error!(%key, "the truth about a file panicked; it is taken back");
        self.client = None;
        self.server.debts().owe(std::slice::from_ref(key));
        NotStored::NoLongerCurrent
    }

    async fn store(&mut self, store: &Store) -> Result<(), NotStored> {
        if !self.server.is_open(Instant::now()) {
            return Err(NotStored::ServerDown);
        }
        if self.server.debts().are_unpaid() {
            self.pay().await;
            if self.server.debts().are_unpaid() {
                return Err(NotStored::ServerDown);
            }
        }
        let hold = self.hold(store).await.ok_or(NotStored::NoLongerCurrent)?;
        store.flight.check()?;
        let key = store.flight.key();
        let lifetime = match store.item.stored_until {
            None => lifetime::seconds(self.server.options.lifetime, key.as_str().as_bytes()),
            Some(end) => {
                lifetime::seconds_until(end, Instant::now()).ok_or(NotStored::NoLifetime)?
            }
        };
        if let Err(error) = self.set(store, lifetime).await {
            self.server.failed(&error);
            if error.is_ambiguous() {
                self.settle(key).await;
            }
            return Err(NotStored::ServerError);
        }
        self.server.succeeded();
        // Also when it is held: a lock can be lost, as with the session of a database.
        if self.is_current(store).await && !store.flight.is_purged() {
            drop(hold);
            return Ok(());
        }
        self.server.counters.taken_back();
        self.settle(key).await;
        Err(NotStored::NoLongerCurrent)
    }

    async fn hold(&self, store: &Store) -> Option<Hold> {
        let options = &self.server.options;
        let hold = options.truth.take_hold(store.flight.key().path());
        timeout(options.truth_timeout, hold).await.ok().flatten()
    }

    async fn is_current(&self, store: &Store) -> bool {
        let options = &self.server.options;
        let answer = options.truth.ask(store.flight.key().path());
        timeout(options.truth_timeout, answer)
            .await
            .unwrap_or(false)
    }

    async fn set(&mut self, store: &Store, lifetime: u32) -> Result<()> {
        let key = store.flight.key().as_str();
        let flags = if store.item.is_gzip { FLAG_GZIP } else { 0 };
        let client = self.client().await?;
        let set = client.set(key, &store.item.value);
        let did = set
            .client_flags(flags)
            .ttl(Ttl::secs(lifetime))
            .send()
            .await;
        let did = match did {
            Ok(did) if did.applied() => Ok(()),
            // Neither a yes nor a fault: it may have been stored all the same.
            Ok(_) | Err(Error::Protocol(_)) => Err(Error::Ambiguous {
                key: key.into(),
                source: Box::new(odd_answer()),
            }),
            Err(error) => Err(error),
        };
        self.heed(did)
    }

    /// Forgets the connection after a failure: an answer that was none to the question, but read to its end, leaves
    /// the client content with it, and what comes next on it may belong to another question as well.
    fn heed<T>(&mut self, did: Result<T>) -> Result<T> {
        if did.is_err() {
            self.client = None;
        }
        did
    }

    /// Sees to it that a key is gone whose store broke off or came too late, while the truth is still held.
    async fn settle(&mut self, key: &Key) {
        let did = self.purge(std::slice::from_ref(key)).await;
        match did {
            ServerPurge::Dead => {}
            // The connection that broke may not have been read to its end.
            ServerPurge::Confirmed { .. } => {
                self.server.debts().owe_once_more(key, Instant::now());
            }
            _ => {
                tracing::warn!(server = %self.server.address, %key, ?did, "could not take an item back yet");
            }
        }
    }

    /// Deletes keys and proves it; what fails is owed.
    async fn purge(&mut self, keys: &[Key]) -> ServerPurge {
        let mut all = ServerPurge::Confirmed { removed: 0 };
        for (number, some) in keys.chunks(KEYS_AT_ONCE).enumerate() {
            let did = self.purge_some(some).await;
            if !matches!(did, ServerPurge::Confirmed { .. } | ServerPurge::Dead) {
                self.server.debts().owe(&keys[number * KEYS_AT_ONCE..]);
                return did;
            }
            all = all.and(did);
        }
        all
    }

    /// Deletes some keys, and tries it for as long as the options say.
    async fn purge_some(&mut self, keys: &[Key]) -> ServerPurge {
        let options = &self.server.options;
        let limit = options.purge_timeout;
        // Who comes after one that waited in vain need not wait as well.
        let is_lost = self.server.owed() > 0 && !self.server.is_open(Instant::now());
        let patience = match options.fence {
            _ if is_lost => Duration::ZERO,
            // A frozen server has failed for long enough only after one more exchange.
            Some(fence) => limit.max(fence.over + 2 * options.io_timeout),
            None => limit,
        };
        let first = Instant::now();
        loop {
            let began = Instant::now();
            let did = match timeout(limit, self.delete_and_prove(keys)).await {
                Ok(Ok(Some(removed))) => {
                    self.server.succeeded();
                    self.server.counters.purged(removed);
                    return ServerPurge::Confirmed { removed };
                }
                Ok(Ok(None)) => ServerPurge::Refused,
                Ok(Err(error)) => self.server.failed(&error),
                Err(_elapsed) => {
                    self.server.timed_out();
                    ServerPurge::TimedOut
                }
            };
            let may_be_dead = matches!(did, ServerPurge::Unreachable | ServerPurge::TimedOut);
            if may_be_dead && self.server.is_dead(began).await {
                return ServerPurge::Dead;
            }
            let may_recover = did == ServerPurge::TimedOut || self.server.options.fence.is_some();
            if !may_recover || first.elapsed() >= patience {
                return did;
            }
            sleep(PURGE_PAUSE).await;
        }
    }

    /// Deletes keys, asks for them, and returns how many there were; or none if one would not go.
    async fn delete_and_prove(&mut self, keys: &[Key]) -> Result<Option<usize>> {
        let client = self.client().await?;
        let did = delete_and_ask(&client, keys).await;
        self.heed(did)
    }

    /// Tells the server what it missed, if it answers again.
    async fn pay(&mut self) {
        let server = Arc::clone(&self.server);
        if server.owed() == 0 || !server.is_open(Instant::now()) {
            return;
        }
        let _paying = server.paying.lock().await;
        let limit = server.options.purge_timeout;
        let everything = server.debts().everything_due(Instant::now());
        if let Some(number) = everything {
            match timeout(limit, flush_all(server.address)).await {
                Ok(Ok(())) => server.debts().flushed(number, Instant::now()),
                Ok(Err(_)) | Err(_) => return server.timed_out(),
            }
        }
        let due = server.debts().keys_due(Instant::now());
        for some in due.chunks(KEYS_AT_ONCE) {
            let keys: Vec<Key> = some.iter().map(|(key, _)| key.clone()).collect();
            match timeout(limit, self.delete_and_prove(&keys)).await {
                Ok(Ok(Some(_))) => {
                    server.succeeded();
                    server.debts().deleted(some, Instant::now());
                }
                Ok(Ok(None)) => {}
                Ok(Err(error)) => {
                    server.failed(&error);
                    return;
                }
                Err(_elapsed) => return server.timed_out(),
            }
        }
    }

    /// Returns the client, which connects at its first exchange and again after a failed one.
    async fn client(&mut self) -> Result<AsyncMetaClient> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = AsyncMetaClient::builder()
            .connect_timeout(Some(self.server.options.connect_timeout))
            .io_timeout(Some(self.server.options.io_timeout))
            .connect_async(self.server.address)
            .await?;
        Ok(self.client.insert(client).clone())
    }
}

/// Deletes keys and asks for each; see [`Lane::delete_and_prove`].
async fn delete_and_ask(client: &AsyncMetaClient, keys: &[Key]) -> Result<Option<usize>> {
    let mut removed = 0;
    for key in keys {
        let mut is_gone = false;
        let mut was_there = false;
        for _ in 0..PURGE_ROUNDS {
            was_there |= match client.delete(key.as_str()).send().await?.status {
                MutationStatus::Applied => true,
                MutationStatus::NotFound => false,
                _ => return Err(odd_answer()),
            };
            is_gone = !client.get(key.as_str()).without_value().send().await?.hit();
            if is_gone {
                break;
            }
        }
        if !is_gone {
            return Ok(None);
        }
        removed += usize::from(was_there);
    }
    Ok(Some(removed))
}

fn odd_answer() -> Error {
    Error::Protocol("an answer to another question".to_owned())
}
