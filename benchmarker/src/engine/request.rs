//! The life of one request within a worker: begun, answered or failed, and then the browser's next one.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::RngExt;

use super::arrivals::Due;
use super::browser::What;
use super::connection::InFlight;
use super::http::Interpretation;
use super::response::Head;
use super::worker::Worker;
use crate::measure::histogram::micros;
use crate::measure::{Failure, RequestKind, RequestSample};
use crate::target::Address;

/// How long a connection backs off after a failure. Without, a dead server would be flooded with
/// attempts, and they would take the generator's CPU.
const BACKOFF: Duration = Duration::from_millis(100);

impl Worker {
    /// Starts a browser at the beginning of the run.
    pub(super) fn start_browser(&mut self, browser: usize, now: Instant, random: &mut impl RngExt) {
        let Some(chosen) = self.browsers[browser].choose() else {
            return; // there are more browsers than pages to visit once
        };
        // Spread over the think time, or all browsers would begin at once.
        let think = chosen.think.mul_f64(random.random_range(0.0..1.0));
        if let Some(due) = self.arrivals.free(browser, now, think) {
            self.begin(due, now);
        }
    }

    /// Begins all page views that are due and have a browser.
    pub(super) fn begin_due(&mut self, now: Instant) {
        let is_open = self.shared.plan.is_open();
        while let Some(mut due) = self.arrivals.due(now) {
            // Read the clock for each: the last of many that are due at once begins later than the first.
            let now = Instant::now();
            if !is_open {
                // In a closed load no visitor waits yet: the think time was a little longer.
                due.planned = now;
            } else if self.is_counting(due.planned) {
                let late = now.saturating_duration_since(due.planned);
                self.tally.lateness.saturating_record(micros(late));
            }
            self.begin(due, now);
        }
    }

    /// Has a browser begin the page view that it chose, over its first free connections.
    fn begin(&mut self, due: Due, now: Instant) {
        let no_parts = self.parts_cache.no_parts();
        self.browsers[due.browser].begin(no_parts, due.planned);
        self.tally.arrivals.begun += u64::from(self.is_counting(due.planned));
        self.advance_all(due.browser, now);
    }

    /// Sends requests of a browser over its free connections, as long as it has some.
    fn advance_all(&mut self, browser: usize, now: Instant) {
        for c in self.browsers[browser].connections.clone() {
            if !self.browsers[browser].has_next(now) {
                return;
            }
            self.advance(c, now);
        }
    }

    /// Sends the next request of the browser over a connection, if there is one and it is free.
    pub(super) fn advance(&mut self, c: usize, now: Instant) {
        let connection = &mut self.connections[c];
        if connection.request.is_some() || connection.backoff_until.is_some() {
            return;
        }
        let browser = &mut self.browsers[connection.browser];
        let Some(what) = browser.next(now) else {
            return;
        };
        let planned = match what {
            What::Html => browser.html_due,
            What::Part(_) => now,
        };
        self.write_request(c, what, now);
        self.integrate(now);
        self.under_way.0 += 1;
        let connection = &mut self.connections[c];
        connection.request = Some(InFlight {
            what,
            planned,
            since: now,
            is_retry: false,
        });
        if !connection.is_open() {
            self.open(c);
        } else if connection.flush().is_err() {
            self.lost(c, Failure::Reset);
        }
    }

    /// Integrates the number of requests under way up to now, within the measured time.
    pub(super) fn integrate(&mut self, now: Instant) {
        let (count, since) = self.under_way;
        self.tally.under_way += self.measured(since, now) * count;
        self.under_way.1 = self.under_way.1.max(now);
    }

    /// The part of a span that is within the measured time.
    pub(super) fn measured(&self, from: Instant, to: Instant) -> Duration {
        let from = from.max(self.measure_from);
        to.min(self.end).saturating_duration_since(from)
    }

    /// Counts the page views that were skipped since the last call.
    pub(super) fn count_skipped(&mut self) {
        let skipped = self.arrivals.take_skipped();
        let skipped = skipped.iter().filter(|at| self.is_counting(**at)).count();
        self.tally.arrivals.skipped += skipped as u64;
    }

    /// Counts, at the end, the page views that were due within the measured time, and those that wait.
    pub(super) fn count_arrivals(&mut self, at: Instant) {
        // Page views that became due since the last wake-up are due, too.
        let late = std::iter::from_fn(|| self.arrivals.due(at)).map(|due| due.planned);
        let mut waiting: Vec<Instant> = late.collect();
        self.count_skipped();
        waiting.extend(self.arrivals.waiting());
        waiting.retain(|at| self.is_counting(*at));
        self.tally.arrivals.waiting = waiting.len() as u64;
        let window = self.measure_from..at;
        self.tally.arrivals.due = self
            .arrivals
            .due_within(&window)
            .unwrap_or(self.tally.arrivals.begun);
    }

    /// Opens a socket for the request on the connection.
    pub(super) fn open(&mut self, c: usize) {
        let connection = &mut self.connections[c];
        let from = match self.shared.address {
            Address::Tcp(SocketAddr::V4(address)) if address.ip().is_loopback() => {
                self.browsers[connection.browser].workload.address()
            }
            _ => None,
        };
        let opened = connection
            .open(&self.shared.address, from, &self.poll, c)
            .and_then(|()| connection.flush());
        if opened.is_err() {
            self.fail_and_back_off(c, Failure::Connect);
        }
    }

    /// Handles a complete response, whatever its status.
    pub(super) fn answered(&mut self, c: usize) {
        let now = Instant::now();
        let connection = &mut self.connections[c];
        let (Some(request), Some((head, kept))) =
            (connection.request.take(), connection.reader.finished())
        else {
            return;
        };
        connection.served = true;
        if head.close || !connection.is_flushed() {
            connection.close();
        }
        self.request_over(c, request.since, now);
        let meaning = self.interpret(c, request.what, &head, kept, now);
        self.count(c, request, head, &meaning, now);
        if meaning.follows_redirect {
            self.browsers[self.connections[c].browser].follow(now);
        }
        let browser = self.connections[c].browser;
        self.done(c, meaning.failure.is_none(), now);
        self.advance(c, now);
        if request.what == What::Html {
            self.advance_all(browser, now);
        }
    }

    /// Counts the end of a request, answered or not.
    fn request_over(&mut self, c: usize, since: Instant, now: Instant) {
        self.tally.ended += 1;
        self.tally.took += self.measured(since, now);
        self.tally.response_bytes += self.connections[c].reader.received;
        self.integrate(now);
        self.under_way.0 -= 1;
    }

    /// Fails the request on a connection and closes its socket.
    pub(super) fn fail(&mut self, c: usize, failure: Failure, now: Instant) {
        let connection = &mut self.connections[c];
        connection.close();
        let Some(request) = connection.request.take() else {
            return;
        };
        self.request_over(c, request.since, now);
        if self.is_counting(now) {
            self.extend_seconds(now);
            self.tally.bytes += self.connections[c].reader.received;
            self.count_failure(c, request, failure, None);
        }
        self.done(c, false, now);
    }

    /// The same, and has the connection back off.
    pub(super) fn fail_and_back_off(&mut self, c: usize, failure: Failure) {
        let now = Instant::now();
        // First, or the browser's next request would take this connection at once.
        self.connections[c].backoff_until = Some(now + BACKOFF);
        self.fail(c, failure, now);
    }

    fn count(
        &mut self,
        c: usize,
        request: InFlight,
        head: Head,
        meaning: &Interpretation,
        now: Instant,
    ) {
        if !self.is_counting(now) {
            return;
        }
        self.extend_seconds(now);
        self.tally.bytes += self.connections[c].reader.received;
        if let Some(failure) = meaning.failure {
            return self.count_failure(c, request, failure, meaning.reason);
        }
        let sample = RequestSample {
            kind: self.kind_of(c, request.what),
            tier: head.tier,
            status: head.status,
            response_time: now - request.planned,
            service_time: now - request.since,
        };
        self.tally.answered(&sample);
        if let Some(progress) = &mut self.progress {
            progress.answered(&sample);
        }
    }

    fn count_failure(
        &mut self,
        c: usize,
        request: InFlight,
        failure: Failure,
        reason: Option<&str>,
    ) {
        let kind = self.kind_of(c, request.what);
        let browser = &self.browsers[self.connections[c].browser];
        let path = match request.what {
            What::Html => browser.workload.path(&self.shared.plan),
            What::Part(index) => &browser.parts[index].path,
        };
        self.tally.failed(kind, failure, path, reason);
        if let Some(progress) = &mut self.progress {
            progress.failed += 1;
        }
    }

    fn kind_of(&self, c: usize, what: What) -> RequestKind {
        let browser = &self.browsers[self.connections[c].browser];
        match what {
            What::Html => RequestKind::Step(browser.workload.step()),
            What::Part(index) => RequestKind::Part(browser.parts[index].kind),
        }
    }

    fn extend_seconds(&mut self, now: Instant) {
        self.tally.extend_to(now - self.measure_from);
    }

    /// Whether an event at this instant is counted. A request counts by its end, whenever it began:
    /// so the rate has no bias.
    fn is_counting(&self, now: Instant) -> bool {
        now >= self.measure_from && now <= self.end
    }

    /// Notes the end of a browser's request, and of its page view when this was the last one.
    fn done(&mut self, c: usize, arrived: bool, now: Instant) {
        let at = self.connections[c].browser;
        let Some(view) = self.browsers[at].done(arrived, now) else {
            return;
        };
        if self.is_counting(now) {
            self.tally.page(&view);
        }
        // A browser that has visited all its pages is never free again.
        let chosen = self.browsers[at].choose();
        if chosen.is_some_and(|chosen| chosen.is_new_visitor) {
            // A new visitor opens new connections.
            for c in self.browsers[at].connections.clone() {
                self.connections[c].close();
            }
        }
        let next = chosen.and_then(|chosen| self.arrivals.free(at, now, chosen.think));
        self.count_skipped();
        if let Some(due) = next {
            self.begin(due, now);
        }
    }
}
