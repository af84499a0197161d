//! What the lab does, for its page and for the command line alike: drop, create, measure; and what it
//! draws while somebody watches.
//!
//! In the order to read them: `pulse` counts in each app process, `live` gathers once a second what all
//! of them, memcached and `/proc` tell, `scene` is what there is to draw then, `load` is the benchmark,
//! `explain` puts a plan into words.

mod explain;
mod gather;
mod live;
mod load;
mod memcached;
mod pulse;
mod scene;
mod siblings;
mod times;

use sqlx::PgPool;

pub use explain::{Words, in_words};
pub use live::{Action, Live, Place};
pub use load::{
    COMMAND as BENCHMARK_COMMAND, DURATION as BENCHMARK_DURATION, Heard, Outcome,
    run as run_benchmark,
};
pub use pulse::{Pulse, Reading};
pub use scene::{Changing, Happening, LATELY, SPAN, Scene, Second};
pub use times::{BUCKETS, Times, bucket_of};

use crate::db::userid_index::{self, Done, Error, Status};
use crate::db::{measure, people};

/// How many owners, drawn uniformly at random, a measurement asks for: enough that none of the few
/// with very many photos, who hardly notice, makes the median.
const OWNERS_MEASURED: i64 = 25;

/// Drops the userid index and measures the photostream without it.
///
/// # Errors
///
/// When somebody else is at it, when no lock is to be had, or when the database fails.
pub async fn drop(db: &PgPool) -> Result<Vec<Done>, Error> {
    let done = userid_index::drop_all(db).await?;
    measure(db).await?;
    Ok(done)
}

/// Creates the userid index and measures the photostream with it.
///
/// # Errors
///
/// When somebody else is at it, or when the database fails.
pub async fn create(db: &PgPool) -> Result<Vec<Done>, Error> {
    let done = userid_index::create_all(db).await?;
    measure(db).await?;
    Ok(done)
}

/// Measures the photostream of owners drawn at random and remembers the result under the state that
/// the index is in; in between (partly dropped, being built) there is nothing to remember.
///
/// # Errors
///
/// When the database fails.
pub async fn measure(db: &PgPool) -> Result<(), sqlx::Error> {
    let status = userid_index::status(db).await?;
    if !status.is_whole() && !status.is_gone() {
        return Ok(());
    }
    let owners = people::random_names(db, OWNERS_MEASURED).await?;
    measure::run(db, &owners, status.is_whole()).await
}

/// Measures once where nothing was ever measured, so that the lab has something to compare with.
///
/// # Errors
///
/// When the database fails.
pub async fn measure_first(db: &PgPool) -> Result<(), sqlx::Error> {
    if measure::last(db).await?.is_empty() {
        measure(db).await?;
    }
    Ok(())
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
