//! `flickr-killr user`: creates and lists accounts, for the operator of the site.

use std::io::IsTerminal as _;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use console::Term;
use db::{people, pool};
use site::Accounts;
use site::passwords::Passwords;

use super::database::Database;
use super::output::print_line;

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Create an account; prompts for its password, or reads it from standard input
    Create(CreateArgs),
    /// Set an account's password and end its sessions; prompts for it, or reads it from standard input
    SetPassword(SetPasswordArgs),
    /// List accounts by name: name, display name, photos, day of joining, separated by tabs
    List(ListArgs),
}

#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// The name in URLs: 2 to 30 lowercase letters, digits and hyphens
    #[arg(value_name = "NAME")]
    name: String,

    /// The name that pages show [default: NAME]
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    display_name: String,

    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
pub(super) struct SetPasswordArgs {
    /// The name in URLs
    #[arg(value_name = "NAME")]
    name: String,

    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Start after this name
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    after: String,

    /// Maximum number of accounts
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    database: Database,
}

pub(super) fn run(what: &User) -> Result<()> {
    match what {
        User::Create(args) => {
            let url = args.database.url()?;
            let password = password()?;
            let name = with_accounts(&url, async |accounts| {
                Ok(accounts
                    .create(&args.name, &args.display_name, &password)
                    .await?)
            })?;
            print_line!("made the account {name}");
        }
        User::SetPassword(args) => {
            let url = args.database.url()?;
            let password = password()?;
            let name = with_accounts(&url, async |accounts| {
                Ok(accounts.set_password(&args.name, &password).await?)
            })?;
            print_line!("{name} has a new password and is logged out everywhere");
        }
        User::List(args) => list(args)?,
    }
    Ok(())
}

fn with_accounts<T>(url: &str, work: impl AsyncFnOnce(Accounts) -> Result<T>) -> Result<T> {
    super::runtime::block_on(async {
        let db = pool::open(url, 1)?;
        let done = work(Accounts::new(db.clone(), Passwords::new(None))).await;
        db.close().await;
        done
    })
}

fn list(args: &ListArgs) -> Result<()> {
    let options = args.database.options()?;
    let accounts = super::runtime::block_on(async {
        let mut connection = db::connect(&options).await?;
        Ok(people::accounts(&mut connection, &args.after, args.limit.into()).await?)
    })?;
    for account in accounts {
        let people::Listed {
            name,
            display_name,
            photos,
            joined,
        } = account;
        print_line!("{name}\t{display_name}\t{photos}\t{joined}");
    }
    Ok(())
}

/// Prompts for a password twice on a terminal, else reads a line of standard input. It is never an argument, because
/// `ps` shows arguments to all local users.
fn password() -> Result<String> {
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin()
            .read_line(&mut line)
            .context("cannot read the password from standard input")?;
        let password = line.trim_end_matches(['\r', '\n']);
        if password.is_empty() {
            bail!("standard input has no password; write it on the first line");
        }
        return Ok(password.to_owned());
    }
    let terminal = Term::stderr();
    let ask = |question: &str| -> Result<String> {
        terminal.write_str(question)?;
        Ok(terminal.read_secure_line()?)
    };
    let password = ask("Password: ")?;
    if password != ask("Repeat it: ")? {
        bail!("the two passwords differ");
    }
    Ok(password)
}
