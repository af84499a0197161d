//! The store of derivatives: each is rendered once and kept in a folder of bounded size until it is evicted or its
//! photo is deleted or hidden.
//!
//! Invariants, each with a test below:
//!
//! - Concurrent requests of this process for a key share one render. A cancelled request does not cancel it;
//!   a queued render is skipped if no request waits for it any more.
//! - Several processes may render the same key at once: a file appears under its name only when it is complete.
//! - A picture whose token was revoked during its render is not returned, and no file of it ever appears
//!   under its name. The order is: write under a temporary name, hold the token, rename, release. A purge
//!   removes files after its commit, which waits for the hold; so either it removes our file, or the hold
//!   comes after its commit and fails because the token is revoked.
//! - A full or broken disk makes requests slower and never fails them. Nothing is written to a disk that fills up.

mod files;
mod key;
mod single_flight;
mod sweep;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use self::files::{Files, Written};
pub use self::key::{Key, Shelf};
use self::single_flight::Flights;
pub use self::sweep::Swept;
use super::pool::Pool;
pub use super::pool::Priority;
use domain::{PhotoToken, UserId};

use super::pool::Threads;
use super::render::is_large;
use super::{Original, Originals, RenderError, Size, Width, render};
use crate::blocking::Lane;
use crate::disk::Disk;

/// The state of a token after its picture was rendered.
#[derive(Debug)]
pub enum Held<H> {
    /// It is the current token of the photo, and stays so until this is dropped.
    Current(H),
    /// It was revoked: the photo was deleted or hidden.
    Gone,
    /// The database did not answer.
    Unknown,
}

/// Where the bytes of a response came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The disk.
    Disk,
    /// A render for this request, or for an earlier one that this request joined.
    Made,
}

/// A picture, ready to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derivative {
    /// The content of the file.
    pub bytes: Bytes,
    /// Where it came from.
    pub source: Source,
}

/// Why the store returns no picture.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The queue is full. Retry in a few seconds.
    #[error("the queue of renders is full")]
    Busy,
    /// The token was revoked during the render.
    #[error("the photo was deleted or hidden during the render")]
    Gone,
    /// The database did not answer whether the token is still current. Retry in a few seconds.
    #[error("the database did not confirm that the photo is still visible")]
    Unknown,
    /// The render failed.
    #[error(transparent)]
    Render(Arc<RenderError>),
    /// The render did not complete: the process is ending, or the render panicked.
    #[error("the render was interrupted")]
    Interrupted,
}

/// The settings of a store.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder, with `public/` and `private/` below it; created with the first picture.
    pub folder: PathBuf,
    /// How many threads render.
    pub threads: usize,
    /// How many renders of each priority may be queued.
    pub queue_len_max: usize,
    /// The disk of the folder: while it is nearly full, pictures are rendered and not stored.
    pub disk: Option<Disk>,
}

impl Settings {
    /// One thread per core, and a queue that a core works off in a few seconds.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            folder: folder.into(),
            threads,
            queue_len_max: 256 * threads,
            disk: None,
        }
    }
}

/// The store. Clones share it.
#[derive(Debug, Clone)]
pub struct Derivatives {
    shared: Arc<Shared>,
}

/// The niceness of the render threads: they give way to the threads that send pages.
const NICENESS: i32 = 5;

/// The niceness of the thread for large uploads.
const LARGE_NICENESS: i32 = 10;

/// Reads pictures from the disk, and estimates the memory of those that must be rendered.
static READING: Lane = Lane::new(32);

/// Renames and removes files.
static CHANGING: Lane = Lane::new(16);

/// Renders pictures: [`render`] with the originals, or a replacement in tests.
struct Renderer {
    /// Whether the render needs the thread for large uploads.
    is_large: Box<dyn Fn(Original, Width) -> bool + Send + Sync>,
    render: Box<dyn Fn(Original, Size) -> Result<Vec<u8>, RenderError> + Send + Sync>,
}

struct Shared {
    files: Files,
    pool: Pool,
    /// One more thread, for uploads that are large or wait for a large one of another process: other renders never wait
    /// behind them.
    large: Pool,
    flights: Flights,
    renderer: Renderer,
    /// The last access to the disk failed, and the failure is logged.
    disk_failing: AtomicBool,
    disk: Option<Disk>,
}

/// The result of looking for a picture on the disk.
enum Found {
    OnDisk(Derivative),
    ToMake { large: bool },
}

/// One picture to render.
#[derive(Clone, Copy)]
struct Work {
    original: Original,
    priority: Priority,
    /// Whether the render needs the thread for large uploads.
    large: bool,
}

/// The result of a render job.
struct Fresh {
    derivative: Derivative,
    /// The file under its temporary name, if the picture was rendered by this job and could be written.
    written: Option<Written>,
}

impl Derivatives {
    /// A store; its threads start with the first render.
    #[must_use]
    pub fn new(settings: Settings, originals: Originals) -> Self {
        let of_large = originals.clone();
        let renderer = Renderer {
            is_large: Box::new(move |original, width| is_large(original, &of_large, width)),
            render: Box::new(move |original, size| render(original, &originals, size)),
        };
        Self::with(settings, renderer)
    }

    fn with(settings: Settings, renderer: Renderer) -> Self {
        let threads = Threads {
            name: "draw",
            count: settings.threads,
            niceness: NICENESS,
        };
        let large = Threads {
            name: "draw-large",
            count: 1,
            niceness: LARGE_NICENESS,
        };
        let shared = Shared {
            files: Files {
                root: settings.folder,
            },
            pool: Pool::new(threads, settings.queue_len_max),
            large: Pool::new(large, settings.queue_len_max),
            flights: Flights::default(),
            renderer,
            disk_failing: AtomicBool::new(false),
            disk: settings.disk,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Reads the picture from the disk, or renders and stores it.
    ///
    /// The caller has just read `original` and the key's token from the database. `hold` checks in
    /// the database that the token is still current, and keeps it so while the file gets its name;
    /// it runs only after a render.
    pub async fn get_or_make<H: Send + 'static>(
        &self,
        key: Key,
        original: Original,
        priority: Priority,
        hold: impl Future<Output = Held<H>> + Send + 'static,
    ) -> Result<Derivative, StoreError> {
        let shared = Arc::clone(&self.shared);
        let looked = READING.run(move || match shared.read(&key) {
            Some(derivative) => Found::OnDisk(derivative),
            None => Found::ToMake {
                large: (shared.renderer.is_large)(original, key.size.width),
            },
        });
        let large = match looked.await.map_err(|_| StoreError::Interrupted)? {
            Found::OnDisk(derivative) => return Ok(derivative),
            Found::ToMake { large } => large,
        };
        let work = Work {
            original,
            priority,
            large,
        };
        let mut answer = single_flight::join_or_start(&self.shared, key, work, hold)?;
        let answer = answer.wait_for(Option::is_some).await;
        match answer.as_deref() {
            Ok(Some(answer)) => answer.clone(),
            _ => Err(StoreError::Interrupted),
        }
    }

    /// Removes every picture of a token and returns how many there were. When this returns `Ok`, none is left and none
    /// will be stored later, provided that the caller committed the revocation of the token before.
    pub async fn remove(&self, owner: UserId, token: PhotoToken) -> io::Result<usize> {
        self.on_disk(move |files| files.remove(owner, token)).await
    }

    /// Evicts the least recently used pictures until the folder is below this size, and removes the temporary files of
    /// processes that died. One process at a time is enough.
    pub async fn sweep(&self, bytes_max: u64) -> io::Result<Swept> {
        self.on_disk(move |files| files.sweep(bytes_max)).await
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let shared = Arc::clone(&self.shared);
        CHANGING
            .run(move || work(&shared.files))
            .await
            .map_err(io::Error::other)?
    }
}

impl Shared {
    /// Reads the picture from the disk. A disk that cannot be read counts as empty.
    fn read(&self, key: &Key) -> Option<Derivative> {
        match self.files.read(key) {
            Ok(bytes) => Some(Derivative {
                bytes: Bytes::from(bytes?),
                source: Source::Disk,
            }),
            Err(error) => {
                self.disk_failed(&error);
                None
            }
        }
    }

    /// The threads that render a picture.
    fn pool(&self, large: bool) -> &Pool {
        if large { &self.large } else { &self.pool }
    }

    /// Renders a picture and writes its temporary file. Runs on a thread of the pool.
    fn make(&self, key: &Key, original: Original) -> Result<Fresh, StoreError> {
        // Another process, or a flight that has just completed, may have stored it meanwhile.
        if let Some(derivative) = self.read(key) {
            return Ok(Fresh {
                derivative,
                written: None,
            });
        }
        let bytes = (self.renderer.render)(original, key.size)
            .map_err(|error| StoreError::Render(Arc::new(error)))?;
        let written = if self.disk.as_ref().is_none_or(Disk::keeps_derivatives) {
            let written = self.files.write(key, &bytes);
            written.inspect_err(|error| self.disk_failed(error)).ok()
        } else {
            None
        };
        Ok(Fresh {
            derivative: Derivative {
                bytes: Bytes::from(bytes),
                source: Source::Made,
            },
            written,
        })
    }

    /// Renames the file to its final name. Called while its token is held.
    fn place(&self, written: Written) {
        match written.place() {
            Ok(()) => self.disk_failing.store(false, Ordering::Relaxed),
            Err(error) => self.disk_failed(&error),
        }
    }

    /// Logs the failure once, and again only after a file could be stored in between.
    fn disk_failed(&self, error: &io::Error) {
        if !self.disk_failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                folder = %self.files.root.display(),
                %error,
                "cannot read or store pictures on the disk; each request renders its picture"
            );
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("files", &self.files)
            .field("pool", &self.pool)
            .field("large", &self.large)
            .finish_non_exhaustive()
    }
}
