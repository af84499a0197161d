//! A private PostgreSQL cluster for the tests: on a unix socket in a temporary directory, as an
//! unprivileged user when the tests run as root, gone when the last test that uses it ends.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool};
use tempfile::TempDir;

/// A running PostgreSQL.
pub(crate) struct Cluster {
    server: Child,
    directory: TempDir,
    databases: AtomicU32,
}

/// An empty database of its own for each test.
pub(crate) struct Database {
    cluster: Arc<Cluster>,
    name: String,
}

/// The cluster that tests share while any of them runs.
static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

impl Cluster {
    /// The cluster that is running, or a new one.
    pub(crate) fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let cluster = Arc::new(Self::start());
            *shared = Arc::downgrade(&cluster);
            cluster
        })
    }

    /// A new cluster of its own, for a test that stops or breaks it.
    pub(crate) fn start() -> Self {
        // A socket's path has little room: the name is short.
        let directory = tempfile::Builder::new()
            .prefix("fk")
            .tempdir()
            .expect("a temporary directory");
        let data = directory.path().join("data");
        if let Some(user) = unprivileged() {
            chown(
                directory.path(),
                Some(user.uid.as_raw()),
                Some(user.gid.as_raw()),
            )
            .expect("a directory for it");
        }
        let made = program("initdb")
            .args([
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
                "--pgdata",
            ])
            .arg(&data)
            .output()
            .expect("initdb runs");
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        let mut server = program("postgres")
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(directory.path())
            // What a test holds is lost with it anyway: no need to wait for the disk.
            .args([
                "-c",
                "listen_addresses=",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=200",
            ])
            .args([
                "-c",
                "wal_level=minimal",
                "-c",
                "max_wal_senders=0",
                "-c",
                "random_page_cost=1.1",
            ])
            .stderr(Stdio::piped())
            .spawn()
            .expect("postgres starts");
        wait_until_ready(&mut server);
        Self {
            server,
            directory,
            databases: AtomicU32::new(0),
        }
    }

    /// How to reach one of its databases.
    pub(crate) fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new()
            .socket(self.directory.path())
            .port(5432)
            .ssl_mode(PgSslMode::Disable)
            .username("postgres")
            .database(database)
    }

    /// A new, empty database.
    pub(crate) async fn database(self: &Arc<Self>) -> Database {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut connection = self
            .options("postgres")
            .connect()
            .await
            .expect("the cluster answers");
        sqlx::raw_sql(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut connection)
            .await
            .expect("a database");
        connection.close().await.expect("a clean end");
        Database {
            cluster: Arc::clone(self),
            name,
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Immediate shutdown: nobody will read these files again.
        let _ = kill(Pid::from_raw(self.server.id() as i32), Signal::SIGQUIT);
        let _ = self.server.wait();
    }
}

impl Database {
    /// A new, empty database in the shared cluster.
    pub(crate) async fn new() -> Self {
        Cluster::shared().database().await
    }

    /// How to reach it.
    pub(crate) fn options(&self) -> PgConnectOptions {
        self.cluster.options(&self.name)
    }

    /// How to reach it, as an address.
    pub(crate) fn url(&self) -> String {
        let socket = self.cluster.directory.path().display();
        format!(
            "postgres://postgres@localhost:5432/{}?host={socket}&sslmode=disable",
            self.name
        )
    }

    /// A pool of a few connections to it.
    pub(crate) async fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(4)
            .connect_with(self.options())
            .await
            .expect("the cluster answers")
    }
}

/// Reads the server's log until it says that it answers, then lets a thread read on: a server
/// whose log nobody reads would stop.
fn wait_until_ready(server: &mut Child) {
    let log = server.stderr.take().expect("its log is ours");
    let mut lines = BufReader::new(log).lines().map_while(Result::ok);
    let mut said = Vec::new();
    loop {
        match lines.next() {
            Some(line) if line.contains("database system is ready to accept connections") => break,
            Some(line) => said.push(line),
            None => panic!("postgres did not start:\n{}", said.join("\n")),
        }
    }
    std::thread::spawn(move || lines.for_each(drop));
}

/// Who runs PostgreSQL when we are root, as whom it refuses to run.
fn unprivileged() -> Option<User> {
    let by_name = |name| User::from_name(name).ok().flatten();
    geteuid().is_root().then(|| {
        by_name("nobody")
            .or_else(|| by_name("postgres"))
            .expect("an unprivileged user")
    })
}

/// A program of PostgreSQL's, to be run where an unprivileged user may be.
fn program(name: &str) -> Command {
    let mut command = Command::new(newest(name));
    command
        // Variables of another PostgreSQL are not for this one: the server itself reads PGPORT.
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    if let Some(user) = unprivileged() {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    // A group of its own: an interrupt at the terminal ends the tests first, and they end it.
    command.process_group(0);
    command
}

/// Debian keeps the server's programs of each version apart; elsewhere they are in the path.
fn newest(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let version = |path: &Path| {
        path.file_name()
            .and_then(|name| name.to_str()?.parse::<u32>().ok())
    };
    versions
        .map(|entry| entry.path())
        .filter(|path| path.join("bin").join(name).exists())
        .max_by_key(|path| version(path))
        .map_or_else(|| name.into(), |path| path.join("bin").join(name))
}
