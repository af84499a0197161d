//! Kills a memcached that does not answer, so that it cannot thaw with old items.
//!
//! A frozen memcached misses a deletion, and when it thaws it answers nginx with its old items. No command that is
//! sent to it is certain to be read before nginx's next request (flushed once, old items were alive in 10 of 60
//! rounds). A killed one comes back empty.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// When to kill a memcached on this machine that misses a purge.
///
/// Only a process named `memcached` that listens on the server's own loopback address, and that this process may
/// signal. A supervisor has to start it again; it must not keep items over restarts (`-e`). A server on another
/// machine is never fenced: its purges stay unconfirmed.
#[derive(Clone, Copy, Debug)]
pub struct Fence {
    /// How many exchanges must fail in a row.
    pub failures_min: u32,
    /// For how long exchanges must fail and the CPU time stand still: on a busy machine a pause of some
    /// hundred milliseconds is ordinary.
    pub over: Duration,
    /// How long to wait between two kills of one server.
    pub at_most_every: Duration,
}

impl Default for Fence {
    fn default() -> Self {
        Self {
            failures_min: 3,
            over: Duration::from_secs(2),
            at_most_every: Duration::from_secs(60),
        }
    }
}

/// How long a killed process may take to end.
const DEATH_TIMEOUT: Timespec = Timespec {
    tv_sec: 2,
    tv_nsec: 0,
};

/// The state of a listening socket in `/proc/net/tcp` (`TCP_LISTEN` in the kernel's `tcp_states.h`).
const LISTENING: &str = "0A";

/// The process that listens on an address of this machine.
#[derive(Debug)]
pub(crate) enum Listener {
    /// No process: the one that did is dead.
    None,
    /// A memcached that this process may inspect.
    Memcached(Process),
    /// Another process, one that this process may not inspect, or the address is not of this machine.
    Unknown,
}

/// A process, held by a descriptor, so that a later process with the same number is not mistaken for it.
#[derive(Debug)]
pub(crate) struct Process {
    pid: u32,
    descriptor: OwnedFd,
}

impl Listener {
    /// Finds the process that listens on this address. Reads some dozens of small files under `/proc`.
    pub(crate) fn on(address: SocketAddr) -> Self {
        if !address.ip().is_loopback() {
            return Self::Unknown;
        }
        let Ok(sockets) = listening_sockets(address) else {
            return Self::Unknown;
        };
        if sockets.is_empty() {
            return Self::None;
        }
        let Ok(processes) = fs::read_dir("/proc") else {
            return Self::Unknown;
        };
        processes
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .find_map(|pid| Process::holding(pid, &sockets))
            .map_or(Self::Unknown, Self::Memcached)
    }
}

impl Process {
    /// Opens a process, if it is a memcached that holds one of these sockets.
    fn holding(pid: u32, sockets: &[String]) -> Option<Self> {
        let is_memcached = || {
            fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "memcached\n")
        };
        if !is_memcached() {
            return None;
        }
        let process = Self {
            pid,
            descriptor: pidfd_open(
                Pid::from_raw(i32::try_from(pid).ok()?)?,
                PidfdFlags::empty(),
            )
            .ok()?,
        };
        // Checked after the process was opened, so that it holds for the process that is open.
        let holds = fs::read_dir(format!("/proc/{pid}/fd"))
            .ok()?
            .flatten()
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|link| {
                sockets
                    .iter()
                    .any(|socket| link.as_os_str() == socket.as_str())
            });
        (holds && is_memcached()).then_some(process)
    }

    /// Returns the CPU time of its threads in nanoseconds (`schedstat`, the kernel's
    /// `Documentation/scheduler/sched-stats.rst`).
    pub(crate) fn cpu_time(&self) -> io::Result<u64> {
        let mut sum = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            let on_cpu = text.split(' ').next().and_then(|time| time.parse().ok());
            sum += on_cpu.unwrap_or(0_u64);
        }
        Ok(sum)
    }

    /// Returns whether it has ended, and with it every connection.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over_within(&Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        })
    }

    /// Kills it, and returns whether it has ended.
    pub(crate) fn kill(&self) -> bool {
        // A process that has just ended needs no signal.
        let _sent = pidfd_send_signal(&self.descriptor, Signal::KILL);
        self.is_over_within(&DEATH_TIMEOUT)
    }

    fn is_over_within(&self, timeout: &Timespec) -> bool {
        let mut end = [PollFd::new(&self.descriptor, PollFlags::IN)];
        poll(&mut end, Some(timeout)).is_ok_and(|ready| ready > 0)
    }
}

/// Returns the names of the sockets that listen on an address, such as `socket:[4711]`.
fn listening_sockets(address: SocketAddr) -> io::Result<Vec<String>> {
    let table = match address {
        SocketAddr::V4(_) => "/proc/net/tcp",
        SocketAddr::V6(_) => "/proc/net/tcp6",
    };
    let mut sockets = sockets_in(&fs::read_to_string(table)?, address);
    if address.is_ipv4() {
        // A socket on `[::]` accepts IPv4 as well.
        let everywhere = SocketAddr::from(([0_u16; 8], address.port()));
        if let Ok(table) = fs::read_to_string("/proc/net/tcp6") {
            sockets.extend(sockets_in(&table, everywhere));
        }
    }
    Ok(sockets)
}

fn sockets_in(table: &str, address: SocketAddr) -> Vec<String> {
    let port = address.port();
    let here = format!("{}:{port:04X}", hexadecimal(address.ip()));
    let everywhere = format!("{}:{port:04X}", "0".repeat(here.len() - ":0000".len()));
    let listening = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [_, local, _, state, _, _, _, _, _, inode, ..] = words.as_slice() else {
            return None;
        };
        let is_it = *state == LISTENING && (*local == here || *local == everywhere);
        is_it.then(|| format!("socket:[{inode}]"))
    };
    table.lines().filter_map(listening).collect()
}

/// Formats an address as the kernel does: words of four bytes, each in this machine's byte order.
fn hexadecimal(ip: IpAddr) -> String {
    let octets = match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    octets
        .chunks_exact(4)
        .map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]))
        .map(|word| format!("{word:08X}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Listener, Process, listening_sockets, sockets_in};
    use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::process::{Command, Stdio};

    #[test]
    fn a_process_that_works_is_told_from_one_that_is_frozen_and_one_that_is_over() {
        // `cat` works when it gets input, and ends when its input is closed.
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut work, mut done) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let number = Pid::from_child(&child);
        let process = Process {
            pid: child.id(),
            descriptor: pidfd_open(number, PidfdFlags::empty()).unwrap(),
        };
        let mut answer = [0; b"work".len()];
        work.write_all(b"work").unwrap();
        done.read_exact(&mut answer).unwrap();

        // The time of a stopped process is fully counted.
        let stat = format!("/proc/{}/stat", process.pid);
        let freeze = || {
            kill_process(number, Signal::STOP).unwrap();
            while !std::fs::read_to_string(&stat).unwrap().contains(") T ") {
                std::thread::yield_now();
            }
        };
        freeze();
        let frozen = process.cpu_time().unwrap();
        work.write_all(b"work").unwrap();
        assert_eq!(process.cpu_time().unwrap(), frozen);

        kill_process(number, Signal::CONT).unwrap();
        done.read_exact(&mut answer).unwrap();
        freeze();
        assert!(process.cpu_time().unwrap() > frozen);
        assert!(!process.is_over());
        assert!(process.kill() && process.is_over());
        child.wait().unwrap();
    }

    #[test]
    fn a_listening_socket_is_found_and_none_where_nobody_listens() {
        for any in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"] {
            let Ok(listener) = TcpListener::bind(any) else {
                // A machine without IPv6.
                continue;
            };
            let port = listener.local_addr().unwrap().port();
            let loopback = if any.contains("::1") {
                format!("[::1]:{port}")
            } else {
                format!("127.0.0.1:{port}")
            };
            let loopback = loopback.parse().unwrap();
            assert_eq!(listening_sockets(loopback).unwrap().len(), 1, "{any}");
            assert!(
                matches!(Listener::on(loopback), Listener::Unknown),
                "{any}: not a memcached"
            );
            drop(listener);
            assert!(matches!(Listener::on(loopback), Listener::None), "{any}");
        }
    }

    #[test]
    fn the_table_is_read_as_the_kernel_writes_it() {
        let little_endian = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:2BCB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41 1\n\
             1: 0100007F:2BCB 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 42 1\n\
             2: 0200007F:2BCB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 43 1\n\
             3: 00000000:2BCC 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 44 1\n";
        let found = |address: &str| sockets_in(little_endian, address.parse().unwrap());
        if cfg!(target_endian = "little") {
            assert_eq!(found("127.0.0.1:11211"), ["socket:[41]"]);
        }
        assert_eq!(found("127.0.0.1:11212"), ["socket:[44]"]);
        assert!(found("127.0.0.1:11213").is_empty());
    }

    #[test]
    fn what_is_not_of_this_machine_is_unknown() {
        let far = "192.0.2.1:11211".parse().unwrap();
        assert!(matches!(Listener::on(far), Listener::Unknown));
    }
}
