//! What waits in the queues of a connection.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::cacheable::Permit;
use crate::item::Item;
use crate::key::Key;
use crate::purge::ServerPurge;

/// A store on its way through the queues; each copy shares it.
pub(super) struct Store {
    pub(super) permit: Permit,
    pub(super) item: Item,
    /// This store's part of [`Options::queue_bytes_max`](crate::Options::queue_bytes_max).
    pub(super) _room: OwnedSemaphorePermit,
}

/// A command that is carried out in the order of its queue.
pub(super) enum Command {
    Store(Arc<Store>),
    /// Answered when every command that was queued before is done.
    Flush(oneshot::Sender<()>),
}

/// Keys to delete. Purges have a queue of their own, and go first.
pub(super) struct Purge {
    pub(super) keys: Vec<Key>,
    pub(super) done: oneshot::Sender<ServerPurge>,
}
