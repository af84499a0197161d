//! The response to a request of a scenario, and what it means for the step.

/// The parts of a response that a session reads.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Response<'a> {
    pub(crate) status: u16,
    pub(crate) location: Option<&'a str>,
    /// The values of all `Set-Cookie` headers.
    pub(crate) set_cookies: &'a [&'a [u8]],
    /// Decompressed. Empty where `Request::wants_body` is false.
    pub(crate) body: &'a [u8],
}

/// What a response means for its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The step is done.
    Done,
    /// A redirect: [`Session::request`](super::Session::request) is now the request to follow it.
    Follow,
    /// The step has failed.
    Failed(FailureReason),
}

/// Why a step failed although a response arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureReason {
    Status,
    NothingToExtract,
    NoLocation,
    OtherSite,
    TooManyRedirects,
}

impl FailureReason {
    /// The text for the report.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Status => "unexpected status",
            Self::NothingToExtract => "no value to take in the response",
            Self::NoLocation => "redirect without a valid Location",
            Self::OtherSite => "redirect to another site",
            Self::TooManyRedirects => "too many redirects",
        }
    }
}
