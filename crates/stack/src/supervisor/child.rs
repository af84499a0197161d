//! One child process: started in its own process group, tied to the supervisor's life, stopped gracefully, always
//! reaped.

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

/// How long each step of a stop may take after a request for a fast shutdown.
const FAST_STEP_TIMEOUT: Duration = Duration::from_millis(300);

/// Whether the site shall stop, and how fast. The first signal requests `Graceful`, the next one `Fast`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shutdown {
    NotRequested,
    Graceful,
    Fast,
}

/// Resolves when at least this level of shutdown is requested; never, if the sender is gone.
pub(super) async fn requested(shutdown: &watch::Receiver<Shutdown>, at_least: Shutdown) {
    let mut shutdown = shutdown.clone();
    if shutdown.wait_for(|level| *level >= at_least).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// One step of a stop: a signal, and the timeout before the next step.
pub(super) type StopStep = (Signal, Duration);

/// How a child is started and stopped.
#[derive(Debug, Clone)]
pub(super) struct Spec {
    pub(super) name: String,
    pub(super) program: PathBuf,
    pub(super) args: Vec<OsString>,
    pub(super) envs: Vec<(&'static str, OsString)>,
    /// Whether the child also gets the variables of [`inherited`].
    pub(super) inherits: bool,
    /// Its standard input, such as a shared socket; `/dev/null` if `None`.
    pub(super) stdin: Option<Arc<SharedSocket>>,
    /// Its working directory: inside the state directory, where the next start recognises a left-over child by it.
    pub(super) dir: PathBuf,
    /// The user that runs it; `None` for the caller.
    pub(super) user: Option<UnixUser>,
    /// The signals that stop it, in order, before SIGKILL. The kernel also sends the first one if the supervisor dies
    /// without stopping the child.
    pub(super) stop: Vec<StopStep>,
    pub(super) output: Output,
}

/// Where the output of a child goes besides its log, a file that the child writes itself (`child_log`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// Also to the terminal, with its name as a prefix.
    Terminal,
    /// Only to the log: relevant only if the child fails.
    LogOnly,
    /// Standard error goes to the terminal instead of the log, as a progress bar requires.
    Inherited,
}

/// What is needed to start any child.
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
    /// `None` if the log could not be opened: the child runs without one.
    log: Option<Arc<ChildLog>>,
    reaped: bool,
}

impl Child {
    /// Starts a child. The kernel ends it when the *thread* that started it ends, so this is only called on the main
    /// thread: the supervisor's runtime has no other.
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
            // Without supplementary groups: std drops them when root changes the user.
            command.uid(uid).gid(gid);
        }
        let process = command
            .spawn()
            .with_context(|| format!("cannot start {} ({})", spec.name, spec.program.display()))?;
        let pid = process.id().context("the child ended during its start")?;
        log.iter().for_each(ChildLog::follow);
        Ok(Self {
            pid: i32::try_from(pid)?,
            process,
            log,
            reaped: false,
        })
    }

    /// Waits until the child has ended, then kills the rest of its process group. Cancel safe; may be called again.
    pub(super) async fn ended(&mut self) -> ExitStatus {
        // Waiting fails only for a process that is not a child of this one.
        let status = self.process.wait().await.unwrap_or_default();
        if !self.reaped {
            self.reaped = true;
            process::kill_orphans(self.pid);
            // The file holds all output now.
            self.log.iter().for_each(|log| log.finish());
        }
        status
    }

    /// Sends the stop signals in order, then kills the child. Returns when it is reaped.
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

    /// Kills the child and all its descendants at once.
    pub(super) async fn kill(&mut self) {
        if !self.reaped {
            process::kill_family(self.pid);
        }
        self.ended().await;
    }

    /// Returns its last lines of output, after it has ended.
    pub(super) fn last_lines(&self) -> String {
        self.log
            .as_ref()
            .map(|log| log.last_lines())
            .unwrap_or_default()
    }
}

/// Runs a child to its end, or stops it on a shutdown request. Any exit status but success is an error.
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

/// A shutdown was requested before the work was done; not reported as an error.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(super) struct Interrupted;

/// Formats the last lines of output as the end of an error message.
pub(super) fn quoted_output(words: &str) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!("; its last output:\n            {words}")
    }
}

/// The environment variables that a child inherits. The settings of `up` are not among them, because `serve` would
/// read them; neither is HOME, which may be root's home and closed to the child.
fn inherited() -> impl Iterator<Item = (&'static str, OsString)> {
    const NAMES: [&str; 4] = ["PATH", "TERM", "RUST_LOG", "RUST_BACKTRACE"];
    let kept = NAMES.into_iter();
    kept.filter_map(|name| Some((name, std::env::var_os(name)?)))
        .chain([("LANG", "C.UTF-8".into())])
}
