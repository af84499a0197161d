//! The live lab: reads the counters of every app process, of memcached and of `/proc` once a second, and performs the
//! actions of its buttons.
//!
//! One process of a site draws for all: the first whose socket answers. So every process shows the same
//! picture and the same benchmark, and the work is done once. Nothing runs while no browser watches.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use db::measure;
use db::userid_index::{self, Error};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::findings::Findings;
use super::load::{DURATION, Heard};
use super::processes::{self, NotPosted};
use super::request_counters::RequestCounters;
use super::snapshot::{Changing, Snapshot};

mod bench;
mod refresh;

/// How long gathering goes on after the last request of a browser: longer than a browser needs to reconnect.
const WATCHED_FOR: Duration = Duration::from_secs(10);

/// How long a request waits for the next snapshot at most.
const NEXT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a sibling may take to answer; a sibling that is stopped or dead does not draw.
const SIBLING_TIMEOUT: Duration = Duration::from_secs(4);

/// The place of a process in its site.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Its unix socket, in the directory of its siblings' sockets.
    pub socket: Option<PathBuf>,
    /// The address of the site's front.
    pub front: Option<SocketAddr>,
}

/// An action of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Drop the userid index.
    Drop,
    /// Create it.
    Create,
    /// Measure the photostream in the present state.
    Measure,
    /// Run the benchmark.
    Benchmark,
    /// End the benchmark early.
    Stop,
}

impl Action {
    const ALL: [(&str, Self); 5] = [
        ("drop", Self::Drop),
        ("create", Self::Create),
        ("measure", Self::Measure),
        ("benchmark", Self::Benchmark),
        ("stop", Self::Stop),
    ];

    /// The action of that name.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, action)| *action)
    }

    /// Its name in a form.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, action)| *action == self);
        found.map_or("", |(name, _)| name)
    }
}

/// The lab of this process, cheap to clone.
#[derive(Debug, Clone)]
pub struct Live(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    request_counters: RequestCounters,
    db: db::Pool,
    database_url: String,
    memcached: Vec<SocketAddr>,
    place: OnceLock<Place>,
    state: Mutex<State>,
    drawn: watch::Sender<Arc<Snapshot>>,
    stop: Notify,
}

/// The mutable state.
#[derive(Debug)]
struct State {
    snapshot: Snapshot,
    watched_until: Instant,
    gathering: bool,
    /// The reports of the running benchmark since the last second was drawn.
    heard: Option<Heard>,
}

impl Live {
    /// A lab that counts requests, and gathers once a browser watches.
    pub fn new(db: db::Pool, database_url: &str, memcached: &[SocketAddr]) -> Self {
        let now = Instant::now();
        let snapshot = Snapshot::new(now, !memcached.is_empty());
        Self(Arc::new(Parts {
            request_counters: RequestCounters::default(),
            db,
            database_url: database_url.to_owned(),
            memcached: memcached.to_vec(),
            place: OnceLock::new(),
            drawn: watch::Sender::new(Arc::new(snapshot.clone())),
            state: Mutex::new(State {
                snapshot,
                watched_until: now,
                gathering: false,
                heard: None,
            }),
            stop: Notify::new(),
        }))
    }

    /// Sets the place of this process. A process that answers a single request (CGI) never sets it, and gathers nothing:
    /// it ends before a second is over.
    pub fn set_place(&self, place: Place) {
        let mut state = self.state();
        state.snapshot.lives = true;
        state.snapshot.no_benchmark = no_benchmark(place.front);
        // Called once, before the first request.
        let _ = self.0.place.set(place);
    }

    /// The counters of this process.
    pub fn request_counters(&self) -> &RequestCounters {
        &self.0.request_counters
    }

    /// Whether this process has a socket, through which siblings reach it.
    pub fn has_siblings(&self) -> bool {
        self.own_socket().is_some()
    }

    fn own_socket(&self) -> Option<&PathBuf> {
        self.0.place.get()?.socket.as_ref()
    }

    /// The sockets of the siblings of this process.
    fn sibling_sockets(&self) -> Vec<PathBuf> {
        let Some(own) = self.own_socket() else {
            return vec![];
        };
        let mut sockets = processes::sockets(own);
        sockets.retain(|socket| socket != own);
        sockets
    }

    /// The response of the process that draws to this path; `None` if this process draws.
    pub async fn elsewhere(&self, path: &str) -> Option<String> {
        for socket in self.siblings_before() {
            match processes::get(&socket, path, SIBLING_TIMEOUT).await {
                Ok(answer) => return Some(answer),
                Err(error) => tracing::debug!(%error, ?socket, "a sibling does not draw"),
            }
        }
        None
    }

    /// Posts a form to the process that draws; returns false if this process draws.
    ///
    /// Only a sibling that refuses connections is skipped: one that received the form may still perform the action, which
    /// must not happen twice.
    pub async fn acts_elsewhere(&self, path: &str, form: &str) -> bool {
        for socket in self.siblings_before() {
            match processes::post(&socket, path, form, SIBLING_TIMEOUT).await {
                Ok(()) => return true,
                Err(NotPosted::Away(error)) => {
                    tracing::debug!(%error, ?socket, "a sibling refuses connections");
                }
                Err(NotPosted::Unanswered(error)) => {
                    tracing::warn!(%error, ?socket, "a sibling received an action and did not answer");
                    let sentence = "The process that was asked for this has not answered. It may still do it; if \
                                    nothing happens, please try again.";
                    self.redraw(|snapshot| snapshot.mishap = Some(sentence.to_owned()));
                    return true;
                }
            }
        }
        false
    }

    /// The sockets of the siblings that draw in preference to this process.
    fn siblings_before(&self) -> Vec<PathBuf> {
        let Some(own) = self.own_socket() else {
            return vec![];
        };
        let sockets = processes::sockets(own).into_iter();
        sockets.take_while(|socket| socket != own).collect()
    }

    /// The present snapshot. Starts gathering for a while.
    pub async fn snapshot(&self) -> Arc<Snapshot> {
        if self.watched() {
            // The last snapshot may be old, and so may its state of the index.
            self.look_at_index().await;
            self.recall_findings().await;
        }
        self.0.drawn.borrow().clone()
    }

    /// The snapshot after the next second, or after the next event if that is earlier.
    pub async fn next_snapshot(&self) -> Arc<Snapshot> {
        let mut drawn = self.0.drawn.subscribe();
        self.watched();
        // Also after a timeout the present snapshot is the newest.
        let _ = timeout(NEXT_TIMEOUT, drawn.changed()).await;
        drawn.borrow().clone()
    }

    /// Notes that a browser watches, and starts gathering. Returns whether gathering had stopped.
    fn watched(&self) -> bool {
        let mut state = self.state();
        state.watched_until = Instant::now() + WATCHED_FOR;
        if state.gathering {
            return false;
        }
        if state.snapshot.lives {
            state.gathering = true;
            tokio::spawn(self.clone().refresh());
        }
        true
    }

    /// Whether to go on gathering: a browser watches or a benchmark runs. If not, gathering stops.
    fn keep_gathering(&self) -> bool {
        let mut state = self.state();
        let wanted =
            state.watched_until > Instant::now() || state.snapshot.benchmark_ends.is_some();
        state.gathering = wanted;
        wanted
    }

    /// Takes the reports of the benchmark since the last call.
    fn take_heard(&self) -> Option<Heard> {
        self.state().heard.take()
    }

    /// Changes the snapshot and publishes it.
    fn redraw(&self, change: impl FnOnce(&mut Snapshot)) {
        let mut state = self.state();
        change(&mut state.snapshot);
        state.snapshot.remove_old();
        self.0.drawn.send_replace(Arc::new(state.snapshot.clone()));
    }

    /// Reads the state of the index and the last measurements from the database.
    async fn look_at_index(&self) {
        let status = userid_index::status(&self.0.db).await;
        let timings = measure::last(&self.0.db).await;
        match (status, timings) {
            (Ok(status), Ok(timings)) => {
                let known = self.0.drawn.borrow().clone();
                // Publishes only a change; otherwise the snapshot follows at the end of the second.
                if known.index.as_ref() != Some(&status) || known.timings != timings {
                    self.redraw(|snapshot| snapshot.set_index(status, timings));
                }
            }
            (Err(error), _) | (_, Err(error)) => {
                tracing::debug!(%error, "reading the state of the index failed");
            }
        }
    }

    /// Starts an action and returns; its progress is in the snapshots.
    pub async fn act(&self, action: Action) {
        if action == Action::Stop {
            return self.0.stop.notify_waiters();
        }
        if !self.begin(action) {
            return;
        }
        let live = self.clone();
        let work = tokio::spawn(async move {
            match action {
                Action::Drop => live.change(userid_index::drop_all(&live.0.db).await).await,
                Action::Create => {
                    live.change(userid_index::create_all(&live.0.db).await)
                        .await
                }
                Action::Benchmark => return live.benchmark().await,
                Action::Measure | Action::Stop => {}
            }
            if let Err(error) = super::measure(&live.0.db).await {
                live.mishap(&error.into());
            }
            live.look_at_index().await;
        });
        if self.0.place.get().is_none() {
            // A CGI process ends with its response, so the response waits for the action.
            let _ = work.await;
        }
    }

    /// Notes the start of an action. If it cannot start, returns false and puts the reason into the snapshot.
    fn begin(&self, action: Action) -> bool {
        let mut begun = true;
        self.redraw(|snapshot| {
            let changing = match action {
                Action::Drop => Some(Changing::Dropping),
                Action::Create => Some(Changing::Creating),
                Action::Measure | Action::Benchmark | Action::Stop => None,
            };
            snapshot.mishap = match (action, changing) {
                (_, Some(_)) if snapshot.changing.is_some() => {
                    Some("The index is being changed already; one change at a time.".to_owned())
                }
                (Action::Benchmark, _) if snapshot.benchmark_ends.is_some() => {
                    Some("A benchmark is running already; one at a time.".to_owned())
                }
                (Action::Benchmark, _) => snapshot.no_benchmark.clone(),
                _ => None,
            };
            begun = snapshot.mishap.is_none();
            if begun {
                snapshot.changing = changing.or(snapshot.changing);
                if action == Action::Benchmark {
                    snapshot.benchmark_ends = Some(Instant::now() + DURATION);
                    snapshot.outcome = None;
                    snapshot.findings = Findings::default();
                }
            }
        });
        begun
    }

    /// Records the outcome of a change of the index.
    async fn change(&self, outcome: Result<Vec<userid_index::Done>, Error>) {
        let is_done = outcome.is_ok();
        match outcome {
            Ok(done) => tracing::info!(?done, "the userid index was changed in the lab"),
            Err(error) => self.mishap(&error),
        }
        self.redraw(|snapshot| {
            snapshot.changing = None;
            if is_done {
                snapshot.mishap = None;
            }
        });
        self.look_at_index().await;
    }

    fn mishap(&self, error: &Error) {
        let sentence = match error {
            Error::Busy => {
                "The index is being changed from elsewhere at this moment; please try again."
            }
            Error::NoLock => {
                "No moment without a query of photos was found to drop the index in; please try again \
                 when it is calmer."
            }
            Error::Database(_) => "The database failed at that; the log says how.",
        };
        tracing::warn!(error = format!("{error:#}"), "the index change failed");
        self.redraw(|snapshot| snapshot.mishap = Some(sentence.to_owned()));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why no benchmark can be run against a front, or `None`.
fn no_benchmark(front: Option<SocketAddr>) -> Option<String> {
    match front {
        None => Some(
            "This process was not told where its front listens (serve --front), so it cannot send it visitors."
                .to_owned(),
        ),
        Some(front) if !front.ip().to_canonical().is_loopback() => Some(format!(
            "The front listens on {front}. Load is sent to loopback only: start the site with --listen 127.0.0.1:8080."
        )),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_is_sent_to_loopback_only() {
        let at = |address: &str| no_benchmark(Some(address.parse().unwrap()));
        assert_eq!(at("127.0.0.1:8080"), None);
        assert_eq!(at("[::1]:8080"), None);
        assert!(at("192.0.2.7:80").is_some_and(|why| why.contains("loopback only")));
        assert!(no_benchmark(None).is_some());
    }

    /// Two processes, of which the first accepts connections and answers nothing.
    async fn beside_a_silent_sibling() -> (tempfile::TempDir, tokio::net::UnixListener, Live) {
        let folder = tempfile::tempdir().unwrap();
        let silent = tokio::net::UnixListener::bind(folder.path().join("app-0.sock")).unwrap();
        let url = "postgres://nobody@127.0.0.1:1/none";
        let live = Live::new(db::Pool::connect_lazy(url).unwrap(), url, &[]);
        live.set_place(Place {
            socket: Some(folder.path().join("app-1.sock")),
            front: None,
        });
        (folder, silent, live)
    }

    #[tokio::test]
    async fn an_action_that_a_sibling_may_still_do_is_done_by_no_other() {
        let (folder, silent, live) = beside_a_silent_sibling().await;
        let act = live.acts_elsewhere("/act", "action=benchmark");
        let closes = async {
            let (mut stream, _) = silent.accept().await.unwrap();
            let mut request = [0; 16];
            tokio::io::AsyncReadExt::read_exact(&mut stream, &mut request)
                .await
                .unwrap();
        };
        let (is_elsewhere, ()) = tokio::join!(act, closes);
        assert!(is_elsewhere, "it was sent");
        assert!(live.0.drawn.borrow().mishap.is_some(), "and that is shown");
        // A process that ended leaves its socket, and cannot receive the request.
        drop(silent);
        assert!(folder.path().join("app-0.sock").exists());
        assert!(!live.acts_elsewhere("/act", "action=benchmark").await);
    }

    #[test]
    fn an_action_is_named_as_it_is_read() {
        for (_, action) in Action::ALL {
            assert_eq!(Action::named(action.name()), Some(action));
        }
        assert_eq!(Action::named("reindex"), None);
    }
}
