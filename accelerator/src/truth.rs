//! The one question that the accelerator asks the site.

use std::future::Future;
use std::pin::Pin;

/// Knows whether a path may still be shown to everybody; usually by asking the database.
///
/// Asked before a file is stored and once more after: between the two it may have been deleted or
/// hidden, perhaps by another process. Then the stored copy is taken back.
pub trait Truth: Send + Sync + 'static {
    /// Tells whether the file under this path is still current. In doubt (the database does not answer) say no.
    fn still_current(&self, path: &str) -> impl Future<Output = bool> + Send;
}

/// Everything is always current: for a site without deletion, and for fingerprinted files.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlwaysCurrent;

impl Truth for AlwaysCurrent {
    async fn still_current(&self, _path: &str) -> bool {
        true
    }
}

/// The same as [`Truth`] in a shape that can be kept behind a pointer.
pub(crate) trait BoxedTruth: Send + Sync + 'static {
    fn ask<'a>(&'a self, path: &'a str) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>>;
}

impl<T: Truth> BoxedTruth for T {
    fn ask<'a>(&'a self, path: &'a str) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(self.still_current(path))
    }
}
