//! The app processes: this program run as `serve`, each on its own unix socket.

use std::ffi::OsString;
use std::fs::{File, Permissions};
use std::io::{self, BufRead as _, BufReader, IsTerminal as _};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use domain::config::Listen;
use domain::rung::{Files, Front};
use nix::sys::signal::Signal;

use super::child::{Output, Spec};
use super::fcgiwrap;
use super::plan::Plan;
use super::port::reachable;
use super::probe::Probe;
use super::socket_dir::SocketDir;
use super::state::StateDir;
use super::supervise::Service;
use super::unix_user::UnixUser;

/// The glibc threshold for returning freed memory (mallopt(3)). Drawing a picture takes buffers of megabytes; by
/// default an app process that has drawn two hundred keeps 150 MB. With this it keeps 16 MB, for a tenth of the
/// drawing time.
const MALLOC_TRIM_THRESHOLD_BYTES: &str = "8388608";

/// What all app processes of one site share.
pub(super) struct Apps<'a> {
    pub(super) plan: &'a Plan,
    pub(super) state: &'a StateDir,
    pub(super) user: &'a UnixUser,
    pub(super) program: &'a Path,
    pub(super) sockets: &'a SocketDir,
    pub(super) database_url: &'a str,
    pub(super) memcached: Option<SocketAddr>,
    pub(super) front: SocketAddr,
}

/// How one app process differs from the others.
struct Role {
    name: String,
    listen: Listen,
    threads: usize,
    jobs: bool,
}

impl Apps<'_> {
    /// Returns the permanent processes; `public` is the address of the site.
    pub(super) fn services(&self, public: SocketAddr) -> Vec<Service> {
        let cores = self.plan.app_processes;
        let roles = match self.plan.rung.front() {
            // CGI programs end with their request; background jobs need a permanent process.
            Front::NginxAndCgi => vec![Role {
                name: "jobs".to_owned(),
                listen: Listen::Unix(self.sockets.path().join("jobs.sock")),
                threads: 1,
                jobs: true,
            }],
            Front::App => vec![Role {
                name: "app-0".to_owned(),
                listen: Listen::Tcp(public),
                threads: cores,
                jobs: true,
            }],
            Front::Nginx => (0..cores)
                .map(|number| Role {
                    name: format!("app-{number}"),
                    listen: Listen::Unix(self.socket(number)),
                    threads: 1,
                    jobs: number == 0,
                })
                .collect(),
        };
        roles.into_iter().map(|role| self.service(role)).collect()
    }

    /// Returns the upstream sockets for nginx: those of the app processes, or fcgiwrap's.
    pub(super) fn upstream_sockets(&self) -> Vec<PathBuf> {
        match self.plan.rung.front() {
            Front::NginxAndCgi => vec![self.sockets.path().join("fcgiwrap.sock")],
            Front::App => vec![],
            Front::Nginx => (0..self.plan.app_processes)
                .map(|n| self.socket(n))
                .collect(),
        }
    }

    /// Configures this program for fcgiwrap: without arguments, only by environment variables.
    pub(super) fn cgi_programs(&self) -> fcgiwrap::CgiPrograms {
        let (plan, state) = (self.plan, self.state);
        let mut envs: Vec<(&'static str, OsString)> = vec![
            ("DATABASE_URL", self.database_url.into()),
            ("FLICKR_KILLR_RUNG", plan.rung.to_string().into()),
            ("FLICKR_KILLR_ORIGINALS", state.originals().into()),
            ("FLICKR_KILLR_DERIVATIVES", state.derivatives().into()),
            (
                "FLICKR_KILLR_DISK_RESERVE",
                plan.disk_reserve.to_string().into(),
            ),
            ("FLICKR_KILLR_BALLAST", state.ballast().into()),
        ];
        if plan.demo_logins {
            envs.push(("FLICKR_KILLR_DEMO_LOGINS", state.demo_logins().into()));
        }
        if plan.lab {
            envs.push(("FLICKR_KILLR_LAB", "true".into()));
            if !plan.lab_hosts.is_empty() {
                envs.push(("FLICKR_KILLR_LAB_HOSTS", plan.lab_hosts.join(",").into()));
            }
        }
        fcgiwrap::CgiPrograms {
            program: self.program.to_owned(),
            envs,
            count: plan.programs(),
        }
    }

    /// Returns the command that migrates the database and, if requested, loads the demo data.
    pub(super) fn prepare(&self, args: &[String]) -> Spec {
        let output = if std::io::stderr().is_terminal() {
            Output::Inherited
        } else {
            Output::Terminal
        };
        let args = args.iter().map(Into::into).collect();
        self.task("demo", args, self.database_url, output)
    }

    /// Returns the command that writes the static files.
    pub(super) fn static_files(&self) -> Spec {
        let args = vec!["static-files".into(), self.state.static_files().into()];
        self.task("static-files", args, self.database_url, Output::Terminal)
    }

    /// Returns the command that creates the site's role in the private database; `administrator` is the URL for the
    /// cluster's owner.
    pub(super) fn database_role(&self, role: &str, administrator: &str) -> Spec {
        let args = vec!["database-role".into(), role.into()];
        self.task("database-role", args, administrator, Output::Terminal)
    }

    fn socket(&self, number: usize) -> PathBuf {
        self.sockets.path().join(format!("app-{number}.sock"))
    }

    fn service(&self, role: Role) -> Service {
        let alive = match &role.listen {
            Listen::Unix(socket) => Probe::Healthz(socket.clone()),
            Listen::Tcp(address) => Probe::AnyHttp(reachable(*address)),
        };
        let sockets = self.sockets.clone();
        Service {
            spec: Spec {
                args: self.args(&role),
                name: role.name,
                program: self.program.to_owned(),
                envs: vec![
                    // Not an argument: every user can read arguments, and the URL may hold a password.
                    ("DATABASE_URL", self.database_url.into()),
                    ("MALLOC_TRIM_THRESHOLD_", MALLOC_TRIM_THRESHOLD_BYTES.into()),
                ],
                inherits: true,
                stdin: None,
                dir: self.state.path().to_owned(),
                user: Some(self.user.clone()),
                stop: vec![(Signal::SIGTERM, Duration::from_secs(10))],
                output: Output::Terminal,
            },
            ready: alive.clone(),
            alive,
            start_timeout: Duration::from_secs(30),
            silence_timeout: Duration::from_secs(2),
            prepare: Box::new(move || sockets.ensure()),
        }
    }

    /// A run of this program that ends by itself.
    fn task(&self, name: &str, args: Vec<OsString>, database_url: &str, output: Output) -> Spec {
        Spec {
            name: name.to_owned(),
            program: self.program.to_owned(),
            args,
            envs: vec![("DATABASE_URL", database_url.into())],
            inherits: true,
            stdin: None,
            dir: self.state.path().to_owned(),
            user: Some(self.user.clone()),
            stop: vec![(Signal::SIGTERM, Duration::from_secs(5))],
            output,
        }
    }

    fn args(&self, role: &Role) -> Vec<OsString> {
        let plan = self.plan;
        let mut args: Vec<OsString> = vec!["serve".into()];
        let mut flag = |name: &str, value: OsString| args.extend([name.into(), value]);
        flag("--rung", plan.rung.to_string().into());
        flag("--listen", role.listen.to_string().into());
        flag("--front", self.front.to_string().into());
        flag("--threads", role.threads.to_string().into());
        flag(
            "--database-connections",
            plan.connections_per_process().to_string().into(),
        );
        if let Some(memcached) = self.memcached {
            flag("--memcached", memcached.to_string().into());
        }
        if plan.rung.files() == Files::AppFromDisk {
            flag("--files-from-disk", self.state.static_files().into());
        }
        flag("--static-files", self.state.static_files().into());
        flag("--originals", self.state.originals().into());
        flag("--derivatives", self.state.derivatives().into());
        flag(
            "--derivatives-max-bytes",
            plan.derivatives_max_bytes.to_string().into(),
        );
        flag("--disk-reserve", plan.disk_reserve.to_string().into());
        flag("--ballast", self.state.ballast().into());
        if plan.demo_logins {
            flag("--demo-logins", self.state.demo_logins().into());
        }
        for host in &plan.lab_hosts {
            flag("--lab-host", host.into());
        }
        if plan.lab {
            args.push("--lab".into());
        }
        if plan.database_url.is_none() {
            // The private server allows as many connections.
            args.push("--connect-ahead".into());
        }
        if self.memcached.is_some() {
            // A restarted private memcached is empty.
            args.push("--fence".into());
        }
        if role.jobs {
            args.push("--jobs".into());
        }
        args
    }
}

/// Copies this program into the state directory, unless an identical copy is there: the children's user may not reach
/// the installed one, and a rebuild must not change what a restarted child runs.
///
/// Removes an older copy first: no child runs yet, and a full disk has no space for two.
pub(super) fn copy_program(state: &StateDir) -> Result<PathBuf> {
    const SELF: &str = "/proc/self/exe";
    let bin = state.bin();
    let (half, whole) = (bin.join("flickr-killr.half"), state.program());
    if are_same(Path::new(SELF), &whole).unwrap_or(false) {
        return Ok(whole);
    }
    let _ = std::fs::remove_file(&whole);
    let copied = std::fs::create_dir_all(&bin)
        .and_then(|()| std::fs::copy(SELF, &half))
        .and_then(|_| std::fs::set_permissions(&bin, Permissions::from_mode(0o755)))
        .and_then(|()| std::fs::set_permissions(&half, Permissions::from_mode(0o755)))
        .and_then(|()| std::fs::rename(&half, &whole));
    copied.context("cannot copy this program into the state directory")?;
    Ok(whole)
}

/// Whether two files have the same content.
fn are_same(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    const CHUNK_BYTES: usize = 1 << 20;
    let mut one = BufReader::with_capacity(CHUNK_BYTES, one);
    let mut other = BufReader::with_capacity(CHUNK_BYTES, other);
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let len = left.len().min(right.len());
        if left.get(..len) != right.get(..len) {
            return Ok(false);
        }
        if len == 0 {
            return Ok(true);
        }
        one.consume(len);
        other.consume(len);
    }
}
