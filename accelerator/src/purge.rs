//! What a purge did, server by server.

use std::net::SocketAddr;

/// The outcome of a purge: a purge is done when every server confirmed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurgeReport {
    /// How many of the paths have a key; the others can never have been stored.
    pub keys: usize,
    /// Each server's outcome, in the order of the configuration.
    pub servers: Vec<(SocketAddr, ServerPurge)>,
}

/// What one server did with a purge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerPurge {
    /// The keys were deleted, then asked for, and not found.
    Confirmed {
        /// How many of the keys the server had.
        removed: usize,
    },
    /// No connection. If it is on this machine it is dead, and comes back empty; else nobody knows.
    Unreachable,
    /// It did not answer in time. It may be frozen, and wake up with the old items.
    TimedOut,
    /// It answered with an error, or still had a key after being told repeatedly to delete it.
    Refused,
}

impl PurgeReport {
    /// Tells whether no server holds any of the keys.
    pub fn is_confirmed(&self) -> bool {
        self.unconfirmed().next().is_none()
    }

    /// Returns the servers that may still hold old items, and why; they must be restarted or flushed.
    pub fn unconfirmed(&self) -> impl Iterator<Item = (SocketAddr, ServerPurge)> + '_ {
        self.servers
            .iter()
            .copied()
            .filter(|(_, did)| !matches!(did, ServerPurge::Confirmed { .. }))
    }

    /// Returns how many items were found and removed, on all servers together.
    pub fn removed(&self) -> usize {
        self.servers
            .iter()
            .map(|(_, did)| match did {
                ServerPurge::Confirmed { removed } => *removed,
                _ => 0,
            })
            .sum()
    }
}
