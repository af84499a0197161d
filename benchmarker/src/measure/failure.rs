//! The ways in which a request can fail.

use serde::{Deserialize, Serialize};

/// The way in which a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// No connection was established.
    Connect,
    /// Not complete within the timeout.
    Timeout,
    /// The connection ended in the middle of the response.
    Truncated,
    /// The peer reset the connection.
    Reset,
    /// The response is not valid HTTP/1.1.
    Malformed,
    /// A status from 400 to 499.
    #[serde(rename = "status_4xx")]
    Status4xx,
    /// A status from 500.
    #[serde(rename = "status_5xx")]
    Status5xx,
    /// A response that the scenario does not expect.
    Unexpected,
}

impl Failure {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::Connect,
        Self::Timeout,
        Self::Truncated,
        Self::Reset,
        Self::Malformed,
        Self::Status4xx,
        Self::Status5xx,
        Self::Unexpected,
    ];

    /// Its name in text.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Truncated => "truncated",
            Self::Reset => "reset",
            Self::Malformed => "malformed",
            Self::Status4xx => "status 4xx",
            Self::Status5xx => "status 5xx",
            Self::Unexpected => "unexpected",
        }
    }
}
