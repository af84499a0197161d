//! Rules that a result must keep: `p95<200ms,failed=0`.
//!
//! A rule has a subject with a figure, an operator and a limit; commas separate rules.
//!
//! ```text
//! p50 p90 p95 p99 p99.9 max average   a time: 800us, 200ms, 2s
//! rate                                answered requests a second: rate>1000
//! failed                              a count or a share: failed=0, failed<1%
//! pages.p95<2s                        of complete page views instead of requests
//! step(sign in).p95<300ms             of one step of a scenario
//! ```

mod judge;
mod parse;
mod rule;

use std::fmt;

use crate::Error;

pub use judge::{Broken, Measured};
use rule::{Figure, Rule};
pub use rule::{P999_SAMPLES_MIN, Subject};

/// Rules that a result must keep, all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// Parses rules as written on a command line.
    ///
    /// # Errors
    ///
    /// A sentence with the position of the first character that is not valid.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse::rules(text).map(Self)
    }

    /// The rules that a result breaks, in the order in which they were written.
    ///
    /// A rule about something that was not measured is broken.
    #[must_use]
    pub fn broken_by(&self, measured: &dyn Measured) -> Vec<Broken> {
        self.0
            .iter()
            .filter_map(|rule| rule.broken_by(measured))
            .collect()
    }

    /// Whether one of them is about the times of all requests.
    #[must_use]
    pub fn time_requests(&self) -> bool {
        let is_time = |figure| !matches!(figure, Figure::Rate | Figure::Failed);
        let mut rules = self.0.iter();
        rules.any(|rule| rule.subject == Subject::Requests && is_time(rule.figure))
    }

    /// The names of the steps that rules are about, to be checked before a run.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|rule| match &rule.subject {
            Subject::Step(name) => Some(name.as_str()),
            Subject::Requests | Subject::Pages => None,
        })
    }
}

impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rule) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{rule}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
