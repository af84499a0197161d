//! Work in folders of the children's user, done with that user's file privileges.
//!
//! Root may do everything and follows symlinks. A child under an attacker's control may place a symlink to
//! `/etc/passwd` where `up` is about to write, or exchange a file between its creation and its chown. So in a folder
//! that the children's user can change, root itself creates, writes, renames and removes nothing: what that user may
//! not do there fails, and what is created there belongs to that user from the start.

use std::panic::resume_unwind;
use std::thread::{Builder, scope};

use anyhow::{Context as _, Result, ensure};
use nix::unistd::{Gid, Uid, setfsgid, setfsuid};
use rustix::thread::set_thread_groups;

/// Runs `work` with the file privileges of this user and this group.
///
/// Linux keeps these privileges for each thread. A separate thread takes them on and ends with the work, so the caller
/// always keeps its own. Only file privileges change: no other user may send a signal to the thread.
pub(super) fn with_privileges_of<T: Send>(
    user: Uid,
    group: Gid,
    work: impl FnOnce() -> Result<T> + Send,
) -> Result<T> {
    scope(|threads| {
        let work = || {
            take_on(user, group)?;
            work()
        };
        let thread = Builder::new().spawn_scoped(threads, work);
        let thread = thread.context("cannot start a thread")?;
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

fn take_on(user: Uid, group: Gid) -> Result<()> {
    set_thread_groups(&[]).context("cannot drop supplementary groups")?;
    setfsgid(group);
    setfsuid(user);
    // These calls return the previous value, not whether they succeeded.
    let is_taken_on = setfsgid(group) == group && setfsuid(user) == user;
    ensure!(
        is_taken_on,
        "cannot take on the file privileges of user {user}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    use nix::unistd::{chown, geteuid};

    use super::*;

    const NOBODY: (Uid, Gid) = (Uid::from_raw(65534), Gid::from_raw(65534));

    #[test]
    fn what_is_made_belongs_to_the_user_and_nothing_else_can_be_changed() {
        if !geteuid().is_root() {
            return;
        }
        let dir = tempfile::tempdir().expect("a folder");
        let [theirs, ours] = ["theirs", "ours"].map(|name| dir.path().join(name));
        for made in [&theirs, &ours] {
            fs::create_dir(made).expect("a folder");
        }
        chown(dir.path(), None, Some(NOBODY.1)).expect("root may");
        fs::set_permissions(
            dir.path(),
            std::os::unix::fs::PermissionsExt::from_mode(0o710),
        )
        .expect("a mode");
        chown(&theirs, Some(NOBODY.0), Some(NOBODY.1)).expect("root may");
        std::os::unix::fs::symlink(&ours, theirs.join("link")).expect("a link");
        with_privileges_of(NOBODY.0, NOBODY.1, || {
            Ok(fs::write(theirs.join("file"), "text")?)
        })
        .expect("it may");
        let made = fs::metadata(theirs.join("file")).expect("it is there");
        assert_eq!((made.uid(), made.gid()), (65534, 65534));
        let refused = with_privileges_of(NOBODY.0, NOBODY.1, || {
            Ok(fs::write(theirs.join("link/file"), "text")?)
        });
        assert!(refused.is_err());
        // The caller is still root.
        fs::write(ours.join("file"), "text").expect("root may");
        assert_eq!(fs::metadata(ours.join("file")).expect("a file").uid(), 0);
    }
}
