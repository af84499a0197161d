//! A result as a file: everything that a report shows, what is needed to repeat the run, and the raw
//! counts, so that another day's run can be put beside it.
//!
//! The format is described for other programs by `schema/result-1.json`.

mod file;
mod measured;
mod recorded;
mod times;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use recorded::Recorded;
pub use times::Times;

use crate::LogCounts;
use crate::stats::steady::Steady;

/// The number of the format that is written and read here.
pub const SCHEMA: u32 = 1;

/// The `id` of the script element of an HTML report that holds its result; a page that compares two has
/// both, with `-a` and `-b` after it.
pub const ELEMENT_ID: &str = "benchmarker-result";

/// The result of one run. Times are in milliseconds, rates are a second, shares are from 0 to 1.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Saved {
    /// The format's number.
    pub schema: Schema,
    /// What was loaded: the address of the one page, or of a list that of the site.
    pub target: String,
    /// The command that repeats the run, as one types it.
    pub command: String,
    /// The seed of every random choice.
    pub seed: u64,
    /// When the run began, by RFC 3339.
    pub started: String,
    /// Names and versions of the programs that took part.
    pub versions: BTreeMap<String, String>,
    /// Where it ran.
    pub machine: Machine,
    /// What was asked for.
    pub load: Load,
    /// Answered requests a second.
    pub requests_per_sec: f64,
    /// Mean time of answered requests; 0 without any.
    pub average_request_ms: f64,
    /// Complete page views a second.
    pub pages_per_sec: f64,
    /// How long was measured, without the warm-up.
    pub elapsed_secs: f64,
    /// Requests that were answered as asked.
    pub requests: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Complete page views.
    pub pages: u64,
    /// Page views of which something failed.
    pub pages_incomplete: u64,
    /// Bytes received, heads included.
    pub bytes: u64,
    /// From the planned instant to the last byte: what a visitor waits.
    pub response_times: Times,
    /// From the instant of sending to the last byte: what the server takes.
    pub service_times: Times,
    /// Of all complete page views.
    pub page_times: Times,
    /// Of first visits alone, with an empty cache.
    pub first_visits: Times,
    /// Of repeat visits alone.
    pub repeat_visits: Times,
    /// How much later than planned the generator sent.
    pub send_lateness: Times,
    /// Who answered, over the whole run.
    pub tiers: Vec<TierTimes>,
    /// The steps of the scenario; none if there was none.
    pub steps: Vec<Step>,
    /// What happened in each second, in order.
    pub seconds: Vec<Second>,
    /// What failed, by kind; only kinds that occurred.
    pub failures: Vec<FailureKind>,
    /// What the generator itself cost.
    pub generator: GeneratorCost,
    /// What the tool checked about itself.
    pub audit: Vec<Check>,
    /// Since when the rate was steady.
    pub steady: Steady,
    /// The raw times.
    pub histograms: Histograms,
}

/// The number of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schema(pub u32);

impl Default for Schema {
    fn default() -> Self {
        Self(SCHEMA)
    }
}

/// Where a run took place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Machine {
    /// Name and release of the kernel.
    pub kernel: String,
    /// How many cores the generator could use.
    pub cores: u64,
    /// The model of the processor, as the kernel calls it.
    pub cpu_model: String,
}

/// Who decides when the next request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoadModel {
    /// A user asks again when the last answer has come.
    #[default]
    Closed,
    /// Visitors arrive by plan, however slow the answers are.
    Open,
}

/// What was asked of the target.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Load {
    /// Who decides when to send.
    pub model: LoadModel,
    /// Virtual users, or browsers; none if there were only connections.
    pub users: Option<u64>,
    /// Connections at most.
    pub connections: u64,
    /// Arrivals a second that an open load planned.
    pub offered_per_sec: Option<f64>,
    /// Arrivals that were due; 0 in a closed load.
    pub planned: u64,
    /// Of these, how many were begun.
    pub sent: u64,
    /// Of these, how many were left out because too much was under way.
    pub skipped: u64,
}

/// What one tier answered.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TierTimes {
    /// `memcached`, `page`, `disk`, `app` or `unnamed`.
    pub tier: String,
    /// How many requests.
    pub requests: u64,
    /// How fast.
    pub times: Times,
}

/// One step of a scenario.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Step {
    /// Its name in the scenario.
    pub name: String,
    /// Answered as asked.
    pub requests: u64,
    /// Failed.
    pub failed: u64,
    /// Response times.
    pub times: Times,
    /// Who answered.
    pub tiers: Vec<TierTimes>,
}

/// What happened in one second.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Second {
    /// When it began, counted from the first measured instant.
    pub at_secs: f64,
    /// Answered as asked.
    pub requests: u64,
    /// Failed.
    pub failed: u64,
    /// Complete page views.
    pub pages: u64,
    /// Response times by who answered.
    pub tiers: Vec<TierCounts>,
}

/// Response times of one tier, as counts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TierCounts {
    /// The tier.
    pub tier: String,
    /// How many took how long.
    pub counts: LogCounts,
}

/// Failures of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FailureKind {
    /// The kind: `timeout`, `status 5xx` and so on.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// The first path that failed in this way.
    pub first_path: Option<String>,
}

/// What the generator cost, and whether it was the limit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct GeneratorCost {
    /// Its CPU time a request, in microseconds.
    pub cpu_us_per_request: f64,
    /// Which share of the time its threads were busy.
    pub busy: f64,
    /// Requests a second that it reached against a server that does nothing.
    pub ceiling_per_sec: Option<f64>,
}

/// One thing the tool checked about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Check {
    /// Its name: `Little's law`, `sent + skipped = planned` and so on.
    pub name: String,
    /// Whether it holds.
    pub passed: bool,
    /// The numbers in a sentence.
    pub says: String,
}

/// Raw times in microseconds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Histograms {
    /// Response times of requests.
    pub response: Recorded,
    /// Service times of requests.
    pub service: Recorded,
    /// Page times of first visits.
    pub first_visits: Recorded,
    /// Page times of repeat visits.
    pub repeat_visits: Recorded,
    /// How late the generator sent.
    pub send_lateness: Recorded,
}

impl Saved {
    /// Answered requests of each second, for the steady cut.
    #[must_use]
    pub fn rates(&self) -> Vec<f64> {
        self.seconds
            .iter()
            .map(|second| second.requests as f64)
            .collect()
    }

    /// The checks that failed.
    pub fn failed_checks(&self) -> impl Iterator<Item = &Check> {
        self.audit.iter().filter(|check| !check.passed)
    }

    /// Response times of the whole run by tier, in the order in which tiers appeared.
    #[must_use]
    pub fn counts_by_tier(&self) -> Vec<TierCounts> {
        let mut all: Vec<TierCounts> = Vec::new();
        for TierCounts { tier, counts } in self.seconds.iter().flat_map(|second| &second.tiers) {
            match all.iter_mut().find(|known| known.tier == *tier) {
                Some(known) => known.counts.add(counts),
                None => all.push(TierCounts {
                    tier: tier.clone(),
                    counts: counts.clone(),
                }),
            }
        }
        all
    }
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
