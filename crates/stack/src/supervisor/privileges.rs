//! Work in the folders of the children's user, done with that user's rights to files.
//!
//! Root may do everything and follows links. A child that an attacker controls may put a link to `/etc/passwd` where
//! `up` is about to write, or exchange a file between the moment it is made and the moment it is given away. So in
//! a folder that the children's user can change, root itself makes, writes, renames and removes nothing: what that
//! user may not do there fails, and what is made there belongs to that user from the start.

use std::panic::resume_unwind;
use std::thread::{Builder, scope};

use anyhow::{Context as _, Result, ensure};
use nix::unistd::{Gid, Uid, setfsgid, setfsuid};
use rustix::thread::set_thread_groups;

/// Does `work` with the rights to files that this user and this group have.
///
/// Linux keeps these rights for each thread. A thread of its own takes them on and ends with the work, so the caller
/// keeps its own whatever happens. Only these rights change: no other user may send a signal to the thread.
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
    set_thread_groups(&[]).context("cannot give up groups")?;
    setfsgid(group);
    setfsuid(user);
    // These calls return what was before, not whether they worked.
    let is_taken_on = setfsgid(group) == group && setfsuid(user) == user;
    ensure!(is_taken_on, "cannot take on the rights of user {user}");
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
        // The caller is root as before.
        fs::write(ours.join("file"), "text").expect("root may");
        assert_eq!(fs::metadata(ours.join("file")).expect("a file").uid(), 0);
    }
}
