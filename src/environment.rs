//! Removes the variables of PostgreSQL's clients from the environment of this process.
//!
//! The driver takes what a database address omits from `PGPORT`, `PGSSLMODE` and the others, and puts `PGOPTIONS`
//! before our own options, which an address cannot undo. On a developer's machine these variables belong to another
//! server. So they are removed first, in every command: the address (`DATABASE_URL`, or the one that `up` makes) is
//! complete.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result};

/// The prefix of the variables that clients of PostgreSQL read.
const PREFIX: &[u8] = b"PG";

/// Returns at once if no such variable is set; else replaces this process by the same program without them (`exec`).
///
/// The process id and the arguments stay the same. Removing a variable from a running process needs unsafe code,
/// because another thread may be reading the environment.
///
/// # Errors
///
/// When `exec` fails.
pub fn remove_postgres_variables() -> Result<()> {
    let names = std::env::vars_os().map(|(name, _)| name);
    let names: Vec<OsString> = names
        .filter(|name| name.as_encoded_bytes().starts_with(PREFIX))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    let program = std::env::current_exe().context("cannot locate the running executable")?;
    let mut arguments = std::env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    command.args(arguments);
    for name in &names {
        command.env_remove(name);
    }
    Err(command.exec())
        .with_context(|| format!("cannot restart this program without the variables {names:?}"))
}
