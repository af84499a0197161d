//! The handle that the site holds.

use std::sync::Arc;

use tokio::time::timeout;

use crate::cacheable::Outcome;
use crate::gzip::Compressor;
use crate::key::Key;
use crate::options::Options;
use crate::purge::PurgeReport;
use crate::single_flight::SingleFlight;
use crate::stats::{Counters, Stats};
use crate::writer::Writer;

/// Stores what handlers allow, purges what the site deletes, and counts both. Cheap to clone.
///
/// Without servers nothing is stored, and every request runs its handler; the headers are the same.
#[derive(Clone)]
pub struct Accelerator {
    shared: Arc<Shared>,
}

struct Shared {
    options: Arc<Options>,
    counters: Arc<Counters>,
    single_flight: SingleFlight<Key, Outcome>,
    compressor: Compressor,
    writer: Writer,
}

impl Accelerator {
    /// Starts some tasks for each memcached, so it needs a tokio runtime unless there are no servers.
    ///
    /// Connects at the first store or purge: a server may be down.
    ///
    /// # Panics
    /// When there are servers and no tokio runtime.
    pub fn new(options: Options) -> Self {
        let options = Arc::new(options);
        let counters = Arc::<Counters>::default();
        let writer = Writer::start(&options, &counters);
        let (single_flight, compressor) = Default::default();
        Self {
            shared: Arc::new(Shared {
                options,
                counters,
                single_flight,
                compressor,
                writer,
            }),
        }
    }

    /// Deletes these paths on every server, and reads each again to prove it.
    ///
    /// Stores of these paths that are under way in this process no longer happen, even if their handler began
    /// before the purge; other processes ask their [`Validity`](crate::Validity). So first commit the deletion,
    /// then purge, then acknowledge.
    pub async fn purge<P: AsRef<str>>(&self, paths: impl IntoIterator<Item = P>) -> PurgeReport {
        let keys: Vec<Key> = paths
            .into_iter()
            .filter_map(|path| Key::of(path.as_ref()))
            .collect();
        for key in keys.iter() {
            self.shared.single_flight.revoke(key);
        }
        let report = PurgeReport {
            keys: keys.len(),
            servers: self.shared.writer.purge(&keys).await,
        };
        if !report.is_confirmed() {
            self.shared.counters.purge_unconfirmed();
        }
        report
    }

    /// Waits until every store that was queued before is acknowledged by memcached, or given up.
    pub async fn flush(&self) {
        self.shared.writer.flush().await;
    }

    /// Returns the counters of this moment.
    pub fn stats(&self) -> Stats {
        self.shared
            .counters
            .snapshot(self.shared.writer.pending_purges())
    }

    /// Asks the site once, within [`Options::validity_timeout`], whether a file is still current.
    pub(crate) async fn still_current(&self, path: &str) -> bool {
        let options = &self.shared.options;
        let answer = options.validity.still_current_boxed(path);
        timeout(options.validity_timeout, answer)
            .await
            .unwrap_or(false)
    }

    /// Whether anything can be stored at all.
    pub(crate) fn has_servers(&self) -> bool {
        self.shared.writer.has_servers()
    }

    pub(crate) fn options(&self) -> &Options {
        &self.shared.options
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    pub(crate) fn single_flight(&self) -> &SingleFlight<Key, Outcome> {
        &self.shared.single_flight
    }

    pub(crate) fn compressor(&self) -> &Compressor {
        &self.shared.compressor
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.shared.writer
    }
}

impl std::fmt::Debug for Accelerator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accelerator")
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}
