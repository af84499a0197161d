//! Checks that a file can be written, before the minutes of a measurement.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Checks that a file can be written, and changes nothing: an existing file keeps its bytes, a missing
/// one is not left behind.
///
/// # Errors
/// The error of the system: for example, the folder is missing, or the path is a folder.
pub fn check_writable(file: &Path) -> io::Result<()> {
    match fs::metadata(file) {
        Ok(found) if found.is_dir() => Err(ErrorKind::IsADirectory.into()),
        Ok(found) if found.is_file() => OpenOptions::new().append(true).open(file).map(drop),
        // Not opened: a pipe would wait for its reader, a device may act.
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // A symbolic link is followed, as when the result is written.
            OpenOptions::new().append(true).create(true).open(file)?;
            fs::remove_file(fs::canonicalize(file)?)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_there_keeps_its_bytes_and_what_is_not_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("old.json"), "bytes").unwrap();
        check_writable(&at("old.json")).unwrap();
        assert_eq!(fs::read(at("old.json")).unwrap(), b"bytes");
        symlink(at("target.json"), at("link.json")).unwrap();
        for name in ["new.json", "link.json"] {
            check_writable(&at(name)).unwrap();
        }
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["link.json", "old.json"]);
        check_writable(Path::new("/dev/null")).unwrap();
    }

    #[test]
    fn a_folder_a_missing_folder_and_a_file_as_folder_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        for name in ["", "missing/result.json", "file/result.json"] {
            let at = folder.path().join(name);
            assert!(check_writable(&at).is_err(), "{}", at.display());
        }
    }
}
