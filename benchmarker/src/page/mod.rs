//! A result as one HTML file that stands alone: it loads nothing, runs nothing, and holds the raw result
//! for `benchmarker compare`.

mod comparison;
mod figures;
mod tables;

use askama::Template;

use crate::Error;
use crate::chart::{self, Dot, numbers};
use crate::saved::{ELEMENT_ID, LoadModel, Saved};
use crate::stats::steady::Steady;
use figures::Figure;
use tables::{Row, Table};

/// Above this share of its ceiling the generator is the limit, not the target.
pub const CEILING_SHARE_MAX: f64 = 0.7;

/// The report of one run.
///
/// # Errors
///
/// A result that cannot be written as JSON.
pub fn report(saved: &Saved) -> Result<String, Error> {
    rendered(&Report {
        chart_css: chart::CSS,
        title: &saved.target,
        saved,
        load: load(saved),
        withheld: withheld(saved),
        headlines: headlines(saved),
        remarks: remarks(saved),
        figures: figures::of_run(saved),
        times: tables::times(saved),
        steps: tables::steps(saved),
        tiers: tables::tiers(&saved.tiers),
        environment: tables::environment(saved),
        element_id: ELEMENT_ID,
        json: saved.to_json_for_html()?,
    })
}

/// The report of two runs.
///
/// With effects that were measured by turns, these are its result; without, what two separate runs can
/// tell, and its caution.
///
/// # Errors
///
/// As [`report`].
pub fn comparison(a: &Saved, b: &Saved, effects: &[Dot]) -> Result<String, Error> {
    rendered(&comparison::Comparison::of(a, b, effects)?)
}

#[derive(Template)]
#[template(path = "report.html")]
struct Report<'a> {
    chart_css: &'static str,
    title: &'a str,
    saved: &'a Saved,
    load: String,
    /// Why there are no headline numbers.
    withheld: Vec<String>,
    headlines: Vec<Headline>,
    /// What a reader should know before believing the numbers.
    remarks: Vec<String>,
    figures: Vec<Figure>,
    times: Table,
    steps: Table,
    tiers: Table,
    environment: Vec<Row>,
    element_id: &'static str,
    json: String,
}

struct Headline {
    name: &'static str,
    value: String,
    unit: &'static str,
}

fn rendered(page: &impl Template) -> Result<String, Error> {
    page.render()
        .map_err(|e| Error::invalid(format!("the page cannot be written: {e}")))
}

/// A failed audit prints its reason instead of the number, and what is not steady has no mean.
fn withheld(saved: &Saved) -> Vec<String> {
    let mut why: Vec<String> = saved
        .failed_checks()
        .map(|check| format!("An audit failed. {}: {}", check.name, check.says))
        .collect();
    if saved.requests == 0 {
        why.push("No request was answered as asked.".to_owned());
    }
    if matches!(
        saved.steady,
        Steady::Drifting { .. } | Steady::Stepped { .. }
    ) {
        why.push(format!("There was {}.", saved.steady));
    }
    why
}

fn headlines(saved: &Saved) -> Vec<Headline> {
    let headline = |name, value, unit| Headline { name, value, unit };
    let mut all = vec![
        headline("requests", numbers::count(saved.requests_per_sec), "/s"),
        headline(
            "average request",
            numbers::ms(saved.average_request_ms),
            "ms",
        ),
    ];
    if saved.pages > 0 {
        all.push(headline("pages", numbers::count(saved.pages_per_sec), "/s"));
    }
    if let Some(p95) = saved.response_times.p95_ms {
        all.push(headline("p95 of requests", numbers::ms(p95), "ms"));
    }
    all
}

fn remarks(saved: &Saved) -> Vec<String> {
    let mut said = Vec::new();
    let checks = saved.audit.len();
    if checks > 0 {
        let passed = checks - saved.failed_checks().count();
        said.push(format!("audit {passed}/{checks}"));
    }
    said.push(saved.steady.to_string());
    let asked = saved.requests + saved.failed;
    said.push(match saved.failed {
        0 => "nothing failed".to_owned(),
        failed => format!(
            "{} of {} requests failed, {}",
            numbers::count(failed as f64),
            numbers::count(asked as f64),
            numbers::percent(failed as f64 / asked as f64)
        ),
    });
    if saved.load.skipped > 0 {
        said.push(format!(
            "{} of {} arrivals were skipped: the target did not keep up with what was offered",
            numbers::count(saved.load.skipped as f64),
            numbers::count(saved.load.planned as f64)
        ));
    }
    if let Some(ceiling) = saved.generator.ceiling_per_sec
        && saved.requests_per_sec > CEILING_SHARE_MAX * ceiling
    {
        said.push(format!(
            "generator-bound: this is {} of what the generator reaches at all",
            numbers::percent(saved.requests_per_sec / ceiling)
        ));
    }
    said
}

fn load(saved: &Saved) -> String {
    let load = &saved.load;
    let users = load
        .users
        .map(|users| format!("{} users over ", numbers::count(users as f64)))
        .unwrap_or_default();
    let connections = format!(
        "{users}{} connections",
        numbers::count(load.connections as f64)
    );
    match load.model {
        LoadModel::Closed => format!("closed load, {connections}"),
        LoadModel::Open => format!(
            "open load, {} arrivals/s offered, {connections}; {} planned, {} sent, {} skipped",
            load.offered_per_sec.map_or("no".to_owned(), numbers::count),
            numbers::count(load.planned as f64),
            numbers::count(load.sent as f64),
            numbers::count(load.skipped as f64)
        ),
    }
}

#[cfg(test)]
mod tests;
