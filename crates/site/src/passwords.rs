//! Passwords: argon2id, a bounded number at once, and the same time whether there is an account or not.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

/// How many passwords are hashed at once in a process: each takes 19 MiB and a core.
const HASHES_AT_ONCE: usize = 2;

/// How many requests may wait for a hash in a process, those being hashed included: the last of them
/// waits as long as 15 hashes take one after the other, and occupies no thread meanwhile.
const QUEUE_MAX: usize = 32;

/// How many further places the queue has for browsers that an account knows, which a crowd of strangers cannot take.
const QUEUE_MAX_OF_KNOWN: usize = 16;

/// The fewest characters of a password: NIST SP 800-63B, 3.1.1.2 asks for eight at least.
pub const PASSWORD_CHARS_MIN: usize = 8;

/// The most bytes that are hashed; no real password is longer.
pub const PASSWORD_BYTES_MAX: usize = 1000;

/// The hash that a password is checked against if there is no account, so that the response takes as long: random
/// bytes in the shape of a hash whose password is unknown. A constant, because a process that answers
/// one request should not hash a password before it; a test compares the parameters.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$KkxFQMCkINvUDfRMktnmuw$emG9f40o7vk8i9qX/wnbe9+ddTPdlb4HQ3vaOtHw32U";

/// Hashes and checks passwords.
///
/// The parameters are the crate's defaults, which are OWASP's first choice for argon2id (Password
/// Storage Cheat Sheet): 19 MiB, two passes, one lane.
#[derive(Debug)]
pub struct Passwords {
    queue: HashQueue,
    demo: Option<DemoLogins>,
}

/// The one password of all demo people. It is in a file that the operator of the site reads, so a plain digest of it is
/// secret enough.
#[derive(Debug, Clone)]
pub struct DemoLogins {
    digest: [u8; 32],
}

/// Which places of the queue a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The common places.
    Stranger,
    /// Also those reserved for browsers that the account knows.
    Known,
}

/// The queue is full; the request may be retried in a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

/// The right to hash one password. Dropping it frees its place in the queue.
#[derive(Debug)]
pub struct Turn {
    _place: OwnedSemaphorePermit,
    _hash: OwnedSemaphorePermit,
}

/// A bounded FIFO queue of requests that wait for a hash, without a thread.
#[derive(Debug)]
struct HashQueue {
    places: Arc<Semaphore>,
    places_of_known: Arc<Semaphore>,
    hashes: Arc<Semaphore>,
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

impl HashQueue {
    fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(QUEUE_MAX)),
            places_of_known: Arc::new(Semaphore::new(QUEUE_MAX_OF_KNOWN)),
            hashes: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
        }
    }

    async fn turn(&self, standing: Standing) -> Result<Turn, Busy> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = match (place, standing) {
            (Err(_), Standing::Known) => Arc::clone(&self.places_of_known).try_acquire_owned(),
            (place, _) => place,
        };
        let place = place.map_err(|_| Busy)?;
        // The semaphore is never closed.
        let hash = Arc::clone(&self.hashes).acquire_owned().await;
        Ok(Turn {
            _place: place,
            _hash: hash.map_err(|_| Busy)?,
        })
    }
}

impl Turn {
    /// Runs work on a thread of its own. The turn ends with the work, not with the request: a cancelled request does not
    /// let another hash begin beside its own.
    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        let done = spawn_blocking(move || {
            let done = work();
            drop(self);
            done
        });
        Ok(done.await?)
    }
}

impl Passwords {
    /// Demo people can log in only if there are demo logins.
    #[must_use]
    pub fn new(demo: Option<DemoLogins>) -> Self {
        Self {
            queue: HashQueue::new(),
            demo,
        }
    }

    /// Waits for the turn to hash a password.
    ///
    /// # Errors
    ///
    /// At once, when the queue is full.
    pub async fn turn(&self, standing: Standing) -> Result<Turn, Busy> {
        self.queue.turn(standing).await
    }

    /// Hashes a new password.
    ///
    /// # Errors
    ///
    /// When hashing fails.
    pub async fn hash(&self, turn: Turn, password: String) -> anyhow::Result<String> {
        turn.run(move || hash(&password)).await?
    }

    /// Whether this is the password of an account; `kept` is its hash, `None` for demo people. A hash is checked in every
    /// case, so that the response always takes as long.
    ///
    /// # Errors
    ///
    /// When checking fails for another reason than a wrong password.
    pub async fn is_right(
        &self,
        turn: Turn,
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
        let check = move || -> anyhow::Result<bool> {
            let against = kept.as_deref().unwrap_or(DECOY);
            let parsed = PasswordHash::new(against).context("reading a password hash")?;
            Ok(Argon2::default()
                .verify_password(password.as_bytes(), &parsed)
                .is_ok())
        };
        let matches = turn.run(check).await??;
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
    use std::sync::mpsc;

    use futures::FutureExt as _;

    use super::*;

    async fn hashed(passwords: &Passwords, password: &str) -> String {
        let turn = passwords.turn(Standing::Stranger).await.unwrap();
        passwords.hash(turn, password.to_owned()).await.unwrap()
    }

    async fn try_it(
        passwords: &Passwords,
        password: &str,
        account: Option<Option<String>>,
    ) -> bool {
        let turn = passwords.turn(Standing::Stranger).await.unwrap();
        let password = password.to_owned();
        passwords.is_right(turn, password, account).await.unwrap()
    }

    #[tokio::test]
    async fn only_the_right_password_of_an_account_gets_in() {
        let passwords = Passwords::new(None);
        let kept = hashed(&passwords, "correct horse").await;
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        assert!(try_it(&passwords, "correct horse", Some(Some(kept.clone()))).await);
        assert!(!try_it(&passwords, "wrong horse", Some(Some(kept))).await);
        assert!(
            !try_it(&passwords, "correct horse", None).await,
            "the decoy is nobody's account"
        );
        assert!(
            !try_it(&passwords, "nobody's password", Some(None)).await,
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
        let own = hashed(&passwords, "my own password").await;
        let demo = "a long demo password";
        assert!(try_it(&passwords, demo, Some(None)).await);
        assert!(!try_it(&passwords, demo, Some(Some(own))).await);
        assert!(!try_it(&passwords, demo, None).await);
        std::fs::write(file.path(), "1234567\n").unwrap();
        assert!(DemoLogins::read(file.path()).is_err(), "no password");
    }

    /// Work that signals its begin and lasts until it receives the signal to end.
    fn endless() -> (
        mpsc::Sender<()>,
        mpsc::Receiver<()>,
        impl FnOnce() + Send + 'static,
    ) {
        let (end, ends) = mpsc::channel::<()>();
        let (begin, begun) = mpsc::channel();
        let work = move || {
            let _ = begin.send(());
            let _ = ends.recv();
        };
        (end, begun, work)
    }

    #[tokio::test]
    async fn a_client_that_leaves_gives_up_its_place_but_not_the_thread_of_its_hash() {
        let queue = HashQueue::new();
        let mut ends = Vec::new();
        for _ in 0..HASHES_AT_ONCE {
            let (end, begun, work) = endless();
            ends.push(end);
            let turn = queue.turn(Standing::Stranger).await.unwrap();
            // Begun, then dropped: the client has closed the connection.
            assert!(turn.run(work).now_or_never().is_none());
            begun.recv().unwrap();
        }
        let mut next = Box::pin(queue.turn(Standing::Stranger));
        assert!(
            next.as_mut().now_or_never().is_none(),
            "no hash begins beside those of clients that left"
        );
        assert_eq!(
            queue.places.available_permits(),
            QUEUE_MAX - HASHES_AT_ONCE - 1
        );
        drop(next);
        assert_eq!(queue.places.available_permits(), QUEUE_MAX - HASHES_AT_ONCE);
        drop(ends);
        let all = u32::try_from(HASHES_AT_ONCE).unwrap();
        drop(queue.hashes.acquire_many(all).await.unwrap());
    }

    #[tokio::test]
    async fn a_full_line_answers_at_once_and_keeps_places_for_known_browsers() {
        let queue = HashQueue::new();
        let mut turns = Vec::new();
        for _ in 0..HASHES_AT_ONCE {
            turns.push(queue.turn(Standing::Stranger).await.unwrap());
        }
        let mut waiting = Vec::new();
        let mut join = |standing| {
            let mut next = Box::pin(queue.turn(standing));
            let is_busy = matches!(next.as_mut().now_or_never(), Some(Err(Busy)));
            waiting.push(next);
            is_busy
        };
        let strangers = (0..1000).filter(|_| !join(Standing::Stranger)).count();
        assert_eq!(strangers, QUEUE_MAX - HASHES_AT_ONCE);
        let known = (0..1000).filter(|_| !join(Standing::Known)).count();
        assert_eq!(known, QUEUE_MAX_OF_KNOWN);
    }
}
