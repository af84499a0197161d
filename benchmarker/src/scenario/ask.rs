use std::time::Duration;

use super::step::Method;

/// What is asked for. All of it is valid until the session is told of the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// The place of the step in [`Scenario::step_names`](super::Scenario::step_names).
    pub(crate) step: u16,
    pub(crate) method: Method,
    /// Path and query, fit for a request line.
    pub(crate) path: &'a str,
    /// Whole lines, each with its end: all but `Host`, `Content-Length` and what every request of a
    /// run has.
    pub(crate) headers: &'a str,
    /// Empty for a get.
    pub(crate) body: &'a [u8],
    /// Whether css, js and pictures of the page are fetched too.
    pub(crate) parts: bool,
    /// Whether [`Answer::body`] is needed.
    pub(crate) wants_body: bool,
    /// How long the visitor waits before.
    pub(crate) think: Duration,
}

/// What came back for an [`Ask`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) location: Option<&'a str>,
    /// The values of all `Set-Cookie` headers.
    pub(crate) set_cookies: &'a [&'a [u8]],
    /// Inflated; may be empty where the ask did not want it.
    pub(crate) body: &'a [u8],
}

/// What an answer means for the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The step is done.
    Done,
    /// The step goes on: [`Session::ask`](super::Session::ask) says where the answer leads to.
    Follow,
    /// The step went wrong.
    Failed(Why),
}

/// Why a step went wrong though there was an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    Status,
    NothingToTake,
    LeadsNowhere,
    LeadsAway,
    LeadsOnAndOn,
}

impl Why {
    /// For the report.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Status => "another status than expected",
            Self::NothingToTake => "nothing to take in the answer",
            Self::LeadsNowhere => "a redirect that names no place",
            Self::LeadsAway => "a redirect to another site",
            Self::LeadsOnAndOn => "redirects without end",
        }
    }
}
