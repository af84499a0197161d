//! This process without the variables of another PostgreSQL.
//!
//! The driver fills what an address leaves out from `PGPORT`, `PGSSLMODE` and their like, and puts
//! `PGOPTIONS` in front of our own options, where no address can take it back. Such variables belong to
//! another server on a developer's machine. So they are removed before anything else happens:
//! the address of a database (`DATABASE_URL`, or the one of `up`) holds everything, in every command.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result};

/// How the names of the variables begin that clients of PostgreSQL read.
const PREFIX: &[u8] = b"PG";

/// Returns at once where no such variable is set; else runs this program again without them.
///
/// It stays the same process, with the same arguments. A variable of a running process can be removed by
/// unsafe code only, because another thread may be reading it.
///
/// # Errors
///
/// When the program cannot be run again.
pub fn without_postgres() -> Result<()> {
    let names = std::env::vars_os().map(|(name, _)| name);
    let names: Vec<OsString> = names
        .filter(|name| name.as_encoded_bytes().starts_with(PREFIX))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    let program = std::env::current_exe().context("this program does not find itself")?;
    let mut words = std::env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = words.next() {
        command.arg0(name);
    }
    command.args(words);
    for name in &names {
        command.env_remove(name);
    }
    Err(command.exec()).with_context(|| format!("cannot run again without {names:?}"))
}
