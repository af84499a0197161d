//! One site from start to stop: everything is started in order, `ready` is printed, and a signal stops it.

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

use super::account::Account;
use super::app::{Apps, copy_program};
use super::budget::Budget;
use super::child::{Interrupted, Nursery, Wish, run_to_end, wished};
use super::keeper::{House, Keeper, first_answer};
use super::left_over::clear_left_over;
use super::nginx::reachable;
use super::output::Console;
use super::place::Place;
use super::plan::Plan;
use super::port::{HeldPort, may_listen};
use super::postgres::{Postgres, SITE_ROLE, foreign_answers};
use super::private::{Sockets, make_demo_logins, make_folder_of};
use super::probe::Probe;
use super::process::{Identity, is_ignored};
use super::programs::Programs;
use super::record::{Record, Running};
use super::room::{self, StartRoom};
use super::state::StateDir;
use super::watch::Watch;
use super::{fcgiwrap, memcached, nginx};

/// Runs the site until SIGINT, SIGTERM or SIGHUP, then stops it in order. A SIGHUP that was ignored when we
/// were started, as by `nohup`, stays ignored.
///
/// An error means that it could not start; then everything that had started is stopped again.
/// Children are tied to the life of the thread that starts them, so this runs on the caller's
/// thread alone, which should be the main one.
pub fn up(plan: &Plan) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no async runtime")?;
    let console = Console::new();
    let ended = runtime.block_on(run(plan, &console));
    console.flush();
    match ended {
        Err(error) if error.is::<Interrupted>() => Ok(()),
        ended => ended,
    }
}

async fn run(plan: &Plan, console: &Arc<Console>) -> Result<()> {
    let (wish, wishes) = watch::channel(Wish::Run);
    tokio::spawn(hear(Signals::new()?, wish, Arc::clone(console)));

    ensure!(
        !plan.demo_logins || plan.listen.ip().is_loopback(),
        "--demo-logins gives everybody one password, so it is for loopback only; {} is not",
        plan.listen
    );
    let account = Account::choose(&plan.user)?;
    if plan.rung.front() == Front::App {
        may_listen(plan.listen, &account)?;
    }
    let state = StateDir::make(&plan.state_dir, &account, |text| console.say(text))?;
    let mut lock = state.lock()?;
    lock.sign();
    account_for_dirs(&state, &account)?;
    console.log_to(&state.logs());
    clear_left_over(&state, console).await?;

    let mut site = Site::default();
    let started = start(plan, &state, &account, console, &wishes, &mut site).await;
    if started.is_ok() {
        site.keep(&account, console, &wishes).await;
        console.say("stopping; once more to hurry");
    }
    site.stop().await;
    console.say("stopped");
    started.map_err(|error| match error.is::<Interrupted>() {
        true => error,
        false => room::explained(error, &state),
    })
}

/// What runs so far. Filled while the site starts, so that a failure half-way stops all of it.
#[derive(Default)]
struct Site {
    postgres: Option<Keeper>,
    memcached: Option<Keeper>,
    /// Whoever answers for the application: processes that stay, and fcgiwrap.
    apps: Vec<Keeper>,
    nginx: Option<Keeper>,
    sockets: Option<Sockets>,
    watch: Option<Watch>,
    /// Looks after the room on the disk.
    room: Option<JoinHandle<()>>,
    record: Option<Record>,
    /// Ours as long as the site runs, also while a child is being replaced.
    ports: Vec<HeldPort>,
}

/// How often we look whether the sockets of watchers are still there.
const LOOK_FOR_SOCKETS_EVERY: Duration = Duration::from_secs(1);

impl Site {
    /// Waits for the wish to stop. Children are kept by their keepers; here the sockets that are ours are
    /// made again when they are gone, as after a sweep of temporary files.
    async fn keep(&mut self, account: &Account, console: &Console, wishes: &watch::Receiver<Wish>) {
        let mut stop = pin!(wished(wishes, Wish::Stop));
        let is_watched = self.watch.is_some();
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = sleep(LOOK_FOR_SOCKETS_EVERY) => {}
            }
            if is_watched && let Some(sockets) = &self.sockets {
                mend_watch(&mut self.watch, sockets, account, console);
            }
        }
    }

    /// Outside first: no visitor meets a missing database, no app loses one it is using.
    async fn stop(self) {
        if let Some(room) = self.room {
            room.abort();
        }
        if let Some(nginx) = self.nginx {
            nginx.stop().await;
        }
        drop(self.watch);
        join_all(self.apps.into_iter().map(Keeper::stop)).await;
        if let Some(memcached) = self.memcached {
            memcached.stop().await;
        }
        if let Some(postgres) = self.postgres {
            postgres.stop().await;
        }
        if let Some(sockets) = self.sockets {
            sockets.remove();
        }
        if let Some(record) = self.record {
            record.end();
        }
    }
}

/// Makes the sockets of watchers again if they are gone. What hinders that is said once, and tried again at the next look.
fn mend_watch(watch: &mut Option<Watch>, sockets: &Sockets, account: &Account, console: &Console) {
    let was_there = watch.is_some();
    if watch.as_ref().is_some_and(Watch::is_there) {
        return;
    }
    *watch = None;
    let mended = sockets
        .mend()
        .and_then(|()| Watch::start(sockets.path(), account));
    match mended {
        Ok(new) => {
            *watch = Some(new);
            console.say("the sockets of watchers were gone and are made again");
        }
        Err(error) if was_there => {
            console.say(&format!("!! requests cannot be watched for now: {error:#}"));
        }
        Err(_) => {}
    }
}

async fn start(
    plan: &Plan,
    state: &StateDir,
    account: &Account,
    console: &Arc<Console>,
    wishes: &watch::Receiver<Wish>,
    site: &mut Site,
) -> Result<()> {
    let began = Instant::now();
    let cluster = state.cluster();
    let own_cluster = plan.database_url.is_none().then_some(cluster.as_path());
    let programs = Programs::find(plan.rung, own_cluster)?;
    let front = HeldPort::hold(plan.listen)?;
    let cache = match plan.rung.files() {
        Files::Memcached => Some(HeldPort::hold(([127, 0, 0, 1], 0).into())?),
        Files::FrontFromDisk | Files::AppFromDisk => None,
    };
    let cache_address = cache.as_ref().map(|port| port.address);
    let budget = Budget::check(plan, state, |text| console.say(text))?;
    let room = StartRoom::new(state, account, console);
    room.for_the_site();

    let sockets = Sockets::make(account)?;
    site.sockets = Some(sockets.clone());
    let postgres = programs.postgres.clone().map(|programs| Postgres {
        programs,
        cluster,
        sockets: sockets.clone(),
        account: account.clone(),
        memory: budget.memory,
        connections: plan.connections(),
        wal_mb: budget.wal_mb,
        room: room.clone(),
    });
    let own_url = postgres.as_ref().map(Postgres::url);
    let database_url = own_url.or_else(|| plan.database_url.clone());
    let database_url = database_url.context("neither a database of our own nor a given one")?;
    let record = Record::begin(
        state.record(),
        Running {
            supervisor: Identity::of(std::process::id() as i32).context("no /proc")?,
            place: Some(Place::of(state.path())?),
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
    site.record = Some(record.clone());
    let nursery = Nursery {
        setpriv: programs.setpriv,
        console: Arc::clone(console),
        logs: state.logs(),
    };
    let house = House {
        nursery: nursery.clone(),
        record: record.clone(),
        wishes: wishes.clone(),
    };

    // memcached comes up while PostgreSQL does.
    site.memcached = programs.memcached.zip(cache_address).map(|(program, at)| {
        let service = memcached::service(
            program,
            account.clone(),
            at,
            plan.memcached_mb,
            state.path(),
        );
        Keeper::start(service, &house)
    });
    match &postgres {
        Some(postgres) => {
            postgres.make(&nursery, wishes).await?;
            let keeper = site
                .postgres
                .insert(Keeper::start(postgres.service(), &house));
            keeper.ready(wishes).await?;
        }
        None => foreign_answers(&database_url).await?,
    }

    let program = copy_program(state)?;
    if plan.demo_logins {
        make_demo_logins(&state.demo_logins(), account)?;
    }
    let apps = Apps {
        plan,
        state,
        account,
        program: &program,
        sockets: &sockets,
        database_url: &database_url,
        memcached: cache_address,
        front: reachable(front.address),
    };
    if let Some(postgres) = &postgres {
        let role = apps.database_role(SITE_ROLE, &postgres.url_of_owner());
        run_to_end(&role, &nursery, wishes).await?;
    }
    if !plan.prepare.is_empty() {
        run_to_end(&apps.prepare(&plan.prepare), &nursery, wishes).await?;
    }
    account.own_dir(&state.static_files(), 0o755)?;
    if plan.rung.files() != Files::Memcached {
        run_to_end(&apps.static_files(), &nursery, wishes).await?;
    }
    // Each app process brings its files there before it answers.
    if let Some(memcached) = &mut site.memcached {
        memcached.ready(wishes).await?;
    }
    let mut services = apps.services(front.address);
    let behind_nginx = apps.behind_nginx();
    if let (Some(fcgiwrap), [socket]) = (&programs.fcgiwrap, behind_nginx.as_slice()) {
        services.extend(fcgiwrap::services(
            fcgiwrap,
            account,
            socket,
            &apps.as_cgi(),
            &sockets,
        )?);
    }
    let keepers = services.into_iter();
    site.apps = keepers
        .map(|service| Keeper::start(service, &house))
        .collect();
    for keeper in &mut site.apps {
        keeper.ready(wishes).await?;
    }

    if plan.rung.files() == Files::Memcached {
        site.watch = Some(Watch::start(sockets.path(), account)?);
    }
    if let Some(program_of_nginx) = programs.nginx {
        let behind = nginx::Behind {
            rung: plan.rung,
            listen: front.address,
            apps: behind_nginx,
            memcached: cache_address,
            watch: site.watch.as_ref().map(Watch::told),
            program: &program,
        };
        let service = nginx::service(program_of_nginx, account, state, behind, room.clone())?;
        let nginx = site.nginx.insert(Keeper::start(service, &house));
        nginx.ready(wishes).await?;
    }
    first_page(reachable(front.address), wishes).await?;
    site.room = Some(room::keep(room, postgres.as_ref().map(Postgres::options)));
    record.ready();
    console.say(&format!(
        "a page was served {:.2?} after the start",
        began.elapsed()
    ));
    console.announce(&format!("ready http://{}", reachable(front.address)));
    site.ports = std::iter::once(front).chain(cache).collect();
    Ok(())
}

/// Waits until a page has really been served, through everything that runs.
async fn first_page(address: SocketAddr, wishes: &watch::Receiver<Wish>) -> Result<()> {
    let page = Probe::Page(address, "/");
    let served = tokio::select! {
        // No pid: nobody's identity is asked here.
        served = first_answer(&page, 0, FIRST_PAGE_PATIENCE) => served,
        () = wished(wishes, Wish::Stop) => return Err(Interrupted.into()),
    };
    served.map_err(|last| anyhow!("everything runs, but http://{address}/ is not served: {last}"))
}

/// How long the first page may take on a machine that has just loaded a million photos.
const FIRST_PAGE_PATIENCE: Duration = Duration::from_secs(30);

/// Makes the folders, each for whom it is: what children write is theirs, the logs are ours.
fn account_for_dirs(state: &StateDir, account: &Account) -> Result<()> {
    account.own_dir(&state.database(), 0o700)?;
    account.own_dir(&state.pictures(), 0o700)?;
    make_folder_of(account, &state.originals())?;
    make_folder_of(account, &state.derivatives())?;
    state.make_ours(&state.logs(), 0o700)
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// None when SIGHUP was ignored when we were started.
    hangup: Option<Signal>,
}

impl Signals {
    fn new() -> Result<Self> {
        let hear = |kind| signal(kind).context("cannot listen to signals");
        let hangs_up = !is_ignored(nix::sys::signal::Signal::SIGHUP);
        Ok(Self {
            interrupt: hear(SignalKind::interrupt())?,
            terminate: hear(SignalKind::terminate())?,
            hangup: hangs_up.then(|| hear(SignalKind::hangup())).transpose()?,
        })
    }
}

/// Turns signals into wishes: the first asks for a stop, the next for a faster one.
async fn hear(mut signals: Signals, wish: watch::Sender<Wish>, console: Arc<Console>) {
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
        let now = *wish.borrow();
        let next = match now {
            Wish::Run => Wish::Stop,
            Wish::Stop | Wish::Hurry => Wish::Hurry,
        };
        if next == Wish::Hurry && now != next {
            console.say("in a hurry");
        }
        wish.send_replace(next);
    }
}
