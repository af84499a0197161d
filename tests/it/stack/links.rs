//! The children's user owns some folders of a site. What it puts there leads root nowhere else.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::site::{Site, folder, refusal, up};

/// The user and group of the children.
const NOBODY: u32 = 65534;

/// What a file of root holds, outside of the site.
const TEXT: &str = "of root";

/// A folder of root that holds a file of root; none when the tests do not run as root.
fn victim() -> Option<(TempDir, PathBuf)> {
    if !nix::unistd::geteuid().is_root() {
        return None;
    }
    let dir = folder();
    let file = dir.path().join("file");
    fs::write(&file, TEXT).expect("a file");
    Some((dir, file))
}

/// A link as the children's user makes one.
fn plant(to: &Path, at: &Path) {
    symlink(to, at).expect("a link");
    lchown(at, Some(NOBODY), Some(NOBODY)).expect("root may");
}

#[track_caller]
fn assert_untouched(file: &Path, text: &str) {
    assert_eq!(fs::read_to_string(file).expect("it is there"), text);
    let folder = file.parent().expect("a folder");
    for path in [file, folder] {
        let found = path.metadata().expect("it is there");
        assert_eq!(found.uid(), 0, "{} was given away", path.display());
    }
    let mode = folder.metadata().expect("a folder").permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
    assert_eq!(fs::read_dir(folder).expect("a folder").count(), 1);
}

#[test]
fn the_configuration_of_postgresql_is_written_through_no_link() {
    let Some((_dir, victim)) = victim() else {
        return;
    };
    let dir = folder();
    let site = Site::ready(dir.path());
    let cluster = site.state.join("database/cluster");
    site.stop();
    plant(&victim, &cluster.join("postgresql.new"));
    let site = Site::ready(dir.path());
    assert_untouched(&victim, TEXT);
    let written = cluster.join("postgresql.conf").symlink_metadata();
    let written = written.expect("a configuration");
    assert!(written.is_file() && written.uid() == NOBODY);
    site.stop();

    // The whole folder may be a link too.
    let version = fs::read_to_string(cluster.join("PG_VERSION")).expect("a version");
    let elsewhere = victim.with_file_name("PG_VERSION");
    fs::rename(&victim, &elsewhere).expect("renamed");
    fs::write(&elsewhere, &version).expect("a version");
    fs::rename(&cluster, cluster.with_extension("kept")).expect("renamed");
    plant(elsewhere.parent().expect("a folder"), &cluster);
    let said = refusal(up(dir.path()));
    assert!(said.contains("postgresql.conf"), "{said}");
    assert_untouched(&elsewhere, &version);
}

#[test]
fn no_folder_of_pictures_is_given_away_through_a_link() {
    let Some((_dir, victim)) = victim() else {
        return;
    };
    for name in ["originals", "derivatives"] {
        let dir = folder();
        let pictures = dir.path().join("state/pictures");
        fs::create_dir_all(&pictures).expect("a folder");
        plant(victim.parent().expect("a folder"), &pictures.join(name));
        let said = refusal(up(dir.path()));
        assert!(
            said.contains("is not a folder of the user nobody"),
            "{said}"
        );
        assert_untouched(&victim, TEXT);
    }
}

#[test]
fn the_sign_that_requests_are_watched_is_made_through_no_link() {
    let Some((_dir, victim)) = victim() else {
        return;
    };
    let dir = folder();
    let site = Site::ready(dir.path());
    let sign = site.sockets().join("watched");
    plant(&victim, &sign);
    let _watcher = UnixStream::connect(site.sockets().join("watch.sock")).expect("a watcher");
    let is_made = || {
        let found = sign.symlink_metadata();
        found.is_ok_and(|found| found.is_file() && found.uid() == NOBODY)
    };
    while !is_made() {
        assert_untouched(&victim, TEXT);
    }
    assert_untouched(&victim, TEXT);
    site.stop();
}

#[test]
fn what_is_made_for_the_children_is_theirs_and_nginx_gets_its_folders_where_they_can_put_nothing() {
    let Some(_) = victim() else {
        return;
    };
    let dir = folder();
    let site = Site::ready(dir.path());
    let owner = |path: &Path| path.symlink_metadata().expect("it is there").uid();
    let sockets = site.sockets();
    for theirs in [
        sockets.clone(),
        sockets.join("watch.sock"),
        sockets.join("watch-lines.sock"),
        site.state.join("pictures/originals"),
        site.state.join("database/cluster/postgresql.conf"),
    ] {
        assert_eq!(owner(&theirs), NOBODY, "{}", theirs.display());
    }
    let temporary = site.state.join("nginx/temp");
    assert_eq!(owner(&temporary), 0);
    let folders = fs::read_dir(&temporary).expect("a folder");
    let owners: Vec<u32> = folders
        .map(|folder| owner(&folder.expect("a folder").path()))
        .collect();
    assert!(!owners.is_empty() && owners.iter().all(|owner| *owner == NOBODY));
    site.stop();
}

#[test]
fn a_state_directory_of_the_childrens_user_is_refused_to_root() {
    let Some(_) = victim() else {
        return;
    };
    let dir = folder();
    let state = dir.path().join("state");
    fs::create_dir(&state).expect("a folder");
    lchown(&state, Some(NOBODY), Some(NOBODY)).expect("root may");
    let said = refusal(up(dir.path()));
    assert!(said.contains("the user of the children"), "{said}");
    assert_eq!(fs::read_dir(&state).expect("a folder").count(), 0);
}
