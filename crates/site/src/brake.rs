//! The brake: limits how often passwords may be guessed and accounts created.
//!
//! # The policy
//!
//! An attempt to log in is counted before its outcome is known, by up to three counters, and checked only if all of them
//! are open. In each counter some attempts in a row are free; the last of them closes it for a second, each further one
//! for twice as long, up to the counter's calm period; each calm period without an attempt lowers the count by one.
//! Refused attempts are not counted and cost no hash.
//!
//! | counter | of | free | calm | holds |
//! |---|---|--:|--:|---|
//! | pair | account and network | 6 | 15 min | one guesser of one account: 112 attempts on the first day, 96 on others |
//! | address | network | 6 | 5 min | one guesser of many accounts: 300 attempts on the first day, 288 on others |
//! | account | account | 50 | 15 min | many guessers of one account: 156 attempts on the first day, 96 on others |
//! | browser | account and known browser | 6 | 15 min | a thief of a known browser's cookie |
//! | sign-up | network | 10 | 5 min | a maker of many accounts |
//!
//! A network is an IPv4 address or a /64 of IPv6.
//!
//! **Strangers cannot keep an owner out.** A browser in which the account was logged in to before has a
//! cookie with a random secret, and is counted by `browser` alone: neither the attempts of others on the account nor those
//! of neighbours behind the same address close it. Only an owner with a new browser shares `account` with the attackers,
//! and waits a quarter of an hour at most for each attempt. Known browsers also have a queue of their own before the
//! database, which a crowd of strangers does not fill. A stranger can only fill that queue with made-up cookies
//! faster than one connection looks them up, each by an index.
//!
//! **A success clears the pair, and takes back its own attempt at the other two.** Failures of an address stay counted:
//! otherwise the owner of one account could log in between guesses at others.
//!
//! **The number of rows is bounded** by the schema, 131,072 of each kind: a subject is hashed to a bucket,
//! with a secret that is drawn once and kept in the database. Two subjects in one bucket share a counter,
//! which is rare enough: of 100,000 attempts a calm period, spread over all buckets, six or more meet in
//! one bucket of 7,000. A stranger cannot choose a bucket.

use db::rate_limit::{self, BUCKETS, Counter};
use domain::{Network, Secret, SecretHash, Username};
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

/// A kind of counter, and how fast it closes.
#[derive(Debug, Clone, Copy)]
struct Limit {
    kind: &'static str,
    free: i32,
    calm_s: i32,
}

const PAIR: Limit = Limit {
    kind: "pair",
    free: 6,
    calm_s: 15 * 60,
};
const ADDRESS: Limit = Limit {
    kind: "address",
    free: 6,
    calm_s: 5 * 60,
};
const ACCOUNT: Limit = Limit {
    kind: "account",
    free: 50,
    calm_s: 15 * 60,
};
const BROWSER: Limit = Limit {
    kind: "browser",
    free: 6,
    calm_s: 15 * 60,
};
const SIGN_UP: Limit = Limit {
    kind: "sign-up",
    free: 10,
    calm_s: 5 * 60,
};

/// The longest calm period of all limits.
const CALM_S_MAX: i32 = 15 * 60;

/// The source of an attempt to log in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt<'a> {
    /// The name, whether there is such an account or not.
    pub(super) name: Option<&'a Username>,
    pub(super) network: Network,
    /// The browser, where the account knows it.
    pub(super) known_browser: Option<&'a SecretHash>,
}

/// The counters of an admitted attempt.
#[derive(Debug)]
pub(super) struct Counted {
    /// The counter that only this visitor fills: cleared by a success.
    own: Option<Counter>,
    /// The counters shared with others: a success takes back the one attempt.
    shared: Vec<Counter>,
}

/// Counts attempts and decides which are admitted; all processes of a site share its counters.
#[derive(Debug, Default)]
pub struct Brake {
    key: OnceCell<String>,
}

impl Brake {
    /// Counts an attempt to log in.
    ///
    /// Returns its counters, or how many seconds to wait.
    pub(super) async fn log_in(
        &self,
        db: &db::Pool,
        attempt: Attempt<'_>,
    ) -> Result<Result<Counted, i64>, db::Error> {
        let key = self.key(db).await?;
        let network = attempt.network.to_string();
        let counted = match (attempt.name, attempt.known_browser) {
            (Some(name), Some(browser)) => {
                let parts = [name.as_str().as_bytes(), browser.as_bytes()];
                Counted {
                    own: Some(BROWSER.of(key, &parts)),
                    shared: vec![],
                }
            }
            (Some(name), None) => {
                let (name, network) = (name.as_str().as_bytes(), network.as_bytes());
                Counted {
                    own: Some(PAIR.of(key, &[name, network])),
                    shared: vec![ADDRESS.of(key, &[network]), ACCOUNT.of(key, &[name])],
                }
            }
            (None, _) => Counted {
                own: None,
                shared: vec![ADDRESS.of(key, &[network.as_bytes()])],
            },
        };
        admit(db, counted).await
    }

    /// Counts an attempt to create an account.
    ///
    /// Returns its counter, or how many seconds to wait.
    pub(super) async fn sign_up(
        &self,
        db: &db::Pool,
        network: Network,
    ) -> Result<Result<Counted, i64>, db::Error> {
        let key = self.key(db).await?;
        let counter = SIGN_UP.of(key, &[network.to_string().as_bytes()]);
        let counted = Counted {
            own: None,
            shared: vec![counter],
        };
        admit(db, counted).await
    }

    async fn key(&self, db: &db::Pool) -> Result<&str, db::Error> {
        let key = self.key.get_or_try_init(async || {
            let mut connection = db.acquire().await?;
            rate_limit::key(&mut connection, &Secret::random().reveal()).await
        });
        key.await.map(String::as_str)
    }
}

impl Counted {
    /// Clears the counts of a successful attempt.
    pub(super) async fn succeeded(&self, db: &db::Pool) -> Result<(), db::Error> {
        if let Some(own) = self.own {
            rate_limit::forget(db, own).await?;
        }
        for counter in &self.shared {
            rate_limit::give_back(db, *counter).await?;
        }
        Ok(())
    }

    /// Takes back an attempt that was not checked.
    pub(super) async fn not_checked(&self, db: &db::Pool) -> Result<(), db::Error> {
        for counter in self.all() {
            rate_limit::give_back(db, counter).await?;
        }
        Ok(())
    }

    /// The most specific counter first: all transactions lock counters in this order of kinds, which excludes deadlocks.
    fn all(&self) -> impl Iterator<Item = Counter> {
        self.own.into_iter().chain(self.shared.iter().copied())
    }
}

impl Limit {
    /// The counter of a subject, given in parts.
    fn of(self, key: &str, parts: &[&[u8]]) -> Counter {
        let mut hash = Sha256::new();
        for part in [key.as_bytes(), self.kind.as_bytes()].iter().chain(parts) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let [a, b, c, d, ..]: [u8; 32] = hash.finalize().into();
        let bucket = u32::from_be_bytes([a, b, c, d]) % BUCKETS;
        Counter {
            kind: self.kind,
            // Less than BUCKETS.
            bucket: bucket as i32,
            free: self.free,
            calm_s: self.calm_s,
        }
    }
}

/// Counts an attempt by all of its counters, or by none.
async fn admit(db: &db::Pool, counted: Counted) -> Result<Result<Counted, i64>, db::Error> {
    let counters: Vec<Counter> = counted.all().collect();
    if let Some(seconds) = rate_limit::closed_for(db, &counters).await? {
        return Ok(Err(whole(seconds)));
    }
    let mut tx = db.begin().await?;
    for counter in &counters {
        if !rate_limit::count(&mut *tx, *counter).await? {
            // Another attempt has just closed the counter. Roll back the counts so far.
            tx.rollback().await?;
            let seconds = rate_limit::closed_for(db, &counters).await?;
            return Ok(Err(whole(seconds.unwrap_or_default())));
        }
    }
    tx.commit().await?;
    Ok(Ok(counted))
}

/// A wait in whole seconds, at least one, for the page and the header.
fn whole(seconds: f64) -> i64 {
    (seconds.ceil() as i64).max(1)
}

/// Deletes the counters whose level is 0 again.
pub(super) async fn sweep(db: &db::Pool) -> Result<(), db::Error> {
    rate_limit::sweep(db, CALM_S_MAX).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_has_one_bucket_and_the_key_decides_which() {
        let of = |key: &str, parts: &[&[u8]]| PAIR.of(key, parts).bucket;
        assert_eq!(of("k", &[b"ann", b"::/64"]), of("k", &[b"ann", b"::/64"]));
        // The parts are not merely concatenated.
        assert_ne!(of("k", &[b"ann", b"1"]), of("k", &[b"ann1", b""]));
        assert_ne!(of("k", &[b"ann"]), of("l", &[b"ann"]));
        assert_ne!(of("k", &[b"ann"]), ACCOUNT.of("k", &[b"ann"]).bucket);
        let mut buckets: Vec<i32> = (0..10_000)
            .map(|n: u32| of("k", &[&n.to_be_bytes()]))
            .collect();
        assert!(
            buckets
                .iter()
                .all(|bucket| (0..BUCKETS as i32).contains(bucket))
        );
        buckets.sort_unstable();
        buckets.dedup();
        // 10,000 of 131,072 drawn at random: 371 are expected to meet another.
        assert!(buckets.len() > 9_400, "{}", buckets.len());
    }

    #[test]
    fn the_schema_bounds_the_buckets_and_the_sweep_outlasts_every_calm() {
        let schema = include_str!("../../../schema.sql");
        let bound = format!("bucket between 0 and {}", BUCKETS - 1);
        assert!(schema.contains(&bound), "no {bound:?} in schema.sql");
        for limit in [PAIR, ADDRESS, ACCOUNT, BROWSER, SIGN_UP] {
            assert!(schema.contains(&format!("'{}'", limit.kind)), "{limit:?}");
            assert!(limit.calm_s <= CALM_S_MAX && limit.free > 1, "{limit:?}");
        }
    }
}
