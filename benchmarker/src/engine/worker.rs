//! One thread of a run: the loop, and what happens to its sockets.

use std::io;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use super::browser::Browser;
use super::connection::Connection;
use super::pace::Pace;
use super::poll::{Event, Events, Poll};
use super::response::Progress;
use super::scanned::Scanned;
use super::script::Script;
use super::{Itinerary, Shared};
use crate::Plan;
use crate::report::{Failure, Moment, Tally};

/// How much is read at once: most responses in one call, none too big for the
/// second-level cache.
const READ_BUFFER: usize = 64 * 1024;
/// How often time-outs and rests are looked after, within the time-out's own grain.
const TICK_MIN: Duration = Duration::from_millis(5);
const TICK_MAX: Duration = Duration::from_millis(50);
/// How often a thread tells what it saw, where somebody listens.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// One thread of a run and all it needs.
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    /// Its number among the threads, and that of its first browser among all.
    index: usize,
    first_browser: usize,
    pub(super) poll: Poll,
    buffer: Box<[u8]>,
    pub(super) connections: Vec<Connection>,
    pub(super) browsers: Vec<Browser>,
    pub(super) pace: Pace,
    pub(super) scanned: Scanned,
    /// Bodies to read pages into, for as many as are under way at once.
    pub(super) spare_bodies: Vec<Vec<u8>>,
    /// The header lines of a request while it is put together.
    pub(super) lines: String,
    pub(super) tally: Tally,
    /// The second under way, where somebody listens.
    pub(super) moment: Option<Moment>,
    /// How many requests are under way, since when.
    pub(super) under_way: (u32, Instant),
    pub(super) measure_from: Instant,
    pub(super) end: Instant,
}

impl Worker {
    pub(super) fn new(
        shared: &Arc<Shared>,
        index: usize,
        browsers: std::ops::Range<usize>,
    ) -> io::Result<Self> {
        let plan = &shared.plan;
        let scanned = Scanned::new(plan);
        let first = plan.connections_of(browsers.start).start;
        let first_browser = browsers.start;
        let mut connections = Vec::new();
        let browsers = browsers
            .enumerate()
            .map(|(local, global)| {
                let own = plan.connections_of(global);
                connections.extend(own.clone().map(|_| Connection::new(local)));
                Browser::new(
                    Script::of(plan, &shared.sequence, global),
                    plan.visitors,
                    own.start - first..own.end - first,
                    Arc::clone(scanned.nothing()),
                )
            })
            .collect();
        let now = Instant::now();
        Ok(Self {
            shared: Arc::clone(shared),
            index,
            first_browser,
            poll: Poll::new()?,
            buffer: vec![0; READ_BUFFER].into(),
            connections,
            browsers,
            pace: shared.pace(index, first_browser, now),
            scanned,
            spare_bodies: Vec::new(),
            lines: String::new(),
            tally: Tally::new(plan.step_names().len(), plan.is_open()),
            moment: plan.told.as_ref().map(|_| Moment::new()),
            under_way: (0, now),
            measure_from: now,
            end: now,
        })
    }

    /// Keeps the browsers busy until the time is over.
    pub(super) fn run(mut self, start: Instant) -> io::Result<Tally> {
        Poll::be_punctual()?;
        let shared = Arc::clone(&self.shared);
        let Plan {
            warmup,
            duration,
            timeout,
            once,
            ref stop,
            ..
        } = shared.plan;
        self.measure_from = start + warmup;
        self.end = self.measure_from + duration;
        self.pace = shared.pace(self.index, self.first_browser, start);
        let tick = (timeout / 10).clamp(TICK_MIN, TICK_MAX);
        let mut events = Events::new();
        let mut next_tick = start + tick;
        let mut next_moment = start + TELL_EVERY;
        let mut cpu_before = None;
        let mut random = Itinerary::random(&shared.plan, self.first_browser);
        (0..self.browsers.len()).for_each(|browser| self.enter(browser, start, &mut random));
        loop {
            let now = Instant::now();
            if now >= self.measure_from && cpu_before.is_none() {
                cpu_before = Some(thread_cpu()?);
            }
            if now >= self.end || stop.load(Relaxed) || (once && self.is_done()) {
                let at = now.min(self.end);
                return self.finish(at, cpu_before);
            }
            self.begin_due(now);
            if now >= next_moment {
                self.tell();
                next_moment += TELL_EVERY;
            }
            if now >= next_tick {
                self.look_after(now, timeout);
                next_tick = now + tick;
            }
            let mut wake = next_tick.min(self.end);
            if now < self.measure_from {
                wake = wake.min(self.measure_from);
            }
            if let Some(due) = self.pace.next_due() {
                wake = wake.min(due);
            }
            self.poll
                .wait(&mut events, wake.saturating_duration_since(now))?;
            for event in events.iter() {
                self.event(event);
            }
        }
    }

    /// Whether no connection has or will have a request: every browser has visited its share.
    fn is_done(&self) -> bool {
        let mut connections = self.connections.iter();
        self.pace.is_still() && connections.all(|c| c.request.is_none() && c.parked_until.is_none())
    }

    /// Tells what was seen since the last time; nobody listening any more is no reason to stop.
    fn tell(&mut self) {
        if let Some((told, moment)) = self.shared.plan.told.as_ref().zip(self.moment.as_mut()) {
            let _ = told.send(mem::replace(moment, Moment::new()));
        }
    }

    fn finish(mut self, at: Instant, cpu_before: Option<Duration>) -> io::Result<Tally> {
        self.tell();
        if let Some(before) = cpu_before {
            self.tally.cpu = thread_cpu()?.saturating_sub(before);
        }
        self.tally.elapsed = at.saturating_duration_since(self.measure_from);
        self.integrate(at);
        self.count_arrivals(at);
        for c in 0..self.connections.len() {
            let connection = &self.connections[c];
            if let Some(request) = connection.request {
                self.tally.response_bytes += connection.reader.received;
                self.tally.ended += 1;
                self.tally.took += self.within(request.since, at);
            }
        }
        if at > self.measure_from {
            self.tally.reach(self.tally.elapsed);
        }
        for request in self.connections.iter().filter_map(|c| c.request) {
            let waited = at.saturating_duration_since(request.planned);
            self.tally.unfinished += 1;
            self.tally.unfinished_longest = self.tally.unfinished_longest.max(waited);
        }
        Ok(self.tally)
    }

    /// Ends requests that took too long and rests that took long enough.
    fn look_after(&mut self, now: Instant, timeout: Duration) {
        self.pace.look_after(now);
        self.count_skipped();
        for c in 0..self.connections.len() {
            let connection = &mut self.connections[c];
            if connection
                .request
                .is_some_and(|r| now.saturating_duration_since(r.since) >= timeout)
            {
                self.fail(c, Failure::Timeout, now);
                self.advance(c, now);
            } else if connection.parked_until.is_some_and(|until| until <= now) {
                connection.parked_until = None;
                self.advance(c, now);
            }
        }
    }

    fn event(&mut self, event: Event) {
        let c = event.number;
        let connection = &mut self.connections[c];
        if event.generation != connection.generation {
            return;
        }
        if connection.is_open()
            && !connection.is_connected()
            && (event.writable || event.ended)
            && connection.confirm().is_err()
        {
            return self.fail_and_rest(c, Failure::Connect);
        }
        if event.writable && !connection.is_flushed() && connection.flush().is_err() {
            return self.lost(c, Failure::Reset);
        }
        if event.readable || event.ended {
            self.read(c, event.ended);
        }
    }

    /// Reads until the socket is empty. A read that did not fill the buffer
    /// emptied it, and what comes later is a new event; only the end of the
    /// connection, announced together with the last bytes, must be fetched.
    fn read(&mut self, c: usize, ended: bool) {
        let mut buffer = mem::take(&mut self.buffer);
        loop {
            match self.connections[c].read(&mut buffer) {
                Ok(0) => {
                    self.ended(c);
                    break;
                }
                Ok(count) => {
                    self.tally.socket_bytes += count as u64;
                    self.received(c, &buffer[..count]);
                    if count < buffer.len() && !ended {
                        break;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    self.lost(c, Failure::Reset);
                    break;
                }
            }
        }
        self.buffer = buffer;
    }

    fn received(&mut self, c: usize, bytes: &[u8]) {
        let connection = &mut self.connections[c];
        if connection.request.is_none() {
            // Nobody asked; the bytes are in nobody's response, and the audit must not miss them.
            self.tally.response_bytes += bytes.len() as u64;
            return connection.close();
        }
        match connection.reader.feed(bytes) {
            Ok(Progress::More) => {}
            Ok(Progress::Done(taken)) if taken == bytes.len() => self.answered(c),
            // More than the response: whose bytes the rest are nobody can say.
            Ok(Progress::Done(_)) | Err(_) => self.fail_and_rest(c, Failure::Malformed),
        }
    }

    /// The peer has closed its side.
    fn ended(&mut self, c: usize) {
        let connection = &mut self.connections[c];
        if connection.request.is_none() {
            connection.close();
        } else if connection.reader.ends_with_connection() {
            self.answered(c);
        } else {
            self.lost(c, Failure::Truncated);
        }
    }

    /// The connection is gone under a request. One that was kept alive may have
    /// been closed before the request reached the server: then, once, again.
    pub(super) fn lost(&mut self, c: usize, failure: Failure) {
        let connection = &mut self.connections[c];
        let Some(request) = &mut connection.request else {
            return connection.close();
        };
        if connection.served && connection.reader.received == 0 && !request.again {
            request.again = true;
            self.tally.reconnects += u64::from(Instant::now() >= self.measure_from);
            self.open(c);
        } else {
            self.fail_and_rest(c, failure);
        }
    }
}

fn thread_cpu() -> io::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(micros.unsigned_abs()))
}
