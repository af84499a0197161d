//! One measurement: a request that was answered, or a page view that is over.

use std::time::Duration;

use super::tier::Tier;
use crate::html::Kind;

/// What a request was for: a named step of the plan, or a part of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    Step(u16),
    Part(Kind),
}

/// A request that was answered as expected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestSample {
    pub(crate) kind: RequestKind,
    pub(crate) tier: Tier,
    pub(crate) status: u16,
    /// From the planned instant to the last byte.
    pub(crate) response_time: Duration,
    /// From the instant at which a connection took it to the last byte.
    pub(crate) service_time: Duration,
}

/// A page view that is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageSample {
    pub(crate) took: Duration,
    pub(crate) is_complete: bool,
    /// Whether it was the first of its visitor.
    pub(crate) is_first: bool,
    pub(crate) from_cache: u32,
}
