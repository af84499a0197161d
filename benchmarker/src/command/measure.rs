//! One run, and its report.

use std::time::Duration;

use benchmarker::{CheckResult, Error, NullServer, run};

use super::live::Live;
use super::results::{self, Results, can_be_written, warn_of_blind_rules};
use super::{plan, system};
use crate::Ended;
use crate::cli::Arguments;

/// How long the generator is measured against a server that does nothing.
const CEILING_TIME: Duration = Duration::from_secs(2);

pub(crate) fn measure(arguments: &Arguments) -> Result<Ended, Error> {
    can_be_written(arguments.save.as_deref())?;
    can_be_written(arguments.html.as_deref())?;
    let plan = plan(arguments)?;
    let rules = arguments.rules(&plan)?;
    if let Some(rules) = &rules {
        warn_of_blind_rules(&plan, rules);
    }
    // First, so that a run is not lost because nginx is missing.
    let nothing = match arguments.certify {
        true => Some(NullServer::start()?),
        false => None,
    };
    let started = results::now();
    let (watched, live) = Live::watch(plan.clone());
    let report = run(&watched);
    drop(watched);
    live.end();
    let report = report?;
    let ceiling_per_sec = match &nothing {
        Some(server) => Some(run(&plan.against_nothing(server, CEILING_TIME)?)?.requests_per_sec),
        None => None,
    };
    let results = Results::new(&report, &plan, started, ceiling_per_sec);
    if arguments.json {
        let json = report.to_json();
        results::say(&json.map_err(|e| system("writing JSON", e.into()))?);
    } else {
        results::say(&report.to_string());
        results.say_certificate();
    }
    results.write(arguments)?;
    let is_broken = rules.is_some_and(|rules| results.say_broken(&rules));
    let in_doubt = report
        .audit
        .iter()
        .any(|check| check.result == CheckResult::Failed);
    Ok(if report.requests.total == 0 || in_doubt {
        Ended::WithoutNumber
    } else if is_broken {
        Ended::Broken
    } else {
        Ended::Well
    })
}
