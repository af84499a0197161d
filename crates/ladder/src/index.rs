//! The userid index during a talk: however the talk ends, the index exists afterwards.

use anyhow::{Context as _, Result};
use db::pool;
use db::userid_index::{self, Done, What};
use domain::rung::Rung;

use super::Options;
use super::interrupt::Interrupt;
use super::site::Site;
use crate::lab;

/// Creates the index if it is incomplete, as after a killed talk. Returns what was created.
pub(super) async fn ensure(db: &db::Pool) -> Result<Vec<Done>> {
    if userid_index::status(db).await?.is_whole() {
        return Ok(Vec::new());
    }
    Ok(lab::create(db).await?)
}

/// Restores the index after the site in which it was dropped has stopped: starts a new site, without checking for
/// interrupts.
pub(super) fn put_back(options: &Options) -> Result<()> {
    let site = Site::start(options, Rung::CacheMoney, &Interrupt::ignored(), |_| ())
        .context("the userid index is missing; put it back with `flickr-killr index create`")?;
    block_on(async {
        let db = pool::open(&site.running.database_url, 2)?;
        ensure(&db).await?;
        db.close().await;
        Ok(())
    })?;
    site.stop()
}

/// Describes the change in one line.
pub(super) fn described(done: &[Done]) -> String {
    let seconds: f64 = done.iter().map(|one| one.took.as_secs_f64()).sum();
    let bytes: i64 = done.iter().map(|one| one.bytes).sum();
    let dropped = done.iter().all(|one| one.what == What::Dropped);
    format!(
        "{} the {} indexes by userid ({:.1} MB) in {seconds:.2} s",
        if dropped { "dropped" } else { "created" },
        done.len(),
        bytes as f64 / 1e6
    )
}

/// Runs a future on this thread.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?
        .block_on(work)
}
