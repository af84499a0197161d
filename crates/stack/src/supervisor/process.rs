//! What the kernel says about processes: read from /proc, never from a pid file.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, SysconfVar, sysconf};
use serde::{Deserialize, Serialize};

/// One line of `/proc/PID/stat`, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) pid: i32,
    /// The name of its program, at most 15 bytes of it.
    pub(super) name: String,
    /// One letter; `Z` is dead and only waits to be reaped.
    pub(super) state: char,
    pub(super) parent: i32,
    pub(super) group: i32,
    /// CPU time used so far, in clock ticks.
    pub(super) cpu_ticks: u64,
    /// When it started, in clock ticks since boot: with the pid, it names a process for good.
    pub(super) started_ticks: u64,
    pub(super) resident_pages: u64,
}

impl Stat {
    /// What is known of one process; none when there is no such process.
    pub(super) fn of(pid: i32) -> Option<Self> {
        parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Resident memory in bytes. Pages shared with others count in each.
    pub(super) fn resident_bytes(&self) -> u64 {
        let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
        self.resident_pages * u64::try_from(page.unwrap_or(4096)).unwrap_or(4096)
    }

    /// How long it has been running.
    pub(super) fn age(&self) -> Duration {
        let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100);
        let started = self.started_ticks as f64 / ticks as f64;
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
        let uptime = uptime.split(' ').next().and_then(|now| now.parse().ok());
        Duration::from_secs_f64((uptime.unwrap_or(started) - started).max(0.0))
    }
}

/// The program's name stands in parentheses and may hold anything, so we read from the last one.
fn parse(line: &str) -> Option<Stat> {
    let (pid, rest) = line.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Stat {
        pid: pid.parse().ok()?,
        name: name.to_owned(),
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        cpu_ticks: number(11)? + number(12)?,
        started_ticks: number(19)?,
        resident_pages: number(21)?,
    })
}

/// All processes that are not dead already.
pub(super) fn living() -> Vec<Stat> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(Stat::of)
        .filter(|stat| stat.state != 'Z')
        .collect()
}

/// A process, whoever of its group is left, and everything they started.
pub(super) fn family(leader: i32) -> Vec<Stat> {
    let living = living();
    let mut pids = vec![leader];
    // Children may stand before their parents in the list, so we look until nobody joins.
    loop {
        let before = pids.len();
        for stat in &living {
            let belongs = stat.group == leader || pids.contains(&stat.parent);
            if belongs && !pids.contains(&stat.pid) {
                pids.push(stat.pid);
            }
        }
        if pids.len() == before {
            break;
        }
    }
    living
        .into_iter()
        .filter(|stat| pids.contains(&stat.pid))
        .collect()
}

/// CPU time of a process and its group, in clock ticks.
pub(super) fn family_cpu_ticks(leader: i32) -> u64 {
    family(leader).iter().map(|stat| stat.cpu_ticks).sum()
}

/// Kills a whole family. Also works on a frozen one: SIGKILL waits for nobody.
pub(super) fn kill_family(leader: i32) {
    for stat in family(leader) {
        signal(stat.pid, Signal::SIGKILL);
    }
}

/// Kills who is left of a group whose leader is gone: nginx's workers outlive a killed master.
pub(super) fn kill_orphans(leader: i32) {
    for stat in living() {
        if stat.group == leader && stat.pid != leader {
            signal(stat.pid, Signal::SIGKILL);
        }
    }
}

/// Sends a signal; a process that is gone already is no error.
pub(super) fn signal(pid: i32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid), signal);
}

/// Names a process for good: a pid alone is given again one day, and after a reboot soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) pid: i32,
    started_ticks: u64,
    boot: String,
}

impl Identity {
    /// The identity of a process that runs now.
    pub(super) fn of(pid: i32) -> Option<Self> {
        Stat::of(pid).map(|stat| Self {
            pid,
            started_ticks: stat.started_ticks,
            boot: boot(),
        })
    }

    /// What is left of its group when the process itself is gone. The kernel does not reuse a pid that is
    /// still the id of a group.
    pub(super) fn orphans(&self) -> Vec<Stat> {
        let mut living = living();
        let is_gone = living.iter().all(|stat| stat.pid != self.pid) && self.boot == boot();
        living.retain(|stat| is_gone && stat.group == self.pid);
        living
    }

    /// The same process, if it still runs.
    pub(super) fn living(&self) -> Option<Stat> {
        Stat::of(self.pid).filter(|stat| {
            stat.started_ticks == self.started_ticks && stat.state != 'Z' && self.boot == boot()
        })
    }
}

/// Whether this process was started with a signal ignored, as `nohup` does with SIGHUP. A program that
/// sets a handler for such a signal takes back what its caller asked for.
pub fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or(0) & (1 << (signal as i32 - 1)) != 0
}

/// Names this run of the kernel.
pub(super) fn boot() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 0 1 2 3 4 50 6 0 0 20 0 1 0 999 1000 25 0";
        let stat = parse(line).expect("a stat line");
        assert_eq!(
            (stat.pid, stat.name.as_str(), stat.state),
            (42, "a) b (c", 'S')
        );
        assert_eq!((stat.parent, stat.group), (7, 42));
        assert_eq!(
            (stat.cpu_ticks, stat.started_ticks, stat.resident_pages),
            (56, 999, 25)
        );
    }

    #[test]
    fn a_signal_without_a_handler_is_not_ignored_and_sigpipe_is() {
        // std ignores SIGPIPE in every program.
        assert!(is_ignored(Signal::SIGPIPE));
        assert!(!is_ignored(Signal::SIGUSR2));
    }

    #[test]
    fn this_process_is_found_and_a_reused_pid_is_not_taken_for_it() {
        let me = i32::try_from(std::process::id()).expect("a pid");
        let mut identity = Identity::of(me).expect("this process runs");
        assert!(identity.living().is_some());
        identity.started_ticks += 1;
        assert!(identity.living().is_none());
    }
}
