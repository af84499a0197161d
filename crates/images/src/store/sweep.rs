//! The sweep: evicts the least recently used derivatives until the folder is below its limit.
//!
//! Two walks and a histogram instead of a sorted list: a list of a million files takes much memory, their ages in
//! minutes are few.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::files::{Files, is_temporary, last_used, remove_empty_folders, remove_if_there};
use super::key::Shelf;

/// How old a temporary file must be before no process can be writing it any more.
const STALE_AFTER: Duration = Duration::from_secs(60 * 60);

/// How much of the limit remains in use after a sweep, in percent: with less than 100, the next picture does not
/// trigger another sweep.
const KEPT_PERCENT: u64 = 90;

/// The result of a sweep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many pictures are left.
    pub files: u64,
    /// How many bytes they take on the disk.
    pub bytes: u64,
    /// How many pictures were evicted because they were the least recently used.
    pub removed: u64,
    /// How many temporary files of dead processes were removed.
    pub stale: u64,
}

impl Files {
    /// Removes stale temporary files, then the least recently used pictures until the rest fits.
    pub(super) fn sweep(&self, bytes_max: u64) -> io::Result<Swept> {
        let mut swept = Swept::default();
        let mut ages = BTreeMap::<u64, u64>::new();
        let now = SystemTime::now();
        self.walk(&mut |path, facts| {
            if is_temporary(path) {
                let age = now.duration_since(last_used(facts)).unwrap_or_default();
                if age > STALE_AFTER {
                    swept.stale += u64::from(remove_if_there(path)?);
                }
            } else {
                swept.files += 1;
                swept.bytes += disk_bytes(facts);
                *ages.entry(minute(facts)).or_default() += disk_bytes(facts);
            }
            Ok(())
        })?;
        if swept.bytes <= bytes_max {
            return Ok(swept);
        }
        let bytes_kept = bytes_max / 100 * KEPT_PERCENT;
        let Some(mut last) = LastMinute::find(&ages, swept.bytes - bytes_kept) else {
            return Ok(swept);
        };
        self.walk(&mut |path, facts| {
            let bytes = disk_bytes(facts);
            if !is_temporary(path) && last.takes(minute(facts), bytes) && remove_if_there(path)? {
                swept.files = swept.files.saturating_sub(1);
                swept.bytes = swept.bytes.saturating_sub(bytes);
                swept.removed += 1;
            }
            Ok(())
        })?;
        Ok(swept)
    }

    /// Visits every file, and removes folders that are empty afterwards. Files that vanish meanwhile were removed by
    /// another process and are ignored; the first other error is returned at the end, after all files were visited.
    fn walk(&self, visit: &mut dyn FnMut(&Path, &Metadata) -> io::Result<()>) -> io::Result<()> {
        let mut first_error = Ok(());
        for shelf in Shelf::ALL {
            let shelf = self.root.join(shelf.folder());
            each_entry(&shelf, &mut first_error, &mut |owner, first_error| {
                each_entry(owner, first_error, &mut |token, first_error| {
                    each_entry(token, first_error, &mut |file, first_error| {
                        note(
                            first_error,
                            fs::symlink_metadata(file).and_then(|facts| visit(file, &facts)),
                        );
                    });
                    remove_empty_folders(token);
                });
            });
        }
        first_error
    }
}

fn each_entry(
    folder: &Path,
    first_error: &mut io::Result<()>,
    visit: &mut dyn FnMut(&Path, &mut io::Result<()>),
) {
    match fs::read_dir(folder) {
        Ok(entries) => {
            for entry in entries {
                match entry {
                    Ok(entry) => visit(&entry.path(), first_error),
                    Err(error) => note(first_error, Err(error)),
                }
            }
        }
        Err(error) => note(first_error, Err(error)),
    }
}

/// Keeps the first error that is not a vanished file.
fn note(first_error: &mut io::Result<()>, result: io::Result<()>) {
    if let Err(error) = result
        && error.kind() != io::ErrorKind::NotFound
        && first_error.is_ok()
    {
        *first_error = Err(error);
    }
}

/// The most recent minute whose pictures are evicted, all or some of them.
struct LastMinute {
    minute: u64,
    bytes_to_free: u64,
}

impl LastMinute {
    /// Adds up from the oldest minute until enough is free.
    fn find(ages: &BTreeMap<u64, u64>, bytes_to_free: u64) -> Option<Self> {
        let mut missing = bytes_to_free;
        for (minute, bytes) in ages {
            if *bytes >= missing {
                return Some(Self {
                    minute: *minute,
                    bytes_to_free: missing,
                });
            }
            missing -= bytes;
        }
        None
    }

    /// Whether a picture is evicted: everything older is, of this minute only as much as is needed.
    fn takes(&mut self, minute: u64, bytes: u64) -> bool {
        let goes = minute < self.minute || (minute == self.minute && self.bytes_to_free > 0);
        if goes && minute == self.minute {
            self.bytes_to_free = self.bytes_to_free.saturating_sub(bytes);
        }
        goes
    }
}

fn minute(facts: &Metadata) -> u64 {
    last_used(facts)
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |age| age.as_secs() / 60)
}

/// How many bytes a file uses on the disk; some file systems count the blocks only later, so its length is the minimum.
fn disk_bytes(facts: &Metadata) -> u64 {
    facts.len().max(facts.blocks() * 512)
}
