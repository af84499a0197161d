//! Log-ins and registrations: the database, passwords, and the brake on attempts.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::brake::{self, Brake};
use super::passwords::{Busy, Passwords};

/// How many requests of a process may check in the database at once whether their attempt is admitted: a flood of
/// attempts leaves the other connections to pages.
const DECISIONS_AT_ONCE: usize = 2;

/// The same for requests from browsers that the account knows, which are looked up in this queue.
const DECISIONS_OF_KNOWN_AT_ONCE: usize = 1;

/// How many requests may wait in each of the two queues; each holds a form of 64 KB at most.
const DECISIONS_WAITING_MAX: usize = 1000;

/// The accounts of a site.
#[derive(Debug)]
pub struct Accounts {
    pub(super) db: db::Pool,
    pub(super) passwords: Passwords,
    pub(super) brake: Brake,
    crowd: Queue,
    known: Queue,
}

/// A bounded FIFO queue of requests that wait to use the database.
#[derive(Debug)]
struct Queue {
    places: Semaphore,
    turns: Semaphore,
}

/// What failed while a person logged in or made an account, other than by their own mistake.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// A password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] anyhow::Error),
}

impl Queue {
    fn new(at_once: usize) -> Self {
        Self {
            places: Semaphore::new(DECISIONS_WAITING_MAX),
            turns: Semaphore::new(at_once),
        }
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, Busy> {
        let _place = self.places.try_acquire().map_err(|_| Busy)?;
        // Never closed.
        self.turns.acquire().await.map_err(|_| Busy)
    }
}

impl Accounts {
    pub fn new(db: db::Pool, passwords: Passwords) -> Self {
        Self {
            db,
            passwords,
            brake: Brake::default(),
            crowd: Queue::new(DECISIONS_AT_ONCE),
            known: Queue::new(DECISIONS_OF_KNOWN_AT_ONCE),
        }
    }

    /// Waits for the turn to check whether an attempt is admitted.
    ///
    /// # Errors
    ///
    /// At once, when the queue is full.
    pub async fn turn_to_decide(&self) -> Result<SemaphorePermit<'_>, Busy> {
        self.crowd.turn().await
    }

    /// Waits in the queue of known browsers, which a crowd without their cookies cannot fill.
    pub(super) async fn turn_of_known(&self) -> Result<SemaphorePermit<'_>, Busy> {
        self.known.turn().await
    }

    /// The password hasher with its queue.
    pub fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// Deletes counters of attempts that no longer count.
    pub async fn sweep(&self) -> Result<(), db::Error> {
        brake::sweep(&self.db).await
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_bounded_number_of_tries_waits_for_its_decision() {
        let db = db::pool::open("postgres://nobody@localhost/none", 1).unwrap();
        let accounts = Accounts::new(db, Passwords::new(None));
        let mut deciding = Vec::new();
        for _ in 0..DECISIONS_AT_ONCE {
            deciding.push(accounts.turn_to_decide().await.unwrap());
        }
        let mut waiting = Vec::new();
        let mut join = || {
            let mut next = Box::pin(accounts.turn_to_decide());
            let is_busy = matches!(next.as_mut().now_or_never(), Some(Err(Busy)));
            waiting.push(next);
            is_busy
        };
        let waits = (0..2 * DECISIONS_WAITING_MAX).filter(|_| !join()).count();
        assert_eq!(waits, DECISIONS_WAITING_MAX);
        drop(waiting);
        drop(deciding);
        drop(accounts.turn_to_decide().await.unwrap());
    }
}
