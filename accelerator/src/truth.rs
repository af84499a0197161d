//! The one question that the accelerator asks the site.

use std::future::Future;
use std::pin::Pin;

/// Knows whether a path may still be shown to everybody; usually by asking the database.
pub trait Truth: Send + Sync + 'static {
    /// Tells whether the file under this path is still current. In doubt (the database does not answer) say no.
    ///
    /// Asked for each visitor who gets what was made for another, and after each store.
    fn still_current(&self, path: &str) -> impl Future<Output = bool> + Send;

    /// Keeps the file under this path current until the [`Hold`] is dropped; none if it is not current.
    ///
    /// Held while a file is stored. A deletion that has to wait for it (a database locks the row) finds the item
    /// in memcached and purges it; one that came first is seen here. Without a lock, as by default, a store may
    /// come between a deletion in another process and its acknowledgement; then the item is taken back
    /// as soon as it is stored, which is one question too late for whoever asks meanwhile.
    ///
    /// It is held for as long as one exchange with memcached takes; if that breaks off, until it is known whether
    /// the item arrived, at most as long as a purge takes more (some two seconds by default, four with a
    /// [`Fence`](crate::Fence)).
    fn hold(&self, path: &str) -> impl Future<Output = Option<Hold>> + Send {
        async { self.still_current(path).await.then(Hold::nothing) }
    }
}

/// A promise that a file stays current as long as this lives.
pub struct Hold(Option<Box<dyn Send>>);

impl Hold {
    /// The file stays current until this lock, which may be a transaction, is dropped.
    pub fn until_dropped(lock: impl Send + 'static) -> Self {
        Self(Some(Box::new(lock)))
    }

    /// Nothing is held: the file was current at the moment of asking.
    pub fn nothing() -> Self {
        Self(None)
    }
}

impl std::fmt::Debug for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hold")
            .field("is_lock", &self.0.is_some())
            .finish()
    }
}

/// Everything is always current: for a site without deletion, and for fingerprinted files.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlwaysCurrent;

impl Truth for AlwaysCurrent {
    async fn still_current(&self, _path: &str) -> bool {
        true
    }

    async fn hold(&self, _path: &str) -> Option<Hold> {
        Some(Hold::until_dropped(()))
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The same as [`Truth`] in a shape that can be kept behind a pointer.
pub(crate) trait BoxedTruth: Send + Sync + 'static {
    fn ask<'a>(&'a self, path: &'a str) -> Answer<'a, bool>;
    fn take_hold<'a>(&'a self, path: &'a str) -> Answer<'a, Option<Hold>>;
}

impl<T: Truth> BoxedTruth for T {
    fn ask<'a>(&'a self, path: &'a str) -> Answer<'a, bool> {
        Box::pin(self.still_current(path))
    }

    fn take_hold<'a>(&'a self, path: &'a str) -> Answer<'a, Option<Hold>> {
        Box::pin(self.hold(path))
    }
}
