//! Deletes keys and proves it, and retries the purges that a server has not confirmed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use memcache::exp::{AsyncMetaClient, Delete, Get, MutationStatus, Result};
use tokio::time::{Instant, sleep, timeout};

use super::client::{Connection, unexpected_reply};
use crate::key::Key;
use crate::purge::ServerPurge;
use crate::writer::pending_purges::flush_all;

/// How often a purge deletes a key that is still there, because another process may be storing it.
const PURGE_ROUNDS: usize = 3;

/// How long to wait before a failed purge is tried again.
const PURGE_PAUSE: Duration = Duration::from_millis(50);

/// How many keys are deleted within one [`Options::purge_timeout`](crate::Options::purge_timeout).
const KEYS_AT_ONCE: usize = 100;

impl Connection {
    /// Deletes an item whose store broke off or came too late, while the lease is still held.
    pub(super) async fn take_back(&mut self, key: &Key) {
        let outcome = self.purge(std::slice::from_ref(key)).await;
        tracing::info!(server = %self.server.address, %key, ?outcome, "took back an item");
        // The server may not have read the connection that broke to its end.
        if matches!(outcome, ServerPurge::Confirmed { .. }) {
            self.server.pending().add_repeat(key, Instant::now());
        }
    }

    /// Deletes keys and proves it; what fails stays pending.
    pub(super) async fn purge(&mut self, keys: &[Key]) -> ServerPurge {
        let mut all = ServerPurge::Confirmed { removed: 0 };
        for (number, chunk) in keys.chunks(KEYS_AT_ONCE).enumerate() {
            let outcome = self.purge_chunk(chunk).await;
            if !matches!(outcome, ServerPurge::Confirmed { .. } | ServerPurge::Dead) {
                let rest = &keys[number * KEYS_AT_ONCE..];
                self.server.pending().add(rest);
                tracing::debug!(server = %self.server.address, keys = rest.len(), ?outcome, "purge pending");
                return outcome;
            }
            all = all.and(outcome);
        }
        all
    }

    /// Deletes some keys, and retries for as long as the options allow.
    async fn purge_chunk(&mut self, keys: &[Key]) -> ServerPurge {
        let options = &self.server.options;
        let attempt_timeout = options.purge_timeout;
        // After a purge that waited in vain, the next ones do not wait as well.
        let is_down = self.server.pending_len() > 0 && !self.server.is_available(Instant::now());
        let retry_timeout = match options.fence {
            _ if is_down => Duration::ZERO,
            // A frozen server has failed for long enough only after one more exchange.
            Some(fence) => attempt_timeout.max(fence.over + 2 * options.io_timeout),
            None => attempt_timeout,
        };
        let first = Instant::now();
        loop {
            let began = Instant::now();
            let outcome = match timeout(attempt_timeout, self.delete_and_prove(keys)).await {
                Ok(Ok(Some(removed))) => {
                    self.server.record_success();
                    self.server.counters.purged(removed);
                    return ServerPurge::Confirmed { removed };
                }
                Ok(Ok(None)) => ServerPurge::Refused,
                Ok(Err(error)) => self.server.record_failure(&error),
                Err(_elapsed) => {
                    self.server.record_timeout();
                    ServerPurge::TimedOut
                }
            };
            let may_be_dead = matches!(outcome, ServerPurge::Unreachable | ServerPurge::TimedOut);
            if may_be_dead && self.server.is_dead(began).await {
                return ServerPurge::Dead;
            }
            let may_recover =
                outcome == ServerPurge::TimedOut || self.server.options.fence.is_some();
            if !may_recover || first.elapsed() >= retry_timeout {
                return outcome;
            }
            sleep(PURGE_PAUSE).await;
        }
    }

    /// Deletes keys and reads them again. Returns how many there were, or `None` if one is still there.
    async fn delete_and_prove(&mut self, keys: &[Key]) -> Result<Option<usize>> {
        let client = self.client().await?;
        let result = delete_and_read(&client, keys).await;
        self.close_on_error(result)
    }

    /// Delivers the pending purges that are due, if the server is available.
    pub(super) async fn retry_pending(&mut self) {
        let server = Arc::clone(&self.server);
        if server.pending_len() == 0 || !server.is_available(Instant::now()) {
            return;
        }
        let _retrying = server.retrying.lock().await;
        let limit = server.options.purge_timeout;
        let flush = server.pending().flush_due(Instant::now());
        if let Some(number) = flush {
            match timeout(limit, flush_all(server.address)).await {
                Ok(Ok(())) => server.pending().flushed(number, Instant::now()),
                Ok(Err(_)) | Err(_) => return server.record_timeout(),
            }
        }
        let due = server.pending().keys_due(Instant::now());
        for chunk in due.chunks(KEYS_AT_ONCE) {
            let keys: Vec<Key> = chunk.iter().map(|(key, _)| key.clone()).collect();
            match timeout(limit, self.delete_and_prove(&keys)).await {
                Ok(Ok(Some(_))) => {
                    server.record_success();
                    server.pending().deleted(chunk, Instant::now());
                }
                Ok(Ok(None)) => {}
                Ok(Err(error)) => {
                    server.record_failure(&error);
                    return;
                }
                Err(_elapsed) => return server.record_timeout(),
            }
        }
    }
}

/// Deletes keys and reads each; see [`Connection::delete_and_prove`].
///
/// Two exchanges a round: all deletes, then all reads. The client numbers the commands of an exchange, and checks the
/// number of each reply.
async fn delete_and_read(client: &AsyncMetaClient, keys: &[Key]) -> Result<Option<usize>> {
    let mut removed = HashSet::new();
    let mut left: Vec<&Key> = keys.iter().collect();
    for _ in 0..PURGE_ROUNDS {
        let deletes = left.iter().map(|key| Delete::new(key.as_str()));
        let deleted = client.run_many(deletes).await?;
        for (key, deleted) in left.iter().zip(deleted) {
            match deleted?.status {
                MutationStatus::Applied => removed.insert(*key),
                MutationStatus::NotFound => false,
                _ => return Err(unexpected_reply()),
            };
        }
        let reads = left
            .iter()
            .map(|key| Get::new(key.as_str()).without_value());
        let read = client.run_many(reads).await?;
        let mut still_there = Vec::new();
        for (key, read) in left.into_iter().zip(read) {
            if read?.hit() {
                still_there.push(key);
            }
        }
        if still_there.is_empty() {
            return Ok(Some(removed.len()));
        }
        left = still_there;
    }
    Ok(None)
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

    use super::{Connection, KEYS_AT_ONCE};
    use crate::fence::Fence;
    use crate::key::Key;
    use crate::options::Options;
    use crate::purge::ServerPurge;
    use crate::writer::pending_purges::REPEAT_AFTER;
    use crate::writer::server::Server;

    const SILENT: fn(&str) -> &'static str = |_| "";
    const BUSY: fn(&str) -> &'static str = |_| "SERVER_ERROR busy\r\n";

    // The paused clock jumps when all tasks wait. So only tests whose server never answers pause it: a reply could be
    // on its way when the clock jumps.

    /// A memcached that answers by a script, and counts deletes.
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

        /// Returns a connection to it, and the state that all connections share.
        fn connection(&self, choose: impl FnOnce(&mut Options)) -> (Connection, Arc<Server>) {
            let mut options = Options::new([self.address]);
            choose(&mut options);
            let server = Server::new(self.address, Arc::new(options), Arc::default());
            let server = Arc::new(server);
            (Connection::new(Arc::clone(&server)), server)
        }

        /// Returns how many deletes arrived, once all are read.
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
            // The number of the command within its exchange comes back with the reply.
            let number = line.trim_end().rsplit(' ').next().unwrap_or_default();
            let reply = answer(&line).replace("\r\n", &format!(" {number}\r\n"));
            if stream.write_all(reply.as_bytes()).await.is_err() {
                break;
            }
            line.clear();
        }
    }

    fn keys(count: usize) -> Vec<Key> {
        let path = |number| Key::of(&format!("/i/{number}.webp")).unwrap();
        (0..count).map(path).collect()
    }

    /// A fence that never kills.
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
        let (mut connection, server) = memcached.connection(|_| {});
        assert_eq!(connection.purge(&keys(1)).await, ServerPurge::TimedOut);
        let limit = server.options.purge_timeout;
        let longest = limit + 2 * server.options.io_timeout;
        assert!((limit..longest).contains(&began.elapsed()));
        assert!(memcached.deletes().await > 1 && server.pending_len() == 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fence_is_given_one_exchange_more_than_it_asks_for() {
        let (memcached, began) = (Memcached::start(SILENT).await, Instant::now());
        let over = Duration::from_secs(5);
        let (mut connection, server) = memcached.connection(|options| options.fence = fence(over));
        assert_eq!(connection.purge(&keys(1)).await, ServerPurge::TimedOut);
        assert!(began.elapsed() >= over + 2 * server.options.io_timeout);
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_after_a_purge_that_waited_in_vain_does_not_wait_as_well() {
        let memcached = Memcached::start(SILENT).await;
        let (mut connection, server) = memcached.connection(|_| {});
        server.pending().add(&keys(1));
        server.record_timeout();
        assert_eq!(connection.purge(&keys(1)).await, ServerPurge::TimedOut);
        assert_eq!(memcached.deletes().await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_after_a_store_that_failed_waits_for_the_purge() {
        let memcached = Memcached::start(SILENT).await;
        let (mut connection, server) = memcached.connection(|_| {});
        server.record_timeout();
        assert_eq!(connection.purge(&keys(1)).await, ServerPurge::TimedOut);
        assert!(memcached.deletes().await > 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_when_it_is_time_to_try_again_waits_for_the_purge() {
        let memcached = Memcached::start(SILENT).await;
        let (mut connection, server) = memcached.connection(|_| {});
        server.pending().add(&keys(1));
        assert_eq!(connection.purge(&keys(1)).await, ServerPurge::TimedOut);
        assert!(memcached.deletes().await > 1);
    }

    #[tokio::test]
    async fn a_server_that_answers_no_is_told_again_only_if_it_can_be_fenced() {
        for (fence, is_told_again) in [(None, false), (fence(Duration::ZERO), true)] {
            let memcached = Memcached::start(BUSY).await;
            let (mut connection, _server) = memcached.connection(|options| options.fence = fence);
            assert_eq!(connection.purge(&keys(1)).await, ServerPurge::Refused);
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
        let (mut connection, server) = memcached.connection(|_| {});
        assert_eq!(
            connection.purge(&keys(KEYS_AT_ONCE + 50)).await,
            ServerPurge::TimedOut
        );
        assert_eq!(server.pending_len(), 50);
    }

    #[tokio::test]
    async fn a_key_that_comes_back_is_deleted_again_and_the_others_only_once() {
        let memcached = Memcached::start(|line| match line {
            _ if line.starts_with("md ") => "HD\r\n",
            _ if line.contains("/i/1.webp") => "HD\r\n",
            _ => "EN\r\n",
        })
        .await;
        let (mut connection, server) = memcached.connection(|_| {});
        assert_eq!(connection.purge(&keys(3)).await, ServerPurge::Refused);
        assert_eq!(memcached.deletes().await, 3 + 1 + 1);
        assert_eq!(server.pending_len(), 3);
    }

    #[tokio::test]
    async fn what_was_taken_back_is_taken_back_once_more_a_second_later() {
        let memcached = Memcached::start(|line| match line.starts_with("md ") {
            true => "HD\r\n",
            false => "EN\r\n",
        })
        .await;
        let (mut connection, server) = memcached.connection(|_| {});
        connection.take_back(&keys(1)[0]).await;
        assert_eq!((server.pending_len(), memcached.deletes().await), (1, 1));
        connection.retry_pending().await;
        assert_eq!(
            (server.pending_len(), memcached.deletes().await),
            (1, 1),
            "not at once"
        );
        tokio::time::pause();
        tokio::time::advance(REPEAT_AFTER).await;
        tokio::time::resume();
        connection.retry_pending().await;
        assert_eq!((server.pending_len(), memcached.deletes().await), (0, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_left_alone_is_paid_nothing() {
        let memcached = Memcached::start(SILENT).await;
        let (mut connection, server) = memcached.connection(|_| {});
        server.pending().add(&keys(1));
        server.record_timeout();
        connection.retry_pending().await;
        assert_eq!((server.pending_len(), memcached.deletes().await), (1, 0));
    }
}
