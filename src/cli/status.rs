//! `flickr-killr status`: what runs.

use std::time::Duration;

use anyhow::{Result, bail};

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::time::timeout;

use super::say::say;
use crate::cache_tools::grouped;
use crate::db::schema::{self, DatabaseState};
use crate::settings::Place;
use crate::stack::{Running, StateDir, describe};

/// How long the database may take to say what it holds.
const ANSWER_PATIENCE: Duration = Duration::from_secs(3);

/// Prints what is known; a site that does not run is an error, so that scripts can ask.
pub(super) fn run(place: &Place) -> Result<()> {
    let state = StateDir::find(&place.state_dir)?;
    if !state.exists() {
        bail!("there is no site in {}", state.path().display());
    }
    let running = Running::read(&state).filter(Running::is_alive);
    say!("{}", describe(&state, running.as_ref()).trim_end());
    let Some(running) = running else {
        bail!("the site in {} does not run", state.path().display());
    };
    say!(
        "\ndata         {}",
        super::block_on(contents(&running.database_url))?
    );
    Ok(())
}

/// What the database holds. One that does not answer is part of the status, not an error.
async fn contents(url: &str) -> Result<String> {
    let found = async {
        let mut connection = PgConnection::connect(url).await?;
        schema::inspect_on(&mut connection).await
    };
    Ok(match timeout(ANSWER_PATIENCE, found).await {
        Ok(Ok(DatabaseState::Loaded(found))) => format!(
            "loaded with {} people and {} photos, seed {}, schema version {}",
            grouped(found.users.into()),
            grouped(found.photos.into()),
            found.seed,
            schema::version()
        ),
        Ok(Ok(DatabaseState::Empty | DatabaseState::Loading)) => "not loaded yet".to_owned(),
        Ok(Ok(DatabaseState::Foreign { tables })) => {
            format!("not ours: {}", tables.join(", "))
        }
        Ok(Ok(DatabaseState::OtherVersion { found })) => {
            format!(
                "schema version {found}, this program has {}",
                schema::version()
            )
        }
        Ok(Err(error)) => format!("the database does not answer: {error}"),
        Err(_) => "the database does not answer".to_owned(),
    })
}
