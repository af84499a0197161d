//! Places for uploads: a bounded number for each account over all processes, and for each process.

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

/// How many uploads may be in progress in a process. Most of them are being received, which takes minutes over a slow
/// network, some 512 KiB of memory and up to 64 MiB of disk; the inspector bounds how many wait to be inspected.
const PLACES_PER_PROCESS: usize = 32;

/// How long a response waits until its place is released.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(1);

/// The pauses after each attempt to release a place. After the last one the lease has expired.
const GIVE_BACK_PAUSES_S: [u64; 4] = [1, 10, 60, 180];

/// Why there is no place for an upload.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    /// The account has [`PLACES_PER_ACCOUNT`] uploads in progress.
    #[error("the account has {PLACES_PER_ACCOUNT} uploads under way")]
    Account,
    /// The process has [`PLACES_PER_PROCESS`] uploads in progress.
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
    /// How many uploads each account has in this process. This refuses a flood of one account without a
    /// statement and without a place that another account could use.
    of_account: Mutex<HashMap<UserId, i16>>,
}

/// A place for one upload, released when the last clone is dropped. [`give_back`](Self::give_back) releases it earlier and
/// waits for it.
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
    /// The runtime, because the last clone may be dropped on a thread outside of it.
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
        // Before the statement: a cancelled statement may have been executed.
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
    /// The account that uploads.
    #[must_use]
    pub fn account(&self) -> UserId {
        self.0.here.account
    }

    /// Releases the account's place before the response is sent: the visitor's next upload finds it free, and a process that
    /// ends with the response (CGI) leaves no lease behind.
    pub async fn give_back(self) {
        // Work that continues after its request was cancelled keeps the place until it ends.
        if let Some(taken) = Arc::into_inner(self.0) {
            // The release continues after a cancelled request, and is retried if the database is unavailable.
            let _ = timeout(RELEASE_TIMEOUT, taken.lease.give_back()).await;
        }
    }
}

impl Lease {
    /// Releases the place in a task of its own, and returns the task.
    fn give_back(&self) -> JoinHandle<()> {
        self.returned.store(true, Ordering::Relaxed);
        let (db, account, name) = (self.db.clone(), self.account, self.name);
        self.runtime.spawn(async move {
            for pause_s in GIVE_BACK_PAUSES_S {
                match upload_place::give_back(&db, account, name).await {
                    Ok(()) => return,
                    Err(error) => tracing::warn!(%error, "releasing a place for uploads failed"),
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
