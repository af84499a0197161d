//! The requests of each step of a plan.

use serde::{Deserialize, Serialize};

use super::tiers::Tiers;
use super::times::Times;
use crate::measure::{StepTally, by_tier, histogram};

/// How many kinds of parts follow the named steps.
pub(super) const PARTS: usize = NAMES.len();
/// The names of the parts of pages in reports, as if they were steps.
const NAMES: [&str; 2] = ["css and js", "pictures"];

/// The requests of one step.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepReport {
    /// Its name; for the parts of pages `css and js` or `pictures`.
    pub name: String,
    /// Requests that were answered as expected.
    pub requests: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Response times.
    pub times: Times,
    /// Answered requests by the tier that answered.
    pub tiers: Tiers,
}

impl StepReport {
    pub(super) fn all(named: &[Box<str>], tallies: &[StepTally]) -> Vec<Self> {
        let names = named.iter().map(AsRef::as_ref).chain(NAMES);
        names
            .zip(tallies)
            .map(|(name, step)| {
                let tiers = by_tier(std::slice::from_ref(step));
                let all = histogram::sum(&tiers);
                Self {
                    name: name.to_owned(),
                    requests: all.len(),
                    failed: step.failed,
                    times: Times::of(&all),
                    tiers: Tiers::from_histograms(&tiers),
                }
            })
            .collect()
    }
}
