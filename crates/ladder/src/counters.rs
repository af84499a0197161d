//! The site's own counters, to check the counts of the client.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result};
use domain::urls::pattern::METRICS;
use stack::supervisor::Running;

use super::http;

/// How long memcached may take to return its counters.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The counters of the site's processes since their start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// Hits and misses of memcached; `None` where there is no memcached.
    pub(super) memcached: Option<(u64, u64)>,
    /// File requests that app processes answered; `None` where no process stays after its request.
    pub(super) app_files: Option<u64>,
}

impl Counters {
    /// Reads the counters of memcached and of all app processes.
    pub(super) fn read(running: &Running) -> Result<Self> {
        Ok(Self {
            memcached: memcached(running)?,
            app_files: app_files(running)?,
        })
    }

    /// The difference to earlier counters.
    pub(super) fn since(&self, before: &Self) -> Self {
        let memcached = self.memcached.zip(before.memcached);
        let app = self.app_files.zip(before.app_files);
        Self {
            memcached: memcached.map(|(now, then)| {
                let since = |now: u64, then| now.saturating_sub(then);
                (since(now.0, then.0), since(now.1, then.1))
            }),
            app_files: app.map(|(now, then)| now.saturating_sub(then)),
        }
    }
}

fn memcached(running: &Running) -> Result<Option<(u64, u64)>> {
    let Some(address) = running.memcached else {
        return Ok(None);
    };
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)
        .with_context(|| format!("cannot connect to memcached at {address}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(b"stats\r\nquit\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let hits = value(&text, "STAT get_hits ").context("memcached reports no get_hits")?;
    let misses = value(&text, "STAT get_misses ").context("memcached reports no get_misses")?;
    Ok(Some((hits, misses)))
}

/// The accelerator's reasons that apply to pages, not to files: the policy of a page forbids storing it, and its address
/// has no key.
const NO_FILE: [&str; 2] = ["{reason=\"policy\"}", "{reason=\"not_addressable\"}"];

/// Reads the counters of all app processes through their sockets. The accelerator counts every response, as stored or by
/// the reason why it was not.
fn app_files(running: &Running) -> Result<Option<u64>> {
    let mut files = None;
    let sockets = std::fs::read_dir(&running.sockets).into_iter().flatten();
    for entry in sockets.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("app-") && name.ends_with(".sock") {
            let text = http::get_unix(&entry.path(), METRICS)?.text();
            *files.get_or_insert(0) += files_in(&text);
        }
    }
    Ok(files)
}

fn files_in(metrics: &str) -> u64 {
    let counts = metrics.lines().filter_map(|line| {
        let (name, count) = line.rsplit_once(' ')?;
        let counted = name == "accelerator_stored_total"
            || name
                .strip_prefix("accelerator_not_stored_total")
                .is_some_and(|reason| !reason.is_empty() && !NO_FILE.contains(&reason));
        counted.then(|| count.parse::<u64>().ok()).flatten()
    });
    counts.sum()
}

fn value(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_what_was_stored_or_could_have_been() {
        let metrics = "# TYPE accelerator_stored_total counter\naccelerator_stored_total 4\n\
            accelerator_stored_bytes_total 999\n\
            accelerator_not_stored_total{reason=\"policy\"} 700\n\
            accelerator_not_stored_total{reason=\"not_addressable\"} 70\n\
            accelerator_not_stored_total{reason=\"in_flight\"} 2\n";
        assert_eq!(files_in(metrics), 6);
        assert_eq!(
            value("STAT get_hits 12\r\nEND\r\n", "STAT get_hits "),
            Some(12)
        );
    }
}
