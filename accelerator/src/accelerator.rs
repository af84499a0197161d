//! The handle that the site holds.

use std::sync::Arc;

use tokio::time::timeout;

use crate::flights::{Flight, Flights};
use crate::gzip::Press;
use crate::made::{Done, Made};
use crate::options::Options;
use crate::purge::PurgeReport;
use crate::stats::Counters;
use crate::writer::Writer;
use crate::{AcceleratorLayer, Key, NotStored, Stats};

/// Stores what handlers allow, purges what the site deletes, and counts both. Cheap to clone.
///
/// Without servers nothing is stored and each request makes its own answer; the headers are the same.
#[derive(Clone)]
pub struct Accelerator {
    shared: Arc<Shared>,
}

struct Shared {
    options: Arc<Options>,
    counters: Arc<Counters>,
    flights: Flights,
    press: Press,
    writer: Writer,
}

impl Accelerator {
    /// Starts some tasks for each memcached, so it needs a tokio runtime unless there is none.
    ///
    /// No connection is made before the first store or purge: a server may be down.
    ///
    /// # Panics
    /// When there are servers and no tokio runtime.
    pub fn new(options: Options) -> Self {
        let options = Arc::new(options);
        let counters = Arc::<Counters>::default();
        let writer = Writer::start(&options, &counters);
        let (flights, press) = Default::default();
        Self {
            shared: Arc::new(Shared {
                options,
                counters,
                flights,
                press,
                writer,
            }),
        }
    }

    /// Returns the layer to put around the whole router, where paths are still those of the client.
    pub fn layer(&self) -> AcceleratorLayer {
        AcceleratorLayer::new(self.clone())
    }

    /// Deletes these paths on every server and asks each for them again, to prove it.
    ///
    /// Stores of these paths that are under way in this process do not happen any more, nor does one
    /// whose handler had begun before; other processes ask their [`Validity`](crate::Validity). So first make the
    /// deletion true, then purge, then tell the visitor.
    pub async fn purge<P: AsRef<str>>(&self, paths: impl IntoIterator<Item = P>) -> PurgeReport {
        let keys: Vec<Key> = paths
            .into_iter()
            .filter_map(|path| Key::of(path.as_ref()))
            .collect();
        for key in keys.iter() {
            self.shared.flights.purge(key);
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

    /// Waits until everything that was handed to the queue before is acknowledged by memcached, or given up.
    pub async fn flush(&self) {
        self.shared.writer.flush().await;
    }

    /// Returns the counters of this moment.
    pub fn stats(&self) -> Stats {
        self.shared.counters.snapshot(self.shared.writer.owed())
    }

    pub(crate) fn flights(&self) -> &Flights {
        &self.shared.flights
    }

    /// Binds the right to store a key to the duty to say what became of it.
    pub(crate) fn push(&self, flight: Flight) -> Push {
        Push {
            flight: Some(flight),
            accelerator: self.clone(),
        }
    }

    /// Asks the truth once, within its time.
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

    pub(crate) fn collapsed(&self) {
        self.shared.counters.collapsed();
    }

    pub(crate) fn item_len_max(&self) -> usize {
        self.shared.options.item_len_max
    }

    pub(crate) fn press(&self) -> &Press {
        &self.shared.press
    }

    pub(crate) fn not_stored(&self, reason: NotStored) {
        self.shared.counters.not_stored(reason);
    }
}

impl std::fmt::Debug for Accelerator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accelerator")
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}

/// The right to store one response; used once, or counted as [`NotStored::Incomplete`].
#[derive(Debug)]
pub(crate) struct Push {
    flight: Option<Flight>,
    accelerator: Accelerator,
}

impl Push {
    /// Hands a file to the queue, and shows it to all who ask until it is stored.
    pub(crate) fn land(mut self, made: Made) -> Done {
        let made = Arc::new(made);
        let stored = match self.flight.take() {
            Some(flight) => self.store(flight, &made),
            None => Err(NotStored::Incomplete),
        };
        if let Err(reason) = stored {
            self.accelerator.not_stored(reason);
        }
        Done { made, stored }
    }

    fn store(&self, flight: Flight, made: &Arc<Made>) -> Result<(), NotStored> {
        let item = made.item();
        let shared = &self.accelerator.shared;
        if item.value.len() > shared.options.item_len_max {
            return Err(NotStored::TooLarge);
        }
        flight.check()?;
        flight.show(&Done {
            made: Arc::clone(made),
            stored: Ok(()),
        });
        shared.writer.store(flight, item)
    }

    /// Gives the right back for a reason.
    pub(crate) fn give_up(mut self, reason: NotStored) {
        self.flight = None;
        self.accelerator.not_stored(reason);
    }
}

impl Drop for Push {
    fn drop(&mut self) {
        if self.flight.is_some() {
            self.accelerator.not_stored(NotStored::Incomplete);
        }
    }
}
