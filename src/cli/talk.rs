//! `flickr-killr demo talk`: runs and measures each version, as the talk of 2007 did.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, value_parser};
use ladder::{self, Baselines, Options, Tables, Talk};

use super::output::print_line;

/// How long a figure may be measured.
const SECONDS_MAX: f64 = 600.0;

#[derive(Debug, Args)]
pub(super) struct TalkArgs {
    /// Folder of the site's state; stop a site that runs there first
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

    /// Number of people in a new database
    #[arg(long, env = "FLICKR_KILLR_USERS", value_name = "N", default_value = "100000",
          value_parser = value_parser!(u32).range(1..))]
    users: u32,

    /// Number of photos in a new database
    #[arg(long, env = "FLICKR_KILLR_PHOTOS", value_name = "N", default_value = "1000000",
          value_parser = value_parser!(u32).range(1..))]
    photos: u32,

    /// Seed of a new database, of the choice of people, and of the order of requests
    #[arg(
        long,
        env = "FLICKR_KILLR_SEED",
        value_name = "S",
        default_value = "2007"
    )]
    seed: u64,

    /// How often all versions are measured; with several rounds, medians and ranges are shown
    #[arg(long, value_name = "N", default_value = "1", value_parser = value_parser!(u32).range(1..=100))]
    rounds: u32,

    /// How long each figure is measured, in seconds
    #[arg(long, value_name = "S", default_value = "5", value_parser = seconds)]
    seconds: f64,

    /// Short run, half a second a figure and few pages: shows that everything works
    #[arg(long)]
    quick: bool,

    /// Write the result as a Markdown page
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,

    /// Write the result as one self-contained HTML page, with charts
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Write the result as JSON: every number, the machine and versions, the times of all requests
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Result of `make demo-peers`, the talk's own stack on this machine, for the Markdown page; left
    /// out if the file does not exist
    #[arg(long, value_name = "FILE", default_value = "docs/results/peers.json")]
    peers: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct TableArgs {
    /// Result of `demo talk --json`
    #[arg(value_name = "FILE", default_value = "docs/results/talk.json")]
    json: PathBuf,

    /// Result of `make demo-peers`; left out if the file does not exist
    #[arg(long, value_name = "FILE", default_value = "docs/results/peers.json")]
    peers: PathBuf,

    /// Also write the HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Runs the talk. First checks that the results can be written, because the talk takes minutes.
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

/// Fails if a file cannot be written, with the exit code of an invalid argument.
fn check_writable(option: &str, file: Option<&Path>) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    let checked = folder
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| benchmarker::check_writable(file));
    checked.map_err(|error| {
        let sentence = format!("{option} {}: cannot be written: {error}\n", file.display());
        clap::Error::raw(clap::error::ErrorKind::Io, sentence).into()
    })
}

/// Prints the table that README shows.
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
    print_line!("{}", tables.first_screen(peers.as_ref()).trim_end());
    Ok(())
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=SECONDS_MAX).contains(&seconds) => Ok(seconds),
        _ => Err(format!("must be from 0.1 to {SECONDS_MAX} seconds")),
    }
}
