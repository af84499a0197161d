//! One version of the site, started as a person would start it: this program with `up --rung X`.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use domain::rung::Rung;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stack::supervisor::{Running, StateDir};

use super::Options;
use super::interrupt::Interrupt;

/// How often an interrupt is checked for while a site starts or stops.
const POLL_EVERY: Duration = Duration::from_millis(50);

/// How long an orderly stop may take; PostgreSQL alone has a minute for its last checkpoint.
const STOP_TIMEOUT: Duration = Duration::from_secs(120);

/// A running site; stopped when dropped.
#[derive(Debug)]
pub(super) struct Site {
    process: Supervisor,
    pub(super) rung: Rung,
    /// The processes, as the site has recorded them.
    pub(super) running: Running,
}

impl Site {
    /// Starts a version and waits until it has served a page. `hear` receives each line of its output.
    pub(super) fn start(
        options: &Options,
        rung: Rung,
        interrupt: &Interrupt,
        mut hear: impl FnMut(&str),
    ) -> Result<Self> {
        let mut process = Supervisor::start(options, rung)?;
        let lines = process.lines();
        loop {
            interrupt.check()?;
            match lines.recv_timeout(POLL_EVERY) {
                Ok(line) if line.starts_with("ready http://") => break,
                Ok(line) => hear(&line),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let status = process.0.wait()?;
                    bail!("version {rung} did not start ({status}); its error is above");
                }
            }
        }
        // Its further output is in its logs too; the pipe must be drained.
        std::thread::spawn(move || lines.into_iter().for_each(drop));
        let state = StateDir::find(&options.state_dir)?;
        let running = Running::read(&state)?.context("the site has not recorded its processes")?;
        Ok(Self {
            process,
            rung,
            running,
        })
    }

    /// The supervisor process.
    pub(super) fn supervisor(&self) -> i32 {
        self.process.pid()
    }

    /// Fails if the site has ended by itself.
    pub(super) fn check(&mut self) -> Result<()> {
        if let Some(status) = self.process.0.try_wait()? {
            bail!(
                "version {} ended while it was measured ({status}); see its logs",
                self.rung
            );
        }
        Ok(())
    }

    /// Stops the site in order and waits until its processes have ended.
    pub(super) fn stop(mut self) -> Result<()> {
        let status = self.process.end()?;
        if !status.success() {
            bail!("version {} did not stop in order ({status})", self.rung);
        }
        Ok(())
    }
}

/// The process of `up`, ended when dropped.
#[derive(Debug)]
struct Supervisor(Child);

impl Supervisor {
    /// Starts `up` in a process group of its own: Ctrl-C at the terminal reaches this process only, which stops the
    /// site after the index is created again. If this process is killed, the kernel sends SIGTERM to `up`.
    fn start(options: &Options, rung: Rung) -> Result<Self> {
        let program = std::env::current_exe().context("cannot locate the running executable")?;
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "TERM", "--"])
            .arg(program)
            .args(["up", "--listen", "127.0.0.1:0", "--rung", rung.version()])
            .arg("--state-dir")
            .arg(&options.state_dir)
            .args(["--user", &options.user])
            .arg(format!("--users={}", options.users))
            .arg(format!("--photos={}", options.photos))
            .arg(format!("--seed={}", options.seed))
            .process_group(0)
            .stdin(Stdio::null())
            // Standard error is inherited: errors, and the progress of loading on a terminal.
            .stdout(Stdio::piped());
        let process = command
            .spawn()
            .context("cannot run setpriv (Debian package util-linux)")?;
        Ok(Self(process))
    }

    fn pid(&self) -> i32 {
        self.0.id().cast_signed()
    }

    /// The lines of its output, until it ends.
    fn lines(&mut self) -> Receiver<String> {
        let (say, lines) = channel();
        if let Some(stdout) = self.0.stdout.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if say.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        lines
    }

    fn end(&mut self) -> Result<ExitStatus> {
        let since = Instant::now();
        if let Some(status) = self.0.try_wait()? {
            return Ok(status);
        }
        kill(Pid::from_raw(self.pid()), Signal::SIGTERM)?;
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            if since.elapsed() > STOP_TIMEOUT {
                self.0.kill()?;
                return Ok(self.0.wait()?);
            }
            std::thread::sleep(POLL_EVERY);
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // An error here must not replace the one that caused the drop.
        let _ = self.end();
    }
}
