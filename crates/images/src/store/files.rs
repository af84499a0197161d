//! The folder of derivatives: read, placed, taken away. Everything here blocks on the disk.
//!
//! A picture is placed in two steps: written under a temporary name, which no web server sends, and,
//! while the photo's token is held, renamed. A temporary name that stays is what a process left that
//! died in between; the broom takes it.

use std::fs::{self, File, FileTimes, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use domain::{PhotoToken, UserId};

use super::key::{Key, Shelf, token_folder};
use crate::Encoding;

/// How fresh the note of a picture's last use is kept. Writing it each time would make reading write.
const TOUCH_AFTER: Duration = Duration::from_secs(60 * 60);

/// How often a picture is written again because its folder was swept away underneath.
const WRITE_ATTEMPTS: u32 = 3;

/// The folder.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) root: PathBuf,
}

/// A whole picture under a temporary name, which nobody has asked yet whether it may be seen. Taken
/// away when dropped, unless [placed](Self::place).
#[derive(Debug)]
#[must_use]
pub(super) struct Written {
    path: PathBuf,
    temporary: PathBuf,
    placed: bool,
}

impl Files {
    /// The bytes of a picture, if they are there and whole.
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
            // The time of the last change stays: it may be part of what web servers tell browsers.
            // A disk that takes no notes is no reason not to show the picture.
            let _ = file.set_times(FileTimes::new().set_accessed(now));
        }
        Ok(Some(bytes))
    }

    /// Writes a picture beside its place.
    ///
    /// It is not forced to the disk: what a power cut spoils is recognised by [`is_whole`] and made
    /// again.
    pub(super) fn write(&self, key: &Key, bytes: &[u8]) -> io::Result<Written> {
        let folder = key.folder(&self.root);
        let mut attempt = 1;
        loop {
            fs::create_dir_all(&folder)?;
            match write_in(&folder, key, bytes) {
                // The broom takes empty folders away, also one that was made a moment ago.
                Err(error) if is_absent(&error) && attempt < WRITE_ATTEMPTS => attempt += 1,
                other => return other,
            }
        }
    }

    /// Takes away every picture of a token, on both shelves, and tells how many there were.
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
    /// Shows it to everybody, in place of what may lie there: another process may have been quicker
    /// with the same picture. To be called while the token is held.
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
            tracing::warn!(path = %self.temporary.display(), %error, "a temporary file stays until it is swept");
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
    // From here on it is taken away again if anything fails.
    let written = Written {
        path: folder.join(name),
        temporary,
        placed: false,
    };
    file.write_all(bytes)?;
    Ok(written)
}

/// Whether a file is what an encoder wrote and not what a power cut left of it.
fn is_whole(bytes: &[u8], encoding: Encoding) -> bool {
    match encoding {
        Encoding::WebP => bytes
            .strip_prefix(b"RIFF")
            .and_then(|rest| rest.split_first_chunk())
            .is_some_and(|(length, rest)| u32::from_le_bytes(*length) as usize == rest.len()),
        Encoding::Jpeg => bytes.starts_with(b"\xff\xd8") && bytes.ends_with(b"\xff\xd9"),
    }
}

/// When somebody last looked at a picture: noted by us, or by the file system when a web server
/// sent it.
pub(super) fn last_used(facts: &Metadata) -> SystemTime {
    let changed = facts.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    facts.accessed().map_or(changed, |read| read.max(changed))
}

/// Whether this is the name that a picture has before it is placed.
pub(super) fn is_temporary(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Removes a file and tells whether it was there.
pub(super) fn remove_if_there(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes the folder of a token and of its owner, each only if nothing is left in it.
pub(super) fn remove_empty_folders(token_folder: &Path) {
    // The system refuses to remove what is not empty, which is the check.
    if fs::remove_dir(token_folder).is_ok()
        && let Some(owner_folder) = token_folder.parent()
    {
        let _ = fs::remove_dir(owner_folder);
    }
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}
