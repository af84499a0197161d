//! Transient errors of the database: the same request may succeed a moment later.

use sqlx::Error;

/// The kinds of transient errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransientError {
    /// The database shuts down, crashed or starts, or all connections are taken.
    Unavailable,
    /// The disk is full: nothing was written.
    DiskFull,
    /// The database ended the statement, because it took too long or to resolve a deadlock: nothing was written.
    Cancelled,
}

impl TransientError {
    /// Classifies an error; `None` if it is permanent.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        match error {
            Error::PoolTimedOut | Error::Io(_) => Some(Self::Unavailable),
            Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                of_server(&code, error.message())
            }
            _ => None,
        }
    }
}

/// Classifies an error of the server by its SQLSTATE (PostgreSQL's Appendix A).
fn of_server(code: &str, message: &str) -> Option<TransientError> {
    match code {
        "53100" => Some(TransientError::DiskFull),
        // PostgreSQL 15 writes a file for the first connection after a change of its catalogue, and reports
        // a full disk there as an internal error, which ends the connection.
        "XX000" if message.contains("could not write init file") => Some(TransientError::DiskFull),
        // The statement's timeout, or a deadlock.
        "57014" | "40P01" => Some(TransientError::Cancelled),
        // Class 53: out of memory, too many connections. Class 57P: shut down, crashed, starting.
        _ if code.starts_with("53") || code.starts_with("57P") => Some(TransientError::Unavailable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        for (code, message, kind) in [
            (
                "53100",
                "could not extend file",
                Some(TransientError::DiskFull),
            ),
            (
                "XX000",
                "could not write init file",
                Some(TransientError::DiskFull),
            ),
            ("53200", "out of memory", Some(TransientError::Unavailable)),
            (
                "53300",
                "sorry, too many clients already",
                Some(TransientError::Unavailable),
            ),
            (
                "57P03",
                "the database system is starting up",
                Some(TransientError::Unavailable),
            ),
            (
                "57014",
                "canceling statement due to statement timeout",
                Some(TransientError::Cancelled),
            ),
            (
                "40P01",
                "deadlock detected",
                Some(TransientError::Cancelled),
            ),
            ("XX000", "cache lookup failed", None),
            ("23505", "duplicate key", None),
        ] {
            assert_eq!(of_server(code, message), kind, "{code} {message}");
        }
        assert_eq!(
            TransientError::of(&Error::PoolTimedOut),
            Some(TransientError::Unavailable)
        );
        assert_eq!(TransientError::of(&Error::RowNotFound), None);
    }
}
