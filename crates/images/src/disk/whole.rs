//! A file that is there whole or not at all, also after a power cut.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file under another name, and gives it its own when it is on the disk. Several processes may write the same
/// file at once. An error leaves what was there before.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let half = path.with_file_name(format!(".{name}.{:016x}", rand::random::<u64>()));
    let written = write_half(&half, bytes).and_then(|()| fs::rename(&half, path));
    if written.is_err() {
        // No other process looks for this name; the error is what counts.
        let _ = fs::remove_file(&half);
    }
    written
}

fn write_half(half: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(half)?;
    file.write_all(bytes)?;
    // On the disk before it has its name: a power cut leaves no half of a file.
    file.sync_all()
}

#[cfg(test)]
mod tests {
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
}
