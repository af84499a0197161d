//! State that all connections to one memcached share: whether it is available, which purges it has yet to confirm,
//! and whether it is dead.

use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use memcache::exp::Error;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::backoff::Backoff;
use super::pending_purges::PendingPurges;
use crate::fence::{Fence, Listener, Process};
use crate::options::Options;
use crate::purge::ServerPurge;
use crate::stats::Counters;

/// How long a refused connection on this machine may take; it takes microseconds.
const REFUSAL_TIMEOUT: Duration = Duration::from_millis(250);

pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) options: Arc<Options>,
    pub(super) counters: Arc<Counters>,
    backoff: Mutex<Backoff>,
    pending: Mutex<PendingPurges>,
    /// Held by the connection that retries pending purges, so that the second delivery does not come with the first.
    pub(super) retrying: tokio::sync::Mutex<()>,
    /// Locked on threads that may block, and for as long as a kill takes.
    suspicion: Mutex<Suspicion>,
}

#[derive(Default)]
struct Suspicion {
    suspect: Option<Suspect>,
    fenced_at: Option<Instant>,
}

/// A process that failed, and its CPU time at that moment.
struct Suspect {
    process: Process,
    cpu_time: u64,
    since: Instant,
    failures: u32,
}

impl Server {
    pub(super) fn new(address: SocketAddr, options: Arc<Options>, counters: Arc<Counters>) -> Self {
        let (backoff, pending, retrying, suspicion) = Default::default();
        Self {
            address,
            options,
            counters,
            backoff,
            pending,
            retrying,
            suspicion,
        }
    }

    /// Returns whether to try the server now.
    pub(super) fn is_available(&self, now: Instant) -> bool {
        lock(&self.backoff).is_available(now)
    }

    pub(super) fn record_success(&self) {
        lock(&self.backoff).record_success();
    }

    /// Records a failure, and returns what it shows about the server.
    pub(super) fn record_failure(&self, error: &Error) -> ServerPurge {
        self.counters.error();
        tracing::debug!(server = %self.address, %error, "memcached failed");
        let outcome = outcome_of(error);
        // A refused item shows nothing about the server.
        if outcome != ServerPurge::Refused {
            self.record_timeout();
        }
        outcome
    }

    pub(super) fn record_timeout(&self) {
        lock(&self.backoff).record_failure(Instant::now());
    }

    pub(super) fn pending(&self) -> MutexGuard<'_, PendingPurges> {
        lock(&self.pending)
    }

    pub(super) fn pending_len(&self) -> usize {
        self.pending().len()
    }

    /// Returns after a failure whether the server is dead; kills it first if it is frozen and may be fenced.
    ///
    /// `began` is when the exchange that failed began.
    pub(super) async fn is_dead(self: &Arc<Self>, began: Instant) -> bool {
        let Some(fence) = self.options.fence else {
            return false;
        };
        let server = Arc::clone(self);
        // Reads files, and may wait for the end of a process.
        let is_dead = spawn_blocking(move || server.is_dead_or_fenced(&fence, began));
        is_dead.await.unwrap_or(false)
    }

    fn is_dead_or_fenced(&self, fence: &Fence, began: Instant) -> bool {
        let mut suspicion = lock(&self.suspicion);
        let Some(mut suspect) = suspicion.suspect.take() else {
            match Listener::on(self.address) {
                Listener::None if refuses(self.address) => self.pending().clear(),
                Listener::None => return false,
                Listener::Unknown => return false,
                Listener::Memcached(process) => {
                    suspicion.suspect = process.cpu_time().ok().map(|cpu_time| Suspect {
                        process,
                        cpu_time,
                        since: began,
                        failures: 1,
                    });
                    return false;
                }
            }
            return true;
        };
        let cpu_time = suspect.process.cpu_time();
        let (false, Ok(cpu_time)) = (suspect.process.is_over(), cpu_time) else {
            // It has ended. The next exchange asks what listens now, if anything does.
            return false;
        };
        if cpu_time != suspect.cpu_time {
            // It is slow, not frozen: start again.
            (suspect.cpu_time, suspect.since, suspect.failures) = (cpu_time, began, 0);
        }
        suspect.failures += 1;
        let has_failed_enough =
            suspect.failures >= fence.failures_min && suspect.since.elapsed() >= fence.over;
        let was_fenced = suspicion
            .fenced_at
            .is_some_and(|at| at.elapsed() < fence.at_most_every);
        if !has_failed_enough || was_fenced {
            suspicion.suspect = Some(suspect);
            return false;
        }
        suspicion.fenced_at = Some(Instant::now());
        let is_dead = suspect.process.kill();
        if is_dead {
            self.counters.fenced();
            self.pending().clear();
            // The restarted server begins without a back-off.
            self.record_success();
            tracing::warn!(server = %self.address, "killed a memcached that did not answer a purge");
        } else {
            tracing::error!(server = %self.address, "could not kill a memcached that does not answer; kill it by hand, it may hold deleted files");
        }
        is_dead
    }
}

/// Returns whether the address refuses connections. The table of sockets is not enough: it is no snapshot, and it does
/// not list what the kernel forwards to another machine.
fn refuses(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, REFUSAL_TIMEOUT)
        .is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
}

/// Returns what an error shows about the server.
fn outcome_of(error: &Error) -> ServerPurge {
    match error {
        Error::Ambiguous { source, .. } => outcome_of(source),
        Error::Timeout { .. } => ServerPurge::TimedOut,
        Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => ServerPurge::TimedOut,
        Error::Io(_) => ServerPurge::Unreachable,
        _ => ServerPurge::Refused,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::{Error as IoError, ErrorKind};
    use std::net::{SocketAddr, TcpListener};
    use std::sync::Arc;

    use memcache::exp::Error;
    use tokio::time::Instant;

    use super::{Server, outcome_of};
    use crate::fence::Fence;
    use crate::options::Options;
    use crate::purge::ServerPurge;

    #[test]
    fn an_error_says_whether_a_server_is_away_slow_or_well() {
        for (kind, outcome) in [
            (ErrorKind::TimedOut, ServerPurge::TimedOut),
            (ErrorKind::ConnectionRefused, ServerPurge::Unreachable),
        ] {
            let of_the_kernel = || Error::Io(IoError::from(kind));
            assert_eq!(outcome_of(&of_the_kernel()), outcome);
            let source = Box::new(of_the_kernel());
            let key = b"v1:/a".to_vec();
            assert_eq!(outcome_of(&Error::Ambiguous { key, source }), outcome);
        }
        let odd = Error::Protocol("odd".to_owned());
        assert_eq!(outcome_of(&odd), ServerPurge::Refused);
    }

    #[test]
    fn who_takes_connections_is_not_dead_although_the_table_of_sockets_knows_nobody() {
        // The table lists it under an address that is not looked for.
        let Ok(listener) = TcpListener::bind("[::ffff:127.0.0.1]:0") else {
            // A machine without IPv6.
            return;
        };
        let port = listener.local_addr().unwrap().port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let options = Arc::new(Options::new([address]));
        let server = Server::new(address, options, Arc::default());
        let is_dead = || server.is_dead_or_fenced(&Fence::default(), Instant::now());
        assert!(!is_dead());
        drop(listener);
        assert!(is_dead());
    }
}
