//! One site from start to stop: starts everything in order, prints `ready`, and stops on a signal.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use domain::rung::{Files, Front};
use futures::future::join_all;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::app::{Apps, copy_program};
use super::binaries::Binaries;
use super::budget::Budget;
use super::child::{Interrupted, Shutdown, Spawner, requested, run_to_end};
use super::demo_logins::write_demo_logins;
use super::dir_identity::DirIdentity;
use super::disk_space::{self, DiskSpace};
use super::leftovers::clear_leftovers;
use super::output::Console;
use super::plan::Plan;
use super::port::{HeldPort, check_may_listen, reachable};
use super::postgres::{Postgres, SITE_ROLE, check_external};
use super::probe::Probe;
use super::process::{Identity, is_ignored};
use super::request_log::RequestLog;
use super::run_file::{RunFile, Running};
use super::socket_dir::{SocketDir, create_user_dir};
use super::state::StateDir;
use super::supervise::{Context, Supervised, wait_until_ready};
use super::unix_user::UnixUser;
use super::{fcgiwrap, memcached, nginx};

/// Runs the site until SIGINT, SIGTERM or SIGHUP, then stops it in order. A SIGHUP that was ignored at the start, as
/// by `nohup`, stays ignored.
///
/// Returns an error if the site cannot start; then everything that had started is stopped again. The kernel ends a
/// child when the thread that started it ends, so `up` runs on the caller's thread alone, which should be the main
/// one.
pub fn up(plan: &Plan) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?;
    let console = Console::new();
    let ended = runtime.block_on(run(plan, &console));
    console.flush();
    match ended {
        Err(error) if error.is::<Interrupted>() => Ok(()),
        ended => ended,
    }
}

async fn run(plan: &Plan, console: &Arc<Console>) -> Result<()> {
    let (shutdown_sender, shutdown) = watch::channel(Shutdown::NotRequested);
    tokio::spawn(handle_signals(
        Signals::new()?,
        shutdown_sender,
        Arc::clone(console),
    ));

    ensure!(
        !plan.demo_logins || plan.listen.ip().is_loopback(),
        "--demo-logins gives all demo users one password, so it is for loopback only; {} is not a loopback address",
        plan.listen
    );
    let user = UnixUser::choose(&plan.user)?;
    if plan.rung.front() == Front::App {
        check_may_listen(plan.listen, &user)?;
    }
    let state = StateDir::make(&plan.state_dir, &user, |text| console.report(text))?;
    let mut lock = state.lock()?;
    lock.write_pid();
    make_dirs(&state, &user)?;
    console.log_to(&state.logs());
    clear_leftovers(&state, console).await?;

    let mut site = Site::default();
    let started = start(plan, &state, &user, console, &shutdown, &mut site).await;
    if started.is_ok() {
        site.wait_for_shutdown(&user, console, &shutdown).await;
        console.report("stopping (press Ctrl-C again to force)");
    }
    site.stop().await;
    console.report("stopped");
    started.map_err(|error| match error.is::<Interrupted>() {
        true => error,
        false => disk_space::explain_full_disk(error, &state),
    })
}

/// What runs so far. Filled during the start, so that a failed start stops all of it.
#[derive(Default)]
struct Site {
    postgres: Option<Supervised>,
    memcached: Option<Supervised>,
    /// The app processes, and fcgiwrap.
    apps: Vec<Supervised>,
    nginx: Option<Supervised>,
    sockets: Option<SocketDir>,
    request_log: Option<RequestLog>,
    /// The task that keeps disk space available.
    disk_space: Option<JoinHandle<()>>,
    run_file: Option<RunFile>,
    /// Held as long as the site runs, also while a child is being replaced.
    ports: Vec<HeldPort>,
}

/// How often to check that the sockets of the request log still exist.
const SOCKET_CHECK_INTERVAL: Duration = Duration::from_secs(1);

impl Site {
    /// Waits for the shutdown request. The supervising tasks look after the children; this loop only recreates the
    /// request log's sockets if they are gone, as after a sweep of temporary files.
    async fn wait_for_shutdown(
        &mut self,
        user: &UnixUser,
        console: &Console,
        shutdown: &watch::Receiver<Shutdown>,
    ) {
        let mut stop = pin!(requested(shutdown, Shutdown::Graceful));
        let has_request_log = self.request_log.is_some();
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = sleep(SOCKET_CHECK_INTERVAL) => {}
            }
            if has_request_log && let Some(sockets) = &self.sockets {
                ensure_request_log(&mut self.request_log, sockets, user, console);
            }
        }
    }

    /// Stops from the outside in: no visitor meets a missing database, and no app process loses one in use.
    async fn stop(self) {
        if let Some(disk_space) = self.disk_space {
            disk_space.abort();
        }
        if let Some(nginx) = self.nginx {
            nginx.stop().await;
        }
        drop(self.request_log);
        join_all(self.apps.into_iter().map(Supervised::stop)).await;
        if let Some(memcached) = self.memcached {
            memcached.stop().await;
        }
        if let Some(postgres) = self.postgres {
            postgres.stop().await;
        }
        if let Some(sockets) = self.sockets {
            sockets.remove();
        }
        if let Some(run_file) = self.run_file {
            run_file.end();
        }
    }
}

/// Recreates the sockets of the request log if they are gone. Reports a failure once, and retries at the next check.
fn ensure_request_log(
    request_log: &mut Option<RequestLog>,
    sockets: &SocketDir,
    user: &UnixUser,
    console: &Console,
) {
    let was_there = request_log.is_some();
    if request_log.as_ref().is_some_and(RequestLog::is_intact) {
        return;
    }
    *request_log = None;
    let recreated = sockets
        .ensure()
        .and_then(|()| RequestLog::start(sockets.path(), user));
    match recreated {
        Ok(new) => {
            *request_log = Some(new);
            console.report("the sockets of the request log were gone; created again");
        }
        Err(error) if was_there => {
            console.report(&format!("!! requests cannot be watched for now: {error:#}"));
        }
        Err(_) => {}
    }
}

async fn start(
    plan: &Plan,
    state: &StateDir,
    user: &UnixUser,
    console: &Arc<Console>,
    shutdown: &watch::Receiver<Shutdown>,
    site: &mut Site,
) -> Result<()> {
    let began = Instant::now();
    let cluster = state.cluster();
    let own_cluster = plan.database_url.is_none().then_some(cluster.as_path());
    let binaries = Binaries::find(plan.rung, own_cluster)?;
    let front = HeldPort::hold(plan.listen)?;
    let cache = match plan.rung.files() {
        Files::Memcached => Some(HeldPort::hold(([127, 0, 0, 1], 0).into())?),
        Files::FrontFromDisk | Files::AppFromDisk => None,
    };
    let cache_address = cache.as_ref().map(|port| port.address);
    let budget = Budget::check(plan, state, |text| console.report(text))?;
    let disk_space = DiskSpace::new(state, user, console);
    disk_space.free_for_site();

    let sockets = SocketDir::make(user)?;
    site.sockets = Some(sockets.clone());
    let postgres = binaries.postgres.clone().map(|bin_dir| Postgres {
        bin_dir,
        cluster,
        sockets: sockets.clone(),
        user: user.clone(),
        memory: budget.memory,
        connections: plan.connections(),
        wal_mb: budget.wal_mb,
        disk_space: disk_space.clone(),
    });
    let own_url = postgres.as_ref().map(Postgres::url);
    let database_url = own_url.or_else(|| plan.database_url.clone());
    let database_url =
        database_url.context("no database: set DATABASE_URL or let `up` start PostgreSQL")?;
    let run_file = RunFile::begin(
        state.run_file(),
        Running {
            supervisor: Identity::of(std::process::id() as i32)
                .context("cannot read this process in /proc")?,
            directory: Some(DirIdentity::of(state.path())?),
            rung: plan.rung,
            listen: front.address,
            database_url: database_url.clone(),
            memcached: cache_address,
            sockets: sockets.path().to_owned(),
            sockets_folder: None,
            ready: false,
            settings: plan.settings.clone(),
            children: Default::default(),
        },
        plan.database_url.is_some(),
    );
    site.run_file = Some(run_file.clone());
    let spawner = Spawner {
        setpriv: binaries.setpriv,
        console: Arc::clone(console),
        logs: state.logs(),
    };
    let context = Context {
        spawner: spawner.clone(),
        run_file: run_file.clone(),
        shutdown: shutdown.clone(),
    };

    // memcached starts while PostgreSQL does.
    site.memcached = binaries.memcached.zip(cache_address).map(|(program, at)| {
        let service =
            memcached::service(program, user.clone(), at, plan.memcached_mb, state.path());
        Supervised::start(service, &context)
    });
    match &postgres {
        Some(postgres) => {
            postgres.make(&spawner, shutdown).await?;
            let child = site
                .postgres
                .insert(Supervised::start(postgres.service(), &context));
            child.ready(shutdown).await?;
        }
        None => check_external(&database_url).await?,
    }

    let program = copy_program(state)?;
    if plan.demo_logins {
        write_demo_logins(&state.demo_logins(), user)?;
    }
    let apps = Apps {
        plan,
        state,
        user,
        program: &program,
        sockets: &sockets,
        database_url: &database_url,
        memcached: cache_address,
        front: reachable(front.address),
    };
    if let Some(postgres) = &postgres {
        let role = apps.database_role(SITE_ROLE, &postgres.url_of_owner());
        run_to_end(&role, &spawner, shutdown).await?;
    }
    if !plan.prepare.is_empty() {
        run_to_end(&apps.prepare(&plan.prepare), &spawner, shutdown).await?;
    }
    user.create_dir(&state.static_files(), 0o755)?;
    if plan.rung.files() != Files::Memcached {
        run_to_end(&apps.static_files(), &spawner, shutdown).await?;
    }
    // Each app process publishes its files in memcached before it answers.
    if let Some(memcached) = &mut site.memcached {
        memcached.ready(shutdown).await?;
    }
    let mut services = apps.services(front.address);
    let upstream_sockets = apps.upstream_sockets();
    if let (Some(fcgiwrap), [socket]) = (&binaries.fcgiwrap, upstream_sockets.as_slice()) {
        services.extend(fcgiwrap::services(
            fcgiwrap,
            user,
            socket,
            &apps.cgi_programs(),
            &sockets,
        )?);
    }
    site.apps = services
        .into_iter()
        .map(|service| Supervised::start(service, &context))
        .collect();
    for child in &mut site.apps {
        child.ready(shutdown).await?;
    }

    if plan.rung.files() == Files::Memcached {
        site.request_log = Some(RequestLog::start(sockets.path(), user)?);
    }
    if let Some(nginx_binary) = binaries.nginx {
        let backend = nginx::Backend {
            rung: plan.rung,
            listen: front.address,
            apps: upstream_sockets,
            memcached: cache_address,
            watch: site.request_log.as_ref().map(RequestLog::nginx_config),
            program: &program,
        };
        let service = nginx::service(nginx_binary, user, state, backend, disk_space.clone())?;
        let nginx = site.nginx.insert(Supervised::start(service, &context));
        nginx.ready(shutdown).await?;
    }
    wait_for_first_page(reachable(front.address), shutdown).await?;
    site.disk_space = Some(disk_space::spawn(
        disk_space,
        postgres.as_ref().map(Postgres::options),
    ));
    run_file.ready();
    console.report(&format!(
        "a page was served {:.2?} after the start",
        began.elapsed()
    ));
    console.announce(&format!("ready http://{}", reachable(front.address)));
    site.ports = std::iter::once(front).chain(cache).collect();
    Ok(())
}

/// Waits until a page has been served through all processes.
async fn wait_for_first_page(
    address: SocketAddr,
    shutdown: &watch::Receiver<Shutdown>,
) -> Result<()> {
    let page = Probe::Page(address, "/");
    let served = tokio::select! {
        // No pid: this probe checks no process identity.
        served = wait_until_ready(&page, 0, FIRST_PAGE_TIMEOUT) => served,
        () = requested(shutdown, Shutdown::Graceful) => return Err(Interrupted.into()),
    };
    served.map_err(|last| anyhow!("all processes run, but http://{address}/ is not served: {last}"))
}

/// How long the first page may take, on a machine that has just loaded a million photos.
const FIRST_PAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Creates the folders: those that children write belong to their user, the logs to the caller.
fn make_dirs(state: &StateDir, user: &UnixUser) -> Result<()> {
    user.create_dir(&state.database(), 0o700)?;
    user.create_dir(&state.pictures(), 0o700)?;
    create_user_dir(user, &state.originals())?;
    create_user_dir(user, &state.derivatives())?;
    state.create_own_dir(&state.logs(), 0o700)
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// `None` if SIGHUP was ignored at the start.
    hangup: Option<Signal>,
}

impl Signals {
    fn new() -> Result<Self> {
        let hear = |kind| signal(kind).context("cannot handle signals");
        let hangs_up = !is_ignored(nix::sys::signal::Signal::SIGHUP);
        Ok(Self {
            interrupt: hear(SignalKind::interrupt())?,
            terminate: hear(SignalKind::terminate())?,
            hangup: hangs_up.then(|| hear(SignalKind::hangup())).transpose()?,
        })
    }
}

/// Turns signals into shutdown requests: the first one is graceful, the next one fast.
async fn handle_signals(
    mut signals: Signals,
    shutdown_sender: watch::Sender<Shutdown>,
    console: Arc<Console>,
) {
    loop {
        let hung_up = async {
            match &mut signals.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = signals.interrupt.recv() => {}
            _ = signals.terminate.recv() => {}
            _ = hung_up => {}
        }
        let now = *shutdown_sender.borrow();
        let next = match now {
            Shutdown::NotRequested => Shutdown::Graceful,
            Shutdown::Graceful | Shutdown::Fast => Shutdown::Fast,
        };
        if next == Shutdown::Fast && now != next {
            console.report("forcing the stop");
        }
        shutdown_sender.send_replace(next);
    }
}
