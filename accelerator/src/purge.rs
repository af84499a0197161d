//! The outcome of a purge, server by server.

use std::net::SocketAddr;

/// The outcome of a purge. It is confirmed when every server confirmed it or is dead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurgeReport {
    /// How many of the paths have a key; the others cannot have been stored.
    pub keys: usize,
    /// Each server's outcome, in the order of the configuration.
    pub servers: Vec<(SocketAddr, ServerPurge)>,
}

/// The outcome on one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerPurge {
    /// The keys were deleted, then read, and not found.
    Confirmed {
        /// How many of the keys the server had.
        removed: usize,
    },
    /// The server is dead: found dead, or killed by the [`Fence`](crate::Fence). It comes back empty.
    Dead,
    /// No connection; it is unknown what the server still holds.
    Unreachable,
    /// The server did not answer in time. It may be frozen, and thaw with the old items.
    TimedOut,
    /// The server answered with an error, or still had a key after repeated deletes.
    Refused,
}

impl ServerPurge {
    /// Returns the outcome of two parts of a purge: the worse one.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Confirmed { removed }, Self::Confirmed { removed: more }) => Self::Confirmed {
                removed: removed + more,
            },
            (Self::Dead, Self::Confirmed { .. }) => Self::Dead,
            (Self::Confirmed { .. } | Self::Dead, other) => other,
            (worse, _) => worse,
        }
    }
}

impl PurgeReport {
    /// Returns whether no server holds any of the keys.
    pub fn is_confirmed(&self) -> bool {
        self.unconfirmed().next().is_none()
    }

    /// Returns the servers that may still hold old items, and why.
    ///
    /// This process retries the purge as soon as they answer; until then nginx may serve these items.
    pub fn unconfirmed(&self) -> impl Iterator<Item = (SocketAddr, ServerPurge)> + '_ {
        self.servers.iter().copied().filter(|(_, outcome)| {
            !matches!(outcome, ServerPurge::Confirmed { .. } | ServerPurge::Dead)
        })
    }

    /// Returns how many items were found and removed on all servers.
    pub fn removed(&self) -> usize {
        self.servers
            .iter()
            .map(|(_, outcome)| match outcome {
                ServerPurge::Confirmed { removed } => *removed,
                _ => 0,
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::PurgeReport;
    use super::ServerPurge::{self, Confirmed, Dead, Refused, TimedOut, Unreachable};

    fn report(servers: &[ServerPurge]) -> PurgeReport {
        let address = |port: usize| ([127, 0, 0, 1], u16::try_from(port).unwrap()).into();
        let numbered = servers.iter().enumerate();
        PurgeReport {
            keys: 1,
            servers: numbered.map(|(port, did)| (address(port), *did)).collect(),
        }
    }

    #[test]
    fn a_purge_is_confirmed_when_no_server_can_hold_anything() {
        assert!(report(&[]).is_confirmed());
        assert!(report(&[Confirmed { removed: 0 }, Dead]).is_confirmed());
        for worse in [Unreachable, TimedOut, Refused] {
            let report = report(&[Confirmed { removed: 1 }, worse, Dead]);
            assert!(!report.is_confirmed());
            let named: Vec<_> = report.unconfirmed().collect();
            assert_eq!(named, [report.servers[1]]);
        }
    }

    #[test]
    fn what_was_removed_is_counted_over_all_servers() {
        let servers = [
            Confirmed { removed: 2 },
            Dead,
            TimedOut,
            Confirmed { removed: 3 },
        ];
        assert_eq!(report(&servers).removed(), 5);
    }

    #[test]
    fn the_worst_part_of_a_purge_is_its_outcome() {
        let (two, one) = (Confirmed { removed: 2 }, Confirmed { removed: 1 });
        assert_eq!(two.and(one), Confirmed { removed: 3 });
        assert_eq!((two.and(Dead), Dead.and(two)), (Dead, Dead));
        assert_eq!((TimedOut.and(two), two.and(TimedOut)), (TimedOut, TimedOut));
        assert_eq!((Dead.and(Refused), Refused.and(Dead)), (Refused, Refused));
    }
}
