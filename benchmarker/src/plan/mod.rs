//! The plan of a run: what is requested, by how many browsers, when and from where.

mod check;
mod order;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Sender;
use std::time::Duration;

pub use order::Order;
pub(crate) use order::{PageOrder, Sequence};

use crate::load::{Load, Think};
use crate::{Error, Lazy, NullServer, PageList, Progress, Scenario};

/// How many connections to one host a browser opens.
const PER_BROWSER_MAX: usize = 6;

/// What is fetched for a page view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    /// The HTML and every css, js and picture of the same site that it refers to.
    Everything,
    /// The HTML, its css and js.
    NoPictures,
    /// The HTML alone; each connection is then one browser.
    PagesOnly,
}

/// Whether visitors return with a filled browser cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visitors {
    /// Every page view is the first of a new visitor, with an empty cache.
    New,
    /// Each browser stores responses, for as long as RFC 9111 lets a private cache use them.
    Returning,
    /// The same for so many page views; then a new visitor with an empty cache takes its place.
    ReturningFor(u32),
}

/// Everything that a run needs to know; built by its methods, checked by [`run`](crate::run()).
#[derive(Debug, Clone)]
pub struct Plan {
    pub(crate) pages: Arc<PageList>,
    pub(crate) threads: usize,
    pub(crate) connections: usize,
    pub(crate) per_browser: usize,
    pub(crate) duration: Duration,
    pub(crate) warmup: Duration,
    pub(crate) timeout: Duration,
    pub(crate) load: Load,
    pub(crate) order: Order,
    pub(crate) seed: u64,
    pub(crate) fetch: Fetch,
    pub(crate) visitors: Visitors,
    pub(crate) scenario: Option<Arc<Scenario>>,
    pub(crate) parts_below: String,
    pub(crate) lazy: Lazy,
    pub(crate) viewport_px: u32,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) unix: Option<PathBuf>,
    pub(crate) gzip: bool,
    pub(crate) own_host: bool,
    pub(crate) once: bool,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) progress: Option<Sender<Progress>>,
}

impl Plan {
    /// A plan with one thread, 6 connections (one browser), 10 s after 1 s of
    /// warm-up, everything a page refers to but lazy pictures, seed 1.
    #[must_use]
    pub fn new(pages: PageList) -> Self {
        Self {
            pages: Arc::new(pages),
            threads: 1,
            connections: PER_BROWSER_MAX,
            per_browser: PER_BROWSER_MAX,
            duration: Duration::from_secs(10),
            warmup: Duration::from_secs(1),
            timeout: Duration::from_secs(5),
            load: Load::Closed {
                think: Think::NONE,
                users: None,
            },
            order: Order::Shuffle,
            seed: 1,
            fetch: Fetch::Everything,
            visitors: Visitors::New,
            scenario: None,
            parts_below: "/".to_owned(),
            lazy: Lazy::Skip,
            viewport_px: 1280,
            headers: Vec::new(),
            unix: None,
            gzip: true,
            own_host: false,
            once: false,
            stop: Arc::default(),
            progress: None,
        }
    }

    /// The same plan with other pages.
    #[must_use]
    pub fn pages(mut self, pages: PageList) -> Self {
        self.pages = Arc::new(pages);
        self
    }

    /// Its pages.
    #[must_use]
    pub fn page_list(&self) -> &PageList {
        &self.pages
    }

    /// The rules of its scenario, where that has some.
    #[must_use]
    pub fn required(&self) -> Option<&str> {
        self.scenario.as_ref()?.require()
    }

    /// The same plan for one run of several. Each run has other visitors, because the users that a
    /// scenario registers can register only once.
    #[must_use]
    pub fn run_number(mut self, number: u64) -> Self {
        if self.scenario.is_some() {
            self.seed = self.seed.wrapping_add(number);
        }
        self
    }

    /// The same threads and connections, without think time, against a server that does nothing: the
    /// ceiling of the generator.
    ///
    /// # Errors
    /// When the address of the server is not valid.
    pub fn against_nothing(&self, server: &NullServer, time: Duration) -> Result<Self, Error> {
        let page = match self.fetch {
            Fetch::PagesOnly => server.url().to_owned(),
            Fetch::Everything | Fetch::NoPictures => format!("{}page", server.url()),
        };
        let plan = Self::new(PageList::single(&page)?)
            .threads(self.threads)
            .connections(self.connections)
            .per_browser(self.per_browser)
            .fetch(self.fetch)
            .visitors(self.visitors)
            .gzip(self.gzip)
            .duration(time);
        Ok(plan.stop_when(Arc::clone(&self.stop)))
    }

    /// Whether parts of pages are fetched.
    #[must_use]
    pub fn fetches_parts(&self) -> bool {
        self.fetch != Fetch::PagesOnly
    }

    /// Whether page views are due at planned instants.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.load, Load::Open(_))
    }

    /// Whether the flag of [`stop_when`](Self::stop_when) is set.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// How many threads share the connections.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// How many keep-alive connections are held in all.
    #[must_use]
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// How many of the connections belong to one browser, 1 to 6.
    #[must_use]
    pub fn per_browser(mut self, connections: usize) -> Self {
        self.per_browser = connections;
        self
    }

    /// How long is measured, after the warm-up.
    #[must_use]
    pub fn duration(mut self, duration: Duration) -> Self {
        self.duration = duration;
        self
    }

    /// How long load is applied before anything is counted: the warm-up.
    #[must_use]
    pub fn warmup(mut self, warmup: Duration) -> Self {
        self.warmup = warmup;
        self
    }

    /// How long one request may take, connecting included.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// When page views begin. Default: closed, without think time.
    #[must_use]
    pub fn load(mut self, load: Load) -> Self {
        self.load = load;
        self
    }

    /// In which order the pages are visited.
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// The seed of every random choice: same seed, same sequence of pages.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// What is fetched for a page view.
    #[must_use]
    pub fn fetch(mut self, fetch: Fetch) -> Self {
        self.fetch = fetch;
        self
    }

    /// Whether visitors return with a filled cache. Default: every page view is a first visit.
    #[must_use]
    pub fn visitors(mut self, visitors: Visitors) -> Self {
        self.visitors = visitors;
        self
    }

    /// Runs a scenario instead of the list of pages; of the list only the site counts then.
    #[must_use]
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.scenario = Some(Arc::new(scenario));
        self
    }

    /// Fetches only the parts of a page whose path begins with this prefix: `/static/` for the files
    /// that all pages of a site share. Default: `/`, all of them.
    #[must_use]
    pub fn parts_below(mut self, path: impl Into<String>) -> Self {
        self.parts_below = path.into();
        self
    }

    /// Whether pictures marked `loading=lazy` are fetched.
    #[must_use]
    pub fn lazy(mut self, lazy: Lazy) -> Self {
        self.lazy = lazy;
        self
    }

    /// The width of the window, for which `srcset` is resolved.
    #[must_use]
    pub fn viewport_px(mut self, width: u32) -> Self {
        self.viewport_px = width;
        self
    }

    /// Adds a header to every request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Connects to a unix socket; the addresses of the list only provide host name and path.
    #[must_use]
    pub fn unix(mut self, path: impl Into<PathBuf>) -> Self {
        self.unix = Some(path.into());
        self
    }

    /// Whether compressed responses are accepted, as by browsers; without, a page costs the server no
    /// compression and the network more bytes. Default: yes.
    #[must_use]
    pub fn gzip(mut self, accepted: bool) -> Self {
        self.gzip = accepted;
        self
    }

    /// Declares that a target which is not loopback belongs to the caller.
    #[must_use]
    pub fn i_own_this_host(mut self, own: bool) -> Self {
        self.own_host = own;
        self
    }

    /// Visits each page of the list once and ends then, or when the time is over: to warm caches, not
    /// to measure. Only for the orders [`Order::Shuffle`] and [`Order::File`].
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self.warmup = Duration::ZERO;
        self
    }

    /// Ends the run early, with the report so far, once the flag is set.
    #[must_use]
    pub fn stop_when(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    /// Has every thread send once a second what it has counted since.
    #[must_use]
    pub fn send_progress_to(mut self, progress: Sender<Progress>) -> Self {
        self.progress = Some(progress);
        self
    }

    /// The first pages that one browser will visit, to check or show a seed.
    #[must_use]
    pub fn first_pages(&self, browser: usize, count: usize) -> Vec<&str> {
        let mut order = PageOrder::new(&self.sequence(), browser);
        (0..count)
            .map_while(|_| Some(&*self.pages.paths[order.next_page()?]))
            .collect()
    }

    /// The names of the steps, as in reports and rules, without the parts of pages.
    #[must_use]
    pub fn step_names(&self) -> Vec<Box<str>> {
        match &self.scenario {
            Some(scenario) => scenario.step_names().to_vec(),
            None => vec!["page".into()],
        }
    }

    /// The order of the pages for all browsers.
    pub(crate) fn sequence(&self) -> Sequence {
        Sequence::new(
            self.order,
            self.seed,
            self.pages.len(),
            self.browsers(),
            self.once,
        )
    }

    /// How many browsers share the connections: as few as their size allows, but at least one a thread.
    pub(crate) fn browsers(&self) -> usize {
        let size = if self.fetch == Fetch::PagesOnly {
            1
        } else {
            self.per_browser
        };
        self.connections.div_ceil(size).max(self.threads)
    }

    /// The connections of one browser, when all are shared evenly.
    pub(crate) fn connections_of(&self, browser: usize) -> Range<usize> {
        let browsers = self.browsers();
        browser * self.connections / browsers..(browser + 1) * self.connections / browsers
    }
}
