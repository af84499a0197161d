//! One thread of a run: its event loop, and the events of its sockets.

use std::io;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use super::arrivals::Arrivals;
use super::browser::Browser;
use super::connection::Connection;
use super::parts_cache::PartsCache;
use super::poll::{Event, Events, Poll};
use super::response::Parsed;
use super::shared::Shared;
use super::workload::Workload;
use crate::measure::{Failure, Progress, Tally};
use crate::{Plan, random};

/// How much is read at once: most responses in one call, and no more than fits into the second-level
/// cache.
const READ_BUFFER: usize = 64 * 1024;
/// How often timeouts and back-offs are checked: a tenth of the timeout within these bounds.
const TICK_MIN: Duration = Duration::from_millis(5);
const TICK_MAX: Duration = Duration::from_millis(50);
/// How often a thread sends its progress.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// One thread of a run and everything that it owns.
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    /// Its number among the threads, and the number of its first browser among all.
    index: usize,
    first_browser: usize,
    pub(super) poll: Poll,
    buffer: Box<[u8]>,
    pub(super) connections: Vec<Connection>,
    pub(super) browsers: Vec<Browser>,
    pub(super) arrivals: Arrivals,
    pub(super) parts_cache: PartsCache,
    /// Buffers for the bodies of pages, for as many as are under way at once.
    pub(super) spare_bodies: Vec<Vec<u8>>,
    /// The buffer for the header lines of a request.
    pub(super) lines: String,
    pub(super) tally: Tally,
    /// The progress of the current second, where there is a listener.
    pub(super) progress: Option<Progress>,
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
        let parts_cache = PartsCache::new(plan);
        let first = plan.connections_of(browsers.start).start;
        let first_browser = browsers.start;
        let mut connections = Vec::new();
        let browsers = browsers
            .enumerate()
            .map(|(local, global)| {
                let own = plan.connections_of(global);
                connections.extend(own.clone().map(|_| Connection::new(local)));
                Browser::new(
                    Workload::new(plan, &shared.sequence, global),
                    plan.visitors,
                    own.start - first..own.end - first,
                    Arc::clone(parts_cache.no_parts()),
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
            arrivals: shared.arrivals(index, first_browser, now),
            parts_cache,
            spare_bodies: Vec::new(),
            lines: String::new(),
            tally: Tally::new(plan.step_names().len(), plan.is_open()),
            progress: plan.progress.as_ref().map(|_| Progress::new()),
            under_way: (0, now),
            measure_from: now,
            end: now,
        })
    }

    /// Runs until the time is over or the stop flag is set, and returns what was counted.
    pub(super) fn run(mut self, start: Instant) -> io::Result<Tally> {
        Poll::set_timer_slack()?;
        let shared = Arc::clone(&self.shared);
        let Plan {
            seed,
            warmup,
            duration,
            timeout,
            once,
            ref stop,
            ..
        } = shared.plan;
        self.measure_from = start + warmup;
        self.end = self.measure_from + duration;
        self.arrivals = shared.arrivals(self.index, self.first_browser, start);
        let tick = (timeout / 10).clamp(TICK_MIN, TICK_MAX);
        let mut events = Events::new();
        let mut next_tick = start + tick;
        let mut next_progress = start + PROGRESS_EVERY;
        let mut cpu_before = None;
        let mut random = random::source(seed, self.first_browser as u64);
        (0..self.browsers.len()).for_each(|b| self.start_browser(b, start, &mut random));
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
            if now >= next_progress {
                self.send_progress();
                next_progress += PROGRESS_EVERY;
            }
            if now >= next_tick {
                self.check_timeouts(now, timeout);
                next_tick = now + tick;
            }
            let mut wake = next_tick.min(self.end);
            if now < self.measure_from {
                wake = wake.min(self.measure_from);
            }
            if let Some(due) = self.arrivals.next_due() {
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
        self.arrivals.is_idle()
            && connections.all(|c| c.request.is_none() && c.backoff_until.is_none())
    }

    /// Sends what was counted since the last call. The run goes on when the listener is gone.
    fn send_progress(&mut self) {
        let sender = self.shared.plan.progress.as_ref();
        if let Some((sender, progress)) = sender.zip(self.progress.as_mut()) {
            let _ = sender.send(mem::replace(progress, Progress::new()));
        }
    }

    fn finish(mut self, at: Instant, cpu_before: Option<Duration>) -> io::Result<Tally> {
        self.send_progress();
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
                self.tally.took += self.measured(request.since, at);
            }
        }
        if at > self.measure_from {
            self.tally.extend_to(self.tally.elapsed);
        }
        for request in self.connections.iter().filter_map(|c| c.request) {
            let waited = at.saturating_duration_since(request.planned);
            self.tally.unfinished += 1;
            self.tally.unfinished_longest = self.tally.unfinished_longest.max(waited);
        }
        Ok(self.tally)
    }

    /// Fails requests that have timed out, and ends back-offs that are over.
    fn check_timeouts(&mut self, now: Instant, timeout: Duration) {
        self.arrivals.tick(now);
        self.count_skipped();
        for c in 0..self.connections.len() {
            let connection = &mut self.connections[c];
            if connection
                .request
                .is_some_and(|r| now.saturating_duration_since(r.since) >= timeout)
            {
                self.fail(c, Failure::Timeout, now);
                self.advance(c, now);
            } else if connection.backoff_until.is_some_and(|until| until <= now) {
                connection.backoff_until = None;
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
            && connection.finish_connecting().is_err()
        {
            return self.fail_and_back_off(c, Failure::Connect);
        }
        if event.writable && !connection.is_flushed() && connection.flush().is_err() {
            return self.lost(c, Failure::Reset);
        }
        if event.readable || event.ended {
            self.read(c, event.ended);
        }
    }

    /// Reads until the socket is empty. A read that did not fill the buffer emptied it, and later
    /// bytes are a new event; only the end of the connection, announced together with the last
    /// bytes, must be read.
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
            // Bytes without a request belong to no response; the audit must not miss them.
            self.tally.response_bytes += bytes.len() as u64;
            return connection.close();
        }
        match connection.reader.feed(bytes) {
            Ok(Parsed::More) => {}
            Ok(Parsed::Done(taken)) if taken == bytes.len() => self.answered(c),
            // The bytes after the response belong to no request.
            Ok(Parsed::Done(_)) | Err(_) => self.fail_and_back_off(c, Failure::Malformed),
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

    /// The connection was lost under a request. The server may have closed an idle connection before
    /// the request arrived: then the request is retried, once.
    pub(super) fn lost(&mut self, c: usize, failure: Failure) {
        let connection = &mut self.connections[c];
        let Some(request) = &mut connection.request else {
            return connection.close();
        };
        if connection.served && connection.reader.received == 0 && !request.is_retry {
            request.is_retry = true;
            self.tally.reconnects += u64::from(Instant::now() >= self.measure_from);
            self.open(c);
        } else {
            self.fail_and_back_off(c, failure);
        }
    }
}

fn thread_cpu() -> io::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(micros.unsigned_abs()))
}
