//! nginx, memcached and the site, in a folder of their own; they end with the test.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use accelerator::nginx::Front;
use accelerator::{Accelerator, Options};
use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use crate::http::{self, Answer};
use crate::memcached::{Memcached, Process};
use crate::site::{Site, router};

/// One process of the site, as nginx sees it.
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

    /// Stops listening. Kept connections stay open, unlike after a kill, so nginx sees both.
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
    pub(crate) nginx: Nginx,
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
        let dir = folder();
        let mut memcached = Vec::new();
        for _ in 0..memcached_count {
            memcached.push(Memcached::start(dir.path(), Ipv4Addr::LOCALHOST.into(), &[]).await);
        }
        let servers: Vec<_> = memcached.iter().map(|server| server.address).collect();
        let mut options = options(servers.clone());
        choose(&mut options);
        let copies = options.copies;
        let site = Site::with(options);
        Self::of(dir, memcached, (servers, copies), vec![site; app_count]).await
    }

    /// Starts one from given parts: nginx may ask other servers than the sites store on.
    pub(crate) async fn of(
        dir: TempDir,
        memcached: Vec<Memcached>,
        (asked, copies): (Vec<SocketAddr>, usize),
        sites: Vec<(Arc<Site>, Accelerator)>,
    ) -> Self {
        let apps: Vec<_> = sites
            .iter()
            .enumerate()
            .map(|(number, (site, accelerator))| {
                App::start(dir.path().join(format!("app-{number}")), site, accelerator)
            })
            .collect();
        let sockets = apps.iter().map(|app| app.socket.clone()).collect();
        let front = Front {
            memcached: asked,
            copies,
            ..front(dir.path(), sockets)
        };
        let nginx = Nginx::start(dir.path(), front, |_| {}).await;
        let (site, accelerator) = sites[0].clone();
        Self {
            memcached,
            accelerator,
            site,
            apps,
            nginx,
            dir,
        }
    }

    pub(crate) async fn try_send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> std::io::Result<Answer> {
        http::send(&self.nginx.socket, method, target, headers).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        self.try_send(method, target, headers).await.unwrap()
    }

    /// Requests as most browsers do.
    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[("Accept-Encoding", "gzip, deflate, br")])
            .await
    }

    /// Restarts a stopped process on its socket.
    pub(crate) fn restart_app(&mut self, number: usize) {
        let socket = self.apps[number].socket.clone();
        self.apps[number] = App::start(socket, &self.site, &self.accelerator);
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// nginx's error log.
    pub(crate) fn complaints(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("error.log")).unwrap_or_default()
    }
}

/// A folder for one stack, gone with it.
pub(crate) fn folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("fk-acc-")
        .tempdir()
        .unwrap()
}

/// The options of a test's site: a purge waits for less time than outside of tests.
pub(crate) fn options(servers: Vec<SocketAddr>) -> Options {
    let mut options = Options::new(servers);
    options.purge_timeout = Duration::from_millis(700);
    options
}

/// The front in one folder, without memcached.
pub(crate) fn front(dir: &Path, apps: Vec<PathBuf>) -> Front {
    let is_root = std::fs::metadata(dir).unwrap().uid() == 0;
    Front {
        // Only its owner may enter the folder, so the workers run as the owner.
        user: is_root.then(|| "root".to_owned()),
        workers: 2,
        pid: dir.join("nginx.pid"),
        error_log: dir.join("error.log"),
        access_log: None,
        site: "A site".into(),
        temp_dir: dir.join("temp"),
        listen: format!("unix:{}", dir.join("front").display()),
        apps,
        memcached: Vec::new(),
        copies: 1,
        watch: None,
    }
}

/// nginx with the repository's nginx.conf.
pub(crate) struct Nginx {
    pub(crate) socket: PathBuf,
    pub(crate) front: Front,
    process: Process,
}

impl Nginx {
    /// Starts it after a test has changed its folder.
    pub(crate) async fn start(dir: &Path, front: Front, change: impl FnOnce(&Path)) -> Self {
        accelerator::configuration::write_to(dir).unwrap();
        std::fs::create_dir(&front.temp_dir).unwrap();
        front.write_to(dir).unwrap();
        change(dir);
        let mut command = Command::new("nginx");
        command
            .arg("-p")
            .arg(dir)
            .arg("-c")
            .arg(dir.join("nginx.conf"))
            .arg("-e")
            .arg(dir.join("error.log"));
        let process = Process::start(&mut command, "TERM");
        let socket = dir.join("front");
        until(|| async { UnixStream::connect(&socket).await.ok() }).await;
        Self {
            socket,
            front,
            process,
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        self.process.signal(name);
    }
}

/// Polls until there is a result; a minute is more than any start takes.
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
