//! What a server that did not answer must still be told: purges that it missed, and stores that broke off.
//!
//! Everything is told twice, a second apart. A connection that broke may still have a store unread when
//! the server answers on another; by then it has read it.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::Key;

/// How many keys are remembered for one server; with more it is owed the end of all its items.
const KEYS_LEN_MAX: usize = 10_000;

/// How long after its first payment a debt is paid for the second time.
pub(super) const BETWEEN: Duration = Duration::from_secs(1);

/// The debts to one server.
#[derive(Debug, Default)]
pub(super) struct Debts {
    keys: HashMap<Key, Debt>,
    everything: Option<Debt>,
    /// The number of the last debt.
    last: u64,
}

/// One thing to tell twice.
#[derive(Clone, Copy, Debug)]
struct Debt {
    /// Tells a debt from a later one of the same key, which an earlier payment does not pay.
    number: u64,
    first_paid: Option<Instant>,
}

impl Debt {
    fn is_due(self, now: Instant) -> bool {
        self.first_paid.is_none_or(|paid| now >= paid + BETWEEN)
    }

    /// Notes a payment; none is left after the second.
    fn paid(self, now: Instant) -> Option<Self> {
        self.first_paid.is_none().then_some(Self {
            first_paid: Some(now),
            ..self
        })
    }
}

/// A key that is owed, and the number of the debt.
pub(super) type Owed = (Key, u64);

impl Debts {
    fn debt(&mut self, first_paid: Option<Instant>) -> Debt {
        self.last += 1;
        Debt {
            number: self.last,
            first_paid,
        }
    }

    /// Remembers keys that the server may hold and must not.
    pub(super) fn owe(&mut self, keys: &[Key]) {
        let debt = self.debt(None);
        self.keys.extend(keys.iter().map(|key| (key.clone(), debt)));
        if self.keys.len() > KEYS_LEN_MAX {
            self.keys.clear();
            self.everything = Some(debt);
        }
    }

    /// Remembers a key that was deleted just now and has to be deleted once more.
    pub(super) fn owe_once_more(&mut self, key: &Key, now: Instant) {
        let debt = self.debt(Some(now));
        self.keys.entry(key.clone()).or_insert(debt);
    }

    /// Tells whether there is a debt of which nothing has been paid: nothing may be stored before.
    pub(super) fn are_unpaid(&self) -> bool {
        let mut debts = self.everything.iter().chain(self.keys.values());
        debts.any(|debt| debt.first_paid.is_none())
    }

    /// Returns the number of the debt of all items, if its time has come.
    pub(super) fn everything_due(&self, now: Instant) -> Option<u64> {
        let debt = self.everything.filter(|debt| debt.is_due(now))?;
        Some(debt.number)
    }

    /// Returns the keys whose time has come.
    pub(super) fn keys_due(&self, now: Instant) -> Vec<Owed> {
        let due = self.keys.iter().filter(|(_, debt)| debt.is_due(now));
        due.map(|(key, debt)| (key.clone(), debt.number)).collect()
    }

    pub(super) fn flushed(&mut self, number: u64, now: Instant) {
        if let Some(debt) = self.everything.filter(|debt| debt.number == number) {
            self.everything = debt.paid(now);
        }
    }

    pub(super) fn deleted(&mut self, owed: &[Owed], now: Instant) {
        for (key, number) in owed {
            if let Some(debt) = self.keys.get_mut(key).filter(|it| it.number == *number) {
                match debt.paid(now) {
                    Some(half) => *debt = half,
                    None => drop(self.keys.remove(key)),
                }
            }
        }
    }

    /// Forgets everything, because the server died and with it its items.
    pub(super) fn forget(&mut self) {
        self.keys.clear();
        self.everything = None;
    }

    /// How many keys are owed; all items count as one more than can be remembered.
    pub(super) fn len(&self) -> usize {
        match self.everything {
            Some(_) => KEYS_LEN_MAX + 1,
            None => self.keys.len(),
        }
    }
}

/// Makes a server forget all its items; the client has no word for it.
pub(super) async fn flush_all(address: SocketAddr) -> io::Result<()> {
    const OK: &[u8] = b"OK\r\n";
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"flush_all\r\n").await?;
    let mut answer = [0; OK.len()];
    stream.read_exact(&mut answer).await?;
    if answer == *OK {
        Ok(())
    } else {
        Err(io::Error::other("memcached did not flush"))
    }
}

#[cfg(test)]
mod tests {
    use super::{BETWEEN, Debts, KEYS_LEN_MAX, flush_all};
    use crate::Key;
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
        let (mut debts, now) = (Debts::default(), Instant::now());
        debts.owe(&keys(2));
        assert!(debts.are_unpaid() && debts.len() == 2);
        let owed = debts.keys_due(now);
        assert_eq!(owed.len(), 2);
        debts.deleted(&owed, now);
        assert!(!debts.are_unpaid() && debts.len() == 2);
        let too_early = now + BETWEEN - Duration::from_millis(1);
        assert!(debts.keys_due(too_early).is_empty());
        let later = now + BETWEEN;
        debts.deleted(&debts.keys_due(later), later);
        assert_eq!(debts.len(), 0);
    }

    #[test]
    fn what_was_deleted_once_is_deleted_once_more_and_holds_up_nothing() {
        let (mut debts, keys, now) = (Debts::default(), keys(1), Instant::now());
        debts.owe_once_more(&keys[0], now);
        assert!(!debts.are_unpaid() && debts.keys_due(now).is_empty());
        let owed = debts.keys_due(now + BETWEEN);
        assert_eq!((owed[0].0.clone(), debts.len()), (keys[0].clone(), 1));
        debts.deleted(&owed, now + BETWEEN);
        assert_eq!(debts.len(), 0);
    }

    #[test]
    fn a_new_debt_is_not_paid_by_what_was_told_before_it() {
        let (mut debts, keys, now) = (Debts::default(), keys(1), Instant::now());
        debts.owe(&keys);
        let told = debts.keys_due(now);
        debts.owe(&keys);
        debts.deleted(&told, now);
        assert!(debts.are_unpaid());
        debts.owe_once_more(&keys[0], now);
        assert!(debts.are_unpaid(), "once more is not less");
    }

    #[test]
    fn too_many_keys_are_all_items() {
        let (mut debts, now) = (Debts::default(), Instant::now());
        debts.owe(&keys(KEYS_LEN_MAX));
        assert_eq!(debts.everything_due(now), None);
        debts.owe(&keys(KEYS_LEN_MAX + 1));
        assert!(debts.are_unpaid() && debts.keys_due(now).is_empty());
        assert_eq!(debts.len(), KEYS_LEN_MAX + 1);
        let number = debts.everything_due(now).unwrap();
        debts.flushed(number + 1, now);
        assert!(debts.are_unpaid(), "another debt");
        debts.flushed(number, now);
        assert!(!debts.are_unpaid() && debts.everything_due(now).is_none());
        debts.flushed(number, now + BETWEEN);
        assert_eq!(debts.len(), 0);
    }

    #[test]
    fn a_dead_server_is_owed_nothing() {
        let mut debts = Debts::default();
        debts.owe(&keys(3));
        debts.forget();
        assert_eq!(debts.len(), 0);
    }
}
