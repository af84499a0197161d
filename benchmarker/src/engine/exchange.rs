//! The life of one request within a worker: begun, answered or failed, and what
//! its browser does next.

use std::mem;
use std::time::{Duration, Instant};

use mio::Token;

use super::browser::What;
use super::connection::Request;
use super::response::{Head, Keep};
use super::worker::Worker;
use crate::Fetch;
use crate::html::Kind;
use crate::report::{Failure, micros};

/// How long a connection rests after a failure, or a dead server would be
/// flooded with attempts and the generator's CPU spent on nothing.
const REST: Duration = Duration::from_millis(100);

impl Worker {
    /// Gives a free connection the next thing its browser wants, if any.
    pub(super) fn advance(&mut self, c: usize, now: Instant) {
        let shared = &self.shared;
        let connection = &mut self.connections[c];
        if connection.request.is_some() || connection.parked_until.is_some() {
            return;
        }
        let browser = &mut self.browsers[connection.browser];
        let Some(what) = browser.next(self.scanned.nothing(), now) else {
            return;
        };
        let scans = what == What::Html && shared.plan.fetch != Fetch::PagesOnly;
        if scans {
            connection.reader.body = self.spare_bodies.pop().unwrap_or_default();
        }
        connection.reader.begin(if scans {
            self.scanned.keep(browser.page)
        } else {
            Keep::Nothing
        });
        let path = match what {
            What::Html => &shared.plan.pages.paths[browser.page as usize],
            What::Part(index) => &browser.parts[index].path,
        };
        connection.prepare(path, &shared.request_tail);
        connection.request = Some(Request {
            what,
            since: now,
            again: false,
        });
        if !connection.is_open() {
            self.open(c);
        } else if connection.flush().is_err() {
            self.lost(c, Failure::Reset);
        }
    }

    /// Connects for the request that the connection already has.
    pub(super) fn open(&mut self, c: usize) {
        let connection = &mut self.connections[c];
        let opened = connection
            .open(&self.shared.address, self.poll.registry(), Token(c))
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
        let failure = match head.status {
            500.. => Some(Failure::Status5xx),
            400.. => Some(Failure::Status4xx),
            _ => None,
        };
        self.count(c, request, head, failure, now);
        let is_html = request.what == What::Html;
        if is_html && self.shared.plan.fetch != Fetch::PagesOnly {
            self.find_parts(c, &head, kept);
        }
        self.done(c, failure.is_none(), now);
        self.advance(c, now);
        if is_html {
            self.wake_siblings(c, now);
        }
    }

    /// Gives up a request together with its connection.
    pub(super) fn fail(&mut self, c: usize, failure: Failure, now: Instant) {
        let connection = &mut self.connections[c];
        connection.close();
        let Some(request) = connection.request.take() else {
            return;
        };
        if self.is_counting(now) {
            self.tally.bytes += self.connections[c].reader.received;
            self.count_failure(c, request, failure);
        }
        self.done(c, false, now);
    }

    pub(super) fn fail_and_rest(&mut self, c: usize, failure: Failure) {
        let now = Instant::now();
        self.fail(c, failure, now);
        self.connections[c].parked_until = Some(now + REST);
    }

    fn count(
        &mut self,
        c: usize,
        request: Request,
        head: Head,
        failure: Option<Failure>,
        now: Instant,
    ) {
        if !self.is_counting(now) {
            return;
        }
        self.tally.bytes += self.connections[c].reader.received;
        if let Some(failure) = failure {
            return self.count_failure(c, request, failure);
        }
        let kind = match request.what {
            What::Html => None,
            What::Part(index) => Some(self.part_kind(c, index)),
        };
        let took = now - request.since;
        self.tally.answered(head.tier, kind, head.status, took);
        if let Some(moment) = &mut self.moment {
            moment.answered(head.tier, kind, micros(took));
        }
    }

    fn count_failure(&mut self, c: usize, request: Request, failure: Failure) {
        let browser = &self.browsers[self.connections[c].browser];
        let path = match request.what {
            What::Html => &self.shared.plan.pages.paths[browser.page as usize],
            What::Part(index) => &browser.parts[index].path,
        };
        self.tally.failed(failure, path);
        if let Some(moment) = &mut self.moment {
            moment.failed += 1;
        }
    }

    fn part_kind(&self, c: usize, index: usize) -> Kind {
        self.browsers[self.connections[c].browser].parts[index].kind
    }

    /// What ends outside the measured time is not counted, whenever it began:
    /// so many ended in so long is a rate without a bias.
    fn is_counting(&self, now: Instant) -> bool {
        now >= self.measure_from && now <= self.end
    }

    fn find_parts(&mut self, c: usize, head: &Head, kept: bool) {
        let connection = &mut self.connections[c];
        let body = mem::take(&mut connection.reader.body);
        if head.status == 200 {
            let browser = &mut self.browsers[connection.browser];
            let kept = kept.then_some(body.as_slice());
            browser.parts = self
                .scanned
                .parts(&self.shared.plan.pages, browser.page, head, kept);
        }
        self.spare_bodies.push(body);
    }

    fn done(&mut self, c: usize, arrived: bool, now: Instant) {
        let browser = &mut self.browsers[self.connections[c].browser];
        if let Some((took, complete)) = browser.done(arrived, now)
            && self.is_counting(now)
        {
            self.tally.page(took, complete);
        }
    }

    /// The parts of a page are known: the browser's other connections help.
    fn wake_siblings(&mut self, c: usize, now: Instant) {
        let browser = self.connections[c].browser;
        for sibling in self.browsers[browser].connections.clone() {
            if !self.browsers[browser].has_parts_left() {
                return;
            }
            self.advance(sibling, now);
        }
    }
}
