//! What others have reached: the talks themselves, and the talk's own stack on today's machine.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::record::Step;
use crate::rung::Rung;

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

/// Pages a second of the talk's own stack on the same data and machine, by version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Peers(Vec<(String, f64)>);

impl Peers {
    /// Reads what `make demo-peers` has written; none where it was not run.
    pub fn read(file: &Path) -> Result<Option<Self>> {
        let Ok(text) = std::fs::read_to_string(file) else {
            return Ok(None);
        };
        let of = |text: &str| -> Option<Self> {
            let all: Value = serde_json::from_str(text).ok()?;
            let rungs = all["rungs"].as_array()?.iter();
            let peers = rungs.map(|rung| {
                let version = rung["version"].as_str()?.to_owned();
                Some((version, rung["peer"]["pages_per_sec"].as_f64()?))
            });
            peers.collect::<Option<_>>().map(Self)
        };
        let peers = of(&text)
            .with_context(|| format!("{} is not what `make demo-peers` writes", file.display()))?;
        Ok(Some(peers))
    }

    /// What it reached in this version; none where it has no such version.
    pub(super) fn pages_per_sec(&self, step: Step) -> Option<f64> {
        let Step::Version(rung) = step else {
            return None;
        };
        let mut peers = self.0.iter();
        let (_, rate) = peers.find(|(version, _)| version == rung.version())?;
        Some(*rate)
    }
}
