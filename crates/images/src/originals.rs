//! Uploaded files, kept bit for bit: written once, read for each derivative, deleted with the photo.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::spool::{self, Abandoned, Incoming, Link, Received};
use super::{FileName, Format, Inspector};

/// The folder of uploaded files: `<2 hex>/<uuid>.<extension>`.
///
/// All functions but [`receive`](Self::receive) block on the disk.
#[derive(Debug, Clone)]
pub struct Originals {
    root: PathBuf,
}

impl Originals {
    /// The folder is created with the first file.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Starts to receive an upload of at most this many bytes into a spool file.
    pub async fn receive(&self, announced_bytes: u64) -> io::Result<Incoming> {
        Incoming::begin(&self.root, announced_bytes).await
    }

    /// Makes an original of a received file and returns the name of the original and the spool name.
    ///
    /// When this returns, the file survives a power cut: a row of `photos` may name it. Keep the spool name until the
    /// row is committed. An error leaves no file.
    pub fn adopt(&self, received: Received, format: Format) -> io::Result<(FileName, Link)> {
        let name = FileName::random(format);
        let folder = self.folder(name);
        fs::create_dir_all(&folder)?;
        let link = received.link(name, &self.path(name))?;
        // A new name survives a power cut only after the fsync of its folder, and of the parent if the folder is new.
        let lasting = File::open(&folder)
            .and_then(|folder| folder.sync_all())
            .and_then(|()| File::open(&self.root)?.sync_all());
        if let Err(error) = lasting {
            // The first error is the one to report.
            let _ = fs::remove_file(self.path(name));
            return Err(error);
        }
        Ok((name, link))
    }

    /// The inspector of uploads received here.
    #[must_use]
    pub fn inspector(&self) -> Inspector {
        Inspector::new(&self.root)
    }

    /// Removes the spool files of dead processes, and returns the names of those that have become originals.
    pub fn sweep(&self) -> io::Result<Abandoned> {
        spool::sweep(&self.root)
    }

    /// Removes the spool name of an original that was found by [`sweep`](Self::sweep).
    pub fn forget(&self, name: FileName) -> io::Result<()> {
        spool::forget(&self.root, name)
    }

    /// Deletes a file; `false` if there was none.
    pub fn delete(&self, name: FileName) -> io::Result<bool> {
        match fs::remove_file(self.path(name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn folder(&self, name: FileName) -> PathBuf {
        self.root.join(name.folder())
    }

    /// The folder that all processes of a site share.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The file of an original.
    pub(super) fn path(&self, name: FileName) -> PathBuf {
        self.folder(name).join(name.to_string())
    }
}

#[cfg(test)]
impl Originals {
    /// Stores bytes as an upload of this format.
    pub(super) async fn keep(&self, bytes: &[u8], format: Format) -> FileName {
        let incoming = self.receive(bytes.len() as u64).await.unwrap();
        let incoming = incoming.write(bytes).await.unwrap();
        let adopted = self.adopt(incoming.finish().await.unwrap(), format);
        adopted.unwrap().0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_comes_back_bit_for_bit_until_it_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let originals = Originals::new(folder.path().join("originals"));
        let name = originals.keep(b"\0\xff bytes", Format::Png).await;
        assert!(name.to_string().ends_with(".png"));
        let path = originals.path(name);
        assert_eq!(fs::read(&path).unwrap(), b"\0\xff bytes");
        assert!(originals.delete(name).unwrap());
        assert!(!originals.delete(name).unwrap());
        let error = fs::read(path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_an_error_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("a file");
        fs::write(&root, b"").unwrap();
        assert!(Originals::new(&root).receive(1).await.is_err());
        assert_eq!(fs::read(&root).unwrap(), b"");
    }
}
