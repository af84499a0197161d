//! The command: reads its arguments, runs the plan, prints the report.

mod cli;
mod command;

use std::process::ExitCode;

use benchmarker::Error;
use clap::Parser;
use cli::{Arguments, Command};

/// Exit status when the arguments make no sense, as clap's own.
const INVALID: u8 = 2;
/// Exit status when a rule of `--require` is broken.
const BROKEN: u8 = 3;

/// How a command ended that ran to its end.
enum Ended {
    Well,
    /// Nothing was answered, or the numbers are in doubt: said on the report, and to scripts.
    WithoutNumber,
    /// A required rule was broken.
    Broken,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match &arguments.command {
        Some(Command::Compare(files)) => command::compare::compare(files),
        None if arguments.versus.is_some() => command::versus::versus(&arguments),
        None if arguments.capacity.is_some() => command::capacity::search(&arguments),
        None => command::measure::measure(&arguments),
    };
    match ended {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::WithoutNumber) => ExitCode::FAILURE,
        Ok(Ended::Broken) => ExitCode::from(BROKEN),
        Err(error) => {
            command::results::complain(&error.to_string());
            match error {
                Error::Invalid(_) | Error::NotLoopback(_) => ExitCode::from(INVALID),
                _ => ExitCode::FAILURE,
            }
        }
    }
}
