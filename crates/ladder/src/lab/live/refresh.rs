//! The loop that gathers a second and publishes a new snapshot, while a browser watches.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::Live;
use crate::lab::gather::{Gatherer, Sources};

impl Live {
    /// Gathers once a second until no browser watches any more.
    pub(super) async fn refresh(self) {
        let mut gatherer = Gatherer::default();
        let mut ticks = interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut look: Option<JoinHandle<()>> = None;
        while self.keep_gathering() {
            ticks.tick().await;
            // A database that is busy without its index answers late; the snapshot does not wait for it.
            if look.as_ref().is_none_or(|look| look.is_finished()) {
                let live = self.clone();
                look = Some(tokio::spawn(async move { live.look_at_index().await }));
            }
            let sources = Sources {
                own: self.request_counters(),
                others: self.sibling_sockets(),
                memcached: &self.0.memcached,
            };
            let heard = self.take_heard();
            let (now, second) = gatherer.second(sources, heard).await;
            self.redraw(|snapshot| snapshot.add_second(now, second));
        }
    }
}
