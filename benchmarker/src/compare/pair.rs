//! Compares two reports that were saved at different times.

use std::fmt;

use serde::Serialize;

use super::{QuantileRow, factor, quantile_table, quantiles, spread};
use crate::Report;
use crate::report::LoadModel;
use crate::stats::steady::{self, Steady};
use crate::stats::{Interval, bootstrap, mean};

/// The limit of every comparison of separate runs.
pub const CAUTION: &str = "These runs took place at different times, so a difference may come from the \
software or from the state of the machine: measure both by turns (--vs) to know.";

const SEED: u64 = 1;

/// The comparison of two saved reports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// Requests a second.
    pub rates: Rates,
    /// Times, quantile by quantile.
    pub quantiles: Vec<QuantileRow>,
    /// How the runs differ in configuration and machine: each may be the cause of a difference.
    pub unlike: Vec<String>,
    /// Checks of either run that failed, and runs without an answered request: there are no numbers to
    /// compare.
    pub doubts: Vec<String>,
}

/// The steady rates of both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rates {
    /// The steady part of A.
    pub steady_a: Steady,
    /// The steady part of B.
    pub steady_b: Steady,
    /// Mean of B's steady seconds over the mean of A's; none if one of them has no steady state.
    pub ratio: Option<f64>,
    /// Its 95 % interval, from the variation of the rate within each run (moving blocks of seconds).
    /// It does not include the variation between runs on an unchanged machine.
    pub interval: Option<Interval>,
    /// Both loads were open: the rate is then the offered one, and independent of the target.
    pub is_offered: bool,
}

impl Pair {
    /// Compares B with A.
    #[must_use]
    pub fn of(a: &Report, b: &Report) -> Self {
        let doubts = [("A", a), ("B", b)].into_iter().flat_map(|(name, report)| {
            let failed = report.failed_checks();
            failed.map(move |check| {
                format!("A check of {name} failed. {}: {}", check.name, check.detail)
            })
        });
        let unanswered = [("A", a), ("B", b)]
            .into_iter()
            .filter(|(_, report)| report.requests.total == 0)
            .map(|(name, _)| format!("No request of {name} was answered as expected."));
        Self {
            rates: Rates::of(a, b),
            quantiles: quantiles::rows(a, b),
            unlike: unlike(a, b),
            doubts: doubts.chain(unanswered).collect(),
        }
    }
}

impl Rates {
    fn of(a: &Report, b: &Report) -> Self {
        let (rates_a, rates_b) = (a.rates(), b.rates());
        let (steady_a, steady_b) = (steady::cut(&rates_a), steady::cut(&rates_b));
        let kept = steady_a.kept(&rates_a).zip(steady_b.kept(&rates_b));
        let ratio_of = |a: &[f64], b: &[f64]| match (mean(a), mean(b)) {
            (Some(a), Some(b)) => b / a,
            _ => f64::NAN,
        };
        Self {
            steady_a,
            steady_b,
            ratio: kept
                .map(|(a, b)| ratio_of(a, b))
                .filter(|ratio| ratio.is_finite()),
            interval: kept
                .and_then(|(a, b)| bootstrap::interval_of_two_series(a, b, SEED, ratio_of)),
            is_offered: [a, b].map(|report| report.load.model) == [LoadModel::Open; 2],
        }
    }
}

fn unlike(a: &Report, b: &Report) -> Vec<String> {
    let versions = |report: &Report| {
        let named: Vec<String> = report
            .versions
            .iter()
            .map(|(name, version)| format!("{name} {version}"))
            .collect();
        named.join(", ")
    };
    let model = |report: &Report| match report.load.model {
        LoadModel::Closed => "closed".to_owned(),
        LoadModel::Open => "open".to_owned(),
    };
    let number = |value: Option<f64>| value.map_or("none".to_owned(), |v| v.to_string());
    let rows = [
        ("target", a.target.clone(), b.target.clone()),
        ("load", model(a), model(b)),
        (
            "browsers",
            a.generator.browsers.to_string(),
            b.generator.browsers.to_string(),
        ),
        (
            "connections",
            a.generator.connections.to_string(),
            b.generator.connections.to_string(),
        ),
        (
            "offered rate",
            number(a.load.offered_per_sec),
            number(b.load.offered_per_sec),
        ),
        (
            "seed",
            a.generator.seed.to_string(),
            b.generator.seed.to_string(),
        ),
        ("kernel", a.machine.kernel.clone(), b.machine.kernel.clone()),
        (
            "cores",
            a.machine.cores.to_string(),
            b.machine.cores.to_string(),
        ),
        (
            "processor",
            a.machine.cpu_model.clone(),
            b.machine.cpu_model.clone(),
        ),
        ("versions", versions(a), versions(b)),
    ];
    rows.into_iter()
        .filter(|(_, a, b)| a != b)
        .map(|(name, a, b)| format!("{name}: {a} in A, {b} in B"))
        .collect()
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.ratio, self.interval) {
            (Some(ratio), interval) => {
                write!(f, "{}", factor(ratio))?;
                if let Some(interval) = interval {
                    write!(
                        f,
                        " ({} by the variation within the runs)",
                        spread(interval)
                    )?;
                }
                if self.is_offered {
                    write!(
                        f,
                        "; both loads are open, so this is the ratio of the offered rates"
                    )?;
                }
                Ok(())
            }
            (None, _) => write!(
                f,
                "not compared; A: {}; B: {}",
                self.steady_a, self.steady_b
            ),
        }
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.doubts.is_empty() {
            writeln!(f, "requests/sec, B to A: {}", self.rates)?;
        }
        // The reason takes the place of the number.
        for line in &self.doubts {
            writeln!(f, "{line}")?;
        }
        if !self.quantiles.is_empty() {
            write!(f, "\n{}", quantile_table(&self.quantiles))?;
        }
        if !self.unlike.is_empty() {
            writeln!(f, "\ndifferences")?;
            for line in &self.unlike {
                writeln!(f, "  {line}")?;
            }
        }
        writeln!(f, "\n{CAUTION}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{CheckResult, sample};

    #[test]
    fn two_saved_runs_are_compared_with_their_caution() {
        let a = sample::site(1, 1.0);
        let mut b = sample::site(2, 1.3);
        b.machine.kernel = "Linux 6.12".to_owned();
        let pair = Pair::of(&a, &b);
        let ratio = pair.rates.ratio.unwrap();
        assert!((ratio - 1.3).abs() < 0.05, "{ratio}");
        assert!(pair.rates.interval.unwrap().contains(ratio));
        let text = pair.to_string();
        assert!(text.contains(CAUTION), "{text}");
        assert!(
            text.contains("kernel: Linux 6.1.0-18-amd64 in A, Linux 6.12 in B"),
            "{text}"
        );
        assert!(text.contains("seed: 1 in A, 2 in B"), "{text}");
        assert!(text.contains("request time  p50 "), "{text}");
    }

    #[test]
    fn a_failed_audit_stands_where_the_ratio_would() {
        let a = sample::site(1, 1.0);
        let mut b = sample::site(2, 1.0);
        b.audit[1].result = CheckResult::Failed;
        let text = Pair::of(&a, &b).to_string();
        assert!(
            text.starts_with("A check of B failed. bytes: 100 bytes"),
            "{text}"
        );
        assert!(!text.contains("requests/sec"), "{text}");
    }

    #[test]
    fn a_run_of_failures_has_no_ratio() {
        let a = sample::site(1, 1.0);
        let mut b = sample::site(2, 1.0);
        b.requests.total = 0;
        for second in &mut b.seconds {
            second.requests = 0;
        }
        for (a, b) in [(&a, &b), (&b, &a), (&b, &b)] {
            let text = Pair::of(a, b).to_string();
            assert!(text.starts_with("No request of "), "{text}");
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        }
    }

    #[test]
    fn an_unsteady_run_is_not_compared() {
        let a = sample::site(1, 1.0);
        let mut b = sample::site(1, 1.0);
        for (at, second) in b.seconds.iter_mut().enumerate() {
            second.requests += 40 * at as u64;
        }
        let pair = Pair::of(&a, &b);
        assert_eq!((pair.rates.ratio, pair.rates.interval), (None, None));
        assert!(
            pair.to_string().contains("not compared; A: steady"),
            "{pair}"
        );
        b.seconds.truncate(5);
        assert!(
            Pair::of(&a, &b)
                .to_string()
                .contains("B: too short to tell")
        );
    }
}
