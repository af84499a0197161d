//! Disk space for a full disk: releases and restores the ballast, and keeps segments of PostgreSQL's log in reserve.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::Context as _;
use db::transient_error::TransientError;
use db::wal;
use db::{ConnectOptions, Connection};
use images::disk::{BALLAST_BYTES, Ballast, Reading, STEP_BYTES, is_disk_full};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::output::Console;
use super::state::StateDir;
use super::unix_user::UnixUser;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// How often the free space is checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How much of the write-ahead log is preallocated, in MiB: the segment in use and the spare ones.
pub(super) const WAL_MB_MIN: u64 = 80;

/// The size of a segment of PostgreSQL's log.
const SEGMENT_BYTES: u64 = 16 << 20;

/// How many spare segments are created: `min_wal_size` without the one in use.
const SEGMENTS_AHEAD: i64 = (WAL_MB_MIN * (1 << 20) / SEGMENT_BYTES) as i64 - 1;

/// How many spare segments are needed on a full disk. A second of deletions at full speed fills less than one.
const SEGMENTS_AHEAD_MIN: i64 = 2;

/// Space for a start of PostgreSQL: two segments of its log, and small files.
const POSTGRES_BYTES: u64 = 2 * SEGMENT_BYTES + STEP_BYTES;

/// Space for a start of another program: its pid file, its configuration.
const PROGRAM_BYTES: u64 = 1 << 20;

/// How long a query to PostgreSQL may take, a checkpoint included.
const QUERY_TIMEOUT: Duration = Duration::from_secs(30);

/// Makes space for starts on a full disk by releasing ballast.
#[derive(Debug, Clone)]
pub(super) struct DiskSpace {
    ballast: Ballast,
    folder: PathBuf,
    user: UnixUser,
    console: Arc<Console>,
    /// Whether the file system cannot preallocate a file.
    is_unsupported: Arc<AtomicBool>,
}

impl DiskSpace {
    pub(super) fn new(state: &StateDir, user: &UnixUser, console: &Arc<Console>) -> Self {
        Self {
            ballast: Ballast::at(state.ballast()),
            folder: state.path().to_owned(),
            user: user.clone(),
            console: Arc::clone(console),
            is_unsupported: Arc::default(),
        }
    }

    /// Before the whole site starts: releases the whole ballast if the disk is full.
    pub(super) fn free_for_site(&self) {
        self.release_ballast(BALLAST_BYTES, BALLAST_BYTES);
    }

    /// Before PostgreSQL starts, which may need recovery.
    pub(super) fn free_for_postgres(&self) {
        self.release_ballast(POSTGRES_BYTES, BALLAST_BYTES);
    }

    /// Before any other program starts.
    pub(super) fn free_for_program(&self) {
        self.release_ballast(PROGRAM_BYTES, STEP_BYTES);
    }

    /// Releases a part of the ballast if less than `needed` is available.
    fn release_ballast(&self, needed: u64, part: u64) {
        if self.available_bytes().is_none_or(|free| free >= needed) {
            return;
        }
        match self.ballast.give_up(part) {
            Ok(0) => {}
            Ok(bytes) => self.console.report(&format!(
                "!! the disk of {} is full: released {} of the ballast",
                self.folder.display(),
                size(bytes)
            )),
            Err(error) => self
                .console
                .report(&format!("!! cannot release the ballast: {error}")),
        }
    }

    fn available_bytes(&self) -> Option<u64> {
        let reading = Reading::of(&self.folder).ok()?;
        Some(reading.available_bytes)
    }

    /// Restores the ballast if as much space as it takes stays free.
    fn restore(&self, available_bytes: u64) {
        let missing = BALLAST_BYTES.saturating_sub(self.ballast.bytes());
        let has_space = available_bytes >= missing + BALLAST_BYTES;
        if missing == 0 || !has_space || self.is_unsupported.load(Relaxed) {
            return;
        }
        let is_again = self.ballast.path().exists();
        match self.ballast.make() {
            Ok(()) if self.user.chown(self.ballast.path()).is_ok() => {
                self.console.report(&format!(
                    "a ballast of {} is {} for when the disk is full",
                    size(BALLAST_BYTES),
                    if is_again { "whole again" } else { "kept" }
                ))
            }
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                self.is_unsupported.store(true, Relaxed);
                self.console.report(&format!(
                    "!! the file system of {} cannot preallocate a ballast: a start on a full disk may fail",
                    self.folder.display()
                ));
            }
            // The disk filled up meanwhile: the next check retries.
            _ => {}
        }
    }
}

/// Starts the task that checks the disk; `server` is the private cluster, if there is one.
pub(super) fn spawn(space: DiskSpace, server: Option<ConnectOptions>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut wal = server.map(|server| Wal {
            server,
            connection: None,
        });
        if let Some(wal) = &mut wal {
            wal.make_ahead(&space).await;
        }
        let mut ticks = interval(CHECK_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Some(available_bytes) = space.available_bytes() else {
                continue;
            };
            if available_bytes < BALLAST_BYTES
                && let Some(wal) = &mut wal
            {
                wal.check(&space).await;
            }
            let space = space.clone();
            // Blocks for a moment on file systems that write what they allocate.
            let _ = spawn_blocking(move || space.restore(available_bytes)).await;
        }
    })
}

/// PostgreSQL's write-ahead log, over a permanent connection: on a full disk a new one may be refused.
struct Wal {
    server: ConnectOptions,
    connection: Option<Connection>,
}

impl Wal {
    /// Creates spare segments while there is space for them.
    async fn make_ahead(&mut self, space: &DiskSpace) {
        let needed = WAL_MB_MIN * (1 << 20) + 2 * BALLAST_BYTES;
        if space.available_bytes().is_some_and(|free| free < needed) {
            return;
        }
        let made = self.query(async |db| wal::make_ahead(db, SEGMENTS_AHEAD).await);
        if let Err(error) = made.await {
            space.console.report(&format!(
                "!! PostgreSQL's log has no spare segments for a full disk: {error:#}"
            ));
        }
    }

    /// On a full disk: has segments recycled before they run out, and releases ballast if that is not enough.
    async fn check(&mut self, space: &DiskSpace) {
        let ahead = self
            .query(async |db| {
                let ahead = wal::segments_ahead(db).await?;
                if ahead >= SEGMENTS_AHEAD_MIN {
                    return Ok(ahead);
                }
                wal::checkpoint(db).await?;
                wal::segments_ahead(db).await
            })
            .await;
        let missing = match ahead {
            Ok(ahead) => SEGMENTS_AHEAD_MIN - ahead,
            Err(error) if is_postgres_disk_full(&error) => SEGMENTS_AHEAD_MIN,
            // The server restarts or is gone; the next check retries.
            Err(_) => return,
        };
        let missing = u64::try_from(missing).unwrap_or(0) * SEGMENT_BYTES;
        if missing > 0 {
            space.release_ballast(missing, missing);
        }
    }

    async fn query<T>(
        &mut self,
        run: impl AsyncFnOnce(&mut Connection) -> Result<T, db::Error>,
    ) -> anyhow::Result<T> {
        let query = async {
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => db::connect(&self.server).await?,
            };
            let answer = run(&mut connection).await?;
            self.connection = Some(connection);
            Ok::<_, db::Error>(answer)
        };
        let answer = timeout(QUERY_TIMEOUT, query).await;
        answer
            .context("PostgreSQL did not answer in time")?
            .map_err(Into::into)
    }
}

fn is_postgres_disk_full(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<db::Error>();
    error.and_then(TransientError::of) == Some(TransientError::DiskFull)
}

/// Formats a number of bytes.
pub(super) fn size(bytes: u64) -> String {
    if bytes >= GIB {
        format!("{:.1} GiB", bytes as f64 / GIB as f64)
    } else {
        format!("{} MiB", bytes.div_ceil(MIB))
    }
}

/// Adds the remedy to an error caused by a full disk.
pub(super) fn explain_full_disk(error: anyhow::Error, state: &StateDir) -> anyhow::Error {
    let free = Reading::of(state.path()).map_or(u64::MAX, |reading| reading.available_bytes);
    if is_disk_full(&error) || free < PROGRAM_BYTES {
        error.context(format!(
            "the disk is full ({} free in {}); free at least {} and start again",
            size(free),
            state.path().display(),
            size(BALLAST_BYTES)
        ))
    } else {
        error
    }
}
