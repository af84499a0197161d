//! Opens database connections before they are needed: on a full disk PostgreSQL may refuse a new one, because it writes
//! a file for it.

use db::pool;
use db::transient_error::TransientError;
use images::blocking::Lane;

use crate::Site;

/// Runs the shortening of the ballast.
static GIVING_WAY: Lane = Lane::new(1);

/// Opens the first connection before the first statement. A failure is only logged: the first request that needs a
/// connection reports it.
pub async fn open_first(site: &Site) {
    if let Err(error) = open(site, 1).await {
        tracing::debug!(%error, "there is no database connection yet");
    }
}

/// Opens all connections that the pool may hold.
pub(super) async fn open_all(site: &Site) -> anyhow::Result<()> {
    let most = site.db.options().get_max_connections();
    Ok(open(site, most).await?)
}

/// Opens connections; on a full disk releases a part of the ballast for PostgreSQL's file and retries.
async fn open(site: &Site, connections: u32) -> Result<(), db::Error> {
    let Err(error) = pool::fill(&site.db, connections).await else {
        return Ok(());
    };
    let disk = site.disk.clone();
    let is_full = TransientError::of(&error) == Some(TransientError::DiskFull);
    if is_full
        && GIVING_WAY
            .run(move || disk.give_way())
            .await
            .unwrap_or(false)
    {
        return pool::fill(&site.db, connections).await;
    }
    Err(error)
}
