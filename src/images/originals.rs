//! Uploaded files, kept bit for bit: written once, read for each derivative, deleted with the photo.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::FileName;
use super::Format;

/// The folder of uploaded files: `<2 hex>/<uuid>.<extension>`.
///
/// All functions block on the disk.
#[derive(Debug, Clone)]
pub struct Originals {
    root: PathBuf,
}

impl Originals {
    /// The folder is made when the first file comes.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Keeps an upload and returns its new name.
    ///
    /// When this returns, the file survives a power cut: a row of `photos` may name it. If it fails
    /// nothing is left; if the process dies on the way, a file under a temporary name may be.
    pub fn keep(&self, bytes: &[u8], format: Format) -> io::Result<FileName> {
        let name = FileName::random(format);
        let folder = self.folder(name);
        fs::create_dir_all(&folder)?;
        let temporary = folder.join(format!(".{name}"));
        let written = write_synced(&temporary, bytes)
            .and_then(|()| fs::rename(&temporary, self.path(name)))
            // The rename is only as lasting as the folder that it changed, and its own folder.
            .and_then(|()| File::open(&folder)?.sync_all())
            .and_then(|()| File::open(&self.root)?.sync_all());
        if let Err(error) = written {
            // Whichever of the two there is; the first error is the one to tell.
            let _ = fs::remove_file(&temporary);
            let _ = fs::remove_file(self.path(name));
            return Err(error);
        }
        Ok(name)
    }

    /// The bytes as they came.
    pub fn read(&self, name: FileName) -> io::Result<Vec<u8>> {
        fs::read(self.path(name))
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

    fn path(&self, name: FileName) -> PathBuf {
        self.folder(name).join(name.to_string())
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_bit_for_bit_until_it_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let originals = Originals::new(folder.path().join("originals"));
        let name = originals.keep(b"\0\xff bytes", Format::Png).unwrap();
        assert!(name.to_string().ends_with(".png"));
        assert_eq!(originals.read(name).unwrap(), b"\0\xff bytes");
        assert!(originals.delete(name).unwrap());
        assert!(!originals.delete(name).unwrap());
        let error = originals.read(name).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("a file");
        fs::write(&root, b"").unwrap();
        assert!(Originals::new(&root).keep(b"bytes", Format::Jpeg).is_err());
        assert_eq!(fs::read(&root).unwrap(), b"");
    }
}
