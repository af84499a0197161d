//! The rungs of the ladder: one site in the versions of the talk. A step changes one thing.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// One version of the site: the same router, schema and templates, put together differently.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    ValueEnum,
    Serialize,
    Deserialize,
)]
pub enum Rung {
    /// A process and a database connection for every request.
    #[value(name = "0.1")]
    #[serde(rename = "0.1")]
    CgiStrawman,
    /// One process that listens itself, everything set up once.
    #[value(name = "0.2")]
    #[serde(rename = "0.2")]
    OneServer,
    /// nginx in front of a process a core; files still by the app.
    #[value(name = "0.3")]
    #[serde(rename = "0.3")]
    SharedNothing,
    /// nginx answers files from memcached, where the app pushed them on their first request.
    #[default]
    #[value(name = "0.4")]
    #[serde(rename = "0.4")]
    CacheMoney,
}

/// The server that accepts the requests of visitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// nginx, which has a program started for every request.
    NginxAndCgi,
    /// The one app process itself.
    App,
    /// nginx, which passes requests on to app processes.
    Nginx,
}

/// The server of static files and of pictures that are already rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// nginx, from disk.
    FrontFromDisk,
    /// The app, from disk.
    AppFromDisk,
    /// nginx from memcached, and the app on a miss.
    Memcached,
}

impl Rung {
    /// All of them, from the bottom.
    pub const ALL: [Self; 4] = [
        Self::CgiStrawman,
        Self::OneServer,
        Self::SharedNothing,
        Self::CacheMoney,
    ];

    /// Its number in the talk.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Self::CgiStrawman => "0.1",
            Self::OneServer => "0.2",
            Self::SharedNothing => "0.3",
            Self::CacheMoney => "0.4",
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CgiStrawman => "The CGI Strawman",
            Self::OneServer => "A slice of axum",
            Self::SharedNothing => "Have your axum and eat it too",
            Self::CacheMoney => "Cache money",
        }
    }

    /// The server that accepts the requests of visitors.
    #[must_use]
    pub fn front(self) -> Front {
        match self {
            Self::CgiStrawman => Front::NginxAndCgi,
            Self::OneServer => Front::App,
            Self::SharedNothing | Self::CacheMoney => Front::Nginx,
        }
    }

    /// The server of files.
    #[must_use]
    pub fn files(self) -> Files {
        match self {
            Self::CgiStrawman => Files::FrontFromDisk,
            Self::OneServer | Self::SharedNothing => Files::AppFromDisk,
            Self::CacheMoney => Files::Memcached,
        }
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.version())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rung_is_said_as_it_is_shown() {
        for rung in Rung::ALL {
            assert_eq!(Rung::from_str(&rung.to_string(), false), Ok(rung));
        }
        assert!(Rung::from_str("0.5", false).is_err());
    }
}
