//! Errors that come from a full disk.

use std::io::{self, ErrorKind};

/// Whether a write failed because the disk or a quota is full.
#[must_use]
pub fn is_disk_full(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref());
    causes.any(|cause: &io::Error| {
        matches!(
            cause.kind(),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded
        )
    })
}
