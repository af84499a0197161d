//! How a connection deletes keys, proves it, and pays what its server is owed.

use std::sync::Arc;
use std::time::Duration;

use memcache::exp::{AsyncMetaClient, MutationStatus, Result};
use tokio::time::{Instant, sleep, timeout};

use super::{Lane, odd_answer};
use crate::Key;
use crate::purge::ServerPurge;
use crate::writer::debts::flush_all;

/// How often a purge deletes a key that is still there, because another process may be storing it.
const PURGE_ROUNDS: usize = 3;

/// How long to wait before a purge that failed is tried again.
const PURGE_PAUSE: Duration = Duration::from_millis(50);

/// How many keys are deleted within one [`Options::purge_timeout`](crate::Options::purge_timeout).
const KEYS_AT_ONCE: usize = 100;

impl Lane {
    /// Sees to it that a key is gone whose store broke off or came too late, while the truth is still held.
    pub(super) async fn settle(&mut self, key: &Key) {
        let did = self.purge(std::slice::from_ref(key)).await;
        tracing::info!(server = %self.server.address, %key, ?did, "took back an item");
        // The connection that broke may not have been read to its end.
        if matches!(did, ServerPurge::Confirmed { .. }) {
            self.server.debts().owe_once_more(key, Instant::now());
        }
    }

    /// Deletes keys and proves it; what fails is owed.
    pub(super) async fn purge(&mut self, keys: &[Key]) -> ServerPurge {
        let mut all = ServerPurge::Confirmed { removed: 0 };
        for (number, some) in keys.chunks(KEYS_AT_ONCE).enumerate() {
            let did = self.purge_some(some).await;
            if !matches!(did, ServerPurge::Confirmed { .. } | ServerPurge::Dead) {
                let rest = &keys[number * KEYS_AT_ONCE..];
                self.server.debts().owe(rest);
                tracing::debug!(server = %self.server.address, keys = rest.len(), ?did, "a purge is owed");
                return did;
            }
            all = all.and(did);
        }
        all
    }

    /// Deletes some keys, and tries it for as long as the options say.
    async fn purge_some(&mut self, keys: &[Key]) -> ServerPurge {
        let options = &self.server.options;
        let limit = options.purge_timeout;
        // Who comes after one that waited in vain need not wait as well.
        let is_lost = self.server.owed() > 0 && !self.server.is_open(Instant::now());
        let patience = match options.fence {
            _ if is_lost => Duration::ZERO,
            // A frozen server has failed for long enough only after one more exchange.
            Some(fence) => limit.max(fence.over + 2 * options.io_timeout),
            None => limit,
        };
        let first = Instant::now();
        loop {
            let began = Instant::now();
            let did = match timeout(limit, self.delete_and_prove(keys)).await {
                Ok(Ok(Some(removed))) => {
                    self.server.succeeded();
                    self.server.counters.purged(removed);
                    return ServerPurge::Confirmed { removed };
                }
                Ok(Ok(None)) => ServerPurge::Refused,
                Ok(Err(error)) => self.server.failed(&error),
                Err(_elapsed) => {
                    self.server.timed_out();
                    ServerPurge::TimedOut
                }
            };
            let may_be_dead = matches!(did, ServerPurge::Unreachable | ServerPurge::TimedOut);
            if may_be_dead && self.server.is_dead(began).await {
                return ServerPurge::Dead;
            }
            let may_recover = did == ServerPurge::TimedOut || self.server.options.fence.is_some();
            if !may_recover || first.elapsed() >= patience {
                return did;
            }
            sleep(PURGE_PAUSE).await;
        }
    }

    /// Deletes keys, asks for them, and returns how many there were; or none if one would not go.
    async fn delete_and_prove(&mut self, keys: &[Key]) -> Result<Option<usize>> {
        let client = self.client().await?;
        let did = delete_and_ask(&client, keys).await;
        self.heed(did)
    }

    /// Tells the server what it missed, if it answers again.
    pub(super) async fn pay(&mut self) {
        let server = Arc::clone(&self.server);
        if server.owed() == 0 || !server.is_open(Instant::now()) {
            return;
        }
        let _paying = server.paying.lock().await;
        let limit = server.options.purge_timeout;
        let everything = server.debts().everything_due(Instant::now());
        if let Some(number) = everything {
            match timeout(limit, flush_all(server.address)).await {
                Ok(Ok(())) => server.debts().flushed(number, Instant::now()),
                Ok(Err(_)) | Err(_) => return server.timed_out(),
            }
        }
        let due = server.debts().keys_due(Instant::now());
        for some in due.chunks(KEYS_AT_ONCE) {
            let keys: Vec<Key> = some.iter().map(|(key, _)| key.clone()).collect();
            match timeout(limit, self.delete_and_prove(&keys)).await {
                Ok(Ok(Some(_))) => {
                    server.succeeded();
                    server.debts().deleted(some, Instant::now());
                }
                Ok(Ok(None)) => {}
                Ok(Err(error)) => {
                    server.failed(&error);
                    return;
                }
                Err(_elapsed) => return server.timed_out(),
            }
        }
    }
}

/// Deletes keys and asks for each; see [`Lane::delete_and_prove`].
async fn delete_and_ask(client: &AsyncMetaClient, keys: &[Key]) -> Result<Option<usize>> {
    let mut removed = 0;
    for key in keys {
        let mut is_gone = false;
        let mut was_there = false;
        for _ in 0..PURGE_ROUNDS {
            was_there |= match client.delete(key.as_str()).send().await?.status {
                MutationStatus::Applied => true,
                MutationStatus::NotFound => false,
                _ => return Err(odd_answer()),
            };
            is_gone = !client.get(key.as_str()).without_value().send().await?.hit();
            if is_gone {
                break;
            }
        }
        if !is_gone {
            return Ok(None);
        }
        removed += usize::from(was_there);
    }
    Ok(Some(removed))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::time::Duration;

    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::Instant;

    use super::{KEYS_AT_ONCE, Lane};
    use crate::purge::ServerPurge;
    use crate::writer::debts::BETWEEN;
    use crate::writer::server::Server;
    use crate::{Fence, Key, Options};

    const SILENT: fn(&str) -> &'static str = |_| "";
    const BUSY: fn(&str) -> &'static str = |_| "SERVER_ERROR busy\r\n";

    // The clock stands still, and jumps when everybody waits, only where the server never answers: what is said
    // may be on its way when it jumps.

    /// A memcached that says what it is told to say, and counts what it is told to delete.
    struct Memcached {
        address: SocketAddr,
        deletes: Arc<AtomicUsize>,
    }

    impl Memcached {
        async fn start(answer: fn(&str) -> &'static str) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let deletes = Arc::<AtomicUsize>::default();
            let count = Arc::clone(&deletes);
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(speak(stream, answer, Arc::clone(&count)));
                }
            });
            Self { address, deletes }
        }

        /// Returns a connection of its own to it, and what all of them know.
        fn lane(&self, choose: impl FnOnce(&mut Options)) -> (Lane, Arc<Server>) {
            let mut options = Options::new([self.address]);
            choose(&mut options);
            let server = Server::new(self.address, Arc::new(options), Arc::default());
            let server = Arc::new(server);
            (Lane::new(Arc::clone(&server), true), server)
        }

        /// What it was told, when it has heard all of it.
        async fn deletes(&self) -> usize {
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            self.deletes.load(SeqCst)
        }
    }

    async fn speak(stream: TcpStream, answer: fn(&str) -> &'static str, deletes: Arc<AtomicUsize>) {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        while stream.read_line(&mut line).await.is_ok_and(|len| len > 0) {
            deletes.fetch_add(usize::from(line.starts_with("md ")), SeqCst);
            if stream.write_all(answer(&line).as_bytes()).await.is_err() {
                break;
            }
            line.clear();
        }
    }

    fn keys(count: usize) -> Vec<Key> {
        let path = |number| Key::of(&format!("/i/{number}.webp")).unwrap();
        (0..count).map(path).collect()
    }

    /// Nobody can be killed by it.
    fn fence(over: Duration) -> Option<Fence> {
        Some(Fence {
            failures_min: u32::MAX,
            over,
            at_most_every: Duration::MAX,
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_silent_is_told_again_for_as_long_as_the_options_say() {
        let (memcached, began) = (Memcached::start(SILENT).await, Instant::now());
        let (mut lane, server) = memcached.lane(|_| {});
        assert_eq!(lane.purge(&keys(1)).await, ServerPurge::TimedOut);
        let limit = server.options.purge_timeout;
        let longest = limit + 2 * server.options.io_timeout;
        assert!((limit..longest).contains(&began.elapsed()));
        assert!(memcached.deletes().await > 1 && server.owed() == 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fence_is_given_one_exchange_more_than_it_asks_for() {
        let (memcached, began) = (Memcached::start(SILENT).await, Instant::now());
        let over = Duration::from_secs(5);
        let (mut lane, server) = memcached.lane(|options| options.fence = fence(over));
        assert_eq!(lane.purge(&keys(1)).await, ServerPurge::TimedOut);
        assert!(began.elapsed() >= over + 2 * server.options.io_timeout);
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_after_a_purge_that_waited_in_vain_does_not_wait_as_well() {
        let memcached = Memcached::start(SILENT).await;
        let (mut lane, server) = memcached.lane(|_| {});
        server.debts().owe(&keys(1));
        server.timed_out();
        assert_eq!(lane.purge(&keys(1)).await, ServerPurge::TimedOut);
        assert_eq!(memcached.deletes().await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_after_a_store_that_failed_waits_for_the_purge() {
        let memcached = Memcached::start(SILENT).await;
        let (mut lane, server) = memcached.lane(|_| {});
        server.timed_out();
        assert_eq!(lane.purge(&keys(1)).await, ServerPurge::TimedOut);
        assert!(memcached.deletes().await > 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_when_it_is_time_to_try_again_waits_for_the_purge() {
        let memcached = Memcached::start(SILENT).await;
        let (mut lane, server) = memcached.lane(|_| {});
        server.debts().owe(&keys(1));
        assert_eq!(lane.purge(&keys(1)).await, ServerPurge::TimedOut);
        assert!(memcached.deletes().await > 1);
    }

    #[tokio::test]
    async fn a_server_that_answers_no_is_told_again_only_if_it_can_be_fenced() {
        for (fence, is_told_again) in [(None, false), (fence(Duration::ZERO), true)] {
            let memcached = Memcached::start(BUSY).await;
            let (mut lane, _server) = memcached.lane(|options| options.fence = fence);
            assert_eq!(lane.purge(&keys(1)).await, ServerPurge::Refused);
            assert_eq!(memcached.deletes().await > 1, is_told_again);
        }
    }

    #[tokio::test]
    async fn of_a_purge_that_breaks_off_only_what_was_not_proved_is_owed() {
        // The numbers of the first hundred keys have at most two digits.
        let memcached = Memcached::start(|line| match line.split(['/', '.']).nth(2) {
            Some(number) if number.len() > 2 => "",
            _ if line.starts_with("md ") => "NF\r\n",
            _ => "EN\r\n",
        })
        .await;
        let (mut lane, server) = memcached.lane(|_| {});
        assert_eq!(
            lane.purge(&keys(KEYS_AT_ONCE + 50)).await,
            ServerPurge::TimedOut
        );
        assert_eq!(server.owed(), 50);
    }

    #[tokio::test]
    async fn what_was_taken_back_is_taken_back_once_more_a_second_later() {
        let memcached = Memcached::start(|line| match line.starts_with("md ") {
            true => "HD\r\n",
            false => "EN\r\n",
        })
        .await;
        let (mut lane, server) = memcached.lane(|_| {});
        lane.settle(&keys(1)[0]).await;
        assert_eq!((server.owed(), memcached.deletes().await), (1, 1));
        lane.pay().await;
        assert_eq!(
            (server.owed(), memcached.deletes().await),
            (1, 1),
            "not at once"
        );
        tokio::time::pause();
        tokio::time::advance(BETWEEN).await;
        tokio::time::resume();
        lane.pay().await;
        assert_eq!((server.owed(), memcached.deletes().await), (0, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_left_alone_is_paid_nothing() {
        let memcached = Memcached::start(SILENT).await;
        let (mut lane, server) = memcached.lane(|_| {});
        server.debts().owe(&keys(1));
        server.timed_out();
        lane.pay().await;
        assert_eq!((server.owed(), memcached.deletes().await), (1, 0));
    }
}
