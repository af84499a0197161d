//! What the lab does, for its page and for the command line alike: drop, create, measure; and the live data of its page
//! while a browser watches.
//!
//! In reading order: `request_counters` counts in each app process, `live` gathers the counters of all of them, of
//! memcached and of `/proc` once a second, `snapshot` is the data to draw, `load` is the benchmark, `findings` its
//! result by the state of the index, `explain` describes a plan in plain words.

mod explain;
mod findings;
mod gather;
mod live;
mod load;
mod memcached;
mod processes;
mod request_counters;
mod snapshot;
mod times;

pub use explain::{Words, in_words};
pub use findings::{Comparison, Findings, Phase};
pub use live::{Action, Live, Place};
pub use load::{
    COMMAND as BENCHMARK_COMMAND, DURATION as BENCHMARK_DURATION, Heard, Outcome,
    run as run_benchmark,
};
pub use request_counters::{Reading, RequestCounters};
pub use snapshot::{Changing, Happening, IndexState, LATELY, SPAN, Second, Snapshot};
pub use times::{BUCKETS, Times, bucket_of};

use db::measure::Timing;
use db::userid_index::{self, Done, Error, Status};
use db::{measure, people};

/// How many owners, drawn uniformly at random, a measurement queries: enough that the median is not that of one of the
/// few owners with very many photos, whose queries hardly change.
const OWNERS_MEASURED: i64 = 25;

/// Drops the userid index and measures the photostream without it.
///
/// # Errors
///
/// When another process changes the index, when the lock times out, or when the database fails.
pub async fn drop(db: &db::Pool) -> Result<Vec<Done>, Error> {
    let done = userid_index::drop_all(db).await?;
    measure(db).await?;
    Ok(done)
}

/// Creates the userid index and measures the photostream with it.
///
/// # Errors
///
/// When another process changes the index, or when the database fails.
pub async fn create(db: &db::Pool) -> Result<Vec<Done>, Error> {
    let done = userid_index::create_all(db).await?;
    measure(db).await?;
    Ok(done)
}

/// Measures the photostream of owners drawn at random, and explains that of one person with about a dozen photos,
/// the same person in both states of the index.
///
/// The result is stored for the state of the index; in between (partly dropped, being built) nothing is measured.
pub async fn measure(db: &db::Pool) -> Result<(), db::Error> {
    let status = userid_index::status(db).await?;
    if !status.is_whole() && !status.is_gone() {
        return Ok(());
    }
    let owners = people::random_names(db, OWNERS_MEASURED).await?;
    let Some(example) = measure::example(db).await? else {
        return Ok(());
    };
    measure::run(db, &owners, &example, status.is_whole()).await
}

/// Measures once if there is no measurement yet, so that the lab has a baseline.
pub async fn measure_first(db: &db::Pool) -> Result<(), db::Error> {
    if measure::last(db).await?.is_empty() {
        measure(db).await?;
    }
    Ok(())
}

/// The comparison of single queries in both states of the index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Slower {
    /// How many times slower the query is without the index.
    Times(f64),
    /// One of the two was measured beside other queries, so they are not comparable.
    UnlikeLoads,
    /// One of the two measurements is missing.
    NotMeasured,
}

/// Compares the times if both were measured on a quiet database.
pub fn slower_one_at_a_time(timings: &[Timing]) -> Slower {
    let [with, without] = timings else {
        return Slower::NotMeasured;
    };
    match with.beside == 0 && without.beside == 0 && with.median_ms > 0.0 {
        true => Slower::Times(without.median_ms / with.median_ms),
        false => Slower::UnlikeLoads,
    }
}

/// The state of the index in a few words.
pub fn describe(status: &Status) -> &'static str {
    if status.creating.is_some() {
        "being created"
    } else if status.is_whole() {
        "there"
    } else if status.present.iter().any(|member| !member.valid) {
        "left invalid by an interruption; create makes it again"
    } else if status.is_gone() {
        "dropped"
    } else {
        "partly there"
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn timing(median_ms: f64, beside: i32) -> Timing {
        Timing {
            state: String::new(),
            measured_at: OffsetDateTime::UNIX_EPOCH,
            owners: 25,
            median_ms,
            slowest_ms: median_ms,
            beside,
            owner: domain::Username::parse("ann-lind").unwrap(),
            plan: String::new(),
            plan_text: String::new(),
        }
    }

    #[test]
    fn a_time_beside_a_benchmark_is_compared_with_none_of_a_quiet_database() {
        let slower =
            |with, without| slower_one_at_a_time(&[timing(0.05, with), timing(70.0, without)]);
        assert_eq!(slower(0, 0), Slower::Times(1400.0));
        assert_eq!(slower(0, 7), Slower::UnlikeLoads);
        assert_eq!(slower(3, 7), Slower::UnlikeLoads);
        assert_eq!(
            slower_one_at_a_time(&[timing(0.05, 0)]),
            Slower::NotMeasured
        );
    }
}
