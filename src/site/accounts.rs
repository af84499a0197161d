//! What logging in and making an account need: the database, passwords, and the brake on tries.

use sqlx::PgPool;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::brake::{self, Brake};
use super::passwords::{Busy, Passwords};

/// How many requests of a process may ask the database at once whether their try is admitted: a flood of
/// tries leaves the other connections to pages.
const DECISIONS_AT_ONCE: usize = 2;

/// How many requests of a process may wait for that decision; each holds a form of 64 KB at most.
const DECISIONS_WAITING_MAX: usize = 1000;

/// The accounts of a site.
#[derive(Debug)]
pub struct Accounts {
    pub(super) db: PgPool,
    pub(super) passwords: Passwords,
    pub(super) brake: Brake,
    places: Semaphore,
    decisions: Semaphore,
}

/// What failed while a person logged in or made an account, other than by their own mistake.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] anyhow::Error),
}

impl Accounts {
    /// Puts them together.
    pub fn new(db: PgPool, passwords: Passwords) -> Self {
        Self {
            db,
            passwords,
            brake: Brake::default(),
            places: Semaphore::new(DECISIONS_WAITING_MAX),
            decisions: Semaphore::new(DECISIONS_AT_ONCE),
        }
    }

    /// Waits for the turn to ask whether a try is admitted; fails at once when too many wait.
    pub(super) async fn turn_to_decide(&self) -> Result<SemaphorePermit<'_>, Busy> {
        let _place = self.places.try_acquire().map_err(|_| Busy)?;
        // Never closed.
        self.decisions.acquire().await.map_err(|_| Busy)
    }

    /// What hashes passwords, and the line before it.
    pub fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// Deletes counters of tries that no longer count.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn sweep(&self) -> Result<(), sqlx::Error> {
        brake::sweep(&self.db).await
    }
}
