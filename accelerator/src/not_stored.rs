//! The reasons why a response is not stored: a name, a sentence and advice for each.

/// Why a response was not stored, or did not stay.
///
/// Each reason is counted in [`Stats`](crate::Stats), because the most common question about a cache is
/// "why is this not in it?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(usize)]
pub enum NotStored {
    /// The request was not a GET.
    Method,
    /// The status was not 200: a 206, a redirect or an error is never stored.
    Status,
    /// The handler attached no public [`Policy`](crate::Policy).
    Policy,
    /// The path has no [`Key`](crate::Key), so nginx would never look it up.
    NotAddressable,
    /// The path is of one kind (fingerprinted, derivative), the policy of the other: a hit would have wrong headers.
    PolicyDoesNotFitPath,
    /// nginx, which derives the type from the extension, would send another one.
    WrongType,
    /// The response sets a cookie, so it was made for one person.
    SetCookie,
    /// The request carried `Authorization`, so the response may be for one person.
    Authorization,
    /// The response varies by a header that is not in the key.
    Vary,
    /// The response has a `Content-Encoding`, which a hit could not repeat.
    Encoded,
    /// It would have lived for less than a second.
    NoLifetime,
    /// Larger than an item may be.
    TooLarge,
    /// The body broke off, or every client left before its end.
    Incomplete,
    /// A concurrent request rendered the same file, and stores it.
    InFlight,
    /// The queue was full: a file can be rendered again, a client cannot wait.
    QueueFull,
    /// The server failed a moment ago and is skipped for a while.
    ServerDown,
    /// The server refused, or the connection broke off.
    ServerError,
    /// It was purged while it was rendered, or [`Validity`](crate::Validity) did not confirm that it is current.
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

    /// Returns the reason as the end of the sentence "The response was not stored: ...".
    pub fn why(self) -> &'static str {
        match self {
            Self::Method => "the request was not a GET",
            Self::Status => "its status is not 200",
            Self::Policy => "its handler attached no public policy",
            Self::NotAddressable => "its path has no key, so nginx never looks it up",
            Self::PolicyDoesNotFitPath => {
                "its policy does not fit its path: Immutable is for /static/, Purgeable for /i/"
            }
            Self::WrongType => {
                "its Content-Type is not that of its extension, which nginx would send, or is never stored"
            }
            Self::SetCookie => "it sets a cookie, so it was made for one person",
            Self::Authorization => {
                "the request carried Authorization, so the response may be for one person"
            }
            Self::Vary => "it varies by more than the encoding",
            Self::Encoded => "it has a Content-Encoding, which a hit could not repeat",
            Self::NoLifetime => "it would live for less than a second",
            Self::TooLarge => "it is larger than an item may be",
            Self::Incomplete => "its body broke off, or every client left before its end",
            Self::InFlight => "a concurrent request is storing the same file",
            Self::QueueFull => {
                "the queue to memcached is full, and a store never delays a response"
            }
            Self::ServerDown => {
                "its memcached failed a moment ago and is skipped for up to 5 seconds"
            }
            Self::ServerError => "memcached refused it, or the connection broke off",
            Self::NoLongerCurrent => {
                "it was purged while it was rendered, or the site did not confirm that it is still current"
            }
            Self::Disabled => "this process has no memcached",
        }
    }

    /// Returns what to do about it, in a sentence.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Method | Self::Status => "Nothing to do: only a complete 200 to a GET is stored.",
            Self::Policy => {
                "If everyone may see it, attach Policy::Purgeable below /i/ or Policy::Immutable below /static/."
            }
            Self::NotAddressable => {
                "Give the file a path with a key; Key::parse returns what is wrong with this one."
            }
            Self::PolicyDoesNotFitPath => "Make path and policy agree.",
            Self::WrongType => {
                "Make extension and Content-Type agree; the table is accelerator::media::TABLE."
            }
            Self::SetCookie => "Set no cookie with a file.",
            Self::Authorization => {
                "If everyone may see the file, request it without Authorization."
            }
            Self::Vary => "Put what it varies by into its URL.",
            Self::Encoded => "Send it without an encoding; the accelerator gzips text itself.",
            Self::NoLifetime => "Attach a longer StoredFor, or none.",
            Self::TooLarge => {
                "Make it smaller, or let nginx send it from disk. The limit is Options::item_len_max, below memcached's -I."
            }
            Self::Incomplete => "Look for an error in the application's log.",
            Self::InFlight => "Nothing to do: the next request is a hit.",
            Self::QueueFull => {
                "Nothing to do if it is rare: the next request stores it. If it is frequent, memcached is too slow or too busy."
            }
            Self::ServerDown => {
                "Request it again in a few seconds; if it stays so, look at that memcached."
            }
            Self::ServerError => "Look at memcached: its memory, its -I and its connections.",
            Self::NoLongerCurrent => {
                "Nothing to do if it was deleted. Otherwise look at the site's Validity, often its database."
            }
            Self::Disabled => "Give the accelerator a server (Options::servers).",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::NotStored;
    use std::collections::HashSet;

    #[test]
    fn every_reason_has_a_clause_of_its_own_and_advice_in_a_sentence() {
        let reasons: HashSet<_> = NotStored::ALL.iter().map(|reason| reason.why()).collect();
        assert_eq!(reasons.len(), NotStored::ALL.len());
        for reason in NotStored::ALL {
            let (why, advice) = (reason.why(), reason.advice());
            assert!(!why.ends_with('.'), "{reason:?}: a clause: {why}");
            assert!(advice.ends_with('.'), "{reason:?}: a sentence: {advice}");
        }
    }

    #[test]
    fn every_reason_stands_at_its_own_number_under_its_own_name() {
        let names: HashSet<_> = NotStored::ALL.iter().map(|reason| reason.name()).collect();
        assert_eq!(names.len(), NotStored::ALL.len());
        for (number, reason) in NotStored::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, number, "{reason:?}");
        }
    }
}
