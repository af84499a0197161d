//! The private cache of one visitor: RFC 9111 in the small, and where it leaves a choice, what Chromium
//! does on a normal navigation.
//!
//! Bodies are not kept, because nobody looks at them: an entry knows until when it may be used and
//! what to ask the server afterwards. One site, GET only, so the key is a hash of the path. `Vary`
//! always matches, because a visitor always asks in the same way, except for `*`, which never does.

mod head;
mod validators;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use foldhash::fast::FixedState;

pub(super) use head::CacheHead;
use head::Lifetime;
pub(super) use validators::Validators;

/// What the cache has for a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing that helps: ask without conditions.
    Absent,
    /// It is here and may be used: ask nobody.
    Fresh,
    /// It is here and too old: ask with these, and say [`Cache::refreshed`] when the answer is 304,
    /// [`Cache::store`] when it is another.
    Stale(Arc<Validators>),
}

/// What one visitor has from earlier, some 50 bytes an entry; an empty one allocates nothing.
#[derive(Debug)]
pub(super) struct Cache {
    entries: HashMap<u64, Entry, FixedState>,
    /// The keys of the entries, the oldest first.
    order: VecDeque<u64>,
    entries_max: usize,
}

#[derive(Debug)]
struct Entry {
    /// From here on it must be validated.
    stale_at: Instant,
    /// Kept for a 304 that says nothing about it.
    lifetime: Lifetime,
    validators: Option<Arc<Validators>>,
}

impl Cache {
    /// A cache that forgets the oldest when it would hold more than so many.
    pub(super) fn new(entries_max: usize) -> Self {
        Self {
            entries: HashMap::with_hasher(FixedState::default()),
            order: VecDeque::new(),
            entries_max,
        }
    }

    /// Looks what can be done without the server (RFC 9111, 4).
    pub(super) fn look(&self, path_hash: u64, now: Instant) -> Look {
        match self.entries.get(&path_hash) {
            None => Look::Absent,
            Some(entry) if now < entry.stale_at => Look::Fresh,
            Some(entry) => entry.validators.clone().map_or(Look::Absent, Look::Stale),
        }
    }

    /// Keeps a complete answer that is no 304, or forgets what was kept before if this one must not be,
    /// or could never be used.
    pub(super) fn store(&mut self, path_hash: u64, head: &CacheHead, now: Instant) {
        let stale_at = now + head.fresh_for(head.lifetime);
        if !head.may_be_stored || (stale_at == now && head.validators.is_none()) {
            self.forget(path_hash);
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

    /// Takes over what a 304 says, and keeps what it leaves out (RFC 9111, 4.3.4).
    pub(super) fn refreshed(&mut self, path_hash: u64, head: &CacheHead, now: Instant) {
        if !head.may_be_stored {
            self.forget(path_hash);
            return;
        }
        // It may have had to make room while the question was under way.
        let Some(entry) = self.entries.get_mut(&path_hash) else {
            return;
        };
        entry.lifetime = match (head.lifetime, entry.lifetime) {
            (Lifetime::Guessed(None), before)
            | (Lifetime::Guessed(Some(_)), before @ Lifetime::Said(_)) => before,
            (said, _) => said,
        };
        entry.stale_at = now + head.fresh_for(entry.lifetime);
        if let Some(new) = &head.validators {
            // A 304 may leave out the tag that it answers to.
            let tagged = entry.validators.as_ref().is_some_and(|v| v.etag.is_some());
            if new.etag.is_some() || !tagged {
                entry.validators = Some(Arc::clone(new));
            }
        }
    }

    /// Makes it the cache of somebody who was never here.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
    }

    /// Rare: an answer that is not kept where one was kept before.
    fn forget(&mut self, path_hash: u64) {
        if self.entries.remove(&path_hash).is_some() {
            self.order.retain(|key| *key != path_hash);
        }
    }
}

#[cfg(test)]
mod tests;
