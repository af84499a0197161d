//! `flickr-killr db`: the schema of the database.

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use db::demo::{self, LoadError};
use db::migrate::{self, MigrateError, Migrated};
use db::schema::{self, Contents, DatabaseState};
use domain::settings::{Demo, Settings};

use super::database::Database;
use super::load_progress;
use super::say::say;

/// What can be done with the schema.
#[derive(Debug, Subcommand)]
pub(super) enum Db {
    /// Make the tables of an empty database, or apply the migrations that one lacks
    Migrate(Database),
    /// Show the migrations that the database has and lacks
    Status(Database),
    /// What `up` does before it starts the app processes: migrate, and load the demo data where it is wanted
    #[command(hide = true)]
    Prepare(PrepareArgs),
}

/// Which demo data a new database gets.
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

/// Does it.
pub(super) fn run(what: &Db) -> Result<()> {
    match what {
        Db::Migrate(database) => migrate(database),
        Db::Status(database) => status(database),
        Db::Prepare(args) => prepare(args),
    }
}

fn migrate(database: &Database) -> Result<()> {
    let options = database.options()?;
    let migrated = super::block_on(async {
        let mut connection = db::connect(&options).await?;
        Ok(migrate::run(&mut connection).await?)
    })?;
    say!("{}", in_words(migrated));
    Ok(())
}

fn in_words(migrated: Migrated) -> String {
    match migrated {
        Migrated::Created => format!("made the tables of migration {}", migrate::newest()),
        Migrated::Upgraded { from, to } => format!("migrated the database from {from} to {to}"),
        Migrated::Current => format!(
            "nothing to do: the database has migration {}",
            migrate::newest()
        ),
    }
}

fn status(database: &Database) -> Result<()> {
    let options = database.options()?;
    let state = super::block_on(async {
        let mut connection = db::connect(&options).await?;
        Ok(schema::inspect_on(&mut connection).await?)
    })?;
    let (sentence, last) = match &state {
        DatabaseState::Empty => (
            "empty: `flickr-killr db migrate` makes the tables".to_owned(),
            0,
        ),
        DatabaseState::Ready { .. } => ("current".to_owned(), migrate::newest()),
        DatabaseState::Outdated { version } => (
            "outdated: `flickr-killr db migrate` or the next start applies what is pending"
                .to_owned(),
            *version,
        ),
        DatabaseState::Loading => (
            "the demo data was not loaded to its end".to_owned(),
            migrate::newest(),
        ),
        DatabaseState::Newer { version } => (
            format!("newer than this program: it has migration {version}"),
            *version,
        ),
        DatabaseState::Foreign { tables } => (
            format!(
                "of another program: it has the tables {}",
                tables.join(", ")
            ),
            0,
        ),
        DatabaseState::Unknown { found } => {
            (format!("of a schema that no release had: {found:?}"), 0)
        }
    };
    say!("the database is {sentence}");
    for (version, description) in migrate::all() {
        let applied = if version <= last {
            "applied"
        } else {
            "pending"
        };
        say!("{version:04}  {applied}  {description}");
    }
    Ok(())
}

/// What `up` says to this program before it starts the app processes.
pub(super) fn words_for_up(settings: &Settings) -> Vec<String> {
    let mut words = vec![
        "db".to_owned(),
        "prepare".to_owned(),
        format!("--users={}", settings.users),
        format!("--photos={}", settings.photos),
        format!("--seed={}", settings.seed),
    ];
    words.extend(settings.demo.map(|demo| format!("--demo={demo}")));
    words
}

fn prepare(args: &PrepareArgs) -> Result<()> {
    let options = db::database_url::options(&args.database_url)
        .context("the address of the database is no postgres:// URL")?;
    let asked = Contents {
        seed: args.seed,
        users: args.users,
        photos: args.photos,
    };
    let loads = super::block_on(async {
        let mut connection = db::connect(&options).await?;
        if args.demo == Some(Demo::None) {
            demo::begin_empty(&mut connection).await?;
            return Ok(false);
        }
        match migrate::run(&mut connection).await {
            Err(MigrateError::Loading) => return Ok(true),
            Ok(migrated @ Migrated::Upgraded { .. }) => say!("{}", in_words(migrated)),
            migrated => _ = migrated?,
        }
        Ok(args.demo == Some(Demo::Full) || !demo::was_begun_empty(&mut connection).await?)
    })?;
    if !loads {
        return Ok(());
    }
    // Rows are made on threads of their own while others are on their way.
    let runtime = tokio::runtime::Runtime::new().context("no async runtime")?;
    match runtime.block_on(load_progress::load(&options, asked)) {
        Err(LoadError::AlreadyLoaded(found)) => {
            if found != asked {
                say!(
                    "the database holds {} people and {} photos from seed {}; other numbers are for a new one \
                     (`flickr-killr reset`)",
                    found.users,
                    found.photos,
                    found.seed
                );
            }
        }
        Err(other @ LoadError::OtherEdition { .. }) => say!("{other}"),
        // A site with people of its own stays as it is.
        Err(LoadError::HasPeople { .. }) => {}
        loaded => say!("{}", loaded?),
    }
    Ok(())
}
