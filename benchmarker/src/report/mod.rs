//! What a run found, for programs (fields, JSON) and for people (text).

mod moment;
mod tally;
mod text;

use hdrhistogram::Histogram;
use serde::Serialize;

pub use moment::Moment;
pub(crate) use tally::{Tally, micros};

use crate::Plan;

/// Below this many samples the 99.9th percentile is one or two accidents.
const P999_SAMPLES_MIN: u64 = 10_000;

/// Who answered a request, as its `X-Cache` header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// `HIT memcached`.
    Memcached,
    /// `HIT page`: the front's page cache.
    Page,
    /// `HIT disk`: a file the front read.
    Disk,
    /// `MISS`: the application.
    App,
    /// No such header, or one we do not know.
    Unnamed,
}

impl Tier {
    pub(crate) const ALL: [Self; 5] = [
        Self::Memcached,
        Self::Page,
        Self::Disk,
        Self::App,
        Self::Unnamed,
    ];

    pub(crate) fn from_header(value: &[u8]) -> Self {
        match value {
            b"HIT memcached" => Self::Memcached,
            b"HIT page" => Self::Page,
            b"HIT disk" => Self::Disk,
            b"MISS" => Self::App,
            _ => Self::Unnamed,
        }
    }
}

/// In which way a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No connection came about.
    Connect,
    /// Not complete within the time-out.
    Timeout,
    /// The connection ended in the middle of the response.
    Truncated,
    /// The peer reset the connection.
    Reset,
    /// What came is not HTTP/1.1.
    Malformed,
    /// A status from 400 to 499.
    Status4xx,
    /// A status from 500.
    Status5xx,
}

impl Failure {
    pub(crate) const ALL: [Self; 7] = [
        Self::Connect,
        Self::Timeout,
        Self::Truncated,
        Self::Reset,
        Self::Malformed,
        Self::Status4xx,
        Self::Status5xx,
    ];
}

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
    /// Times of answered requests.
    pub request_times: Times,
    /// Complete page views: the HTML and every part arrived.
    pub pages: u64,
    /// Page views of which something failed.
    pub pages_incomplete: u64,
    /// Times of complete page views, from the page's request to its last part.
    pub page_times: Times,
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
    /// Times of answered requests in microseconds, for merging with other runs.
    #[serde(skip)]
    pub request_histogram: Histogram<u64>,
    /// Times of complete page views in microseconds.
    #[serde(skip)]
    pub page_histogram: Histogram<u64>,
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

/// Quantiles in milliseconds; none without samples.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Times {
    /// The median.
    pub p50_ms: Option<f64>,
    /// The 95th percentile.
    pub p95_ms: Option<f64>,
    /// The 99th percentile.
    pub p99_ms: Option<f64>,
    /// The 99.9th percentile; none below 10,000 samples.
    pub p999_ms: Option<f64>,
    /// The longest.
    pub max_ms: Option<f64>,
}

impl Times {
    fn of(histogram: &Histogram<u64>) -> Self {
        let ms = |us: u64| us as f64 / 1000.0;
        let at =
            |quantile| (!histogram.is_empty()).then(|| ms(histogram.value_at_quantile(quantile)));
        Self {
            p50_ms: at(0.5),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            p999_ms: at(0.999).filter(|_| histogram.len() >= P999_SAMPLES_MIN),
            max_ms: (!histogram.is_empty()).then(|| ms(histogram.max())),
        }
    }
}

/// Answered requests by the tier that answered.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Tiers {
    /// memcached, through the front.
    pub memcached: TierReport,
    /// The front's page cache.
    pub page: TierReport,
    /// The front, from disk.
    pub disk: TierReport,
    /// The application.
    pub app: TierReport,
    /// Responses that do not say.
    pub unnamed: TierReport,
}

/// What one tier answered.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct TierReport {
    /// How many requests.
    pub requests: u64,
    /// Which part of all answered requests, 0 to 1.
    pub share: f64,
    /// How fast.
    pub times: Times,
}

/// Requests that failed, by kind.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Errors {
    /// All of them.
    pub total: u64,
    /// No connection came about.
    pub connect: u64,
    /// Not complete within the time-out.
    pub timeout: u64,
    /// The connection ended in the middle of the response.
    pub truncated: u64,
    /// The peer reset the connection.
    pub reset: u64,
    /// What came is not HTTP/1.1.
    pub malformed: u64,
    /// Statuses from 400 to 499.
    pub status_4xx: u64,
    /// Statuses from 500.
    pub status_5xx: u64,
    /// The first path that failed, for each kind that occurred.
    pub first_paths: Vec<(String, String)>,
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

impl Tiers {
    fn of(histograms: &[Histogram<u64>; Tier::ALL.len()]) -> Self {
        let total: u64 = histograms.iter().map(Histogram::len).sum();
        let tier = |tier: Tier| {
            let histogram = &histograms[tier as usize];
            TierReport {
                requests: histogram.len(),
                share: ratio(histogram.len() as f64, total as f64),
                times: Times::of(histogram),
            }
        };
        Self {
            memcached: tier(Tier::Memcached),
            page: tier(Tier::Page),
            disk: tier(Tier::Disk),
            app: tier(Tier::App),
            unnamed: tier(Tier::Unnamed),
        }
    }
}

impl Report {
    pub(crate) fn new(plan: &Plan, tally: Tally) -> Self {
        let tiers = std::array::from_fn(|tier| {
            let mut both = tally.page_tiers[tier].clone();
            tally::merge_histogram(&mut both, &tally.file_tiers[tier]);
            both
        });
        let mut all = tally::histogram();
        tiers
            .iter()
            .for_each(|tier| tally::merge_histogram(&mut all, tier));
        let (total, pages) = (all.len(), tally.pages.len());
        let elapsed_secs = tally.elapsed.as_secs_f64();
        let per_sec = |count: u64| ratio(count as f64, elapsed_secs);
        let failed = |failure: Failure| tally.failures[failure as usize];
        let answers = total + failed(Failure::Status4xx) + failed(Failure::Status5xx);
        let cpu_secs = tally.cpu.as_secs_f64();
        Self {
            requests_per_sec: per_sec(total),
            average_request_ms: ratio(tally.time_sum.as_secs_f64() * 1e3, total as f64),
            pages_per_sec: per_sec(pages),
            elapsed_secs,
            requests: Requests {
                total,
                html: tally.html,
                statics: tally.statics,
                pictures: tally.pictures,
                redirects: tally.redirects,
            },
            request_times: Times::of(&all),
            pages,
            pages_incomplete: tally.pages_incomplete,
            page_times: Times::of(&tally.pages),
            tiers: Tiers::of(&tiers),
            page_tiers: Tiers::of(&tally.page_tiers),
            file_tiers: Tiers::of(&tally.file_tiers),
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
            request_histogram: all,
            page_histogram: tally.pages,
        }
    }
}

impl Errors {
    fn new(tally: &Tally) -> Self {
        let count = |failure: Failure| tally.failures[failure as usize];
        let examples = Failure::ALL.iter().zip(&tally.examples);
        Self {
            total: tally.failures.iter().sum(),
            connect: count(Failure::Connect),
            timeout: count(Failure::Timeout),
            truncated: count(Failure::Truncated),
            reset: count(Failure::Reset),
            malformed: count(Failure::Malformed),
            status_4xx: count(Failure::Status4xx),
            status_5xx: count(Failure::Status5xx),
            first_paths: examples
                .filter_map(|(kind, path)| Some((text::name(*kind).to_owned(), path.clone()?)))
                .collect(),
        }
    }

    /// How many requests failed in this way.
    #[must_use]
    pub fn count(&self, kind: Failure) -> u64 {
        match kind {
            Failure::Connect => self.connect,
            Failure::Timeout => self.timeout,
            Failure::Truncated => self.truncated,
            Failure::Reset => self.reset,
            Failure::Malformed => self.malformed,
            Failure::Status4xx => self.status_4xx,
            Failure::Status5xx => self.status_5xx,
        }
    }
}

/// A ratio that is 0, not NaN, when there is nothing to divide by.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
