//! Children that die or freeze are replaced, and it is said.

use nix::sys::signal::Signal;

use super::site::{Site, folder, send};

/// How many connections two app processes hold.
const POOLED_MAX: usize = 2 * 8;

#[test]
fn a_killed_child_is_replaced_and_the_site_serves_on() {
    let dir = folder();
    let mut site = Site::ready(dir.path());
    for child in ["memcached", "app-0", "postgres", "nginx"] {
        let before = site.pid(child);
        send(before, Signal::SIGKILL);
        let said = site.wait_for(&format!("!! {child} ended"));
        assert!(said.contains("SIGKILL"), "{said}");
        site.wait_for(&format!("{child} answers after"));
        assert_ne!(site.pid(child), before);
        // Each pooled connection to a dead PostgreSQL may cost one request, until it is noticed.
        let mut pages = (0..=POOLED_MAX).map(|_| site.get("/"));
        let served = pages.any(|page| page.starts_with("HTTP/1.1 200"));
        assert!(served, "after {child}: {}", site.get("/"));
    }
    let record = site.record();
    assert_eq!(record["children"]["nginx"]["restarts"], 1);
    assert_eq!(record["children"]["app-1"]["restarts"], 0);
    site.stop();
}

#[test]
fn a_frozen_memcached_or_app_is_replaced() {
    let dir = folder();
    let mut site = Site::ready(dir.path());
    for child in ["memcached", "app-1"] {
        let before = site.pid(child);
        send(before, Signal::SIGSTOP);
        let said = site.wait_for(&format!("!! {child} no longer answers"));
        assert!(said.contains("no CPU time used"), "{said}");
        site.wait_for(&format!("{child} answers after"));
        assert_ne!(site.pid(child), before);
    }
    site.stop();
}
