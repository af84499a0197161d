//! Purges that a server has not confirmed: deletions that it missed, and stores that broke off.
//!
//! Each is delivered twice, a second apart. A connection that broke may still hold an unread store when the server
//! answers on another; a second later the server has read it.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::key::Key;

/// How many keys are pending for one server; beyond that the server is flushed instead.
const KEYS_LEN_MAX: usize = 10_000;

/// How long after its first delivery a purge is delivered again.
pub(super) const REPEAT_AFTER: Duration = Duration::from_secs(1);

/// The purges that one server has yet to confirm.
#[derive(Debug, Default)]
pub(super) struct PendingPurges {
    keys: HashMap<Key, Pending>,
    /// Deletes all items (`flush_all`).
    flush: Option<Pending>,
    /// The number of the newest purge.
    last: u64,
}

/// One purge to deliver twice.
#[derive(Clone, Copy, Debug)]
struct Pending {
    /// Distinguishes this purge from a later one of the same key, which an earlier delivery does not cover.
    number: u64,
    first_delivered: Option<Instant>,
}

impl Pending {
    fn is_due(self, now: Instant) -> bool {
        self.first_delivered
            .is_none_or(|delivered| now >= delivered + REPEAT_AFTER)
    }

    /// Records a delivery; nothing is left after the second.
    fn delivered(self, now: Instant) -> Option<Self> {
        self.first_delivered.is_none().then_some(Self {
            first_delivered: Some(now),
            ..self
        })
    }
}

/// A key to delete, and the number of its purge.
pub(super) type DuePurge = (Key, u64);

impl PendingPurges {
    fn next(&mut self, first_delivered: Option<Instant>) -> Pending {
        self.last += 1;
        Pending {
            number: self.last,
            first_delivered,
        }
    }

    /// Adds keys that the server may hold and must not.
    pub(super) fn add(&mut self, keys: &[Key]) {
        let purge = self.next(None);
        self.keys
            .extend(keys.iter().map(|key| (key.clone(), purge)));
        if self.keys.len() > KEYS_LEN_MAX {
            self.keys.clear();
            self.flush = Some(purge);
        }
    }

    /// Adds the second delivery of a key that was deleted just now.
    pub(super) fn add_repeat(&mut self, key: &Key, now: Instant) {
        let purge = self.next(Some(now));
        self.keys.entry(key.clone()).or_insert(purge);
    }

    /// Returns whether a purge has not been delivered even once: until then nothing may be stored.
    pub(super) fn has_undelivered(&self) -> bool {
        let mut purges = self.flush.iter().chain(self.keys.values());
        purges.any(|purge| purge.first_delivered.is_none())
    }

    /// Returns the number of the flush, if it is due.
    pub(super) fn flush_due(&self, now: Instant) -> Option<u64> {
        let purge = self.flush.filter(|purge| purge.is_due(now))?;
        Some(purge.number)
    }

    /// Returns the keys that are due.
    pub(super) fn keys_due(&self, now: Instant) -> Vec<DuePurge> {
        let due = self.keys.iter().filter(|(_, purge)| purge.is_due(now));
        due.map(|(key, purge)| (key.clone(), purge.number))
            .collect()
    }

    /// Records that the server was flushed.
    pub(super) fn flushed(&mut self, number: u64, now: Instant) {
        if let Some(purge) = self.flush.filter(|purge| purge.number == number) {
            self.flush = purge.delivered(now);
        }
    }

    /// Records that the server deleted these keys.
    pub(super) fn deleted(&mut self, due: &[DuePurge], now: Instant) {
        for (key, number) in due {
            if let Some(purge) = self.keys.get_mut(key).filter(|it| it.number == *number) {
                match purge.delivered(now) {
                    Some(half) => *purge = half,
                    None => drop(self.keys.remove(key)),
                }
            }
        }
    }

    /// Forgets everything, because the server died and its items with it.
    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.flush = None;
    }

    /// Returns how many keys are pending; a flush counts as one more than the most that can be pending.
    pub(super) fn len(&self) -> usize {
        match self.flush {
            Some(_) => KEYS_LEN_MAX + 1,
            None => self.keys.len(),
        }
    }
}

/// Deletes all items of a server.
///
/// By hand: the async client of `memcache` has no `flush_all`, and its blocking client starts a pool of threads for
/// each server and cannot limit the whole exchange.
pub(super) async fn flush_all(address: SocketAddr) -> io::Result<()> {
    const OK: &[u8] = b"OK\r\n";
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"flush_all\r\n").await?;
    let mut answer = [0; OK.len()];
    stream.read_exact(&mut answer).await?;
    if answer == *OK {
        Ok(())
    } else {
        Err(io::Error::other(
            "unexpected memcached reply to flush_all; expected OK",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{KEYS_LEN_MAX, PendingPurges, REPEAT_AFTER, flush_all};
    use crate::key::Key;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    fn keys(count: usize) -> Vec<Key> {
        let path = |number| Key::of(&format!("/i/{number}.webp")).unwrap();
        (0..count).map(path).collect()
    }

    #[tokio::test]
    async fn a_flush_is_one_when_memcached_says_so() {
        for (answer, is_flushed) in [("OK\r\n", true), ("NO\r\n", false)] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let memcached = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut asked = [0; b"flush_all\r\n".len()];
                stream.read_exact(&mut asked).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
                asked
            };
            let (flushed, asked) = tokio::join!(flush_all(address), memcached);
            assert_eq!(flushed.is_ok(), is_flushed, "{answer}");
            assert_eq!(&asked, b"flush_all\r\n");
        }
    }

    #[test]
    fn a_debt_is_paid_twice_and_not_at_once() {
        let (mut pending, now) = (PendingPurges::default(), Instant::now());
        pending.add(&keys(2));
        assert!(pending.has_undelivered() && pending.len() == 2);
        let due = pending.keys_due(now);
        assert_eq!(due.len(), 2);
        pending.deleted(&due, now);
        assert!(!pending.has_undelivered() && pending.len() == 2);
        let too_early = now + REPEAT_AFTER - Duration::from_millis(1);
        assert!(pending.keys_due(too_early).is_empty());
        let later = now + REPEAT_AFTER;
        pending.deleted(&pending.keys_due(later), later);
        assert_eq!(pending.len(), 0);
    }

    #[test]
    fn what_was_deleted_once_is_deleted_once_more_and_holds_up_nothing() {
        let (mut pending, keys, now) = (PendingPurges::default(), keys(1), Instant::now());
        pending.add_repeat(&keys[0], now);
        assert!(!pending.has_undelivered() && pending.keys_due(now).is_empty());
        let due = pending.keys_due(now + REPEAT_AFTER);
        assert_eq!((due[0].0.clone(), pending.len()), (keys[0].clone(), 1));
        pending.deleted(&due, now + REPEAT_AFTER);
        assert_eq!(pending.len(), 0);
    }

    #[test]
    fn a_new_debt_is_not_paid_by_what_was_told_before_it() {
        let (mut pending, keys, now) = (PendingPurges::default(), keys(1), Instant::now());
        pending.add(&keys);
        let delivered = pending.keys_due(now);
        pending.add(&keys);
        pending.deleted(&delivered, now);
        assert!(pending.has_undelivered());
        pending.add_repeat(&keys[0], now);
        assert!(pending.has_undelivered(), "once more is not less");
    }

    #[test]
    fn too_many_keys_are_all_items() {
        let (mut pending, now) = (PendingPurges::default(), Instant::now());
        pending.add(&keys(KEYS_LEN_MAX));
        assert_eq!(pending.flush_due(now), None);
        pending.add(&keys(KEYS_LEN_MAX + 1));
        assert!(pending.has_undelivered() && pending.keys_due(now).is_empty());
        assert_eq!(pending.len(), KEYS_LEN_MAX + 1);
        let number = pending.flush_due(now).unwrap();
        pending.flushed(number + 1, now);
        assert!(pending.has_undelivered(), "another purge");
        pending.flushed(number, now);
        assert!(!pending.has_undelivered() && pending.flush_due(now).is_none());
        pending.flushed(number, now + REPEAT_AFTER);
        assert_eq!(pending.len(), 0);
    }

    #[test]
    fn a_dead_server_is_owed_nothing() {
        let mut pending = PendingPurges::default();
        pending.add(&keys(3));
        pending.clear();
        assert_eq!(pending.len(), 0);
    }
}
