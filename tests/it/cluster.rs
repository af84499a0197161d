//! A private PostgreSQL cluster for the tests: on a unix socket in a temporary directory, as an
//! unprivileged user if the tests run as root. All tests share one cluster, which stops when their process ends;
//! each test has its own database, empty or a copy of a template.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use nix::unistd::{User, geteuid};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool};
use tokio::sync::OnceCell;

/// A running PostgreSQL.
pub(crate) struct Cluster {
    /// Held open: the shell that runs the server stops it and removes its directory when its standard input ends.
    _input: ChildStdin,
    directory: PathBuf,
    databases: AtomicU32,
}

/// An empty database of its own for each test.
pub(crate) struct Database {
    cluster: Arc<Cluster>,
    name: String,
}

/// The cluster that all tests share. A static is never dropped: the server stops because the standard input of its
/// wrapper script closes when this process ends.
static SHARED: LazyLock<Arc<Cluster>> = LazyLock::new(|| Arc::new(Cluster::start()));

/// The database of [`Database::loaded`] that others are copied from.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// Runs the server in the directory `$2` until standard input ends, also if the tests are killed.
const WRAPPER_SCRIPT: &str = r#"
    postgres=$1 directory=$2
    shift 2
    "$postgres" -D "$directory/data" -k "$directory" "$@" </dev/null &
    cat
    kill -QUIT $!
    wait $!
    rm -rf "$directory"
"#;

impl Cluster {
    /// The cluster that all tests share.
    pub(crate) fn shared() -> Arc<Self> {
        Arc::clone(&SHARED)
    }

    fn start() -> Self {
        // The path of a socket is limited to 107 bytes, so the name is short.
        let directory = tempfile::Builder::new().prefix("fk").tempdir();
        let directory = directory.expect("a temporary directory").keep();
        let data = directory.join("data");
        if let Some(user) = unprivileged() {
            let (user, group) = (user.uid.as_raw(), user.gid.as_raw());
            chown(&directory, Some(user), Some(group)).expect("a directory for it");
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
        let mut keeper = program("sh")
            .args(["-c", WRAPPER_SCRIPT, "keeper"])
            .arg(newest("postgres"))
            .arg(&directory)
            // The data of a test is not kept, so commits need not wait for the disk.
            .args(["-c", "listen_addresses=", "-c", "fsync=off"])
            .args(["-c", "max_connections=200", "-c", "random_page_cost=1.1"])
            .args(["-c", "wal_level=minimal", "-c", "max_wal_senders=0"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("postgres starts");
        wait_until_ready(&mut keeper);
        Self {
            _input: keeper.stdin.take().expect("its input is ours"),
            directory,
            databases: AtomicU32::new(0),
        }
    }

    /// The options to connect to one of its databases.
    pub(crate) fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new()
            .socket(&self.directory)
            .port(5432)
            .ssl_mode(PgSslMode::Disable)
            .username("postgres")
            .database(database)
    }

    /// Creates an empty database.
    pub(crate) async fn database(self: &Arc<Self>) -> Database {
        self.database_like("template1").await
    }

    /// Creates a copy of a database that has no connections.
    async fn database_like(self: &Arc<Self>, template: &str) -> Database {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut connection = self
            .options("postgres")
            .connect()
            .await
            .expect("the cluster answers");
        let sql = format!("create database {name} template {template}");
        sqlx::raw_sql(AssertSqlSafe(sql))
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

impl Database {
    /// Creates an empty database in the shared cluster.
    pub(crate) async fn new() -> Self {
        Cluster::shared().database().await
    }

    /// Creates a database that `load` filled: the first caller loads a template, and each caller gets a copy of it.
    pub(crate) async fn loaded(load: impl AsyncFnOnce(PgConnectOptions)) -> Self {
        let cluster = Cluster::shared();
        let template = TEMPLATE
            .get_or_init(async || {
                let template = cluster.database().await;
                load(template.options()).await;
                template.name
            })
            .await;
        cluster.database_like(template).await
    }

    /// The options to connect to it.
    pub(crate) fn options(&self) -> PgConnectOptions {
        self.cluster.options(&self.name)
    }

    /// Its `postgres://` URL.
    pub(crate) fn url(&self) -> String {
        let socket = self.cluster.directory.display();
        format!(
            "postgres://postgres@localhost:5432/{}?host={socket}&sslmode=disable",
            self.name
        )
    }

    /// Opens a pool of a few connections to it.
    pub(crate) async fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(4)
            .connect_with(self.options())
            .await
            .expect("the cluster answers")
    }
}

/// Reads the server's log until the server accepts connections. A thread reads the rest: a server blocks when the pipe
/// of its log is full.
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

/// The user that PostgreSQL runs as if the tests run as root, because it refuses to run as root.
fn unprivileged() -> Option<User> {
    let by_name = |name| User::from_name(name).ok().flatten();
    geteuid().is_root().then(|| {
        by_name("nobody")
            .or_else(|| by_name("postgres"))
            .expect("an unprivileged user")
    })
}

/// A client program of PostgreSQL, without the variables of another server.
pub(crate) fn client(name: &str) -> Command {
    program(name)
}

/// A program of PostgreSQL, run in a directory that an unprivileged user may enter.
fn program(name: &str) -> Command {
    let mut command = Command::new(newest(name));
    command
        // The server itself reads PGPORT, which may belong to another PostgreSQL.
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    if let Some(user) = unprivileged() {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    // Its own process group: Ctrl-C ends only the tests, and they stop the server.
    command.process_group(0);
    command
}

/// The newest version of a server program. Debian has a folder for each version; elsewhere they are in PATH.
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
