//! Once a second, while the lab is watched: reads the counters of all app processes, memcached and `/proc`,
//! and turns their differences into one [`Second`].

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use domain::urls::pattern;
use futures::future::join_all;
use images::blocking::Lane;
use stack::observe::cpu::{self, Tiers};
use tokio::time::MissedTickBehavior;

use super::live::Live;
use super::memcached::{self, Counts};
use super::pulse::{Reading, top};
use super::scene::Second;
use super::siblings;
use super::times::Times;

/// How long an app process may take to tell its counters; who is late is counted next time.
const READING_PATIENCE: Duration = Duration::from_millis(700);

/// How many addresses of a second are remembered.
const ADDRESSES_KEPT: usize = 64;

/// The name of this process among its siblings' sockets.
const OWN: &str = "";

/// Remembers the counters of a second ago.
pub(super) struct Gatherer {
    live: Live,
    before: Option<Before>,
    readings: HashMap<PathBuf, Reading>,
}

struct Before {
    at: Instant,
    cpu: Option<Tiers>,
    memcached: Option<Counts>,
}

impl Gatherer {
    pub(super) fn new(live: Live) -> Self {
        Self {
            live,
            before: None,
            readings: HashMap::new(),
        }
    }

    /// Gathers until nobody watches any more.
    pub(super) async fn run(mut self) {
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut look: Option<tokio::task::JoinHandle<()>> = None;
        while self.live.goes_on() {
            ticks.tick().await;
            // A database that is busy without its index answers late; the picture does not wait.
            if look.as_ref().is_none_or(|look| look.is_finished()) {
                let live = self.live.clone();
                look = Some(tokio::spawn(async move { live.look_at_index().await }));
            }
            let (now, second) = self.second().await;
            self.live.redraw(|scene| scene.passes(now, second));
        }
    }

    /// What happened since the last time; none the first time.
    async fn second(&mut self) -> (Instant, Option<Second>) {
        let servers = self.live.memcached();
        let now = Instant::now();
        let heard = self.live.take_heard();
        let (readings, counts, found, cpu) = tokio::join!(
            readings(&self.live),
            memcached::counts(servers),
            memcached::found(servers),
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

/// What this process and its siblings have counted.
async fn readings(live: &Live) -> Vec<(PathBuf, Reading)> {
    let asked = live.sibling_sockets().into_iter().map(|socket| async {
        let told = siblings::get(&socket, pattern::LAB_PULSE, READING_PATIENCE).await;
        let reading = serde_json::from_str(&told.ok()?).ok()?;
        Some((socket, reading))
    });
    let mut readings: Vec<_> = join_all(asked).await.into_iter().flatten().collect();
    readings.push((PathBuf::from(OWN), live.pulse().read()));
    readings
}

/// Reads /proc.
static PROC: Lane = Lane::new(1);

/// The CPU time of the whole site: of everything that our own starter has started.
async fn cpu_by_tier() -> Option<Tiers> {
    let starter = nix::unistd::getppid().as_raw();
    // Reading some hundred files of /proc is no work for the thread that answers pages.
    let tiers = PROC.run(move || cpu::by_tier(starter)).await;
    tiers.ok()?.ok()
}
