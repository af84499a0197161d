//! The private cache of one visitor: a small RFC 9111, and where that leaves a choice, what Chromium
//! does on a normal navigation.
//!
//! Bodies are not stored, because nothing reads them: an entry holds the end of its freshness and its
//! validators. One site, GET only, so the key is a hash of the path. `Vary` always matches, because a
//! visitor always sends the same headers, except for `*`, which never matches.

mod head;
mod validators;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use foldhash::fast::FixedState;

pub(super) use head::CacheHead;
use head::Lifetime;
pub(super) use validators::Validators;

/// The result of a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lookup {
    /// No usable entry: send an unconditional request.
    Absent,
    /// A fresh entry: send no request.
    Fresh,
    /// A stale entry: send a request with these validators, and call [`Cache::refresh`] when the
    /// response is 304, [`Cache::store`] otherwise.
    Stale(Arc<Validators>),
}

/// The cache of one visitor, some 50 bytes an entry; an empty one allocates nothing.
#[derive(Debug)]
pub(super) struct Cache {
    entries: HashMap<u64, Entry, FixedState>,
    /// The keys of the entries, the oldest first.
    order: VecDeque<u64>,
    entries_max: usize,
}

#[derive(Debug)]
struct Entry {
    /// From this instant on it must be validated.
    stale_at: Instant,
    /// For a 304 without freshness headers.
    lifetime: Lifetime,
    validators: Option<Arc<Validators>>,
}

impl Cache {
    /// An empty cache that evicts the oldest entry when it has more than `entries_max`.
    pub(super) fn new(entries_max: usize) -> Self {
        Self {
            entries: HashMap::with_hasher(FixedState::default()),
            order: VecDeque::new(),
            entries_max,
        }
    }

    /// Looks up a path (RFC 9111, 4).
    pub(super) fn lookup(&self, path_hash: u64, now: Instant) -> Lookup {
        match self.entries.get(&path_hash) {
            None => Lookup::Absent,
            Some(entry) if now < entry.stale_at => Lookup::Fresh,
            Some(entry) => entry
                .validators
                .clone()
                .map_or(Lookup::Absent, Lookup::Stale),
        }
    }

    /// Stores a complete response other than 304. Removes the entry of the path instead if the response
    /// must not be stored, or could never be used.
    pub(super) fn store(&mut self, path_hash: u64, head: &CacheHead, now: Instant) {
        let stale_at = now + head.fresh_for(head.lifetime);
        if !head.may_be_stored || (stale_at == now && head.validators.is_none()) {
            self.remove(path_hash);
            return;
        }
        let entry = Entry {
            stale_at,
            lifetime: head.lifetime,
            validators: head.validators.clone(),
        };
        if self.entries.insert(path_hash, entry).is_none() {
            self.order.push_back(path_hash);
            if self.order.len() > self.entries_max
                && let Some(oldest) = self.order.pop_front()
            {
                self.entries.remove(&oldest);
            }
        }
    }

    /// Updates an entry with the headers of a 304, and leaves the others as they are (RFC 9111, 4.3.4).
    pub(super) fn refresh(&mut self, path_hash: u64, head: &CacheHead, now: Instant) {
        if !head.may_be_stored {
            self.remove(path_hash);
            return;
        }
        // It may have been evicted while the request was under way.
        let Some(entry) = self.entries.get_mut(&path_hash) else {
            return;
        };
        entry.lifetime = match (head.lifetime, entry.lifetime) {
            (Lifetime::Heuristic(None), before)
            | (Lifetime::Heuristic(Some(_)), before @ Lifetime::Explicit(_)) => before,
            (new, _) => new,
        };
        entry.stale_at = now + head.fresh_for(entry.lifetime);
        if let Some(new) = &head.validators {
            // A 304 may leave out the ETag that it confirms.
            let tagged = entry.validators.as_ref().is_some_and(|v| v.etag.is_some());
            if new.etag.is_some() || !tagged {
                entry.validators = Some(Arc::clone(new));
            }
        }
    }

    /// Removes all entries.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
    }

    /// Removes an entry; rare, because most paths are either always stored or never.
    fn remove(&mut self, path_hash: u64) {
        if self.entries.remove(&path_hash).is_some() {
            self.order.retain(|key| *key != path_hash);
        }
    }
}

#[cfg(test)]
mod tests;
