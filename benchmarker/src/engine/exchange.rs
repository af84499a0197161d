//! The life of one request within a worker: begun, answered or failed, and what
//! its browser does next.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::RngExt;

use super::browser::What;
use super::connection::Request;
use super::pace::Due;
use super::response::Head;
use super::words::Heard;
use super::worker::Worker;
use crate::report::{Answered, Failure, Of, micros};
use crate::target::Address;

/// How long a connection rests after a failure, or a dead server would be
/// flooded with attempts and the generator's CPU spent on nothing.
const REST: Duration = Duration::from_millis(100);

impl Worker {
    /// A browser comes, when the run begins.
    pub(super) fn enter(&mut self, browser: usize, now: Instant, random: &mut impl RngExt) {
        let Some(chosen) = self.browsers[browser].choose() else {
            return; // there are more browsers than pages to visit once
        };
        // Not all at once: each is somewhere in its thinking.
        let think = chosen.think.mul_f64(random.random_range(0.0..1.0));
        if let Some(due) = self.pace.free(browser, now, think) {
            self.begin(due, now);
        }
    }

    /// Begins all page views that are due and have a browser.
    pub(super) fn begin_due(&mut self, now: Instant) {
        let is_open = self.shared.plan.is_open();
        while let Some(mut due) = self.pace.due(now) {
            // Anew for each: the last of many that are due at once begins later than the first.
            let now = Instant::now();
            if !is_open {
                // In a closed load nobody waits yet: somebody has thought a little longer.
                due.planned = now;
            } else if self.is_counting(due.planned) {
                let late = now.saturating_duration_since(due.planned);
                self.tally.lateness.saturating_record(micros(late));
            }
            self.begin(due, now);
        }
    }

    /// Has a browser begin the page view it chose, over its first free connections.
    fn begin(&mut self, due: Due, now: Instant) {
        let nothing = self.scanned.nothing();
        self.browsers[due.browser].begin(nothing, due.planned);
        self.tally.arrivals.begun += u64::from(self.is_counting(due.planned));
        self.advance_all(due.browser, now);
    }

    /// Gives the free connections of a browser what it wants.
    fn advance_all(&mut self, browser: usize, now: Instant) {
        for c in self.browsers[browser].connections.clone() {
            if !self.browsers[browser].wants_something(now) {
                return;
            }
            self.advance(c, now);
        }
    }

    /// Gives a free connection the next thing its browser wants, if any.
    pub(super) fn advance(&mut self, c: usize, now: Instant) {
        let connection = &mut self.connections[c];
        if connection.request.is_some() || connection.parked_until.is_some() {
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
        self.write(c, what, now);
        self.integrate(now);
        self.under_way.0 += 1;
        let connection = &mut self.connections[c];
        connection.request = Some(Request {
            what,
            planned,
            since: now,
            again: false,
        });
        if !connection.is_open() {
            self.open(c);
        } else if connection.flush().is_err() {
            self.lost(c, Failure::Reset);
        }
    }

    /// Adds the time that requests were under way since the last time, as far as it is measured.
    pub(super) fn integrate(&mut self, now: Instant) {
        let (count, since) = self.under_way;
        self.tally.under_way += self.within(since, now) * count;
        self.under_way.1 = self.under_way.1.max(now);
    }

    /// How much of a time is measured.
    pub(super) fn within(&self, from: Instant, to: Instant) -> Duration {
        let from = from.max(self.measure_from);
        to.min(self.end).saturating_duration_since(from)
    }

    /// Counts the page views that were skipped since the last time.
    pub(super) fn count_skipped(&mut self) {
        let skipped = self.pace.take_skipped();
        let skipped = skipped.iter().filter(|at| self.is_counting(**at)).count();
        self.tally.arrivals.skipped += skipped as u64;
    }

    /// Counts what was due within the measured time, and what became of the rest of it.
    pub(super) fn count_arrivals(&mut self, at: Instant) {
        // What is due between the last look and the end is due.
        let late = std::iter::from_fn(|| self.pace.due(at)).map(|due| due.planned);
        let mut waiting: Vec<Instant> = late.collect();
        self.count_skipped();
        waiting.extend(self.pace.waiting());
        waiting.retain(|at| self.is_counting(*at));
        self.tally.arrivals.waiting = waiting.len() as u64;
        let window = self.measure_from..at;
        self.tally.arrivals.due = self
            .pace
            .due_within(&window)
            .unwrap_or(self.tally.arrivals.begun);
    }

    /// Connects for the request that the connection already has.
    pub(super) fn open(&mut self, c: usize) {
        let connection = &mut self.connections[c];
        let from = match self.shared.address {
            Address::Tcp(SocketAddr::V4(address)) if address.ip().is_loopback() => {
                self.browsers[connection.browser].script.address()
            }
            _ => None,
        };
        let opened = connection
            .open(&self.shared.address, from, &self.poll, c)
            .and_then(|()| connection.flush());
        if opened.is_err() {
            self.fail_and_rest(c, Failure::Connect);
        }
    }

    /// A response is complete, whatever it says.
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
        let heard = self.hear(c, request.what, &head, kept, now);
        self.count(c, request, head, &heard, now);
        if heard.leads_on {
            self.browsers[self.connections[c].browser].follow(now);
        }
        let browser = self.connections[c].browser;
        self.done(c, heard.failure.is_none(), now);
        self.advance(c, now);
        if request.what == What::Html {
            self.advance_all(browser, now);
        }
    }

    /// A request has ended, in whatever way.
    fn request_over(&mut self, c: usize, since: Instant, now: Instant) {
        self.tally.ended += 1;
        self.tally.took += self.within(since, now);
        self.tally.response_bytes += self.connections[c].reader.received;
        self.integrate(now);
        self.under_way.0 -= 1;
    }

    /// Gives up a request together with its connection.
    pub(super) fn fail(&mut self, c: usize, failure: Failure, now: Instant) {
        let connection = &mut self.connections[c];
        connection.close();
        let Some(request) = connection.request.take() else {
            return;
        };
        self.request_over(c, request.since, now);
        if self.is_counting(now) {
            self.reach(now);
            self.tally.bytes += self.connections[c].reader.received;
            self.count_failure(c, request, failure, None);
        }
        self.done(c, false, now);
    }

    pub(super) fn fail_and_rest(&mut self, c: usize, failure: Failure) {
        let now = Instant::now();
        // First, or the browser's next request would take this connection at once.
        self.connections[c].parked_until = Some(now + REST);
        self.fail(c, failure, now);
    }

    fn count(&mut self, c: usize, request: Request, head: Head, heard: &Heard, now: Instant) {
        if !self.is_counting(now) {
            return;
        }
        self.reach(now);
        self.tally.bytes += self.connections[c].reader.received;
        if let Some(failure) = heard.failure {
            return self.count_failure(c, request, failure, heard.why);
        }
        let answered = Answered {
            of: self.step_of(c, request.what),
            tier: head.tier,
            status: head.status,
            response: now - request.planned,
            service: now - request.since,
        };
        self.tally.answered(&answered);
        if let Some(moment) = &mut self.moment {
            moment.answered(&answered);
        }
    }

    fn count_failure(&mut self, c: usize, request: Request, failure: Failure, why: Option<&str>) {
        let of = self.step_of(c, request.what);
        let browser = &self.browsers[self.connections[c].browser];
        let path = match request.what {
            What::Html => browser.script.path(&self.shared.plan),
            What::Part(index) => &browser.parts[index].path,
        };
        self.tally.failed(of, failure, path, why);
        if let Some(moment) = &mut self.moment {
            moment.failed += 1;
        }
    }

    fn step_of(&self, c: usize, what: What) -> Of {
        let browser = &self.browsers[self.connections[c].browser];
        match what {
            What::Html => Of::Step(browser.script.step()),
            What::Part(index) => Of::Part(browser.parts[index].kind),
        }
    }

    /// Has the seconds reach to now.
    fn reach(&mut self, now: Instant) {
        self.tally.reach(now - self.measure_from);
    }

    /// What ends outside the measured time is not counted, whenever it began:
    /// so many ended in so long is a rate without a bias.
    fn is_counting(&self, now: Instant) -> bool {
        now >= self.measure_from && now <= self.end
    }

    fn done(&mut self, c: usize, arrived: bool, now: Instant) {
        let at = self.connections[c].browser;
        let Some(view) = self.browsers[at].done(arrived, now) else {
            return;
        };
        if self.is_counting(now) {
            self.tally.page(&view);
        }
        // Who has visited all of its pages is never free again.
        let chosen = self.browsers[at].choose();
        if chosen.is_some_and(|chosen| chosen.is_new_visitor) {
            // Somebody else, with connections of their own.
            for c in self.browsers[at].connections.clone() {
                self.connections[c].close();
            }
        }
        let next = chosen.and_then(|chosen| self.pace.free(at, now, chosen.think));
        self.count_skipped();
        if let Some(due) = next {
            self.begin(due, now);
        }
    }
}
