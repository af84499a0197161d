//! `flickr-killr status`: shows the processes, addresses and data of a site.

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

use super::output::print_line;

/// How long the database may take to report its contents.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(3);

/// Prints the status. Fails if the site does not run, so that scripts can test the exit code.
pub(super) fn run(place: &Place) -> Result<()> {
    let state = StateDir::find(&place.state_dir)?;
    if !state.exists() {
        bail!("{}", state.no_site());
    }
    let running = Running::read(&state)?.filter(Running::is_alive);
    print_line!("{}", describe(&state, running.as_ref()).trim_end());
    let Some(running) = running else {
        bail!(
            "the site in {} does not run; start it with `flickr-killr up`, or name another site's folder \
             with --state-dir",
            state.path().display()
        );
    };
    print_line!(
        "\ndata         {}",
        super::runtime::block_on(contents(&running.database_url))?
    );
    Ok(())
}

/// Describes the contents of the database. A database that does not respond is part of the status, not an error.
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
    Ok(match timeout(DATABASE_TIMEOUT, found).await {
        Ok(Ok((DatabaseState::Ready { demo }, (people, photos)))) => format!(
            "{} people, {} photos; {}; migration {}",
            grouped(people.unsigned_abs()),
            grouped(photos.unsigned_abs()),
            demo.map_or_else(|| "started empty".to_owned(), started_with),
            migrate::newest()
        ),
        Ok(Ok((DatabaseState::Empty | DatabaseState::Loading, _))) => "not loaded yet".to_owned(),
        Ok(Ok((DatabaseState::Foreign { tables }, _))) => {
            format!("not a Flickr Killr database; tables: {}", tables.join(", "))
        }
        Ok(Ok((DatabaseState::Outdated { version } | DatabaseState::Newer { version }, _))) => {
            format!(
                "migration {version}, this program has {}",
                migrate::newest()
            )
        }
        Ok(Ok((DatabaseState::Unknown { found }, _))) => {
            format!("unknown schema {found:?}, not of any release")
        }
        Ok(Err(error)) => format!("the database does not respond: {error}"),
        Err(_) => "the database does not respond".to_owned(),
    })
}

fn started_with(demo: Contents) -> String {
    format!(
        "at the first start {} and {}, from seed {}",
        grouped(demo.users.into()),
        grouped(demo.photos.into()),
        demo.seed
    )
}
