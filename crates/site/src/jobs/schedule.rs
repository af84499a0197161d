//! The schedule of one app process: small background jobs, each with its own period. A failed job fails no page.

use std::future::Future;
use std::time::Duration;

use db::{known_browser, photo_write, session, upload_place};
use images::blocking::Lane;
use images::disk::Level;
use tokio::time::{MissedTickBehavior, interval};

use super::{connections, outbox};
use crate::Site;
use crate::upload;

/// How often due purges are delivered.
const OUTBOX_EVERY: Duration = Duration::from_secs(1);
/// How often views are written to the database, and folded into the photos.
const VIEWS_EVERY: Duration = Duration::from_secs(5);
/// How often the folder of derivatives, old sessions and the tail of explore are swept.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// How often the pool of database connections is filled up.
const CONNECTIONS_EVERY: Duration = Duration::from_secs(1);

/// How often the site's own files of older versions are swept.
const SWEEP_FILES_EVERY: Duration = Duration::from_secs(60 * 60);

/// Runs the sweeps, one at a time.
static SWEEPING: Lane = Lane::new(1);

/// Which jobs a process runs.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// The outbox, folding and sweeping: one process of the site is enough, more do no harm.
    pub shared: bool,
    /// Opens all connections that the pool may hold: for a database that has them to spare.
    pub connect_ahead: bool,
    /// How many bytes of derivatives may stay.
    pub derivatives_max_bytes: u64,
}

/// Runs the jobs for as long as it is polled.
pub async fn run(site: Site, schedule: Schedule) {
    let views = every(VIEWS_EVERY, "writing views down", || write_views(&site));
    let own = async {
        if schedule.connect_ahead {
            let connections = every(CONNECTIONS_EVERY, "opening database connections", || {
                connections::open_all(&site)
            });
            tokio::join!(views, connections);
        } else {
            views.await;
        }
    };
    if !schedule.shared {
        own.await;
        return;
    }
    let outbox = every(OUTBOX_EVERY, "delivering the outbox", async || {
        outbox::deliver_due(&site).await?;
        anyhow::Ok(())
    });
    let fold = every(VIEWS_EVERY, "folding views", async || {
        if site.disk.level() == Level::Scarce {
            return Ok(());
        }
        photo_write::fold_views(&site.db).await?;
        anyhow::Ok(())
    });
    let swept = every(SWEEP_EVERY, "sweeping", || {
        sweep(&site, schedule.derivatives_max_bytes)
    });
    let sweep_files = every(SWEEP_FILES_EVERY, "sweeping older versions' files", || {
        sweep_files(&site)
    });
    tokio::join!(own, outbox, fold, swept, sweep_files);
}

/// Writes the views that this process counted to the database; drops them if the disk is nearly full.
///
/// # Errors
///
/// When the database fails; these views are lost, and only these.
pub async fn write_views(site: &Site) -> anyhow::Result<()> {
    let views = site.views.take();
    if !views.is_empty() && site.disk.level() != Level::Scarce {
        photo_write::append_views(&site.db, &views).await?;
    }
    Ok(())
}

/// Removes expired data on disk and in the database. A failed step does not stop the others: space is needed most when
/// the disk is full, and then the database may fail.
///
/// # Errors
///
/// The failures of all steps.
pub async fn sweep(site: &Site, derivatives_max_bytes: u64) -> anyhow::Result<()> {
    let steps = [
        (
            "uploads cut off",
            done(upload::sweep(&site.db, &site.originals).await),
        ),
        (
            "derivatives",
            done(site.derivatives.sweep(derivatives_max_bytes).await),
        ),
        ("sessions", done(session::sweep(&site.db).await)),
        ("browsers", done(known_browser::sweep(&site.db).await)),
        ("accounts", done(site.accounts.sweep().await)),
        ("upload places", done(upload_place::sweep(&site.db).await)),
        ("explore", done(photo_write::cut_recent(&site.db).await)),
    ];
    let failed = steps.into_iter().filter_map(|(what, step)| {
        let error = step.err()?;
        Some(format!("{what}: {error:#}"))
    });
    let failed: Vec<String> = failed.collect();
    anyhow::ensure!(failed.is_empty(), "{}", failed.join("; "));
    Ok(())
}

fn done<T>(step: Result<T, impl Into<anyhow::Error>>) -> anyhow::Result<()> {
    step.map(|_| ()).map_err(Into::into)
}

/// Records that this version's files are in use, and removes unused files of other versions.
async fn sweep_files(site: &Site) -> anyhow::Result<()> {
    let Some(asset_store) = site.asset_store.clone() else {
        return Ok(());
    };
    SWEEPING
        .run(move || {
            asset_store.keep_own()?;
            anyhow::Ok(asset_store.sweep()?)
        })
        .await??;
    Ok(())
}

async fn every<F: Future<Output = anyhow::Result<()>>>(
    period: Duration,
    what: &str,
    job: impl Fn() -> F,
) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        match job().await {
            Ok(()) => failing = false,
            // Logged once, not every period while the database is unavailable.
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(
                    error = format!("{error:#}"),
                    "{what} failed and will be retried"
                );
            }
            Err(_) => {}
        }
    }
}
