//! The tier that answered a request: memcached, the front's page cache, its disk, or the application.

use serde::{Deserialize, Serialize};

/// The tier that answered a request, by the `X-Cache` header of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// `HIT memcached`.
    Memcached,
    /// `HIT page`: the front's page cache.
    Page,
    /// `HIT disk`: a file that the front read.
    Disk,
    /// `MISS`: the application.
    App,
    /// No such header, or an unknown value.
    Unnamed,
}

impl Tier {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 5] = [
        Self::Memcached,
        Self::Page,
        Self::Disk,
        Self::App,
        Self::Unnamed,
    ];

    /// Its name, the same in text and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Memcached => "memcached",
            Self::Page => "page",
            Self::Disk => "disk",
            Self::App => "app",
            Self::Unnamed => "unnamed",
        }
    }

    /// The tier of a value of `X-Cache`.
    pub(crate) fn from_header(value: &[u8]) -> Self {
        match value {
            b"HIT memcached" => Self::Memcached,
            b"HIT page" => Self::Page,
            b"HIT disk" => Self::Disk,
            b"MISS" => Self::App,
            _ => Self::Unnamed,
        }
    }
}
