//! The task behind one connection to a memcached, and how it stores.

mod purge;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use memcache::exp::{AsyncMetaClient, Error, Result, Ttl};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::server::Server;
use super::{Errand, FLAG_GZIP, Purge, Store};
use crate::NotStored;
use crate::lifetime;
use crate::validity::Lease;

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

    async fn hold(&self, store: &Store) -> Option<Lease> {
        let options = &self.server.options;
        let hold = options.validity.lease_boxed(store.flight.key().path());
        timeout(options.validity_timeout, hold).await.ok().flatten()
    }

    async fn is_current(&self, store: &Store) -> bool {
        let options = &self.server.options;
        let answer = options
            .validity
            .still_current_boxed(store.flight.key().path());
        timeout(options.validity_timeout, answer)
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

fn odd_answer() -> Error {
    Error::Protocol("an answer to another question".to_owned())
}
