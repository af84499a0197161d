//! The broom: keeps the folder of derivatives below its limit, least recently used first.
//!
//! Two walks and a histogram instead of a list: a million files are a million small things to
//! remember, their ages in minutes are few.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::files::{Files, is_temporary, last_used, remove_empty_folders, remove_if_there};
use super::key::Shelf;

/// How old a temporary name must be before nobody can be at work on it any more.
const STALE_AFTER: Duration = Duration::from_secs(60 * 60);

/// How much is kept of a folder that is too large, in percent: some air, so that the next picture
/// does not call for the broom again.
const KEPT_PERCENT: u64 = 90;

/// What a walk with the broom found and did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many pictures are left.
    pub files: u64,
    /// How many bytes they take on the disk.
    pub bytes: u64,
    /// How many pictures were removed because they were the least recently used.
    pub removed: u64,
    /// How many were removed that a process had written when it died, and not placed.
    pub stale: u64,
}

impl Files {
    /// Removes what is stale, then the least recently used until the rest fits.
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

    /// Visits every file, and removes folders that are empty afterwards. What vanishes on the way is
    /// somebody else's good work; any other trouble is told at the end, when all else is done.
    fn walk(&self, visit: &mut dyn FnMut(&Path, &Metadata) -> io::Result<()>) -> io::Result<()> {
        let mut trouble = Ok(());
        for shelf in Shelf::ALL {
            let shelf = self.root.join(shelf.folder());
            each_entry(&shelf, &mut trouble, &mut |owner, trouble| {
                each_entry(owner, trouble, &mut |token, trouble| {
                    each_entry(token, trouble, &mut |file, trouble| {
                        note(
                            trouble,
                            fs::symlink_metadata(file).and_then(|facts| visit(file, &facts)),
                        );
                    });
                    remove_empty_folders(token);
                });
            });
        }
        trouble
    }
}

fn each_entry(
    folder: &Path,
    trouble: &mut io::Result<()>,
    visit: &mut dyn FnMut(&Path, &mut io::Result<()>),
) {
    match fs::read_dir(folder) {
        Ok(entries) => {
            for entry in entries {
                match entry {
                    Ok(entry) => visit(&entry.path(), trouble),
                    Err(error) => note(trouble, Err(error)),
                }
            }
        }
        Err(error) => note(trouble, Err(error)),
    }
}

/// Remembers the first trouble that is one.
fn note(trouble: &mut io::Result<()>, result: io::Result<()>) {
    if let Err(error) = result
        && error.kind() != io::ErrorKind::NotFound
        && trouble.is_ok()
    {
        *trouble = Err(error);
    }
}

/// The youngest minute whose pictures must go, all or some of them.
struct LastMinute {
    minute: u64,
    bytes_to_free: u64,
}

impl LastMinute {
    /// Adds up from the oldest until enough is free.
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

    /// Whether a picture goes: everything older does, of this minute only as much as is needed.
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

/// What a file takes on the disk; some file systems say so only later.
fn disk_bytes(facts: &Metadata) -> u64 {
    facts.len().max(facts.blocks() * 512)
}
