//! How busy the cores of this machine are, with whatever work.

use anyhow::{Context as _, Result};

/// How many cores this process may use.
pub(super) fn count() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Time of all cores so far, in clock ticks (see `proc_stat(5)`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct HostCpu {
    /// Busy with any process, or taken from this machine by its host (steal).
    busy: u64,
    idle: u64,
}

impl HostCpu {
    pub(super) fn read() -> Result<Self> {
        let text = std::fs::read_to_string("/proc/stat").context("reading /proc/stat")?;
        parse(&text).context("/proc/stat has an unexpected format")
    }

    /// The share of the time since `before` in which the cores were busy, 0 to 1.
    pub(super) fn busy_since(&self, before: &Self) -> f64 {
        let busy = self.busy.saturating_sub(before.busy) as f64;
        let idle = self.idle.saturating_sub(before.idle) as f64;
        if busy + idle > 0.0 {
            busy / (busy + idle)
        } else {
            0.0
        }
    }
}

/// Parses user, nice, system, idle, iowait, irq, softirq, steal; the fields after them are included in user already.
fn parse(text: &str) -> Option<HostCpu> {
    let line = text.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = line
        .split_whitespace()
        .map_while(|word| word.parse().ok())
        .take(8)
        .collect();
    let [user, nice, system, idle, waiting, irq, softirq, stolen] = ticks[..] else {
        return None;
    };
    Some(HostCpu {
        busy: user + nice + system + irq + softirq + stolen,
        idle: idle + waiting,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_work_is_that_of_the_time_between_two_moments() {
        let before = parse("cpu  10 0 10 100 0 0 0 0 5 5\ncpu0 1 2 3\n").unwrap();
        let now = parse("cpu  40 0 20 120 5 5 10 5 5 5\n").unwrap();
        assert_eq!((before.busy, before.idle), (20, 100));
        assert!((now.busy_since(&before) - 60.0 / 85.0).abs() < 1e-9);
        assert_eq!(parse("intr 1 2\n"), None);
    }
}
