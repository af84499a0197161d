//! What the lab knows at one moment, second by second: what there is to draw.

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

/// How much of the past the histogram and the lists of addresses tell of.
pub const LATELY: Duration = Duration::from_secs(10);

/// One second of the site.
#[derive(Debug, Clone)]
pub struct Second {
    /// When it ended.
    pub at: Instant,
    /// How long it was: a busy machine is late.
    pub took: Duration,
    /// Pages, by how long the app took for them.
    pub pages: Times,
    /// Pages that failed by our fault.
    pub failed: u64,
    /// Files that the app answered for.
    pub files_by_app: u64,
    /// Files that memcached had; none where there is no memcached, or none that answers.
    pub files_by_memcached: Option<u64>,
    /// Lines of memcached's log that were not told.
    pub log_unseen: u64,
    /// CPU time used; none where the site was not started by `up`.
    pub cpu: Option<Tiers>,
    /// What a running benchmark has felt meanwhile.
    pub load: Option<Heard>,
    /// The state of the userid index at its end.
    pub index: IndexState,
    /// Pages by address.
    pub top_pages: Vec<(String, u64)>,
    /// Files that the app answered for, by address.
    pub top_missed: Vec<(String, u64)>,
    /// Files that memcached had, by address, as far as one looked.
    pub top_found: Vec<(String, u64)>,
}

/// The state of the userid index, as far as a photostream is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexState {
    /// All of it is there, and nothing changes.
    There,
    /// None of it is there, and nothing changes.
    Gone,
    /// It is being changed, is there in part, or is not known.
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

    /// So many in this second make how many in a whole one.
    pub fn rate(&self, count: u64) -> f64 {
        count as f64 / self.took.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// What happened to the site, for the axis of time.
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

/// What the lab does to the index at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changing {
    /// It drops it.
    Dropping,
    /// It creates it.
    Creating,
}

/// Everything there is to draw.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The moment that stands at the right end.
    pub now: Instant,
    /// The seconds of the last while, oldest first.
    pub seconds: VecDeque<Arc<Second>>,
    /// What happened meanwhile, oldest first.
    pub happenings: Vec<(Instant, Happening)>,
    /// Where the userid index stands; none before the database has told.
    pub index: Option<Status>,
    /// What is being done to it.
    pub changing: Option<Changing>,
    /// When a running benchmark ends.
    pub benchmark_ends: Option<Instant>,
    /// What the last benchmark counted over all of its time.
    pub outcome: Option<Outcome>,
    /// What the running benchmark finds in each state of the index, or the last one found.
    pub findings: Findings,
    /// What went wrong last, in a sentence.
    pub mishap: Option<String>,
    /// The last measurements of the photostream, one a state of the index.
    pub timings: Vec<Timing>,
    /// How many cores the machine has.
    pub cores: usize,
    /// Whether this process lives long enough for there to be a second.
    pub lives: bool,
    /// Whether there is a memcached at all.
    pub has_memcached: bool,
    /// Why no benchmark can be run here, if so.
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

    /// A moment of which nothing is known.
    pub fn quiet(now: Instant) -> Self {
        Self::new(now, true)
    }

    pub(super) fn happens(&mut self, happening: Happening) {
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

    /// Another second is over; none where there is nothing yet to compare the counters with.
    pub(super) fn passes(&mut self, now: Instant, second: Option<Second>) {
        self.now = now;
        let Some(mut second) = second else { return };
        second.index = self.index_state();
        if self.benchmark_ends.is_some() {
            self.findings.count(&second);
        }
        self.seconds.push_back(Arc::new(second));
    }

    /// The seconds of the last while that histogram and lists tell of.
    pub fn lately(&self) -> impl Iterator<Item = &Second> {
        let since = self.now.checked_sub(LATELY);
        self.seconds
            .iter()
            .filter(move |second| since.is_none_or(|since| second.at > since))
            .map(AsRef::as_ref)
    }

    /// The addresses most often met lately, with how often.
    pub fn top(&self, of: impl Fn(&Second) -> &[(String, u64)], most: usize) -> Vec<(String, u64)> {
        let mut counts: HashMap<String, u64> = HashMap::new();
        for (address, count) in self.lately().flat_map(of) {
            *counts.entry(address.clone()).or_insert(0) += count;
        }
        top(counts, most)
    }

    /// What the database tells of the index; a change of its use to the photostream is an event.
    pub(super) fn learns(&mut self, status: Status, timings: Vec<Timing>) {
        let was_gone = self.index.as_ref().map(Status::is_gone);
        match (was_gone, status.is_gone()) {
            (Some(false), true) => self.happens(Happening::IndexDropped),
            (Some(true), false) => self.happens(Happening::IndexBack),
            _ => {}
        }
        self.index = Some(status);
        self.timings = timings;
    }

    /// Forgets what is too old to be drawn.
    pub(super) fn forget(&mut self) {
        let Some(since) = self.now.checked_sub(SPAN) else {
            return;
        };
        self.seconds.retain(|second| second.at >= since);
        self.happenings.retain(|(at, _)| *at >= since);
    }
}
