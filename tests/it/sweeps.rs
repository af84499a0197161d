//! Sweeps free the disk whatever else fails.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use domain::Reserve;
use domain::config::Site;
use domain::rung::Rung;
use site::jobs;

/// Longer ago than anything at work may be.
const LONG_AGO: Duration = Duration::from_secs(48 * 60 * 60);

fn put(path: &Path) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, [0; 4096]).expect("a file");
    let file = File::options().write(true).open(path).expect("a file");
    file.set_modified(SystemTime::now() - LONG_AGO)
        .expect("a date");
}

#[tokio::test]
async fn folders_are_swept_while_the_database_is_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let [originals, derivatives] =
        ["originals", "derivatives"].map(|name| folder.path().join(name));
    let cut_off = originals.join(".incoming/abandoned");
    let too_much = derivatives.join("public/1/token/320.webp");
    put(&cut_off);
    put(&too_much);
    let site = site::Site::open(&Site {
        database_url: "postgres://nobody@localhost/none?host=/nowhere".to_owned(),
        database_connections: 1,
        memcached: vec![],
        fence: false,
        originals,
        derivatives,
        disk_reserve: Reserve::default(),
        ballast: None,
        lab: false,
        lab_hosts: vec![],
        demo_logins: None,
        rung: Rung::CacheMoney,
        files_from_disk: None,
        static_files: None,
        probes: false,
    });
    let swept = jobs::sweep(&site.expect("a site"), 0).await;
    let failed = swept.expect_err("there is no database").to_string();
    for step in [
        "sessions: ",
        "browsers: ",
        "accounts: ",
        "upload places: ",
        "explore: ",
    ] {
        assert!(failed.contains(step), "{failed}");
    }
    assert!(!cut_off.exists() && !too_much.exists(), "{failed}");
}
