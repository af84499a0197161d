//! The private PostgreSQL cluster: created completely or not at all, reached over one unix socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use db::database_url;
use nix::sys::signal::Signal;
use tokio::sync::watch;

use super::child::{Output, Shutdown, Spawner, Spec, run_to_end};
use super::dir_identity::FileId;
use super::disk_space::{DiskSpace, WAL_MB_MIN};
use super::ownership::{is_closed_postgres, postgres_in};
use super::probe::{Probe, head};
use super::replace_file::write_whole;
use super::socket_dir::SocketDir;
use super::supervise::Service;
use super::unix_user::UnixUser;

/// The role that owns the cluster, and is its superuser. Only `up` uses it: to check whether the server answers, and
/// to create the role of the site.
const OWNER: &str = "flickr_killr";

/// The role of app processes, CGI programs, loader and commands. It owns the tables of the site, because the lab drops
/// and creates an index; it is not a superuser.
pub(super) const SITE_ROLE: &str = "flickr_killr_site";

/// The number in the name of the socket. Always given explicitly, because PGPORT could change the default.
const PORT: u16 = 5432;

/// The database of the site: the one that every new cluster has.
const DATABASE: &str = "postgres";

/// How long crash recovery may take before the start fails.
const START_TIMEOUT: Duration = Duration::from_secs(300);

/// How long the postmaster may be silent. Long, because a restart means crash recovery.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);

/// PostgreSQL's memory settings for this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) shared_buffers_mb: u64,
    pub(super) cache_mb: u64,
    pub(super) maintenance_mb: u64,
}

impl Memory {
    /// Gives PostgreSQL's own buffers an eighth of the memory, up to the size of the whole demo data; the kernel's
    /// page cache is the better place for the rest.
    pub(super) fn of_machine(total_bytes: u64) -> Self {
        let mb = total_bytes >> 20;
        Self {
            shared_buffers_mb: (mb / 8).clamp(64, 2048),
            cache_mb: (mb / 2).max(256),
            maintenance_mb: (mb / 16).clamp(64, 512),
        }
    }
}

/// One cluster: its programs, folders, user and limits.
#[derive(Debug, Clone)]
pub(super) struct Postgres {
    pub(super) bin_dir: PathBuf,
    pub(super) cluster: PathBuf,
    pub(super) sockets: SocketDir,
    pub(super) user: UnixUser,
    pub(super) memory: Memory,
    /// How many connections all app processes may open together.
    pub(super) connections: u32,
    /// How large the write-ahead log may grow between checkpoints, in MiB.
    pub(super) wal_mb: u64,
    /// Releases ballast for a start on a full disk.
    pub(super) disk_space: DiskSpace,
}

impl Postgres {
    /// Returns the URL of the site's database, for programs on this machine.
    pub(super) fn url(&self) -> String {
        self.url_of(SITE_ROLE)
    }

    /// Returns the URL for the owner of the cluster.
    pub(super) fn url_of_owner(&self) -> String {
        self.url_of(OWNER)
    }

    /// Sets every parameter that a client would otherwise take from its environment.
    fn url_of(&self, role: &str) -> String {
        format!(
            "postgres://{role}@localhost:{PORT}/{DATABASE}?host={}&sslmode=disable",
            self.sockets.path().display()
        )
    }

    /// Whether the cluster exists.
    pub(super) fn exists(cluster: &Path) -> bool {
        cluster.join("PG_VERSION").exists()
    }

    /// Creates the cluster if it does not exist. Creates it under a temporary name and renames it, so that an
    /// interrupted first start leaves nothing that looks complete.
    pub(super) async fn make(
        &self,
        spawner: &Spawner,
        shutdown: &watch::Receiver<Shutdown>,
    ) -> Result<()> {
        let half_made = self.cluster.with_extension("half");
        if half_made.exists() {
            // Does not follow symlinks.
            std::fs::remove_dir_all(&half_made)
                .with_context(|| format!("cannot remove {}", half_made.display()))?;
        }
        if !Self::exists(&self.cluster) {
            spawner.console.report("making a PostgreSQL cluster");
            let made = run_to_end(&self.initdb(&half_made), spawner, shutdown).await;
            if let Err(error) = made {
                let _ = std::fs::remove_dir_all(&half_made);
                return Err(error);
            }
            self.user.with_privileges(|| {
                std::fs::rename(&half_made, &self.cluster).context("cannot rename the new cluster")
            })?;
        }
        // Written at every start: the machine may have more memory now, the program other settings.
        let file = self.cluster.join("postgresql.conf");
        self.user
            .with_privileges(|| write_whole(&file, self.configuration().as_bytes()))
    }

    /// Returns the server as a service.
    pub(super) fn service(&self) -> Service {
        let (cluster, sockets) = (self.cluster.clone(), self.sockets.clone());
        let (disk_space, user) = (self.disk_space.clone(), self.user.clone());
        let socket = sockets.path().join(format!(".s.PGSQL.{PORT}"));
        Service {
            spec: Spec {
                name: "postgres".to_owned(),
                program: self.bin_dir.join("postgres"),
                args: vec!["-D".into(), self.cluster.clone().into()],
                envs: vec![],
                inherits: true,
                stdin: None,
                dir: self.home(),
                user: Some(self.user.clone()),
                // Fast shutdown ends sessions and writes a checkpoint; immediate shutdown leaves recovery to the next
                // start. Neither loses a committed transaction.
                stop: vec![
                    (Signal::SIGINT, Duration::from_secs(60)),
                    (Signal::SIGQUIT, Duration::from_secs(5)),
                ],
                output: Output::Terminal,
            },
            ready: Probe::Query {
                server: Box::new(self.options()),
                pid_file: self.cluster.join("postmaster.pid"),
                user: self.user.clone(),
            },
            alive: Probe::Postmaster(socket.clone()),
            start_timeout: START_TIMEOUT,
            silence_timeout: SILENCE_TIMEOUT,
            prepare: Box::new(move || {
                disk_space.free_for_postgres();
                sockets.ensure()?;
                clear_stale_locks(&cluster, &socket, &user)
            }),
        }
    }

    /// The parent folder of the cluster.
    fn home(&self) -> PathBuf {
        self.cluster.parent().unwrap_or(&self.cluster).to_owned()
    }

    /// The supervisor's connection options: as the owner of the cluster.
    pub(super) fn options(&self) -> db::ConnectOptions {
        db::through_socket(self.sockets.path(), PORT, OWNER, DATABASE)
    }

    fn initdb(&self, dir: &Path) -> Spec {
        let mut args = vec!["--pgdata".into(), dir.into()];
        args.extend(
            [
                "--username",
                OWNER,
                "--auth=trust",
                "--data-checksums",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-instructions",
            ]
            .map(Into::into),
        );
        Spec {
            name: "initdb".to_owned(),
            program: self.bin_dir.join("initdb"),
            args,
            envs: vec![],
            inherits: true,
            stdin: None,
            dir: self.home(),
            user: Some(self.user.clone()),
            stop: vec![(Signal::SIGTERM, Duration::from_secs(2))],
            output: Output::LogOnly,
        }
    }

    /// The complete configuration; every other setting has PostgreSQL's default.
    fn configuration(&self) -> String {
        let Memory {
            shared_buffers_mb,
            cache_mb,
            maintenance_mb,
        } = self.memory;
        let connections = self.connections + CONNECTIONS_OF_OURS + CONNECTIONS_OF_OWNER;
        let sockets = self.sockets.path().display();
        let wal_mb = self.wal_mb;
        format!(
            "# Generated at each start of `flickr-killr up`; changes here do not last.

# Nobody from outside: one unix socket, in a folder that only this user can enter.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
port = {PORT}
max_connections = {connections}
ssl = off

# What was acknowledged is on disk.
fsync = on
synchronous_commit = on
full_page_writes = on

# One server without replicas: fresh tables are written once, not twice.
wal_level = minimal
max_wal_senders = 0
# With slots each checkpoint writes a file about them, and a full disk there ends the server (PANIC).
max_replication_slots = 0
max_wal_size = '{wal_mb}MB'
# Segments that are kept to be used again: a log that cannot grow would end the server.
min_wal_size = '{WAL_MB_MIN}MB'
wal_compression = on

# Memory, as this machine has it.
shared_buffers = '{shared_buffers_mb}MB'
effective_cache_size = '{cache_mb}MB'
maintenance_work_mem = '{maintenance_mb}MB'
work_mem = '16MB'

# A random page costs little more than the next one: the default of 4 stems from turning disks,
# and makes the generic plan of the photostream sort 50,000 rows.
random_page_cost = 1.1
effective_io_concurrency = 200
# Pages take microseconds; compiling their queries would take milliseconds.
jit = off

# One odd client must not hold locks for ever.
idle_in_transaction_session_timeout = '60s'

timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] '
log_checkpoints = off
"
        )
    }
}

/// Connections besides those of the app processes: loader, index commands, psql.
const CONNECTIONS_OF_OURS: u32 = 16;

/// Connections that PostgreSQL reserves for its superuser (`superuser_reserved_connections`).
const CONNECTIONS_OF_OWNER: u32 = 3;

/// Removes the pid file of a dead server, and the lock of its socket. After a reboot or in a copied cluster, the pid
/// in them may belong to another process, and PostgreSQL would refuse to start. Whether a server runs here is decided
/// by its processes: each has the cluster's folder as its working directory.
fn clear_stale_locks(cluster: &Path, socket: &Path, user: &UnixUser) -> Result<()> {
    let alive = FileId::of(cluster).map_or(vec![], postgres_in);
    anyhow::ensure!(
        alive.is_empty(),
        "another PostgreSQL runs in {}: {alive:?}",
        cluster.display()
    );
    let pid_file = cluster.join("postmaster.pid");
    let pid = user.with_privileges(|| head(&pid_file));
    let pid = pid.map_or(String::new(), |head| {
        String::from_utf8_lossy(&head).into_owned()
    });
    let pid = pid.lines().next().and_then(|pid| pid.trim().parse().ok());
    anyhow::ensure!(
        !pid.is_some_and(|pid| is_closed_postgres(pid, cluster)),
        "process {} may be a PostgreSQL in {}: the kernel hides its working directory; stop it and start again",
        pid.unwrap_or_default(),
        cluster.display()
    );
    let mut lock_of_socket = socket.to_owned().into_os_string();
    lock_of_socket.push(".lock");
    let stale = [pid_file, lock_of_socket.into()];
    user.with_privileges(|| stale.iter().try_for_each(|lock| remove_stale(lock)))
}

fn remove_stale(lock: &Path) -> Result<()> {
    match std::fs::remove_file(lock) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| {
                let lock = lock.display();
                format!("cannot remove {lock} of a dead PostgreSQL")
            })
        }
        _ => Ok(()),
    }
}

/// Waits until the external database answers.
pub(super) async fn check_external(url: &str) -> Result<()> {
    let options = database_url::options(url).context("DATABASE_URL is not a postgres:// URL")?;
    match tokio::time::timeout(EXTERNAL_TIMEOUT, db::ping(&options)).await {
        Ok(answer) => answer.context("the database of DATABASE_URL does not answer"),
        Err(_) => anyhow::bail!(
            "the database of DATABASE_URL does not answer within {EXTERNAL_TIMEOUT:?}"
        ),
    }
}

/// How long an external database may take to answer.
const EXTERNAL_TIMEOUT: Duration = Duration::from_secs(10);
