//! The counters of one app process, a few nanoseconds a request. Addresses are counted only while the lab is watched.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::times::{BUCKETS, Times, bucket_of};

/// How long addresses are counted after a read.
const ADDRESSES_COUNTED_FOR: Duration = Duration::from_secs(3);

/// How many different addresses of each kind are counted between two reads.
const ADDRESSES_MAX: usize = 4096;

/// How many of them a read returns.
const ADDRESSES_RETURNED: usize = 64;

/// How long an address may be; longer ones are not counted.
const ADDRESS_BYTES_MAX: usize = 200;

/// The counters of this process.
#[derive(Debug)]
pub struct RequestCounters {
    pages: [AtomicU64; BUCKETS],
    failed: AtomicU64,
    files: AtomicU64,
    began: Instant,
    /// Milliseconds after `began` until which addresses are counted.
    asked_until_ms: AtomicU64,
    addresses: Mutex<Addresses>,
}

#[derive(Debug, Default)]
struct Addresses {
    pages: HashMap<String, u64>,
    files: HashMap<String, u64>,
}

/// The counters of a process: counts since its start, addresses since the last read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Pages, by response time.
    pub pages: Times,
    /// Pages among them that failed with a server error.
    pub failed: u64,
    /// Files.
    pub files: u64,
    /// The pages requested most often.
    pub top_pages: Vec<(String, u64)>,
    /// The files requested most often.
    pub top_files: Vec<(String, u64)>,
}

impl Default for RequestCounters {
    fn default() -> Self {
        Self {
            pages: std::array::from_fn(|_| AtomicU64::new(0)),
            failed: AtomicU64::new(0),
            files: AtomicU64::new(0),
            began: Instant::now(),
            asked_until_ms: AtomicU64::new(0),
            addresses: Mutex::default(),
        }
    }
}

impl RequestCounters {
    /// Counts an answered page: its address, when its request arrived, and whether it failed with a server error.
    pub fn page(&self, path: &str, begin: Instant, failed: bool) {
        let micros = u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.pages[bucket_of(micros)].fetch_add(1, Relaxed);
        if failed {
            self.failed.fetch_add(1, Relaxed);
        }
        if self.is_asked(begin) {
            count(&mut self.addresses().pages, path);
        }
    }

    /// Counts a file that this process served.
    pub fn file(&self, path: &str) {
        self.files.fetch_add(1, Relaxed);
        if self.is_asked(Instant::now()) {
            count(&mut self.addresses().files, path);
        }
    }

    /// Returns the counters, and starts counting addresses for some seconds.
    pub fn read(&self) -> Reading {
        let until = self.began.elapsed() + ADDRESSES_COUNTED_FOR;
        let until = u64::try_from(until.as_millis()).unwrap_or(u64::MAX);
        self.asked_until_ms.store(until, Relaxed);
        let addresses = std::mem::take(&mut *self.addresses());
        Reading {
            pages: Times::from_counts(self.pages.iter().map(|count| count.load(Relaxed))),
            failed: self.failed.load(Relaxed),
            files: self.files.load(Relaxed),
            top_pages: top(addresses.pages, ADDRESSES_RETURNED),
            top_files: top(addresses.files, ADDRESSES_RETURNED),
        }
    }

    fn is_asked(&self, now: Instant) -> bool {
        let now = now.saturating_duration_since(self.began).as_millis();
        now < u128::from(self.asked_until_ms.load(Relaxed))
    }

    fn addresses(&self) -> std::sync::MutexGuard<'_, Addresses> {
        self.addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(addresses: &mut HashMap<String, u64>, path: &str) {
    if let Some(count) = addresses.get_mut(path) {
        *count += 1;
    } else if addresses.len() < ADDRESSES_MAX && path.len() <= ADDRESS_BYTES_MAX {
        addresses.insert(path.to_owned(), 1);
    }
}

/// The most frequent addresses, the most frequent first; equal counts by name, so that a list does not flicker.
pub(super) fn top(counts: HashMap<String, u64>, most: usize) -> Vec<(String, u64)> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
    counts.truncate(most);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_counted_only_after_somebody_asked() {
        let request_counters = RequestCounters::default();
        let now = Instant::now();
        request_counters.page("/people/ann", now, false);
        request_counters.file("/i/7/a/640.webp");
        let first = request_counters.read();
        assert_eq!((first.pages.total(), first.files), (1, 1));
        assert_eq!((first.top_pages.len(), first.top_files.len()), (0, 0));
        let now = Instant::now();
        for path in ["/people/bob", "/people/ann", "/people/bob"] {
            request_counters.page(path, now, path == "/people/ann");
        }
        let second = request_counters.read();
        assert_eq!((second.pages.total(), second.failed), (4, 1));
        let expected = [("/people/bob".to_owned(), 2), ("/people/ann".to_owned(), 1)];
        assert_eq!(second.top_pages, expected);
        assert_eq!(request_counters.read().top_pages, []);
    }

    #[test]
    fn memory_for_addresses_is_bounded() {
        let request_counters = RequestCounters::default();
        request_counters.read();
        for n in 0..2 * ADDRESSES_MAX {
            request_counters.file(&format!("/i/{n}"));
        }
        assert_eq!(request_counters.addresses().files.len(), ADDRESSES_MAX);
        assert_eq!(request_counters.read().top_files.len(), ADDRESSES_RETURNED);
    }
}
