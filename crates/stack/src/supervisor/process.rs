//! Process data of the kernel: read from /proc, never from a pid file.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, SysconfVar, sysconf};
use serde::{Deserialize, Serialize};

/// The fields of `/proc/PID/stat` that are used here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) pid: i32,
    /// The name of its program, at most 15 bytes.
    pub(super) name: String,
    /// One letter; `Z` is a zombie.
    pub(super) state: char,
    pub(super) parent: i32,
    pub(super) group: i32,
    /// CPU time used so far, in clock ticks.
    pub(super) cpu_ticks: u64,
    /// Its start time, in clock ticks since boot: together with the pid it identifies a process uniquely.
    pub(super) started_ticks: u64,
    pub(super) resident_pages: u64,
}

impl Stat {
    /// Reads one process; `None` if it does not exist.
    pub(super) fn of(pid: i32) -> Option<Self> {
        parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Resident memory in bytes. Shared pages count in each process.
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

/// The program's name is in parentheses and may contain any character, so the fields start after the last one.
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

/// All processes except zombies.
pub(super) fn living() -> Vec<Stat> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(Stat::of)
        .filter(|stat| stat.state != 'Z')
        .collect()
}

/// A process, the other members of its process group, and all descendants.
pub(super) fn family(leader: i32) -> Vec<Stat> {
    let living = living();
    let mut pids = vec![leader];
    // Children may come before their parents in the list, so this repeats until none is added.
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

/// Kills a process, its group and all descendants. SIGKILL also ends frozen processes.
pub(super) fn kill_family(leader: i32) {
    for stat in family(leader) {
        signal(stat.pid, Signal::SIGKILL);
    }
}

/// Kills the rest of a group without its leader: nginx's workers outlive a killed master.
pub(super) fn kill_orphans(leader: i32) {
    for stat in living() {
        if stat.group == leader && stat.pid != leader {
            signal(stat.pid, Signal::SIGKILL);
        }
    }
}

/// Sends a signal; a process that has already ended is not an error.
pub(super) fn signal(pid: i32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid), signal);
}

/// Identifies a process uniquely: a pid alone is reused some day, and soon after a reboot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) pid: i32,
    started_ticks: u64,
    boot: String,
}

impl Identity {
    /// The identity of a running process.
    pub(super) fn of(pid: i32) -> Option<Self> {
        Stat::of(pid).map(|stat| Self {
            pid,
            started_ticks: stat.started_ticks,
            boot: boot(),
        })
    }

    /// The members of its group if the process itself has ended. The kernel does not reuse a pid that is still the id
    /// of a group.
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

/// Whether this process was started with a signal ignored, as `nohup` does with SIGHUP. A handler for such a signal
/// would override the caller's request.
pub fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or(0) & (1 << (signal as i32 - 1)) != 0
}

/// Identifies this boot of the kernel.
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
