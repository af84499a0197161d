use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use benchmarker::{Fetch, Lazy, Order, PageList, Plan};
use clap::Parser;

/// How many connections a thread gets when nobody says: one browser.
const CONNECTIONS_A_THREAD: usize = 6;

/// Fetches the pages of a list in rapid succession, each with the css, js and
/// pictures it refers to, as browsers would, and says how many requests a second
/// were answered and how long one took.
#[derive(Debug, Parser)]
#[command(version, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The page (http://...), or a file with one URL or path a line; # begins a
    /// comment line, - reads standard input
    #[arg(value_name = "URL-or-FILE")]
    pub(crate) pages: String,

    /// Threads that share the connections [default: one a core]
    #[arg(short, long, value_name = "T")]
    threads: Option<usize>,

    /// Keep-alive connections in all; up to 6 of them are one browser
    /// [default: 6 a thread]
    #[arg(short, long, value_name = "C")]
    connections: Option<usize>,

    /// How long to measure: 500ms, 10s, 2m
    #[arg(short, long, value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    duration: Duration,

    /// Load before the measuring begins, not counted
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_time)]
    warmup: Duration,

    /// How long a request may take, connecting included
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_time)]
    timeout: Duration,

    /// The site that the paths of the list belong to
    #[arg(long, value_name = "URL")]
    base: Option<String>,

    /// Connect to this unix socket; URLs then only give the host name and path
    #[arg(long, value_name = "PATH")]
    unix: Option<PathBuf>,

    /// Fetch the HTML alone; every connection is a browser of its own
    #[arg(long, conflicts_with_all = ["no_pictures", "lazy", "per_browser"])]
    pages_only: bool,

    /// Ask for uncompressed answers, as wrk does; browsers ask for gzip
    #[arg(long)]
    no_gzip: bool,

    /// Fetch the HTML, css and js, but no pictures
    #[arg(long, conflicts_with = "lazy")]
    no_pictures: bool,

    /// Of the parts of a page, fetch only those whose path begins so
    #[arg(
        long,
        value_name = "PATH",
        default_value = "/",
        conflicts_with = "pages_only"
    )]
    parts_below: String,

    /// Pictures marked loading=lazy: fetch all of them, or none
    #[arg(long, value_enum, default_value = "skip")]
    lazy: Lazy,

    /// Width of the window in px, which srcset is resolved for
    #[arg(long, value_name = "PX", default_value_t = 1280)]
    viewport: u32,

    /// Connections of one browser, 1 to 6
    #[arg(long, value_name = "N", default_value_t = 6)]
    per_browser: usize,

    /// Order of the pages: shuffled once, as listed, or drawn anew each time, evenly (random) or the
    /// first most often (zipf: the second half as often, the hundredth a hundredth)
    #[arg(long, value_enum, default_value = "shuffle")]
    order: Order,

    /// Visit each page once and end, at the latest when the time is over: to warm what keeps files
    #[arg(long)]
    once: bool,

    /// Seed of the order: same seed, same sequence
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// A header for every request, such as 'Cookie: session=...'; repeatable
    #[arg(long = "header", value_name = "'K: V'", value_parser = parse_header)]
    headers: Vec<(String, String)>,

    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Allow a target that is not this machine, because it is yours
    #[arg(long)]
    i_own_this_host: bool,
}

const EXAMPLES: &str = "\
Examples:
  benchmarker http://127.0.0.1:8080/
      one page and all it refers to, over and over, for 10 s
  benchmarker pages.txt --base http://127.0.0.1:8080 --threads 2 --connections 48
      the pages of a list, by eight browsers of six connections
  benchmarker pages.txt --base http://127.0.0.1:8080 --pages-only -c 32 --order random
      the HTML alone: how many pages the application makes
  benchmarker http://site/ --unix app.sock --pages-only --json
      one application process, without the front

What is counted: requests that ended while measuring, in full and with a status
below 400. Their time runs from the wish to send, connecting included, to the
last byte. The load is closed: a browser asks again when it has been answered, so
a slow server is asked less often. Compare two targets by turns in one session,
never by numbers of different days.

Exit status: 0 measured; 1 nothing was answered; 2 the arguments make no sense.";

impl Arguments {
    /// The address that completes paths: behind a unix socket any name does.
    pub(crate) fn base(&self) -> Option<&str> {
        self.base
            .as_deref()
            .or(self.unix.as_ref().map(|_| "http://localhost/"))
    }

    pub(crate) fn plan(&self, pages: PageList) -> Plan {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = self
            .threads
            .unwrap_or_else(|| cores.min(self.connections.unwrap_or(cores)).max(1));
        let fetch = match (self.pages_only, self.no_pictures) {
            (true, _) => Fetch::PagesOnly,
            (_, true) => Fetch::NoPictures,
            _ => Fetch::Everything,
        };
        let mut plan = Plan::new(pages)
            .threads(threads)
            .connections(
                self.connections
                    .unwrap_or(threads.saturating_mul(CONNECTIONS_A_THREAD)),
            )
            .per_browser(self.per_browser)
            .duration(self.duration)
            .warmup(self.warmup)
            .timeout(self.timeout)
            .order(self.order)
            .seed(self.seed)
            .fetch(fetch)
            .parts_below(&self.parts_below)
            .lazy(self.lazy)
            .viewport_px(self.viewport)
            .gzip(!self.no_gzip)
            .i_own_this_host(self.i_own_this_host);
        if let Some(path) = &self.unix {
            plan = plan.unix(path);
        }
        if self.once {
            plan = plan.once();
        }
        self.headers
            .iter()
            .fold(plan, |plan, (name, value)| plan.header(name, value))
    }
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let unit_at = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let in_unit = match unit {
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err("a time is a number with its unit: 500ms, 10s, 2m, 1h".to_owned()),
    };
    let number: f64 = number
        .parse()
        .map_err(|_| format!("{number:?} is no number"))?;
    Duration::try_from_secs_f64(number * in_unit).map_err(|e| e.to_string())
}

fn parse_header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("a header is a name, a colon and a value")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}
