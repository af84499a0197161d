//! What one thread counts. Merged once, after the run: nothing is shared while requests are sent.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::second::Second;
use super::{Failure, Tier};
use crate::engine::View;
use crate::html::Kind;

/// The longest time a histogram tells apart: the longest run.
const TIME_MAX_US: u64 = 3600 * 1_000_000;
/// Three significant digits: a quantile is off by at most a thousandth.
const DIGITS: u8 = 3;
/// Css and js, and pictures.
const KINDS: usize = 2;

/// What a request was for: a named step of the plan, or a part of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Step(u16),
    Part(Kind),
}

/// A request that was answered as asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answered {
    pub(crate) of: Of,
    pub(crate) tier: Tier,
    pub(crate) status: u16,
    /// From the planned instant.
    pub(crate) response: Duration,
    /// From when a connection took it.
    pub(crate) service: Duration,
}

/// Everything that one thread counts.
#[derive(Debug)]
pub(crate) struct Tally {
    /// The named steps of the plan, then css and js, then pictures.
    pub(crate) steps: Vec<StepTally>,
    pub(crate) time_sum: Duration,
    pub(crate) service_sum: Duration,
    /// Service times of all requests in microseconds, where they differ from response times: in an open load.
    pub(crate) service: Option<Histogram<u64>>,
    /// Times of complete page views in microseconds, by whether they were the first of their visitor.
    pub(crate) first_pages: Histogram<u64>,
    pub(crate) later_pages: Histogram<u64>,
    pub(crate) pages_incomplete: u64,
    /// Parts that were not asked for, and answers that they are still good.
    pub(crate) from_cache: u64,
    pub(crate) revalidated: u64,
    pub(crate) redirects: u64,
    pub(crate) reconnects: u64,
    /// Of responses that ended within the measured time.
    pub(crate) bytes: u64,
    /// That came from the sockets, and that belong to responses, over the whole run.
    pub(crate) socket_bytes: u64,
    pub(crate) response_bytes: u64,
    pub(crate) failures: [u64; Failure::ALL.len()],
    /// The first address that failed in each way.
    pub(crate) examples: [Option<String>; Failure::ALL.len()],
    pub(crate) unfinished: u64,
    pub(crate) unfinished_longest: Duration,
    /// The time that requests were under way within the measured time, by the clock between events.
    pub(crate) under_way: Duration,
    /// The same from each request's own beginning and end, whatever became of it; and how many there were.
    pub(crate) took: Duration,
    pub(crate) ended: u64,
    pub(crate) arrivals: Arrivals,
    /// How late page views began that were due and had a free browser, in microseconds.
    pub(crate) lateness: Histogram<u64>,
    pub(crate) seconds: Vec<Second>,
    pub(crate) cpu: Duration,
    pub(crate) elapsed: Duration,
}

/// What became of the page views that were due within the measured time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Arrivals {
    /// How many there were, counted from the schedule.
    pub(crate) due: u64,
    /// How many began, at their instant or later.
    pub(crate) begun: u64,
    /// How many were given up because no browser was free in time.
    pub(crate) skipped: u64,
    /// How many still waited for a browser at the end.
    pub(crate) waiting: u64,
}

/// What is counted of one step.
#[derive(Debug)]
pub(crate) struct StepTally {
    /// Response times in microseconds by the tier that answered; none where it never did.
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
                merge_histogram(mine.get_or_insert_with(|| Box::new(histogram())), theirs);
            }
        }
    }
}

impl Tally {
    /// For so many named steps of a closed load, or an open one.
    pub(crate) fn new(named: usize, is_open: bool) -> Self {
        Self {
            steps: (0..named + KINDS).map(|_| StepTally::new()).collect(),
            time_sum: Duration::ZERO,
            service_sum: Duration::ZERO,
            service: is_open.then(histogram),
            first_pages: histogram(),
            later_pages: histogram(),
            pages_incomplete: 0,
            from_cache: 0,
            revalidated: 0,
            redirects: 0,
            reconnects: 0,
            bytes: 0,
            socket_bytes: 0,
            response_bytes: 0,
            failures: [0; Failure::ALL.len()],
            examples: std::array::from_fn(|_| None),
            unfinished: 0,
            unfinished_longest: Duration::ZERO,
            under_way: Duration::ZERO,
            took: Duration::ZERO,
            ended: 0,
            arrivals: Arrivals::default(),
            lateness: histogram(),
            seconds: vec![],
            cpu: Duration::ZERO,
            elapsed: Duration::ZERO,
        }
    }

    /// How many requests were answered as asked.
    pub(super) fn answers(&self) -> u64 {
        let tiers = self
            .steps
            .iter()
            .flat_map(|step| step.tiers.iter().flatten());
        tiers.map(|tier| tier.len()).sum()
    }

    fn step(&mut self, of: Of) -> &mut StepTally {
        let named = self.steps.len() - KINDS;
        &mut self.steps[match of {
            Of::Step(step) => usize::from(step),
            Of::Part(kind) => named + kind as usize,
        }]
    }

    /// Has the seconds reach to this time of the measured.
    pub(crate) fn reach(&mut self, elapsed: Duration) {
        while self.seconds.len() as u64 <= elapsed.as_secs() {
            self.seconds.push(Second::new());
        }
    }

    /// Counts a request that was answered as asked.
    pub(crate) fn answered(&mut self, answered: &Answered) {
        let us = micros(answered.response);
        let tier = &mut self.step(answered.of).tiers[answered.tier as usize];
        tier.get_or_insert_with(|| Box::new(histogram()))
            .saturating_record(us);
        if let Some(service) = &mut self.service {
            service.saturating_record(micros(answered.service));
        }
        self.time_sum += answered.response;
        self.service_sum += answered.service;
        self.revalidated += u64::from(answered.status == 304);
        self.redirects +=
            u64::from((300..400).contains(&answered.status) && answered.status != 304);
        if let Some(second) = self.seconds.last_mut() {
            second.answered(answered.tier, us);
        }
    }

    pub(crate) fn failed(&mut self, of: Of, failure: Failure, path: &str, why: Option<&str>) {
        self.step(of).failed += 1;
        self.failures[failure as usize] += 1;
        self.examples[failure as usize].get_or_insert_with(|| match why {
            Some(why) => format!("{path} ({why})"),
            None => path.to_owned(),
        });
        if let Some(second) = self.seconds.last_mut() {
            second.failed += 1;
        }
    }

    pub(crate) fn page(&mut self, view: &View) {
        self.from_cache += u64::from(view.from_cache);
        if !view.is_complete {
            self.pages_incomplete += 1;
            return;
        }
        let pages = if view.is_first {
            &mut self.first_pages
        } else {
            &mut self.later_pages
        };
        pages.saturating_record(micros(view.took));
        if let Some(second) = self.seconds.last_mut() {
            second.pages += 1;
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.steps.iter_mut().zip(&other.steps) {
            mine.merge(theirs);
        }
        if let (Some(mine), Some(theirs)) = (&mut self.service, &other.service) {
            merge_histogram(mine, theirs);
        }
        merge_histogram(&mut self.first_pages, &other.first_pages);
        merge_histogram(&mut self.later_pages, &other.later_pages);
        merge_histogram(&mut self.lateness, &other.lateness);
        self.time_sum += other.time_sum;
        self.service_sum += other.service_sum;
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
        for (mine, theirs) in self.examples.iter_mut().zip(other.examples) {
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
        second_by_second(&mut self.seconds, &other.seconds);
        self.cpu += other.cpu;
        self.elapsed = self.elapsed.max(other.elapsed);
    }
}

/// The times of several steps together, by tier.
pub(super) fn by_tier(steps: &[StepTally]) -> [Histogram<u64>; Tier::ALL.len()] {
    std::array::from_fn(|tier| {
        let mut sum = histogram();
        for one in steps.iter().filter_map(|step| step.tiers[tier].as_deref()) {
            merge_histogram(&mut sum, one);
        }
        sum
    })
}

fn second_by_second(mine: &mut Vec<Second>, theirs: &[Second]) {
    for (second, other) in mine.iter_mut().zip(theirs) {
        second.merge(other);
    }
    let known = mine.len().min(theirs.len());
    mine.extend_from_slice(&theirs[known..]);
}

/// Adds what another histogram of ours holds.
pub(super) fn merge_histogram(into: &mut Histogram<u64>, from: &Histogram<u64>) {
    into.add(from).expect("histograms of one range always add");
}

pub(super) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, TIME_MAX_US, DIGITS).expect("the bounds are constants that fit")
}

pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
