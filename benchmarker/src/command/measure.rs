//! `benchmarker TARGET`: one run, and its report.

use std::time::Duration;

use benchmarker::{Error, NullServer, run};

use super::live::Live;
use super::results::{self, can_be_written, warn_of_blind_rules};
use super::{Ended, plan};
use crate::cli::Arguments;

/// How long the ceiling of the generator is measured.
const CEILING_TIME: Duration = Duration::from_secs(2);

pub(crate) fn measure(arguments: &Arguments) -> Result<Ended, Error> {
    can_be_written(arguments.save.as_deref())?;
    can_be_written(arguments.html.as_deref())?;
    let plan = plan(arguments)?;
    let rules = arguments.rules(&plan)?;
    if let Some(rules) = &rules {
        warn_of_blind_rules(&plan, rules);
    }
    // First, so that a missing nginx does not lose a run.
    let null_server = match arguments.certify {
        true => Some(NullServer::start()?),
        false => None,
    };
    let (watched, live) = Live::watch(plan.clone());
    let report = run(&watched);
    drop(watched);
    live.end();
    let mut report = report?;
    report.command = results::command_line();
    if let Some(server) = &null_server {
        let ceiling = run(&plan.against_nothing(server, CEILING_TIME)?)?;
        report.generator.ceiling_per_sec = Some(ceiling.requests_per_sec);
    }
    if arguments.json {
        results::print(&report.to_json()?);
    } else {
        results::print(&report.to_string());
        results::print_ceiling(&report);
    }
    results::write_files(&report, arguments)?;
    let is_broken = rules.is_some_and(|rules| results::print_broken(&rules, &report));
    Ok(if report.requests.total == 0 || report.is_in_doubt() {
        Ended::WithoutNumbers
    } else if is_broken {
        Ended::RuleBroken
    } else {
        Ended::Measured
    })
}
