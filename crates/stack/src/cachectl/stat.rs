//! The counters of each memcached and of all app processes: since their start, and in the last interval.

use std::net::SocketAddr;
use std::time::Duration;

use accelerator::NotStored;
use futures::future::join_all;
use serde::Serialize;
use tokio::time::Instant;

use super::endpoints::Endpoints;
use super::format::{grouped, percent, size, span};
use super::metrics::Metrics;
use crate::observe::memcached::{self, Counters};

/// How long a memcached may take to return its counters.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);

/// One reading of all counters.
#[derive(Debug, Clone)]
pub struct Reading {
    at: Instant,
    servers: Vec<(SocketAddr, Result<Counters, String>)>,
    apps_asked: usize,
    apps_told: usize,
    metrics: Metrics,
}

/// The difference of two readings.
#[derive(Debug, Clone, Serialize)]
pub struct Stat {
    /// The time between them.
    pub seconds: f64,
    /// Each memcached.
    pub servers: Vec<Server>,
    /// All app processes together.
    pub app: App,
}

/// One memcached.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Server {
    /// Its address.
    pub address: String,
    /// Whether it responds; if not, nothing else is known.
    pub is_up: bool,
    /// The error, if it does not respond.
    pub error: Option<String>,
    /// Its uptime.
    pub uptime_seconds: u64,
    /// How many items it holds.
    pub items: u64,
    /// How many bytes of its memory they use.
    pub bytes: u64,
    /// Its memory limit, in bytes.
    pub bytes_max: u64,
    /// Lookups that found an item, since its start.
    pub hits: u64,
    /// Lookups that found none.
    pub misses: u64,
    /// The counters of the interval; `None` after a single reading.
    pub lately: Option<IntervalStat>,
    /// How many items it has evicted.
    pub evictions: u64,
    /// How many connections are open.
    pub connections: u64,
}

/// The activity of one memcached in the interval.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct IntervalStat {
    /// Lookups that found an item.
    pub hits: u64,
    /// Lookups that found none.
    pub misses: u64,
    /// Items that were stored.
    pub sets: u64,
    /// Items that were evicted.
    pub evictions: u64,
}

/// All app processes together, since their start.
#[derive(Debug, Clone, Default, Serialize)]
pub struct App {
    /// How many processes there are.
    pub processes: usize,
    /// How many of them responded.
    pub answering: usize,
    /// Files whose store memcached acknowledged.
    pub stored: u64,
    /// Files removed again, because they were purged during the store.
    pub taken_back: u64,
    /// Keys that a purge found and removed.
    pub purged: u64,
    /// Purges that a server did not confirm.
    pub purges_unconfirmed: u64,
    /// Servers that were killed because they missed a purge.
    pub fenced: u64,
    /// Keys of which a server may still hold an old item.
    pub owed: u64,
    /// Requests that shared the response made for a concurrent request.
    pub collapsed: u64,
    /// Failed exchanges with memcached.
    pub errors: u64,
    /// Responses that were not stored, by reason; without reasons that did not occur.
    pub not_stored: Vec<(&'static str, u64)>,
}

/// Reads all counters.
pub async fn read(site: &Endpoints) -> Reading {
    let servers = site.memcached.iter().map(|server| async {
        let counters = memcached::counters(*server, ANSWER_TIMEOUT).await;
        (*server, counters.map_err(|error| error.to_string()))
    });
    let (servers, (apps_told, metrics)) =
        tokio::join!(join_all(servers), Metrics::of_all(&site.apps));
    Reading {
        at: Instant::now(),
        servers,
        apps_asked: site.apps.len(),
        apps_told,
        metrics,
    }
}

impl Stat {
    /// Returns the statistics of two readings.
    pub fn between(before: &Reading, now: &Reading) -> Self {
        let servers = now.servers.iter().map(|(address, counters)| {
            let earlier = before.servers.iter().find(|(known, _)| known == address);
            let earlier = earlier.and_then(|(_, counters)| counters.as_ref().ok());
            server(*address, counters, earlier)
        });
        Self {
            seconds: (now.at - before.at).as_secs_f64(),
            servers: servers.collect(),
            app: app(now),
        }
    }
}

fn server(
    address: SocketAddr,
    counters: &Result<Counters, String>,
    before: Option<&Counters>,
) -> Server {
    let address = address.to_string();
    let now = match counters {
        Ok(now) => now,
        Err(error) => {
            return Server {
                address,
                error: Some(error.clone()),
                ..Server::default()
            };
        }
    };
    // A server that was restarted meanwhile counts from zero: no interval.
    let before = before.filter(|before| before.get("pid") == now.get("pid"));
    let since = |before: &Counters, name: &str| now.get(name).saturating_sub(before.get(name));
    Server {
        address,
        is_up: true,
        error: None,
        uptime_seconds: now.get("uptime"),
        items: now.get("curr_items"),
        bytes: now.get("bytes"),
        bytes_max: now.get("limit_maxbytes"),
        hits: now.get("get_hits"),
        misses: now.get("get_misses"),
        lately: before.map(|before| IntervalStat {
            hits: since(before, "get_hits"),
            misses: since(before, "get_misses"),
            sets: since(before, "cmd_set"),
            evictions: since(before, "evictions"),
        }),
        evictions: now.get("evictions"),
        connections: now.get("curr_connections"),
    }
}

fn app(now: &Reading) -> App {
    let metrics = &now.metrics;
    let not_stored = NotStored::ALL.into_iter();
    App {
        processes: now.apps_asked,
        answering: now.apps_told,
        stored: metrics.count("stored"),
        taken_back: metrics.count("taken_back"),
        purged: metrics.count("purged"),
        purges_unconfirmed: metrics.count("purges_unconfirmed"),
        fenced: metrics.count("fenced"),
        owed: metrics.gauge("pending_purges"),
        collapsed: metrics.count("collapsed"),
        errors: metrics.count("errors"),
        not_stored: not_stored
            .map(|reason| (reason.name(), metrics.not_stored(reason)))
            .filter(|(_, count)| *count > 0)
            .collect(),
    }
}

/// Formats the statistics in lines of at most 80 characters.
pub fn in_words(stat: &Stat) -> String {
    let mut text = format!(
        "{:<21} {:>6} {:>6} {:>8} {:>7} {:>7} {:>6} {:>6} {:>5}\n",
        "memcached", "hit", "1 s", "gets/s", "sets/s", "items", "memory", "evict", "conns"
    );
    text = text.replace("   1 s", &format!("{:>6}", interval(stat.seconds)));
    for server in &stat.servers {
        text.push_str(&line(server, stat.seconds));
    }
    for server in stat.servers.iter().filter(|server| server.is_up) {
        text.push_str(&format!(
            "{:<21} up {}, {} of {} in use\n",
            server.address,
            span(server.uptime_seconds),
            size(server.bytes),
            size(server.bytes_max)
        ));
    }
    let app = &stat.app;
    text.push_str(&format!(
        "\napp processes         {} of {} answer, counted since their start\n",
        app.answering, app.processes
    ));
    for (name, count) in [
        ("stored", app.stored),
        ("made once for several", app.collapsed),
        ("taken back", app.taken_back),
        ("purged", app.purged),
        ("purges unconfirmed", app.purges_unconfirmed),
        ("purges owed now", app.owed),
        ("memcached fenced", app.fenced),
        ("exchanges failed", app.errors),
    ] {
        text.push_str(&app_line(name, count));
    }
    for (name, count) in &app.not_stored {
        let name = format!("not stored: {}", name.replace('_', " "));
        text.push_str(&app_line(&name, *count));
    }
    text
}

fn app_line(name: &str, count: u64) -> String {
    format!("  {name:<36} {:>14}\n", grouped(count))
}

fn interval(seconds: f64) -> String {
    match seconds {
        ..9.5 => format!("{seconds:.0} s"),
        _ => format!("{seconds:.0}s"),
    }
}

fn line(server: &Server, seconds: f64) -> String {
    if !server.is_up {
        let error = server.error.as_deref().unwrap_or_default();
        return format!("{:<21} DOWN: {error}\n", server.address);
    }
    let rate = |count: Option<u64>| {
        let rate = count.map(|count| (count as f64 / seconds).round() as u64);
        rate.map_or("-".to_owned(), grouped)
    };
    let lately = server.lately;
    format!(
        "{:<21} {:>6} {:>6} {:>8} {:>7} {:>7} {:>6} {:>6} {:>5}\n",
        server.address,
        percent(server.hits, server.hits + server.misses),
        lately.map_or("-".to_owned(), |lately| percent(
            lately.hits,
            lately.hits + lately.misses
        )),
        rate(lately.map(|lately| lately.hits + lately.misses)),
        rate(lately.map(|lately| lately.sets)),
        grouped(server.items),
        percent(server.bytes, server.bytes_max),
        grouped(server.evictions),
        grouped(server.connections),
    )
}
