//! `--capacity`: searches for the highest rate that keeps the rules.

use benchmarker::{Error, Limit, Load, Report, Stages, Trial, capacity};

use super::results::{broken, print, warn_of_blind_rules};
use super::{Ended, plan};
use crate::cli::Arguments;

pub(crate) fn search(arguments: &Arguments) -> Result<Ended, Error> {
    let plan = plan(arguments)?;
    let (Some(rules), Some(from)) = (arguments.rules(&plan)?, arguments.capacity) else {
        return Err(Error::Invalid(
            "the capacity is the highest rate that keeps a rule: add one, such as --require 'p95<2s,failed=0'"
                .to_owned(),
        ));
    };
    let open = plan.clone().load(Load::Open(Stages::constant(from)?));
    warn_of_blind_rules(&open, &rules);
    let broken = |report: &Report| broken(&rules, report);
    print("page views/s       p50       p95       p99   failed  rule");
    let found = capacity(&plan, from, broken, |trial| print(&row(trial)))?;
    let Some(rate) = found.rate else {
        print(&match found.limit {
            Limit::First => format!(
                "capacity: below {from}/s: the first rate broke the rule; begin lower, with --capacity"
            ),
            Limit::Stopped => "capacity: not found, the search was stopped".to_owned(),
            Limit::Generator => {
                "capacity: not found: the generator could not send on time".to_owned()
            }
            Limit::Rule => "capacity: not found: no rate kept the rule twice".to_owned(),
        });
        return Ok(Ended::WithoutNumbers);
    };
    print(&match found.limit {
        Limit::Generator => format!(
            "capacity: at least {rate:.0} page views/s: the generator could not send more on time"
        ),
        Limit::Stopped => {
            format!("capacity: at least {rate:.0} page views/s: the search was stopped")
        }
        Limit::Rule | Limit::First => {
            format!("capacity: {rate:.0} page views/s keep the rule, a twentieth more does not")
        }
    });
    Ok(Ended::Measured)
}

/// A trial as a line.
fn row(trial: &Trial) -> String {
    let times = trial.report.request_times;
    let ms = |value: Option<f64>| value.map_or("-".to_owned(), |ms| format!("{ms:.1} ms"));
    let mut verdict = trial.broken.clone();
    let doubts = trial.report.failed_checks();
    verdict.extend(doubts.map(|check| format!("check failed: {}: {}", check.name, check.detail)));
    let verdict = match verdict.as_slice() {
        [] => "kept".to_owned(),
        verdict => verdict.join("; "),
    };
    format!(
        "{:>12.0} {:>9} {:>9} {:>9} {:>8}  {verdict}",
        trial.rate,
        ms(times.p50_ms),
        ms(times.p95_ms),
        ms(times.p99_ms),
        trial.report.errors.total
    )
}
