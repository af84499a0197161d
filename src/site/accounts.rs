//! What logging in and making an account need: the database, passwords, and the brake on tries.

use sqlx::PgPool;

use super::brake::{self, Brake};
use super::passwords::Passwords;

/// The accounts of a site.
#[derive(Debug)]
pub struct Accounts {
    pub(super) db: PgPool,
    pub(super) passwords: Passwords,
    pub(super) brake: Brake,
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
        }
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
