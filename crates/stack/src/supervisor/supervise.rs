//! Supervises one child: waits until it answers, replaces it when it exits or stops answering.

use std::future::pending;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nix::sys::signal::Signal;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::child::{Child, Interrupted, Shutdown, Spawner, Spec, quoted_output, requested};
use super::dir_identity::FileId;
use super::health::{Backoff, KillLimit, silence};
use super::probe::Probe;
use super::run_file::RunFile;

/// How often a starting child is probed.
const PROBE_INTERVAL: Duration = Duration::from_millis(5);

/// How often to check that a child's socket still exists.
const SOCKET_CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// A child to supervise.
pub(super) struct Service {
    pub(super) spec: Spec,
    /// Succeeds when the child may be used.
    pub(super) ready: Probe,
    /// Succeeds as long as the child works; cheap enough for two calls a second.
    pub(super) alive: Probe,
    /// How long the child may take to answer for the first time.
    pub(super) start_timeout: Duration,
    /// How long the child may be silent without using CPU time before it is replaced.
    pub(super) silence_timeout: Duration,
    /// Runs before each start, for example to remove a stale socket.
    pub(super) prepare: Box<dyn Fn() -> Result<()> + Send + Sync>,
}

/// What all supervising tasks share.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) spawner: Spawner,
    pub(super) run_file: RunFile,
    pub(super) shutdown: watch::Receiver<Shutdown>,
}

/// A supervised child: the handle of the task that supervises it.
pub(super) struct Supervised {
    name: String,
    stop: watch::Sender<bool>,
    stage: watch::Receiver<Stage>,
    task: JoinHandle<()>,
}

#[derive(Debug, Clone)]
enum Stage {
    Starting,
    Ready,
    Failed(String),
}

impl Supervised {
    /// Starts the supervising task.
    pub(super) fn start(service: Service, context: &Context) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (stage_sender, stage) = watch::channel(Stage::Starting);
        let name = service.spec.name.clone();
        let task = Task {
            service,
            context: context.clone(),
            stopped,
            stage_sender,
        };
        Self {
            name,
            stop,
            stage,
            task: tokio::spawn(task.run()),
        }
    }

    /// Waits until the child has answered for the first time.
    pub(super) async fn ready(&mut self, shutdown: &watch::Receiver<Shutdown>) -> Result<()> {
        let settled = self
            .stage
            .wait_for(|stage| !matches!(stage, Stage::Starting));
        let stage = tokio::select! {
            stage = settled => stage.map(|stage| stage.clone()),
            () = requested(shutdown, Shutdown::Graceful) => return Err(Interrupted.into()),
        };
        match stage {
            Ok(Stage::Failed(why)) => bail!(why),
            Ok(_) => Ok(()),
            Err(_) => bail!("the supervisor task for {} has ended", self.name),
        }
    }

    /// Stops the child by its own signals and waits until it has ended.
    pub(super) async fn stop(self) {
        self.stop.send_replace(true);
        let _ = self.task.await;
    }
}

/// How one run of the child ended.
enum End {
    /// Stopped on request.
    Stopped,
    /// It exited, was killed, stopped answering, or never answered.
    Lost { why: String, answered: bool },
}

struct Task {
    service: Service,
    context: Context,
    stopped: watch::Receiver<bool>,
    stage_sender: watch::Sender<Stage>,
}

impl Task {
    async fn run(self) {
        let name = &self.service.spec.name;
        let console = Arc::clone(&self.context.spawner.console);
        let mut backoff = Backoff::default();
        let mut kill_limit = KillLimit::default();
        let mut was_ready = false;
        loop {
            let started = Instant::now();
            let end = self.run_once(&mut kill_limit).await;
            self.context.run_file.child_ended(name);
            match end {
                Ok(End::Stopped) => return,
                Ok(End::Lost { why, answered }) => {
                    was_ready |= answered;
                    if !was_ready {
                        self.stage_sender.send_replace(Stage::Failed(why));
                        return;
                    }
                    console.report(&format!("!! {why}"));
                }
                Err(error) if was_ready => console.report(&format!("!! {name}: {error:#}")),
                Err(error) => {
                    self.stage_sender
                        .send_replace(Stage::Failed(format!("{error:#}")));
                    return;
                }
            }
            let pause = backoff.next(started.elapsed());
            console.report(&format!("!! replacing {name} in {pause:.1?}"));
            tokio::select! {
                () = self.stop_requested() => return,
                () = sleep(pause) => {}
            }
        }
    }

    async fn run_once(&self, kill_limit: &mut KillLimit) -> Result<End> {
        let Service {
            spec,
            ready,
            alive,
            start_timeout,
            silence_timeout,
            prepare,
        } = &self.service;
        let shutdown = &self.context.shutdown;
        prepare()?;
        let started = Instant::now();
        let mut child = Child::start(spec, &self.context.spawner)?;
        let stop_signal = spec.stop.first().map_or(Signal::SIGTERM, |step| step.0);
        self.context
            .run_file
            .child_started(&spec.name, child.pid, stop_signal);

        let pid = child.pid;
        tokio::select! {
            biased;
            () = self.stop_requested() => {
                child.stop(&spec.stop, shutdown).await;
                return Ok(End::Stopped);
            }
            status = child.ended() => return Ok(self.lost(&child, status, false)),
            answer = wait_until_ready(ready, pid, *start_timeout) => if let Err(last) = answer {
                child.stop(&spec.stop, shutdown).await;
                let last_lines = child.last_lines();
                let why = format!(
                    "{} did not answer within {start_timeout:.0?}: {last}{}", spec.name, quoted_output(&last_lines)
                );
                return Ok(End::Lost { why, answered: false });
            }
        }
        let took = started.elapsed();
        self.context
            .spawner
            .console
            .report(&format!("{} answers after {took:.0?}", spec.name));
        self.stage_sender.send_replace(Stage::Ready);
        let socket = alive.socket().map(|socket| (socket, FileId::of(socket)));

        tokio::select! {
            biased;
            () = self.stop_requested() => {
                child.stop(&spec.stop, shutdown).await;
                Ok(End::Stopped)
            }
            status = child.ended() => Ok(self.lost(&child, status, true)),
            why = silence(alive, pid, *silence_timeout, kill_limit) => {
                child.kill().await;
                let why = format!("{} no longer answers ({why}) and was killed", spec.name);
                Ok(End::Lost { why, answered: true })
            }
            () = socket_gone(socket) => {
                // A socket cannot be recreated from outside: the child has to make a new one.
                child.stop(&spec.stop, shutdown).await;
                let why = format!("the socket of {} is gone", spec.name);
                Ok(End::Lost { why, answered: true })
            }
        }
    }

    fn lost(&self, child: &Child, status: ExitStatus, answered: bool) -> End {
        let last_lines = child.last_lines();
        let name = &self.service.spec.name;
        End::Lost {
            why: format!("{name} ended ({status}){}", quoted_output(&last_lines)),
            answered,
        }
    }

    async fn stop_requested(&self) {
        let mut stopped = self.stopped.clone();
        if stopped.wait_for(|stop| *stop).await.is_err() {
            pending::<()>().await;
        }
    }
}

/// Waits until a socket is removed or replaced. Returns at once if it did not exist.
async fn socket_gone(socket: Option<(&Path, Option<FileId>)>) {
    let Some((path, was)) = socket else {
        return pending().await;
    };
    while was.is_some() && FileId::of(path) == was {
        sleep(SOCKET_CHECK_INTERVAL).await;
    }
}

/// Probes a child until it answers or the limit has passed; the error is the last failed answer.
pub(super) async fn wait_until_ready(
    probe: &Probe,
    pid: i32,
    limit: Duration,
) -> Result<(), String> {
    let since = Instant::now();
    loop {
        match probe.ask(pid).await {
            Ok(()) => return Ok(()),
            Err(last) if since.elapsed() > limit => return Err(last),
            Err(_) => sleep(PROBE_INTERVAL).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_socket_that_was_gone_at_the_first_look_is_gone() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("app-0.sock");
        let seen = FileId::of(&path);
        assert!(socket_gone(Some((&path, seen))).now_or_never().is_some());
        std::fs::write(&path, "").expect("a file");
        let seen = FileId::of(&path);
        assert!(socket_gone(Some((&path, seen))).now_or_never().is_none());
    }
}
