//! Single flight: concurrent requests for one key share one computation.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};
use tokio::time::Instant;

/// One computation that many requests wait for. It runs for as long as any of them waits.
///
/// Its result is `None` if the response must not be shared.
pub(crate) type SharedComputation<V> = Shared<Computation<V>>;

type Computation<V> = Pin<Box<dyn Future<Output = Option<V>> + Send>>;

/// How long requests join one computation. One that takes longer may be stuck, and would take all its followers
/// with it; so after this time the next request leads a new one.
const JOIN_TIMEOUT: Duration = Duration::from_secs(30);

/// The keys that are being computed, or whose value is on its way to memcached.
#[derive(Debug)]
pub(crate) struct SingleFlight<K, V> {
    flights: Arc<Mutex<HashMap<K, Flight<V>>>>,
}

/// What is known of one key in flight.
#[derive(Debug)]
struct Flight<V> {
    revoked: Arc<AtomicBool>,
    since: Instant,
    /// Weak, so that a computation without a waiting request ends.
    computation: Option<WeakShared<Computation<V>>>,
    /// The result, while it is on its way to memcached.
    value: Option<V>,
}

/// The right to store one key, taken before the handler runs and given back on drop.
///
/// Taken that early, so that a purge also stops the store of what a handler read before the purge.
#[derive(Debug)]
pub(crate) struct Permit<K: Eq + Hash, V> {
    key: K,
    revoked: Arc<AtomicBool>,
    single_flight: SingleFlight<K, V>,
}

/// The part of one request in a flight.
pub(crate) enum Join<T, V> {
    /// No other request computes the key: this one runs the computation.
    Leader(SharedComputation<V>),
    /// Another request does. `T`, the input of the computation, comes back in case this request has to run it.
    Follower(Follower<V>, T),
}

/// Waits for the value that another request computes.
pub(crate) struct Follower<V> {
    revoked: Arc<AtomicBool>,
    computation: Option<SharedComputation<V>>,
    value: Option<V>,
}

impl<V: Clone> Follower<V> {
    /// Returns the leader's value, if it may be shared.
    pub(crate) async fn wait(&mut self) -> Option<V> {
        match (self.value.take(), self.computation.take()) {
            (Some(value), _) => Some(value),
            (None, Some(computation)) => computation.await,
            (None, None) => None,
        }
    }

    /// Returns whether the key was purged after the leader began.
    pub(crate) fn is_revoked(&self) -> bool {
        self.revoked.load(SeqCst)
    }
}

impl<K: Eq + Hash + Clone, V: Clone> SingleFlight<K, V> {
    /// Joins the computation of this key, or starts one from `input`.
    ///
    /// `start` is called under a lock, so it must only build the future.
    pub(crate) fn join<T, F>(
        &self,
        key: &K,
        input: T,
        start: impl FnOnce(T, Permit<K, V>) -> F,
    ) -> Join<T, V>
    where
        F: Future<Output = Option<V>> + Send + 'static,
    {
        let mut flights = self.lock();
        if let Some(flight) = flights.get(key) {
            let computation = flight.computation.as_ref().and_then(WeakShared::upgrade);
            let is_stuck = flight.since.elapsed() > JOIN_TIMEOUT && flight.value.is_none();
            if is_stuck {
                // A purge would no longer find it in this map, so it must not store either.
                flight.revoked.store(true, SeqCst);
            } else if computation.is_some() || flight.value.is_some() {
                let follower = Follower {
                    revoked: Arc::clone(&flight.revoked),
                    computation,
                    value: flight.value.clone(),
                };
                return Join::Follower(follower, input);
            }
        }
        let revoked = Arc::new(AtomicBool::new(false));
        let permit = Permit {
            key: key.clone(),
            revoked: Arc::clone(&revoked),
            single_flight: self.clone(),
        };
        let computation = start(input, permit).boxed().shared();
        let flight = Flight {
            revoked,
            since: Instant::now(),
            computation: computation.downgrade(),
            value: None,
        };
        flights.insert(key.clone(), flight);
        Join::Leader(computation)
    }
}

impl<K: Eq + Hash, V> SingleFlight<K, V> {
    /// Revokes the permit of this key, if there is one: its store must not happen. A new flight may begin at once.
    pub(crate) fn revoke(&self, key: &K) {
        if let Some(flight) = self.lock().remove(key) {
            flight.revoked.store(true, SeqCst);
        }
    }
}

impl<K, V> SingleFlight<K, V> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Flight<V>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> Clone for SingleFlight<K, V> {
    fn clone(&self) -> Self {
        Self {
            flights: Arc::clone(&self.flights),
        }
    }
}

impl<K, V> Default for SingleFlight<K, V> {
    fn default() -> Self {
        Self {
            flights: Arc::default(),
        }
    }
}

impl<K: Eq + Hash, V> Permit<K, V> {
    pub(crate) fn key(&self) -> &K {
        &self.key
    }

    /// Returns whether the key was purged after this flight began.
    pub(crate) fn is_revoked(&self) -> bool {
        self.revoked.load(SeqCst)
    }

    /// Gives the value to all requests that join from now on, until the permit is dropped.
    pub(crate) fn publish(&self, value: V) {
        if let Some(flight) = self.single_flight.lock().get_mut(&self.key)
            && Arc::ptr_eq(&flight.revoked, &self.revoked)
        {
            flight.value = Some(value);
        }
    }
}

impl<K: Eq + Hash, V> Drop for Permit<K, V> {
    fn drop(&mut self) {
        let mut flights = self.single_flight.lock();
        // After a purge the key may already belong to a later flight.
        if flights
            .get(&self.key)
            .is_some_and(|flight| Arc::ptr_eq(&flight.revoked, &self.revoked))
        {
            flights.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::{Arc, Mutex};

    const KEY: &str = "/i/a.webp";

    type SingleFlight = super::SingleFlight<&'static str, &'static str>;
    type Permit = super::Permit<&'static str, &'static str>;
    type Computation = super::SharedComputation<&'static str>;
    use super::Join;

    /// Starts a computation that never ends; returns it and its permit.
    fn begin(single_flight: &SingleFlight) -> Option<(Computation, Arc<Mutex<Option<Permit>>>)> {
        let kept = Arc::new(Mutex::new(None));
        let permit = Arc::clone(&kept);
        let join = single_flight.join(&KEY, (), |(), begun| {
            *permit.lock().unwrap() = Some(begun);
            pending()
        });
        match join {
            Join::Leader(computation) => Some((computation, kept)),
            Join::Follower(..) => None,
        }
    }

    fn is_revoked(permit: &Mutex<Option<Permit>>) -> bool {
        permit.lock().unwrap().as_ref().unwrap().is_revoked()
    }

    #[test]
    fn one_key_is_made_by_one_request_at_a_time() {
        let single_flight = SingleFlight::default();
        let first = begin(&single_flight).unwrap();
        assert!(begin(&single_flight).is_none());
        drop(first);
        assert!(begin(&single_flight).is_some());
    }

    #[test]
    fn a_key_that_nobody_waits_for_is_made_anew() {
        let single_flight = SingleFlight::default();
        let (computation, permit) = begin(&single_flight).unwrap();
        drop(computation);
        assert!(begin(&single_flight).is_some());
        drop(permit);
    }

    #[test]
    fn a_flight_that_ended_makes_room_for_the_next_though_somebody_still_waits() {
        let single_flight = SingleFlight::default();
        let (_waiting, permit) = begin(&single_flight).unwrap();
        permit.lock().unwrap().take();
        assert!(begin(&single_flight).is_some());
    }

    #[tokio::test]
    async fn what_was_made_is_shown_until_it_is_stored_unless_it_is_purged() {
        let single_flight = SingleFlight::default();
        let (computation, permit) = begin(&single_flight).unwrap();
        let follow = || match single_flight.join(&KEY, (), |(), _| pending()) {
            Join::Follower(follower, ()) => follower,
            Join::Leader(_) => panic!("it is still on its way"),
        };
        permit.lock().unwrap().as_ref().unwrap().publish("a");
        drop(computation);
        let mut follower = follow();
        assert!(!follower.is_revoked());
        assert_eq!(follower.wait().await, Some("a"));
        assert!(!is_revoked(&permit));
        let too_late = follow();
        single_flight.revoke(&KEY);
        assert!(too_late.is_revoked() && is_revoked(&permit));
        assert!(begin(&single_flight).is_some(), "the next request leads");
    }

    #[test]
    fn what_takes_longer_than_anybody_waits_is_begun_anew_and_never_stored() {
        let single_flight = SingleFlight::default();
        let (_stuck, permit) = begin(&single_flight).unwrap();
        let age = |time| single_flight.lock().get_mut(&KEY).unwrap().since -= time;
        age(super::JOIN_TIMEOUT / 2);
        assert!(begin(&single_flight).is_none(), "so long it is joined");
        age(super::JOIN_TIMEOUT);
        assert!(begin(&single_flight).is_some());
        assert!(is_revoked(&permit));
    }

    #[test]
    fn a_purge_stops_the_flight_under_way_and_not_the_next_one() {
        let single_flight = SingleFlight::default();
        let (_first, before) = begin(&single_flight).unwrap();
        single_flight.revoke(&KEY);
        let (_second, after) = begin(&single_flight).unwrap();
        assert!(is_revoked(&before) && !is_revoked(&after));
        before.lock().unwrap().take();
        assert!(
            begin(&single_flight).is_none(),
            "the later flight keeps its permit"
        );
    }
}
