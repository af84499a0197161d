//! What a run found, for programs (fields, JSON) and for people (text).

mod audit;
mod errors;
mod record;
mod steps;
mod text;
mod tiers;
mod times;

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

pub use audit::{Check, CheckResult};
pub use errors::Errors;
pub use record::Circumstances;
pub use steps::StepReport;
pub use tiers::{TierReport, Tiers};
pub use times::Times;

use crate::Plan;
use crate::measure::{Failure, SecondTally, Tally, Tier, by_tier, histogram};
use crate::stats::steady::{self, Steady};

/// Above this share of busy time the generator itself may be the limit.
const BUSY_MAX: f64 = 0.9;

/// Which part of the page views that are due must be over, or the site falls behind.
const OVER_MIN: f64 = 0.95;

/// The result of a run. Only requests that were answered as asked (in full,
/// with a status below 400) count as requests and in the times.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Answered requests a second: the headline, pages and parts together.
    pub requests_per_sec: f64,
    /// Mean time from the wish to send, connecting included, to the last byte.
    pub average_request_ms: f64,
    /// Complete page views a second.
    pub pages_per_sec: f64,
    /// How long was measured, without the warm-up.
    pub elapsed_secs: f64,
    /// Answered requests by what they fetched.
    pub requests: Requests,
    /// Times of answered requests: response times, from the instant at which each was due.
    pub request_times: Times,
    /// Service times of the same: from when a connection took each.
    pub service_times: Times,
    /// The mean of these.
    pub average_service_ms: f64,
    /// The load, and what became of it.
    pub load: LoadReport,
    /// What each step of the plan had, parts of pages among them.
    pub steps: Vec<StepReport>,
    /// Complete page views: the HTML and every part arrived.
    pub pages: u64,
    /// Page views of which something failed.
    pub pages_incomplete: u64,
    /// Times of complete page views, from the page's request to its last part.
    pub page_times: Times,
    /// Those of them that were the first of their visitor, who had nothing in the cache.
    pub first_page_times: Times,
    /// All others.
    pub later_page_times: Times,
    /// Parts of pages that were in the browser's cache, and not asked for.
    pub from_cache: u64,
    /// Answers that what the browser has is still good (304).
    pub revalidated: u64,
    /// Who answered.
    pub tiers: Tiers,
    /// Who answered for the pages of the list.
    pub page_tiers: Tiers,
    /// Who answered for the css, js and pictures that they refer to.
    pub file_tiers: Tiers,
    /// What failed.
    pub errors: Errors,
    /// Requests under way at the end; neither answered nor failed.
    pub unfinished: u64,
    /// How long the oldest of them had waited.
    pub unfinished_longest_ms: f64,
    /// Bytes received, heads included.
    pub bytes: u64,
    /// Kept-alive connections that the server closed under a request, which was
    /// then sent once more as a browser does; the time counts from the first.
    pub reconnects: u64,
    /// What the generator itself cost.
    pub generator: Generator,
    /// What the run asked itself; after a failed check its rates and times are not to be believed.
    pub audit: Vec<Check>,
    /// What each second saw; the last may be shorter.
    #[serde(skip)]
    pub(crate) seconds: Vec<SecondTally>,
    /// Response times of answered requests in microseconds, for merging with other runs.
    #[serde(skip)]
    pub request_histogram: Histogram<u64>,
    /// The same by the tier that answered, in the order of [`Tier::ALL`].
    #[serde(skip)]
    pub tier_histograms: [Histogram<u64>; Tier::ALL.len()],
    /// Service times of answered requests in microseconds.
    #[serde(skip)]
    pub service_histogram: Histogram<u64>,
    /// Times of complete page views in microseconds.
    #[serde(skip)]
    pub page_histogram: Histogram<u64>,
    /// Those that were the first of their visitor.
    #[serde(skip)]
    pub first_page_histogram: Histogram<u64>,
    /// All others.
    #[serde(skip)]
    pub later_page_histogram: Histogram<u64>,
    /// How late page views began that had a free browser, in microseconds.
    #[serde(skip)]
    pub lateness_histogram: Histogram<u64>,
}

/// Answered requests by what they fetched.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Requests {
    /// All of them.
    pub total: u64,
    /// Pages of the list.
    pub html: u64,
    /// css and js.
    pub statics: u64,
    /// Pictures.
    pub pictures: u64,
    /// Of all these: answers that pointed elsewhere; they are not followed.
    pub redirects: u64,
}

/// The load, and what became of it.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct LoadReport {
    /// Whether page views were due at planned instants, whatever the server did.
    pub is_open: bool,
    /// Page views that were due in the measured time; for a closed load those that began.
    pub due: u64,
    /// Those that began.
    pub begun: u64,
    /// Those that were given up because no browser was free within the time-out.
    pub skipped: u64,
    /// Those that waited for a browser at the end.
    pub waiting: u64,
    /// How late those began that had a free browser: the generator's own fault.
    pub lateness: Times,
}

/// What the generator itself cost, and how to repeat the run.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Generator {
    /// CPU time of its threads while measuring.
    pub cpu_secs: f64,
    /// The same for each request, answered or failed by status.
    pub cpu_us_per_request: f64,
    /// Which part of the time its threads were busy, 0 to 1.
    pub busy: f64,
    /// Threads.
    pub threads: usize,
    /// Connections.
    pub connections: usize,
    /// Browsers that share them.
    pub browsers: usize,
    /// The seed of every random choice.
    pub seed: u64,
}

impl Generator {
    /// Whether it was busy nearly all the time, and may be the limit itself.
    #[must_use]
    pub fn is_the_limit(&self) -> bool {
        self.busy > BUSY_MAX
    }
}

impl Report {
    pub(crate) fn new(plan: &Plan, tally: Tally) -> Self {
        let named = plan.step_names();
        let (pages_of, files_of) = tally.steps.split_at(named.len());
        let page_tiers = by_tier(pages_of);
        let file_tiers = by_tier(files_of);
        let tiers = by_tier(&tally.steps);
        let all = histogram::sum(&tiers);
        let all_pages = histogram::sum([&tally.first_pages, &tally.later_pages]);
        let (total, pages) = (all.len(), all_pages.len());
        let elapsed_secs = tally.elapsed.as_secs_f64();
        let per_sec = |count: u64| ratio(count as f64, elapsed_secs);
        let average_ms = |sum: Duration| ratio(sum.as_secs_f64() * 1e3, total as f64);
        let failed = |failure: Failure| tally.failures[failure as usize];
        let failed_by_answer = [Failure::Status4xx, Failure::Status5xx, Failure::Unexpected];
        let answers = total + failed_by_answer.map(failed).iter().sum::<u64>();
        let cpu_secs = tally.cpu.as_secs_f64();
        let steps = StepReport::all(&named, &tally.steps);
        let answered_of = |step: usize| steps[step].requests;
        let service = tally.service.clone().unwrap_or_else(|| all.clone());
        let (request_times, lateness) = (Times::of(&all), Times::of(&tally.lateness));
        Self {
            requests_per_sec: per_sec(total),
            average_request_ms: average_ms(tally.time_sum),
            pages_per_sec: per_sec(pages),
            elapsed_secs,
            requests: Requests {
                total,
                html: (0..named.len()).map(answered_of).sum(),
                statics: answered_of(named.len()),
                pictures: answered_of(named.len() + 1),
                redirects: tally.redirects,
            },
            request_times,
            service_times: Times::of(&service),
            average_service_ms: service.mean() / 1e3,
            load: LoadReport {
                is_open: plan.is_open(),
                due: tally.arrivals.due,
                begun: tally.arrivals.begun,
                skipped: tally.arrivals.skipped,
                waiting: tally.arrivals.waiting,
                lateness,
            },
            pages,
            pages_incomplete: tally.pages_incomplete,
            page_times: Times::of(&all_pages),
            first_page_times: Times::of(&tally.first_pages),
            later_page_times: Times::of(&tally.later_pages),
            from_cache: tally.from_cache,
            revalidated: tally.revalidated,
            tiers: Tiers::from_histograms(&tiers),
            page_tiers: Tiers::from_histograms(&page_tiers),
            file_tiers: Tiers::from_histograms(&file_tiers),
            errors: Errors::new(&tally),
            unfinished: tally.unfinished,
            unfinished_longest_ms: tally.unfinished_longest.as_secs_f64() * 1e3,
            bytes: tally.bytes,
            reconnects: tally.reconnects,
            generator: Generator {
                cpu_secs,
                cpu_us_per_request: ratio(cpu_secs * 1e6, answers as f64),
                busy: ratio(cpu_secs, elapsed_secs * plan.threads as f64),
                threads: plan.threads,
                connections: plan.connections,
                browsers: plan.browsers(),
                seed: plan.seed,
            },
            audit: audit::of(plan, &tally, lateness, request_times),
            steps,
            seconds: tally.seconds,
            request_histogram: all,
            tier_histograms: tiers,
            service_histogram: service,
            page_histogram: all_pages,
            first_page_histogram: tally.first_pages,
            later_page_histogram: tally.later_pages,
            lateness_histogram: tally.lateness,
        }
    }

    /// The seconds of the measured time that are whole; of a shorter run, what there is.
    pub(crate) fn whole_seconds(&self) -> &[SecondTally] {
        let whole = (self.elapsed_secs as usize).max(1);
        &self.seconds[..whole.min(self.seconds.len())]
    }

    /// Since when the rate was steady, if it was.
    #[must_use]
    pub fn steady(&self) -> Steady {
        let rates = self
            .whole_seconds()
            .iter()
            .map(|second| second.requests() as f64);
        steady::cut(&rates.collect::<Vec<_>>())
    }

    /// Whether an open load was more than the site could do: fewer than 95 of 100 page views that were due were
    /// over in time, and those that were not are the slowest of all.
    #[must_use]
    pub fn falls_behind(&self) -> bool {
        let over = self.pages + self.pages_incomplete;
        self.load.is_open && (over as f64) < OVER_MIN * self.load.due as f64
    }

    /// The checks that say that the numbers are not to be believed.
    pub fn doubts(&self) -> impl Iterator<Item = &Check> {
        let failed = |check: &&Check| check.result == CheckResult::Failed;
        self.audit.iter().filter(failed)
    }
}

/// A ratio that is 0, not NaN, when there is nothing to divide by.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
