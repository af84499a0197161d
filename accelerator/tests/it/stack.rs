//! nginx, memcached and the site, in a folder of their own; gone when the test is over.

use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use accelerator::nginx::Front;
use accelerator::{Accelerator, Options};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::task::JoinHandle;

use crate::http::{self, Answer};
use crate::site::{Site, SiteTruth, router};

/// A child that does not outlive its test, and the signal that ends it with all its own.
struct Process(Child, &'static str);

impl Process {
    fn signal(&self, name: &str) {
        let done = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.0.id().to_string())
            .status();
        assert!(done.unwrap().success(), "kill -{name}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that ended already has been told already.
        let _told = Command::new("kill")
            .arg(format!("-{}", self.1))
            .arg(self.0.id().to_string())
            .status();
        let _reaped = self.0.wait();
    }
}

pub(crate) struct Memcached {
    pub(crate) address: SocketAddr,
    process: Process,
}

impl Memcached {
    async fn start(dir: &Path, number: usize) -> Self {
        let ports = dir.join(format!("memcached-{number}.port"));
        // A negative port means any free one, told in this file.
        let process = Self::run(-1, Some(&ports));
        let address = until(|| async {
            let text = std::fs::read_to_string(&ports).ok()?;
            let port = text
                .lines()
                .find_map(|line| line.strip_prefix("TCP INET: "))?;
            port.parse()
                .ok()
                .map(|port: u16| SocketAddr::from(([127, 0, 0, 1], port)))
        })
        .await;
        Self { address, process }
    }

    fn run(port: i32, told_in: Option<&Path>) -> Process {
        let mut command = Command::new("memcached");
        command
            .args([
                "-l",
                "127.0.0.1",
                "-U",
                "0",
                "-m",
                "32",
                "-t",
                "1",
                "-u",
                "root",
                "-p",
            ])
            .arg(port.to_string());
        if let Some(told_in) = told_in {
            command.env("MEMCACHED_PORT_FILENAME", told_in);
        }
        Process(
            command
                .stdin(Stdio::null())
                .spawn()
                .expect("memcached is installed"),
            "KILL",
        )
    }

    pub(crate) fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Starts it again on its old port, empty.
    pub(crate) async fn restart(&mut self) {
        self.process = Process(Command::new("true").spawn().unwrap(), "KILL");
        self.process = Self::run(i32::from(self.address.port()), None);
        let address = self.address;
        until(|| async move { TcpStream::connect(address).await.ok() }).await;
    }

    /// Returns one of its own counters.
    pub(crate) async fn stat(&self, name: &str) -> u64 {
        let mut stream = BufReader::new(TcpStream::connect(self.address).await.unwrap());
        stream.write_all(b"stats\r\n").await.unwrap();
        let mut lines = stream.lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some(value) = line.strip_prefix(&format!("STAT {name} ")) {
                return value.parse().unwrap();
            }
        }
        panic!("memcached has no counter {name}");
    }
}

/// One process of the site, as far as nginx can tell.
pub(crate) struct App {
    socket: PathBuf,
    task: JoinHandle<()>,
}

impl App {
    fn start(socket: PathBuf, site: &Arc<Site>, accelerator: &Accelerator) -> Self {
        let listener = UnixListener::bind(&socket).unwrap();
        let router = router(Arc::clone(site), accelerator);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { socket, task }
    }

    /// Nobody listens any more; kept connections live on, as they do not after a kill, so nginx sees both.
    pub(crate) fn stop(&self) {
        self.task.abort();
        std::fs::remove_file(&self.socket).unwrap();
    }
}

pub(crate) struct Stack {
    pub(crate) memcached: Vec<Memcached>,
    pub(crate) accelerator: Accelerator,
    pub(crate) site: Arc<Site>,
    pub(crate) apps: Vec<App>,
    front: PathBuf,
    _nginx: Process,
    dir: TempDir,
}

impl Stack {
    /// Starts the usual one: one memcached, one process of the site.
    pub(crate) async fn start() -> Self {
        Self::with(1, 1).await
    }

    pub(crate) async fn with(memcached_count: usize, app_count: usize) -> Self {
        Self::set_up(memcached_count, app_count, |_| {}).await
    }

    /// Starts one with options of its own.
    pub(crate) async fn set_up(
        memcached_count: usize,
        app_count: usize,
        choose: impl FnOnce(&mut Options),
    ) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("fk-acc-")
            .tempdir()
            .unwrap();
        let mut memcached = Vec::new();
        for number in 0..memcached_count {
            memcached.push(Memcached::start(dir.path(), number).await);
        }
        let site = Arc::<Site>::default();
        let servers: Vec<_> = memcached.iter().map(|server| server.address).collect();
        let mut options = Options::new(servers.clone()).truth(SiteTruth(Arc::clone(&site)));
        options.purge_timeout = Duration::from_millis(700);
        choose(&mut options);
        let copies = options.copies;
        let accelerator = Accelerator::new(options);
        let apps: Vec<_> = (0..app_count)
            .map(|number| {
                App::start(
                    dir.path().join(format!("app-{number}")),
                    &site,
                    &accelerator,
                )
            })
            .collect();
        let front = dir.path().join("front");
        let sockets = apps.iter().map(|app| app.socket.clone()).collect();
        let nginx = start_nginx(dir.path(), &front, sockets, servers, copies).await;
        Self {
            memcached,
            accelerator,
            site,
            apps,
            front,
            _nginx: nginx,
            dir,
        }
    }

    pub(crate) async fn try_send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> std::io::Result<Answer> {
        http::send(&self.front, method, target, headers).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        self.try_send(method, target, headers).await.unwrap()
    }

    /// As most browsers ask.
    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[("Accept-Encoding", "gzip, deflate, br")])
            .await
    }

    /// What nginx complained about.
    pub(crate) fn complaints(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("error.log")).unwrap_or_default()
    }
}

async fn start_nginx(
    dir: &Path,
    front: &Path,
    apps: Vec<PathBuf>,
    memcached: Vec<SocketAddr>,
    copies: usize,
) -> Process {
    accelerator::configuration::write_to(dir).unwrap();
    let temp_dir = dir.join("temp");
    std::fs::create_dir(&temp_dir).unwrap();
    let is_root = std::fs::metadata(dir).unwrap().uid() == 0;
    let addresses = Front {
        // The folder is for its owner only, so the workers must be the owner.
        user: is_root.then(|| "root".to_owned()),
        workers: 2,
        pid: dir.join("nginx.pid"),
        error_log: dir.join("error.log"),
        access_log: None,
        temp_dir,
        listen: format!("unix:{}", front.display()),
        apps,
        memcached,
        copies,
    };
    addresses.write_to(dir).unwrap();
    let mut command = Command::new("nginx");
    command
        .arg("-p")
        .arg(dir)
        .arg("-c")
        .arg(dir.join("nginx.conf"))
        .arg("-e")
        .arg(dir.join("error.log"));
    let process = Process(
        command
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx is installed"),
        "TERM",
    );
    until(|| async { UnixStream::connect(front).await.ok() }).await;
    process
}

/// Asks again and again, until there is an answer; a minute is more than any start takes.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(ask: impl Fn() -> F) -> T {
    let answered = async {
        let mut again = tokio::time::interval(Duration::from_millis(5));
        loop {
            again.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), answered)
        .await
        .expect("an answer within a minute")
}
