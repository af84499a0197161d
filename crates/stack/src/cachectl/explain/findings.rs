//! The facts found about a URL.

use std::net::SocketAddr;

use serde::Serialize;

use super::compare::Agreement;

/// All facts about one URL.
#[derive(Debug, Clone, Serialize)]
pub struct Findings {
    /// The request target.
    pub path: String,
    /// The key with which nginx asks memcached; `None` if it does not ask.
    pub key: Option<KeyFacts>,
    /// Why nginx does not ask.
    pub no_key: Option<NoKeyFacts>,
    /// The servers in the order in which nginx tries them.
    pub servers: Vec<ServerFacts>,
    /// The response of the app; `None` if it was not asked.
    pub app: Option<AppFacts>,
    /// The response to a client now; `None` if it was not requested.
    pub visitor: Option<VisitorFacts>,
    /// What the facts mean.
    pub verdict: Verdict,
}

/// What the facts mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether the next request is answered from memcached.
    pub is_cached: bool,
    /// The name of the case, for programs.
    pub case: &'static str,
    /// Why it is or is not cached.
    pub why: String,
    /// What to do about it.
    pub advice: String,
}

/// Why nginx does not ask memcached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoKeyFacts {
    /// Its name, for programs.
    pub name: &'static str,
    /// The reason, as the end of a sentence with "because".
    pub because: String,
}

/// The facts that follow from the path alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyFacts {
    /// The key, as sent to memcached.
    pub text: String,
    /// Whether its bytes can never change, because the path contains their fingerprint.
    pub is_fingerprinted: bool,
    /// The `Cache-Control` header for browsers.
    pub cache_control: String,
    /// The `ETag` with which nginx alone returns 304; `None` for a file that may be deleted.
    pub etag: Option<String>,
}

/// One memcached server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerFacts {
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether nginx asks it for this key, and the app stores it there.
    pub is_asked: bool,
    /// What it held before the request to the app.
    pub before: Lookup,
    /// What it held afterwards; `None` if the app was not asked.
    pub after: Option<Lookup>,
}

/// The result of one lookup on one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lookup {
    /// The item is there.
    There(StoredItem),
    /// The item is not there.
    Absent {
        /// The uptime of this memcached: it was empty when it started.
        uptime_seconds: u64,
        /// How many items it has evicted since.
        evictions: u64,
    },
    /// No response, and the error.
    Silent(String),
}

impl Lookup {
    /// Returns the item, if it is there.
    pub fn held(&self) -> Option<&StoredItem> {
        match self {
            Self::There(held) => Some(held),
            Self::Absent { .. } | Self::Silent(_) => None,
        }
    }
}

/// An item in memcached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredItem {
    /// The stored length, in bytes.
    pub bytes: usize,
    /// Its flags: 2 for gzip, else 0.
    pub flags: u32,
    /// When it expires; `None` if it stays until it is evicted.
    pub seconds_left: Option<u64>,
    /// How long ago it was stored or last fetched.
    pub idle_seconds: u64,
    /// Whether it has been fetched since it was stored.
    pub was_fetched: bool,
    /// The CAS number: changes each time the key is stored.
    pub version: u64,
    /// How it compares with the app's response; `None` if that is not a file.
    pub agreement: Option<Agreement>,
}

/// The response of one app process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppFacts {
    /// It responded.
    Answers {
        /// The name of the process.
        process: String,
        /// The status.
        status: u16,
        /// The length of the body as sent, gzipped or not.
        bytes: usize,
        /// Whether the body is gzipped.
        is_gzip: bool,
        /// The `Content-Type` header.
        content_type: String,
        /// The `Cache-Control` header for browsers.
        cache_control: String,
        /// The accelerator's `Cache-Status` header (RFC 9211), if it sends one.
        cache_status: Option<String>,
        /// Why it was not stored, by the accelerator's names; several if concurrent requests were counted too.
        not_stored: Vec<&'static str>,
    },
    /// No process responded, and the error.
    Silent(String),
}

/// The response to a client from nginx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VisitorFacts {
    /// The status.
    pub status: u16,
    /// Where the response came from, by its `X-Cache` header.
    pub answered_by: String,
    /// Whether the bytes are those of the app; `None` if there was nothing to compare.
    pub is_same: Option<bool>,
}
