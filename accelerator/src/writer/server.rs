//! The task that speaks with one memcached.

use std::net::SocketAddr;
use std::sync::Arc;

use memcache::exp::{AsyncMetaClient, Error, Result, Ttl};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::backoff::Backoff;
use super::{Errand, FLAG_GZIP, Purge, Store};
use crate::lifetime;
use crate::options::Options;
use crate::purge::ServerPurge;
use crate::stats::Counters;
use crate::{Key, NotStored};

/// How often a purge deletes a key that is still there, because another process may be storing it.
const PURGE_ROUNDS: usize = 3;

pub(super) struct Task {
    address: SocketAddr,
    options: Arc<Options>,
    counters: Arc<Counters>,
    backoff: Backoff,
    client: Option<AsyncMetaClient>,
}

impl Task {
    pub(super) fn new(address: SocketAddr, options: Arc<Options>, counters: Arc<Counters>) -> Self {
        Self {
            address,
            options,
            counters,
            backoff: Backoff::default(),
            client: None,
        }
    }

    /// Works until the writer is dropped and the queues are empty.
    pub(super) async fn run(
        mut self,
        mut errands: mpsc::Receiver<Errand>,
        mut purges: mpsc::Receiver<Purge>,
    ) {
        loop {
            tokio::select! {
                biased;
                Some(purge) = purges.recv() => {
                    let did = self.purge(&purge.keys).await;
                    // Whoever asked may have gone; the keys are purged all the same.
                    let _gone = purge.done.send(did);
                }
                Some(errand) = errands.recv() => match errand {
                    Errand::Store(store) => self.store(store).await,
                    Errand::Flush(done) => {
                        let _gone = done.send(());
                    }
                },
                else => break,
            }
        }
    }

    async fn store(&mut self, store: Store) {
        let outcome = if !self.backoff.is_open(Instant::now()) {
            Err(NotStored::ServerDown)
        } else if self.is_current(&store).await {
            self.store_and_verify(&store).await
        } else {
            Err(NotStored::NoLongerCurrent)
        };
        match outcome {
            Ok(()) => self.counters.stored(store.item.value.len()),
            Err(reason) => self.counters.not_stored(reason),
        }
    }

    async fn store_and_verify(&mut self, store: &Store) -> Result<(), NotStored> {
        let key = store.flight.key();
        if let Err(error) = self.set(store).await {
            self.note(&error);
            if error.is_ambiguous() {
                // It may have arrived; whether it is still current nobody verifies any more.
                self.take_back(key).await;
            }
            return Err(NotStored::ServerError);
        }
        self.backoff.succeeded();
        if self.is_current(store).await {
            return Ok(());
        }
        self.take_back(key).await;
        self.counters.taken_back();
        Err(NotStored::NoLongerCurrent)
    }

    async fn is_current(&self, store: &Store) -> bool {
        if store.flight.is_purged() {
            return false;
        }
        let answer = self.options.truth.ask(store.flight.key().path());
        timeout(self.options.truth_timeout, answer)
            .await
            .unwrap_or(false)
            && !store.flight.is_purged()
    }

    async fn set(&mut self, store: &Store) -> Result<()> {
        let key = store.flight.key().as_str();
        let seconds = lifetime::seconds(self.options.lifetime, key.as_bytes());
        let flags = if store.item.is_gzip { FLAG_GZIP } else { 0 };
        let client = self.client().await?;
        let set = client.set(key, &store.item.value);
        set.client_flags(flags)
            .ttl(Ttl::secs(seconds))
            .send()
            .await
            .map(drop)
    }

    async fn take_back(&mut self, key: &Key) {
        let keys = std::slice::from_ref(key);
        if let Err(error) = self.delete_and_prove(keys).await {
            self.note(&error);
            tracing::warn!(server = %self.address, %key, %error, "could not take an item back");
        }
    }

    async fn purge(&mut self, keys: &[Key]) -> ServerPurge {
        let limit = self.options.purge_timeout;
        match timeout(limit, self.delete_and_prove(keys)).await {
            Err(_elapsed) => {
                self.backoff.failed(Instant::now());
                ServerPurge::TimedOut
            }
            Ok(Err(error)) => {
                self.note(&error);
                outcome_of(&error)
            }
            Ok(Ok(None)) => ServerPurge::Refused,
            Ok(Ok(Some(removed))) => {
                self.counters.purged(removed);
                ServerPurge::Confirmed { removed }
            }
        }
    }

    /// Deletes keys, asks for them, and returns how many there were; or none if one would not go.
    async fn delete_and_prove(&mut self, keys: &[Key]) -> Result<Option<usize>> {
        let client = self.client().await?;
        let mut removed = 0;
        for key in keys {
            let mut is_gone = false;
            let mut was_there = false;
            for _ in 0..PURGE_ROUNDS {
                was_there |= client.delete(key.as_str()).send().await?.applied();
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

    /// Returns the client, which connects at its first exchange and again after a failed one.
    async fn client(&mut self) -> Result<AsyncMetaClient> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = AsyncMetaClient::builder()
            .connect_timeout(Some(self.options.connect_timeout))
            .io_timeout(Some(self.options.io_timeout))
            .connect_async(self.address)
            .await?;
        Ok(self.client.insert(client).clone())
    }

    fn note(&mut self, error: &Error) {
        self.counters.error();
        tracing::debug!(server = %self.address, %error, "memcached failed");
        // A refused item says nothing about the server.
        if matches!(
            outcome_of(error),
            ServerPurge::Unreachable | ServerPurge::TimedOut
        ) {
            self.backoff.failed(Instant::now());
        }
    }
}

/// Tells what an error says about the server.
fn outcome_of(error: &Error) -> ServerPurge {
    match error {
        Error::Ambiguous { source, .. } => outcome_of(source),
        Error::Timeout { .. } => ServerPurge::TimedOut,
        Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => ServerPurge::TimedOut,
        Error::Io(_) => ServerPurge::Unreachable,
        _ => ServerPurge::Refused,
    }
}
