//! The reasons why a response of the origin is not pushed into memcached.

/// Why a response of the origin is not pushed; one variant a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotPushed {
    /// The request says `no-store`.
    AskedNotTo,
    /// `Cache-Control` forbids, or allows only under a condition.
    Forbidden,
    /// `Cache-Control` contains a directive that a hit could not repeat.
    Directive,
    /// A header that a hit could not repeat.
    Header,
    /// The text has another charset than the one nginx names.
    Charset,
    /// A header about time or caching cannot be parsed with certainty.
    Unreadable,
    /// No header gives a lifetime.
    NoLifetime,
    /// Stale already, or before the lifetime of a hit ends.
    TooShort,
}

impl NotPushed {
    /// Returns a short name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AskedNotTo => "asked-not-to",
            Self::Forbidden => "forbidden",
            Self::Directive => "directive",
            Self::Header => "header",
            Self::Charset => "charset",
            Self::Unreadable => "unreadable",
            Self::NoLifetime => "no-lifetime",
            Self::TooShort => "too-short",
        }
    }
}
