//! The text of `flickr-killr status`: children, ports, sizes.

use std::fmt::Write as _;
use std::time::Duration;

use super::disk_space::size;
use super::port::reachable;
use super::process::Identity;
use super::run_file::Running;
use super::state::{StateDir, disk_bytes};

/// Describes the site in a state directory, running or not.
pub fn describe(state: &StateDir, running: Option<&Running>) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:<12} {value}");
    };
    line("state", state.path().display().to_string());
    for (name, dir) in [
        ("database", state.database()),
        ("originals", state.originals()),
        ("derivatives", state.derivatives()),
        ("logs", state.logs()),
    ] {
        line(name, size(disk_bytes(&dir)));
    }
    let Some(running) = running else {
        return text;
    };
    let since = running.supervisor.living().map(|stat| stat.age());
    let stage = if running.ready { "ready" } else { "starting" };
    line(
        "site",
        format!("{stage} http://{}", reachable(running.listen)),
    );
    line(
        "version",
        format!("{}, {}", running.rung, running.rung.name()),
    );
    if let Some(memcached) = running.memcached {
        line("memcached", memcached.to_string());
    }
    line("sockets", running.sockets.display().to_string());
    let up = since.map(age).unwrap_or_default();
    line("up", format!("{up}, process {}", running.supervisor.pid));
    let _ = writeln!(
        text,
        "\n{:<12} {:>8} {:>9} {:>10} {:>9}",
        "child", "pid", "up", "memory", "replaced"
    );
    for (name, child) in &running.children {
        let living = child.process.as_ref().and_then(Identity::living);
        let (pid, up, memory) = living.map_or_else(
            || ("-".to_owned(), "gone".to_owned(), "-".to_owned()),
            |stat| {
                (
                    stat.pid.to_string(),
                    age(stat.age()),
                    size(stat.resident_bytes()),
                )
            },
        );
        let _ = writeln!(
            text,
            "{name:<12} {pid:>8} {up:>9} {memory:>10} {:>9}",
            child.restarts
        );
    }
    text
}

fn age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
