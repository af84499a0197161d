//! The state directory: what lies where, who holds it, and where it goes when nobody can reach it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use accelerator::nginx::word;
use anyhow::{Context as _, Result, bail, ensure};
use images::disk::atomic_write;

use super::account::Account;
use super::moved;
use super::place::ID;

/// Takes up room that is given up when the disk is full.
const BALLAST: &str = "ballast";

/// Marks a folder as ours; whoever holds its lock runs the site.
const LOCK: &str = "lock";

/// The folder that holds everything of one site.
#[derive(Debug, Clone)]
pub struct StateDir {
    /// As the person said it.
    asked: PathBuf,
    /// Where it lies.
    path: PathBuf,
}

impl StateDir {
    /// Finds the state of a site without changing anything, moved or not.
    pub fn find(asked: &Path) -> Result<Self> {
        let asked = std::path::absolute(asked).context("cannot tell where the state lies")?;
        let path = moved::leads_to(&asked).unwrap_or_else(|| asked.clone());
        Ok(Self { asked, path })
    }

    /// Makes the state directory, at a place where `account` can go, and says so when that is
    /// elsewhere: workers that run as nobody cannot enter a clone below a private home.
    pub(super) fn make(asked: &Path, account: &Account, say: impl Fn(&str)) -> Result<Self> {
        let mut state = Self::find(asked)?;
        can_be_written(&state.asked)?;
        make_dir(&state.asked)?;
        if state.asked == state.path && !account.can_enter(&state.asked) {
            state.path = moved::refuge(&state.asked);
            make_dir(&state.path)?;
            check_ours(&state.path)?;
            moved::write(&state.asked, &state.path)?;
        }
        if state.asked != state.path {
            make_dir(&state.path)?;
            check_ours(&state.path)?;
            moved::renew(&state.asked, &state.path)?;
            say(&format!(
                "the user {} cannot enter {}, so the state lies in {}",
                account.name,
                state.asked.display(),
                state.path.display()
            ));
        }
        if !account.can_enter(&state.path) {
            bail!(
                "the user {} cannot enter {}; say --state-dir with a folder that user can reach",
                account.name,
                state.path.display()
            );
        }
        check_not_theirs(&state.path, account)?;
        Ok(state)
    }

    /// Takes the state for this process alone, until the lock is dropped or the process is dead.
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

    /// Whether a state of ours lies here at all.
    pub fn exists(&self) -> bool {
        self.path.join(LOCK).exists()
    }

    /// Says that there is no site here, and what to do.
    pub fn no_site(&self) -> String {
        format!(
            "there is no site in {}; start one with `flickr-killr up`, or say --state-dir with the \
             folder of another one",
            self.path.display()
        )
    }

    /// Where the state lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes everything `up` ever made here, and nothing else; a folder left empty goes too.
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
            moved::FROM,
            ID,
            BALLAST,
            LOCK,
        ] {
            let _ = std::fs::remove_file(self.path.join(name));
        }
        let _ = std::fs::remove_dir(&self.path);
        if self.asked != self.path {
            for note in [moved::TO, ID] {
                let _ = std::fs::remove_file(self.asked.join(note));
            }
            let _ = std::fs::remove_dir(&self.asked);
        }
        Ok(())
    }

    /// Makes a folder that belongs to whoever runs `up`.
    pub(super) fn make_ours(&self, dir: &Path, mode: u32) -> Result<()> {
        std::fs::create_dir_all(dir)
            .and_then(|()| std::fs::set_permissions(dir, std::fs::Permissions::from_mode(mode)))
            .with_context(|| format!("cannot make the folder {}", dir.display()))
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

    /// The site's own files, of every version that ran here lately.
    pub(super) fn static_files(&self) -> PathBuf {
        self.path.join("static")
    }

    /// The file whose room is given up when the disk is full.
    pub(super) fn ballast(&self) -> PathBuf {
        self.path.join(BALLAST)
    }

    pub(super) fn demo_logins(&self) -> PathBuf {
        self.path.join("demo-logins")
    }

    pub(super) fn record(&self) -> PathBuf {
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

/// The state taken by this process. The kernel frees it when the process is gone, however it went.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Leaves our pid for the sentence that a second `up` prints.
    pub(super) fn sign(&mut self) {
        let _ = self.0.set_len(0);
        let _ = writeln!(self.0, "{}", std::process::id());
    }
}

/// Writes a file so that it is there whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    atomic_write::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// How many bytes the files below a folder take on disk.
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

/// Refuses a path that cannot be written down for the programs of the site: nginx's configuration has no
/// way to hold some characters. Asked before anything is made.
fn can_be_written(path: &Path) -> Result<()> {
    // The same judgement that nginx's configuration is written by.
    let is_fit = path.to_str().is_some_and(|text| word(text).is_ok());
    ensure!(
        is_fit,
        "the state directory {path:?} has a character in its path that cannot be written into a \
         configuration of nginx; say --state-dir with a path of UTF-8 without line ends, control \
         characters and any of \" \\ $"
    );
    Ok(())
}

fn make_dir(dir: &Path) -> Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(dir)
        .with_context(|| format!("cannot make the state directory {}", dir.display()))?;
    // The umask of a careful root would shut the children out.
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot set the mode of {}", dir.display()))
}

/// Refuses a folder in which root would write, and the children's user might put links.
fn check_not_theirs(dir: &Path, account: &Account) -> Result<()> {
    let found = dir.metadata();
    let found = found.with_context(|| format!("cannot look at {}", dir.display()))?;
    ensure!(
        !account.may_change(&found),
        "{} belongs to {}, the user of the children, and root would write in it; give it to root, start as that \
         user, or say --state-dir with another folder",
        dir.display(),
        account.name
    );
    Ok(())
}

/// Everybody may make folders in /var/tmp; we only go where nobody else can write.
fn check_ours(dir: &Path) -> Result<()> {
    let metadata = std::fs::symlink_metadata(dir)
        .with_context(|| format!("cannot look at {}", dir.display()))?;
    let ours = metadata.is_dir()
        && metadata.uid() == nix::unistd::geteuid().as_raw()
        && metadata.mode() & 0o022 == 0;
    if !ours {
        bail!(
            "{} belongs to somebody else; remove it, or say --state-dir with another folder",
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
            assert!(said.contains("belongs to somebody else"), "{said}");
        }
        if nix::unistd::geteuid().is_root() {
            std::os::unix::fs::chown(&ours, Some(65_534), None).unwrap();
            assert!(check_ours(&ours).is_err(), "another user's");
        }
    }
}
