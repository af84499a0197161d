//! Atomic file writes: after a crash or a power cut a reader finds the old file or the new one, never a part.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The mode of a new file before the umask, as of [`std::fs::File::create`]. The default of `tempfile`, 0600, would
/// lock nginx out of the files that it serves.
const MODE: u32 = 0o666;

/// Writes a temporary file in the same folder, syncs it to the disk and renames it to `path`. Several processes may
/// write the same file at once. An error leaves the file that was there before.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut file = tempfile::Builder::new()
        .prefix(&format!(".{name}."))
        .permissions(Permissions::from_mode(MODE))
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    // Before the rename: otherwise a power cut could leave the name on a part of the file.
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_an_error_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let [path, taken] = ["file", "taken"].map(|name| folder.path().join(name));
        for text in ["first, and longer", "second"] {
            write(&path, text.as_bytes()).expect("written");
            assert_eq!(fs::read_to_string(&path).expect("readable"), text);
        }
        fs::create_dir(&taken).expect("a folder");
        write(&taken, b"text").expect_err("a folder is no file");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }

    #[test]
    fn a_file_has_the_mode_of_any_new_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let [ours, plain] = ["ours", "plain"].map(|name| folder.path().join(name));
        write(&ours, b"text").expect("written");
        fs::write(&plain, b"text").expect("written");
        let mode = |path| fs::metadata(path).expect("a file").permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }
}
