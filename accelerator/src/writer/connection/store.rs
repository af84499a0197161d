//! Stores one item, while the site keeps its file current.

use memcache::exp::{Error, Result, Ttl};
use tokio::time::{Instant, timeout};

use super::client::{Connection, unexpected_reply};
use crate::lifetime;
use crate::not_stored::NotStored;
use crate::validity::Lease;
use crate::writer::command::Store;

impl Connection {
    /// Stores an item; takes it back if it was purged, or is no longer current.
    pub(super) async fn store(&mut self, store: &Store) -> Result<(), NotStored> {
        if !self.server.is_available(Instant::now()) {
            return Err(NotStored::ServerDown);
        }
        if self.server.pending().has_undelivered() {
            self.retry_pending().await;
            if self.server.pending().has_undelivered() {
                return Err(NotStored::ServerDown);
            }
        }
        let lease = self.lease(store).await.ok_or(NotStored::NoLongerCurrent)?;
        if store.permit.is_revoked() {
            return Err(NotStored::NoLongerCurrent);
        }
        let key = store.permit.key();
        let lifetime = match store.item.stored_until {
            None => lifetime::seconds(self.server.options.lifetime, key.as_str().as_bytes()),
            Some(end) => {
                lifetime::seconds_until(end, Instant::now()).ok_or(NotStored::NoLifetime)?
            }
        };
        if let Err(error) = self.set(store, lifetime).await {
            self.server.record_failure(&error);
            if error.is_ambiguous() {
                self.take_back(key).await;
            }
            return Err(NotStored::ServerError);
        }
        self.server.record_success();
        // Also with a lock: it can be lost, as with the session of a database.
        if self.still_current(store).await && !store.permit.is_revoked() {
            drop(lease);
            return Ok(());
        }
        self.server.counters.taken_back();
        self.take_back(key).await;
        Err(NotStored::NoLongerCurrent)
    }

    /// Purges a key whose validity check panicked: nothing is known about the file, and the task must go on.
    pub(super) fn validity_panicked(&mut self, store: &Store) -> NotStored {
        let key = store.permit.key();
        tracing::error!(%key, "the site's Validity panicked; its file is purged");
        self.client = None;
        self.server.pending().add(std::slice::from_ref(key));
        NotStored::NoLongerCurrent
    }

    async fn lease(&self, store: &Store) -> Option<Lease> {
        let options = &self.server.options;
        let lease = options.validity.lease_boxed(store.permit.key().path());
        timeout(options.validity_timeout, lease)
            .await
            .ok()
            .flatten()
    }

    async fn still_current(&self, store: &Store) -> bool {
        let options = &self.server.options;
        let path = store.permit.key().path();
        let answer = options.validity.still_current_boxed(path);
        timeout(options.validity_timeout, answer)
            .await
            .unwrap_or(false)
    }

    async fn set(&mut self, store: &Store, lifetime: u32) -> Result<()> {
        let key = store.permit.key().as_str();
        let client = self.client().await?;
        let set = client.set(key, &store.item.value);
        let reply = set
            .client_flags(store.item.client_flags())
            .ttl(Ttl::secs(lifetime))
            .send()
            .await;
        let result = match reply {
            Ok(reply) if reply.applied() => Ok(()),
            // Neither stored nor refused: it may have been stored all the same.
            Ok(_) | Err(Error::Protocol(_)) => Err(Error::Ambiguous {
                key: key.into(),
                source: Box::new(unexpected_reply()),
            }),
            Err(error) => Err(error),
        };
        self.close_on_error(result)
    }
}
