//! Retries changes that free space (hide, delete, log out) when the disk is full.

use db::transient_error::TransientError;
use images::blocking::Lane;
use images::disk::Disk;

/// Runs the shortening of the ballast.
static GIVING_WAY: Lane = Lane::new(1);

/// Whether to retry a change with this outcome: the disk was full, and a part of the ballast was released.
///
/// A change that failed because of a full disk was not committed, so it may be repeated.
pub(super) async fn should_retry<T>(disk: &Disk, ended: &Result<T, db::Error>) -> bool {
    let kind = ended.as_ref().err().and_then(TransientError::of);
    if kind != Some(TransientError::DiskFull) {
        return false;
    }
    let disk = disk.clone();
    GIVING_WAY
        .run(move || disk.give_way())
        .await
        .unwrap_or(false)
}
