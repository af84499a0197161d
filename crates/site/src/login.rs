//! Logging in: an attempt is counted, then checked, and opens a session if it is right.

use db::known_browser::Browser;
use db::people::Account;
use domain::{Network, Secret, SecretHash, UserId, Username};
use tokio::sync::SemaphorePermit;

use super::accounts::{AccountError, Accounts};
use super::brake::{Attempt, Counted};
use super::log_throttle;
use super::passwords::{PASSWORD_BYTES_MAX, Standing};

/// The form of a log-in. It has no `Debug`, so that it cannot be logged.
pub struct LogIn<'a> {
    /// The name as typed.
    pub name: &'a str,
    /// The password as typed.
    pub password: &'a str,
    /// Where the request comes from.
    pub network: Network,
    /// The secret of the browser, if it was logged in before.
    pub browser: Option<Secret>,
}

/// The outcome of an attempt.
#[derive(Debug)]
pub enum LoggedIn {
    /// Name and password are right.
    Yes(Entrance),
    /// There is no account of that name, or the password is wrong.
    Wrong,
    /// There were too many attempts before: not checked.
    Wait {
        /// How many seconds to wait.
        seconds: i64,
    },
    /// A queue is full: not checked.
    Busy,
}

/// The secrets that a browser receives after a log-in.
#[derive(Debug)]
pub struct Entrance {
    /// The secret of the session.
    pub session: Secret,
    /// The secret by which the browser is known next time.
    pub browser: Secret,
}

impl Accounts {
    /// Logs a visitor in, if name and password match.
    ///
    /// # Errors
    ///
    /// When the database or hashing fails.
    pub async fn log_in(&self, tried: LogIn<'_>) -> Result<LoggedIn, AccountError> {
        // People type capitals; a name has none. An invalid name reaches neither database nor log.
        let name = Username::parse(&tried.name.trim().to_lowercase()).ok();
        let browser = tried.browser.as_ref().map(Secret::hash);
        let looked_up = self.look_up(name.as_ref(), browser.as_ref()).await?;
        let Some(LookedUp { turn, account }) = looked_up else {
            return Ok(LoggedIn::Busy);
        };
        let is_known = account.as_ref().is_some_and(Account::knows_browser);
        let attempt = Attempt {
            name: name.as_ref(),
            network: tried.network,
            known_browser: browser.as_ref().filter(|_| is_known),
        };
        let of_account = account.as_ref().and(name.as_ref());
        let refused = |why| refused(why, of_account, tried.network);
        let counted = self.brake.log_in(&self.db, attempt).await?;
        drop(turn);
        let counted = match counted {
            Ok(counted) => counted,
            Err(seconds) => {
                refused("too many tries");
                return Ok(LoggedIn::Wait { seconds });
            }
        };
        let standing = match is_known {
            true => Standing::Known,
            false => Standing::Stranger,
        };
        let checked = self.check(account.as_ref(), tried.password, standing);
        let Some(is_right) = checked.await? else {
            counted.not_checked(&self.db).await?;
            refused("the queue for a hash is full");
            return Ok(LoggedIn::Busy);
        };
        match account {
            Some(account) if is_right => {
                let browser = browser.as_ref().map(|secret| Browser {
                    secret,
                    accounts: &account.browser_accounts,
                });
                let entrance = self.open(account.id, browser, Some(&counted)).await?;
                Ok(LoggedIn::Yes(entrance))
            }
            _ => {
                refused("wrong name or password");
                Ok(LoggedIn::Wrong)
            }
        }
    }

    /// Looks up the account. If it knows the browser, the request waits in the queue of known browsers, which a crowd of
    /// strangers does not fill. `None` if the queue is full.
    async fn look_up(
        &self,
        name: Option<&Username>,
        browser: Option<&SecretHash>,
    ) -> Result<Option<LookedUp<'_>>, db::Error> {
        let mut found = None;
        if let (Some(name), Some(browser)) = (name, browser)
            && let Ok(turn) = self.turn_of_known().await
        {
            let account = db::people::account(&self.db, name, Some(browser)).await?;
            if account.as_ref().is_some_and(Account::knows_browser) {
                return Ok(Some(LookedUp { turn, account }));
            }
            found = Some(account);
        }
        let Ok(turn) = self.turn_to_decide().await else {
            return Ok(None);
        };
        let account = match (found, name) {
            (Some(account), _) => account,
            (None, Some(name)) => db::people::account(&self.db, name, browser).await?,
            (None, None) => None,
        };
        Ok(Some(LookedUp { turn, account }))
    }

    /// Whether the password is right; `None` if it was not checked because the queue is full.
    async fn check(
        &self,
        account: Option<&Account>,
        password: &str,
        standing: Standing,
    ) -> anyhow::Result<Option<bool>> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(Some(false));
        }
        let Ok(turn) = self.passwords.turn(standing).await else {
            return Ok(None);
        };
        let kept = account.map(|found| found.password_hash.clone());
        let is_right = self.passwords.is_right(turn, password.to_owned(), kept);
        is_right.await.map(Some)
    }

    /// Opens a session, stores the browser, and clears the counts of the attempt.
    pub(super) async fn open(
        &self,
        user: UserId,
        old: Option<Browser<'_>>,
        counted: Option<&Counted>,
    ) -> Result<Entrance, db::Error> {
        let (session, browser) = (Secret::random(), Secret::random());
        let mut tx = self.db.begin().await?;
        db::session::begin(&mut *tx, &session.hash(), user).await?;
        db::known_browser::remember(&mut tx, user, old, &browser.hash()).await?;
        tx.commit().await?;
        if let Some(counted) = counted
            && let Err(error) = counted.succeeded(&self.db).await
        {
            // The session is stored: without its cookie the next attempt would store another.
            tracing::warn!(%error, "clearing the counts of a successful log-in failed");
        }
        Ok(Entrance { session, browser })
    }
}

/// The turn to check whether an attempt is admitted, and the account.
struct LookedUp<'a> {
    turn: SemaphorePermit<'a>,
    account: Option<Account>,
}

/// Logs a refused attempt. A name is logged only if there is such an account, because people type passwords into the
/// wrong field.
fn refused(why: &str, account: Option<&Username>, network: Network) {
    log_throttle::log(|| match account {
        Some(account) => tracing::info!(why, %account, %network, "refused a log-in"),
        None => tracing::info!(why, %network, "refused a log-in"),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passwords::Passwords;

    #[tokio::test]
    async fn what_is_longer_than_any_password_is_wrong_without_a_hash() {
        let db = db::pool::open("postgres://nobody@localhost/none", 1).unwrap();
        let accounts = Accounts::new(db, Passwords::new(None));
        for (length, is_right) in [(PASSWORD_BYTES_MAX, true), (PASSWORD_BYTES_MAX + 1, false)] {
            let password = "x".repeat(length);
            let turn = accounts.passwords.turn(Standing::Stranger).await.unwrap();
            let kept = accounts.passwords.hash(turn, password.clone()).await;
            let account = Account {
                id: UserId(1),
                password_hash: Some(kept.unwrap()),
                browser_accounts: vec![],
            };
            let checked = accounts.check(Some(&account), &password, Standing::Stranger);
            assert_eq!(checked.await.unwrap(), Some(is_right), "{length} bytes");
        }
    }
}
