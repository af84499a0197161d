//! From nothing to `ready` to nothing, also the hard way.

use std::os::unix::fs::PermissionsExt as _;

use nix::sys::signal::Signal;

use super::site::{Site, folder, program, refusal, run, runs, send, through, up};

#[test]
fn a_site_serves_and_then_leaves_no_process_and_no_socket() {
    let dir = folder();
    let mut site = Site::ready(dir.path());
    assert!(
        site.get("/").starts_with("HTTP/1.1 200"),
        "{}",
        site.get("/")
    );
    let (pids, sockets, state) = (site.pids(), site.sockets(), site.state.clone());
    assert_eq!(pids.len(), 5, "postgres, memcached, two apps, nginx");
    assert!(sockets.join("app-0.sock").exists());

    site.signal(Signal::SIGINT);
    assert_eq!(site.end().code(), Some(0));

    let left: Vec<_> = pids.into_iter().filter(|pid| runs(*pid)).collect();
    assert!(left.is_empty(), "still running: {left:?}");
    assert!(!sockets.exists());
    assert!(!state.join("running.json").exists());
    assert!(state.join("database/cluster/PG_VERSION").exists());
    assert!(!state.join("database/cluster/postmaster.pid").exists());
}

/// Where a process and its children listen over TCP, IPv6 included, as `/proc/net/tcp` spells addresses.
fn listens_at(pid: i32) -> Vec<String> {
    let links = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("our own child");
    let sockets: Vec<String> = links
        .flatten()
        .filter_map(|link| std::fs::read_link(link.path()).ok())
        .filter_map(|target| {
            let inode = target.to_str()?.strip_prefix("socket:[")?;
            Some(inode.strip_suffix(']')?.to_owned())
        })
        .collect();
    let tables = ["tcp", "tcp6"].map(|table| format!("/proc/{pid}/net/{table}"));
    let rows = tables.map(|table| std::fs::read_to_string(table).unwrap_or_default());
    let rows = rows.iter().flat_map(|table| table.lines().skip(1));
    rows.map(|row| row.split_whitespace().collect::<Vec<_>>())
        .filter(|row| row[3] == "0A" && sockets.iter().any(|inode| inode == row[9]))
        .map(|row| row[1].rsplit_once(':').expect("a port").0.to_owned())
        .collect()
}

#[test]
fn nothing_of_a_site_listens_for_the_world() {
    let dir = folder();
    let site = Site::ready(dir.path());
    // 127.0.0.1, its bytes in the order of this processor.
    let loopback = format!("{:08X}", u32::from_ne_bytes([127, 0, 0, 1]));
    for (child, listens_over_tcp) in [
        ("memcached", true),
        ("nginx", true),
        ("postgres", false),
        ("app-0", false),
        ("app-1", false),
    ] {
        let found = listens_at(site.pid(child));
        assert_eq!(!found.is_empty(), listens_over_tcp, "{child}: {found:?}");
        assert!(
            found.iter().all(|at| *at == loopback),
            "{child} listens at {found:?}"
        );
    }
    site.stop();
}

#[test]
fn stop_and_status_and_reset_reach_a_site_from_elsewhere() {
    let dir = folder();
    let mut site = Site::ready(dir.path());
    let status = run(program(dir.path(), &["status"]));
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.status.success(), "{status:?}");
    for words in [
        "ready http://127.0.0.1:",
        "postgres",
        "memcached",
        "app-1",
        "nginx",
        "200 people, 2,000 photos; at the first start 200 and 2,000, from seed 2007",
    ] {
        assert!(said.contains(words), "no {words:?} in\n{said}");
    }
    let said = refusal(program(dir.path(), &["reset", "--yes"]));
    assert!(said.contains("is running already"), "{said}");

    let stopped = run(program(dir.path(), &["stop"]));
    assert!(stopped.status.success(), "{stopped:?}");
    assert!(site.end().success());
    let said = refusal(program(dir.path(), &["status"]));
    assert!(said.contains("does not run"), "{said}");

    let said = refusal(program(dir.path(), &["reset"]));
    assert!(said.contains("--yes"), "{said}");
    assert!(site.state.exists());
    let reset = run(program(dir.path(), &["reset", "--yes"]));
    assert!(reset.status.success(), "{reset:?}");
    assert!(!site.state.exists());
}

#[test]
fn a_killed_supervisor_does_not_block_the_next_start() {
    let dir = folder();
    let mut site = Site::ready(dir.path());
    let (pids, sockets) = (site.pids(), site.sockets());
    // A frozen child cannot obey the kernel's parting signal; the next start has to end it.
    send(site.pid("app-1"), Signal::SIGSTOP);
    site.signal(Signal::SIGKILL);
    site.end();

    let site = Site::ready(dir.path());
    let left: Vec<_> = pids.into_iter().filter(|pid| runs(*pid)).collect();
    assert!(left.is_empty(), "still running: {left:?}");
    assert!(!sockets.exists());
    assert!(site.get("/").starts_with("HTTP/1.1 200"));
    site.stop();
}

#[test]
fn root_in_a_container_finds_what_a_killed_supervisor_left_too() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    // By default Docker gives root no right to look at the processes of others.
    let contained = |dir| through("setpriv", &["--bounding-set=-sys_ptrace"], &up(dir));
    let dir = folder();
    let mut site = Site::start_as(contained(dir.path()), dir.path());
    site.wait_for("ready http://");
    let pids = site.pids();
    // When the supervisor dies, the kernel wakes what is frozen, unless its new parent is in the same session.
    nix::sys::prctl::set_child_subreaper(true).expect("a parent for orphans");
    for frozen in ["postgres", "memcached", "app-1"] {
        send(site.pid(frozen), Signal::SIGSTOP);
    }
    site.signal(Signal::SIGKILL);
    site.end();

    let mut site = Site::start_as(contained(dir.path()), dir.path());
    site.wait_for("ready http://");
    let left: Vec<_> = pids.into_iter().filter(|pid| runs(*pid)).collect();
    assert!(left.is_empty(), "still running: {left:?}");
    site.stop();
}

#[test]
fn everything_killed_at_once_comes_back() {
    let dir = folder();
    let mut site = Site::ready(dir.path());
    let pids = site.pids();
    site.signal(Signal::SIGKILL);
    for pid in pids {
        // Some obeyed the kernel's parting signal already.
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL);
    }
    site.end();
    Site::ready(dir.path()).stop();
}

#[test]
fn a_stop_during_the_first_start_leaves_no_half_made_cluster() {
    let dir = folder();
    let mut site = Site::start(dir.path());
    site.wait_for("making a PostgreSQL cluster");
    site.signal(Signal::SIGTERM);
    assert_eq!(site.end().code(), Some(0));
    assert!(!site.state.join("database/cluster").exists());
    assert!(!site.state.join("database/cluster.half").exists());
    Site::ready(dir.path()).stop();
}

#[test]
fn a_half_made_cluster_is_not_taken_for_a_whole_one() {
    let dir = folder();
    let half = dir.path().join("state/database/cluster.half");
    std::fs::create_dir_all(&half).expect("a folder");
    std::fs::write(half.join("PG_VERSION"), "15\n").expect("a file");
    Site::ready(dir.path()).stop();
    assert!(!half.exists());
}

#[test]
fn the_password_of_demo_people_is_for_its_owner_alone() {
    let dir = folder();
    let mut command = up(dir.path());
    command.arg("--demo-logins");
    let mut site = Site::start_as(command, dir.path());
    site.wait_for("ready http://");
    let file = site.state.join("demo-logins");
    let mode = std::fs::metadata(&file)
        .expect("the file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let password = std::fs::read_to_string(file).expect("readable");
    assert!(password.trim().len() > 30, "{password}");
    site.stop();
}

#[test]
fn a_state_directory_that_the_children_cannot_enter_moves_and_says_so() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let dir = folder();
    let closed = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(dir.path(), closed).expect("a mode");
    let mut site = Site::start(dir.path());
    let said = site.wait_for("so the state is in");
    site.wait_for("ready http://");
    let (_, elsewhere) = said.split_once("so the state is in ").expect("a place");
    assert!(elsewhere.starts_with("/var/tmp/flickr-killr-"), "{said}");
    let status = run(program(dir.path(), &["status"]));
    assert!(
        String::from_utf8_lossy(&status.stdout).contains(elsewhere),
        "{status:?}"
    );
    site.stop();
    let reset = run(program(dir.path(), &["reset", "--yes"]));
    assert!(reset.status.success(), "{reset:?}");
    assert!(!std::path::Path::new(elsewhere).exists());
}

#[test]
fn a_site_started_with_nohup_outlives_its_terminal_and_one_without_does_not() {
    let dir = folder();
    let mut site = Site::start_as(through("nohup", &[], &up(dir.path())), dir.path());
    site.wait_for("ready http://");
    site.signal(Signal::SIGHUP);
    // A handled SIGHUP would begin to stop the site before this SIGTERM, which would then hurry it.
    assert!(site.get("/").starts_with("HTTP/1.1 200"));
    site.signal(Signal::SIGTERM);
    site.wait_for("stopping (press Ctrl-C again to force)");
    site.wait_for("stopped");
    assert!(!site.said("forcing the stop"));
    assert!(site.end().success());

    // The tests may themselves run under nohup.
    let plain = through("env", &["--default-signal=HUP"], &up(dir.path()));
    let mut site = Site::start_as(plain, dir.path());
    site.wait_for("ready http://");
    site.signal(Signal::SIGHUP);
    site.wait_for("stopping (press Ctrl-C again to force)");
    assert!(site.end().success());
}

#[test]
fn a_folder_without_a_site_says_what_to_do() {
    let dir = folder();
    for words in [["status"].as_slice(), &["reset", "--yes"]] {
        let said = refusal(program(dir.path(), words));
        for hint in ["there is no site in", "flickr-killr up", "--state-dir"] {
            assert!(said.contains(hint), "{words:?}: {said}");
        }
    }
}
