//! One child process: started in its own group, tied to our life, stopped kindly, always reaped.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;
use tokio::process::Command;
use tokio::sync::watch;

use super::child_log::ChildLog;
use super::output::Console;
use super::process;
use super::shared_socket::SharedSocket;
use super::unix_user::UnixUser;

/// How long each step of a stop may take once somebody is in a hurry.
const FAST_STEP_TIMEOUT: Duration = Duration::from_millis(300);

/// What the person in front of the terminal wants of the whole stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shutdown {
    NotRequested,
    Graceful,
    Fast,
}

/// Resolves when the wish is at least this strong; never, when its sender is gone.
pub(super) async fn requested(shutdown: &watch::Receiver<Shutdown>, at_least: Shutdown) {
    let mut shutdown = shutdown.clone();
    if shutdown.wait_for(|level| *level >= at_least).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// One step of a stop: a signal, and how long it may take before the next one.
pub(super) type StopStep = (Signal, Duration);

/// How a child is started and stopped.
#[derive(Debug, Clone)]
pub(super) struct Spec {
    pub(super) name: String,
    pub(super) program: PathBuf,
    pub(super) args: Vec<OsString>,
    pub(super) envs: Vec<(&'static str, OsString)>,
    /// Whether it sees what [`inherited`] lets through as well.
    pub(super) inherits: bool,
    /// What it finds as its standard input, such as a socket that it shares; else nothing.
    pub(super) stdin: Option<Arc<SharedSocket>>,
    /// Where it works: in the state directory, by which the next start knows a child that was left over.
    pub(super) dir: PathBuf,
    /// Who runs it; none is whoever we are.
    pub(super) user: Option<UnixUser>,
    /// What stops it, in turn; after the last comes SIGKILL. The first is also sent by the kernel
    /// when we die without stopping it.
    pub(super) stop: Vec<StopStep>,
    pub(super) output: Output,
}

/// Where the output of a child goes, besides its log: a file that it writes itself (`follow`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// Also to the terminal, with its name in front.
    Terminal,
    /// Nowhere else: of interest when it fails.
    LogOnly,
    /// Its errors go to the terminal and not to the log, as a progress bar must.
    Inherited,
}

/// What every child needs.
#[derive(Debug, Clone)]
pub(super) struct Spawner {
    pub(super) setpriv: PathBuf,
    pub(super) console: Arc<Console>,
    pub(super) logs: PathBuf,
}

/// A running child.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) pid: i32,
    process: tokio::process::Child,
    /// None when its log could not be opened: it runs without one.
    log: Option<Arc<ChildLog>>,
    reaped: bool,
}

impl Child {
    /// Starts a child. The kernel ends it when the *thread* that started it ends, so this is only
    /// called on the main thread: the supervisor's runtime has no other.
    pub(super) fn start(spec: &Spec, spawner: &Spawner) -> Result<Self> {
        let stop_signal = spec.stop.first().map_or(Signal::SIGTERM, |step| step.0);
        let stdin = match &spec.stdin {
            Some(shared) => shared.share()?.into(),
            None => Stdio::null(),
        };
        let console = (spec.output != Output::LogOnly).then(|| Arc::clone(&spawner.console));
        let log = ChildLog::open(&spec.name, console, &spawner.logs)
            .map(Arc::new)
            .ok();
        let to_log = || match &log {
            Some(log) => log.stdio().unwrap_or_else(|_| Stdio::null()),
            None => Stdio::null(),
        };
        let mut command = Command::new(&spawner.setpriv);
        command
            .args(["--no-new-privs", "--pdeathsig"])
            .arg(stop_signal.as_str().trim_start_matches("SIG"))
            .arg("--")
            .arg(&spec.program)
            .args(&spec.args)
            .current_dir(&spec.dir)
            .env_clear()
            .envs(inherited().filter(|_| spec.inherits))
            .envs(spec.envs.iter().map(|(name, value)| (name, value)))
            .process_group(0)
            .kill_on_drop(true)
            .stdin(stdin)
            .stdout(to_log())
            .stderr(match spec.output {
                Output::Inherited => Stdio::inherit(),
                Output::Terminal | Output::LogOnly => to_log(),
            });
        if let Some((uid, gid)) = spec.user.as_ref().and_then(UnixUser::to_become) {
            // Without further groups: std drops them when root becomes somebody.
            command.uid(uid).gid(gid);
        }
        let process = command
            .spawn()
            .with_context(|| format!("cannot start {} ({})", spec.name, spec.program.display()))?;
        let pid = process
            .id()
            .context("a child that is gone before it began")?;
        log.iter().for_each(ChildLog::follow);
        Ok(Self {
            pid: i32::try_from(pid)?,
            process,
            log,
            reaped: false,
        })
    }

    /// Waits for its end; whoever is left of its group goes too. May be dropped and called again.
    pub(super) async fn ended(&mut self) -> ExitStatus {
        // Waiting fails only for a process that is not our child.
        let status = self.process.wait().await.unwrap_or_default();
        if !self.reaped {
            self.reaped = true;
            process::kill_orphans(self.pid);
            // All that it wrote is in the file.
            self.log.iter().for_each(|log| log.finish());
        }
        status
    }

    /// Asks it to stop, more firmly each step, then kills it. Returns when it is reaped.
    pub(super) async fn stop(&mut self, steps: &[StopStep], shutdown: &watch::Receiver<Shutdown>) {
        for (signal, step_timeout) in steps {
            process::signal(self.pid, *signal);
            let fast = async {
                requested(shutdown, Shutdown::Fast).await;
                tokio::time::sleep(FAST_STEP_TIMEOUT).await;
            };
            tokio::select! {
                _ = self.ended() => return,
                () = tokio::time::sleep(*step_timeout) => {}
                () = fast => {}
            }
        }
        self.kill().await;
    }

    /// Ends it and its family at once.
    pub(super) async fn kill(&mut self) {
        if !self.reaped {
            process::kill_family(self.pid);
        }
        self.ended().await;
    }

    /// Its last lines, after its end.
    pub(super) fn last_lines(&self) -> String {
        self.log
            .as_ref()
            .map(|log| log.last_lines())
            .unwrap_or_default()
    }
}

/// Runs a child to its end, or stops it when somebody wishes so; anything but success is an error.
pub(super) async fn run_to_end(
    spec: &Spec,
    spawner: &Spawner,
    shutdown: &watch::Receiver<Shutdown>,
) -> Result<()> {
    let mut child = Child::start(spec, spawner)?;
    let status = tokio::select! {
        status = child.ended() => status,
        () = requested(shutdown, Shutdown::Graceful) => {
            child.stop(&spec.stop, shutdown).await;
            return Err(Interrupted.into());
        }
    };
    if status.success() {
        return Ok(());
    }
    let words = child.last_lines();
    anyhow::bail!("{} failed ({status}){}", spec.name, quoted_output(&words))
}

/// Somebody asked to stop before the work was done; no error to tell of.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(super) struct Interrupted;

/// The last words as the end of a sentence.
pub(super) fn quoted_output(words: &str) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!("; it quoted_output:\n            {words}")
    }
}

/// The few variables a child may see. Our own settings are not among them: `serve` would take
/// what was meant for `up`. Nor is HOME: it may be the home of root, closed to the child.
fn inherited() -> impl Iterator<Item = (&'static str, OsString)> {
    const NAMES: [&str; 4] = ["PATH", "TERM", "RUST_LOG", "RUST_BACKTRACE"];
    let kept = NAMES.into_iter();
    kept.filter_map(|name| Some((name, std::env::var_os(name)?)))
        .chain([("LANG", "C.UTF-8".into())])
}
