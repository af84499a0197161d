//! `flickr-killr database-role`: creates the site's role in a cluster that `up` manages. `up` runs it before anything
//! else that connects.

use anyhow::{Context as _, Result};
use clap::Args;
use db::database_url;
use db::roles;

use super::output::print_line;

#[derive(Debug, Args)]
pub(super) struct DatabaseRoleArgs {
    /// The role that app processes and commands connect as
    #[arg(value_name = "ROLE")]
    role: String,

    /// The database, connected to as the owner of the cluster
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: String,
}

/// Creates the role, and transfers to it the tables that an older version created as the owner of the cluster.
pub(super) fn run(args: &DatabaseRoleArgs) -> Result<()> {
    let options = database_url::options(&args.database_url)
        .context("the database address is not a postgres:// URL")?;
    let given = super::runtime::block_on(async {
        let mut connection = db::connect(&options).await?;
        Ok(roles::provide(&mut connection, &args.role).await?)
    })?;
    if !given.is_empty() {
        print_line!(
            "{} tables and types belong to the role {} now, which is not a superuser",
            given.len(),
            args.role
        );
    }
    Ok(())
}
