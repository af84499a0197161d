//! Holds a rule against a result, and says in a sentence what is wrong.

use std::fmt;

use super::{Figure, Limit, Operator, P999_SAMPLES_MIN, Rule, Subject, Unit};

/// What a result can be asked for by rules. Only requests that were answered as asked have times.
pub trait Measured {
    /// How many were answered as asked; none if there is no such subject.
    fn answered(&self, subject: &Subject) -> Option<u64>;
    /// How many failed; none if there is no such subject.
    fn failed(&self, subject: &Subject) -> Option<u64>;
    /// A quantile (0 to 1) of the times in milliseconds; none without samples.
    fn quantile_ms(&self, subject: &Subject, quantile: f64) -> Option<f64>;
    /// The longest time in milliseconds; none without samples.
    fn max_ms(&self, subject: &Subject) -> Option<f64>;
    /// The mean time in milliseconds; none without samples.
    fn average_ms(&self, subject: &Subject) -> Option<f64>;
    /// Answered a second; none if nothing was measured.
    fn rate(&self, subject: &Subject) -> Option<f64>;
}

/// A rule that a result breaks; displays as a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    /// The rule, as one writes it.
    pub rule: String,
    /// What is wrong, with the number that was found.
    pub says: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.says)
    }
}

impl Rule {
    pub(super) fn broken_by(&self, measured: &dyn Measured) -> Option<Broken> {
        let says = match self.found(measured) {
            Ok(found) if self.is_kept_by(found) => return None,
            Ok(found) => format!(
                "{} is {}, the rule says {}",
                self.what(),
                said(shown(found, self.limit), self.limit.unit),
                self.wanted()
            ),
            Err(why) => format!(
                "{} was not measured: {why}; the rule says {}",
                self.what(),
                self.wanted()
            ),
        };
        Some(Broken {
            rule: self.to_string(),
            says,
        })
    }

    /// The figure, in the unit of the limit, or why there is none.
    fn found(&self, measured: &dyn Measured) -> Result<f64, String> {
        let subject = &self.subject;
        let (Some(answered), Some(failed)) = (measured.answered(subject), measured.failed(subject))
        else {
            return Err(match subject {
                Subject::Step(name) => format!("there is no step \"{name}\""),
                Subject::Requests | Subject::Pages => "nothing of it was counted".to_owned(),
            });
        };
        if let Figure::Failed = self.figure {
            return match (answered + failed, self.limit.unit) {
                (0, _) => Err("nothing was asked".to_owned()),
                (all, Unit::Percent) => Ok(failed as f64 / all as f64 * 100.0),
                _ => Ok(failed as f64),
            };
        }
        if answered == 0 {
            return Err("nothing was answered".to_owned());
        }
        if let Figure::Quantile(percentile) = self.figure
            && percentile.per_mille == 999
            && answered < P999_SAMPLES_MIN
        {
            return Err(format!(
                "there are {answered} samples, {P999_SAMPLES_MIN} are needed"
            ));
        }
        let found = match self.figure {
            Figure::Quantile(percentile) => {
                measured.quantile_ms(subject, f64::from(percentile.per_mille) / 1e3)
            }
            Figure::Max => measured.max_ms(subject),
            Figure::Average => measured.average_ms(subject),
            Figure::Rate | Figure::Failed => measured.rate(subject),
        };
        found
            .filter(|found| found.is_finite())
            .map(|found| found * self.limit.unit.per_ms())
            .ok_or_else(|| "the result does not hold it".to_owned())
    }

    fn is_kept_by(&self, found: f64) -> bool {
        let limit = self.limit.value;
        match self.operator {
            Operator::Less => found < limit,
            Operator::AtMost => found <= limit,
            Operator::More => found > limit,
            Operator::AtLeast => found >= limit,
            // Only failures are compared in this way: counts, and shares of which 0 % is exact.
            Operator::Equal => (found - limit).abs() < f64::EPSILON,
        }
    }

    fn what(&self) -> String {
        let name = match self.figure {
            Figure::Failed => "the number of failures",
            Figure::Rate => "the rate",
            Figure::Max => "the maximum",
            Figure::Average => "the average",
            Figure::Quantile(percentile) => percentile.name,
        };
        let name = match self.limit.unit {
            Unit::Percent => "the share of failures",
            _ => name,
        };
        match &self.subject {
            Subject::Requests => name.to_owned(),
            Subject::Pages => format!("{name} of pages"),
            Subject::Step(step) => format!("{name} of step {step}"),
        }
    }

    fn wanted(&self) -> String {
        let Limit { value, unit } = self.limit;
        let limit = said(value.to_string(), unit);
        match self.operator {
            Operator::Less => format!("less than {limit}"),
            Operator::AtMost => format!("at most {limit}"),
            Operator::More => format!("more than {limit}"),
            Operator::AtLeast => format!("at least {limit}"),
            Operator::Equal => format!("exactly {limit}"),
        }
    }
}

/// The value with the fewest decimals that tell it from the limit: three figures at least.
fn shown(found: f64, limit: Limit) -> String {
    if found.fract() == 0.0 {
        return format!("{found:.0}");
    }
    let whole_digits = found.abs().max(1.0).log10().floor() as usize + 1;
    let first = 3_usize.saturating_sub(whole_digits);
    (first..=6)
        .map(|decimals| format!("{found:.decimals$}"))
        .find(|text| text.parse() != Ok(limit.value))
        .unwrap_or_else(|| found.to_string())
}

fn said(number: String, unit: Unit) -> String {
    match unit {
        Unit::None => number,
        _ => format!("{number} {}", unit.sign()),
    }
}
