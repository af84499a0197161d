//! A snapshot of the lab: the data that its page draws, second by second.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use db::measure::Timing;
use db::userid_index::Status;
use stack::observe::cpu::Tiers;

use super::findings::Findings;
use super::load::{Heard, Outcome};
use super::request_counters::top;
use super::times::Times;

/// How much of the past is drawn.
pub const SPAN: Duration = Duration::from_secs(90);

/// How much of the past the histogram and the lists of addresses cover.
pub const LATELY: Duration = Duration::from_secs(10);

/// One second of the site.
#[derive(Debug, Clone)]
pub struct Second {
    /// When it ended.
    pub at: Instant,
    /// How long it was: on a busy machine more than a second.
    pub took: Duration,
    /// Pages, by how long the app took for them.
    pub pages: Times,
    /// Pages that failed with a server error.
    pub failed: u64,
    /// Files that the app answered for.
    pub files_by_app: u64,
    /// Files that memcached had; `None` where there is no memcached, or one does not answer.
    pub files_by_memcached: Option<u64>,
    /// Lines that memcached's log dropped.
    pub log_unseen: u64,
    /// CPU time used; `None` if the site was not started by `up`.
    pub cpu: Option<Tiers>,
    /// What a running benchmark measured meanwhile.
    pub load: Option<Heard>,
    /// The state of the userid index at its end.
    pub index: IndexState,
    /// Pages by address.
    pub top_pages: Vec<(String, u64)>,
    /// Files that the app answered for, by address.
    pub top_missed: Vec<(String, u64)>,
    /// Files that memcached had, by address, as far as they were sampled.
    pub top_found: Vec<(String, u64)>,
}

/// The state of the userid index, as far as it concerns the photostream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexState {
    /// All its indexes exist, and none is being changed.
    There,
    /// None of its indexes exists, and none is being changed.
    Gone,
    /// It is being changed, incomplete or unknown.
    Between,
}

impl Second {
    /// A second in which nothing happened.
    pub fn quiet(at: Instant, took: Duration) -> Self {
        Self {
            at,
            took,
            pages: Times::default(),
            failed: 0,
            files_by_app: 0,
            files_by_memcached: None,
            log_unseen: 0,
            cpu: None,
            load: None,
            index: IndexState::Between,
            top_pages: Vec::new(),
            top_missed: Vec::new(),
            top_found: Vec::new(),
        }
    }

    /// Converts a count of this period to a rate a second.
    pub fn rate(&self, count: u64) -> f64 {
        count as f64 / self.took.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// An event, for the time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// No index led by userid is left.
    IndexDropped,
    /// The photostream has an index again.
    IndexBack,
    /// A benchmark began.
    BenchmarkBegins,
    /// A benchmark ended.
    BenchmarkEnds,
}

/// The change of the index that the lab is making.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changing {
    Dropping,
    Creating,
}

/// Everything that the page of the lab draws.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The moment at the right end of the time axis.
    pub now: Instant,
    /// The seconds of the last while, oldest first.
    pub seconds: VecDeque<Arc<Second>>,
    /// The events meanwhile, oldest first.
    pub happenings: Vec<(Instant, Happening)>,
    /// The state of the userid index; `None` before the database was queried.
    pub index: Option<Status>,
    /// The change that is being made to it.
    pub changing: Option<Changing>,
    /// When a running benchmark ends.
    pub benchmark_ends: Option<Instant>,
    /// The totals of the last benchmark.
    pub outcome: Option<Outcome>,
    /// The findings of the running benchmark, or of the last one, in each state of the index.
    pub findings: Findings,
    /// The last failure, as a sentence.
    pub mishap: Option<String>,
    /// The last measurement of the photostream in each state of the index.
    pub timings: Vec<Timing>,
    /// How many cores the machine has.
    pub cores: usize,
    /// Whether this process serves more than one request, so that seconds can be gathered.
    pub lives: bool,
    pub has_memcached: bool,
    /// Why no benchmark can be run here, or `None`.
    pub no_benchmark: Option<String>,
}

impl Snapshot {
    pub(super) fn new(now: Instant, has_memcached: bool) -> Self {
        Self {
            now,
            seconds: VecDeque::new(),
            happenings: Vec::new(),
            index: None,
            changing: None,
            benchmark_ends: None,
            outcome: None,
            findings: Findings::default(),
            mishap: None,
            timings: Vec::new(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            lives: false,
            has_memcached,
            no_benchmark: None,
        }
    }

    /// A snapshot without data.
    pub fn quiet(now: Instant) -> Self {
        Self::new(now, true)
    }

    pub(super) fn add_event(&mut self, happening: Happening) {
        self.happenings.push((Instant::now(), happening));
    }

    /// The state of the userid index now.
    pub fn index_state(&self) -> IndexState {
        match &self.index {
            Some(status) if self.changing.is_some() || status.creating.is_some() => {
                IndexState::Between
            }
            Some(status) if status.is_whole() => IndexState::There,
            Some(status) if status.is_gone() => IndexState::Gone,
            _ => IndexState::Between,
        }
    }

    /// Adds a second; `None` if there are no earlier counters to compare with.
    pub(super) fn add_second(&mut self, now: Instant, second: Option<Second>) {
        self.now = now;
        let Some(mut second) = second else { return };
        second.index = self.index_state();
        if self.benchmark_ends.is_some() {
            self.findings.count(&second);
        }
        self.seconds.push_back(Arc::new(second));
    }

    /// The seconds that the histogram and the lists cover.
    pub fn lately(&self) -> impl Iterator<Item = &Second> {
        let since = self.now.checked_sub(LATELY);
        self.seconds
            .iter()
            .filter(move |second| since.is_none_or(|since| second.at > since))
            .map(AsRef::as_ref)
    }

    /// The most frequent addresses of these seconds, with their counts.
    pub fn top(&self, of: impl Fn(&Second) -> &[(String, u64)], most: usize) -> Vec<(String, u64)> {
        let mut counts: HashMap<String, u64> = HashMap::new();
        for (address, count) in self.lately().flat_map(of) {
            *counts.entry(address.clone()).or_insert(0) += count;
        }
        top(counts, most)
    }

    /// Stores the state of the index as the database reports it; the loss or return of an index is an event.
    pub(super) fn set_index(&mut self, status: Status, timings: Vec<Timing>) {
        let was_gone = self.index.as_ref().map(Status::is_gone);
        match (was_gone, status.is_gone()) {
            (Some(false), true) => self.add_event(Happening::IndexDropped),
            (Some(true), false) => self.add_event(Happening::IndexBack),
            _ => {}
        }
        self.index = Some(status);
        self.timings = timings;
    }

    /// Removes what is too old to be drawn.
    pub(super) fn remove_old(&mut self) {
        let Some(since) = self.now.checked_sub(SPAN) else {
            return;
        };
        self.seconds.retain(|second| second.at >= since);
        self.happenings.retain(|(at, _)| *at >= since);
    }
}
