//! Which files are being made, sent or stored: each by one request at a time, for all who ask meanwhile.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};
use tokio::time::Instant;

use crate::made::Done;
use crate::{Key, NotStored};

/// One computation that many requests wait for. It goes on as long as any of them does.
///
/// Its end is none if the answer was not one for everybody.
pub(crate) type Making = Shared<Computation>;

type Computation = Pin<Box<dyn Future<Output = Option<Done>> + Send>>;

/// How long others join one computation. One that takes longer may be lost, and would take all who come with
/// it; so then the next request begins anew.
const JOINED_FOR: Duration = Duration::from_secs(30);

/// The keys that are being made, sent or stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flights {
    in_flight: Arc<Mutex<HashMap<Key, Entry>>>,
}

#[derive(Debug)]
struct Entry {
    purged: Arc<AtomicBool>,
    since: Instant,
    /// Weak, so that a computation for which nobody waits any more ends.
    making: Option<WeakShared<Computation>>,
    /// What was made, as long as it is on its way to memcached.
    done: Option<Done>,
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

/// A place among those who ask for one key.
pub(crate) enum Seat<T> {
    /// Nobody was making it: this request does.
    First(Making),
    /// Somebody is: what this request would have made it of is given back, in case it has to.
    Later(Later, T),
}

/// Waits for what another request makes.
pub(crate) struct Later {
    purged: Arc<AtomicBool>,
    making: Option<Making>,
    done: Option<Done>,
}

impl Later {
    /// Returns what the other made, if it is for everybody.
    pub(crate) async fn wait(&mut self) -> Option<Done> {
        match (self.done.take(), self.making.take()) {
            (Some(done), _) => Some(done),
            (None, Some(making)) => making.await,
            (None, None) => None,
        }
    }

    /// Tells whether the key was purged since the other began.
    pub(crate) fn is_purged(&self) -> bool {
        self.purged.load(SeqCst)
    }
}

impl Flights {
    /// Joins whoever is making this key, or begins to make it out of `ingredients`.
    ///
    /// `make` is called under a lock, so it must do no more than put a future together.
    pub(crate) fn join<T, F>(
        &self,
        key: &Key,
        ingredients: T,
        make: impl FnOnce(T, Flight) -> F,
    ) -> Seat<T>
    where
        F: Future<Output = Option<Done>> + Send + 'static,
    {
        let mut in_flight = self.lock();
        if let Some(entry) = in_flight.get(key) {
            let making = entry.making.as_ref().and_then(WeakShared::upgrade);
            let is_lost = entry.since.elapsed() > JOINED_FOR && entry.done.is_none();
            if is_lost {
                // Out of this map no purge would find it, so it must not store either.
                entry.purged.store(true, SeqCst);
            } else if making.is_some() || entry.done.is_some() {
                let later = Later {
                    purged: Arc::clone(&entry.purged),
                    making,
                    done: entry.done.clone(),
                };
                return Seat::Later(later, ingredients);
            }
        }
        let purged = Arc::new(AtomicBool::new(false));
        let flight = Flight {
            key: key.clone(),
            purged: Arc::clone(&purged),
            flights: self.clone(),
        };
        let making = make(ingredients, flight).boxed().shared();
        let entry = Entry {
            purged,
            since: Instant::now(),
            making: making.downgrade(),
            done: None,
        };
        in_flight.insert(key.clone(), entry);
        Seat::First(making)
    }

    /// Tells the store of this key, if there is one, that it must not happen; a later one may begin at once.
    pub(crate) fn purge(&self, key: &Key) {
        if let Some(entry) = self.lock().remove(key) {
            entry.purged.store(true, SeqCst);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
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

    /// Shows what was made to all who ask until it is stored.
    pub(crate) fn show(&self, done: &Done) {
        if let Some(entry) = self.flights.lock().get_mut(&self.key)
            && Arc::ptr_eq(&entry.purged, &self.purged)
        {
            entry.done = Some(done.clone());
        }
    }

    /// Refuses the right, for a reason, if the key was purged meanwhile.
    pub(crate) fn check(&self) -> Result<(), NotStored> {
        if self.is_purged() {
            Err(NotStored::NoLongerCurrent)
        } else {
            Ok(())
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut in_flight = self.flights.lock();
        // After a purge the key may already belong to a later flight.
        if in_flight
            .get(&self.key)
            .is_some_and(|entry| Arc::ptr_eq(&entry.purged, &self.purged))
        {
            in_flight.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Flight, Flights, Seat};
    use crate::made::{Done, Made};
    use crate::media::Media;
    use crate::{Key, NotStored, Policy};
    use std::future::pending;
    use std::sync::{Arc, Mutex};

    /// Begins to make a key for ever; returns its flight and whatever keeps it going.
    fn begin(flights: &Flights, key: &Key) -> Option<(super::Making, Arc<Mutex<Option<Flight>>>)> {
        let kept = Arc::new(Mutex::new(None));
        let flight = Arc::clone(&kept);
        let seat = flights.join(key, (), |(), begun| {
            *flight.lock().unwrap() = Some(begun);
            pending()
        });
        match seat {
            Seat::First(making) => Some((making, kept)),
            Seat::Later(..) => None,
        }
    }

    #[test]
    fn one_key_is_made_by_one_request_at_a_time() {
        let (flights, key) = (Flights::default(), Key::of("/i/a.webp").unwrap());
        let first = begin(&flights, &key).unwrap();
        assert!(begin(&flights, &key).is_none());
        drop(first);
        assert!(begin(&flights, &key).is_some());
    }

    #[test]
    fn a_key_that_nobody_waits_for_is_made_anew() {
        let (flights, key) = (Flights::default(), Key::of("/i/a.webp").unwrap());
        let (making, flight) = begin(&flights, &key).unwrap();
        drop(making);
        assert!(begin(&flights, &key).is_some());
        drop(flight);
    }

    #[test]
    fn a_flight_that_ended_makes_room_for_the_next_though_somebody_still_waits() {
        let (flights, key) = (Flights::default(), Key::of("/i/a.webp").unwrap());
        let (_waiting, flight) = begin(&flights, &key).unwrap();
        flight.lock().unwrap().take();
        assert!(begin(&flights, &key).is_some());
    }

    #[tokio::test]
    async fn what_was_made_is_shown_until_it_is_stored_unless_it_is_purged() {
        let (flights, key) = (Flights::default(), Key::of("/i/a.webp").unwrap());
        let (making, flight) = begin(&flights, &key).unwrap();
        let done = Done {
            made: Arc::new(Made {
                key: key.clone(),
                policy: Policy::Purgeable,
                media: Media::of("webp").unwrap(),
                plain: "a".into(),
                squeezed: None,
                stored_until: None,
            }),
            stored: Ok(()),
        };
        let later = || match flights.join(&key, (), |(), _| pending()) {
            Seat::Later(later, ()) => later,
            Seat::First(_) => panic!("it is still on its way"),
        };
        flight.lock().unwrap().as_ref().unwrap().show(&done);
        drop(making);
        let mut waits = later();
        assert!(!waits.is_purged());
        assert_eq!(waits.wait().await.unwrap().made.plain, "a");
        assert_eq!(flight.lock().unwrap().as_ref().unwrap().check(), Ok(()));
        let too_late = later();
        flights.purge(&key);
        assert!(too_late.is_purged());
        let check = flight.lock().unwrap().as_ref().unwrap().check();
        assert_eq!(check, Err(NotStored::NoLongerCurrent));
        assert!(
            begin(&flights, &key).is_some(),
            "whoever comes now begins anew"
        );
    }

    #[test]
    fn what_takes_longer_than_anybody_waits_is_begun_anew_and_never_stored() {
        let (flights, key) = (Flights::default(), Key::of("/i/a.webp").unwrap());
        let (_stuck, flight) = begin(&flights, &key).unwrap();
        let age = |time| flights.lock().get_mut(&key).unwrap().since -= time;
        age(super::JOINED_FOR / 2);
        assert!(begin(&flights, &key).is_none(), "so long it is joined");
        age(super::JOINED_FOR);
        assert!(begin(&flights, &key).is_some());
        let check = flight.lock().unwrap().as_ref().unwrap().check();
        assert_eq!(check, Err(NotStored::NoLongerCurrent));
    }

    #[test]
    fn a_purge_stops_the_flight_under_way_and_not_the_next_one() {
        let (flights, key) = (Flights::default(), Key::of("/i/a.webp").unwrap());
        let (_first, before) = begin(&flights, &key).unwrap();
        flights.purge(&key);
        let (_second, after) = begin(&flights, &key).unwrap();
        let is_purged =
            |flight: &Mutex<Option<Flight>>| flight.lock().unwrap().as_ref().unwrap().is_purged();
        assert!(is_purged(&before) && !is_purged(&after));
        before.lock().unwrap().take();
        assert!(
            begin(&flights, &key).is_none(),
            "the later flight keeps its right"
        );
    }
}
