//! The state directory: its layout, its lock, and its fallback place when the children's user cannot reach it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use accelerator::nginx::word;
use anyhow::{Context as _, Result, bail, ensure};

use super::dir_identity::ID;
use super::relocation;
use super::unix_user::UnixUser;

/// The file whose space is released when the disk is full.
const BALLAST: &str = "ballast";

/// Marks a folder as a state directory; the process that holds its lock runs the site.
const LOCK: &str = "lock";

/// The folder that holds everything of one site.
#[derive(Debug, Clone)]
pub struct StateDir {
    /// The path as given by the caller.
    requested: PathBuf,
    /// Its real path.
    path: PathBuf,
}

impl StateDir {
    /// Finds the state of a site, relocated or not, without changing anything.
    pub fn find(requested: &Path) -> Result<Self> {
        let requested = std::path::absolute(requested)
            .context("cannot make the path of the state directory absolute")?;
        let path = relocation::relocated_path(&requested).unwrap_or_else(|| requested.clone());
        Ok(Self { requested, path })
    }

    /// Creates the state directory at a path that `user` can enter, and reports if that is elsewhere: workers that run
    /// as `nobody` cannot enter a clone below a private home.
    pub(super) fn make(requested: &Path, user: &UnixUser, report: impl Fn(&str)) -> Result<Self> {
        let mut state = Self::find(requested)?;
        can_be_written(&state.requested)?;
        make_dir(&state.requested)?;
        if state.requested == state.path && !user.can_enter(&state.requested) {
            state.path = relocation::fallback_dir(&state.requested);
            make_dir(&state.path)?;
            check_ours(&state.path)?;
            relocation::write(&state.requested, &state.path)?;
        }
        if state.requested != state.path {
            make_dir(&state.path)?;
            check_ours(&state.path)?;
            relocation::update(&state.requested, &state.path)?;
            report(&format!(
                "the user {} cannot enter {}, so the state is in {}",
                user.name,
                state.requested.display(),
                state.path.display()
            ));
        }
        if !user.can_enter(&state.path) {
            bail!(
                "the user {} cannot enter {}; give --state-dir with a folder that user can reach",
                user.name,
                state.path.display()
            );
        }
        check_not_theirs(&state.path, user)?;
        Ok(state)
    }

    /// Locks the state for this process, until the lock is dropped or the process ends.
    pub(super) fn lock(&self) -> Result<Lock> {
        match self.try_lock()? {
            Some(lock) => Ok(lock),
            None => bail!(
                "the site in {} is running already{}; `flickr-killr status` shows it, \
                 `flickr-killr stop` stops it",
                self.path.display(),
                self.holder()
            ),
        }
    }

    /// Whether a state directory exists here.
    pub fn exists(&self) -> bool {
        self.path.join(LOCK).exists()
    }

    /// Returns the message that there is no site here, and how to start one.
    pub fn no_site(&self) -> String {
        format!(
            "there is no site in {}; start one with `flickr-killr up`, or give --state-dir with the \
             folder of another one",
            self.path.display()
        )
    }

    /// Its real path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes everything that `up` creates here, and nothing else; an empty folder is removed too.
    pub(super) fn remove(&self, _lock: &Lock) -> Result<()> {
        for name in ["database", "nginx", "logs", "pictures", "static", "bin"] {
            let dir = self.path.join(name);
            if dir.exists() {
                std::fs::remove_dir_all(&dir)
                    .with_context(|| format!("cannot remove {}", dir.display()))?;
            }
        }
        for name in [
            "demo-logins",
            "running.json",
            "running.new",
            relocation::FROM,
            ID,
            BALLAST,
            LOCK,
        ] {
            let _ = std::fs::remove_file(self.path.join(name));
        }
        let _ = std::fs::remove_dir(&self.path);
        if self.requested != self.path {
            for note in [relocation::TO, ID] {
                let _ = std::fs::remove_file(self.requested.join(note));
            }
            let _ = std::fs::remove_dir(&self.requested);
        }
        Ok(())
    }

    /// Creates a folder that belongs to the user that runs `up`.
    pub(super) fn create_own_dir(&self, dir: &Path, mode: u32) -> Result<()> {
        std::fs::create_dir_all(dir)
            .and_then(|()| std::fs::set_permissions(dir, std::fs::Permissions::from_mode(mode)))
            .with_context(|| format!("cannot create the folder {}", dir.display()))
    }

    pub(super) fn database(&self) -> PathBuf {
        self.path.join("database")
    }

    pub(super) fn cluster(&self) -> PathBuf {
        self.database().join("cluster")
    }

    pub(super) fn nginx(&self) -> PathBuf {
        self.path.join("nginx")
    }

    pub(super) fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    pub(super) fn bin(&self) -> PathBuf {
        self.path.join("bin")
    }

    /// The copy of this program that the children run.
    pub(super) fn program(&self) -> PathBuf {
        self.bin().join("flickr-killr")
    }

    pub(super) fn lock_file(&self) -> PathBuf {
        self.path.join(LOCK)
    }

    pub(super) fn pictures(&self) -> PathBuf {
        self.path.join("pictures")
    }

    pub(super) fn originals(&self) -> PathBuf {
        self.pictures().join("originals")
    }

    pub(super) fn derivatives(&self) -> PathBuf {
        self.pictures().join("derivatives")
    }

    /// The static files of every version that ran here lately.
    pub(super) fn static_files(&self) -> PathBuf {
        self.path.join("static")
    }

    /// The file whose space is released when the disk is full.
    pub(super) fn ballast(&self) -> PathBuf {
        self.path.join(BALLAST)
    }

    pub(super) fn demo_logins(&self) -> PathBuf {
        self.path.join("demo-logins")
    }

    pub(super) fn run_file(&self) -> PathBuf {
        self.path.join("running.json")
    }

    fn try_lock(&self) -> Result<Option<Lock>> {
        let path = self.lock_file();
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o644)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }

    fn holder(&self) -> String {
        let pid = std::fs::read_to_string(self.path.join(LOCK)).unwrap_or_default();
        match pid.trim() {
            "" => String::new(),
            pid => format!(" as process {pid}"),
        }
    }
}

/// The lock of a state directory. The kernel releases it when the process ends for any reason.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Writes the pid of this process, for the error message of a second `up`.
    pub(super) fn write_pid(&mut self) {
        let _ = self.0.set_len(0);
        let _ = writeln!(self.0, "{}", std::process::id());
    }
}

/// Returns the disk usage of the files below a folder.
pub(super) fn disk_bytes(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten();
    let sizes = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let metadata = entry.metadata().ok()?;
        Some(if metadata.is_dir() {
            disk_bytes(&entry.path())
        } else {
            metadata.blocks() * 512
        })
    });
    sizes.sum()
}

/// Refuses a path with characters that nginx's configuration cannot express. Checked before anything is created.
fn can_be_written(path: &Path) -> Result<()> {
    // The same check as when nginx's configuration is written.
    let is_fit = path.to_str().is_some_and(|text| word(text).is_ok());
    ensure!(
        is_fit,
        "the state directory {path:?} has a character in its path that cannot be written into a \
         configuration of nginx; give --state-dir with a path of UTF-8 without line ends, control \
         characters and any of \" \\ $"
    );
    Ok(())
}

fn make_dir(dir: &Path) -> Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(dir)
        .with_context(|| format!("cannot create the state directory {}", dir.display()))?;
    // A strict umask of root would lock the children out.
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot set the mode of {}", dir.display()))
}

/// Refuses a folder where root would write and the children's user could place symlinks.
fn check_not_theirs(dir: &Path, user: &UnixUser) -> Result<()> {
    let found = dir.metadata();
    let found = found.with_context(|| format!("cannot look at {}", dir.display()))?;
    ensure!(
        !user.may_change(&found),
        "{} belongs to {}, the user of the children, and root would write in it; give it to root, start as that \
         user, or give --state-dir with another folder",
        dir.display(),
        user.name
    );
    Ok(())
}

/// Every user may create folders in /var/tmp; only one that no other user can write to is accepted.
fn check_ours(dir: &Path) -> Result<()> {
    let metadata = std::fs::symlink_metadata(dir)
        .with_context(|| format!("cannot look at {}", dir.display()))?;
    let ours = metadata.is_dir()
        && metadata.uid() == nix::unistd::geteuid().as_raw()
        && metadata.mode() & 0o022 == 0;
    if !ours {
        bail!(
            "{} belongs to another user; remove it, or give --state-dir with another folder",
            dir.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_others_can_write_to_or_that_is_a_link_is_not_ours() {
        let dir = tempfile::tempdir().unwrap();
        let [ours, open, link] = ["ours", "open", "link"].map(|name| dir.path().join(name));
        for (path, mode) in [(&ours, 0o755), (&open, 0o777)] {
            std::fs::create_dir(path).unwrap();
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        std::os::unix::fs::symlink(&ours, &link).unwrap();
        assert!(check_ours(&ours).is_ok());
        for path in [&open, &link] {
            let said = check_ours(path).unwrap_err().to_string();
            assert!(said.contains("belongs to another user"), "{said}");
        }
        if nix::unistd::geteuid().is_root() {
            std::os::unix::fs::chown(&ours, Some(65_534), None).unwrap();
            assert!(check_ours(&ours).is_err(), "another user's");
        }
    }
}
