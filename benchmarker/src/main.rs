//! The command: parses its arguments, runs the plan, prints the report.

mod cli;
mod command;

use std::process::ExitCode;

use benchmarker::Error;
use clap::Parser;
use cli::{Arguments, Command};
use command::Ended;

/// The exit status for invalid arguments, as clap's own.
const INVALID: u8 = 2;
/// The exit status for a broken rule of `--require`.
const RULE_BROKEN: u8 = 3;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match &arguments.command {
        Some(Command::Compare(files)) => command::compare::compare(files),
        None if arguments.versus.is_some() => command::versus::versus(&arguments),
        None if arguments.capacity.is_some() => command::capacity::search(&arguments),
        None => command::measure::measure(&arguments),
    };
    match ended {
        Ok(Ended::Measured) => ExitCode::SUCCESS,
        Ok(Ended::WithoutNumbers) => ExitCode::FAILURE,
        Ok(Ended::RuleBroken) => ExitCode::from(RULE_BROKEN),
        Err(error) => {
            command::results::print_error(&error.to_string());
            match error {
                Error::Invalid(_) | Error::NotLoopback(_) => ExitCode::from(INVALID),
                _ => ExitCode::FAILURE,
            }
        }
    }
}
