//! What a server that did not answer must still be told: purges that it missed, and stores that broke off.
//!
//! Everything is told twice, a second apart. A connection that broke may still have a store unread when
//! the server answers on another; by then it has read it.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Key;

/// How many keys are remembered for one server; with more it is owed the end of all its items.
const KEYS_LEN_MAX: usize = 10_000;

/// How often a debt is paid.
const TIMES: u8 = 2;

/// The debts to one server.
#[derive(Debug, Default)]
pub(super) struct Debts {
    /// How often each key is still to be deleted.
    keys: HashMap<Key, u8>,
    /// How often all items are still to be flushed.
    everything: u8,
}

impl Debts {
    /// Remembers keys that the server may hold and must not.
    pub(super) fn owe(&mut self, keys: &[Key]) {
        if self.everything == TIMES {
            return;
        }
        self.keys
            .extend(keys.iter().map(|key| (key.clone(), TIMES)));
        if self.keys.len() > KEYS_LEN_MAX {
            self.keys.clear();
            self.everything = TIMES;
        }
    }

    /// Remembers a key that was deleted once and has to be deleted once more.
    pub(super) fn owe_once_more(&mut self, key: &Key) {
        self.keys.entry(key.clone()).or_insert(1);
    }

    /// Tells whether there is a debt of which nothing has been paid: nothing may be stored before.
    pub(super) fn are_unpaid(&self) -> bool {
        self.everything == TIMES || self.keys.values().any(|times| *times == TIMES)
    }

    pub(super) fn is_everything(&self) -> bool {
        self.everything > 0
    }

    pub(super) fn keys(&self) -> Vec<Key> {
        self.keys.keys().cloned().collect()
    }

    pub(super) fn flushed(&mut self) {
        self.everything = self.everything.saturating_sub(1);
    }

    pub(super) fn deleted(&mut self, keys: &[Key]) {
        for key in keys {
            if let Some(times) = self.keys.get_mut(key) {
                *times -= 1;
                if *times == 0 {
                    self.keys.remove(key);
                }
            }
        }
    }

    /// Forgets everything, because the server died and with it its items.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// How many keys are owed; all items count as one more than can be remembered.
    pub(super) fn len(&self) -> usize {
        if self.is_everything() {
            KEYS_LEN_MAX + 1
        } else {
            self.keys.len()
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
    use super::{Debts, KEYS_LEN_MAX};
    use crate::Key;

    fn keys(count: usize) -> Vec<Key> {
        let path = |number| Key::of(&format!("/i/{number}.webp")).unwrap();
        (0..count).map(path).collect()
    }

    #[test]
    fn a_debt_is_paid_twice() {
        let (mut debts, keys) = (Debts::default(), keys(2));
        debts.owe(&keys);
        assert!(debts.are_unpaid() && debts.len() == 2);
        debts.deleted(&keys);
        assert!(!debts.are_unpaid() && debts.len() == 2);
        debts.deleted(&keys);
        assert_eq!(debts.len(), 0);
    }

    #[test]
    fn what_was_deleted_once_is_deleted_once_more_and_holds_up_nothing() {
        let (mut debts, keys) = (Debts::default(), keys(1));
        debts.owe_once_more(&keys[0]);
        assert_eq!((debts.keys(), debts.len()), (keys.clone(), 1));
        assert!(!debts.are_unpaid());
        debts.deleted(&keys);
        assert_eq!(debts.len(), 0);
    }

    #[test]
    fn a_new_purge_of_an_old_debt_is_a_new_debt() {
        let (mut debts, keys) = (Debts::default(), keys(1));
        debts.owe(&keys);
        debts.deleted(&keys);
        debts.owe(&keys);
        assert!(debts.are_unpaid());
        debts.owe_once_more(&keys[0]);
        assert!(debts.are_unpaid(), "once more is not less");
    }

    #[test]
    fn too_many_keys_are_all_items() {
        let mut debts = Debts::default();
        debts.owe(&keys(KEYS_LEN_MAX));
        assert!(!debts.is_everything());
        debts.owe(&keys(KEYS_LEN_MAX + 1));
        assert!(debts.is_everything() && debts.are_unpaid() && debts.keys().is_empty());
        assert_eq!(debts.len(), KEYS_LEN_MAX + 1);
        debts.flushed();
        assert!(debts.is_everything() && !debts.are_unpaid());
        debts.flushed();
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
