//! A virtual browser: one page view at a time, its parts over all of the browser's connections at once.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::cache::{Cache, Lookup, Validators};
use super::response::hash;
use super::workload::{NextView, Workload};
use crate::Visitors;
use crate::html::Part;
use crate::measure::PageSample;

/// How many files a browser caches, some 50 bytes each.
const CACHE_ENTRIES_MAX: usize = 2000;

/// What a connection fetches for its browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The HTML of the browser's page.
    Html,
    /// The part with this index in the page's list.
    Part(usize),
}

/// A virtual browser and its current page view.
#[derive(Debug)]
pub(super) struct Browser {
    pub(super) workload: Workload,
    pub(super) cache: Option<Cache>,
    /// After how many page views a new visitor with an empty cache takes over.
    views_max: u32,
    views: u32,
    /// Its connections, by index in the worker.
    pub(super) connections: Range<usize>,
    /// When the page view was due.
    pub(super) planned: Instant,
    /// When its HTML was due: the same, or the instant of the last redirect.
    pub(super) html_due: Instant,
    needs_html: bool,
    pub(super) parts: Arc<[Part]>,
    next_part: usize,
    /// How many parts of the page view were fresh in the cache.
    from_cache: u32,
    under_way: usize,
    is_complete: bool,
}

impl Browser {
    pub(super) fn new(
        workload: Workload,
        visitors: Visitors,
        connections: Range<usize>,
        no_parts: Arc<[Part]>,
    ) -> Self {
        let (cache, views_max) = match visitors {
            Visitors::New => (None, 1),
            Visitors::Returning => (Some(Cache::new(CACHE_ENTRIES_MAX)), u32::MAX),
            Visitors::ReturningFor(views) => (Some(Cache::new(CACHE_ENTRIES_MAX)), views),
        };
        Self {
            workload,
            cache,
            views_max,
            views: 0,
            connections,
            planned: Instant::now(),
            html_due: Instant::now(),
            needs_html: false,
            parts: no_parts,
            next_part: 0,
            from_cache: 0,
            under_way: 0,
            is_complete: true,
        }
    }

    /// Chooses its next page view, or returns `None` when all were visited.
    pub(super) fn choose(&mut self) -> Option<NextView> {
        let chosen = self.workload.choose()?;
        if chosen.is_new_visitor || self.views >= self.views_max {
            self.views = 0;
            self.cache.iter_mut().for_each(Cache::clear);
            self.workload.clear();
        }
        Some(chosen)
    }

    /// Begins the page view that was chosen.
    pub(super) fn begin(&mut self, no_parts: &Arc<[Part]>, planned: Instant) {
        self.views = self.views.saturating_add(1);
        self.planned = planned;
        self.html_due = planned;
        self.parts = Arc::clone(no_parts);
        self.next_part = 0;
        self.from_cache = 0;
        self.needs_html = true;
        self.is_complete = true;
    }

    /// Fetches the HTML again, from the target of a redirect.
    pub(super) fn follow(&mut self, now: Instant) {
        self.html_due = now;
        self.needs_html = true;
    }

    /// The next request of the page view, or `None` while others must end first or when it is over.
    pub(super) fn next(&mut self, now: Instant) -> Option<What> {
        let what = if self.needs_html {
            self.needs_html = false;
            What::Html
        } else if self.has_parts_left(now) {
            self.next_part += 1;
            What::Part(self.next_part - 1)
        } else {
            return None;
        };
        self.under_way += 1;
        Some(what)
    }

    /// Whether it has a request for another connection now.
    pub(super) fn has_next(&mut self, now: Instant) -> bool {
        self.needs_html || self.has_parts_left(now)
    }

    /// Skips parts that are fresh in the cache; returns whether one is left that is not.
    fn has_parts_left(&mut self, now: Instant) -> bool {
        if let Some(cache) = &self.cache {
            while let Some(part) = self.parts.get(self.next_part)
                && cache.lookup(hash(part.path.as_bytes()), now) == Lookup::Fresh
            {
                self.next_part += 1;
                self.from_cache += 1;
            }
        }
        self.next_part < self.parts.len()
    }

    /// The validators that make the request for a path conditional, if the cache has any.
    pub(super) fn validators(&self, path: &str, now: Instant) -> Option<Arc<Validators>> {
        match self.cache.as_ref()?.lookup(hash(path.as_bytes()), now) {
            Lookup::Stale(validators) => Some(validators),
            Lookup::Absent | Lookup::Fresh => None,
        }
    }

    /// Notes the end of a request; returns the page view when this was its last.
    pub(super) fn done(&mut self, arrived: bool, now: Instant) -> Option<PageSample> {
        self.under_way -= 1;
        self.is_complete &= arrived;
        (self.under_way == 0 && !self.has_next(now)).then(|| PageSample {
            took: now.saturating_duration_since(self.planned),
            is_complete: self.is_complete,
            is_first: self.views == 1,
            from_cache: self.from_cache,
        })
    }
}
