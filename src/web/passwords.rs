//! Passwords: argon2id, a bounded number at once, and as slow for strangers as for members.

use std::path::Path;

use anyhow::Context as _;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// How many passwords are hashed at once in a process: each takes 19 MiB and 16 ms of a core.
const HASHES_AT_ONCE: usize = 2;

/// The fewest characters of a password: NIST SP 800-63B, 3.1.1.2 asks for eight at least.
pub(super) const PASSWORD_CHARS_MIN: usize = 8;

/// The most bytes that we hash; more is nobody's password.
pub(super) const PASSWORD_BYTES_MAX: usize = 1000;

/// What a password is checked against where there is no account, so that the answer takes as long: random
/// bytes in the shape of a hash, of which nobody knows a password. Written down, because hashing takes 16 ms, which a
/// process that answers one request should not spend before it; a test compares the parameters.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$KkxFQMCkINvUDfRMktnmuw$emG9f40o7vk8i9qX/wnbe9+ddTPdlb4HQ3vaOtHw32U";

/// Hashes and checks passwords; preparing to costs nothing.
///
/// The parameters are the crate's defaults, which are OWASP's first choice for argon2id (Password
/// Storage Cheat Sheet): 19 MiB, two passes, one lane.
#[derive(Debug)]
pub struct Passwords {
    permits: Semaphore,
    demo: Option<DemoLogins>,
}

/// The one password of all demo people. It lies in a file for everybody who runs the site, so a plain
/// digest of it is secret enough.
#[derive(Debug, Clone)]
pub struct DemoLogins {
    digest: [u8; 32],
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
            digest: digest(password),
        })
    }

    fn is_it(&self, password: &str) -> bool {
        self.digest.ct_eq(&digest(password)).into()
    }
}

impl Passwords {
    /// Prepares to check passwords; people of the demo set get in only with demo logins.
    #[must_use]
    pub fn new(demo: Option<DemoLogins>) -> Self {
        Self {
            permits: Semaphore::new(HASHES_AT_ONCE),
            demo,
        }
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

    /// Whether this is the password of an account; `kept` is its hash, none for demo people. Whatever
    /// there is to compare with, a hash is checked first, so that the answer always takes as long.
    ///
    /// # Errors
    ///
    /// When checking fails for another reason than a wrong password.
    pub async fn is_right(
        &self,
        password: String,
        account: Option<Option<String>>,
    ) -> anyhow::Result<bool> {
        let (kept, is_demo) = match account {
            Some(Some(kept)) => (Some(kept), false),
            Some(None) => (None, true),
            None => (None, false),
        };
        let is_demo_password = self.demo.as_ref().is_some_and(|demo| demo.is_it(&password));
        let has_hash = kept.is_some();
        let _permit = self.permits.acquire().await?;
        let matches = spawn_blocking(move || -> anyhow::Result<bool> {
            let against = kept.as_deref().unwrap_or(DECOY);
            let parsed = PasswordHash::new(against).context("reading a password hash")?;
            Ok(Argon2::default()
                .verify_password(password.as_bytes(), &parsed)
                .is_ok())
        })
        .await??;
        Ok((matches && has_hash) || (is_demo && is_demo_password))
    }
}

fn digest(password: &str) -> [u8; 32] {
    Sha256::digest(password).into()
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
        let passwords = Passwords::new(None);
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
            !try_it("correct horse", None).await,
            "the decoy is nobody's account"
        );
        assert!(
            !try_it("nobody's password", Some(None)).await,
            "demo people have no password"
        );
    }

    #[test]
    fn the_decoy_takes_as_long_as_any_hash() {
        let kept = hash("a password").unwrap();
        let (kept, decoy) = (
            PasswordHash::new(&kept).unwrap(),
            PasswordHash::new(DECOY).unwrap(),
        );
        assert_eq!(
            (decoy.algorithm, decoy.version, &decoy.params),
            (kept.algorithm, kept.version, &kept.params)
        );
        assert_eq!(
            decoy.hash.map(|hash| hash.len()),
            kept.hash.map(|hash| hash.len())
        );
    }

    #[tokio::test]
    async fn demo_people_get_in_with_the_one_demo_password_and_others_do_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a long demo password\n").unwrap();
        let passwords = Passwords::new(Some(DemoLogins::read(file.path()).unwrap()));
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
