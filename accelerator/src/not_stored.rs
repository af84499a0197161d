//! Why a response was not kept, one name a reason.

/// The reason why a response was not stored, or did not stay.
///
/// Each is counted in [`Stats`](crate::Stats), because the commonest question about a cache is
/// "why was this not in it?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(usize)]
pub enum NotStored {
    /// Only the answer to a GET is stored.
    Method,
    /// Only a 200 is stored; never a 206, a redirect or an error.
    Status,
    /// The handler did not say that anybody may keep it.
    Policy,
    /// nginx would never ask for it: see [`Key`](crate::Key).
    NotAddressable,
    /// The path is of one kind (fingerprinted, derivative), the promise of the other: a hit would carry wrong headers.
    PolicyDoesNotFitPath,
    /// nginx, who knows the type by the extension only, would answer with another one.
    WrongType,
    /// The response sets a cookie, so it was made for one person.
    SetCookie,
    /// The request was signed, so the response may be for one person.
    Authorization,
    /// The response varies by something that is not in the key.
    Vary,
    /// The response came encoded, and a hit could not say so.
    Encoded,
    /// It would have lived for less than a second.
    NoLifetime,
    /// Bigger than an item may be.
    TooLarge,
    /// The body broke off, or nobody waited for its end.
    Incomplete,
    /// Another request made the same file at this moment, and stores it.
    InFlight,
    /// The queue was full: a file can be made again, a visitor cannot wait.
    QueueFull,
    /// The server failed a moment ago and is left alone for a while.
    ServerDown,
    /// The server refused or broke off.
    ServerError,
    /// It was purged while it was made, or the truth says that it is no longer current.
    NoLongerCurrent,
    /// There is no memcached.
    Disabled,
}

impl NotStored {
    /// All reasons, in the order of their numbers.
    pub const ALL: [Self; 19] = [
        Self::Method,
        Self::Status,
        Self::Policy,
        Self::NotAddressable,
        Self::PolicyDoesNotFitPath,
        Self::WrongType,
        Self::SetCookie,
        Self::Authorization,
        Self::Vary,
        Self::Encoded,
        Self::NoLifetime,
        Self::TooLarge,
        Self::Incomplete,
        Self::InFlight,
        Self::QueueFull,
        Self::ServerDown,
        Self::ServerError,
        Self::NoLongerCurrent,
        Self::Disabled,
    ];

    /// Returns a short name, fit for the label of a metric.
    pub fn name(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Status => "status",
            Self::Policy => "policy",
            Self::NotAddressable => "not_addressable",
            Self::PolicyDoesNotFitPath => "policy_does_not_fit_path",
            Self::WrongType => "wrong_type",
            Self::SetCookie => "set_cookie",
            Self::Authorization => "authorization",
            Self::Vary => "vary",
            Self::Encoded => "encoded",
            Self::NoLifetime => "no_lifetime",
            Self::TooLarge => "too_large",
            Self::Incomplete => "incomplete",
            Self::InFlight => "in_flight",
            Self::QueueFull => "queue_full",
            Self::ServerDown => "server_down",
            Self::ServerError => "server_error",
            Self::NoLongerCurrent => "no_longer_current",
            Self::Disabled => "disabled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::NotStored;
    use std::collections::HashSet;

    #[test]
    fn every_reason_stands_at_its_own_number_under_its_own_name() {
        let names: HashSet<_> = NotStored::ALL.iter().map(|reason| reason.name()).collect();
        assert_eq!(names.len(), NotStored::ALL.len());
        for (number, reason) in NotStored::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, number, "{reason:?}");
        }
    }
}
