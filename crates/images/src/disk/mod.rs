//! The free space on the disk, and what the site stops doing when it runs out.
//!
//! | available | what the site stops |
//! |---|---|
//! | at least the reserve | nothing |
//! | less ([`Level::Low`]) | derivatives are rendered but not stored, and none is rendered ahead |
//! | less than half ([`Level::Scarce`]) | uploads (507, before their body is read), new accounts, counted views, old sessions |
//! | nothing, because another program used it | writes (503), until the [ballast](Ballast) frees space for a deletion or a start |
//!
//! Reading, hiding, deleting and logging out work at every level. Uploads never take the disk below half
//! of the reserve, whatever the number of processes: each allocates the blocks of its file first, which all processes
//! see. So the site itself never fills the disk.

pub mod atomic_write;
mod ballast;
mod full;
mod reading;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::Reserve;

pub use self::ballast::{BALLAST_BYTES, Ballast, STEP_BYTES};
pub use self::full::is_disk_full;
pub use self::reading::Reading;

/// How long a reading is reused: within a second the site writes far less than half of the reserve, apart from uploads.
const READING_LIFETIME: Duration = Duration::from_secs(1);

/// How much more than its limit must be available before a level improves, as a fraction of the limit:
/// a disk at the limit would otherwise change level with every file.
const HYSTERESIS: u64 = 16;

/// How much space is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Less than half of the reserve: no uploads.
    Scarce,
    /// Less than the reserve: files that can be rendered again are not stored.
    Low,
    /// At least the reserve.
    Plenty,
}

/// An upload is refused because it would leave less than half of the reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the disk has too little free space for an upload")]
pub struct NoRoom;

/// The disk monitor of a process. Clones share it; a reading costs a lock, and a `statvfs` a second.
#[derive(Clone)]
pub struct Disk {
    shared: Arc<Shared>,
}

/// The source of the readings: `statvfs`, or a function of a test.
type Source = Box<dyn Fn() -> io::Result<Reading> + Send + Sync>;

struct Shared {
    source: Source,
    reserve: Reserve,
    ballast: Option<Ballast>,
    latest: Mutex<Option<Latest>>,
    /// Bytes of admitted uploads that are not allocated on the disk yet.
    in_flight_bytes: AtomicU64,
}

#[derive(Clone, Copy)]
struct Latest {
    at: Instant,
    /// Outdated before its lifetime ends, because an upload was allocated since.
    is_old: bool,
    reading: Reading,
    level: Level,
}

/// The space reserved for one upload, until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct UploadRoom {
    disk: Disk,
    bytes: u64,
}

impl Disk {
    /// Monitors the file systems of these folders, which need not exist yet. The fullest one counts.
    #[must_use]
    pub fn new(folders: &[PathBuf], reserve: Reserve, ballast: Option<Ballast>) -> Self {
        let folders = folders.to_vec();
        let source = move || Reading::of_fullest(&folders);
        Self::with(Box::new(source), reserve, ballast)
    }

    fn with(source: Source, reserve: Reserve, ballast: Option<Ballast>) -> Self {
        Self {
            shared: Arc::new(Shared {
                source,
                reserve,
                ballast,
                latest: Mutex::new(None),
                in_flight_bytes: AtomicU64::new(0),
            }),
        }
    }

    /// The level at most [`READING_LIFETIME`] ago. A disk that cannot be read counts as [`Level::Plenty`]: a write that
    /// fails returns its own error.
    pub fn level(&self) -> Level {
        self.latest().map_or(Level::Plenty, |latest| latest.level)
    }

    /// How many bytes are available; `None` if the disk cannot be read.
    pub fn available_bytes(&self) -> Option<u64> {
        self.latest().map(|latest| latest.reading.available_bytes)
    }

    /// Whether derivatives are stored on the disk, and rendered ahead.
    pub fn keeps_derivatives(&self) -> bool {
        self.level() == Level::Plenty
    }

    /// Reserves space for an upload of this many bytes, before its body is read.
    ///
    /// # Errors
    ///
    /// When the upload, with the others in flight in this process, would leave less than half of the reserve.
    pub fn may_take_upload(&self, bytes: u64) -> Result<UploadRoom, NoRoom> {
        let before = self
            .shared
            .in_flight_bytes
            .fetch_add(bytes, Ordering::Relaxed);
        // From here on dropping it releases the bytes.
        let room = UploadRoom {
            disk: self.clone(),
            bytes,
        };
        if self.level() == Level::Scarce {
            return Err(NoRoom);
        }
        self.leaves_half(before.saturating_add(bytes))
            .map(|()| room)
    }

    /// Checks that half of the reserve remains free after these bytes are written.
    fn leaves_half(&self, bytes: u64) -> Result<(), NoRoom> {
        let Some(Latest { reading, .. }) = self.latest() else {
            return Ok(());
        };
        let limit = self.shared.reserve.bytes(reading.size_bytes) / 2;
        if reading.available_bytes < limit.saturating_add(bytes) {
            return Err(NoRoom);
        }
        Ok(())
    }

    /// Frees a part of the ballast, so that a deletion succeeds on a full disk. Returns whether anything was freed.
    /// Blocks on the disk.
    pub fn give_way(&self) -> bool {
        let Some(ballast) = &self.shared.ballast else {
            return false;
        };
        match ballast.give_up(STEP_BYTES) {
            Ok(0) => false,
            Ok(bytes) => {
                tracing::warn!(bytes, "the disk is full: freed a part of the ballast");
                true
            }
            Err(error) => {
                tracing::warn!(%error, "the disk is full, and the ballast cannot be truncated");
                false
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Latest>> {
        let latest = &self.shared.latest;
        latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn latest(&self) -> Option<Latest> {
        let mut latest = self.lock();
        if let Some(latest) = *latest
            && !latest.is_old
            && latest.at.elapsed() < READING_LIFETIME
        {
            return Some(latest);
        }
        let reading = match (self.shared.source)() {
            Ok(reading) => reading,
            Err(error) => {
                tracing::debug!(%error, "cannot read the free space of the disk");
                return None;
            }
        };
        let before = latest.map_or(Level::Plenty, |latest| latest.level);
        let level = level_after(before, &reading, self.shared.reserve);
        if level != before {
            log_change(before, level, &reading);
        }
        *latest = Some(Latest {
            at: Instant::now(),
            is_old: false,
            reading,
            level,
        });
        *latest
    }
}

impl UploadRoom {
    /// The announced size of the upload.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Releases the reservation, because the blocks of the file are allocated now, and reads the disk again: other
    /// processes may have allocated theirs at the same moment.
    ///
    /// # Errors
    ///
    /// When less than half of the reserve remains free.
    pub fn is_allocated(self) -> Result<(), NoRoom> {
        let disk = self.disk.clone();
        drop(self);
        if let Some(latest) = &mut *disk.lock() {
            latest.is_old = true;
        }
        disk.leaves_half(disk.shared.in_flight_bytes.load(Ordering::Relaxed))
    }
}

impl Drop for UploadRoom {
    fn drop(&mut self) {
        let in_flight = &self.disk.shared.in_flight_bytes;
        in_flight.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The level of a reading. It falls at once, and rises only when more than the limit is free ([`HYSTERESIS`]).
fn level_after(before: Level, reading: &Reading, reserve: Reserve) -> Level {
    let level = |reserve_bytes: u64, inodes_min: u64| {
        if reading.available_bytes < reserve_bytes / 2 || reading.free_inodes < inodes_min / 2 {
            Level::Scarce
        } else if reading.available_bytes < reserve_bytes || reading.free_inodes < inodes_min {
            Level::Low
        } else {
            Level::Plenty
        }
    };
    let reserve_bytes = reserve.bytes(reading.size_bytes);
    let inodes_min = domain::reserve_inodes(reading.inodes);
    let now = level(reserve_bytes, inodes_min);
    if now <= before {
        return now;
    }
    let with_more = |limit: u64| limit + limit / HYSTERESIS;
    level(with_more(reserve_bytes), with_more(inodes_min)).max(before)
}

fn log_change(before: Level, level: Level, reading: &Reading) {
    let (available_bytes, free_inodes) = (reading.available_bytes, reading.free_inodes);
    if level > before {
        tracing::info!(
            ?level,
            available_bytes,
            free_inodes,
            "the disk has room again"
        );
    } else {
        let given_up = match level {
            Level::Scarce => "uploads and new accounts are refused, views are not counted",
            Level::Low | Level::Plenty => "derivatives are made but not kept",
        };
        tracing::warn!(
            ?level,
            available_bytes,
            free_inodes,
            "the disk fills up: {given_up}"
        );
    }
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk")
            .field("reserve", &self.shared.reserve)
            .field("ballast", &self.shared.ballast)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
