//! `flickr-killr db`: the schema of the database.

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use db::demo;
use db::migrate::{self, MigrateError, Migrated};
use db::schema::{self, Contents, DatabaseState};
use domain::settings::{Demo, Settings};

use super::database::Database;
use super::output::print_line;

#[derive(Debug, Subcommand)]
pub(super) enum Db {
    /// Create the tables of an empty database, or apply the pending migrations
    Migrate(Database),
    /// Show which migrations are applied and which are pending
    Status(Database),
    /// Migrate, and load the demo data if wanted (`up` runs this before the app processes start)
    #[command(hide = true)]
    Prepare(PrepareArgs),
}

/// The demo data of a new database.
#[derive(Debug, Args)]
pub(super) struct PrepareArgs {
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: String,

    #[arg(long, value_enum)]
    demo: Option<Demo>,

    #[arg(long)]
    users: u32,

    #[arg(long)]
    photos: u32,

    #[arg(long)]
    seed: u64,
}

pub(super) fn run(what: &Db) -> Result<()> {
    match what {
        Db::Migrate(database) => migrate(database),
        Db::Status(database) => status(database),
        Db::Prepare(args) => prepare(args),
    }
}

fn migrate(database: &Database) -> Result<()> {
    let options = database.options()?;
    let migrated = super::runtime::block_on(async {
        let mut connection = db::connect(&options).await?;
        Ok(migrate::run(&mut connection).await?)
    })?;
    print_line!("{}", in_words(migrated));
    Ok(())
}

fn in_words(migrated: Migrated) -> String {
    match migrated {
        Migrated::Created => format!("created the tables of migration {}", migrate::newest()),
        Migrated::Upgraded { from, to } => format!("migrated the database from {from} to {to}"),
        Migrated::Current => format!(
            "nothing to do: the database has migration {}",
            migrate::newest()
        ),
    }
}

fn status(database: &Database) -> Result<()> {
    let options = database.options()?;
    let state = super::runtime::block_on(async {
        let mut connection = db::connect(&options).await?;
        Ok(schema::inspect_on(&mut connection).await?)
    })?;
    let (sentence, last) = match &state {
        DatabaseState::Empty => (
            "empty: `flickr-killr db migrate` creates the tables".to_owned(),
            0,
        ),
        DatabaseState::Ready { .. } => ("current".to_owned(), migrate::newest()),
        DatabaseState::Outdated { version } => (
            "outdated: `flickr-killr db migrate` or the next `up` applies the pending migrations"
                .to_owned(),
            *version,
        ),
        DatabaseState::Loading => (
            "incomplete: loading the demo data was interrupted; `flickr-killr up` loads it again"
                .to_owned(),
            migrate::newest(),
        ),
        DatabaseState::Newer { version } => (
            format!("newer than this program: it has migration {version}"),
            *version,
        ),
        DatabaseState::Foreign { tables } => (
            format!(
                "not a Flickr Killr database: it has the tables {}",
                tables.join(", ")
            ),
            0,
        ),
        DatabaseState::Unknown { found } => (
            format!("unknown: its schema {found:?} is not of any release"),
            0,
        ),
    };
    print_line!("the database is {sentence}");
    for (version, description) in migrate::all() {
        let applied = if version <= last {
            "applied"
        } else {
            "pending"
        };
        print_line!("{version:04}  {applied}  {description}");
    }
    Ok(())
}

/// The arguments with which `up` runs this program before it starts the app processes.
pub(super) fn prepare_arguments(settings: &Settings) -> Vec<String> {
    let mut arguments = vec![
        "db".to_owned(),
        "prepare".to_owned(),
        format!("--users={}", settings.users),
        format!("--photos={}", settings.photos),
        format!("--seed={}", settings.seed),
    ];
    arguments.extend(settings.demo.map(|demo| format!("--demo={demo}")));
    arguments
}

fn prepare(args: &PrepareArgs) -> Result<()> {
    let options = db::database_url::options(&args.database_url)
        .context("the database address is not a postgres:// URL")?;
    let wanted = Contents {
        seed: args.seed,
        users: args.users,
        photos: args.photos,
    };
    let should_load = super::runtime::block_on(async {
        let mut connection = db::connect(&options).await?;
        if args.demo == Some(Demo::None) {
            demo::begin_empty(&mut connection).await?;
            return Ok(false);
        }
        match migrate::run(&mut connection).await {
            Err(MigrateError::Loading) => return Ok(true),
            Ok(migrated @ Migrated::Upgraded { .. }) => print_line!("{}", in_words(migrated)),
            migrated => _ = migrated?,
        }
        Ok(args.demo == Some(Demo::Full) || !demo::was_begun_empty(&mut connection).await?)
    })?;
    if !should_load {
        return Ok(());
    }
    super::demo::load_unless_loaded(&options, wanted)
}
