//! The measured programs: children that end with the measurement, and their CPU time.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

use crate::site::Mode;

/// How long a program may take to answer.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a slow condition is polled.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How many megabytes memcached has: more than one case pushes.
const MEMCACHED_MB: &str = "64";

pub(crate) struct Process(Child);

impl Process {
    /// Starts this program once more, as one of the sites.
    pub(crate) fn site(
        socket: &Path,
        mode: Mode,
        memcached: &Memcached,
    ) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").arg(socket).arg(mode.word());
        if mode == Mode::Push {
            command.arg(memcached.address.to_string());
        }
        let process = Self(command.stdin(Stdio::null()).spawn()?);
        within(START_TIMEOUT, || UnixStream::connect(socket).ok())?;
        Ok(process)
    }

    /// Returns the CPU time of all its threads, ended ones included.
    pub(crate) fn cpu(&self) -> nix::Result<Duration> {
        let pid = Pid::from_raw(self.0.id().cast_signed());
        Ok(clock_getcpuclockid(pid)?.now()?.into())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A child that died has already failed the measurement.
        let _died_before = self.0.kill();
        let _reaped = self.0.wait();
    }
}

pub(crate) struct Memcached {
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
}

impl Memcached {
    pub(crate) fn start(dir: &Path) -> Result<Self, Box<dyn Error>> {
        let ports = dir.join("memcached.port");
        let mut command = Command::new("memcached");
        // A negative port means any free one, written to a file; started as root, memcached needs a user.
        command.args([
            "-l",
            "127.0.0.1",
            "-p",
            "-1",
            "-U",
            "0",
            "-t",
            "1",
            "-u",
            "root",
        ]);
        command
            .args(["-m", MEMCACHED_MB])
            .env("MEMCACHED_PORT_FILENAME", &ports);
        let process = Process(command.stdin(Stdio::null()).spawn()?);
        let address = within(START_TIMEOUT, || {
            let text = std::fs::read_to_string(&ports).ok()?;
            let port = text
                .lines()
                .find_map(|line| line.strip_prefix("TCP INET: "))?;
            Some(SocketAddr::from(([127, 0, 0, 1], port.parse().ok()?)))
        })?;
        Ok(Self { address, process })
    }

    /// Returns how many items were stored so far.
    pub(crate) fn sets(&self) -> Result<u64, Box<dyn Error>> {
        let mut stream = BufReader::new(TcpStream::connect(self.address)?);
        stream.get_mut().write_all(b"stats\r\nquit\r\n")?;
        for line in stream.lines() {
            if let Some(count) = line?.strip_prefix("STAT cmd_set ") {
                return Ok(count.parse()?);
            }
        }
        Err("memcached does not say how many items it was given".into())
    }

    /// Waits until nothing more is stored, and returns how many items were.
    pub(crate) fn sets_until_still(&self) -> Result<u64, Box<dyn Error>> {
        let mut before = self.sets()?;
        loop {
            thread::sleep(LOOK_EVERY);
            let now = self.sets()?;
            if now == before {
                return Ok(now);
            }
            before = now;
        }
    }
}

fn within<T>(limit: Duration, ask: impl Fn() -> Option<T>) -> Result<T, Box<dyn Error>> {
    let begin = Instant::now();
    while begin.elapsed() < limit {
        if let Some(answer) = ask() {
            return Ok(answer);
        }
        thread::sleep(LOOK_EVERY);
    }
    Err("a program did not start".into())
}
