//! Carries out a plan: checks it, finds the target, sends the load and evaluates what was counted.

use time::OffsetDateTime;

use crate::{Error, Plan, Report, engine, preflight, target};

/// Carries out a plan and returns the report. Blocks until the time is over or the plan's stop flag is
/// set.
///
/// # Errors
/// When the plan is not valid, the target is not loopback and not declared one's own, nothing listens
/// there, or the system refuses files or threads.
pub fn run(plan: &Plan) -> Result<Report, Error> {
    plan.check()?;
    let address = target::find(plan)?;
    preflight::check(plan, &address)?;
    let started = OffsetDateTime::now_utc();
    let tally = engine::send_load(plan, address)?;
    Ok(Report::new(plan, tally, started))
}
