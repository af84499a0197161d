//! `flickr-killr index`: shows, drops and creates the userid index, with its last measurements.

use std::time::Instant;

use anyhow::Result;
use clap::{Args, Subcommand};
use db::measure::{self, Timing};
use db::pool;
use db::userid_index::{self, Done, What};
use indicatif::{ProgressBar, ProgressStyle};
use ladder::lab::{self, Findings, Phase, Slower};
use stack::cachectl::grouped;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::database::Database;
use super::output::print_line;

#[derive(Debug, Subcommand)]
pub(super) enum Index {
    /// Show every index led by userid, its size, and what was last measured
    Status(Where),
    /// Drop every index led by userid; the site keeps running, slower
    Drop(Where),
    /// Create them again from schema.sql; the site keeps running meanwhile
    Create(Where),
}

#[derive(Debug, Args)]
pub(super) struct Where {
    #[command(flatten)]
    database: Database,

    /// The index; `userid` is the only one
    #[arg(value_name = "NAME", default_value = "userid", value_parser = ["userid"])]
    name: String,
}

/// Runs the subcommand, then prints the status.
pub(super) fn run(what: &Index) -> Result<()> {
    let (Index::Status(place) | Index::Drop(place) | Index::Create(place)) = what;
    let url = place.database.url()?;
    super::runtime::block_on(async {
        let db = pool::open(&url, 2)?;
        match what {
            Index::Status(_) => {}
            Index::Drop(_) => with_spinner(lab::drop(&db), "dropping the userid index").await?,
            Index::Create(_) => with_spinner(lab::create(&db), "creating the userid index").await?,
        }
        status(&db).await?;
        db.close().await;
        Ok(())
    })
}

/// Waits for a change with a spinner and a clock, and prints the result for each index.
async fn with_spinner(
    change: impl Future<Output = Result<Vec<Done>, userid_index::Error>>,
    what: &str,
) -> Result<()> {
    let bar = ProgressBar::new_spinner().with_message(what.to_owned());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}, {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    let begin = Instant::now();
    let done = change.await;
    bar.finish_and_clear();
    let done = done?;
    if done.is_empty() {
        print_line!("nothing to do: no index of photos is led by userid");
    }
    for Done {
        name,
        what,
        took,
        bytes,
    } in &done
    {
        let what = match what {
            What::Dropped => "dropped",
            What::Created => "created",
            What::Rebuilt => "rebuilt (it was invalid)",
            What::Kept => "exists already",
        };
        print_line!(
            "{name:<24} {what:<30} {:>7.2} s  {:>7.1} MB",
            took.as_secs_f64(),
            *bytes as f64 / 1e6
        );
    }
    print_line!(
        "{what} and measuring took {:.1} s\n",
        begin.elapsed().as_secs_f64()
    );
    Ok(())
}

async fn status(db: &db::Pool) -> Result<()> {
    let status = userid_index::status(db).await?;
    print_line!("the userid index is {}", lab::describe(&status));
    for member in &status.present {
        let size = member.bytes as f64 / 1e6;
        let invalid = if member.valid { "" } else { "  INVALID" };
        let (_, columns) = member
            .definition
            .split_once(" USING btree ")
            .unwrap_or(("", &member.definition));
        print_line!("  {:<24} {size:>7.1} MB{invalid}  {columns}", member.name);
    }
    for name in &status.missing {
        print_line!("  {name:<24} missing");
    }
    if let Some(found) = measure::last_benchmark(db).await? {
        under_load(&serde_json::from_str(&found)?);
    }
    let timings = measure::last(db).await?;
    if !timings.is_empty() {
        one_at_a_time(&timings);
    }
    Ok(())
}

/// The result of the lab's benchmark: both states under the same load.
fn under_load(findings: &Findings) {
    let Some(both) = findings.comparison() else {
        return;
    };
    let ended = findings
        .ended_at
        .and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok())
        .and_then(|at| at.format(&Rfc3339).ok());
    let name = |phase: &Phase| match phase.with_index {
        true => "with it",
        false => "without it",
    };
    let rate = |phase: &Phase| grouped(phase.pages_per_sec().round() as u64);
    print_line!(
        "\nunder the same load, the lab's benchmark{}",
        ended.map_or(String::new(), |at| format!(" of {at}"))
    );
    print_line!(
        "  {} -> {} pages/s, {}: {}, then {}",
        rate(both.before),
        rate(both.after),
        both.in_words(),
        name(both.before),
        name(both.after)
    );
}

/// The times of single queries, and their ratio if both were measured on an idle database.
fn one_at_a_time(timings: &[Timing]) {
    print_line!("\none query at a time, of people drawn at random");
    for Timing {
        state,
        owners,
        median_ms,
        slowest_ms,
        beside,
        ..
    } in timings
    {
        let beside = match beside {
            0 => String::new(),
            1 => ", beside 1 other query".to_owned(),
            more => format!(", beside up to {more} other queries"),
        };
        print_line!(
            "  {state:<26} median {median_ms:>9.3} ms, slowest {slowest_ms:>9.3} ms of {owners}{beside}"
        );
    }
    match lab::slower_one_at_a_time(timings) {
        Slower::Times(ratio) => print_line!("  {ratio:.0} times slower without it"),
        Slower::UnlikeLoads => {
            print_line!(
                "  not compared: at least one was measured beside other queries, not on an idle database"
            );
        }
        Slower::NotMeasured => {}
    }
}
