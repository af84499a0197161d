//! `flickr-killr user`: accounts, for the person who runs the site.

use std::io::IsTerminal as _;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use console::Term;
use db::{people, pool};
use site::Accounts;
use site::passwords::Passwords;

use super::database::Database;
use super::say::say;

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Make an account; asks for its password, or reads it from standard input
    Create(CreateArgs),
    /// Set the password of an account and end its sessions; asks for it, or reads it from standard input
    SetPassword(SetPasswordArgs),
    /// List accounts by name: name, display name, photos, day of joining, parted by tabs
    List(ListArgs),
}

/// Which account, and where.
#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// The name in addresses: 2 to 30 small letters, digits and hyphens
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

/// Which account, and where.
#[derive(Debug, Args)]
pub(super) struct SetPasswordArgs {
    /// The name in addresses
    #[arg(value_name = "NAME")]
    name: String,

    #[command(flatten)]
    database: Database,
}

/// Which accounts, and where.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Begin after this name
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    after: String,

    /// How many at most
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    database: Database,
}

/// Does it.
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
            say!("made the account {name}");
        }
        User::SetPassword(args) => {
            let url = args.database.url()?;
            let password = password()?;
            let name = with_accounts(&url, async |accounts| {
                Ok(accounts.set_password(&args.name, &password).await?)
            })?;
            say!("{name} has a new password and is logged out everywhere");
        }
        User::List(args) => list(args)?,
    }
    Ok(())
}

fn with_accounts<T>(url: &str, work: impl AsyncFnOnce(Accounts) -> Result<T>) -> Result<T> {
    super::block_on(async {
        let db = pool::open(url, 1)?;
        let done = work(Accounts::new(db.clone(), Passwords::new(None))).await;
        db.close().await;
        done
    })
}

fn list(args: &ListArgs) -> Result<()> {
    let options = args.database.options()?;
    let accounts = super::block_on(async {
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
        say!("{name}\t{display_name}\t{photos}\t{joined}");
    }
    Ok(())
}

/// Asks for a password twice at a terminal, else reads a line. It is no argument, because other programs see those.
fn password() -> Result<String> {
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin()
            .read_line(&mut line)
            .context("reading the password from standard input")?;
        let password = line.trim_end_matches(['\r', '\n']);
        if password.is_empty() {
            bail!("standard input has no password; write it into the first line");
        }
        return Ok(password.to_owned());
    }
    let terminal = Term::stderr();
    let ask = |question: &str| -> Result<String> {
        terminal.write_str(question)?;
        Ok(terminal.read_secure_line()?)
    };
    let password = ask("Password: ")?;
    if password != ask("Once more: ")? {
        bail!("the two passwords differ");
    }
    Ok(password)
}
