//! Errors of the database that pass: the same request may succeed a moment later.

use sqlx::Error;

/// Why a statement failed, where that passes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The database shuts down, crashed or starts, or all connections are taken.
    Away,
    /// The disk is full: nothing was written.
    DiskFull,
    /// The database ended the statement, because it took too long or to resolve a deadlock: nothing was written.
    Ended,
}

impl Trouble {
    /// The trouble behind an error; `None` if the same statement would fail again.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        match error {
            Error::PoolTimedOut | Error::Io(_) => Some(Self::Away),
            Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                of_server(&code, error.message())
            }
            _ => None,
        }
    }
}

/// Trouble that the server reports, by its SQLSTATE (PostgreSQL's Appendix A).
fn of_server(code: &str, message: &str) -> Option<Trouble> {
    match code {
        "53100" => Some(Trouble::DiskFull),
        // PostgreSQL 15 writes a file for the first connection after a change of its catalogue, and reports
        // a full disk there as an internal error, which ends the connection.
        "XX000" if message.contains("could not write init file") => Some(Trouble::DiskFull),
        // The statement's timeout passed; it was ended so that another could go on.
        "57014" | "40P01" => Some(Trouble::Ended),
        // Class 53: out of memory, too many connections. Class 57P: shut down, crashed, starting.
        _ if code.starts_with("53") || code.starts_with("57P") => Some(Trouble::Away),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        for (code, message, trouble) in [
            ("53100", "could not extend file", Some(Trouble::DiskFull)),
            (
                "XX000",
                "could not write init file",
                Some(Trouble::DiskFull),
            ),
            ("53200", "out of memory", Some(Trouble::Away)),
            (
                "53300",
                "sorry, too many clients already",
                Some(Trouble::Away),
            ),
            (
                "57P03",
                "the database system is starting up",
                Some(Trouble::Away),
            ),
            (
                "57014",
                "canceling statement due to statement timeout",
                Some(Trouble::Ended),
            ),
            ("40P01", "deadlock detected", Some(Trouble::Ended)),
            ("XX000", "cache lookup failed", None),
            ("23505", "duplicate key", None),
        ] {
            assert_eq!(of_server(code, message), trouble, "{code} {message}");
        }
        assert_eq!(Trouble::of(&Error::PoolTimedOut), Some(Trouble::Away));
        assert_eq!(Trouble::of(&Error::RowNotFound), None);
    }
}
