//! The bytes of one file as memcached will hold them.

use bytes::Bytes;
use tokio::time::Instant;

/// The value to store, and how.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) value: Bytes,
    pub(crate) is_gzip: bool,
    /// How many more bytes are kept for clients until the item is stored: the same content, not gzipped.
    pub(crate) plain_len: usize,
    /// Until when memcached may keep it, if that is not [`Options::lifetime`](crate::Options::lifetime).
    pub(crate) stored_until: Option<Instant>,
}

/// The bit of an item's flags that `memcached_gzip_flag` in `nginx.conf` tests.
const FLAG_GZIP: u32 = 2;

impl Item {
    /// Returns the flags that memcached keeps with the value.
    pub(crate) fn client_flags(&self) -> u32 {
        if self.is_gzip { FLAG_GZIP } else { 0 }
    }
}
