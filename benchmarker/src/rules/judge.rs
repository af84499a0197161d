//! Compares a rule with a result; a broken rule becomes a sentence.

use std::fmt;

use super::rule::{Figure, Limit, Operator, P999_SAMPLES_MIN, Rule, Subject, Unit};

/// The values of a result that rules can be about. Only requests that were answered as expected have
/// times.
pub trait Measured {
    /// How many were answered as expected; none if there is no such subject.
    fn answered(&self, subject: &Subject) -> Option<u64>;
    /// How many failed; none if there is no such subject.
    fn failed(&self, subject: &Subject) -> Option<u64>;
    /// A quantile (0 to 1) of the times in milliseconds; none without samples.
    fn quantile_ms(&self, subject: &Subject, quantile: f64) -> Option<f64>;
    /// The longest time in milliseconds; none without samples.
    fn max_ms(&self, subject: &Subject) -> Option<f64>;
    /// The mean time in milliseconds; none without samples.
    fn average_ms(&self, subject: &Subject) -> Option<f64>;
    /// How many were answered a second; none if nothing was measured.
    fn rate(&self, subject: &Subject) -> Option<f64>;
}

/// A rule that a result breaks; displays as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The rule, as written.
    pub rule: String,
    /// What is wrong, with the value that was measured.
    pub sentence: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl Rule {
    pub(super) fn broken_by(&self, measured: &dyn Measured) -> Option<Broken> {
        let sentence = match self.value(measured) {
            Ok(value) if self.is_kept_by(value) => return None,
            Ok(value) => format!(
                "{} is {}; the rule requires {}",
                self.what(),
                with_unit(rounded(value, self.limit), self.limit.unit),
                self.required()
            ),
            Err(why) => format!(
                "{} was not measured: {why}; the rule requires {}",
                self.what(),
                self.required()
            ),
        };
        Some(Broken {
            rule: self.to_string(),
            sentence,
        })
    }

    /// The measured value, in the unit of the limit, or why there is none.
    fn value(&self, measured: &dyn Measured) -> Result<f64, String> {
        let subject = &self.subject;
        let (Some(answered), Some(failed)) = (measured.answered(subject), measured.failed(subject))
        else {
            return Err(match subject {
                Subject::Step(name) => format!("there is no step \"{name}\""),
                Subject::Requests | Subject::Pages => "none were counted".to_owned(),
            });
        };
        if let Figure::Failed = self.figure {
            return match (answered + failed, self.limit.unit) {
                (0, _) => Err("there was no request".to_owned()),
                (all, Unit::Percent) => Ok(failed as f64 / all as f64 * 100.0),
                _ => Ok(failed as f64),
            };
        }
        if answered == 0 {
            return Err("no request was answered".to_owned());
        }
        if let Figure::Quantile(percentile) = self.figure
            && percentile.per_mille == 999
            && answered < P999_SAMPLES_MIN
        {
            return Err(format!(
                "there are {answered} samples, {P999_SAMPLES_MIN} are needed"
            ));
        }
        let value = match self.figure {
            Figure::Quantile(percentile) => {
                measured.quantile_ms(subject, f64::from(percentile.per_mille) / 1e3)
            }
            Figure::Max => measured.max_ms(subject),
            Figure::Average => measured.average_ms(subject),
            Figure::Rate | Figure::Failed => measured.rate(subject),
        };
        value
            .filter(|value| value.is_finite())
            .map(|value| value * self.limit.unit.per_ms())
            .ok_or_else(|| "the result has no such value".to_owned())
    }

    fn is_kept_by(&self, value: f64) -> bool {
        let limit = self.limit.value;
        match self.operator {
            Operator::Less => value < limit,
            Operator::AtMost => value <= limit,
            Operator::More => value > limit,
            Operator::AtLeast => value >= limit,
            // Only for failures: counts, and shares, of which 0 % is exact.
            Operator::Equal => (value - limit).abs() < f64::EPSILON,
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

    fn required(&self) -> String {
        let Limit { value, unit } = self.limit;
        let limit = with_unit(value.to_string(), unit);
        match self.operator {
            Operator::Less => format!("less than {limit}"),
            Operator::AtMost => format!("at most {limit}"),
            Operator::More => format!("more than {limit}"),
            Operator::AtLeast => format!("at least {limit}"),
            Operator::Equal => format!("exactly {limit}"),
        }
    }
}

/// The value with at least three digits, and with enough to differ from the limit.
fn rounded(value: f64, limit: Limit) -> String {
    if value.fract() == 0.0 {
        return format!("{value:.0}");
    }
    let whole_digits = value.abs().max(1.0).log10().floor() as usize + 1;
    let first = 3_usize.saturating_sub(whole_digits);
    (first..=6)
        .map(|decimals| format!("{value:.decimals$}"))
        .find(|text| text.parse() != Ok(limit.value))
        .unwrap_or_else(|| value.to_string())
}

fn with_unit(number: String, unit: Unit) -> String {
    match unit {
        Unit::None => number,
        _ => format!("{number} {}", unit.sign()),
    }
}
