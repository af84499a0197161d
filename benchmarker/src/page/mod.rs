//! A report as one self-contained HTML page: it loads nothing, has no script, and holds the report as
//! JSON for `benchmarker compare`.

mod comparison;
mod figures;
mod tables;

use askama::Template;

use crate::Error;
use crate::chart::{self, Dot};
use crate::numbers;
use crate::report::{CheckResult, ELEMENT_ID, Report};
use crate::stats::steady::Steady;
use figures::Figure;
use tables::{Row, Table};

/// Above this share of its ceiling the generator is the limit, not the target.
pub const CEILING_SHARE_MAX: f64 = 0.7;

/// The page of one run.
///
/// # Errors
///
/// A report that cannot be written as JSON.
pub fn report(report: &Report) -> Result<String, Error> {
    rendered(&ReportPage {
        chart_css: chart::CSS,
        title: &report.target,
        report,
        load: load(report),
        withheld: withheld(report),
        headlines: headlines(report),
        remarks: remarks(report),
        figures: figures::of_run(report),
        times: tables::times(report),
        steps: tables::steps(report),
        tiers: tables::tiers(&report.tiers),
        environment: tables::environment(report),
        element_id: ELEMENT_ID,
        json: report.to_json_for_html()?,
    })
}

/// The page of two runs.
///
/// With effects that were measured by turns, these are its result; without, the comparison of two
/// separate runs, and its caution.
///
/// # Errors
///
/// As [`report`].
pub fn comparison(a: &Report, b: &Report, effects: &[Dot]) -> Result<String, Error> {
    rendered(&comparison::Comparison::of(a, b, effects)?)
}

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage<'a> {
    chart_css: &'static str,
    title: &'a str,
    report: &'a Report,
    load: String,
    /// The reasons for leaving out the headline numbers.
    withheld: Vec<String>,
    headlines: Vec<Headline>,
    /// What qualifies the numbers.
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
        .map_err(|e| Error::invalid(format!("the page cannot be rendered: {e}")))
}

/// Why there are no headline numbers: a check failed, or the rate was not steady and so has no mean.
fn withheld(report: &Report) -> Vec<String> {
    let mut why: Vec<String> = report
        .failed_checks()
        .map(|check| format!("A check failed. {}: {}", check.name, check.detail))
        .collect();
    if report.requests.total == 0 {
        why.push("No request was answered as expected.".to_owned());
    }
    if matches!(
        report.steady,
        Steady::Drifting { .. } | Steady::Stepped { .. }
    ) {
        why.push(format!("There was {}.", report.steady));
    }
    why
}

fn headlines(report: &Report) -> Vec<Headline> {
    let headline = |name, value, unit| Headline { name, value, unit };
    let mut all = vec![
        headline("requests", numbers::count(report.requests_per_sec), "/s"),
        headline(
            "average request",
            numbers::ms(report.average_request_ms),
            "ms",
        ),
    ];
    if report.pages > 0 {
        all.push(headline(
            "pages",
            numbers::count(report.pages_per_sec),
            "/s",
        ));
    }
    if let Some(p95) = report.request_times.p95_ms {
        all.push(headline("p95 of requests", numbers::ms(p95), "ms"));
    }
    all
}

fn remarks(report: &Report) -> Vec<String> {
    let mut remarks = Vec::new();
    let of = |result| {
        report
            .audit
            .iter()
            .filter(move |check| check.result == result)
    };
    let passed = of(CheckResult::Passed).count();
    let conclusive = passed + of(CheckResult::Failed).count();
    if conclusive > 0 {
        remarks.push(format!("audit {passed}/{conclusive}"));
    }
    remarks.push(report.steady.to_string());
    let asked = report.requests.total + report.errors.total;
    remarks.push(match report.errors.total {
        0 => "nothing failed".to_owned(),
        failed => format!(
            "{} of {} requests failed, {}",
            numbers::count(failed as f64),
            numbers::count(asked as f64),
            numbers::percent(failed as f64 / asked as f64)
        ),
    });
    if report.load.skipped > 0 {
        remarks.push(format!(
            "{} of {} page views were skipped: the site did not keep up with the offered rate",
            numbers::count(report.load.skipped as f64),
            numbers::count(report.load.due as f64)
        ));
    }
    if let Some(ceiling) = report.generator.ceiling_per_sec
        && report.requests_per_sec > CEILING_SHARE_MAX * ceiling
    {
        remarks.push(format!(
            "generator-bound: this is {} of the generator's ceiling",
            numbers::percent(report.requests_per_sec / ceiling)
        ));
    }
    remarks
}

fn load(report: &Report) -> String {
    let load = &report.load;
    let connections = format!(
        "{} browsers over {} connections",
        numbers::count(report.generator.browsers as f64),
        numbers::count(report.generator.connections as f64)
    );
    match load.offered_per_sec {
        None => format!("closed load, {connections}"),
        Some(offered) => format!(
            "open load, {} page views/s offered, {connections}; {} due, {} begun, {} skipped",
            numbers::count(offered),
            numbers::count(load.due as f64),
            numbers::count(load.begun as f64),
            numbers::count(load.skipped as f64)
        ),
    }
}

#[cfg(test)]
mod tests;
