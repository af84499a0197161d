//! Reads the counters of all app processes, of memcached and of `/proc`, and turns their differences into one
//! [`Second`]. While a browser watches the lab, `live` does this once a second.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use domain::urls::pattern;
use futures::future::join_all;
use images::blocking::Lane;
use stack::observe::cpu::{self, Tiers};

use super::load::Heard;
use super::memcached::{self, Counts};
use super::processes;
use super::request_counters::{Reading, RequestCounters, top};
use super::snapshot::Second;
use super::times::Times;

/// How long an app process may take to return its counters. A late process is counted in the next second.
const READING_TIMEOUT: Duration = Duration::from_millis(700);

/// How many addresses of a second are kept.
const ADDRESSES_KEPT: usize = 64;

/// The key of this process among the sockets of the other processes.
const OWN: &str = "";

/// Where the counters of a site are read.
pub(super) struct Sources<'a> {
    /// The counters of this process.
    pub(super) own: &'a RequestCounters,
    /// The sockets of the other app processes.
    pub(super) others: Vec<PathBuf>,
    pub(super) memcached: &'a [SocketAddr],
}

/// The counters of a second ago, which the next ones are compared with.
#[derive(Default)]
pub(super) struct Gatherer {
    before: Option<Before>,
    readings: HashMap<PathBuf, Reading>,
}

struct Before {
    at: Instant,
    cpu: Option<Tiers>,
    memcached: Option<Counts>,
}

impl Gatherer {
    /// What happened since the last call; `None` for the first one. `heard` is what the benchmark reported meanwhile.
    pub(super) async fn second(
        &mut self,
        sources: Sources<'_>,
        heard: Option<Heard>,
    ) -> (Instant, Option<Second>) {
        let now = Instant::now();
        let (readings, counts, found, cpu) = tokio::join!(
            readings(sources.own, sources.others),
            memcached::counts(sources.memcached),
            memcached::found(sources.memcached),
            cpu_by_tier(),
        );
        let mut pages = Times::default();
        let (mut failed, mut files) = (0, 0);
        let (mut top_pages, mut top_missed) = (HashMap::new(), HashMap::new());
        for (socket, reading) in readings {
            // A process read for the first time has counted before: its first reading is the baseline.
            if let Some(last) = self.readings.get(&socket) {
                pages.add(&reading.pages.since(&last.pages));
                failed += reading.failed.saturating_sub(last.failed);
                files += reading.files.saturating_sub(last.files);
            }
            for (into, from) in [
                (&mut top_pages, &reading.top_pages),
                (&mut top_missed, &reading.top_files),
            ] {
                for (address, count) in from {
                    *into.entry(address.clone()).or_insert(0) += count;
                }
            }
            self.readings.insert(socket, reading);
        }
        let before = self.before.replace(Before {
            at: now,
            cpu,
            memcached: counts,
        });
        let second = before.map(|before| {
            let counts = counts.zip(before.memcached);
            let counts = counts.map(|(counts, before)| counts.since(before));
            Second {
                pages,
                failed,
                files_by_app: files,
                files_by_memcached: counts.map(|counts| counts.hits),
                log_unseen: counts.map_or(0, |counts| counts.unseen),
                cpu: cpu.zip(before.cpu).map(|(cpu, before)| cpu.since(&before)),
                load: heard,
                top_pages: top(top_pages, ADDRESSES_KEPT),
                top_missed: top(top_missed, ADDRESSES_KEPT),
                top_found: top(found, ADDRESSES_KEPT),
                ..Second::quiet(now, now - before.at)
            }
        });
        (now, second)
    }
}

/// The counters of all app processes.
async fn readings(own: &RequestCounters, others: Vec<PathBuf>) -> Vec<(PathBuf, Reading)> {
    let requests = others.into_iter().map(|socket| async {
        let json = processes::get(&socket, pattern::LAB_PULSE, READING_TIMEOUT).await;
        let reading = serde_json::from_str(&json.ok()?).ok()?;
        Some((socket, reading))
    });
    let mut readings: Vec<_> = join_all(requests).await.into_iter().flatten().collect();
    readings.push((PathBuf::from(OWN), own.read()));
    readings
}

/// Reads /proc.
static PROC: Lane = Lane::new(1);

/// The CPU time of the whole site: of every process that the supervisor (our parent) has started.
async fn cpu_by_tier() -> Option<Tiers> {
    let supervisor = nix::unistd::getppid().as_raw();
    // Reads some hundred files of /proc, which must not block the thread that answers pages.
    let tiers = PROC.run(move || cpu::by_tier(supervisor)).await;
    tiers.ok()?.ok()
}
