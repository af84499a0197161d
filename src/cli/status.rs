//! `flickr-killr status`: what runs.

use std::time::Duration;

use anyhow::{Result, bail};
use db::database_url;
use db::migrate;
use db::people;
use db::schema::{self, Contents, DatabaseState};
use domain::settings::Place;
use stack::cachectl::grouped;
use stack::supervisor::{Running, StateDir, describe};
use tokio::time::timeout;

use super::say::say;

/// How long the database may take to say what it holds.
const ANSWER_PATIENCE: Duration = Duration::from_secs(3);

/// Prints what is known; a site that does not run is an error, so that scripts can ask.
pub(super) fn run(place: &Place) -> Result<()> {
    let state = StateDir::find(&place.state_dir)?;
    if !state.exists() {
        bail!("{}", state.no_site());
    }
    let running = Running::read(&state)?.filter(Running::is_alive);
    say!("{}", describe(&state, running.as_ref()).trim_end());
    let Some(running) = running else {
        bail!(
            "the site in {} does not run; start it with `flickr-killr up`, or say --state-dir with the \
             folder of another one",
            state.path().display()
        );
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
        let mut connection = db::connect(&database_url::options(url)?).await?;
        let found = schema::inspect_on(&mut connection).await?;
        let today = match found {
            DatabaseState::Ready { .. } => people::totals(&mut connection).await?,
            _ => (0, 0),
        };
        Ok::<_, db::Error>((found, today))
    };
    Ok(match timeout(ANSWER_PATIENCE, found).await {
        Ok(Ok((DatabaseState::Ready { demo }, (people, photos)))) => format!(
            "{} people, {} photos; {}; migration {}",
            grouped(people.unsigned_abs()),
            grouped(photos.unsigned_abs()),
            demo.map_or_else(|| "begun empty".to_owned(), begun_with),
            migrate::newest()
        ),
        Ok(Ok((DatabaseState::Empty | DatabaseState::Loading, _))) => "not loaded yet".to_owned(),
        Ok(Ok((DatabaseState::Foreign { tables }, _))) => {
            format!("not ours: {}", tables.join(", "))
        }
        Ok(Ok((DatabaseState::Outdated { version } | DatabaseState::Newer { version }, _))) => {
            format!(
                "migration {version}, this program has {}",
                migrate::newest()
            )
        }
        Ok(Ok((DatabaseState::Unknown { found }, _))) => {
            format!("schema {found:?}, which no release had")
        }
        Ok(Err(error)) => format!("the database does not answer: {error}"),
        Err(_) => "the database does not answer".to_owned(),
    })
}

fn begun_with(demo: Contents) -> String {
    format!(
        "at the first start {} and {}, from seed {}",
        grouped(demo.users.into()),
        grouped(demo.photos.into()),
        demo.seed
    )
}
