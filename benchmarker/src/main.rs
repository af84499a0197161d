//! The command: reads its arguments, runs the plan, prints the report.

mod cli;

use std::fs;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use benchmarker::{Error, PageList, Report, run};
use clap::Parser;
use cli::Arguments;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Exit status when the arguments make no sense, as clap's own.
const NONSENSE: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match measure(&arguments) {
        // Nothing was answered: said on the report, and to scripts.
        Ok(report) if report.requests.total == 0 => ExitCode::FAILURE,
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("benchmarker: {error}");
            match error {
                Error::Nonsense(_) | Error::NotLoopback(_) => ExitCode::from(NONSENSE),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn measure(arguments: &Arguments) -> Result<Report, Error> {
    let pages = read_pages(arguments)?;
    let report = run(&arguments.plan(pages).stop_when(stop_word()?))?;
    let text = if arguments.json {
        serde_json::to_string_pretty(&report).map_err(|e| system("writing JSON", e.into()))?
    } else {
        report.to_string()
    };
    // A reader such as `head -2` may be gone already: no reason to complain.
    let _ = writeln!(io::stdout(), "{text}");
    Ok(report)
}

fn read_pages(arguments: &Arguments) -> Result<PageList, Error> {
    let source = arguments.pages.as_str();
    if source.contains("://") {
        return PageList::single(source);
    }
    let mut text = String::new();
    let read = match source {
        "-" => io::stdin().read_to_string(&mut text).map(drop),
        file => fs::read_to_string(file).map(|content| text = content),
    };
    read.map_err(|e| Error::Nonsense(format!("the list {source} cannot be read: {e}")))?;
    PageList::parse(&text, arguments.base())
}

/// A word that the first Ctrl-C sets; the second ends the process as usual.
fn stop_word() -> Result<Arc<AtomicBool>, Error> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_default(signal, Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .map_err(|e| system("listening for Ctrl-C", e))?;
    }
    Ok(stop)
}

fn system(doing: &'static str, cause: io::Error) -> Error {
    Error::System { doing, cause }
}
