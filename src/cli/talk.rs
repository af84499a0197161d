//! `flickr-killr demo talk`: the talk as a program.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, value_parser};
use ladder::{self, Baselines, Options, Tables, Talk};

use super::say::say;

/// How long a figure may be measured.
const SECONDS_MAX: f64 = 600.0;

/// What is told, and how thoroughly.
#[derive(Debug, Args)]
pub(super) struct TalkArgs {
    /// Folder of the site's state; a site that runs there must be stopped before
    #[arg(
        long,
        env = "FLICKR_KILLR_STATE_DIR",
        value_name = "DIR",
        default_value = ".flickr-killr"
    )]
    state_dir: PathBuf,

    /// The Unix user that the programs run as when started as root
    #[arg(
        long,
        env = "FLICKR_KILLR_USER",
        value_name = "NAME",
        default_value = "nobody"
    )]
    user: String,

    /// People, where the database is made now
    #[arg(long, env = "FLICKR_KILLR_USERS", value_name = "N", default_value = "100000",
          value_parser = value_parser!(u32).range(1..))]
    users: u32,

    /// Photos, where the database is made now
    #[arg(long, env = "FLICKR_KILLR_PHOTOS", value_name = "N", default_value = "1000000",
          value_parser = value_parser!(u32).range(1..))]
    photos: u32,

    /// Seed of a new database, of who is visited, and of every order of requests
    #[arg(
        long,
        env = "FLICKR_KILLR_SEED",
        value_name = "S",
        default_value = "2007"
    )]
    seed: u64,

    /// How often the whole ladder is climbed; of several, medians and ranges are told
    #[arg(long, value_name = "N", default_value = "1", value_parser = value_parser!(u32).range(1..=100))]
    rounds: u32,

    /// How long each figure is measured, in seconds
    #[arg(long, value_name = "S", default_value = "5", value_parser = seconds)]
    seconds: f64,

    /// The short form: half a second a figure, few pages; shows that everything works
    #[arg(long)]
    quick: bool,

    /// Write the result as a Markdown page
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,

    /// Write the result as one HTML page that stands alone, with drawings
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Write the result as JSON: every number, machine and versions, the times of all requests
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// What `make demo-peers` has written: the talk's own stack on this machine, for the Markdown
    /// page; left out where there is no such file
    #[arg(long, value_name = "FILE", default_value = "docs/results/peers.json")]
    peers: PathBuf,
}

/// Which talk.
#[derive(Debug, Args)]
pub(super) struct TableArgs {
    /// What `demo talk --json` has written
    #[arg(value_name = "FILE", default_value = "docs/results/talk.json")]
    json: PathBuf,

    /// What `make demo-peers` has written; left out where there is no such file
    #[arg(long, value_name = "FILE", default_value = "docs/results/peers.json")]
    peers: PathBuf,

    /// Write the page of it as well
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Runs it, unless its result could not be written: it takes minutes.
pub(super) fn run(args: TalkArgs) -> Result<()> {
    let files = [
        ("--markdown", &args.markdown),
        ("--html", &args.html),
        ("--json", &args.json),
    ];
    for (option, file) in files {
        check_writable(option, file.as_deref())?;
    }
    ladder::run(&Options {
        state_dir: args.state_dir,
        user: args.user,
        users: args.users,
        photos: args.photos,
        seed: args.seed,
        rounds: args.rounds,
        duration: Duration::from_secs_f64(args.seconds),
        quick: args.quick,
        markdown: args.markdown,
        html: args.html,
        json: args.json,
        peers: args.peers,
    })
}

/// Refuses a file that could not be written, with the exit status of a wrong argument.
fn check_writable(option: &str, file: Option<&Path>) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    let found = folder
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| benchmarker::check_writable(file));
    found.map_err(|error| {
        let sentence = format!("{option} {}: cannot be written: {error}\n", file.display());
        clap::Error::raw(clap::error::ErrorKind::Io, sentence).into()
    })
}

/// Prints the table of README's first screen.
pub(super) fn table(args: &TableArgs) -> Result<()> {
    check_writable("--html", args.html.as_deref())?;
    let text = std::fs::read(&args.json)
        .with_context(|| format!("cannot read {}", args.json.display()))?;
    let talk: Talk = serde_json::from_slice(&text)
        .with_context(|| format!("{} is no talk", args.json.display()))?;
    let peers = Baselines::read(&args.peers)?;
    let tables = Tables::of(&talk);
    if let Some(file) = &args.html {
        std::fs::write(file, ladder::html(&tables, peers.as_ref())?)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    say!("{}", tables.first_screen(peers.as_ref()).trim_end());
    Ok(())
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=SECONDS_MAX).contains(&seconds) => Ok(seconds),
        _ => Err(format!("0.1 to {SECONDS_MAX} seconds are possible")),
    }
}
