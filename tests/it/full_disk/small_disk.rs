//! A small file system of its own, which can be filled to the last byte.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use images::disk::Reading;
use tempfile::TempDir;

/// An ext4 on a loop device, without blocks reserved for root. Unmounted when dropped.
pub(super) struct SmallDisk {
    folder: TempDir,
    path: PathBuf,
}

impl SmallDisk {
    /// Makes and mounts it; `None`, with a message, where mounting is not permitted.
    ///
    /// # Panics
    /// When it cannot be made, which takes `mkfs.ext4` and no rights.
    pub(super) fn mount(size_bytes: u64) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let image = folder.path().join("image");
        let file = File::create(&image).expect("an image");
        file.set_len(size_bytes).expect("a sparse file");
        let path = folder.path().join("disk");
        let disk = Self { folder, path };
        std::fs::create_dir(disk.path()).expect("a folder to mount it at");
        let path = std::env::var("PATH").unwrap_or_default();
        let made = Command::new("mkfs.ext4")
            .env("PATH", format!("{path}:/usr/sbin:/sbin"))
            .args(["-q", "-F", "-m", "0"])
            .arg(&image)
            .output()
            .expect("mkfs.ext4 is installed (e2fsprogs)");
        assert!(made.status.success(), "mkfs.ext4: {made:?}");
        let mounted = Command::new("mount")
            .args(["-o", "loop"])
            .arg(&image)
            .arg(disk.path())
            .output();
        if !mounted.is_ok_and(|mounted| mounted.status.success()) {
            eprintln!("skipped: a loop device cannot be mounted here (that takes root)");
            return None;
        }
        for path in [disk.folder.path(), disk.path()] {
            let open = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(path, open).expect("a mode");
        }
        Some(disk)
    }

    /// Where it is mounted.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes are available.
    pub(super) fn available(&self) -> u64 {
        let reading = Reading::of(self.path()).expect("it is mounted");
        reading.available_bytes
    }

    /// As another program would: writes until so many bytes are left. To 0 means until a write fails.
    pub(super) fn fill(&self, left: u64) {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.other_file())
            .expect("a file of another program");
        for chunk in [1 << 20, 4096, 1] {
            let zeros = vec![0; chunk];
            loop {
                if left > 0 && self.available() < left + chunk as u64 {
                    break;
                }
                match file.write(&zeros) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => panic!("{error}"),
                }
            }
            // Blocks are promised at the write and taken at the sync.
            let _ = file.sync_all();
        }
    }

    /// The other program's file goes, or all of it but so many bytes.
    pub(super) fn free(&self, kept: u64) {
        let file = OpenOptions::new().write(true).open(self.other_file());
        let file = file.expect("it was filled");
        file.set_len(kept).expect("a shorter file");
        file.sync_all().expect("it is free");
    }

    fn other_file(&self) -> PathBuf {
        self.path().join("of-another-program")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).output();
    }
}
