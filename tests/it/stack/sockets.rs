//! The folder of the sockets belongs to one running site, and comes back when it is swept away.

use super::site::{Site, folder, up};

/// Waits until each of these children was replaced and answers again.
fn until_replaced(site: &mut Site, children: &[&str]) {
    let mut missing: Vec<String> = children
        .iter()
        .map(|child| format!("{child} answers after"))
        .collect();
    while !missing.is_empty() {
        let line = site.wait_for("answers after");
        missing.retain(|words| !line.contains(words.as_str()));
    }
}

/// Asks until a page comes: what a pool held of the old PostgreSQL costs a request each.
fn until_served(site: &Site) {
    const CONNECTIONS_MAX: usize = 40;
    let mut pages = (0..CONNECTIONS_MAX).map(|_| site.get("/people"));
    assert!(
        pages.any(|page| page.starts_with("HTTP/1.1 200")),
        "{}",
        site.get("/people")
    );
}

#[test]
fn a_swept_folder_of_sockets_is_made_again_while_the_site_runs() {
    let dir = folder();
    let mut site = Site::ready(dir.path());
    let sockets = site.sockets();
    std::fs::remove_dir_all(&sockets).expect("swept");
    let mut waiting = vec![
        "postgres answers",
        "app-0 answers",
        "app-1 answers",
        "request log were gone",
    ];
    while !waiting.is_empty() {
        let line = site.wait_for("");
        waiting.retain(|words| !line.contains(words));
    }
    until_served(&site);
    for name in ["app-0.sock", "app-1.sock", ".s.PGSQL.5432", "watch.sock"] {
        assert!(sockets.join(name).exists(), "{name}");
    }
    site.stop();
    assert!(!sockets.exists());
}

#[test]
fn requests_can_be_watched_again_once_the_folder_of_sockets_can_be_made() {
    let dir = folder();
    let mut site = Site::ready(dir.path());
    let sockets = site.sockets();
    std::fs::remove_dir_all(&sockets).expect("swept");
    // The site may have made it again already.
    while std::fs::write(&sockets, "of another program").is_err() {
        let _ = std::fs::remove_dir_all(&sockets);
    }
    site.wait_for("requests cannot be watched for now");
    std::fs::remove_file(&sockets).expect("removed");
    site.wait_for("request log were gone; created again");
    assert!(sockets.join("watch.sock").exists());
    site.stop();
}

#[test]
fn a_version_that_starts_programs_makes_its_socket_again_too() {
    let dir = folder();
    let mut command = up(dir.path());
    command.args(["--rung=0.1", "--workers=1"]);
    let mut site = Site::start_as(command, dir.path());
    site.wait_for("ready http://");
    let sockets = site.sockets();
    std::fs::remove_dir_all(&sockets).expect("swept");
    until_replaced(
        &mut site,
        &[
            "postgres",
            "fcgiwrap-0",
            "fcgiwrap-1",
            "fcgiwrap-2",
            "fcgiwrap-3",
        ],
    );
    until_served(&site);
    site.stop();
    assert!(!sockets.exists());
}
