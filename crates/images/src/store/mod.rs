//! The store of derivatives: each made once, kept in a bounded folder, gone for good when it dies.
//!
//! Invariants, each with a test below:
//!
//! - Concurrent requests of this process for a key share one render. A cancelled request does not cancel it;
//!   a render that no request waits for any more is not begun.
//! - Several processes may render the same key at once: a file appears under its name only when it is complete.
//! - A picture whose token died while it was made is not handed out, and no file of it is ever seen
//!   under its name. The order is: write under a temporary name, hold the token, rename, release. A purge
//!   removes files after its commit, which waits for the hold; so either it removes our file, or the hold
//!   comes after its commit and fails because the token is dead.
//! - A full or broken disk makes pictures slow and never fails them. On one that fills up none is written.

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

/// What is known of a token when its picture was made.
#[derive(Debug)]
pub enum Held<H> {
    /// It is the photo's, and stays so until this is dropped.
    Current(H),
    /// It died.
    Gone,
    /// There is no telling.
    Unknown,
}

/// Where a picture came from this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// It lay on the disk.
    Disk,
    /// It was made just now, for this request or for one that came a moment before.
    Made,
}

/// A picture, ready to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derivative {
    /// The file.
    pub bytes: Bytes,
    /// Where it came from.
    pub source: Source,
}

/// Why there is no picture.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Too many wait already. Ask again in a few seconds.
    #[error("too many pictures are waiting to be made")]
    Busy,
    /// The token died while the picture was made.
    #[error("the photo was deleted or hidden meanwhile")]
    Gone,
    /// The database did not answer whether the token had died. Try again in a few seconds.
    #[error("it is not known whether the photo may still be seen")]
    Unknown,
    /// It cannot be made.
    #[error(transparent)]
    Render(Arc<RenderError>),
    /// Whoever made it was stopped: the process ends, or something panicked.
    #[error("making the picture was interrupted")]
    Interrupted,
}

/// What a store is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder, with `public/` and `private/` below it; made when the first picture is.
    pub folder: PathBuf,
    /// How many threads draw.
    pub threads: usize,
    /// How many pictures may wait to be made, of each priority.
    pub queue_len_max: usize,
    /// The disk of the folder: while it has little room, pictures are made and not kept.
    pub disk: Option<Disk>,
}

impl Settings {
    /// A thread a core, and a line that a core works off in a few seconds.
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

/// How far threads that draw give way: a page that is ready to go out goes out first.
const NICENESS: i32 = 5;

/// How far the thread for large uploads gives way.
const LARGE_NICENESS: i32 = 10;

/// Reads pictures from the disk, and asks what a picture that must be made will cost.
static READING: Lane = Lane::new(32);

/// Places and removes files.
static CHANGING: Lane = Lane::new(16);

/// How pictures are made: [`render`] with the originals, or what a test puts there.
struct Renderer {
    /// Whether this is work for the thread of the large.
    is_large: Box<dyn Fn(Original, Width) -> bool + Send + Sync>,
    render: Box<dyn Fn(Original, Size) -> Result<Vec<u8>, RenderError> + Send + Sync>,
}

struct Shared {
    files: Files,
    pool: Pool,
    /// One thread more, for uploads that are large or wait for a large one of another process: the others never wait behind them.
    large: Pool,
    flights: Flights,
    renderer: Renderer,
    /// The disk failed the last time; it was said once.
    disk_failing: AtomicBool,
    disk: Option<Disk>,
}

/// What a look at the disk has shown.
enum Found {
    OnDisk(Derivative),
    ToMake { large: bool },
}

/// One picture to be made.
#[derive(Clone, Copy)]
struct Work {
    original: Original,
    priority: Priority,
    /// Whether it is for the thread of the large.
    large: bool,
}

/// A picture fresh from the pool.
struct Fresh {
    derivative: Derivative,
    /// Its file, if it was made just now and could be written.
    written: Option<Written>,
}

impl Derivatives {
    /// A store; its threads start when there is something to draw.
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

    /// Reads the picture, or makes it.
    ///
    /// The caller has just read `original` and the key's token from the database. `hold` asks the
    /// database whether that token is still the photo's, and keeps it so while the picture is placed;
    /// it runs only after a picture was made.
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

    /// Takes away every picture of a token, and tells how many there were. When this returns `Ok`,
    /// none is left, nor will one come back: the caller committed the token's end before.
    pub async fn remove(&self, owner: UserId, token: PhotoToken) -> io::Result<usize> {
        self.on_disk(move |files| files.remove(owner, token)).await
    }

    /// Brings the folder below this size by removing what nobody has looked at for longest, and
    /// tidies up after processes that died. One process at a time is enough.
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
    /// The picture as it lies on the disk. A disk that cannot be read holds nothing.
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

    /// The threads for a picture.
    fn pool(&self, large: bool) -> &Pool {
        if large { &self.large } else { &self.pool }
    }

    /// Makes a picture and writes its file. Runs on a thread of the pool.
    fn make(&self, key: &Key, original: Original) -> Result<Fresh, StoreError> {
        // Another process, or a flight that landed a moment ago, may have been quicker.
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

    /// Shows a picture to everybody, while its token is held.
    fn place(&self, written: Written) {
        match written.place() {
            Ok(()) => self.disk_failing.store(false, Ordering::Relaxed),
            Err(error) => self.disk_failed(&error),
        }
    }

    /// Says so once, and again only after a picture could be placed in between.
    fn disk_failed(&self, error: &io::Error) {
        if !self.disk_failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                folder = %self.files.root.display(),
                %error,
                "pictures cannot be kept on the disk; each is made anew for every request"
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
