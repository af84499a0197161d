//! What only the site's own user may see: the folder of the sockets, the password of demo people.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::account::Account;

/// Sockets lie in /tmp whatever TMPDIR says: it may be long, and closed to other users.
const SOCKETS: &str = "/tmp/fk-";

/// Makes the short private folder of the unix sockets: their paths may have 107 bytes only.
pub(super) fn make_sockets(account: &Account) -> Result<PathBuf> {
    loop {
        let dir = PathBuf::from(format!("{SOCKETS}{:08x}", rand::random::<u32>()));
        match DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => {
                account.own(&dir)?;
                return Ok(dir);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot make {}", dir.display()));
            }
        }
    }
}

/// Removes the folder of the sockets, and nothing that does not look like one.
pub(super) fn remove_sockets(dir: &Path) {
    let ours = dir.to_string_lossy();
    let ours = ours
        .strip_prefix(SOCKETS)
        .is_some_and(|name| !name.contains('/'));
    if ours {
        let _ = std::fs::remove_dir_all(dir);
    }
}

/// Writes the one password of all demo people, if there is none yet.
pub(super) fn make_demo_logins(path: &Path, account: &Account) -> Result<()> {
    let mut options = OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let parts = [(); 4].map(|()| format!("{:08x}", rand::random::<u32>()));
            writeln!(file, "{}", parts.join("-"))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
    .with_context(|| format!("cannot write {}", path.display()))?;
    account.own(path)
}
