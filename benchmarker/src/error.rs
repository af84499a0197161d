//! The errors of a run as a whole.

use std::io;

/// Why a run did not begin, or could not go on.
///
/// A request that fails is not an error: the [`Report`](crate::Report) counts it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plan, or a file, is not valid; the sentence names what to change.
    #[error("{0}")]
    Invalid(String),
    /// The target is not a loopback address, and not declared one's own.
    #[error(
        "{0} is not this machine: load is sent to loopback addresses only; \
         add --i-own-this-host if the host is yours"
    )]
    NotLoopback(String),
    /// No connection was accepted before the run.
    #[error("nothing answers at {at}: {cause}; start the site, or correct the address")]
    NothingAnswers {
        /// The address, as in the plan.
        at: String,
        /// The error of the system.
        cause: io::Error,
    },
    /// The system refused something that the generator needs.
    #[error("{doing}: {cause}")]
    System {
        /// What the generator was doing.
        doing: &'static str,
        /// The error of the system.
        cause: io::Error,
    },
}

impl Error {
    pub(crate) fn invalid(sentence: impl Into<String>) -> Self {
        Self::Invalid(sentence.into())
    }
}
