//! Spools an upload to a file beside the originals while its bytes arrive.
//!
//! Memory holds about [`CHUNK_BYTES`] of it and never the whole. The file becomes an original by a hard link, so
//! nothing is copied. The spool name is removed when a row names the original, or the upload is refused or aborted; if
//! the process dies before, [`sweep`] finds it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate};
use sha2::{Digest as _, Sha256};

use super::FileName;
use super::decode::{FILE_BYTES_MAX, Refusal};
use crate::blocking::Lane;

/// How many bytes are buffered before they are hashed and written: a packet is too small to send to another thread.
const CHUNK_BYTES: usize = 256 << 10;

/// The folder of spooled uploads, below that of the originals: a hard link cannot cross file systems.
const SPOOL_FOLDER: &str = ".incoming";

/// How old a spooled file must be before no request can be using it any more: an upload ends after three
/// minutes (`UPLOAD_TIMEOUT` in `app.rs`), and its decoding half a minute later.
const ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);

/// Hashes and writes the chunks.
static WRITING: Lane = Lane::new(4);

/// An upload that is being received.
#[derive(Debug)]
pub struct Incoming {
    chunk: BytesMut,
    spool: SpoolFile,
}

/// The spool file, with the hash and the number of the bytes written to it.
#[derive(Debug)]
struct SpoolFile {
    file: File,
    path: Temporary,
    hash: Sha256,
    bytes: usize,
    is_allocated: bool,
}

/// A completely received upload in its spool file, not yet inspected.
#[derive(Debug)]
pub struct Received {
    path: Temporary,
    /// How many bytes the upload has.
    pub bytes: usize,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// A file that is removed when this is dropped; an empty path removes nothing.
#[derive(Debug)]
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.0.as_os_str().is_empty() {
            return;
        }
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %self.0.display(), %error, "cannot remove a spool file; a later sweep removes it");
            }
            _ => {}
        }
    }
}

impl Incoming {
    /// Creates a spool file below the folder of the originals and allocates the blocks for this many bytes.
    pub(super) async fn begin(originals: &Path, announced_bytes: u64) -> io::Result<Self> {
        let folder = originals.join(SPOOL_FOLDER);
        let spool = WRITING.run(move || {
            fs::create_dir_all(&folder)?;
            let path = folder.join(format!("{:032x}", rand::random::<u128>()));
            let file = File::create_new(&path)?;
            let path = Temporary(path);
            let is_allocated = allocate(&file, announced_bytes)?;
            io::Result::Ok(SpoolFile {
                file,
                path,
                is_allocated,
                hash: Sha256::new(),
                bytes: 0,
            })
        });
        Ok(Self {
            chunk: BytesMut::new(),
            spool: spool.await??,
        })
    }

    /// Whether the blocks of the whole file are allocated.
    #[must_use]
    pub fn is_allocated(&self) -> bool {
        self.spool.is_allocated
    }

    /// Appends bytes that have arrived.
    ///
    /// # Errors
    ///
    /// When the file grows beyond [`FILE_BYTES_MAX`], or the disk fails.
    pub async fn write(mut self, bytes: &[u8]) -> Result<Self, WriteError> {
        if self.spool.bytes + self.chunk.len() + bytes.len() > FILE_BYTES_MAX {
            return Err(Refusal::FileTooLarge.into());
        }
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= CHUNK_BYTES {
            let chunk = self.chunk.split().freeze();
            self.spool = self.spool.write(chunk).await?;
        }
        Ok(self)
    }

    /// Writes the last chunk and syncs the file to the disk.
    pub async fn finish(mut self) -> io::Result<Received> {
        let spool = self.spool.write(self.chunk.split().freeze()).await?;
        WRITING
            .run(move || {
                if spool.is_allocated {
                    spool.file.set_len(spool.bytes as u64)?;
                }
                spool.file.sync_all()?;
                Ok(Received {
                    path: spool.path,
                    bytes: spool.bytes,
                    sha256: spool.hash.finalize().into(),
                })
            })
            .await?
    }
}

impl SpoolFile {
    async fn write(mut self, chunk: Bytes) -> io::Result<Self> {
        WRITING
            .run(move || {
                self.hash.update(&chunk);
                self.file.write_all(&chunk)?;
                self.bytes += chunk.len();
                Ok(self)
            })
            .await?
    }
}

/// Allocates the blocks of a file, so that they count as used before it is written; `false` on a file system that
/// cannot.
fn allocate(file: &File, bytes: u64) -> io::Result<bool> {
    let bytes = i64::try_from(bytes.min(FILE_BYTES_MAX as u64)).map_err(io::Error::other)?;
    match fallocate(file, FallocateFlags::empty(), 0, bytes.max(1)) {
        Ok(()) => Ok(true),
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl Received {
    /// The path of the spool file, until this is dropped or linked.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path.0
    }

    /// Links the file to the path of an original. Renames the spool file like the original first, so that a sweep finds
    /// to which original it belongs.
    pub(super) fn link(mut self, name: FileName, original: &Path) -> io::Result<Link> {
        let named = self.path.0.with_file_name(name.to_string());
        fs::rename(&self.path.0, &named)?;
        self.path.0 = named;
        fs::hard_link(&self.path.0, original)?;
        Ok(Link(self.path))
    }
}

/// The spool name of a file that has become an original. Removed when this is dropped.
#[derive(Debug)]
pub struct Link(Temporary);

impl Link {
    /// Keeps the spool name for a later sweep, which checks whether a row names the original.
    pub fn leave(mut self) {
        self.0.0 = PathBuf::new();
    }
}

/// What a sweep found of the uploads of dead processes.
#[derive(Debug, Default)]
pub struct Abandoned {
    /// How many spool files were removed that had not become originals.
    pub removed: usize,
    /// Spool files that have become originals, whether rows name them or not.
    pub originals: Vec<FileName>,
}

/// Why an upload could not be received.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file is larger than the limit.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The disk failed.
    #[error("cannot write an upload to the disk")]
    Disk(#[from] io::Error),
}

/// Removes the spool files of dead processes, except those that have become originals: it returns their names.
pub(super) fn sweep(originals: &Path) -> io::Result<Abandoned> {
    let entries = match fs::read_dir(originals.join(SPOOL_FOLDER)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Abandoned::default()),
        Err(error) => return Err(error),
    };
    let now = SystemTime::now();
    let mut found = Abandoned::default();
    for entry in entries {
        let entry = entry?;
        let changed = entry.metadata().and_then(|facts| facts.modified());
        let abandoned = changed.is_ok_and(|changed| {
            now.duration_since(changed)
                .is_ok_and(|age| age > ABANDONED_AFTER)
        });
        if !abandoned {
            continue;
        }
        let name = entry.file_name();
        match name.to_str().and_then(|name| name.parse().ok()) {
            Some(name) => found.originals.push(name),
            None => found.removed += usize::from(fs::remove_file(entry.path()).is_ok()),
        }
    }
    Ok(found)
}

/// Removes the spool name of an original.
pub(super) fn forget(originals: &Path, name: FileName) -> io::Result<()> {
    fs::remove_file(originals.join(SPOOL_FOLDER).join(name.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spooled(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder.join(SPOOL_FOLDER)).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    #[tokio::test]
    async fn what_arrives_in_pieces_is_one_file_with_the_hash_of_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let whole: Vec<u8> = (0..CHUNK_BYTES * 2 + 77).map(|n| n as u8).collect();
        let mut incoming = Incoming::begin(folder.path(), 1 << 20).await.unwrap();
        for piece in whole.chunks(10_007) {
            incoming = incoming.write(piece).await.unwrap();
        }
        let received = incoming.finish().await.unwrap();
        assert_eq!(fs::read(received.path()).unwrap(), whole);
        assert_eq!(received.bytes, whole.len());
        assert_eq!(received.sha256, <[u8; 32]>::from(Sha256::digest(&whole)));
    }

    #[tokio::test]
    async fn what_does_not_become_an_original_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let incoming = Incoming::begin(folder.path(), 1 << 20).await.unwrap();
        let incoming = incoming.write(b"half a picture").await.unwrap();
        assert_eq!(spooled(folder.path()).len(), 1);
        drop(incoming);
        assert!(spooled(folder.path()).is_empty());
    }

    #[tokio::test]
    async fn a_file_that_grows_too_large_is_refused_before_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut incoming = Incoming::begin(folder.path(), 1 << 20).await.unwrap();
        let piece = vec![0; 8 << 20];
        for _ in 0..FILE_BYTES_MAX / piece.len() {
            incoming = incoming.write(&piece).await.unwrap();
        }
        let refused = incoming.write(b"x").await.unwrap_err();
        assert!(matches!(
            refused,
            WriteError::Refused(Refusal::FileTooLarge)
        ));
        assert!(spooled(folder.path()).is_empty());
    }

    #[test]
    fn only_what_a_dead_process_left_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(sweep(folder.path()).unwrap().removed, 0);
        fs::create_dir(folder.path().join(SPOOL_FOLDER)).unwrap();
        let [fresh, old] = ["fresh", "old"].map(|name| folder.path().join(SPOOL_FOLDER).join(name));
        fs::write(&fresh, b"").unwrap();
        let file = File::create(&old).unwrap();
        file.set_modified(SystemTime::now() - ABANDONED_AFTER * 2)
            .unwrap();
        assert_eq!(sweep(folder.path()).unwrap().removed, 1);
        assert_eq!(spooled(folder.path()), [fresh]);
    }
}
