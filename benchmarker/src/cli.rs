//! The arguments of the command.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use benchmarker::{
    Error, Fetch, Lazy, Load, Order, PageList, Plan, Rules, Scenario, Stages, Think, Visitors,
    parse_time,
};
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand};

/// The default number of connections a thread: one browser.
const CONNECTIONS_A_THREAD: usize = 6;
/// The bounds of the default number of browsers of an open load; those that it does not need stay unused.
const BROWSERS_MIN: usize = 10;
const BROWSERS_MAX: usize = 1000;
/// The default duration.
const DURATION: Duration = Duration::from_secs(10);
/// The default warm-up.
const WARMUP: Duration = Duration::from_secs(1);
/// The default width of the window.
const VIEWPORT_PX: u32 = 1280;

// The groups of options in `--help`.
const FETCHED: &str = "What is fetched";
const LOAD: &str = "How much load";
const BROWSERS: &str = "Browsers";
const WHERE: &str = "Where it is sent";
const RULES: &str = "Rules and comparisons";
const RESULT: &str = "The result";

/// Fetches the pages of a list in rapid succession, each with the css, js and
/// pictures it refers to, as browsers would, and reports how many requests a
/// second were answered and how long they took.
#[derive(Debug, Parser)]
#[command(version, after_long_help = EXAMPLES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// The page (http://...), or a file with one URL or path a line; # begins a
    /// comment, - is standard input. With --scenario: the site
    #[arg(value_name = "URL-or-FILE", required = true)]
    target: Option<OsString>,

    /// The scenario of the visitors, instead of a list of pages: talk-2007, tweets, reddit-hug, browse, or a
    /// TOML file
    #[arg(help_heading = FETCHED, short = 'S', long, value_name = "NAME-or-FILE", conflicts_with_all = ["order", "once", "think", "base", "pages_only"])]
    pub(crate) scenario: Option<OsString>,

    /// The values of a list of the scenario: a file with one value a line; repeatable
    #[arg(help_heading = FETCHED, long = "list", value_name = "NAME=FILE", value_parser = OsStringValueParser::new().try_map(|text| parse_list(&text)), requires = "scenario")]
    pub(crate) lists: Vec<(String, PathBuf)>,

    /// Threads that share the connections [default: one a core]
    #[arg(help_heading = LOAD, short, long, value_name = "T")]
    threads: Option<usize>,

    /// Keep-alive connections of all threads; up to 6 belong to one browser
    /// [default: 6 a thread; with --rate as many browsers as page views a second]
    #[arg(help_heading = LOAD, short, long, value_name = "C")]
    connections: Option<usize>,

    /// Open load: page views a second, due whether or not the earlier ones were answered; or stages:
    /// 0..500:10s,500:1m
    #[arg(help_heading = LOAD, short, long, value_name = "PER-SECOND", conflicts_with_all = ["think", "users", "once"])]
    rate: Option<Stages>,

    /// Closed load: the number of browsers, or stages: 1..50:30s,50:1m [default: as the connections allow]
    #[arg(help_heading = LOAD, short, long, value_name = "N", conflicts_with_all = ["connections", "once"])]
    users: Option<Stages>,

    /// Think time between two page views of a browser: 2s, or exp:7s for an exponential distribution with that
    /// mean
    #[arg(help_heading = LOAD, long, value_name = "TIME")]
    think: Option<Think>,

    /// How long to measure: 500ms, 10s, 2m [default: 10s, or the length of the stages or the scenario]
    #[arg(help_heading = LOAD, short, long, value_name = "TIME", value_parser = parse_time)]
    duration: Option<Duration>,

    /// Warm-up: load before the measurement, not counted [default: 1s, or that of the scenario]
    #[arg(help_heading = LOAD, long, value_name = "TIME", value_parser = parse_time)]
    warmup: Option<Duration>,

    /// Timeout of a request, connecting included
    #[arg(help_heading = LOAD, long, value_name = "TIME", default_value = "5s", value_parser = parse_time)]
    timeout: Duration,

    /// The site that the paths of the list belong to
    #[arg(help_heading = FETCHED, long, value_name = "URL")]
    base: Option<String>,

    /// Connect to this unix socket; URLs then only provide host name and path
    #[arg(help_heading = WHERE, long, value_name = "PATH")]
    unix: Option<PathBuf>,

    /// Fetch the HTML alone; every connection is then one browser
    #[arg(help_heading = FETCHED, long, conflicts_with_all = ["no_pictures", "lazy", "per_browser"])]
    pages_only: bool,

    /// Request uncompressed responses, as wrk does; browsers accept gzip
    #[arg(help_heading = FETCHED, long)]
    no_gzip: bool,

    /// Fetch the HTML, css and js, but no pictures
    #[arg(help_heading = FETCHED, long, conflicts_with = "lazy")]
    no_pictures: bool,

    /// Fetch only the parts of a page whose path begins with this
    #[arg(
        help_heading = FETCHED,
        long,
        value_name = "PATH",
        default_value = "/",
        conflicts_with = "pages_only"
    )]
    parts_below: String,

    /// Pictures with loading=lazy: fetch all of them, those near the window (an estimate), or none
    #[arg(help_heading = FETCHED, long, value_enum, default_value = "skip")]
    lazy: Lazy,

    /// Width of the window in px, for which srcset is resolved [default: 1280, or that of the scenario]
    #[arg(help_heading = FETCHED, long, value_name = "PX")]
    viewport: Option<u32>,

    /// Connections of one browser, 1 to 6
    #[arg(help_heading = BROWSERS, long, value_name = "N", default_value_t = 6)]
    per_browser: usize,

    /// Order of the pages: shuffled once, as listed (file), or drawn each time, uniformly (random) or by
    /// Zipf's law (zipf: the second half as often as the first, the hundredth a hundredth)
    #[arg(help_heading = FETCHED, long, value_enum, default_value = "shuffle")]
    order: Order,

    /// Visit each page once and end, at the latest when the time is over: to warm caches
    #[arg(help_heading = FETCHED, long)]
    once: bool,

    /// Browsers cache responses, as private caches may; first and repeat visits are reported separately.
    /// With a number, a new visitor with an empty cache takes over after so many page views
    #[arg(help_heading = BROWSERS, long, value_name = "VIEWS", num_args = 0..=1, require_equals = true, default_missing_value = "0", conflicts_with = "pages_only")]
    returning: Option<u32>,

    /// Seed of all random choices: same seed, same sequence
    #[arg(help_heading = BROWSERS, long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Rules for the result, such as 'p95<200ms,failed=0'; exit status 3 when one is broken
    #[arg(help_heading = RULES, long, value_name = "RULES")]
    require: Option<String>,

    /// Search for the highest rate of page views that keeps --require, beginning with this rate
    #[arg(help_heading = RULES, long, value_name = "PER-SECOND", num_args = 0..=1, require_equals = true, default_missing_value = "10",
        conflicts_with_all = ["rate", "users", "think", "once", "versus", "json", "save", "html"])]
    pub(crate) capacity: Option<f64>,

    /// Measure a second site, or address, by turns with the first: each block measures both, and the first
    /// again
    #[arg(help_heading = RULES, long = "vs", id = "versus", value_name = "URL", conflicts_with_all = ["json", "save", "require", "unix"])]
    pub(crate) versus: Option<String>,

    /// Number of blocks of --vs
    #[arg(help_heading = RULES, long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000), requires = "versus")]
    pub(crate) blocks: u32,

    /// Measure the ceiling of the generator, too: its rate against a server that does nothing (needs nginx)
    #[arg(help_heading = RULES, long, conflicts_with_all = ["versus", "capacity", "json"])]
    pub(crate) certify: bool,

    /// A header for every request, such as 'Cookie: session=...'; repeatable
    #[arg(help_heading = FETCHED, long = "header", value_name = "'K: V'", value_parser = parse_header)]
    headers: Vec<(String, String)>,

    /// Write the result as JSON to a file, for benchmarker compare
    #[arg(help_heading = RESULT, long, value_name = "FILE.json")]
    pub(crate) save: Option<PathBuf>,

    /// Write the result as one self-contained HTML page
    #[arg(help_heading = RESULT, long, value_name = "FILE.html")]
    pub(crate) html: Option<PathBuf>,

    /// Print the result as JSON
    #[arg(help_heading = RESULT, long)]
    pub(crate) json: bool,

    /// Allow a target that is not this machine; it must be yours
    #[arg(help_heading = WHERE, long)]
    i_own_this_host: bool,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compare two saved results
    ///
    /// The files are those of --save or --html. Between runs at different times, both the software and the
    /// state of the machine may differ: to know the cause, measure by turns with --vs.
    Compare(CompareFiles),
}

/// Two results.
#[derive(Debug, Args)]
pub(crate) struct CompareFiles {
    /// The first result
    pub(crate) a: PathBuf,
    /// The second
    pub(crate) b: PathBuf,
    /// Write the comparison as one self-contained HTML page
    #[arg(long, value_name = "FILE.html")]
    pub(crate) html: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  benchmarker http://127.0.0.1:8080/
      one page and all its parts, again and again, for 10 s
  benchmarker pages.txt --base http://127.0.0.1:8080 --threads 2 --connections 48
      the pages of a list, by eight browsers of six connections
  benchmarker pages.txt --base http://127.0.0.1:8080 --pages-only -c 32 --order random
      the HTML alone: how many pages the application renders
  benchmarker http://site/ --unix app.sock --pages-only --json
      one application process, without the front
  benchmarker pages.txt --base http://127.0.0.1:8080 --rate 200 --require 'pages.p95<500ms,failed=0'
      200 page views a second, however slow the server is; exit status 3 if a rule is broken
  benchmarker pages.txt --base http://127.0.0.1:8080 --capacity --require 'pages.p95<2s,failed=0' -d 5s
      the highest rate that keeps the rule
  benchmarker http://127.0.0.1:8080/ --vs http://127.0.0.1:8081/ -d 3s
      two servers by turns
  benchmarker http://127.0.0.1:8080 --scenario browse --html report.html
      visitors who follow links, and a report as HTML

What is counted: requests that ended within the measured time, in full and with a
status below 400. Their time runs from the instant at which they were due,
connecting included, to the last byte. Without --rate the load is closed: a browser
begins its next page view after the last one, so a slow server gets fewer requests.
Compare two targets by turns in one session, never by numbers of different days.

Exit status: 0 measured; 1 no request was answered, or a check of the run failed;
2 invalid arguments, or a result that cannot be written; 3 a rule of --require is
broken.";

impl Arguments {
    /// The address that completes paths; for a unix socket any name will do.
    pub(crate) fn base(&self) -> Option<&str> {
        self.base
            .as_deref()
            .or(self.unix.as_ref().map(|_| "http://localhost/"))
    }

    /// The target: an address, or the name of a file; clap requires one.
    pub(crate) fn target(&self) -> &OsStr {
        self.target.as_deref().unwrap_or_default()
    }

    /// The rules of `--require`, or of the plan's scenario.
    pub(crate) fn rules(&self, plan: &Plan) -> Result<Option<Rules>, Error> {
        let Some(text) = self.require.as_deref().or(plan.required()) else {
            return Ok(None);
        };
        let rules = Rules::parse(text)?;
        let steps = plan.step_names();
        let unknown = rules
            .steps()
            .find(|name| steps.iter().all(|step| **step != **name));
        if let Some(unknown) = unknown {
            return Err(Error::Invalid(format!(
                "a rule is about the step {unknown:?}, which does not exist; the steps are: {}",
                steps.join(", ")
            )));
        }
        Ok(Some(rules))
    }

    pub(crate) fn plan(&self, pages: PageList, scenario: Option<Scenario>) -> Result<Plan, Error> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let load = self.load(scenario.as_ref())?;
        let connections = self.connections(&load);
        // No more threads than browsers, because a browser belongs to one thread.
        let threads = self.threads.unwrap_or_else(|| match connections {
            Some(connections) => cores.min(connections.div_ceil(self.per_browser())).max(1),
            None => cores,
        });
        let times = scenario.as_ref().map(Scenario::times).unwrap_or_default();
        let fetch = match (self.pages_only, self.no_pictures) {
            (true, _) => Fetch::PagesOnly,
            (_, true) => Fetch::NoPictures,
            _ => Fetch::Everything,
        };
        let stages = [&self.rate, &self.users]
            .into_iter()
            .flatten()
            .map(Stages::total);
        let stages = stages.filter(|total| !total.is_zero()).max();
        let visitors = match self.returning {
            None => Visitors::New,
            Some(0) => Visitors::Returning,
            Some(views) => Visitors::ReturningFor(views),
        };
        let mut plan = Plan::new(pages)
            .threads(threads)
            .connections(connections.unwrap_or(threads.saturating_mul(CONNECTIONS_A_THREAD)))
            .load(load)
            .per_browser(self.per_browser)
            .duration(
                self.duration
                    .or(times.duration)
                    .or(stages)
                    .unwrap_or(DURATION),
            )
            .warmup(self.warmup.or(times.warmup).unwrap_or(WARMUP))
            .visitors(visitors)
            .timeout(self.timeout)
            .order(self.order)
            .seed(self.seed)
            .fetch(fetch)
            .parts_below(&self.parts_below)
            .lazy(self.lazy)
            .viewport_px(
                self.viewport
                    .or(scenario.as_ref().and_then(Scenario::viewport_px))
                    .unwrap_or(VIEWPORT_PX),
            )
            .gzip(!self.no_gzip)
            .i_own_this_host(self.i_own_this_host);
        if let Some(path) = &self.unix {
            plan = plan.unix(path);
        }
        if self.once {
            plan = plan.once();
        }
        if let Some(scenario) = scenario {
            plan = plan.scenario(scenario);
        }
        Ok(self
            .headers
            .iter()
            .fold(plan, |plan, (name, value)| plan.header(name, value)))
    }

    /// The number of `--connections`, or as many as the users need.
    fn connections(&self, load: &Load) -> Option<usize> {
        let users = match load {
            // Each trial has another rate; unneeded browsers stay unused.
            _ if self.capacity.is_some() => Some(BROWSERS_MAX),
            Load::Closed {
                users: Some(users), ..
            } => Some(users.most().ceil() as usize),
            // As many as page views a second: enough while page views take less than a second.
            Load::Open(rate) => {
                Some((rate.most().ceil() as usize).clamp(BROWSERS_MIN, BROWSERS_MAX))
            }
            Load::Closed { users: None, .. } => None,
        };
        self.connections
            .or(users.map(|users| users.saturating_mul(self.per_browser())))
    }

    /// The number of connections of a browser.
    fn per_browser(&self) -> usize {
        if self.pages_only { 1 } else { self.per_browser }
    }

    /// The load of the arguments, or of the scenario.
    fn load(&self, scenario: Option<&Scenario>) -> Result<Load, Error> {
        if let Some(rate) = &self.rate {
            return Ok(Load::Open(rate.clone()));
        }
        if self.users.is_none()
            && let Some(load) = scenario.map(Scenario::load).transpose()?.flatten()
        {
            return Ok(load);
        }
        Ok(Load::Closed {
            think: self.think.unwrap_or(Think::NONE),
            users: self.users.clone(),
        })
    }
}

/// Splits `NAME=FILE`; the name of the file need not be UTF-8.
fn parse_list(text: &OsStr) -> Result<(String, PathBuf), String> {
    let bytes = text.as_bytes();
    let (name, file) = bytes
        .iter()
        .position(|byte| *byte == b'=')
        .map(|at| (&bytes[..at], &bytes[at + 1..]))
        .ok_or("a list is a name, = and a file: people=people.txt")?;
    let name = str::from_utf8(name).map_err(|_| "the name of a list is UTF-8 text")?;
    Ok((name.to_owned(), OsStr::from_bytes(file).into()))
}

fn parse_header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("a header is a name, a colon and a value")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}
