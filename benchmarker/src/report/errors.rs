//! Requests that failed, by kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::measure::{Failure, Tally};

/// Requests that failed, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Errors {
    /// All of them.
    pub total: u64,
    /// No connection was established.
    pub connect: u64,
    /// Not complete within the timeout.
    pub timeout: u64,
    /// The connection ended in the middle of the response.
    pub truncated: u64,
    /// The peer reset the connection.
    pub reset: u64,
    /// The response was not valid HTTP/1.1.
    pub malformed: u64,
    /// Statuses from 400 to 499.
    pub status_4xx: u64,
    /// Statuses from 500.
    pub status_5xx: u64,
    /// Responses that the scenario does not expect.
    pub unexpected: u64,
    /// The first path that failed, for each kind that occurred.
    pub first_paths: BTreeMap<Failure, String>,
}

impl Errors {
    pub(super) fn new(tally: &Tally) -> Self {
        let count = |failure: Failure| tally.failures[failure as usize];
        let first_paths = Failure::ALL.into_iter().zip(&tally.first_paths);
        Self {
            total: tally.failures.iter().sum(),
            connect: count(Failure::Connect),
            timeout: count(Failure::Timeout),
            truncated: count(Failure::Truncated),
            reset: count(Failure::Reset),
            malformed: count(Failure::Malformed),
            status_4xx: count(Failure::Status4xx),
            status_5xx: count(Failure::Status5xx),
            unexpected: count(Failure::Unexpected),
            first_paths: first_paths
                .filter_map(|(kind, path)| Some((kind, path.clone()?)))
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
            Failure::Unexpected => self.unexpected,
        }
    }

    /// The kinds that occurred, with their counts.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (Failure, u64)> {
        let all = Failure::ALL
            .into_iter()
            .map(|kind| (kind, self.count(kind)));
        all.filter(|(_, count)| *count > 0)
    }
}
