//! A virtual reader: one page at a time, its parts over all of the browser's connections at once.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cache::{Cache, Look, Validators};
use super::response::hash;
use super::script::{Chosen, Script};
use crate::Visitors;
use crate::html::Part;

/// How many files a browser remembers, some 50 bytes each.
const CACHE_ENTRIES_MAX: usize = 2000;

/// What a connection fetches next for its browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The HTML of the browser's page.
    Html,
    /// The part with this place in the page's list.
    Part(usize),
}

/// A virtual reader and the page view that it is on.
#[derive(Debug)]
pub(super) struct Browser {
    pub(super) script: Script,
    pub(super) cache: Option<Cache>,
    /// After how many page views somebody else comes, who has nothing in the cache.
    views_max: u32,
    views: u32,
    /// Its connections, by index in the worker.
    pub(super) connections: Range<usize>,
    /// When the page view was due.
    pub(super) planned: Instant,
    /// When its HTML was: the same, or when the page led to another.
    pub(super) html_due: Instant,
    wants_html: bool,
    pub(super) parts: Arc<[Part]>,
    next_part: usize,
    /// Parts of the page view that were in the cache.
    from_cache: u32,
    under_way: usize,
    complete: bool,
}

/// A page view that is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    pub(crate) took: Duration,
    pub(crate) is_complete: bool,
    /// Whether it was the first of its visitor.
    pub(crate) is_first: bool,
    pub(crate) from_cache: u32,
}

impl Browser {
    pub(super) fn new(
        script: Script,
        visitors: Visitors,
        connections: Range<usize>,
        nothing: Arc<[Part]>,
    ) -> Self {
        let (cache, views_max) = match visitors {
            Visitors::New => (None, 1),
            Visitors::Returning => (Some(Cache::new(CACHE_ENTRIES_MAX)), u32::MAX),
            Visitors::ReturningFor(views) => (Some(Cache::new(CACHE_ENTRIES_MAX)), views),
        };
        Self {
            script,
            cache,
            views_max,
            views: 0,
            connections,
            planned: Instant::now(),
            html_due: Instant::now(),
            wants_html: false,
            parts: nothing,
            next_part: 0,
            from_cache: 0,
            under_way: 0,
            complete: true,
        }
    }

    /// Chooses its next page view; none when all were visited.
    pub(super) fn choose(&mut self) -> Option<Chosen> {
        let chosen = self.script.choose()?;
        if chosen.is_new_visitor || self.views >= self.views_max {
            self.views = 0;
            self.cache.iter_mut().for_each(Cache::clear);
            self.script.forget();
        }
        Some(chosen)
    }

    /// Begins the page view that was chosen.
    pub(super) fn begin(&mut self, nothing: &Arc<[Part]>, planned: Instant) {
        self.views = self.views.saturating_add(1);
        self.planned = planned;
        self.html_due = planned;
        self.parts = Arc::clone(nothing);
        self.next_part = 0;
        self.from_cache = 0;
        self.wants_html = true;
        self.complete = true;
    }

    /// The page leads to another, which takes its place.
    pub(super) fn follow(&mut self, now: Instant) {
        self.html_due = now;
        self.wants_html = true;
    }

    /// The next request of the page view, or none while others must end first or when it is over.
    pub(super) fn next(&mut self, now: Instant) -> Option<What> {
        let what = if self.wants_html {
            self.wants_html = false;
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

    /// Whether it would take another connection now.
    pub(super) fn wants_something(&mut self, now: Instant) -> bool {
        self.wants_html || self.has_parts_left(now)
    }

    /// Passes over parts that are fresh in the cache; whether one is left that is not.
    fn has_parts_left(&mut self, now: Instant) -> bool {
        if let Some(cache) = &self.cache {
            while let Some(part) = self.parts.get(self.next_part)
                && cache.look(hash(part.path.as_bytes()), now) == Look::Fresh
            {
                self.next_part += 1;
                self.from_cache += 1;
            }
        }
        self.next_part < self.parts.len()
    }

    /// What makes the request for a path conditional, if anything does.
    pub(super) fn validators(&self, path: &str, now: Instant) -> Option<Arc<Validators>> {
        match self.cache.as_ref()?.look(hash(path.as_bytes()), now) {
            Look::Stale(validators) => Some(validators),
            Look::Absent | Look::Fresh => None,
        }
    }

    /// Notes the end of a request; returns the page view when this was its last.
    pub(super) fn done(&mut self, arrived: bool, now: Instant) -> Option<View> {
        self.under_way -= 1;
        self.complete &= arrived;
        (self.under_way == 0 && !self.wants_something(now)).then(|| View {
            took: now.saturating_duration_since(self.planned),
            is_complete: self.complete,
            is_first: self.views == 1,
            from_cache: self.from_cache,
        })
    }
}
