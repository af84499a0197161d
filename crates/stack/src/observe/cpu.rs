//! CPU time of a running site, by tier.
//!
//! It finds the processes in `/proc` (proc(5)): all descendants of the supervisor, classified by program name.
//! Children that have exited count as well if their parent waits for them (PostgreSQL and nginx do, fcgiwrap does
//! not).

use std::io;
use std::time::Duration;

use nix::unistd::{SysconfVar, sysconf};

/// The programs of a site, by process name.
const PROGRAMS: [(&str, Tier); 6] = [
    ("postgres", Tier::Postgres),
    ("nginx", Tier::Nginx),
    ("flickr-killr", Tier::App),
    ("memcached", Tier::Memcached),
    ("fcgiwrap", Tier::Cgi),
    ("benchmarker", Tier::Benchmarker),
];

/// The clock ticks in a second if sysconf does not return them: true on every current Linux.
const TICKS_PER_SECOND: u64 = 100;

/// One part of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The database: the postmaster and every backend.
    Postgres,
    /// nginx.
    Nginx,
    /// The app processes.
    App,
    /// memcached.
    Memcached,
    /// fcgiwrap and the CGI programs that it starts for requests.
    Cgi,
    /// A load generator started by the site itself.
    Benchmarker,
}

/// CPU time used so far. A replaced process takes its time with it, so a difference may be negative; [`Tiers::since`]
/// returns zero then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tiers {
    /// The database: the postmaster and every backend.
    pub postgres: Duration,
    /// nginx.
    pub nginx: Duration,
    /// The app processes.
    pub app: Duration,
    /// memcached.
    pub memcached: Duration,
    /// fcgiwrap and the CGI programs that it starts for requests.
    pub cgi: Duration,
    /// A load generator started by the site itself.
    pub benchmarker: Duration,
}

impl Tiers {
    /// Returns the CPU time used since an earlier reading.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            postgres: self.postgres.saturating_sub(before.postgres),
            nginx: self.nginx.saturating_sub(before.nginx),
            app: self.app.saturating_sub(before.app),
            memcached: self.memcached.saturating_sub(before.memcached),
            cgi: self.cgi.saturating_sub(before.cgi),
            benchmarker: self.benchmarker.saturating_sub(before.benchmarker),
        }
    }

    fn of(&mut self, tier: Tier) -> &mut Duration {
        match tier {
            Tier::Postgres => &mut self.postgres,
            Tier::Nginx => &mut self.nginx,
            Tier::App => &mut self.app,
            Tier::Memcached => &mut self.memcached,
            Tier::Cgi => &mut self.cgi,
            Tier::Benchmarker => &mut self.benchmarker,
        }
    }
}

/// CPU time by tier of the site whose programs were started by this process (`flickr-killr up`).
///
/// The supervisor itself is in no tier, nor are its children that have ended, such as those that created the database
/// and loaded the demo data.
///
/// # Errors
///
/// When the process does not exist, or `/proc` is not mounted.
pub fn by_tier(supervisor_pid: i32) -> io::Result<Tiers> {
    let processes = all()?;
    if !processes
        .iter()
        .any(|process| process.pid == supervisor_pid)
    {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!("process {supervisor_pid} does not exist"),
        ));
    }
    let second = sysconf(SysconfVar::CLK_TCK).ok().flatten();
    let second = second.and_then(|ticks| u64::try_from(ticks).ok());
    let second = second.unwrap_or(TICKS_PER_SECOND);
    let time = |ticks: u64| Duration::from_millis(ticks * 1000 / second);
    let mut tiers = Tiers::default();
    let mut parents = vec![(supervisor_pid, None)];
    while let Some((parent, above)) = parents.pop() {
        for process in processes.iter().filter(|process| process.parent == parent) {
            let tier = tier(&process.program, above);
            if let Some(tier) = tier {
                *tiers.of(tier) += time(process.own_ticks);
                *tiers.of(children_of(tier)) += time(process.exited_ticks);
            }
            parents.push((process.pid, tier));
        }
    }
    Ok(tiers)
}

/// The tier of a process by its name, unless its parent decides: all that fcgiwrap starts is CGI, and an unknown
/// program belongs to the tier of its parent.
fn tier(program: &str, above: Option<Tier>) -> Option<Tier> {
    if above == Some(Tier::Cgi) {
        return above;
    }
    let named = PROGRAMS.iter().find(|(name, _)| *name == program);
    named.map(|(_, tier)| *tier).or(above)
}

/// The tier for the CPU time of exited children. An app process starts only load generators.
fn children_of(tier: Tier) -> Tier {
    match tier {
        Tier::App => Tier::Benchmarker,
        other => other,
    }
}

/// The fields of `/proc/PID/stat` that are used here.
#[derive(Debug, PartialEq, Eq)]
struct Process {
    pid: i32,
    program: String,
    parent: i32,
    /// Used by the process itself, in clock ticks.
    own_ticks: u64,
    /// Used by its children that have exited, and by theirs.
    exited_ticks: u64,
}

fn all() -> io::Result<Vec<Process>> {
    let pids = std::fs::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    // A process may end between the listing and the reading.
    Ok(pids
        .filter_map(|pid| read(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?))
        .collect())
}

/// The program's name is in parentheses and may contain any character, so the fields start after the last one.
fn read(line: &str) -> Option<Process> {
    let (pid, rest) = line.split_once(" (")?;
    let (program, rest) = rest.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Process {
        pid: pid.parse().ok()?,
        program: program.to_owned(),
        parent: fields.get(1)?.parse().ok()?,
        own_ticks: ticks(11)? + ticks(12)?,
        exited_ticks: ticks(13)? + ticks(14)?,
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 0 1 2 3 4 50 6 70 8 20 0 1 0 999 1000 25 0";
        let expected = Process {
            pid: 42,
            program: "a) b (c".to_owned(),
            parent: 7,
            own_ticks: 56,
            exited_ticks: 78,
        };
        assert_eq!(read(line), Some(expected));
    }

    #[test]
    fn what_fcgiwrap_starts_is_cgi_and_what_an_app_started_is_load() {
        assert_eq!(tier("flickr-killr", None), Some(Tier::App));
        assert_eq!(tier("flickr-killr", Some(Tier::Cgi)), Some(Tier::Cgi));
        assert_eq!(
            tier("benchmarker", Some(Tier::App)),
            Some(Tier::Benchmarker)
        );
        assert_eq!(tier("sh", None), None);
        assert_eq!(tier("sh", Some(Tier::Nginx)), Some(Tier::Nginx));
        assert_eq!(children_of(Tier::App), Tier::Benchmarker);
        assert_eq!(children_of(Tier::Cgi), Tier::Cgi);
    }

    #[test]
    fn a_process_that_is_not_there_is_said_so_and_one_without_programs_used_nothing() {
        let mut gone = Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        let pid = i32::try_from(gone.id()).unwrap();
        assert_eq!(by_tier(pid).unwrap_err().kind(), io::ErrorKind::NotFound);
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let used = by_tier(i32::try_from(child.id()).unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(used.unwrap(), Tiers::default());
    }
}
