//! What each step of a plan had.

use hdrhistogram::Histogram;
use serde::Serialize;

use super::{Tiers, Times};
use crate::measure::{StepTally, Tier, by_tier, histogram};

/// How many kinds of parts stand behind the named steps.
pub(super) const PARTS: usize = NAMES.len();
/// What the parts of pages are called in reports, as if they were steps.
const NAMES: [&str; 2] = ["css and js", "pictures"];

/// What one step of the plan had.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct StepReport {
    /// Its name; of the parts of pages `css and js` or `pictures`.
    pub name: String,
    /// Requests that were answered as asked.
    pub requests: u64,
    /// Requests that failed.
    pub failed: u64,
    /// How fast, from the instants at which they were due.
    pub times: Times,
    /// Who answered.
    pub tiers: Tiers,
    /// The times in microseconds by the tier that answered, in the order of [`Tier::ALL`].
    #[serde(skip)]
    pub histograms: [Histogram<u64>; Tier::ALL.len()],
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
                    histograms: tiers,
                }
            })
            .collect()
    }
}
