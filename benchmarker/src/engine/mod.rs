//! Sends the load: a few threads, each with its own event loop, connections,
//! parsers and histograms.

mod browser;
mod cache;
mod chunked;
mod connection;
mod exchange;
mod itinerary;
mod pace;
mod poll;
mod response;
mod scanned;
mod script;
mod walk;
mod words;
mod worker;

use std::io;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Instant;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

pub(crate) use browser::View;
pub(crate) use itinerary::{Itinerary, Sequence};

use crate::load::{Load, Stages};
use crate::report::Tally;
use crate::target::{self, Address};
use crate::{Error, Plan, Report, needs};
use pace::Pace;
use worker::Worker;

/// Files the process needs beside its connections: listed generously.
const OTHER_FILES: u64 = 64;

/// What the threads of a run share: read, never written.
struct Shared {
    plan: Plan,
    /// That of the plan, its stages begun with what is measured.
    load: Load,
    address: Address,
    sequence: Sequence,
    /// The bytes of every request after its path, up to the lines of its own.
    request_tail: Vec<u8>,
}

impl Shared {
    /// The pace of a thread whose browsers are numbered from `first`.
    fn pace(&self, thread: usize, first: usize, start: Instant) -> Pace {
        let Plan {
            threads, timeout, ..
        } = self.plan;
        Pace::new(&self.load, (thread, threads), first, timeout, start)
    }
}

/// Carries out a plan and reports. Blocks until the time is over or the plan's
/// stop word is set.
///
/// # Errors
/// When the plan makes no sense, the target is not loopback and not declared
/// one's own, nothing answers there, or the system refuses files or threads.
pub fn run(plan: &Plan) -> Result<Report, Error> {
    plan.check()?;
    let address = target::find(plan)?;
    needs::check(plan, &address)?;
    make_room_for_sockets(plan.connections)?;
    let shared = Arc::new(Shared {
        sequence: Sequence::of(plan),
        request_tail: request_tail(plan),
        address,
        load: measured_load(plan),
        plan: plan.clone(),
    });
    let workers =
        (0..plan.threads).map(|index| Worker::new(&shared, index, browsers_of(plan, index)));
    let workers: Vec<Worker> =
        workers
            .collect::<io::Result<_>>()
            .map_err(|cause| Error::System {
                doing: "opening an event queue",
                cause,
            })?;
    // All threads begin at one instant, or the first would have the server alone.
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
    Ok(Report::new(plan, tally))
}

/// The load of a plan, with its stages begun when the measuring does.
fn measured_load(plan: &Plan) -> Load {
    let after = |stages: &Stages| stages.after(plan.warmup);
    match &plan.load {
        Load::Closed { think, users } => Load::Closed {
            think: *think,
            users: users.as_ref().map(after),
        },
        Load::Open(stages) => Load::Open(after(stages)),
    }
}

/// The browsers of one thread: as even as whole browsers allow.
fn browsers_of(plan: &Plan, thread: usize) -> std::ops::Range<usize> {
    let all = plan.browsers();
    thread * all / plan.threads..(thread + 1) * all / plan.threads
}

fn request_tail(plan: &Plan) -> Vec<u8> {
    let host = target::host_header(&plan.pages.origin);
    let encoding = if plan.gzip { "gzip" } else { "identity" };
    let mut tail = format!(" HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: {encoding}\r\n");
    let named = |name: &str| {
        plan.headers
            .iter()
            .any(|(n, _)| n.eq_ignore_ascii_case(name))
    };
    if !named("user-agent") {
        tail += "User-Agent: benchmarker\r\n";
    }
    if !named("accept") {
        tail += "Accept: */*\r\n";
    }
    for (name, value) in &plan.headers {
        tail += &format!("{name}: {value}\r\n");
    }
    tail.into_bytes()
}

/// Raises the soft limit of open files when the connections need it.
fn make_room_for_sockets(connections: usize) -> Result<(), Error> {
    let needed = connections as u64 + OTHER_FILES;
    let system = |e: nix::Error| Error::System {
        doing: "asking for open files",
        cause: e.into(),
    };
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(system)?;
    if soft >= needed {
        return Ok(());
    }
    if hard < needed {
        return Err(Error::nonsense(format!(
            "{connections} connections need {needed} open files, this process may have {hard} (ulimit -n)"
        )));
    }
    setrlimit(Resource::RLIMIT_NOFILE, needed, hard).map_err(system)
}
