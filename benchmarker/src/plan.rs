use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::engine::{Itinerary, Sequence};
use crate::load::{Load, Think};
use crate::{Error, Lazy, Moment, NullServer, PageList, Scenario};

/// How long a run may last, because a forgotten generator is an attack.
const DURATION_MAX: Duration = Duration::from_secs(3600);
/// How many connections a run may hold.
const CONNECTIONS_MAX: usize = 10_000;
/// How many threads a run may start.
const THREADS_MAX: usize = 256;
/// How many connections to one host a browser opens.
const PER_BROWSER_MAX: usize = 6;

/// What is fetched for a page view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    /// The HTML and every css, js and picture of the same site it refers to.
    Everything,
    /// The HTML, its css and js.
    NoPictures,
    /// The HTML alone; one connection is one browser then.
    PagesOnly,
}

/// In which order the pages of the list are visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Order {
    /// One shuffle of the list, every page once before any page twice.
    Shuffle,
    /// As the list stands.
    File,
    /// Each page drawn anew from the whole list.
    Random,
    /// Each page drawn anew by Zipf's law with exponent 1, its rank being its place in the list: the
    /// first is visited twice as often as the second and a hundred times as often as the hundredth.
    Zipf,
}

/// Who asks, as far as the cache of the browser goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visitors {
    /// Every page view is somebody's first visit: nothing is in the cache.
    New,
    /// Each browser keeps what it got, for as long as RFC 9111 lets a private cache use it.
    Returning,
    /// The same for so many page views; then somebody else comes, who has nothing.
    ReturningFor(u32),
}

/// Everything a run needs to know; built by its methods, checked by
/// [`run`](crate::run).
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
    pub(crate) told: Option<Sender<Moment>>,
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
            told: None,
        }
    }

    /// The same plan for other pages.
    #[must_use]
    pub fn pages(mut self, pages: PageList) -> Self {
        self.pages = Arc::new(pages);
        self
    }

    /// The pages it is for.
    #[must_use]
    pub fn page_list(&self) -> &PageList {
        &self.pages
    }

    /// The rules that its scenario must keep, where it has some.
    #[must_use]
    pub fn required(&self) -> Option<&str> {
        self.scenario.as_ref()?.require()
    }

    /// The same plan for one run of several. Visitors of a scenario who join under a name of their own
    /// come once: each run has others.
    #[must_use]
    pub fn run_number(mut self, number: u64) -> Self {
        if self.scenario.is_some() {
            self.seed = self.seed.wrapping_add(number);
        }
        self
    }

    /// The same threads and connections without rest against a server that does nothing: what the generator
    /// can do at all.
    ///
    /// # Errors
    /// When the server has no address, which it has.
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

    /// Whether it was told to stop.
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

    /// How long load is applied before anything is counted.
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

    /// When page views begin. Default: closed, without thinking.
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

    /// Whether browsers come back to what they have in their cache. Default: every visit is the first.
    #[must_use]
    pub fn visitors(mut self, visitors: Visitors) -> Self {
        self.visitors = visitors;
        self
    }

    /// Does what a scenario says instead of walking a list, of which only the site counts then.
    #[must_use]
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.scenario = Some(Arc::new(scenario));
        self
    }

    /// Of the parts of a page, fetches only those whose path begins so: `/static/` for the files that
    /// all pages of a site share. Default: `/`, all of them.
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

    /// The width of the window, which decides what `srcset` resolves to.
    #[must_use]
    pub fn viewport_px(mut self, width: u32) -> Self {
        self.viewport_px = width;
        self
    }

    /// One more header on every request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Connects to a unix socket; the list's addresses only give names.
    #[must_use]
    pub fn unix(mut self, path: impl Into<PathBuf>) -> Self {
        self.unix = Some(path.into());
        self
    }

    /// Says whether compressed answers are accepted, as browsers do; without them a page costs the
    /// server no compression and the wire more bytes. Default: yes.
    #[must_use]
    pub fn gzip(mut self, accepted: bool) -> Self {
        self.gzip = accepted;
        self
    }

    /// Says that a target which is not loopback belongs to the caller.
    #[must_use]
    pub fn i_own_this_host(mut self, own: bool) -> Self {
        self.own_host = own;
        self
    }

    /// Visits each page of the list once and ends then, or when the time is over: to warm what keeps
    /// files, not to measure. Only where pages are not drawn anew.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self.warmup = Duration::ZERO;
        self
    }

    /// Ends the run early, with the report so far, once set to true.
    #[must_use]
    pub fn stop_when(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    /// Has every thread tell once a second what it saw meanwhile, for whoever looks on.
    #[must_use]
    pub fn tell(mut self, moments: Sender<Moment>) -> Self {
        self.told = Some(moments);
        self
    }

    /// The first pages that one browser will visit, to check or show a seed.
    #[must_use]
    pub fn first_pages(&self, browser: usize, count: usize) -> Vec<&str> {
        let sequence = Sequence::of(self);
        let mut itinerary = Itinerary::new(self, &sequence, browser);
        (0..count)
            .map_while(|_| Some(&*self.pages.paths[itinerary.next_page()?]))
            .collect()
    }

    /// The names of what is asked for, as reports and rules have them; parts of pages not among them.
    #[must_use]
    pub fn step_names(&self) -> Vec<Box<str>> {
        match &self.scenario {
            Some(scenario) => scenario.step_names().to_vec(),
            None => vec!["page".into()],
        }
    }

    /// How many browsers share the connections: as few as their size allows,
    /// but no thread is left without one.
    pub(crate) fn browsers(&self) -> usize {
        let size = if self.fetch == Fetch::PagesOnly {
            1
        } else {
            self.per_browser
        };
        self.connections.div_ceil(size).max(self.threads)
    }

    /// The connections of one browser, when all are dealt out evenly.
    pub(crate) fn connections_of(&self, browser: usize) -> Range<usize> {
        let browsers = self.browsers();
        browser * self.connections / browsers..(browser + 1) * self.connections / browsers
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let within = |what: &str, value: usize, max: usize| {
            if (1..=max).contains(&value) {
                Ok(())
            } else {
                Err(Error::nonsense(format!(
                    "{what} must be 1 to {max}, not {value}{}",
                    if what == "connections" {
                        " (a browser has six, or as many as --per-browser says)"
                    } else {
                        ""
                    }
                )))
            }
        };
        within("threads", self.threads, THREADS_MAX)?;
        within("connections", self.connections, CONNECTIONS_MAX)?;
        within("connections a browser", self.per_browser, PER_BROWSER_MAX)?;
        if self.threads > self.connections {
            return Err(Error::nonsense(format!(
                "{} threads cannot share {} connections: give at least one connection a thread",
                self.threads, self.connections
            )));
        }
        if self.duration.is_zero() || self.warmup.saturating_add(self.duration) > DURATION_MAX {
            return Err(Error::nonsense(
                "a run lasts more than nothing and at most one hour, warm-up included",
            ));
        }
        if self.once && matches!(self.load, Load::Open(_)) {
            return Err(Error::nonsense(
                "each page once, and so many a second: only one of the two can be",
            ));
        }
        if self.once && matches!(self.order, Order::Random | Order::Zipf) {
            return Err(Error::nonsense(
                "each page once, and pages drawn anew: only one of the two can be",
            ));
        }
        if let Load::Closed {
            users: Some(users), ..
        } = &self.load
        {
            let (wanted, browsers) = (users.most(), self.browsers());
            if wanted < 1.0 || wanted.ceil() as usize > browsers {
                return Err(Error::nonsense(format!(
                    "{wanted} users need as many browsers, and {} connections make {browsers}",
                    self.connections
                )));
            }
        }
        if let Load::Closed {
            think: Think::Fixed(think) | Think::Exponential(think),
            ..
        } = self.load
            && think > DURATION_MAX
        {
            return Err(Error::nonsense("nobody thinks for longer than an hour"));
        }
        if self.timeout.is_zero() {
            return Err(Error::nonsense("a time-out of nothing fails every request"));
        }
        if !(100..=20_000).contains(&self.viewport_px) {
            return Err(Error::nonsense("a window is 100 to 20000 px wide"));
        }
        self.headers
            .iter()
            .try_for_each(|(name, value)| check_header(name, value))
    }
}

fn check_header(name: &str, value: &str) -> Result<(), Error> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty()
        || !name.bytes().all(token)
        || value.bytes().any(|b| b.is_ascii_control() && b != b'\t')
    {
        return Err(Error::nonsense(format!(
            "{name:?}: {value:?} is no header line such as 'Cookie: a=b'"
        )));
    }
    // A second framing or host header would make every number about another request.
    let ours = [
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "accept-encoding",
    ];
    if ours.iter().any(|o| name.eq_ignore_ascii_case(o)) {
        return Err(Error::nonsense(format!(
            "the header {name} is set by the generator itself"
        )));
    }
    Ok(())
}
