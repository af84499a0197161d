//! The one question that the accelerator asks the site: is this file still valid?

use std::future::Future;
use std::pin::Pin;

/// Answers whether a path may still be served to everyone; usually by asking the database.
pub trait Validity: Send + Sync + 'static {
    /// Returns whether the file at this path is still current. Return `false` when in doubt, as when the database
    /// does not answer.
    ///
    /// Called before a response is shared with a request that waited for it, and after each store.
    fn still_current(&self, path: &str) -> impl Future<Output = bool> + Send;

    /// Keeps the file at this path current until the [`Lease`] is dropped; `None` if it is not current.
    ///
    /// Held while a file is stored. A deletion that waits for the lease (a database locks the row) finds the item
    /// in memcached and purges it; a deletion that came first is seen here. Without a lock, as by default, a store
    /// may fall between a deletion in another process and its acknowledgement. The item is then taken back as soon
    /// as it is stored, and nginx may serve it for that one round trip.
    ///
    /// The lease is held for one exchange with memcached. If the exchange breaks off, it is held until it is known
    /// whether the item arrived, at most for one purge more (some two seconds by default, four with a
    /// [`Fence`](crate::Fence)).
    fn lease(&self, path: &str) -> impl Future<Output = Option<Lease>> + Send {
        async { self.still_current(path).await.then(Lease::unlocked) }
    }
}

/// Keeps a file current for as long as it lives. (No relation to the leases of memcached's `mg`.)
pub struct Lease(Option<Box<dyn Send>>);

impl Lease {
    /// The file stays current until this lock, which may be a transaction, is dropped.
    pub fn until_dropped(lock: impl Send + 'static) -> Self {
        Self(Some(Box::new(lock)))
    }

    /// Nothing is locked: the file was current at the moment of the question.
    pub fn unlocked() -> Self {
        Self(None)
    }
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lease")
            .field("is_lock", &self.0.is_some())
            .finish()
    }
}

/// Every file is always current: for a site without deletion, and for fingerprinted files.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlwaysCurrent;

impl Validity for AlwaysCurrent {
    async fn still_current(&self, _path: &str) -> bool {
        true
    }

    async fn lease(&self, _path: &str) -> Option<Lease> {
        Some(Lease::until_dropped(()))
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// [`Validity`] with boxed futures, so that it can be used as a trait object.
pub(crate) trait DynValidity: Send + Sync + 'static {
    fn still_current_boxed<'a>(&'a self, path: &'a str) -> BoxFuture<'a, bool>;
    fn lease_boxed<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Option<Lease>>;
}

impl<T: Validity> DynValidity for T {
    fn still_current_boxed<'a>(&'a self, path: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(self.still_current(path))
    }

    fn lease_boxed<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Option<Lease>> {
        Box::pin(self.lease(path))
    }
}
