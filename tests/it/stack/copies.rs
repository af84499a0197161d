//! A copy of a state directory is another site: nothing of the original is ended, asked or removed for it.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use serde_json::Value;

use super::site::{Site, folder, program, refusal, run, runs, send};

/// Copies a state directory, as a backup at run time does. Sockets and locks of a running PostgreSQL are
/// no part of it.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).output();
    // A file that PostgreSQL removes meanwhile is missing in the copy too.
    copied.expect("cp runs");
}

/// A process that has nothing to do with a site, but works in this folder. Ended when dropped.
struct Bystander(Child);

impl Bystander {
    fn in_folder(dir: &Path) -> Self {
        let mut sleep = Command::new("sleep");
        let sleep = sleep.arg("1000").current_dir(dir).stdin(Stdio::null());
        Self(sleep.spawn().expect("sleep starts"))
    }

    fn pid(&self) -> i32 {
        self.0.id() as i32
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn is_served(site: &Site) -> bool {
    site.get("/").starts_with("HTTP/1.1 200")
}

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_copy_of_a_running_site_starts_and_stops_beside_the_original() {
    let (dir, other) = (folder(), folder());
    let original = Site::ready(dir.path());
    let (pids, sockets) = (original.pids(), original.sockets());
    copy(&original.state, &other.path().join("state"));

    // The record in the copy names processes that run, and none of them is the copy's.
    let status = refusal(program(other.path(), &["status"]));
    assert!(status.contains("does not run"), "{status}");
    let index = refusal(program(other.path(), &["index", "status"]));
    assert!(index.contains("no site runs in"), "{index}");
    let stop = run(program(other.path(), &["stop"]));
    assert!(said(&stop).contains("no site runs in"), "{stop:?}");
    assert!(is_served(&original));

    copy_of_record(&original, other.path());
    let mut copy = Site::start(other.path());
    copy.wait_for(&format!(
        "is a copy of {}",
        original.state.canonicalize().expect("a path").display()
    ));
    copy.wait_for("ready http://");
    assert!(is_served(&copy) && is_served(&original));
    assert_ne!(copy.sockets(), sockets);
    copy.stop();
    let left: Vec<i32> = pids.iter().copied().filter(|pid| runs(*pid)).collect();
    assert_eq!(left, pids, "the original's");
    assert_eq!(original.pids(), pids, "nothing of it was replaced");
    assert!(sockets.join("app-0.sock").exists());
    assert!(is_served(&original));
    original.stop();
}

/// `stop` cleared the copied record away; a start finds it too.
fn copy_of_record(original: &Site, other: &Path) {
    let name = "running.json";
    std::fs::copy(original.state.join(name), other.join("state").join(name)).expect("a copy");
}

#[test]
fn a_moved_directory_is_still_the_same_site() {
    let dir = folder();
    let mut site = Site::ready(dir.path());
    let (pids, sockets) = (site.pids(), site.sockets());
    // A frozen child outlives its supervisor, and has to be known for ours at the new place.
    send(site.pid("memcached"), Signal::SIGSTOP);
    site.signal(Signal::SIGKILL);
    site.end();
    let elsewhere = dir.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a folder");
    std::fs::rename(&site.state, elsewhere.join("state")).expect("moved");

    let mut site = Site::start(&elsewhere);
    site.wait_for("stopping what an earlier run left");
    site.wait_for("ready http://");
    let left: Vec<i32> = pids.into_iter().filter(|pid| runs(*pid)).collect();
    assert!(left.is_empty(), "still running: {left:?}");
    assert!(!sockets.exists());
    site.stop();
}

#[test]
fn a_moved_directory_of_a_running_site_can_be_asked_and_stopped() {
    let dir = folder();
    let mut site = Site::ready(dir.path());
    let elsewhere = dir.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a folder");
    std::fs::rename(&site.state, elsewhere.join("state")).expect("moved");
    let status = run(program(&elsewhere, &["status"]));
    assert!(status.status.success(), "{status:?}");
    let stop = run(program(&elsewhere, &["stop"]));
    assert!(said(&stop).contains("stopped the site"), "{stop:?}");
    assert!(site.end().success());
}

#[test]
fn a_process_that_is_not_of_the_directory_outlives_a_record_that_names_it() {
    let dir = folder();
    let mut site = Site::ready(dir.path());
    let (outside, inside) = (folder(), site.state.join("database/cluster"));
    // One is named in the record, the other has its current folder in the cluster, as a shell may.
    let named = Bystander::in_folder(outside.path());
    let visiting = Bystander::in_folder(&inside);
    let mut record = site.record();
    site.signal(Signal::SIGTERM);
    assert!(site.end().success());

    let identity = &mut record["children"]["memcached"]["process"];
    identity["pid"] = named.pid().into();
    identity["started_ticks"] = started_ticks(named.pid());
    let text = serde_json::to_vec(&record).expect("JSON");
    std::fs::write(site.state.join("running.json"), text).expect("a record");
    let site = Site::ready(dir.path());
    assert!(runs(named.pid()) && runs(visiting.pid()));
    site.stop();
}

#[test]
fn a_folder_that_has_the_name_of_the_old_folder_of_sockets_is_left_alone() {
    let dir = folder();
    let mut site = Site::ready(dir.path());
    let sockets = site.sockets();
    site.signal(Signal::SIGKILL);
    site.end();
    std::fs::remove_dir_all(&sockets).expect("swept");
    // The next folder often gets the number of the last one, so that one is still in use.
    let before = sockets.with_extension("before");
    std::fs::create_dir(&before).expect("a folder");
    std::fs::create_dir(&sockets).expect("a folder");
    std::fs::write(sockets.join("file"), "of another program").expect("a file");
    let site = Site::ready(dir.path());
    assert!(sockets.join("file").exists());
    site.stop();
    for made in [sockets, before] {
        std::fs::remove_dir_all(made).expect("removed");
    }
}

fn started_ticks(pid: i32) -> Value {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let fields: Vec<&str> = stat
        .rsplit_once(") ")
        .expect("a name")
        .1
        .split(' ')
        .collect();
    fields[19].parse::<u64>().expect("a number").into()
}

#[test]
fn a_copy_of_a_folder_whose_state_moved_away_leads_to_a_state_of_its_own() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, other) = (folder(), folder());
    for closed in [&dir, &other] {
        let mode = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(closed.path(), mode).expect("a mode");
    }
    let mut site = Site::start(dir.path());
    site.wait_for("ready http://");
    copy(&site.state, &other.path().join("state"));
    let stop = run(program(other.path(), &["stop"]));
    assert!(said(&stop).contains("no site runs in"), "{stop:?}");
    let reset = refusal(program(other.path(), &["reset", "--yes"]));
    assert!(reset.contains("there is no site in"), "{reset}");
    let status = run(program(dir.path(), &["status"]));
    assert!(status.status.success(), "{status:?}");
    site.stop();
    assert!(
        run(program(dir.path(), &["reset", "--yes"]))
            .status
            .success()
    );
}
