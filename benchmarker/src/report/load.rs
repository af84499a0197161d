//! The load of a run, and what became of its page views.

use serde::{Deserialize, Serialize};

use super::times::Times;

/// What decides when a page view begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoadModel {
    /// The end of the last one: a slow server gets fewer requests.
    #[default]
    Closed,
    /// A schedule, however slow the server is.
    Open,
}

/// The load, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LoadReport {
    /// What decides when a page view begins.
    pub model: LoadModel,
    /// Page views a second that an open load offered; none in a closed load.
    pub offered_per_sec: Option<f64>,
    /// Page views that were due in the measured time; in a closed load those that began.
    pub due: u64,
    /// Of these, how many began.
    pub begun: u64,
    /// Of these, how many were skipped because no browser was free within the timeout.
    pub skipped: u64,
    /// Of these, how many waited for a browser at the end.
    pub waiting: u64,
    /// How late the page views began for which a browser was free: the generator's own delay.
    pub lateness: Times,
}

impl LoadReport {
    /// Whether page views were due at planned instants.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.model == LoadModel::Open
    }
}
