//! The counters of one thread. Merged once, after the run: threads share nothing while they send
//! requests.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::failure::Failure;
use super::histogram::{empty, merge, micros};
use super::sample::{PageSample, RequestKind, RequestSample};
use super::second::SecondTally;
use super::tier::Tier;

/// Css and js, and pictures.
const KINDS: usize = 2;

/// Everything that one thread counts.
#[derive(Debug)]
pub(crate) struct Tally {
    /// The named steps of the plan, then css and js, then pictures.
    pub(crate) steps: Vec<StepTally>,
    /// The sum of all response times.
    pub(crate) time_sum: Duration,
    /// Service times of all requests in microseconds. Only in an open load: in a closed one they equal
    /// the response times.
    pub(crate) service: Option<Histogram<u64>>,
    /// Times of complete page views in microseconds: the first of their visitors, and all others.
    pub(crate) first_pages: Histogram<u64>,
    pub(crate) later_pages: Histogram<u64>,
    pub(crate) pages_incomplete: u64,
    /// Parts that were in the browser's cache and not requested.
    pub(crate) from_cache: u64,
    /// Responses with status 304.
    pub(crate) revalidated: u64,
    pub(crate) redirects: u64,
    pub(crate) reconnects: u64,
    /// Bytes of responses that ended within the measured time.
    pub(crate) bytes: u64,
    /// Bytes that arrived at the sockets, and bytes that belong to responses, over the whole run.
    pub(crate) socket_bytes: u64,
    pub(crate) response_bytes: u64,
    pub(crate) failures: [u64; Failure::ALL.len()],
    /// The first path that failed in each way.
    pub(crate) first_paths: [Option<String>; Failure::ALL.len()],
    pub(crate) unfinished: u64,
    pub(crate) unfinished_longest: Duration,
    /// The integral of the number of requests under way over the measured time.
    pub(crate) under_way: Duration,
    /// The same from the begin and end of each request, answered or not; and the number of requests.
    pub(crate) took: Duration,
    pub(crate) ended: u64,
    pub(crate) arrivals: ArrivalCounts,
    /// How late page views began for which a browser was free, in microseconds.
    pub(crate) lateness: Histogram<u64>,
    pub(crate) seconds: Vec<SecondTally>,
    pub(crate) cpu: Duration,
    pub(crate) elapsed: Duration,
}

/// What became of the page views that were due within the measured time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ArrivalCounts {
    /// How many were due, by the schedule.
    pub(crate) due: u64,
    /// How many began, on time or late.
    pub(crate) begun: u64,
    /// How many were skipped because no browser was free within the timeout.
    pub(crate) skipped: u64,
    /// How many still waited for a browser at the end.
    pub(crate) waiting: u64,
}

/// The counters of one step.
#[derive(Debug)]
pub(crate) struct StepTally {
    /// Response times in microseconds by the tier that answered; none for a tier that never did.
    pub(crate) tiers: [Option<Box<Histogram<u64>>>; Tier::ALL.len()],
    pub(crate) failed: u64,
}

impl StepTally {
    fn new() -> Self {
        Self {
            tiers: std::array::from_fn(|_| None),
            failed: 0,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.failed += other.failed;
        for (mine, theirs) in self.tiers.iter_mut().zip(&other.tiers) {
            if let Some(theirs) = theirs {
                merge(mine.get_or_insert_with(|| Box::new(empty())), theirs);
            }
        }
    }
}

impl Tally {
    /// The counters for `named` named steps of a closed or an open load.
    pub(crate) fn new(named: usize, is_open: bool) -> Self {
        Self {
            steps: (0..named + KINDS).map(|_| StepTally::new()).collect(),
            time_sum: Duration::ZERO,
            service: is_open.then(empty),
            first_pages: empty(),
            later_pages: empty(),
            pages_incomplete: 0,
            from_cache: 0,
            revalidated: 0,
            redirects: 0,
            reconnects: 0,
            bytes: 0,
            socket_bytes: 0,
            response_bytes: 0,
            failures: [0; Failure::ALL.len()],
            first_paths: std::array::from_fn(|_| None),
            unfinished: 0,
            unfinished_longest: Duration::ZERO,
            under_way: Duration::ZERO,
            took: Duration::ZERO,
            ended: 0,
            arrivals: ArrivalCounts::default(),
            lateness: empty(),
            seconds: vec![],
            cpu: Duration::ZERO,
            elapsed: Duration::ZERO,
        }
    }

    /// How many requests were answered as expected.
    pub(crate) fn answers(&self) -> u64 {
        let tiers = self
            .steps
            .iter()
            .flat_map(|step| step.tiers.iter().flatten());
        tiers.map(|tier| tier.len()).sum()
    }

    fn step(&mut self, kind: RequestKind) -> &mut StepTally {
        let named = self.steps.len() - KINDS;
        &mut self.steps[match kind {
            RequestKind::Step(step) => usize::from(step),
            RequestKind::Part(kind) => named + kind as usize,
        }]
    }

    /// Extends the seconds to this time since the beginning of the measurement.
    pub(crate) fn extend_to(&mut self, elapsed: Duration) {
        while self.seconds.len() as u64 <= elapsed.as_secs() {
            self.seconds.push(SecondTally::new());
        }
    }

    /// Counts a request that was answered as expected.
    pub(crate) fn answered(&mut self, sample: &RequestSample) {
        let us = micros(sample.response_time);
        let tier = &mut self.step(sample.kind).tiers[sample.tier as usize];
        tier.get_or_insert_with(|| Box::new(empty()))
            .saturating_record(us);
        if let Some(service) = &mut self.service {
            service.saturating_record(micros(sample.service_time));
        }
        self.time_sum += sample.response_time;
        self.revalidated += u64::from(sample.status == 304);
        self.redirects += u64::from((300..400).contains(&sample.status) && sample.status != 304);
        if let Some(second) = self.seconds.last_mut() {
            second.answered(sample.tier, us);
        }
    }

    /// Counts a request that failed.
    pub(crate) fn failed(
        &mut self,
        kind: RequestKind,
        failure: Failure,
        path: &str,
        reason: Option<&str>,
    ) {
        self.step(kind).failed += 1;
        self.failures[failure as usize] += 1;
        self.first_paths[failure as usize].get_or_insert_with(|| match reason {
            Some(reason) => format!("{path} ({reason})"),
            None => path.to_owned(),
        });
        if let Some(second) = self.seconds.last_mut() {
            second.failed += 1;
        }
    }

    /// Counts a page view that is over.
    pub(crate) fn page(&mut self, sample: &PageSample) {
        self.from_cache += u64::from(sample.from_cache);
        if !sample.is_complete {
            self.pages_incomplete += 1;
            return;
        }
        let pages = if sample.is_first {
            &mut self.first_pages
        } else {
            &mut self.later_pages
        };
        pages.saturating_record(micros(sample.took));
        if let Some(second) = self.seconds.last_mut() {
            second.pages += 1;
        }
    }

    /// Adds what another thread counted.
    pub(crate) fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.steps.iter_mut().zip(&other.steps) {
            mine.merge(theirs);
        }
        if let (Some(mine), Some(theirs)) = (&mut self.service, &other.service) {
            merge(mine, theirs);
        }
        merge(&mut self.first_pages, &other.first_pages);
        merge(&mut self.later_pages, &other.later_pages);
        merge(&mut self.lateness, &other.lateness);
        self.time_sum += other.time_sum;
        self.from_cache += other.from_cache;
        self.revalidated += other.revalidated;
        self.pages_incomplete += other.pages_incomplete;
        self.redirects += other.redirects;
        self.reconnects += other.reconnects;
        self.bytes += other.bytes;
        self.socket_bytes += other.socket_bytes;
        self.response_bytes += other.response_bytes;
        for (mine, theirs) in self.failures.iter_mut().zip(other.failures) {
            *mine += theirs;
        }
        for (mine, theirs) in self.first_paths.iter_mut().zip(other.first_paths) {
            *mine = mine.take().or(theirs);
        }
        self.unfinished += other.unfinished;
        self.unfinished_longest = self.unfinished_longest.max(other.unfinished_longest);
        self.under_way += other.under_way;
        self.took += other.took;
        self.ended += other.ended;
        self.arrivals.due += other.arrivals.due;
        self.arrivals.begun += other.arrivals.begun;
        self.arrivals.skipped += other.arrivals.skipped;
        self.arrivals.waiting += other.arrivals.waiting;
        merge_seconds(&mut self.seconds, &other.seconds);
        self.cpu += other.cpu;
        self.elapsed = self.elapsed.max(other.elapsed);
    }
}

/// The times of several steps together, by tier.
pub(crate) fn by_tier(steps: &[StepTally]) -> [Histogram<u64>; Tier::ALL.len()] {
    std::array::from_fn(|tier| {
        let mut sum = empty();
        for one in steps.iter().filter_map(|step| step.tiers[tier].as_deref()) {
            merge(&mut sum, one);
        }
        sum
    })
}

fn merge_seconds(mine: &mut Vec<SecondTally>, theirs: &[SecondTally]) {
    for (second, other) in mine.iter_mut().zip(theirs) {
        second.merge(other);
    }
    let known = mine.len().min(theirs.len());
    mine.extend_from_slice(&theirs[known..]);
}
