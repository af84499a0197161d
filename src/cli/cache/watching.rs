//! `flickr-killr cache top`, `hist` and `log`: the requests that nginx reports.

use std::io::IsTerminal as _;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, value_parser};
use domain::settings::Place;
use stack::cachectl::histogram::Histogram;
use stack::cachectl::log as lines;
use stack::cachectl::request::{Outcome, Request};
use stack::cachectl::request_stream::RequestStream;
use stack::cachectl::screen::{Screen, interrupted};
use stack::cachectl::top::Top;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// How often a live screen is redrawn.
const DRAW_EVERY: Duration = Duration::from_secs(1);

/// How long requests are collected when the output is not a terminal.
const SECONDS_DEFAULT: u64 = 5;

macro_rules! about {
    ($what:literal) => {
        concat!(
            $what,
            "

nginx reports each request, only while this command runs: it starts within a second. nginx never waits for this \
command; requests that it could not report are counted, and their number is shown. Watching has a cost: on two cores, \
nginx answered 66% of its usual maximum while watched, and about half of those requests were not shown. So watch briefly. Several \
commands may watch at once.

On a terminal it runs until Ctrl-C; into a pipe it ends after --seconds."
        )
    };
}

pub(super) const TOP: &str = about!(
    "Show the most frequent hits and misses, with requests a second.

On the left the URLs that memcached had, on the right those that it did not have, or for which it failed. Run \
`flickr-killr cache explain` on a URL that stays on the right. On a terminal it shows the last half minute."
);

pub(super) const HIST: &str = about!(
    "Show how long hits and misses take, as a logarithmic histogram.

| hits, # misses (and where memcached failed); from 10 microseconds to 10 seconds, twelve columns for each power of \
ten. The time is from when nginx has read the head of a request until it has passed the last byte to the kernel, by the \
kernel's clock. On a terminal it shows the last ten seconds."
);

pub(super) const LOG: &str = about!(
    "Print one line a request: when it ended, what answered, status, bytes, duration, URL.

hit     memcached had it                      304   the browser had it; nginx answered alone
miss    the app answered, and stores it       pass  no lookup: a page, or not a GET
failed  memcached failed, the app answered    nginx answered by itself

Addresses are escaped as nginx does it (\\xNN), so no line can move your cursor."
);

#[derive(Debug, Args)]
pub(in crate::cli) struct WatchArgs {
    /// End after N seconds [default: never on a terminal, else 5]
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..=86_400))]
    seconds: Option<u64>,

    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct LogArgs {
    /// End after N lines
    #[arg(short = 'n', value_name = "N", value_parser = value_parser!(u64).range(1..))]
    lines: Option<u64>,

    /// Show only requests with these answers, separated by commas
    #[arg(long, value_name = "ANSWER", value_delimiter = ',',
          value_parser = ["hit", "miss", "failed", "304", "pass", "nginx"])]
    only: Vec<String>,

    #[command(flatten)]
    watch: WatchArgs,
}

pub(super) async fn top(args: &WatchArgs) -> Result<()> {
    let mut top = Top::default();
    let mut screen = Screen::stdout();
    let is_live = screen.is_live();
    let mut begun = Instant::now();
    watch(args, is_live, |watch, event| {
        match event {
            Event::Started => {}
            Event::Request(request) => top.add(&request),
            Event::Tick => {
                top.pass(begun.elapsed(), is_live);
                begun = Instant::now();
                screen.draw(top.picture(screen.size(), watch.lost()))?;
            }
        }
        Ok(true)
    })
    .await
}

pub(super) async fn hist(args: &WatchArgs) -> Result<()> {
    let mut histogram = Histogram::default();
    let mut screen = Screen::stdout();
    let is_live = screen.is_live();
    watch(args, is_live, |watch, event| {
        match event {
            Event::Started => {}
            Event::Request(request) => histogram.add(&request),
            Event::Tick => {
                screen.draw(histogram.picture(screen.size(), watch.lost()))?;
                histogram.fade(DRAW_EVERY);
            }
        }
        Ok(true)
    })
    .await
}

pub(super) async fn log(args: &LogArgs) -> Result<()> {
    let only = |outcome: Outcome| {
        args.only.is_empty() || args.only.iter().any(|name| name == outcome.name())
    };
    let mut left = args.lines.unwrap_or(u64::MAX);
    let mut lost = 0;
    let is_live = std::io::stdout().is_terminal();
    let mut text = format!("{}\n", lines::HEAD);
    watch(
        &args.watch,
        is_live || args.lines.is_some(),
        |watch, event| {
            if let Event::Request(request) = event
                && only(request.outcome)
            {
                text.push_str(&lines::line(&request));
                left -= 1;
            }
            if watch.lost() > lost {
                text.push_str(&format!(
                    "             {} more were not reported\n",
                    watch.lost() - lost
                ));
                lost = watch.lost();
            }
            super::print(&std::mem::take(&mut text))?;
            Ok(left > 0)
        },
    )
    .await
}

/// What a watching command handles.
enum Event {
    /// The connection to nginx's report socket is open.
    Started,
    Request(Request),
    /// The screen must be redrawn.
    Tick,
}

/// Watches until Ctrl-C, or for --seconds if that is given or the output is not a terminal. Calls `goes_on` with each
/// request and with a last tick at the end; `goes_on` returns whether to continue.
async fn watch(
    args: &WatchArgs,
    is_endless: bool,
    mut goes_on: impl FnMut(&RequestStream, Event) -> Result<bool>,
) -> Result<()> {
    let mut enough = pin!(interrupted());
    let running = super::running(&args.place)?;
    let socket = running.watch_socket();
    let mut watch = RequestStream::connect(&socket).await.with_context(|| {
        format!(
            "cannot watch requests at {}; if an older version started this site, restart it",
            socket.display()
        )
    })?;
    let default = (!is_endless).then_some(SECONDS_DEFAULT);
    let until = args.seconds.or(default);
    let until = until.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut ends = pin!(async move {
        match until {
            Some(until) => sleep_until(until).await,
            None => std::future::pending().await,
        }
    });
    let mut ticks = interval(DRAW_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    goes_on(&watch, Event::Started)?;
    loop {
        tokio::select! {
            () = &mut ends => break,
            () = &mut enough => break,
            _ = ticks.tick(), if is_endless => {
                goes_on(&watch, Event::Tick)?;
            }
            request = watch.next() => match request? {
                Some(request) => {
                    if !goes_on(&watch, Event::Request(request))? {
                        return Ok(());
                    }
                }
                None => {
                    goes_on(&watch, Event::Tick)?;
                    anyhow::bail!("the site has stopped");
                }
            },
        }
    }
    goes_on(&watch, Event::Tick)?;
    Ok(())
}
