use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Itinerary;
use crate::html::Part;

/// What a connection fetches next for its browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The HTML of the browser's page.
    Html,
    /// The part with this place in the page's list.
    Part(usize),
}

/// A virtual reader: one page at a time, its parts over all of the browser's
/// connections at once. Every page view is a first visit; there is no cache.
#[derive(Debug)]
pub(super) struct Browser {
    itinerary: Itinerary,
    /// Its connections, by index in the worker.
    pub(super) connections: Range<usize>,
    /// The page it is on, by index in the list.
    pub(super) page: u32,
    /// Since when.
    since: Instant,
    pub(super) parts: Arc<[Part]>,
    next_part: usize,
    under_way: usize,
    complete: bool,
}

impl Browser {
    pub(super) fn new(
        itinerary: Itinerary,
        connections: Range<usize>,
        nothing: Arc<[Part]>,
    ) -> Self {
        Self {
            itinerary,
            connections,
            page: 0,
            since: Instant::now(),
            parts: nothing,
            next_part: 0,
            under_way: 0,
            complete: true,
        }
    }

    /// The next request, or none while others of the same page must end first or when all pages were
    /// visited.
    pub(super) fn next(&mut self, nothing: &Arc<[Part]>, now: Instant) -> Option<What> {
        if self.has_parts_left() {
            self.next_part += 1;
            self.under_way += 1;
            return Some(What::Part(self.next_part - 1));
        }
        if self.under_way > 0 {
            return None;
        }
        self.page = u32::try_from(self.itinerary.next_page()?).unwrap_or(0);
        self.since = now;
        self.parts = Arc::clone(nothing);
        self.next_part = 0;
        self.under_way = 1;
        self.complete = true;
        Some(What::Html)
    }

    pub(super) fn has_parts_left(&self) -> bool {
        self.next_part < self.parts.len()
    }

    /// Notes the end of a request. Returns how long the page view took, and
    /// whether all of it arrived, when this was its last.
    pub(super) fn done(&mut self, arrived: bool, now: Instant) -> Option<(Duration, bool)> {
        self.under_way -= 1;
        self.complete &= arrived;
        (self.under_way == 0 && !self.has_parts_left()).then(|| (now - self.since, self.complete))
    }
}
