//! One run, and its report.

use std::time::Duration;

use benchmarker::{CheckResult, Error, Fetch, NullServer, PageList, Plan, run};

use super::live::Live;
use super::results::{self, Results};
use super::{plan, system};
use crate::Ended;
use crate::cli::Arguments;

/// How long the generator is measured against a server that does nothing.
const CEILING_TIME: Duration = Duration::from_secs(2);
const CEILING_WARMUP: Duration = Duration::from_millis(500);

pub(crate) fn measure(arguments: &Arguments) -> Result<Ended, Error> {
    let plan = plan(arguments)?;
    let rules = arguments.rules(&plan)?;
    let started = results::now();
    let (watched, live) = Live::watch(plan.clone());
    let report = run(&watched);
    drop(watched);
    live.end();
    let report = report?;
    let ceiling_per_sec = match arguments.certify {
        true => Some(ceiling(&plan)?),
        false => None,
    };
    let results = Results::new(&report, &plan, started, ceiling_per_sec);
    if arguments.json {
        let text =
            serde_json::to_string_pretty(&report).map_err(|e| system("writing JSON", e.into()))?;
        results::say(&text);
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

/// How many requests a second the same threads and connections send to a server that does nothing.
fn ceiling(plan: &Plan) -> Result<f64, Error> {
    let server = NullServer::start()?;
    let plan = plan
        .clone()
        .pages(PageList::single(server.url())?)
        .fetch(Fetch::PagesOnly)
        .warmup(CEILING_WARMUP)
        .duration(CEILING_TIME);
    Ok(run(&plan)?.requests_per_sec)
}
