//! Rules that a result must keep: `p95<200ms,failed=0`.
//!
//! One rule is what it is about, an operator and a limit; commas stand between rules.
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

use std::fmt;

use crate::Error;

pub use judge::{Broken, Measured};

/// Below this many samples a 99.9th percentile is one or two accidents.
pub const P999_SAMPLES_MIN: u64 = 10_000;

/// Rules that hold together.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules(Vec<Rule>);

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// All requests.
    Requests,
    /// Complete page views.
    Pages,
    /// The requests of the step of this name.
    Step(String),
}

/// What of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Figure {
    Quantile(Percentile),
    Max,
    Average,
    Rate,
    Failed,
}

/// The percentiles that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Percentile {
    pub(crate) name: &'static str,
    pub(crate) per_mille: u16,
}

pub(crate) const PERCENTILES: [Percentile; 5] = [
    Percentile {
        name: "p50",
        per_mille: 500,
    },
    Percentile {
        name: "p90",
        per_mille: 900,
    },
    Percentile {
        name: "p95",
        per_mille: 950,
    },
    Percentile {
        name: "p99",
        per_mille: 990,
    },
    Percentile {
        name: "p99.9",
        per_mille: 999,
    },
];

/// How a figure and its limit must stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Micros,
    Millis,
    Seconds,
    Percent,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limit {
    /// In the unit it was written in.
    pub(crate) value: f64,
    pub(crate) unit: Unit,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    pub(crate) subject: Subject,
    pub(crate) figure: Figure,
    pub(crate) operator: Operator,
    pub(crate) limit: Limit,
}

impl Rules {
    /// Reads rules as a person writes them.
    ///
    /// # Errors
    ///
    /// A sentence with the place of the first character that makes no sense.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse::rules(text).map(Self)
    }

    /// The rules that a result breaks, in the order they were written; none: all are kept.
    ///
    /// A rule on something that was not measured is broken.
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

    /// The names of steps that the rules speak of, to be checked before a run.
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

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Requests => {}
            Subject::Pages => f.write_str("pages.")?,
            Subject::Step(name) => write!(f, "step({name}).")?,
        }
        let operator = match self.operator {
            Operator::Less => "<",
            Operator::AtMost => "<=",
            Operator::More => ">",
            Operator::AtLeast => ">=",
            Operator::Equal => "=",
        };
        let Limit { value, unit } = self.limit;
        write!(f, "{}{operator}{value}{}", self.figure.name(), unit.sign())
    }
}

impl Figure {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Quantile(percentile) => percentile.name,
            Self::Max => "max",
            Self::Average => "average",
            Self::Rate => "rate",
            Self::Failed => "failed",
        }
    }
}

impl Unit {
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Micros => "us",
            Self::Millis => "ms",
            Self::Seconds => "s",
            Self::Percent => "%",
            Self::None => "",
        }
    }

    /// How many of this unit are a millisecond.
    pub(crate) fn per_ms(self) -> f64 {
        match self {
            Self::Micros => 1e3,
            Self::Seconds => 1e-3,
            Self::Millis | Self::Percent | Self::None => 1.0,
        }
    }
}

#[cfg(test)]
mod tests;
