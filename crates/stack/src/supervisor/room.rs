//! The room on the disk, as the supervisor looks after it: the ballast, and PostgreSQL's log.

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

use super::account::Account;
use super::budget::size;
use super::output::Console;
use super::postgres::WAL_MB_MIN;
use super::state::StateDir;

/// How often the room is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How large a segment of PostgreSQL's log is.
const SEGMENT_BYTES: u64 = 16 << 20;

/// How many segments are made ahead: what `min_wal_size` keeps, but for the one in use.
const SEGMENTS_AHEAD: i64 = (WAL_MB_MIN * (1 << 20) / SEGMENT_BYTES) as i64 - 1;

/// How many must be ahead on a full disk. A second of deletions at full speed fills less than one.
const SEGMENTS_AHEAD_MIN: i64 = 2;

/// Room for a start of PostgreSQL: two segments of its log, and small files.
const POSTGRES_BYTES: u64 = 2 * SEGMENT_BYTES + STEP_BYTES;

/// Room for a start of another program: its pid, its configuration.
const PROGRAM_BYTES: u64 = 1 << 20;

/// How long a question to PostgreSQL may take, a checkpoint included.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The room for starts on a full disk: what the ballast gives up.
#[derive(Debug, Clone)]
pub(super) struct StartRoom {
    ballast: Ballast,
    folder: PathBuf,
    account: Account,
    console: Arc<Console>,
    /// Whether the file system keeps no room for a file beforehand.
    is_impossible: Arc<AtomicBool>,
}

impl StartRoom {
    pub(super) fn new(state: &StateDir, account: &Account, console: &Arc<Console>) -> Self {
        Self {
            ballast: Ballast::at(state.ballast()),
            folder: state.path().to_owned(),
            account: account.clone(),
            console: Arc::clone(console),
            is_impossible: Arc::default(),
        }
    }

    /// Before the whole site starts: everything is given up if the disk is full.
    pub(super) fn for_the_site(&self) {
        self.make(BALLAST_BYTES, BALLAST_BYTES);
    }

    /// Before PostgreSQL starts, which may have to recover.
    pub(super) fn for_postgres(&self) {
        self.make(POSTGRES_BYTES, BALLAST_BYTES);
    }

    /// Before any other program starts.
    pub(super) fn for_a_program(&self) {
        self.make(PROGRAM_BYTES, STEP_BYTES);
    }

    /// Gives up a part of the ballast if less than `needed` is available.
    fn make(&self, needed: u64, part: u64) {
        if self.available_bytes().is_none_or(|free| free >= needed) {
            return;
        }
        match self.ballast.give_up(part) {
            Ok(0) => {}
            Ok(bytes) => self.console.say(&format!(
                "!! the disk of {} is full: {} of the ballast are given up",
                self.folder.display(),
                size(bytes)
            )),
            Err(error) => self
                .console
                .say(&format!("!! the ballast could not be given up: {error}")),
        }
    }

    fn available_bytes(&self) -> Option<u64> {
        let reading = Reading::of(&self.folder).ok()?;
        Some(reading.available_bytes)
    }

    /// Makes the ballast whole again, where it leaves as much free as it takes.
    fn restore(&self, available_bytes: u64) {
        let missing = BALLAST_BYTES.saturating_sub(self.ballast.bytes());
        let has_room = available_bytes >= missing + BALLAST_BYTES;
        if missing == 0 || !has_room || self.is_impossible.load(Relaxed) {
            return;
        }
        let is_again = self.ballast.path().exists();
        match self.ballast.make() {
            Ok(()) if self.account.own(self.ballast.path()).is_ok() => self.console.say(&format!(
                "a ballast of {} is {} for when the disk is full",
                size(BALLAST_BYTES),
                if is_again { "whole again" } else { "kept" }
            )),
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                self.is_impossible.store(true, Relaxed);
                self.console.say(&format!(
                    "!! the file system of {} keeps no room for a ballast: a start on a full disk may fail",
                    self.folder.display()
                ));
            }
            // A disk that fills at this moment is no trouble: the next look tries again.
            _ => {}
        }
    }
}

/// Looks after the room for as long as it runs; `server` is the private cluster, if there is one.
pub(super) fn keep(room: StartRoom, server: Option<ConnectOptions>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut log = server.map(|server| Log {
            server,
            connection: None,
        });
        if let Some(log) = &mut log {
            log.make_ahead(&room).await;
        }
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let Some(available_bytes) = room.available_bytes() else {
                continue;
            };
            if available_bytes < BALLAST_BYTES
                && let Some(log) = &mut log
            {
                log.look(&room).await;
            }
            let room = room.clone();
            // Blocks for a moment where a file system writes what it allocates.
            let _ = spawn_blocking(move || room.restore(available_bytes)).await;
        }
    })
}

/// PostgreSQL's write-ahead log, over a connection that is kept: on a full disk a new one may be refused.
struct Log {
    server: ConnectOptions,
    connection: Option<Connection>,
}

impl Log {
    /// Makes segments ahead while there is room for them.
    async fn make_ahead(&mut self, room: &StartRoom) {
        let needed = WAL_MB_MIN * (1 << 20) + 2 * BALLAST_BYTES;
        if room.available_bytes().is_some_and(|free| free < needed) {
            return;
        }
        let made = self.ask(async |db| wal::make_ahead(db, SEGMENTS_AHEAD).await);
        if let Err(error) = made.await {
            room.console.say(&format!(
                "!! PostgreSQL's log has no segments ahead for a full disk: {error:#}"
            ));
        }
    }

    /// On a full disk: has segments used again before they run out, and makes room where that is not
    /// enough.
    async fn look(&mut self, room: &StartRoom) {
        let ahead = self
            .ask(async |db| {
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
            Err(error) if postgres_has_no_room(&error) => SEGMENTS_AHEAD_MIN,
            // The server restarts, or is no longer there; the next look asks again.
            Err(_) => return,
        };
        let missing = u64::try_from(missing).unwrap_or(0) * SEGMENT_BYTES;
        if missing > 0 {
            room.make(missing, missing);
        }
    }

    async fn ask<T>(
        &mut self,
        question: impl AsyncFnOnce(&mut Connection) -> Result<T, db::Error>,
    ) -> anyhow::Result<T> {
        let asked = async {
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => db::connect(&self.server).await?,
            };
            let answer = question(&mut connection).await?;
            self.connection = Some(connection);
            Ok::<_, db::Error>(answer)
        };
        let answer = timeout(ANSWER_TIMEOUT, asked).await;
        answer.context("no answer in time")?.map_err(Into::into)
    }
}

fn postgres_has_no_room(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<db::Error>();
    error.and_then(TransientError::of) == Some(TransientError::DiskFull)
}

/// Adds what to do to an error that comes from a full disk.
pub(super) fn explained(error: anyhow::Error, state: &StateDir) -> anyhow::Error {
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
