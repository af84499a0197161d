//! `flickr-killr database-role`: what `up` does first to a database of its own.

use anyhow::{Context as _, Result};
use clap::Args;
use db::database_url;
use db::roles;

use super::say::say;

/// Which role, and where.
#[derive(Debug, Args)]
pub(super) struct DatabaseRoleArgs {
    /// The role that app processes and commands have
    #[arg(value_name = "ROLE")]
    role: String,

    /// The database, as its owner reaches it
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: String,
}

/// Makes the role, and gives it the tables that an older version left to the owner.
pub(super) fn run(args: &DatabaseRoleArgs) -> Result<()> {
    let options = database_url::options(&args.database_url)
        .context("the address of the database is no postgres:// URL")?;
    let given = super::block_on(async {
        let mut connection = db::connect(&options).await?;
        Ok(roles::provide(&mut connection, &args.role).await?)
    })?;
    if !given.is_empty() {
        say!(
            "{} tables and types belong to the role {} now, which is no superuser",
            given.len(),
            args.role
        );
    }
    Ok(())
}
