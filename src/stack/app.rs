//! The app processes: this very program, told to `serve`, each on its own unix socket.

use std::ffi::OsString;
use std::fs::Permissions;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;

use super::account::Account;
use super::child::{Speaks, Spec, anywhere};
use super::keeper::Service;
use super::plan::Plan;
use super::probe::Probe;
use super::state::StateDir;

/// When glibc gives freed memory back (mallopt(3)). A picture is drawn in buffers of megabytes; by
/// default an app process that has drawn two hundred keeps 150 MB, so it keeps 16 MB, for a tenth of
/// the time that drawing takes.
const MALLOC_TRIM_THRESHOLD_BYTES: &str = "8388608";

/// What all app processes of one site share.
pub(super) struct Apps<'a> {
    pub(super) plan: &'a Plan,
    pub(super) state: &'a StateDir,
    pub(super) account: &'a Account,
    pub(super) program: &'a Path,
    pub(super) sockets: &'a Path,
    pub(super) database_url: &'a str,
    pub(super) memcached: SocketAddr,
    pub(super) front: SocketAddr,
}

impl Apps<'_> {
    /// The socket of one of them.
    pub(super) fn socket(&self, number: usize) -> PathBuf {
        self.sockets.join(format!("app-{number}.sock"))
    }

    /// One of them as a child to keep.
    pub(super) fn service(&self, number: usize) -> Service {
        let socket = self.socket(number);
        Service {
            spec: Spec {
                name: format!("app-{number}"),
                program: self.program.to_owned(),
                args: self.args(number),
                envs: vec![
                    // Not an argument: arguments are for all to see, and this may hold a password.
                    ("DATABASE_URL", self.database_url.into()),
                    ("MALLOC_TRIM_THRESHOLD_", MALLOC_TRIM_THRESHOLD_BYTES.into()),
                ],
                dir: anywhere().to_owned(),
                account: Some(self.account.clone()),
                stop: vec![(Signal::SIGTERM, Duration::from_secs(10))],
                speaks: Speaks::ToAll,
            },
            ready: Probe::Healthz(socket.clone()),
            alive: Probe::Healthz(socket),
            start_patience: Duration::from_secs(30),
            silence_max: Duration::from_secs(2),
            prepare: Box::new(|| Ok(())),
        }
    }

    /// This program, told to load the demo data.
    pub(super) fn loader(&self, words: &[String]) -> Spec {
        Spec {
            name: "demo".to_owned(),
            program: self.program.to_owned(),
            args: words.iter().map(Into::into).collect(),
            envs: vec![("DATABASE_URL", self.database_url.into())],
            dir: anywhere().to_owned(),
            account: Some(self.account.clone()),
            stop: vec![(Signal::SIGTERM, Duration::from_secs(5))],
            speaks: if std::io::stderr().is_terminal() {
                Speaks::Itself
            } else {
                Speaks::ToAll
            },
        }
    }

    fn args(&self, number: usize) -> Vec<OsString> {
        let plan = self.plan;
        let mut args: Vec<OsString> = vec!["serve".into()];
        let mut say = |flag: &str, value: OsString| args.extend([flag.into(), value]);
        say(
            "--listen",
            format!("unix:{}", self.socket(number).display()).into(),
        );
        say("--front", self.front.to_string().into());
        say("--threads", "1".into());
        say(
            "--database-connections",
            plan.database_connections.to_string().into(),
        );
        say("--memcached", self.memcached.to_string().into());
        say("--originals", self.state.originals().into());
        say("--derivatives", self.state.derivatives().into());
        say(
            "--derivatives-max-bytes",
            plan.derivatives_max_bytes.to_string().into(),
        );
        if plan.demo_logins {
            say("--demo-logins", self.state.demo_logins().into());
        }
        if plan.lab {
            args.push("--lab".into());
        }
        if number == 0 {
            args.push("--jobs".into());
        }
        args
    }
}

/// Copies this program into the state directory: the children's user may not reach it where it
/// lies, and a rebuild must not change what a replaced child runs.
pub(super) fn copy_program(state: &StateDir) -> Result<PathBuf> {
    let bin = state.bin();
    let (half, whole) = (bin.join("flickr-killr.half"), bin.join("flickr-killr"));
    let copied = std::fs::create_dir_all(&bin)
        .and_then(|()| std::fs::copy("/proc/self/exe", &half))
        .and_then(|_| std::fs::set_permissions(&bin, Permissions::from_mode(0o755)))
        .and_then(|()| std::fs::set_permissions(&half, Permissions::from_mode(0o755)))
        .and_then(|()| std::fs::rename(&half, &whole));
    copied.context("cannot copy this program into the state directory")?;
    Ok(whole)
}
