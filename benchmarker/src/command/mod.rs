//! The subcommands: measure, search for a capacity, measure two targets by turns, compare two results.

pub(crate) mod capacity;
pub(crate) mod compare;
mod live;
pub(crate) mod measure;
pub(crate) mod results;
pub(crate) mod versus;

use std::fs;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use benchmarker::{Error, PageList, Plan, Scenario};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::cli::Arguments;

/// How a command ended.
pub(crate) enum Ended {
    Measured,
    /// No request was answered, or a check of the run failed.
    WithoutNumbers,
    /// A rule of `--require` was broken.
    RuleBroken,
}

/// The plan of the arguments; Ctrl-C ends it early.
fn plan(arguments: &Arguments) -> Result<Plan, Error> {
    let plan = match &arguments.scenario {
        Some(name) => {
            let scenario = Scenario::open(name, &arguments.lists)?;
            let site = arguments.target().to_str().ok_or_else(|| {
                let shown = arguments.target().display();
                Error::Invalid(format!("{shown} is not the address of a site"))
            })?;
            arguments.plan(PageList::single(site)?, Some(scenario))?
        }
        None => arguments.plan(read_pages(arguments)?, None)?,
    };
    Ok(plan.stop_when(stop_flag()?))
}

fn read_pages(arguments: &Arguments) -> Result<PageList, Error> {
    let source = arguments.target();
    if let Some(url) = source.to_str().filter(|text| text.contains("://")) {
        return PageList::single(url);
    }
    let mut text = String::new();
    let read = match source {
        dash if dash == "-" => io::stdin().read_to_string(&mut text).map(drop),
        file => fs::read_to_string(file).map(|content| text = content),
    };
    read.map_err(|e| {
        let shown = source.display();
        Error::Invalid(format!("the list {shown} cannot be read: {e}"))
    })?;
    PageList::parse(&text, arguments.base())
}

/// A flag that the first Ctrl-C sets; the second one ends the process as usual.
fn stop_flag() -> Result<Arc<AtomicBool>, Error> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_default(signal, Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .map_err(|e| system("installing a handler for Ctrl-C", e))?;
    }
    Ok(stop)
}

fn system(doing: &'static str, cause: io::Error) -> Error {
    Error::System { doing, cause }
}
