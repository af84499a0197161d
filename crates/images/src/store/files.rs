//! The files of derivatives: read, stored, removed. Everything here blocks on the disk.
//!
//! A picture is stored in two steps: written under a temporary name, which no web server sends, and
//! renamed while the photo's token is held. A process that dies in between leaves the temporary file; the
//! [sweep](super::sweep) removes it.

use std::fs::{self, File, FileTimes, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use domain::{PhotoToken, UserId};

use super::key::{Key, Shelf, token_folder};
use crate::Encoding;

/// How old the recorded time of last use (atime) may be before it is updated. Updating it on each read would turn every
/// read into a write.
const TOUCH_AFTER: Duration = Duration::from_secs(60 * 60);

/// How often writing a picture is attempted, because a sweep may remove its empty folder in between.
const WRITE_ATTEMPTS: u32 = 3;

/// The folder of derivatives.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) root: PathBuf,
}

/// A complete picture under a temporary name, whose token is not checked yet. Removed when dropped, unless
/// [placed](Self::place).
#[derive(Debug)]
#[must_use]
pub(super) struct Written {
    path: PathBuf,
    temporary: PathBuf,
    placed: bool,
}

impl Files {
    /// Reads a picture; `None` if the file is absent or incomplete.
    pub(super) fn read(&self, key: &Key) -> io::Result<Option<Vec<u8>>> {
        let path = key.folder(&self.root).join(key.size.to_string());
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let facts = file.metadata()?;
        let mut bytes = Vec::with_capacity(usize::try_from(facts.len()).unwrap_or(0));
        file.read_to_end(&mut bytes)?;
        if !is_whole(&bytes, key.size.encoding) {
            remove_if_there(&path)?;
            return Ok(None);
        }
        let now = SystemTime::now();
        if now
            .duration_since(last_used(&facts))
            .is_ok_and(|age| age > TOUCH_AFTER)
        {
            // The mtime stays: web servers may send it as Last-Modified. A picture whose atime cannot be updated is
            // still returned.
            let _ = file.set_times(FileTimes::new().set_accessed(now));
        }
        Ok(Some(bytes))
    }

    /// Writes a picture under a temporary name.
    ///
    /// There is no fsync: [`is_whole`] recognises a file that a power cut truncated, and it is rendered again.
    pub(super) fn write(&self, key: &Key, bytes: &[u8]) -> io::Result<Written> {
        let folder = key.folder(&self.root);
        let mut attempt = 1;
        loop {
            fs::create_dir_all(&folder)?;
            match write_in(&folder, key, bytes) {
                // A sweep removes empty folders, also one that was just created.
                Err(error) if is_absent(&error) && attempt < WRITE_ATTEMPTS => attempt += 1,
                other => return other,
            }
        }
    }

    /// Removes every picture of a token from both folders and returns how many there were.
    pub(super) fn remove(&self, owner: UserId, token: PhotoToken) -> io::Result<usize> {
        let mut removed = 0;
        for shelf in Shelf::ALL {
            let folder = token_folder(&self.root, shelf, owner, token);
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if is_absent(&error) => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                let was_there = remove_if_there(&entry.path())?;
                if was_there && !is_temporary(&entry.path()) {
                    removed += 1;
                }
            }
            remove_empty_folders(&folder);
        }
        Ok(removed)
    }
}

impl Written {
    /// Renames it to its final name, replacing the same picture if another process was quicker. Call it while the token
    /// is held.
    pub(super) fn place(mut self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.path)?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if self.placed {
            return;
        }
        if let Err(error) = remove_if_there(&self.temporary) {
            tracing::warn!(path = %self.temporary.display(), %error, "cannot remove a temporary file; a later sweep removes it");
        }
        if let Some(folder) = self.path.parent() {
            remove_empty_folders(folder);
        }
    }
}

fn write_in(folder: &Path, key: &Key, bytes: &[u8]) -> io::Result<Written> {
    let name = key.size.to_string();
    let temporary = folder.join(format!(".{name}.{:016x}", rand::random::<u64>()));
    let mut file = File::create_new(&temporary)?;
    // From here on dropping it removes the file if anything fails.
    let written = Written {
        path: folder.join(name),
        temporary,
        placed: false,
    };
    file.write_all(bytes)?;
    Ok(written)
}

/// Whether a file is complete, and not truncated by a power cut.
fn is_whole(bytes: &[u8], encoding: Encoding) -> bool {
    match encoding {
        Encoding::WebP => bytes
            .strip_prefix(b"RIFF")
            .and_then(|rest| rest.split_first_chunk())
            .is_some_and(|(length, rest)| u32::from_le_bytes(*length) as usize == rest.len()),
        Encoding::Jpeg => bytes.starts_with(b"\xff\xd8") && bytes.ends_with(b"\xff\xd9"),
    }
}

/// When a picture was last read: recorded by [`Files::read`], or by the file system when a web server sent it.
pub(super) fn last_used(facts: &Metadata) -> SystemTime {
    let changed = facts.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    facts.accessed().map_or(changed, |read| read.max(changed))
}

/// Whether this is a temporary name.
pub(super) fn is_temporary(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Removes a file and returns whether it existed.
pub(super) fn remove_if_there(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes the folder of a token and of its owner, each only if it is empty.
pub(super) fn remove_empty_folders(token_folder: &Path) {
    // The system refuses to remove a folder that is not empty, which is the check.
    if fs::remove_dir(token_folder).is_ok()
        && let Some(owner_folder) = token_folder.parent()
    {
        let _ = fs::remove_dir(owner_folder);
    }
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}
