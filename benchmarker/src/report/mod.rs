//! The result of a run: one type for programs (fields, JSON) and for people (text, HTML page).
//!
//! The JSON is the same for `--json`, `--save` and inside an HTML page: `schema/result-2.json`.

mod audit;
mod errors;
mod evaluate;
mod generator;
mod histograms;
mod json;
mod load;
mod measured;
mod schema;
mod seconds;
mod steps;
mod text;
mod tiers;
mod times;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::measure::LogCounts;
use crate::stats::steady::Steady;

pub use audit::{Check, CheckResult};
pub use errors::Errors;
pub use generator::{Generator, Machine};
pub use histograms::Histograms;
pub use json::ELEMENT_ID;
pub use load::{LoadModel, LoadReport};
pub use schema::{SCHEMA, Schema};
pub use seconds::{Second, TierCounts};
pub use steps::StepReport;
pub use tiers::{TierReport, Tiers};
pub use times::Times;

/// Which share of the page views that are due must be over, or the site falls behind.
const OVER_MIN: f64 = 0.95;

/// The result of a run. Times are in milliseconds, rates a second, shares from 0 to 1.
///
/// Requests, rates and times count only requests that were answered as expected: in full, with a
/// status below 400 or as the scenario expects.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The version of the JSON.
    pub schema: Schema,
    /// The address of the one page, or of a list or scenario that of the site.
    pub target: String,
    /// The command that repeats the run. Empty until the caller sets it.
    pub command: String,
    /// When the run began, by RFC 3339.
    pub started: String,
    /// Names and versions of the programs that took part.
    pub versions: BTreeMap<String, String>,
    /// The machine of the generator.
    pub machine: Machine,
    /// Answered requests a second, pages and parts together: the headline. As JSON this and the next
    /// two are null when a check of the audit failed.
    #[serde(deserialize_with = "schema::null_as_nan")]
    pub requests_per_sec: f64,
    /// Mean response time.
    #[serde(deserialize_with = "schema::null_as_nan")]
    pub average_request_ms: f64,
    /// Complete page views a second.
    #[serde(deserialize_with = "schema::null_as_nan")]
    pub pages_per_sec: f64,
    /// How long was measured, without the warm-up.
    pub elapsed_secs: f64,
    /// Answered requests, by what they fetched.
    pub requests: Requests,
    /// Response times: from the instant at which each request was due to the last byte.
    pub request_times: Times,
    /// Service times: from the instant at which a connection took the request to the last byte.
    pub service_times: Times,
    /// Complete page views: the HTML and every part arrived.
    pub pages: u64,
    /// Page views of which a request failed.
    pub pages_incomplete: u64,
    /// Times of complete page views, from the instant at which each was due to its last part.
    pub page_times: Times,
    /// The first page views of their visitors, with an empty cache.
    pub first_visit_times: Times,
    /// All other page views.
    pub repeat_visit_times: Times,
    /// Parts of pages that were in the browser's cache and not requested.
    pub from_cache: u64,
    /// Responses with status 304.
    pub revalidated: u64,
    /// The load, and what became of it.
    pub load: LoadReport,
    /// Answered requests by the tier that answered.
    pub tiers: Tiers,
    /// The same for pages alone.
    pub page_tiers: Tiers,
    /// The same for css, js and pictures of the pages.
    pub file_tiers: Tiers,
    /// The steps of the plan, then the parts of pages as `css and js` and `pictures`.
    pub steps: Vec<StepReport>,
    /// What each whole second counted; of a run below a second, what there is.
    pub seconds: Vec<Second>,
    /// From which second on the rate was steady.
    pub steady: Steady,
    /// Requests that failed.
    pub errors: Errors,
    /// Requests that were under way at the end, neither answered nor failed.
    pub unfinished: u64,
    /// How long the oldest of them had waited.
    pub unfinished_longest_ms: f64,
    /// Bytes received, heads included.
    pub bytes: u64,
    /// How often the server closed an idle connection as a request was sent on it. The request is then
    /// retried once, as by browsers, and its time includes both.
    pub reconnects: u64,
    /// The generator's configuration and cost.
    pub generator: Generator,
    /// The checks of the run by itself. When one failed, rates and times are not valid.
    pub audit: Vec<Check>,
    /// The raw times.
    pub histograms: Histograms,
}

/// Answered requests, by what they fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Requests {
    /// All of them.
    pub total: u64,
    /// Pages.
    pub html: u64,
    /// Css and js.
    pub statics: u64,
    /// Pictures.
    pub pictures: u64,
    /// Of all these, redirects.
    pub redirects: u64,
}

impl Report {
    /// Whether an open load was more than the site could do: fewer than 95 of 100 page views that were
    /// due were over in time, and the others, the slowest, are in none of the times.
    #[must_use]
    pub fn falls_behind(&self) -> bool {
        let over = self.pages + self.pages_incomplete;
        self.load.is_open() && (over as f64) < OVER_MIN * self.load.due as f64
    }

    /// The checks of the audit that failed.
    pub fn failed_checks(&self) -> impl Iterator<Item = &Check> {
        let failed = |check: &&Check| check.result == CheckResult::Failed;
        self.audit.iter().filter(failed)
    }

    /// Whether a check of the audit failed: rates and times are then not valid.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.failed_checks().next().is_some()
    }

    /// Answered requests of each second, for the steady state.
    #[must_use]
    pub fn rates(&self) -> Vec<f64> {
        self.seconds
            .iter()
            .map(|second| second.requests as f64)
            .collect()
    }

    /// Response times of the whole run by tier, in the order in which the tiers appeared.
    #[must_use]
    pub fn counts_by_tier(&self) -> Vec<TierCounts> {
        let mut all: Vec<TierCounts> = Vec::new();
        for TierCounts { tier, counts } in self.seconds.iter().flat_map(|second| &second.tiers) {
            let index = all.iter().position(|known| known.tier == *tier);
            let index = index.unwrap_or_else(|| {
                all.push(TierCounts {
                    tier: *tier,
                    counts: LogCounts::default(),
                });
                all.len() - 1
            });
            all[index].counts.add(counts);
        }
        all
    }
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
