//! What belongs to a state directory, proved by the kernel.
//!
//! A copy of a state directory holds the same files as the original, `running.json` among them, and the
//! processes named there may well run: those of the original. So no file is believed by itself.
//! A record counts in the directory for which it was written, and a process is ended only if the kernel
//! shows it at work in that directory, or shows nothing of where the process that this record names works.
//! A directory has a random id. A copy has the same, but another path, and device and inode; a directory that was
//! moved (`mv`) keeps device and inode until the next mount, and its old path leads to it no more.

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use nix::unistd::{Gid, Uid};
use serde::{Deserialize, Serialize};

use super::privileges::with_privileges_of;
use super::process::{self, Stat};
use super::state::{StateDir, write_whole};

/// The program's name, as the kernel knows its processes.
const POSTGRES: &str = "postgres";

/// Names a file or directory as long as it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file at a path, behind all links; none when there is none, or we may not look.
    pub(super) fn of(path: impl AsRef<Path>) -> Option<Self> {
        Some(Self::from(&std::fs::metadata(path).ok()?))
    }
}

impl From<&Metadata> for FileId {
    fn from(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
        }
    }
}

/// Holds a random text that names a directory: a device has another number after each mount, and a path may
/// lead elsewhere.
pub(super) const ID: &str = "id";

/// The directory for which something was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DirIdentity {
    /// Its path without links.
    path: String,
    /// What its file [`ID`] holds. A copy of the directory holds the same.
    id: String,
    file: FileId,
    /// When the kernel knew it by this device and inode.
    boot: String,
}

impl DirIdentity {
    /// The identity of a directory, which gets an id if it has none.
    pub(super) fn of(dir: &Path) -> Result<Self> {
        let look = || format!("cannot look at {}", dir.display());
        let id = match id_of(dir) {
            Ok(id) => id,
            Err(_) => {
                let id = format!("{:032x}", rand::random::<u128>());
                write_whole(&dir.join(ID), id.as_bytes())?;
                id
            }
        };
        Ok(Self {
            path: path_of(dir).with_context(look)?,
            id,
            file: FileId::of(dir).with_context(look)?,
            boot: process::boot(),
        })
    }

    /// Whether this is that directory, moved or not, and no copy of it: it has the same id, and either it is at the
    /// same place, or the kernel knows it for the same, or no such directory is at the old place any more.
    pub(super) fn is(&self, dir: &Path) -> bool {
        let is_same_file = || self.boot == process::boot() && FileId::of(dir) == Some(self.file);
        let is_gone = || match id_of(Path::new(&self.path)) {
            Ok(id) => id != self.id,
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        id_of(dir).is_ok_and(|id| id == self.id)
            && (path_of(dir).as_ref() == Some(&self.path) || is_same_file() || is_gone())
    }

    /// Where it was when it was written down.
    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

/// Has a directory that turned out to be a copy get an id of its own.
pub(super) fn forget_id(dir: &Path) {
    let _ = std::fs::remove_file(dir.join(ID));
}

fn id_of(dir: &Path) -> io::Result<String> {
    std::fs::read_to_string(dir.join(ID))
}

fn path_of(dir: &Path) -> Option<String> {
    Some(dir.canonicalize().ok()?.display().to_string())
}

/// Where the children of a site work, and the program that they run.
#[derive(Debug)]
pub(super) struct Ownership {
    folders: Vec<FileId>,
    cluster: Option<FileId>,
    program: Option<FileId>,
    trusts_run_file: bool,
}

impl Ownership {
    /// With `trusts_record` the record names this directory: then it is believed about a process that the kernel
    /// keeps closed to us.
    pub(super) fn of(state: &StateDir, trusts_run_file: bool) -> Self {
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
            trusts_run_file,
        }
    }

    /// Whether a process that the record names works in this state directory, or runs the copy of the program
    /// that lies there. That alone does not make it a child of the site: a shell may have its current folder here.
    pub(super) fn includes(&self, pid: i32) -> bool {
        let (folder, program) = (seen(pid, "cwd"), seen(pid, "exe"));
        let is_here = matches!(folder, Seen::Is(dir) if self.folders.contains(&dir));
        let is_ours = matches!(program, Seen::Is(file) if self.program == Some(file));
        let is_closed = [folder, program].contains(&Seen::Closed);
        is_here || is_ours || (is_closed && self.trusts_run_file)
    }

    /// The processes of the PostgreSQL that runs here.
    pub(super) fn postgres(&self) -> Vec<i32> {
        self.cluster.map_or(vec![], postgres_in)
    }
}

/// The processes of the PostgreSQL that runs in a cluster's folder: each works there, and is a `postgres`.
/// They are found so, because each leads a group of its own and outlives the postmaster.
pub(super) fn postgres_in(cluster: FileId) -> Vec<i32> {
    let living = process::living().into_iter();
    let postgres = living.filter(|stat| stat.name == POSTGRES);
    let here = postgres.filter(|stat| seen(stat.pid, "cwd") == Seen::Is(cluster));
    here.map(|stat| stat.pid).collect()
}

/// Whether a process is a living `postgres` of the cluster's owner, and the kernel does not show where it works.
pub(super) fn is_closed_postgres(pid: i32, cluster: &Path) -> bool {
    let owner = |path: &Path| path.metadata().ok().map(|found| found.uid());
    let is_postgres = |stat: Stat| stat.name == POSTGRES && stat.state != 'Z';
    Stat::of(pid).is_some_and(is_postgres)
        && owner(Path::new(&format!("/proc/{pid}"))) == owner(cluster)
        && seen(pid, "cwd") == Seen::Closed
}

/// Whether a process holds a file open.
pub(super) fn has_open(pid: i32, file: FileId) -> bool {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd"));
    let mut open = open.into_iter().flatten().flatten();
    open.any(|link| FileId::of(link.path()) == Some(file))
}

/// What the kernel shows of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Is(FileId),
    /// We may not look.
    Closed,
    Nothing,
}

/// The file behind a link of a process: its current folder, or its program.
///
/// In a container root often has no right to look at other users' processes (`CAP_SYS_PTRACE`); but their own
/// users may.
fn seen(pid: i32, link: &str) -> Seen {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let path = process.join(link);
    let look = || match path.metadata() {
        Ok(found) => Seen::Is(FileId::from(&found)),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Seen::Closed,
        Err(_) => Seen::Nothing,
    };
    match (look(), process.metadata()) {
        (Seen::Closed, Ok(owner)) => {
            let (user, group) = (Uid::from_raw(owner.uid()), Gid::from_raw(owner.gid()));
            // Without root's rights there are no others to take on.
            with_privileges_of(user, group, || Ok(look())).unwrap_or(Seen::Closed)
        }
        (seen, _) => seen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_directory_is_the_same_and_a_copy_is_another() {
        let dir = tempfile::tempdir().expect("a folder");
        let [first, moved, copy] = ["first", "moved", "copy"].map(|name| dir.path().join(name));
        std::fs::create_dir(&first).expect("a folder");
        let place = DirIdentity::of(&first).expect("a place");
        std::fs::create_dir(&copy).expect("a folder");
        std::fs::copy(first.join(ID), copy.join(ID)).expect("a copy");
        assert!(place.is(&first) && !place.is(&copy));
        std::fs::rename(&first, &moved).expect("moved");
        assert!(place.is(&moved) && !place.is(&first));
    }

    #[test]
    fn a_directory_is_the_same_after_its_device_got_another_number_and_after_a_reboot() {
        let dir = tempfile::tempdir().expect("a folder");
        let [first, moved, copy] = ["first", "moved", "copy"].map(|name| dir.path().join(name));
        std::fs::create_dir(&first).expect("a folder");
        let mut place = DirIdentity::of(&first).expect("a place");
        place.file.device += 1;
        assert!(place.is(&first), "mounted anew");
        place.boot = "of before".to_owned();
        assert!(place.is(&first), "after a reboot");
        std::fs::create_dir(&copy).expect("a folder");
        std::fs::copy(first.join(ID), copy.join(ID)).expect("a copy");
        assert!(!place.is(&copy));
        std::fs::rename(&first, &moved).expect("moved");
        assert!(place.is(&moved));
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
