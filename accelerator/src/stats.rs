//! Counters of the accelerator, for `/metrics` and for tests.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::not_stored::NotStored;

/// What the accelerator has done since it was created: a copy of its counters at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// How many items memcached acknowledged; each copy counts.
    pub stored: u64,
    /// How many bytes these items have as stored, gzipped or not.
    pub stored_bytes: u64,
    /// How many items were stored and deleted again, because they were no longer current.
    pub taken_back: u64,
    /// How many keys purges found and removed.
    pub purged: u64,
    /// How many purges at least one server did not confirm.
    pub purges_unconfirmed: u64,
    /// How many servers were killed because they missed a purge.
    pub fenced: u64,
    /// How many keys a server may still hold at this moment although they were purged. Each purge is retried as
    /// soon as the server answers.
    pub pending_purges: u64,
    /// How many exchanges with memcached failed.
    pub errors: u64,
    /// How many requests shared the response of a concurrent request.
    pub collapsed: u64,
    /// How many responses were not stored, by reason; every reason is listed once.
    pub not_stored: Vec<(NotStored, u64)>,
}

impl Stats {
    /// Returns how many responses were not stored for one reason.
    pub fn not_stored(&self, reason: NotStored) -> u64 {
        self.not_stored
            .iter()
            .find(|(known, _)| *known == reason)
            .map_or(0, |(_, count)| *count)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    stored: AtomicU64,
    stored_bytes: AtomicU64,
    taken_back: AtomicU64,
    purged: AtomicU64,
    purges_unconfirmed: AtomicU64,
    fenced: AtomicU64,
    errors: AtomicU64,
    collapsed: AtomicU64,
    not_stored: [AtomicU64; NotStored::ALL.len()],
}

impl Counters {
    pub(crate) fn stored(&self, bytes: usize) {
        self.stored.fetch_add(1, Relaxed);
        self.stored_bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn taken_back(&self) {
        self.taken_back.fetch_add(1, Relaxed);
    }

    pub(crate) fn purged(&self, keys: usize) {
        self.purged.fetch_add(keys as u64, Relaxed);
    }

    pub(crate) fn purge_unconfirmed(&self) {
        self.purges_unconfirmed.fetch_add(1, Relaxed);
    }

    pub(crate) fn fenced(&self) {
        self.fenced.fetch_add(1, Relaxed);
    }

    pub(crate) fn collapsed(&self) {
        self.collapsed.fetch_add(1, Relaxed);
    }

    pub(crate) fn error(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    pub(crate) fn not_stored(&self, reason: NotStored) {
        self.not_stored[reason as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn snapshot(&self, pending_purges: usize) -> Stats {
        Stats {
            stored: self.stored.load(Relaxed),
            stored_bytes: self.stored_bytes.load(Relaxed),
            taken_back: self.taken_back.load(Relaxed),
            purged: self.purged.load(Relaxed),
            purges_unconfirmed: self.purges_unconfirmed.load(Relaxed),
            fenced: self.fenced.load(Relaxed),
            pending_purges: pending_purges as u64,
            errors: self.errors.load(Relaxed),
            collapsed: self.collapsed.load(Relaxed),
            not_stored: NotStored::ALL
                .into_iter()
                .map(|reason| (reason, self.not_stored[reason as usize].load(Relaxed)))
                .collect(),
        }
    }
}
