//! The addresses of the memcached servers, the app processes and nginx of one site.

use std::net::SocketAddr;
use std::path::PathBuf;

use accelerator::Ring;

/// All addresses that the cache tools query.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    /// The memcached servers, in nginx's order.
    pub memcached: Vec<SocketAddr>,
    /// The unix sockets of the app processes.
    pub apps: Vec<PathBuf>,
    /// The address of the site; `None` if only parts of the site are known.
    pub front: Option<SocketAddr>,
    /// How many servers hold an item: the first ones on the ring.
    pub copies: usize,
}

impl Endpoints {
    /// Returns all servers in the order in which nginx tries them for a key, each once.
    pub fn servers_of(&self, key: &str) -> Vec<SocketAddr> {
        let ring = Ring::new(self.memcached.iter().map(SocketAddr::to_string));
        let order = ring.order(key.as_bytes()).into_iter();
        order.map(|number| self.memcached[number]).collect()
    }

    /// How many of them nginx asks.
    pub fn holders(&self) -> usize {
        self.copies.clamp(1, self.memcached.len().max(1))
    }
}
