//! One version of the site as a person would run it: this program, told `up --rung X`.

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

/// How often we look whether somebody wishes us to end, while a site starts or stops.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long an ordered stop may take; PostgreSQL alone has a minute for its last checkpoint.
const STOP_PATIENCE: Duration = Duration::from_secs(120);

/// A running site. Dropped, it is stopped, however we came to drop it.
#[derive(Debug)]
pub(super) struct Site {
    process: Supervisor,
    pub(super) rung: Rung,
    /// What runs, as it has written down itself.
    pub(super) running: Running,
}

impl Site {
    /// Starts a version and waits until it has served a page. `hear` gets each line it says.
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
            match lines.recv_timeout(LOOK_EVERY) {
                Ok(line) if line.starts_with("ready http://") => break,
                Ok(line) => hear(&line),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let status = process.0.wait()?;
                    bail!("version {rung} did not start ({status}); it said why itself, above");
                }
            }
        }
        // What it says from now on is in its logs; but somebody has to take it.
        std::thread::spawn(move || lines.into_iter().for_each(drop));
        let state = StateDir::find(&options.state_dir)?;
        let running = Running::read(&state)?.context("the site has not written down what runs")?;
        Ok(Self {
            process,
            rung,
            running,
        })
    }

    /// The process that watches over all others.
    pub(super) fn supervisor(&self) -> i32 {
        self.process.pid()
    }

    /// Says so when it ended by itself.
    pub(super) fn check(&mut self) -> Result<()> {
        if let Some(status) = self.process.0.try_wait()? {
            bail!(
                "version {} ended while it was measured ({status}); its logs say why",
                self.rung
            );
        }
        Ok(())
    }

    /// Stops it in order and waits until it is gone.
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
    /// In a group of its own: Ctrl-C at the terminal is for us, who stop the site when the index is
    /// back. Should we be killed, the kernel asks it to stop.
    fn start(options: &Options, rung: Rung) -> Result<Self> {
        let program = std::env::current_exe().context("where is this program?")?;
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
            // Errors, and the progress of loading on a terminal, are for whoever looks at ours.
            .stdout(Stdio::piped());
        let process = command
            .spawn()
            .context("cannot run setpriv (Debian package util-linux)")?;
        Ok(Self(process))
    }

    fn pid(&self) -> i32 {
        self.0.id().cast_signed()
    }

    /// Each line it says, until it is gone.
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
            if since.elapsed() > STOP_PATIENCE {
                self.0.kill()?;
                return Ok(self.0.wait()?);
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Whoever has an error already must not lose it to another.
        let _ = self.end();
    }
}
