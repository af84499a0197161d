//! What was found out about a URL, fact by fact.

use std::net::SocketAddr;

use serde::Serialize;

use super::compare::Agreement;

/// Everything that is known about one URL.
#[derive(Debug, Clone, Serialize)]
pub struct Findings {
    /// What a browser asks for.
    pub path: String,
    /// Under which key nginx asks memcached; none if it does not ask.
    pub key: Option<KeyFacts>,
    /// Why it does not.
    pub no_key: Option<NoKeyFacts>,
    /// The servers in the order in which nginx tries them.
    pub servers: Vec<ServerFacts>,
    /// What the app says; none if it was not asked.
    pub app: Option<AppFacts>,
    /// What a visitor gets now; none if it was not tried.
    pub visitor: Option<VisitorFacts>,
    /// What all this means.
    pub verdict: Verdict,
}

/// What it all means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether the next visitor is answered from memcached.
    pub is_cached: bool,
    /// A word for the case, for programs.
    pub case: &'static str,
    /// Why it is or is not cached.
    pub why: String,
    /// What to do about it.
    pub advice: String,
}

/// Why nginx does not ask memcached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoKeyFacts {
    /// A word for programs.
    pub name: &'static str,
    /// What stands behind "because".
    pub because: String,
}

/// What the path alone says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyFacts {
    /// The key, as memcached sees it.
    pub text: String,
    /// Whether its bytes can never change, because their fingerprint stands in the path.
    pub is_fingerprinted: bool,
    /// What browsers are told.
    pub cache_control: String,
    /// The tag for which nginx alone answers 304; none for what may be deleted.
    pub etag: Option<String>,
}

/// One memcached server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerFacts {
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether nginx asks it for this key, and the app stores it there.
    pub is_asked: bool,
    /// What it held before the app was asked.
    pub before: Look,
    /// What it holds after; none if the app was not asked.
    pub after: Option<Look>,
}

/// What one look at one server found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Look {
    /// The item is there.
    There(Held),
    /// It is not.
    Absent {
        /// How long this memcached runs: it was empty when it started.
        uptime_seconds: u64,
        /// How many items had to go for others since.
        evictions: u64,
    },
    /// No answer, and what came instead.
    Silent(String),
}

impl Look {
    /// The item, if it is there.
    pub fn held(&self) -> Option<&Held> {
        match self {
            Self::There(held) => Some(held),
            Self::Absent { .. } | Self::Silent(_) => None,
        }
    }
}

/// An item in memcached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// How many bytes, as they are stored.
    pub bytes: usize,
    /// Its flags: 2 for gzip, else 0.
    pub flags: u32,
    /// How long it stays, if nothing needs its room before.
    pub seconds_left: Option<u64>,
    /// How long ago it was stored or last fetched.
    pub idle_seconds: u64,
    /// Whether anybody has fetched it.
    pub was_fetched: bool,
    /// Another number for each time that something is stored.
    pub version: u64,
    /// How it stands to what the app answers; none if that is no file.
    pub agreement: Option<Agreement>,
}

/// What one app process says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppFacts {
    /// It answers.
    Answers {
        /// Which process.
        process: String,
        /// The status.
        status: u16,
        /// How many bytes it sent, gzipped or not.
        bytes: usize,
        /// Whether it sent them gzipped.
        is_gzip: bool,
        /// Its type.
        content_type: String,
        /// What browsers are told.
        cache_control: String,
        /// What the accelerator said of it (RFC 9211), if it says such things.
        cache_status: Option<String>,
        /// Why it was not stored, by the accelerator's own names; several if others asked meanwhile.
        not_stored: Vec<&'static str>,
    },
    /// None of them answers, and what came instead.
    Silent(String),
}

/// What a visitor gets from nginx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VisitorFacts {
    /// The status.
    pub status: u16,
    /// Who answered, as `X-Cache` says.
    pub answered_by: String,
    /// Whether the bytes are those of the app; none if there was nothing to compare.
    pub is_same: Option<bool>,
}
