//! What the threads of a run share: read, never written.

use std::time::Instant;

use super::arrivals::Arrivals;
use crate::Plan;
use crate::load::{Load, Stages};
use crate::plan::Sequence;
use crate::target::{self, Address};

/// What the threads of a run share.
pub(super) struct Shared {
    pub(super) plan: Plan,
    /// The load of the plan; its stages begin when the measurement does.
    load: Load,
    pub(super) address: Address,
    pub(super) sequence: Sequence,
    /// The bytes that all requests have after the path: the version and the common header lines.
    pub(super) request_tail: Vec<u8>,
}

impl Shared {
    pub(super) fn new(plan: &Plan, address: Address) -> Self {
        Self {
            sequence: plan.sequence(),
            request_tail: request_tail(plan),
            address,
            load: measured_load(plan),
            plan: plan.clone(),
        }
    }

    /// The arrivals of a thread whose browsers are numbered from `first`.
    pub(super) fn arrivals(&self, thread: usize, first: usize, start: Instant) -> Arrivals {
        let Plan {
            threads, timeout, ..
        } = self.plan;
        Arrivals::new(&self.load, (thread, threads), first, timeout, start)
    }
}

/// The load of a plan, whose stages begin after the warm-up.
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

fn request_tail(plan: &Plan) -> Vec<u8> {
    let host = target::host_header(&plan.pages.origin);
    let encoding = if plan.gzip { "gzip" } else { "identity" };
    let mut tail = format!(" HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: {encoding}\r\n");
    let has = |name: &str| {
        plan.headers
            .iter()
            .any(|(n, _)| n.eq_ignore_ascii_case(name))
    };
    if !has("user-agent") {
        tail += "User-Agent: benchmarker\r\n";
    }
    if !has("accept") {
        tail += "Accept: */*\r\n";
    }
    for (name, value) in &plan.headers {
        tail += &format!("{name}: {value}\r\n");
    }
    tail.into_bytes()
}
