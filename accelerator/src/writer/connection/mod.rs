//! The task behind one connection to a memcached: takes commands and purges from its queues.

mod client;
mod purge;
mod store;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::command::{Command, Purge};

pub(super) use client::Connection;

/// How often pending purges are retried when no command does it.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Runs until the writer is dropped and the queues are empty.
///
/// One connection of each server `retries` pending purges while there is nothing else to do.
pub(super) async fn run(
    mut connection: Connection,
    retries: bool,
    mut commands: mpsc::Receiver<Command>,
    mut purges: mpsc::Receiver<Purge>,
) {
    let mut retry = interval(RETRY_INTERVAL);
    retry.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            Some(purge) = purges.recv() => {
                let outcome = connection.purge(&purge.keys).await;
                // The caller may have been cancelled; the keys are purged all the same.
                let _cancelled = purge.done.send(outcome);
            }
            _ = retry.tick(), if retries => connection.retry_pending().await,
            command = commands.recv() => match command {
                Some(Command::Store(store)) => {
                    let stored = AssertUnwindSafe(connection.store(&store)).catch_unwind().await;
                    match stored.unwrap_or_else(|_| Err(connection.validity_panicked(&store))) {
                        Ok(()) => connection.server.counters.stored(store.item.value.len()),
                        Err(reason) => connection.server.counters.not_stored(reason),
                    }
                }
                Some(Command::Flush(done)) => {
                    let _cancelled = done.send(());
                }
                None => break,
            },
        }
    }
}
