//! One rule: what it is about, an operator and a limit.

use std::fmt;

/// Below this many samples, a 99.9th percentile depends on a few outliers.
pub const P999_SAMPLES_MIN: u64 = 10_000;

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// All requests.
    Requests,
    /// Complete page views.
    Pages,
    /// The requests of the step with this name.
    Step(String),
}

/// The value of the subject that a rule is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Figure {
    Quantile(Percentile),
    Max,
    Average,
    Rate,
    Failed,
}

/// A percentile that rules can be about.
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

/// How a figure compares with its limit.
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
    /// In the unit in which it was written.
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

    /// How many of this unit a millisecond has.
    pub(crate) fn per_ms(self) -> f64 {
        match self {
            Self::Micros => 1e3,
            Self::Seconds => 1e-3,
            Self::Millis | Self::Percent | Self::None => 1.0,
        }
    }
}
