//! Finds out why a URL is or is not cached: queries nginx, memcached and the app in the order in which a request
//! passes them.
//!
//! `no_key` names the reasons why nginx does not ask memcached, `findings` holds all facts, `compare` compares
//! memcached's item with the app's response, `verdict` decides what they mean (`not_stored_reason` explains why the
//! app did not store), `print` formats them.

mod compare;
mod findings;
mod no_key;
mod not_stored_reason;
mod print;
mod verdict;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use accelerator::{Key, Kind, NotStored, Policy};
use futures::future::join_all;
use tokio::time::{Instant, sleep};

pub use compare::Agreement;
pub use findings::{
    AppFacts, Findings, KeyFacts, Lookup, NoKeyFacts, ServerFacts, StoredItem, Verdict,
    VisitorFacts,
};
pub use print::in_words;

use super::endpoints::Endpoints;
use super::http::{self, Response};
use super::metrics::Metrics;
use crate::observe::memcached::{self, Item};

/// How long a memcached may take: the same timeout as in nginx.
const SERVER_TIMEOUT: Duration = Duration::from_millis(250);

/// How long the app may take to store its response, or to count why it does not.
const STORE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long to keep waiting after a refusal was counted: the counters belong to a whole process, so the refusal may be
/// another request's while this response is still being stored.
const REFUSAL_TIMEOUT: Duration = Duration::from_millis(500);

/// How often memcached and the counters are polled.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The only status whose response may be stored.
const STORABLE: u16 = 200;

/// The reasons why a response is not stored although it was queued; visible only in the counters, after the response
/// was sent.
const LATE_REASONS: [NotStored; 5] = [
    NotStored::QueueFull,
    NotStored::ServerDown,
    NotStored::ServerError,
    NotStored::NoLongerCurrent,
    NotStored::NoLifetime,
];

/// Collects all facts about a path. With `look_only`, sends no request to the app or nginx, so that nothing changes.
pub async fn explain(site: &Endpoints, path: &str, look_only: bool) -> Findings {
    let key = Key::parse(path);
    let mut servers = Servers::lookup_all(site, key.as_ref().ok()).await;
    let mut app = None;
    let mut visitor = None;
    if !look_only && is_sendable(path) {
        let (facts, response) = get_from_app(site, path, &mut servers).await;
        app = Some(facts);
        if let Some(front) = site.front {
            // Each response is rendered anew, so there is nothing to compare.
            let app_response = response.as_ref().filter(|_| key.is_ok());
            visitor = visit(front, path, app_response).await;
        }
    }
    let no_key = key.as_ref().err().copied();
    let key = key.as_ref().ok().map(key_facts);
    let servers = servers.facts;
    let verdict_facts = verdict::Facts {
        path,
        no_key,
        servers: &servers,
        app: app.as_ref(),
        visitor: visitor.as_ref(),
    };
    Findings {
        path: path.to_owned(),
        verdict: verdict::of(&verdict_facts),
        key,
        no_key: no_key.map(|no_key| NoKeyFacts {
            name: no_key::name(no_key),
            because: no_key.why(path),
        }),
        servers,
        app,
        visitor,
    }
}

/// Whether an HTTP client could send this target.
fn is_sendable(path: &str) -> bool {
    path.bytes().all(|byte| byte.is_ascii_graphic())
}

fn key_facts(key: &Key) -> KeyFacts {
    let policy = match key.kind() {
        Kind::Fingerprinted => Policy::Immutable,
        Kind::Derivative => Policy::Purgeable,
    };
    KeyFacts {
        text: key.as_str().to_owned(),
        is_fingerprinted: key.kind() == Kind::Fingerprinted,
        cache_control: policy
            .cache_control()
            .to_str()
            .unwrap_or_default()
            .to_owned(),
        etag: key.etag(),
    }
}

/// The servers, and the items that they held at first.
struct Servers {
    key: String,
    facts: Vec<ServerFacts>,
    items: Vec<Option<Item>>,
}

impl Servers {
    async fn lookup_all(site: &Endpoints, key: Option<&Key>) -> Self {
        let Some(key) = key else {
            let key = String::new();
            let (facts, items) = (vec![], vec![]);
            return Self { key, facts, items };
        };
        let addresses = site.servers_of(key.as_str());
        let looks = addresses.iter().map(|server| lookup(*server, key.as_str()));
        let looks = join_all(looks).await;
        let (looks, items): (Vec<Lookup>, Vec<Option<Item>>) = looks.into_iter().unzip();
        let facts = addresses.into_iter().zip(looks).enumerate();
        Self {
            key: key.as_str().to_owned(),
            facts: facts
                .map(|(rank, (address, before))| ServerFacts {
                    address,
                    is_asked: rank < site.holders(),
                    before,
                    after: None,
                })
                .collect(),
            items,
        }
    }

    /// Compares each item with the app's response.
    fn compare(&mut self, response: &Response) {
        for (facts, item) in self.facts.iter_mut().zip(&self.items) {
            if let (Lookup::There(held), Some(item)) = (&mut facts.before, item) {
                held.agreement = Some(compare::compare(item, response));
            }
        }
    }

    /// Looks up each item again, and compares it with the app's response.
    async fn lookup_again(&mut self, response: &Response) {
        let looks = self.facts.iter().map(|facts| facts.address);
        let looks = join_all(looks.map(|server| lookup(server, &self.key))).await;
        for (facts, (mut look, item)) in self.facts.iter_mut().zip(looks) {
            if let (Lookup::There(held), Some(item)) = (&mut look, &item)
                && response.status == STORABLE
            {
                held.agreement = Some(compare::compare(item, response));
            }
            facts.after = Some(look);
        }
    }

    /// Whether every responding server that nginx asks has stored the key since the first lookup.
    fn is_stored_anew(&self) -> bool {
        let version = |look: &Lookup| look.held().map(|held| held.version);
        let mut asked = self
            .facts
            .iter()
            .filter(|facts| facts.is_asked && !matches!(facts.before, Lookup::Silent(_)));
        asked.all(|facts| {
            let after = facts.after.as_ref().and_then(version);
            after.is_some() && after != version(&facts.before)
        })
    }
}

async fn lookup(server: SocketAddr, key: &str) -> (Lookup, Option<Item>) {
    match memcached::look(server, key, SERVER_TIMEOUT).await {
        Ok(Some(item)) => (Lookup::There(held(&item)), Some(item)),
        Ok(None) => {
            let counters = memcached::counters(server, SERVER_TIMEOUT).await;
            let counters = counters.unwrap_or_default();
            let absent = Lookup::Absent {
                uptime_seconds: counters.get("uptime"),
                evictions: counters.get("evictions"),
            };
            (absent, None)
        }
        Err(error) => (Lookup::Silent(silence(&error)), None),
    }
}

fn silence(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::TimedOut => format!(
            "no response within {} ms: it hangs or is overloaded",
            SERVER_TIMEOUT.as_millis()
        ),
        std::io::ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
        _ => error.to_string(),
    }
}

fn held(item: &Item) -> StoredItem {
    StoredItem {
        bytes: item.value.len(),
        flags: item.flags,
        seconds_left: item.seconds_left,
        idle_seconds: item.idle_seconds,
        was_fetched: item.was_fetched,
        version: item.version,
        agreement: None,
    }
}

/// Sends the request to the first app process that responds, and waits until the response is stored or known not to
/// be.
async fn get_from_app(
    site: &Endpoints,
    path: &str,
    servers: &mut Servers,
) -> (AppFacts, Option<Response>) {
    let mut silence = "there is no app process".to_owned();
    for app in &site.apps {
        // With a frozen process, the metrics would be as silent as its pages.
        let before = Metrics::of(app).await.ok();
        match http::get_from_app(app, path).await {
            Ok(response) => {
                if response.status == STORABLE {
                    servers.compare(&response);
                }
                let not_stored = settled(app, before.as_ref(), &response, servers).await;
                return (app_facts(app, &response, not_stored), Some(response));
            }
            Err(error) => silence = format!("{}: {error}", name(app)),
        }
    }
    (AppFacts::Silent(silence), None)
}

fn app_facts(app: &Path, response: &Response, not_stored: Vec<&'static str>) -> AppFacts {
    let header = |name| response.header(name).unwrap_or_default().to_owned();
    AppFacts::Answers {
        process: name(app),
        status: response.status,
        bytes: response.body.len(),
        is_gzip: response.is_gzip(),
        content_type: header("content-type"),
        cache_control: header("cache-control"),
        cache_status: response.header("cache-status").map(str::to_owned),
        not_stored,
    }
}

fn name(app: &Path) -> String {
    let stem = app.file_stem().unwrap_or(app.as_os_str());
    stem.to_string_lossy().into_owned()
}

/// Waits until the response is in memcached, or a reason against it was counted; then looks up all servers.
async fn settled(
    app: &Path,
    before: Option<&Metrics>,
    response: &Response,
    servers: &mut Servers,
) -> Vec<&'static str> {
    let mut until = Instant::now() + STORE_TIMEOUT;
    let refused = detail(response);
    let is_over = response.status != STORABLE || servers.facts.is_empty() || refused.is_some();
    let mut has_moved = false;
    loop {
        // Reads the counters first: a response stored after this reading was not refused before it.
        let after = Metrics::of(app).await.ok();
        servers.lookup_again(response).await;
        if is_over {
            return refused.map(NotStored::name).into_iter().collect();
        }
        if servers.is_stored_anew() {
            return vec![];
        }
        let moved = moved(before, after.as_ref());
        if Instant::now() > until {
            return moved;
        }
        if !moved.is_empty() && !has_moved {
            has_moved = true;
            until = until.min(Instant::now() + REFUSAL_TIMEOUT);
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// Returns the reasons for which the app has not stored responses meanwhile; none if either reading of the counters
/// failed.
fn moved(before: Option<&Metrics>, after: Option<&Metrics>) -> Vec<&'static str> {
    let (Some(before), Some(after)) = (before, after) else {
        return vec![];
    };
    LATE_REASONS
        .into_iter()
        .filter(|reason| after.not_stored(*reason) > before.not_stored(*reason))
        .map(NotStored::name)
        .collect()
}

/// Returns why the accelerator did not queue a response, from its `Cache-Status` header (RFC 9211).
fn detail(response: &Response) -> Option<NotStored> {
    let status = response.header("cache-status")?;
    let detail = status
        .split(';')
        .find_map(|part| part.trim().strip_prefix("detail="))?;
    let reason = NotStored::ALL
        .into_iter()
        .find(|reason| reason.name() == detail);
    // The request that made the response stores it.
    reason.filter(|reason| *reason != NotStored::InFlight)
}

/// Sends the request as a client would. Omits a failure: the app did not respond either then.
async fn visit(
    front: SocketAddr,
    path: &str,
    app_response: Option<&Response>,
) -> Option<VisitorFacts> {
    let response = http::get_from_front(front, path).await.ok()?;
    let app_response = app_response
        .filter(|app_response| app_response.status == STORABLE && response.status == STORABLE);
    Some(VisitorFacts {
        status: response.status,
        answered_by: response
            .header("x-cache")
            .unwrap_or("nginx alone")
            .to_owned(),
        is_same: app_response
            .map(|app_response| compare::plain(app_response) == compare::plain(&response)),
    })
}
