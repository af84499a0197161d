//! Changes that take something away go on when the disk is full.

use db::transient_error::TransientError;
use images::blocking::Lane;
use images::disk::Disk;

/// Shortens the ballast.
static GIVING_WAY: Lane = Lane::new(1);

/// Whether a change that ended like this should be tried once more: the disk was full, and a part of the
/// ballast was given up.
///
/// A change that failed with a full disk was not committed, so it may be repeated.
pub(super) async fn should_retry<T>(disk: &Disk, ended: &Result<T, db::Error>) -> bool {
    let trouble = ended.as_ref().err().and_then(TransientError::of);
    if trouble != Some(TransientError::DiskFull) {
        return false;
    }
    let disk = disk.clone();
    GIVING_WAY
        .run(move || disk.give_way())
        .await
        .unwrap_or(false)
}
