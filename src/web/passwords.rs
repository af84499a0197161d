//! Passwords: argon2id, a bounded number at once, and as slow for strangers as for members.

use std::path::Path;

use anyhow::Context as _;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// How many passwords are hashed at once in a process: each takes 19 MiB and 16 ms of a core.
const HASHES_AT_ONCE: usize = 2;

/// The fewest characters of a password: NIST SP 800-63B, 3.1.1.2 asks for eight at least.
pub(super) const PASSWORD_CHARS_MIN: usize = 8;

/// The most bytes that we hash; more is nobody's password.
pub(super) const PASSWORD_BYTES_MAX: usize = 1000;

/// Hashes and checks passwords.
///
/// The parameters are the crate's defaults, which are OWASP's first choice for argon2id (Password
/// Storage Cheat Sheet): 19 MiB, two passes, one lane.
#[derive(Debug)]
pub struct Passwords {
    permits: Semaphore,
    /// What a password is checked against where there is no account: it takes as long.
    decoy: String,
    demo: Option<DemoLogins>,
}

/// The one password of all demo people, known by its hash.
#[derive(Debug, Clone)]
pub struct DemoLogins {
    hash: String,
}

impl DemoLogins {
    /// Reads the file that holds the password.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or holds less than a password.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let password = std::fs::read_to_string(file)
            .with_context(|| format!("reading the demo password from {}", file.display()))?;
        let password = password.trim();
        anyhow::ensure!(
            password.chars().count() >= PASSWORD_CHARS_MIN,
            "{} holds no password of at least {PASSWORD_CHARS_MIN} characters",
            file.display()
        );
        Ok(Self {
            hash: hash(password)?,
        })
    }
}

impl Passwords {
    /// Prepares to check passwords; people of the demo set get in only with demo logins.
    ///
    /// # Errors
    ///
    /// When the system has no random numbers or no memory.
    pub fn new(demo: Option<DemoLogins>) -> anyhow::Result<Self> {
        Ok(Self {
            permits: Semaphore::new(HASHES_AT_ONCE),
            decoy: hash("nobody's password")?,
            demo,
        })
    }

    /// Hashes a new password.
    ///
    /// # Errors
    ///
    /// When hashing fails.
    pub async fn hash(&self, password: String) -> anyhow::Result<String> {
        let _permit = self.permits.acquire().await?;
        spawn_blocking(move || hash(&password)).await?
    }

    /// Whether this is the password of an account; `kept` is its hash, none for demo people, and
    /// an account that does not exist is checked against a decoy, so that the answer takes as long.
    ///
    /// # Errors
    ///
    /// When checking fails for another reason than a wrong password.
    pub async fn is_right(
        &self,
        password: String,
        account: Option<Option<String>>,
    ) -> anyhow::Result<bool> {
        let demo = || self.demo.as_ref().map(|demo| demo.hash.clone());
        let against = account.and_then(|kept| kept.or_else(demo));
        let exists = against.is_some();
        let against = against.unwrap_or_else(|| self.decoy.clone());
        let _permit = self.permits.acquire().await?;
        let matches = spawn_blocking(move || -> anyhow::Result<bool> {
            let parsed = PasswordHash::new(&against).context("reading a password hash")?;
            Ok(Argon2::default()
                .verify_password(password.as_bytes(), &parsed)
                .is_ok())
        })
        .await??;
        Ok(matches && exists)
    }
}

fn hash(password: &str) -> anyhow::Result<String> {
    Ok(Argon2::default()
        .hash_password(password.as_bytes())
        .context("hashing a password")?
        .to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_an_account_gets_in() {
        let passwords = Passwords::new(None).unwrap();
        let kept = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        let try_it = async |password: &str, account| {
            passwords
                .is_right(password.to_owned(), account)
                .await
                .unwrap()
        };
        assert!(try_it("correct horse", Some(Some(kept.clone()))).await);
        assert!(!try_it("wrong horse", Some(Some(kept))).await);
        assert!(
            !try_it("nobody's password", None).await,
            "the decoy is nobody's account"
        );
        assert!(
            !try_it("nobody's password", Some(None)).await,
            "demo people have no password"
        );
    }

    #[tokio::test]
    async fn demo_people_get_in_with_the_one_demo_password_and_others_do_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a long demo password\n").unwrap();
        let passwords = Passwords::new(Some(DemoLogins::read(file.path()).unwrap())).unwrap();
        let own = passwords.hash("my own password".to_owned()).await.unwrap();
        let demo = "a long demo password".to_owned();
        assert!(passwords.is_right(demo.clone(), Some(None)).await.unwrap());
        assert!(
            !passwords
                .is_right(demo.clone(), Some(Some(own)))
                .await
                .unwrap()
        );
        assert!(!passwords.is_right(demo, None).await.unwrap());
    }
}
