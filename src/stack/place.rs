//! What belongs to a state directory, proved by the kernel.
//!
//! A copy of a state directory holds the same files as the original, `running.json` among them, and the
//! processes named there may well run: those of the original. So no file is believed by itself.
//! A record counts in the directory for which it was written, and a process is ended only if the kernel
//! shows it at work in that directory. Directories are compared by device and inode: a copy has others,
//! a directory that was moved (`mv`) keeps its own, and as long as a process works in a directory its
//! inode is not given to another.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::process;
use super::state::StateDir;

/// Names a file or directory as long as it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file at a path, behind all links; none when there is none, or we may not look.
    pub(super) fn of(path: impl AsRef<Path>) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }
}

/// The directory for which something was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Its path without links, for sentences.
    path: String,
    device: u64,
    inode: u64,
}

impl Place {
    /// The identity of a directory.
    pub(super) fn of(dir: &Path) -> Result<Self> {
        let look = || format!("cannot look at {}", dir.display());
        let path = dir.canonicalize().with_context(look)?;
        let FileId { device, inode } = FileId::of(dir).with_context(look)?;
        Ok(Self {
            path: path.display().to_string(),
            device,
            inode,
        })
    }

    /// Whether this is that directory, moved or not.
    pub(super) fn is(&self, dir: &Path) -> bool {
        let (device, inode) = (self.device, self.inode);
        FileId::of(dir) == Some(FileId { device, inode })
    }

    /// Where it was when it was written down.
    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

/// Where the children of a site work, and the program that they run.
#[derive(Debug)]
pub(super) struct Grounds {
    folders: Vec<FileId>,
    cluster: Option<FileId>,
    program: Option<FileId>,
}

impl Grounds {
    pub(super) fn of(state: &StateDir) -> Self {
        let cluster = FileId::of(state.cluster());
        let folders = [
            state.path().to_owned(),
            state.nginx(),
            state.bin(),
            state.database(),
        ];
        Self {
            folders: folders
                .iter()
                .filter_map(FileId::of)
                .chain(cluster)
                .collect(),
            cluster,
            program: FileId::of(state.program()),
        }
    }

    /// Whether a process works in this state directory, or runs the copy of the program that lies there.
    /// That alone does not make it a child of the site: a shell may have its current folder here.
    pub(super) fn hold(&self, pid: i32) -> bool {
        let is_here = works_in(pid).is_some_and(|dir| self.folders.contains(&dir));
        let program = || FileId::of(format!("/proc/{pid}/exe"));
        is_here || self.program.is_some_and(|ours| program() == Some(ours))
    }

    /// The processes of the PostgreSQL that runs here.
    pub(super) fn postgres(&self) -> Vec<i32> {
        self.cluster.map_or(vec![], postgres_in)
    }
}

/// The processes of the PostgreSQL that runs in a cluster's folder: each works there, and is a `postgres`.
/// They are found so, because each leads a group of its own and outlives the postmaster.
pub(super) fn postgres_in(cluster: FileId) -> Vec<i32> {
    let is_postgres = |pid: i32| {
        // The path of a program that was upgraded meanwhile ends in " (deleted)".
        let program = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
        let name = program.file_name().unwrap_or_default().as_encoded_bytes();
        name == b"postgres" || name == b"postgres (deleted)"
    };
    let living = process::living().into_iter().map(|stat| stat.pid);
    living
        .filter(|pid| works_in(*pid) == Some(cluster) && is_postgres(*pid))
        .collect()
}

/// Whether a process holds a file open.
pub(super) fn has_open(pid: i32, file: FileId) -> bool {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd"));
    let mut open = open.into_iter().flatten().flatten();
    open.any(|link| FileId::of(link.path()) == Some(file))
}

fn works_in(pid: i32) -> Option<FileId> {
    FileId::of(format!("/proc/{pid}/cwd"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_directory_is_the_same_and_a_copy_is_another() {
        let dir = tempfile::tempdir().expect("a folder");
        let [first, moved, copy] = ["first", "moved", "copy"].map(|name| dir.path().join(name));
        std::fs::create_dir(&first).expect("a folder");
        let place = Place::of(&first).expect("a place");
        std::fs::rename(&first, &moved).expect("moved");
        std::fs::create_dir(&copy).expect("a folder");
        assert!(place.is(&moved));
        assert!(!place.is(&copy) && !place.is(&first));
    }

    #[test]
    fn an_open_file_of_a_process_is_seen() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("lock");
        let file = std::fs::File::create(&path).expect("a file");
        let id = FileId::of(&path).expect("a file");
        let me = std::process::id() as i32;
        assert!(has_open(me, id));
        drop(file);
        assert!(!has_open(me, id));
    }
}
