//! The settings of an accelerator, with defaults for a memcached on the same machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::fence::Fence;
use crate::validity::{AlwaysCurrent, DynValidity, Validity};

/// How an [`Accelerator`](crate::Accelerator) stores and purges.
#[derive(Clone)]
pub struct Options {
    /// The memcached servers, in any order, written as in nginx's upstream. Without servers nothing is stored.
    pub servers: Vec<SocketAddr>,
    /// How many bytes an item may have, because memcached's limit of 1 MiB (`-I`) includes key and header.
    pub item_len_max: usize,
    /// How many stores may wait for one connection; more are dropped.
    pub queue_len_max: usize,
    /// How many bytes may wait for all servers; more are dropped.
    pub queue_bytes_max: usize,
    /// How long an item stays, at most 30 days; each key up to a tenth less.
    pub lifetime: Duration,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long one exchange with memcached may take.
    pub io_timeout: Duration,
    /// How long [`Validity`] may take to answer; after that the file counts as not current.
    pub validity_timeout: Duration,
    /// How long a purge tries each server before it reports the server as unconfirmed.
    pub purge_timeout: Duration,
    /// How many servers along nginx's own retry order hold an item: 1, or 2 for a second copy that nginx
    /// finds when the first server is down ([`Front`](crate::nginx::Front) has the same setting for nginx).
    pub copies: usize,
    /// How many connections to each server; each stores and purges its own share of the keys.
    pub connections: usize,
    /// When to kill a memcached of this machine that misses a purge; by default it is only reported.
    pub fence: Option<Fence>,
    pub(crate) validity: Arc<dyn DynValidity>,
}

impl Options {
    /// Returns the defaults for these servers.
    pub fn new(servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self {
            servers: servers.into_iter().collect(),
            item_len_max: 1_000_000,
            queue_len_max: 1_024,
            queue_bytes_max: 16 << 20,
            lifetime: Duration::from_secs(7 * 24 * 60 * 60),
            connect_timeout: Duration::from_millis(250),
            io_timeout: Duration::from_millis(500),
            validity_timeout: Duration::from_secs(1),
            purge_timeout: Duration::from_secs(2),
            copies: 1,
            connections: 4,
            fence: None,
            validity: Arc::new(AlwaysCurrent),
        }
    }

    /// Checks each file with this before it is stored or shared.
    #[must_use]
    pub fn validity(mut self, validity: impl Validity) -> Self {
        self.validity = Arc::new(validity);
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new([])
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("servers", &self.servers)
            .field("item_len_max", &self.item_len_max)
            .field("queue_len_max", &self.queue_len_max)
            .field("queue_bytes_max", &self.queue_bytes_max)
            .field("lifetime", &self.lifetime)
            .field("copies", &self.copies)
            .field("connections", &self.connections)
            .field("fence", &self.fence)
            .finish_non_exhaustive()
    }
}
