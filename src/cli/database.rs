//! The database that a command works on.

use anyhow::{Context as _, Result, bail};
use clap::Args;
use db::{ConnectOptions, database_url};
use domain::settings::Place;
use stack::supervisor::{Running, StateDir};

/// The database of the running site, or a given one.
#[derive(Debug, Args)]
pub(super) struct Database {
    #[command(flatten)]
    place: Place,

    /// The database, where the site was not started by `up`
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
}

impl Database {
    /// The address of the database: as given, else that of the running site.
    ///
    /// # Errors
    ///
    /// When no address is given and no site runs.
    pub(super) fn url(&self) -> Result<String> {
        if let Some(url) = &self.database_url {
            return Ok(url.clone());
        }
        let state = StateDir::find(&self.place.state_dir)?;
        match Running::read(&state)?.filter(Running::is_alive) {
            Some(running) => Ok(running.database_url),
            None => bail!(
                "no site runs in {}; start it with `flickr-killr up`, name another site's folder with \
                 --state-dir, or its database with --database-url",
                state.path().display()
            ),
        }
    }

    /// The options to connect to it.
    ///
    /// # Errors
    ///
    /// As [`Database::url`], or when the address is invalid.
    pub(super) fn options(&self) -> Result<ConnectOptions> {
        database_url::options(&self.url()?).context("the database address is not a postgres:// URL")
    }
}
