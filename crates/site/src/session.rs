//! Ends sessions, depending on the free disk space.

use db::session;
use domain::SecretHash;
use images::disk::{Disk, Level};

use super::disk_full_retry;

/// How many sessions a person keeps while the disk is nearly full: enough for all browsers in use. Repeated log-ins then
/// take no space.
const SESSIONS_KEPT_WHEN_SCARCE: i64 = 16;

/// Ends the person's oldest sessions after a log-in, if the disk is nearly full.
///
/// A failure is only logged: the new session is stored, and without its cookie each further attempt would store another.
pub async fn bound(db: &db::Pool, disk: &Disk, newest: &SecretHash) {
    if disk.level() != Level::Scarce {
        return;
    }
    let end = || session::end_all_but_newest(db, newest, SESSIONS_KEPT_WHEN_SCARCE);
    let mut ended = end().await;
    if disk_full_retry::should_retry(disk, &ended).await {
        ended = end().await;
    }
    if let Err(error) = ended {
        tracing::warn!(%error, "ending the oldest sessions of a person failed");
    }
}

/// Ends a session, also when the disk is full.
pub async fn end(db: &db::Pool, disk: &Disk, hash: &SecretHash) -> Result<(), db::Error> {
    let ended = session::end(db, hash).await;
    if disk_full_retry::should_retry(disk, &ended).await {
        return session::end(db, hash).await;
    }
    ended
}
