//! `flickr-killr demo`: the demo data, and the talk that runs on it.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use db::demo::LoadError;
use db::schema::Contents;
use db::{ConnectOptions, database_url};

use super::load_progress;
use super::output::print_line;

#[derive(Debug, Subcommand)]
pub(super) enum Demo {
    /// Load the demo data into an empty database
    Load(LoadArgs),
    /// Draw many of the demo pictures on one sheet, to judge them by eye
    ContactSheet(SheetArgs),
    /// The talk: run, check and measure each version of the site, then drop its index
    #[command(long_about = TALK)]
    Talk(super::talk::TalkArgs),
    /// Print the table of a talk's JSON result as Markdown
    Table(super::talk::TableArgs),
}

const TALK: &str = "The talk: run, check and measure each version of the site, then drop its index.

Starts 0.1 to 0.4 one after the other as `flickr-killr up --rung X` does, on the same data: a CGI \
process for each request, one server, nginx and a process a core, and files from memcached. Each \
version is introduced with its weakness and the remedy, must return the same responses as the first, \
and is measured under four loads by one thread of the benchmarker. At the end the site is measured \
without the userid index, and again with it. The table comes last; --markdown, --html and --json \
write it to a file.

Once the data is loaded it takes about four minutes. Ctrl-C ends it at any time: the index is created \
again and no process is left running.";

#[derive(Debug, Args)]
pub(super) struct SheetArgs {
    /// The file to write, PNG or JPEG by its ending
    #[arg(value_name = "FILE", default_value = "contact-sheet.jpg")]
    file: PathBuf,

    /// Seed of the first picture; the others follow it
    #[arg(long, value_name = "S", default_value = "1")]
    first_seed: u64,

    /// How many pictures
    #[arg(long, value_name = "N", default_value = "200",
          value_parser = clap::value_parser!(u16).range(1..=2000))]
    count: u16,

    /// About how many pictures a row has
    #[arg(long, value_name = "N", default_value = "10",
          value_parser = clap::value_parser!(u8).range(1..=40))]
    columns: u8,
}

#[derive(Debug, Args)]
pub(super) struct LoadArgs {
    /// The database; one with tables of another program is refused
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: String,

    /// Number of people
    #[arg(long, env = "FLICKR_KILLR_USERS", value_name = "N", default_value = "100000",
          value_parser = clap::value_parser!(u32).range(1..))]
    users: u32,

    /// Number of photos
    #[arg(long, env = "FLICKR_KILLR_PHOTOS", value_name = "N", default_value = "1000000",
          value_parser = clap::value_parser!(u32).range(1..))]
    photos: u32,

    /// Seed: the same one draws the same people, words and pictures
    #[arg(
        long,
        env = "FLICKR_KILLR_SEED",
        value_name = "S",
        default_value = "2007"
    )]
    seed: u64,

    /// Succeed where the database is loaded already
    #[arg(long)]
    unless_loaded: bool,
}

pub(super) fn run(what: Demo) -> Result<()> {
    match what {
        Demo::Load(args) => load(&args),
        Demo::ContactSheet(args) => contact_sheet(&args),
        Demo::Talk(args) => super::talk::run(args),
        Demo::Table(args) => super::talk::table(&args),
    }
}

/// How wide a picture with the usual aspect ratio is on the sheet, in pixels.
const CELL_WIDTH: u32 = 200;

fn contact_sheet(args: &SheetArgs) -> Result<()> {
    let sheet = demo_data::picture::contact_sheet(
        args.first_seed,
        args.count.into(),
        args.columns.into(),
        CELL_WIDTH,
    );
    let pixels = image::RgbImage::from_raw(sheet.width, sheet.height, sheet.rgb)
        .context("the sheet's pixels do not match its width and height")?;
    pixels
        .save(&args.file)
        .with_context(|| format!("cannot write {}", args.file.display()))?;
    print_line!(
        "{} pictures, {} x {} pixels: {}",
        args.count,
        sheet.width,
        sheet.height,
        args.file.display()
    );
    Ok(())
}

fn load(args: &LoadArgs) -> Result<()> {
    let options = database_url::options(&args.database_url)
        .context("the database address is not a postgres:// URL")?;
    let wanted = Contents {
        seed: args.seed,
        users: args.users,
        photos: args.photos,
    };
    if args.unless_loaded {
        return load_unless_loaded(&options, wanted);
    }
    print_line!("{}", loaded(&options, wanted)?);
    Ok(())
}

/// Loads the demo data; a database that holds it, or accounts, is left unchanged.
pub(super) fn load_unless_loaded(options: &ConnectOptions, wanted: Contents) -> Result<()> {
    match loaded(options, wanted) {
        Err(LoadError::AlreadyLoaded(found)) => {
            if found != wanted {
                print_line!(
                    "the database holds {} people and {} photos from seed {}; --users, --photos and --seed \
                     apply to a new database only (`flickr-killr reset`)",
                    found.users,
                    found.photos,
                    found.seed
                );
            }
        }
        Err(other @ LoadError::OtherEdition { .. }) => print_line!("{other}"),
        Err(LoadError::HasPeople { .. }) => {}
        loaded => print_line!("{}", loaded?),
    }
    Ok(())
}

fn loaded(options: &ConnectOptions, wanted: Contents) -> Result<String, LoadError> {
    // A runtime with threads: rows are generated in parallel with their transfer to the database.
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| LoadError::Database(error.into()))?;
    runtime.block_on(load_progress::load(options, wanted))
}
