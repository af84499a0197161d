//! `flickr-killr cache`: shows what is cached, and why or why not.

mod watching;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use domain::settings::Place;
use stack::cachectl::screen::{Screen, interrupted};
use stack::cachectl::stat::{self, Stat};
use stack::cachectl::{Endpoints, explain, target};
use stack::supervisor::{Running, StateDir};

use self::watching::{HIST, LOG, LogArgs, TOP, WatchArgs};

#[derive(Debug, Subcommand)]
pub(super) enum Cache {
    /// Explain why a URL is or is not cached, with the evidence
    #[command(long_about = EXPLAIN)]
    Explain(ExplainArgs),
    /// Show the most frequent hits and misses
    #[command(long_about = TOP)]
    Top(WatchArgs),
    /// Show how long hits and misses take, as a logarithmic histogram
    #[command(long_about = HIST)]
    Hist(WatchArgs),
    /// Print one line a request: what answered, how fast, how many bytes
    #[command(long_about = LOG)]
    Log(LogArgs),
    /// Show the counters of each memcached and of the app processes: hit ratio, rates, memory, purges
    #[command(long_about = STAT)]
    Stat(StatArgs),
}

const EXPLAIN: &str = "Explain why a URL is or is not cached, with the evidence.

Follows the path of a request: whether nginx looks the URL up in memcached, under which key and on which \
server, and what is stored there (size, gzip, time to live, last fetched). The lookup changes nothing: the item \
keeps its place in the LRU and its age.

Then it requests the file from one app process, on its own socket, and compares the response with the copy in \
memcached, byte by byte. If there was no copy, it waits until the app has stored one or counted why not. Last, \
it requests the file from nginx, as a visitor would. So afterwards a file without a copy is in memcached, and a \
wrong copy is replaced. With --look it only reads memcached, and sends nothing to the app or nginx.

  flickr-killr cache explain http://127.0.0.1:8080/static/site.css
  flickr-killr cache explain /i/17/6fdcb2/640.webp --look --json

A site that `up` did not start: name its memcached servers in nginx's order, and a socket of the app.";

const STAT: &str = "Show the counters of each memcached and of the app processes.

hit     share of lookups that found an item: since that memcached started, and in the last interval
gets/s  lookups; sets/s items stored
memory  memory in use; evict: items evicted to make room for others
conns   open connections

memcached counts the hits: the app never sees them, and nginx keeps no log. Requests that nginx answers with 304 \
from the URL alone do not reach memcached. Below, what the app processes did with their responses, in total.

On a terminal it updates once a second until Ctrl-C; into a pipe it prints one interval of --seconds.";

#[derive(Debug, Args)]
pub(super) struct Where {
    #[command(flatten)]
    place: Place,

    /// A memcached server, for a site that `up` did not start; several in nginx's order
    #[arg(long, value_name = "ADDRESS:PORT")]
    memcached: Vec<SocketAddr>,

    /// The unix socket of an app process, for a site that `up` did not start
    #[arg(long, value_name = "SOCKET", requires = "memcached")]
    app: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A URL of the site, or a path
    url: String,

    /// Read memcached only; send no request to the app or nginx
    #[arg(long)]
    look: bool,

    /// Print the findings as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Where,
}

#[derive(Debug, Args)]
pub(super) struct StatArgs {
    /// Length of an interval
    #[arg(long, value_name = "N", default_value = "1",
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,

    /// Print one interval as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Where,
}

/// Runs the subcommand. A closed pipe (`| head`) is not an error.
pub(super) fn run(what: &Cache) -> Result<()> {
    let done = super::runtime::block_on(async {
        match what {
            Cache::Explain(args) => explain_url(args).await,
            Cache::Stat(args) => show_stat(args).await,
            Cache::Top(args) => watching::top(args).await,
            Cache::Hist(args) => watching::hist(args).await,
            Cache::Log(args) => watching::log(args).await,
        }
    });
    match done {
        Err(error) if is_broken_pipe(&error) => Ok(()),
        done => done,
    }
}

async fn explain_url(args: &ExplainArgs) -> Result<()> {
    let site = site(&args.place)?;
    let path = target::target(&args.url, site.front)?;
    let findings = explain::explain(&site, &path, args.look).await;
    if args.json {
        return print(&format!("{}\n", serde_json::to_string_pretty(&findings)?));
    }
    let (width, _) = Screen::stdout().size();
    print(&explain::in_words(&findings, width))
}

async fn show_stat(args: &StatArgs) -> Result<()> {
    let site = site(&args.place)?;
    let interval = Duration::from_secs(args.seconds);
    let mut enough = pin!(interrupted());
    let mut screen = Screen::stdout();
    let mut before = stat::read(&site).await;
    let is_live = screen.is_live() && !args.json;
    if is_live {
        screen.draw(stat::in_words(&Stat::between(&before, &before)))?;
    }
    loop {
        tokio::select! {
            () = &mut enough => return Ok(()),
            () = tokio::time::sleep(interval) => {}
        }
        let now = stat::read(&site).await;
        let stat = Stat::between(&before, &now);
        if args.json {
            return print(&format!("{}\n", serde_json::to_string_pretty(&stat)?));
        }
        screen.draw(stat::in_words(&stat))?;
        if !is_live {
            return Ok(());
        }
        before = now;
    }
}

/// The site that runs in the state directory, or the one that was named in pieces.
fn site(place: &Where) -> Result<Endpoints> {
    if !place.memcached.is_empty() {
        return Ok(Endpoints {
            memcached: place.memcached.clone(),
            apps: place.app.clone(),
            front: None,
            copies: 1,
        });
    }
    let running = running(&place.place)?;
    Ok(Endpoints {
        memcached: running.memcached.into_iter().collect(),
        apps: running.app_sockets(),
        front: Some(running.front()),
        copies: 1,
    })
}

fn running(place: &Place) -> Result<Running> {
    let state = StateDir::find(&place.state_dir)?;
    let Some(running) = Running::read(&state)?.filter(Running::is_alive) else {
        bail!(
            "no site runs in {}; start it with `flickr-killr up`, name another site's folder with --state-dir, \
             or its parts with --memcached and --app",
            state.path().display()
        );
    };
    if !running.ready {
        bail!("the site is still starting; try again when `up` has printed `ready`");
    }
    if running.memcached.is_none() {
        bail!(
            "version {} has no memcached, so nothing is cached there; start the site with --rung 0.4",
            running.rung
        );
    }
    if let Err(error) = std::fs::read_dir(&running.sockets) {
        bail!(
            "the sockets in {} cannot be read ({error}); run this as the user that started the site",
            running.sockets.display()
        );
    }
    Ok(running)
}

fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
