//! The command line: parses the arguments and dispatches to one module for each subcommand.

mod cache;
mod config;
mod database;
mod database_role;
mod db;
mod demo;
mod index;
mod lab_benchmark;
mod load_progress;
mod log;
mod output;
mod reset;
mod runtime;
mod serve;
mod static_files;
mod status;
mod stop;
mod talk;
mod up;
mod urls;
mod user;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub(crate) use self::log::log_to_stderr;
pub(crate) use self::serve::site_from_environment;
use domain::settings::{self, Place, Settings};
use ladder::lab;

/// A photo site that stays fast, the stack that runs it, and the lab that measures it.
#[derive(Debug, Parser)]
// The last of a repeated flag wins: scripts put their own flags before those of their caller.
#[command(
    name = "flickr-killr",
    version,
    max_term_width = 100,
    args_override_self = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the whole site: PostgreSQL, memcached, the app processes, nginx
    #[command(long_about = UP)]
    Up(Settings),

    /// Run one app process against given addresses (what `up` starts)
    Serve(serve::ServeArgs),

    /// Load the demo data, draw its pictures, run the talk
    #[command(subcommand)]
    Demo(demo::Demo),

    /// Show, drop or create the userid index
    #[command(subcommand)]
    Index(index::Index),

    /// Create an account, set its password, or list accounts
    #[command(subcommand)]
    User(user::User),

    /// Migrate the schema of the database, or show its migrations
    #[command(subcommand)]
    Db(db::Db),

    /// Show what is cached, and why or why not: counters, live views, an explanation of any URL
    #[command(subcommand)]
    Cache(cache::Cache),

    /// Create the role that the site has in the database of `up` (which runs this first)
    #[command(hide = true)]
    DatabaseRole(database_role::DatabaseRoleArgs),

    /// Run the lab's benchmark (the lab starts this process)
    #[command(name = lab::BENCHMARK_COMMAND, hide = true)]
    LabBenchmark(lab_benchmark::Args),

    /// Print a list of pages for a benchmark
    Urls(urls::UrlsArgs),

    /// Write the site's own files into a folder, for a web server that sends them from disk
    StaticFiles(static_files::StaticFilesArgs),

    /// Show what runs: processes, ports, sizes, seed, last migration
    Status(Place),

    /// Stop the running site in order, and wait until its processes have ended
    Stop(Place),

    /// Remove the state directory of a stopped site: database, pictures, logs
    Reset(reset::ResetArgs),

    /// Show every setting: of the site that runs in --state-dir, else what `up` would use
    Config(Settings),
}

const UP: &str = "Start the whole site: PostgreSQL, memcached, the app processes, nginx.

All state is in one folder (--state-dir); nothing else on the machine is changed. The \
database listens on a unix socket only, memcached on loopback only. The first start creates the \
database and loads the demo data (--demo none: an empty site); later starts take a second or two, \
and apply pending migrations. Once the site has served a page, it prints `ready http://ADDRESS:PORT`.

Children that die or hang are restarted. Ctrl-C stops everything in order (a second \
Ctrl-C forces it); from another terminal, `flickr-killr stop` does the same. `flickr-killr status` \
shows what runs, `flickr-killr reset --yes` removes it all.

Each setting is a flag, an environment variable or a line of the --config file; a flag wins over \
the environment, the environment over the file. `flickr-killr config` shows the values in effect. \
The variables of PostgreSQL's own clients (PGPORT, PGOPTIONS and the others) are ignored: \
DATABASE_URL is the whole address, with user and password.

Started as root, every child but nginx's master runs as --user; when that user cannot reach the \
state directory (a clone below a private home), the state moves to /var/tmp, and a line reports it.";

/// Runs the command line. A failure prints one sentence and exits with a non-zero code.
pub fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match error.downcast::<clap::Error>() {
            Ok(usage) => usage.exit(),
            Err(error) => failed(&error),
        },
    }
}

/// Prints the error on standard error, and returns the exit code of a failure.
pub fn failed(error: &anyhow::Error) -> ExitCode {
    output::error_line(format_args!("error: {error:#}"));
    ExitCode::FAILURE
}

fn run() -> Result<()> {
    let command = built();
    let catalogue = subcommand(&command, "up");
    let arguments = std::env::args_os().collect();
    let (matches, from_file) = settings::with_config_file(&command, catalogue, arguments)?;
    match Cli::from_arg_matches(&matches)?.command {
        Command::Up(settings) => {
            let given = matches.subcommand_matches("up");
            let given = given.expect("the parsed subcommand is there");
            let report = settings::report(catalogue, given, &from_file);
            let report = config::with_derived_values(&settings, report);
            up::run(&settings, config::for_run_file(&report))
        }
        Command::Serve(args) => serve::run(args),
        Command::Demo(what) => demo::run(what),
        Command::Index(what) => index::run(&what),
        Command::User(what) => user::run(&what),
        Command::Db(what) => db::run(&what),
        Command::Cache(what) => cache::run(&what),
        Command::DatabaseRole(args) => database_role::run(&args),
        Command::LabBenchmark(args) => lab_benchmark::run(&args),
        Command::Urls(args) => urls::run(&args),
        Command::StaticFiles(args) => static_files::run(&args),
        Command::Status(place) => status::run(&place),
        Command::Stop(place) => stop::run(&place),
        Command::Reset(args) => reset::run(&args),
        Command::Config(settings) => {
            let given = matches.subcommand_matches("config");
            let given = given.expect("the parsed subcommand is there");
            config::run(&settings, settings::report(catalogue, given, &from_file))
        }
    }
}

/// The definition as clap parses it, with the arguments of all subcommands filled in.
fn built() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    command
}

fn subcommand<'a>(command: &'a clap::Command, name: &str) -> &'a clap::Command {
    let found = command.find_subcommand(name);
    found.expect("the definition names its own subcommands")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_setting_but_the_negation_has_a_variable_and_help() {
        let command = built();
        for arg in subcommand(&command, "up").get_arguments() {
            let name = arg.get_id().as_str();
            assert!(arg.get_help().is_some(), "{name} has no help");
            if !["help", "no_lab"].contains(&name) {
                assert!(arg.get_env().is_some(), "{name} has no variable");
            }
        }
    }
}
