//! What all connections to one memcached know together: whether to try it, what it is owed, whether it is dead.

use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use memcache::exp::Error;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::backoff::Backoff;
use super::debts::Debts;
use crate::fence::{Fence, Listener, Process};
use crate::options::Options;
use crate::purge::ServerPurge;
use crate::stats::Counters;

/// How long a refusal on this machine may take; it takes microseconds.
const REFUSAL_TIMEOUT: Duration = Duration::from_millis(250);

pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) options: Arc<Options>,
    pub(super) counters: Arc<Counters>,
    backoff: Mutex<Backoff>,
    debts: Mutex<Debts>,
    /// Held by the lane that pays, so that the second payment does not come with the first.
    pub(super) paying: tokio::sync::Mutex<()>,
    /// Locked on threads that may wait, and for as long as it takes to kill.
    suspicion: Mutex<Suspicion>,
}

#[derive(Default)]
struct Suspicion {
    suspect: Option<Suspect>,
    fenced_at: Option<Instant>,
}

/// A process that failed, and what it had done until then.
struct Suspect {
    process: Process,
    cpu_time: u64,
    since: Instant,
    failures: u32,
}

impl Server {
    pub(super) fn new(address: SocketAddr, options: Arc<Options>, counters: Arc<Counters>) -> Self {
        let (backoff, debts, paying, suspicion) = Default::default();
        Self {
            address,
            options,
            counters,
            backoff,
            debts,
            paying,
            suspicion,
        }
    }

    /// Tells whether to try it now.
    pub(super) fn is_open(&self, now: Instant) -> bool {
        lock(&self.backoff).is_open(now)
    }

    pub(super) fn succeeded(&self) {
        lock(&self.backoff).succeeded();
    }

    /// Notes a failure, and tells what it says about the server.
    pub(super) fn failed(&self, error: &Error) -> ServerPurge {
        self.counters.error();
        tracing::debug!(server = %self.address, %error, "memcached failed");
        let outcome = outcome_of(error);
        // A refused item says nothing about the server.
        if outcome != ServerPurge::Refused {
            self.timed_out();
        }
        outcome
    }

    pub(super) fn timed_out(&self) {
        lock(&self.backoff).failed(Instant::now());
    }

    pub(super) fn debts(&self) -> MutexGuard<'_, Debts> {
        lock(&self.debts)
    }

    pub(super) fn owed(&self) -> usize {
        self.debts().len()
    }

    /// Finds out after a failure whether the server is dead, and if it is frozen sees to it.
    ///
    /// `began` is when the exchange that failed began.
    pub(super) async fn is_dead(self: &Arc<Self>, began: Instant) -> bool {
        let Some(fence) = self.options.fence else {
            return false;
        };
        let server = Arc::clone(self);
        // Reads files and may wait for the end of a process.
        let judged = spawn_blocking(move || server.judge(&fence, began));
        judged.await.unwrap_or(false)
    }

    fn judge(&self, fence: &Fence, began: Instant) -> bool {
        let mut suspicion = lock(&self.suspicion);
        let Some(mut suspect) = suspicion.suspect.take() else {
            match Listener::on(self.address) {
                Listener::Nobody if refuses(self.address) => self.debts().forget(),
                Listener::Nobody => return false,
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
            // It has ended. What listens now, if anything does, is asked next.
            return false;
        };
        if cpu_time != suspect.cpu_time {
            // It is slow, not frozen: from now on anew.
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
            self.debts().forget();
            // Its successor is nobody to be left alone.
            self.succeeded();
            tracing::warn!(server = %self.address, "killed a memcached that did not answer a purge");
        } else {
            tracing::error!(server = %self.address, "a memcached that does not answer could not be killed");
        }
        is_dead
    }
}

/// Tells whether nobody takes a connection: the table of sockets is no snapshot, nor does it know what the
/// kernel sends on to another machine.
fn refuses(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, REFUSAL_TIMEOUT)
        .is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
}

/// Tells what an error says about the server.
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
    use crate::purge::ServerPurge;
    use crate::{Fence, Options};

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
        // It stands in the table under a name for which nobody looks.
        let Ok(listener) = TcpListener::bind("[::ffff:127.0.0.1]:0") else {
            // A machine without IPv6.
            return;
        };
        let port = listener.local_addr().unwrap().port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let options = Arc::new(Options::new([address]));
        let server = Server::new(address, options, Arc::default());
        let is_dead = || server.judge(&Fence::default(), Instant::now());
        assert!(!is_dead());
        drop(listener);
        assert!(is_dead());
    }
}
