//! `flickr-killr cache top`, `hist` and `log`: what visitors ask for, as nginx tells it.

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

/// How often a live picture is drawn.
const DRAW_EVERY: Duration = Duration::from_secs(1);

/// How long a picture is gathered where nobody looks on.
const SECONDS_DEFAULT: u64 = 5;

macro_rules! about {
    ($what:literal) => {
        concat!(
            $what,
            "

nginx reports each request, and only while this command runs: it begins within a second. nginx never waits for \
it; requests that could not be reported are counted, and their number is shown. Watching costs: of the requests a \
second that nginx answers at most, 66% were left on two cores, and about half of them were not shown. So watch for a \
short time. Several may watch at once.

On a terminal it goes on until Ctrl-C; into a pipe it ends after --seconds."
        )
    };
}

pub(super) const TOP: &str = about!(
    "Show the hottest hits and the most missed addresses, with requests a second.

Left what memcached answered, right what it was asked for and did not have (or failed to say). An address that \
stands on the right for long is worth a `flickr-killr cache explain`. On a terminal the last half minute counts."
);

pub(super) const HIST: &str = about!(
    "Show how long hits and misses take, as a logarithmic histogram.

| hits, # misses (and where memcached failed); from 10 microseconds to 10 seconds, twelve columns for each power of \
ten. The time is from when nginx has read the head of a request until it has handed the last byte to the kernel, by the \
kernel's clock. On a terminal the last ten seconds count."
);

pub(super) const LOG: &str = about!(
    "Print one line a request: when it ended, who answered, status, bytes, how long it took, address.

hit     memcached had it                      304   the browser had it; nginx said so alone
miss    the app answered, and stores it       pass  memcached was not asked: a page, no GET
failed  memcached failed, the app answered    nginx answered by itself

Addresses are escaped as nginx does it (\\xNN), so no line can move your cursor."
);

/// For how long, and of which site.
#[derive(Debug, Args)]
pub(in crate::cli) struct WatchArgs {
    /// End after so many seconds [default: never on a terminal, else 5]
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..=86_400))]
    seconds: Option<u64>,

    #[command(flatten)]
    place: Place,
}

/// What of it, and for how long.
#[derive(Debug, Args)]
pub(in crate::cli) struct LogArgs {
    /// End after so many lines
    #[arg(short = 'n', value_name = "N", value_parser = value_parser!(u64).range(1..))]
    lines: Option<u64>,

    /// Only requests that were answered so; several with commas between
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
            Event::Begun => {}
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
            Event::Begun => {}
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
                    "             {} more were not told\n",
                    watch.lost() - lost
                ));
                lost = watch.lost();
            }
            super::say(&std::mem::take(&mut text))?;
            Ok(left > 0)
        },
    )
    .await
}

/// What there is to do something about.
enum Event {
    /// nginx has been told that we watch.
    Begun,
    Request(Request),
    /// A picture is due.
    Tick,
}

/// Watches until it has been enough: for whoever looks on when they say so, else after a time. `goes_on`
/// hears of every request, and of a last tick at the end.
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
            "nobody tells of requests at {}; a site that an older program started has to be started anew",
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
    goes_on(&watch, Event::Begun)?;
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
