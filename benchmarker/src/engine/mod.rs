//! Sends the load: a few threads, each with its own event loop, connections, parsers and histograms.
//!
//! In reading order: [`worker`] is the loop of one thread; [`arrivals`] decides when page views begin;
//! a [`browser`] fetches one page view after another, from a [`workload`] (a list or a scenario);
//! [`request`] is the life of one request, [`http`] its bytes and the meaning of its response;
//! [`connection`], [`poll`] and [`response`] are sockets, epoll and the parser.

mod arrivals;
mod browser;
mod cache;
mod chunked;
mod connection;
mod http;
mod list_session;
mod parts_cache;
mod poll;
mod request;
mod response;
mod shared;
mod worker;
mod workload;

use std::io;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Instant;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::measure::Tally;
use crate::target::Address;
use crate::{Error, Plan};
use shared::Shared;
use worker::Worker;

/// How many files the process needs beside its connections; generous.
const OTHER_FILES: u64 = 64;

/// Sends the load of a plan and returns what all threads have counted. Blocks until the time is over or
/// the plan's stop flag is set.
pub(crate) fn send_load(plan: &Plan, address: Address) -> Result<Tally, Error> {
    raise_open_files_limit(plan.connections)?;
    let shared = Arc::new(Shared::new(plan, address));
    let workers =
        (0..plan.threads).map(|index| Worker::new(&shared, index, browsers_of(plan, index)));
    let workers: Vec<Worker> =
        workers
            .collect::<io::Result<_>>()
            .map_err(|cause| Error::System {
                doing: "opening an event queue",
                cause,
            })?;
    // All threads begin at the same instant, or the first would have the server alone.
    let barrier = Barrier::new(plan.threads);
    let tallies: io::Result<Vec<Tally>> = thread::scope(|scope| {
        let handles: Vec<_> = workers
            .into_iter()
            .map(|worker| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    worker.run(Instant::now())
                })
            })
            .collect();
        handles
            .into_iter()
            .map(|h| h.join().expect("a worker does not panic"))
            .collect()
    });
    let mut tally = Tally::new(plan.step_names().len(), plan.is_open());
    tallies
        .map_err(|cause| Error::System {
            doing: "waiting for events",
            cause,
        })?
        .into_iter()
        .for_each(|t| tally.merge(t));
    Ok(tally)
}

/// The browsers of one thread: as even as whole browsers allow.
fn browsers_of(plan: &Plan, thread: usize) -> std::ops::Range<usize> {
    let all = plan.browsers();
    thread * all / plan.threads..(thread + 1) * all / plan.threads
}

/// Raises the soft limit of open files when the connections need it.
fn raise_open_files_limit(connections: usize) -> Result<(), Error> {
    let needed = connections as u64 + OTHER_FILES;
    let system = |e: nix::Error| Error::System {
        doing: "raising the limit of open files",
        cause: e.into(),
    };
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(system)?;
    if soft >= needed {
        return Ok(());
    }
    if hard < needed {
        return Err(Error::invalid(format!(
            "{connections} connections need {needed} open files, and the limit of this process is {hard}: raise it with ulimit -n"
        )));
    }
    setrlimit(Resource::RLIMIT_NOFILE, needed, hard).map_err(system)
}
