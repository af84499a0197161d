//! Registers an account.

use db::known_browser::Browser;
use db::people::RegisterError;
use domain::{BadText, BadUsername, DisplayName, Network, Secret, Username};

use super::accounts::{AccountError, Accounts};
use super::log_throttle;
use super::login::Entrance;
use super::new_password::{self, BadPassword};
use super::passwords::Standing;

/// The form of a registration. It has no `Debug`, so that it cannot be logged.
pub struct Register<'a> {
    /// The name in addresses, as typed.
    pub name: &'a str,
    /// The name to show, as typed; blank for the same.
    pub display_name: &'a str,
    /// The password as typed.
    pub password: &'a str,
    /// Where the request comes from.
    pub network: Network,
    /// The secret of the browser, if it was logged in before.
    pub browser: Option<Secret>,
}

/// The outcome of a registration.
#[derive(Debug)]
pub enum Registered {
    /// The account was created, and its owner is logged in.
    Yes {
        /// The name in addresses.
        name: Username,
        /// The secrets that the browser receives.
        entrance: Entrance,
    },
    /// A field is invalid.
    No(Mistake),
    /// There were too many accounts made from that network before.
    Wait {
        /// How many seconds to wait.
        seconds: i64,
    },
    /// A queue is full.
    Busy,
}

/// Why a field is invalid, as a sentence for the visitor.
#[derive(Debug, thiserror::Error)]
pub enum Mistake {
    /// The name in addresses.
    #[error(transparent)]
    Name(#[from] BadUsername),
    /// The name to show.
    #[error(transparent)]
    DisplayName(#[from] BadText),
    /// The password.
    #[error(transparent)]
    Password(#[from] BadPassword),
    /// Another account has that name.
    #[error("That name is taken.")]
    NameTaken,
}

impl Accounts {
    /// Creates an account and logs its owner in.
    ///
    /// # Errors
    ///
    /// When the database or hashing fails.
    pub async fn register(&self, wanted: Register<'_>) -> Result<Registered, AccountError> {
        let parsed = parsed(wanted.name, wanted.display_name, wanted.password);
        let (name, display_name) = match parsed {
            Ok(parsed) => parsed,
            Err(mistake) => return Ok(Registered::No(mistake)),
        };
        let network = wanted.network;
        let Ok(turn) = self.turn_to_decide().await else {
            return Ok(Registered::Busy);
        };
        let counted = self.brake.sign_up(&self.db, network).await?;
        drop(turn);
        let counted = match counted {
            Ok(counted) => counted,
            Err(seconds) => {
                log_throttle::log(|| tracing::info!(%network, "refused a registration: too many"));
                return Ok(Registered::Wait { seconds });
            }
        };
        let Ok(turn) = self.passwords.turn(Standing::Stranger).await else {
            counted.not_checked(&self.db).await?;
            log_throttle::log(
                || tracing::info!(%network, "refused a registration: the queue is full"),
            );
            return Ok(Registered::Busy);
        };
        let hash = self
            .passwords
            .hash(turn, wanted.password.to_owned())
            .await?;
        let user = match db::people::register(&self.db, &name, &display_name, &hash).await {
            Ok(user) => user,
            Err(RegisterError::NameTaken) => return Ok(Registered::No(Mistake::NameTaken)),
            Err(RegisterError::Database(error)) => return Err(error.into()),
        };
        let secret = wanted.browser.as_ref().map(Secret::hash);
        let browser = secret.as_ref().map(|secret| Browser {
            secret,
            accounts: &[],
        });
        let entrance = self.open(user, browser, None).await?;
        Ok(Registered::Yes { name, entrance })
    }
}

/// The names, if they and the password are valid for an account.
pub(super) fn parsed(
    name: &str,
    display_name: &str,
    password: &str,
) -> Result<(Username, DisplayName), Mistake> {
    let name = Username::claim(name.trim())?;
    let display_name = match display_name.trim() {
        "" => DisplayName::parse(name.as_str())?,
        typed => DisplayName::parse(typed)?,
    };
    new_password::check(password, &name, &display_name)?;
    Ok((name, display_name))
}
