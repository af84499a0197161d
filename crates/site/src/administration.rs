//! Administration of accounts from a terminal: without the brake, with the rules of the pages for names and passwords.

use db::people::RegisterError;
use domain::{BadUsername, DisplayName, Username};

use super::accounts::{AccountError, Accounts};
use super::new_password::{self, BadPassword};
use super::passwords::Standing;
use super::register::{Mistake, parsed};

/// Why an account was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    /// A name or the password is invalid or taken.
    #[error(transparent)]
    Mistake(#[from] Mistake),
    /// There is no such account.
    #[error("there is no account {0}")]
    NoAccount(Username),
    /// The password is refused.
    #[error(transparent)]
    Password(#[from] BadPassword),
    /// The name is invalid.
    #[error(transparent)]
    Name(#[from] BadUsername),
    /// The database or hashing failed.
    #[error(transparent)]
    Failed(#[from] AccountError),
}

impl From<db::Error> for NotChanged {
    fn from(error: db::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Accounts {
    /// Creates an account. A blank display name is replaced by the name.
    ///
    /// # Errors
    ///
    /// When a name or the password is refused, the name is taken, or the database fails.
    pub async fn create(
        &self,
        name: &str,
        display_name: &str,
        password: &str,
    ) -> Result<Username, NotChanged> {
        let (name, display_name) = parsed(name, display_name, password)?;
        let hash = self.hashed(password).await?;
        match db::people::register(&self.db, &name, &display_name, &hash).await {
            Ok(_) => Ok(name),
            Err(RegisterError::NameTaken) => Err(Mistake::NameTaken.into()),
            Err(RegisterError::Database(error)) => Err(error.into()),
        }
    }

    /// Sets the password of an account and ends its sessions, in every browser.
    ///
    /// # Errors
    ///
    /// When there is no such account, the password is refused, or the database fails.
    pub async fn set_password(&self, name: &str, password: &str) -> Result<Username, NotChanged> {
        let name = Username::parse(name.trim())?;
        let card = db::people::card(&self.db, &name).await?;
        let card = card.ok_or_else(|| NotChanged::NoAccount(name.clone()))?;
        let display_name = DisplayName::parse(&card.display_name).map_err(Mistake::from)?;
        new_password::check(password, &name, &display_name)?;
        let hash = self.hashed(password).await?;
        db::people::set_password(&self.db, card.id, &hash).await?;
        Ok(name)
    }

    async fn hashed(&self, password: &str) -> Result<String, AccountError> {
        let turn = self.passwords.turn(Standing::Known).await;
        let turn = turn.map_err(|_| anyhow::anyhow!("too many passwords wait to be hashed"))?;
        Ok(self.passwords.hash(turn, password.to_owned()).await?)
    }
}
