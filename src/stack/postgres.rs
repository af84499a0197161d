//! The private PostgreSQL cluster: made whole or not at all, reached over one unix socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::watch;

use super::account::Account;
use super::budget::Memory;
use super::child::{Nursery, Speaks, Spec, Wish, anywhere, run_to_end};
use super::keeper::Service;
use super::probe::Probe;
use super::process;
use super::state::write_whole;

/// The owner of everything in the cluster; its socket lies in a folder that nobody else can enter.
const OWNER: &str = "flickr_killr";

/// The database of the site: the one that every new cluster has.
const DATABASE: &str = "postgres";

/// How long crash recovery may take before we give up.
const START_PATIENCE: Duration = Duration::from_secs(300);

/// How long the postmaster may be silent: replacing it means crash recovery, so we are slow to.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// One cluster, its programs and whom it belongs to.
#[derive(Debug, Clone)]
pub(super) struct Postgres {
    pub(super) programs: PathBuf,
    pub(super) cluster: PathBuf,
    pub(super) sockets: PathBuf,
    pub(super) account: Account,
    pub(super) memory: Memory,
    /// How many connections all app processes may open together.
    pub(super) connections: u32,
    /// How large the write-ahead log may grow between checkpoints, in MiB.
    pub(super) wal_mb: u64,
}

impl Postgres {
    /// The address of the site's database, for programs on this machine.
    pub(super) fn url(&self) -> String {
        format!(
            "postgres://{OWNER}@localhost/{DATABASE}?host={}",
            self.sockets.display()
        )
    }

    /// Whether the cluster is made.
    pub(super) fn is_made(cluster: &Path) -> bool {
        cluster.join("PG_VERSION").exists()
    }

    /// Makes the cluster, if it is not there. It is made under another name and renamed, so that
    /// an interrupted first start leaves nothing that a second takes for whole.
    pub(super) async fn make(
        &self,
        nursery: &Nursery,
        wishes: &watch::Receiver<Wish>,
    ) -> Result<()> {
        let half_made = self.cluster.with_extension("half");
        if half_made.exists() {
            std::fs::remove_dir_all(&half_made)
                .with_context(|| format!("cannot remove {}", half_made.display()))?;
        }
        if !Self::is_made(&self.cluster) {
            nursery.console.say("making a PostgreSQL cluster");
            let made = run_to_end(&self.initdb(&half_made), nursery, wishes).await;
            if let Err(error) = made {
                let _ = std::fs::remove_dir_all(&half_made);
                return Err(error);
            }
            std::fs::rename(&half_made, &self.cluster).context("cannot keep the new cluster")?;
        }
        // Written at every start: the machine may have got more memory, the program new settings.
        let file = self.cluster.join("postgresql.conf");
        write_whole(&file, self.configuration().as_bytes())?;
        self.account.own(&file)
    }

    /// The server as a child to keep.
    pub(super) fn service(&self) -> Service {
        let cluster = self.cluster.clone();
        Service {
            spec: Spec {
                name: "postgres".to_owned(),
                program: self.programs.join("postgres"),
                args: vec!["-D".into(), self.cluster.clone().into()],
                envs: vec![],
                inherits: true,
                stdin: None,
                dir: anywhere().to_owned(),
                account: Some(self.account.clone()),
                // Fast shutdown ends sessions and writes a checkpoint; immediate leaves recovery
                // to the next start. Either loses nothing that was committed.
                stop: vec![
                    (Signal::SIGINT, Duration::from_secs(60)),
                    (Signal::SIGQUIT, Duration::from_secs(5)),
                ],
                speaks: Speaks::ToAll,
            },
            ready: Probe::Query {
                server: Box::new(self.options()),
                pid_file: self.cluster.join("postmaster.pid"),
            },
            alive: Probe::Postmaster(self.sockets.join(".s.PGSQL.5432")),
            start_patience: START_PATIENCE,
            silence_max: SILENCE_MAX,
            prepare: Box::new(move || clear_stale_lock(&cluster)),
        }
    }

    fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.sockets)
            .username(OWNER)
            .database(DATABASE)
            .disable_statement_logging()
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
            program: self.programs.join("initdb"),
            args,
            envs: vec![],
            inherits: true,
            stdin: None,
            dir: anywhere().to_owned(),
            account: Some(self.account.clone()),
            stop: vec![(Signal::SIGTERM, Duration::from_secs(2))],
            speaks: Speaks::ToLog,
        }
    }

    /// The whole configuration: what is not here is PostgreSQL's default.
    fn configuration(&self) -> String {
        let Memory {
            shared_buffers_mb,
            cache_mb,
            maintenance_mb,
        } = self.memory;
        let connections = self.connections + CONNECTIONS_OF_OURS;
        let sockets = self.sockets.display();
        let wal_mb = self.wal_mb;
        format!(
            "# Generated at each start of `flickr-killr up`; changes here do not last.

# Nobody from outside: one unix socket, in a folder that only this user can enter.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = {connections}
ssl = off

# What was acknowledged is on disk.
fsync = on
synchronous_commit = on
full_page_writes = on

# One server without replicas: fresh tables are written once, not twice.
wal_level = minimal
max_wal_senders = 0
max_wal_size = '{wal_mb}MB'
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

/// Connections beside those of the app processes: loader, index commands, a person with psql.
const CONNECTIONS_OF_OURS: u32 = 16;

/// Removes the pid file of a dead server. After a reboot its number may belong to another process
/// of the same user, and PostgreSQL would refuse to start; we know better, because every process
/// of a cluster works in its folder.
fn clear_stale_lock(cluster: &Path) -> Result<()> {
    let alive = process::working_in(cluster);
    anyhow::ensure!(
        alive.is_empty(),
        "another PostgreSQL runs in {}: {alive:?}",
        cluster.display()
    );
    match std::fs::remove_file(cluster.join("postmaster.pid")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).context("cannot remove the pid file of a dead PostgreSQL")
        }
        _ => Ok(()),
    }
}

/// Waits until somebody else's database answers.
pub(super) async fn foreign_answers(url: &str) -> Result<()> {
    let options: PgConnectOptions = url.parse().context("DATABASE_URL is no postgres:// URL")?;
    let ask = async {
        let mut connection = PgConnection::connect_with(&options).await?;
        connection.ping().await
    };
    match tokio::time::timeout(FOREIGN_PATIENCE, ask).await {
        Ok(answer) => answer.context("the database of DATABASE_URL does not answer"),
        Err(_) => anyhow::bail!(
            "the database of DATABASE_URL does not answer within {FOREIGN_PATIENCE:?}"
        ),
    }
}

/// How long somebody else's database may take to answer.
const FOREIGN_PATIENCE: Duration = Duration::from_secs(10);
