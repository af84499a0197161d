use std::io;

/// Why a run did not begin, or could not go on.
///
/// Failures of single requests are no errors: they are counted in the
/// [`Report`](crate::Report).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plan makes no sense; the sentence says what to change.
    #[error("{0}")]
    Invalid(String),
    /// The target is somebody else's machine, as far as we can see.
    #[error(
        "{0} is not this machine: load may only be sent to loopback addresses, \
         or with --i-own-this-host to a host that is yours"
    )]
    NotLoopback(String),
    /// Nobody accepted a connection before the run.
    #[error("nothing answers at {at}: {cause}")]
    NothingAnswers {
        /// The address as the plan named it.
        at: String,
        /// What the system said.
        cause: io::Error,
    },
    /// This machine refused something the generator needs.
    #[error("{doing}: {cause}")]
    System {
        /// What we were doing.
        doing: &'static str,
        /// What the system said.
        cause: io::Error,
    },
}

impl Error {
    pub(crate) fn invalid(sentence: impl Into<String>) -> Self {
        Self::Invalid(sentence.into())
    }
}
