//! Places for uploads: a bounded number an account over all processes, and a bounded number a process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use db::upload_place::{self, PLACES_PER_ACCOUNT};
use domain::UserId;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// How many uploads may be under way in a process. Most of them arrive, which takes minutes over a slow line, some
/// 512 KiB of memory and up to 64 MiB of disk; how many of them wait to be inspected is bounded by the inspector.
const PLACES_PER_PROCESS: usize = 32;

/// How long an answer waits for its place to be given back.
const ANSWER_WAITS_MAX: Duration = Duration::from_secs(1);

/// How long to wait after each try to give a place back. After the last the lease has ended.
const GIVE_BACK_PAUSES_S: [u64; 4] = [1, 10, 60, 180];

/// Why there is no place.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    /// The account has [`PLACES_PER_ACCOUNT`] uploads under way.
    #[error("the account has {PLACES_PER_ACCOUNT} uploads under way")]
    Account,
    /// The process has [`PLACES_PER_PROCESS`] uploads under way.
    #[error("the process has {PLACES_PER_PROCESS} uploads under way")]
    Process,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// All places of a process.
#[derive(Debug)]
pub(super) struct Places {
    db: db::Pool,
    free: Arc<Semaphore>,
    /// How many uploads each account has in this process. A flood of one account is turned away by this, without a
    /// statement and without a place that somebody else could use.
    of_account: Mutex<HashMap<UserId, i16>>,
}

/// A place for one upload. Given back when the last clone is dropped; [`give_back`](Self::give_back) does it sooner, and waits.
#[derive(Debug, Clone)]
pub struct Place(Arc<Taken>);

#[derive(Debug)]
struct Taken {
    lease: Lease,
    here: Here,
}

/// A place among those of the process.
#[derive(Debug)]
struct Here {
    places: Arc<Places>,
    account: UserId,
    _permit: Option<OwnedSemaphorePermit>,
}

/// A place among those of the account, which all processes share.
#[derive(Debug)]
struct Lease {
    db: db::Pool,
    account: UserId,
    name: Uuid,
    returned: AtomicBool,
    /// The last clone may be dropped on a thread that is none of the runtime's.
    runtime: Handle,
}

impl Places {
    pub(super) fn new(db: db::Pool) -> Self {
        Self {
            db,
            free: Arc::new(Semaphore::new(PLACES_PER_PROCESS)),
            of_account: Mutex::default(),
        }
    }

    pub(super) async fn take(places: &Arc<Self>, account: UserId) -> Result<Place, NotAdmitted> {
        let mut here = places.count(account).ok_or(NotAdmitted::Account)?;
        let permit = Arc::clone(&places.free).try_acquire_owned();
        here._permit = Some(permit.map_err(|_| NotAdmitted::Process)?);
        // Before the statement: one that is cancelled may have been executed.
        let lease = Lease {
            db: places.db.clone(),
            account,
            name: Uuid::from_bytes(rand::random()),
            returned: AtomicBool::new(false),
            runtime: Handle::current(),
        };
        let taken = upload_place::take(&places.db, account, lease.name).await;
        if let Ok(false) | Err(db::Error::PoolTimedOut) = taken {
            lease.returned.store(true, Ordering::Relaxed);
        }
        if !taken? {
            return Err(NotAdmitted::Account);
        }
        Ok(Place(Arc::new(Taken { lease, here })))
    }

    fn count(self: &Arc<Self>, account: UserId) -> Option<Here> {
        let mut of_account = self.of_account();
        let count = of_account.entry(account).or_default();
        if *count >= PLACES_PER_ACCOUNT {
            return None;
        }
        *count += 1;
        drop(of_account);
        Some(Here {
            places: Arc::clone(self),
            account,
            _permit: None,
        })
    }

    fn of_account(&self) -> MutexGuard<'_, HashMap<UserId, i16>> {
        self.of_account
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Whose upload it is for.
    #[must_use]
    pub fn account(&self) -> UserId {
        self.0.here.account
    }

    /// Gives the account's place back before its answer is sent: the next upload of a visitor who obeys the answer finds it
    /// free, and a process that ends with the answer (CGI) leaves nothing behind.
    pub async fn give_back(self) {
        // Work that goes on after its client has left keeps the place until it ends.
        if let Some(taken) = Arc::into_inner(self.0) {
            // A client that leaves meanwhile, or a database that is away, does not keep the place taken.
            let _ = timeout(ANSWER_WAITS_MAX, taken.lease.give_back()).await;
        }
    }
}

impl Lease {
    /// Gives the place back in a task of its own, and returns it.
    fn give_back(&self) -> JoinHandle<()> {
        self.returned.store(true, Ordering::Relaxed);
        let (db, account, name) = (self.db.clone(), self.account, self.name);
        self.runtime.spawn(async move {
            for pause_s in GIVE_BACK_PAUSES_S {
                match upload_place::give_back(&db, account, name).await {
                    Ok(()) => return,
                    Err(error) => tracing::warn!(%error, "a place for uploads was not given back"),
                }
                sleep(Duration::from_secs(pause_s)).await;
            }
        })
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        let mut of_account = self.places.of_account();
        if let Some(count) = of_account.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                of_account.remove(&self.account);
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !*self.returned.get_mut() {
            drop(self.give_back());
        }
    }
}
