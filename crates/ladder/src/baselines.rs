//! Baselines: the figures of the talks themselves, and the talk's own stack measured on today's machine.

use std::path::Path;

use anyhow::{Context as _, Result};
use domain::rung::Rung;
use serde_json::Value;

use super::numbers::{factor, rate};
use super::record::Step;

/// What the talk of 2007 showed, in requests a second on a machine of 2007, and in brackets what a
/// listener wrote down of another showing. Past 0.3 its figures have no version of their own here.
pub(super) fn talk_of_2007(step: Step) -> &'static str {
    match step {
        Step::Version(Rung::CgiStrawman) => "50 (23)",
        Step::Version(Rung::OneServer) => "180 (139)",
        Step::Version(Rung::SharedNothing) => "250 (217)",
        Step::Version(Rung::CacheMoney) => "350 to 1,000 (616)",
        Step::WithoutIndex => "(28)",
        Step::IndexAgain => "",
    }
}

/// The talks' own figures in their own order, and where they come from.
pub(super) const TALKS: &str = "The talk of 2007 showed 50, 180, 250, 350, 550 and 1,000 requests/s on a \
    machine of 2007; in brackets what a [listener](https://www.yergler.net/2007/02/24/scaling-python-on-the-web/) \
    noted. The Django talk, whose steps are others, went from 28 by 72, about 140 and 166 to 456.";

/// The talk's own stack on the same machine and data, by version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Baselines(Vec<Baseline>);

#[derive(Debug, Clone, PartialEq)]
struct Baseline {
    version: String,
    pages_per_sec: f64,
    /// How many times as fast this site was, in the same run.
    factor: f64,
}

impl Baselines {
    /// Reads the file that `make demo-peers` writes; `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// When the file has another format.
    pub fn read(file: &Path) -> Result<Option<Self>> {
        let Ok(text) = std::fs::read_to_string(file) else {
            return Ok(None);
        };
        let peers = Self::parse(&text)
            .with_context(|| format!("{} is not what `make demo-peers` writes", file.display()))?;
        Ok(Some(peers))
    }

    fn parse(text: &str) -> Option<Self> {
        let all: Value = serde_json::from_str(text).ok()?;
        let rungs = all["rungs"].as_array()?.iter();
        let peers = rungs.map(|rung| {
            Some(Baseline {
                version: rung["version"].as_str()?.to_owned(),
                pages_per_sec: rung["peer"]["pages_per_sec"].as_f64()?,
                factor: rung["factor"]["median"].as_f64()?,
            })
        });
        peers.collect::<Option<_>>().map(Self)
    }

    /// The rate of the stack in this version, and the factor of this site over it; empty if the stack has no such
    /// version.
    pub(super) fn cell(&self, step: Step) -> String {
        let Step::Version(rung) = step else {
            return String::new();
        };
        let mut peers = self.0.iter();
        let peer = peers.find(|peer| peer.version == rung.version());
        peer.map_or_else(String::new, |peer| {
            let (pages, ours) = (rate(peer.pages_per_sec), factor(peer.factor));
            format!("{pages} (ours {ours})")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_of_the_talks_own_stack_is_found_and_something_else_refused() {
        let text = r#"{"rungs": [{"version": "0.1", "peer": {"pages_per_sec": 19.4},
            "factor": {"median": 12.25, "min": 12, "max": 13}}]}"#;
        let peers = Baselines::parse(text).unwrap();
        assert_eq!(peers.cell(Step::ALL[0]), "19 (ours x12)");
        assert_eq!(peers.cell(Step::ALL[3]), "");
        assert_eq!(peers.cell(Step::WithoutIndex), "");
        assert_eq!(Baselines::parse("{}"), None);
    }
}
