//! The file with the password that all demo users share. Only the site's own user may read it.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::unix_user::UnixUser;

/// Writes the password of all demo users, unless the file exists.
pub(super) fn write_demo_logins(path: &Path, user: &UnixUser) -> Result<()> {
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
    user.chown(path)
}
