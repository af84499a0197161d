//! Which keys are on their way to memcached: at most one store a key, and a purge reaches all of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Key;

/// The keys that are being made, sent or stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flights {
    in_flight: Arc<Mutex<HashMap<Key, Arc<AtomicBool>>>>,
}

/// The right to store one key, taken when its request comes in and given back when it is dropped.
///
/// Taken before the handler begins, so that a purge also stops what was read before the purge and
/// would be stored after it.
#[derive(Debug)]
pub(crate) struct Flight {
    key: Key,
    purged: Arc<AtomicBool>,
    flights: Flights,
}

impl Flights {
    /// Takes the right to store a key, unless somebody has it.
    pub(crate) fn begin(&self, key: Key) -> Option<Flight> {
        match self.lock().entry(key) {
            Entry::Occupied(_) => None,
            Entry::Vacant(vacant) => {
                let purged = Arc::new(AtomicBool::new(false));
                let key = vacant.key().clone();
                vacant.insert(Arc::clone(&purged));
                Some(Flight {
                    key,
                    purged,
                    flights: self.clone(),
                })
            }
        }
    }

    /// Tells the store of this key, if there is one, that it must not happen; a later one may begin at once.
    pub(crate) fn purge(&self, key: &Key) {
        if let Some(purged) = self.lock().remove(key) {
            purged.store(true, SeqCst);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<AtomicBool>>> {
        self.in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// Tells whether the key was purged after this flight began.
    pub(crate) fn is_purged(&self) -> bool {
        self.purged.load(SeqCst)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut in_flight = self.flights.lock();
        // After a purge the key may already belong to a later flight.
        if in_flight
            .get(&self.key)
            .is_some_and(|purged| Arc::ptr_eq(purged, &self.purged))
        {
            in_flight.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Flights;
    use crate::Key;

    #[test]
    fn one_key_is_stored_by_one_request_at_a_time() {
        let (flights, key) = (Flights::default(), Key::of("/i/a.webp").unwrap());
        let first = flights.begin(key.clone()).unwrap();
        assert!(flights.begin(key.clone()).is_none());
        drop(first);
        assert!(flights.begin(key).is_some());
    }

    #[test]
    fn a_purge_stops_the_flight_under_way_and_not_the_next_one() {
        let (flights, key) = (Flights::default(), Key::of("/i/a.webp").unwrap());
        let before = flights.begin(key.clone()).unwrap();
        flights.purge(&key);
        let after = flights.begin(key.clone()).unwrap();
        assert!(before.is_purged() && !after.is_purged());
        drop(before);
        assert!(
            flights.begin(key).is_none(),
            "the later flight keeps its right"
        );
    }
}
