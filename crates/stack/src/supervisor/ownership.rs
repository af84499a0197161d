//! Proves by the kernel's data that a process belongs to a state directory.
//!
//! A copy of a state directory holds the same files as the original, `running.json` among them, and the processes
//! named there may be running: those of the original. So no file is trusted alone. A run file counts only in the
//! directory for which it was written (`dir_identity`), and a process is ended only if the kernel shows that it works
//! in that directory, or hides the working directory of a process named in the run file.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid};

use super::dir_identity::FileId;
use super::privileges::with_privileges_of;
use super::process::{self, Stat};
use super::state::StateDir;

/// The process name of PostgreSQL in /proc.
const POSTGRES: &str = "postgres";

/// The working directories of a site's children, and the program that they run.
#[derive(Debug)]
pub(super) struct Ownership {
    folders: Vec<FileId>,
    cluster: Option<FileId>,
    program: Option<FileId>,
    trusts_run_file: bool,
}

impl Ownership {
    /// `trusts_run_file` means that the run file names this directory: then it is trusted for a process whose working
    /// directory the kernel hides.
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

    /// Whether a process named in the run file works in this state directory, or runs the copy of the program there.
    /// This alone does not prove that it is a child of the site: a shell may have its working directory here.
    pub(super) fn includes(&self, pid: i32) -> bool {
        let (folder, program) = (proc_link(pid, "cwd"), proc_link(pid, "exe"));
        let is_here = matches!(folder, ProcLink::Is(dir) if self.folders.contains(&dir));
        let is_ours = matches!(program, ProcLink::Is(file) if self.program == Some(file));
        let is_closed = [folder, program].contains(&ProcLink::Closed);
        is_here || is_ours || (is_closed && self.trusts_run_file)
    }

    /// Returns the processes of the PostgreSQL that runs here.
    pub(super) fn postgres(&self) -> Vec<i32> {
        self.cluster.map_or(vec![], postgres_in)
    }
}

/// Returns the processes of the PostgreSQL that runs in a cluster's folder: each is a `postgres` with this working
/// directory. They are found this way because each leads its own process group and outlives the postmaster.
pub(super) fn postgres_in(cluster: FileId) -> Vec<i32> {
    let living = process::living().into_iter();
    let postgres = living.filter(|stat| stat.name == POSTGRES);
    let here = postgres.filter(|stat| proc_link(stat.pid, "cwd") == ProcLink::Is(cluster));
    here.map(|stat| stat.pid).collect()
}

/// Whether a process is a running `postgres` of the cluster's owner whose working directory the kernel hides.
pub(super) fn is_closed_postgres(pid: i32, cluster: &Path) -> bool {
    let owner = |path: &Path| path.metadata().ok().map(|found| found.uid());
    let is_postgres = |stat: Stat| stat.name == POSTGRES && stat.state != 'Z';
    Stat::of(pid).is_some_and(is_postgres)
        && owner(Path::new(&format!("/proc/{pid}"))) == owner(cluster)
        && proc_link(pid, "cwd") == ProcLink::Closed
}

/// Whether a process has a file open.
pub(super) fn has_open(pid: i32, file: FileId) -> bool {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd"));
    let mut open = open.into_iter().flatten().flatten();
    open.any(|link| FileId::of(link.path()) == Some(file))
}

/// What the kernel shows of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProcLink {
    Is(FileId),
    /// Access denied.
    Closed,
    Nothing,
}

/// Returns the file behind a link of a process: its working directory or its program.
///
/// In a container, root often may not inspect other users' processes (`CAP_SYS_PTRACE`), but those users may: so this
/// retries with their privileges.
fn proc_link(pid: i32, link: &str) -> ProcLink {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let path = process.join(link);
    let look = || match path.metadata() {
        Ok(found) => ProcLink::Is(FileId::from(&found)),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => ProcLink::Closed,
        Err(_) => ProcLink::Nothing,
    };
    match (look(), process.metadata()) {
        (ProcLink::Closed, Ok(owner)) => {
            let (user, group) = (Uid::from_raw(owner.uid()), Gid::from_raw(owner.gid()));
            // Without root's privileges there are no others to take on.
            with_privileges_of(user, group, || Ok(look())).unwrap_or(ProcLink::Closed)
        }
        (link_state, _) => link_state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
