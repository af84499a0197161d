//! When the browsers of one thread begin their page views: in a closed load after the last one, in an
//! open load at planned instants.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::load::{Load, Stages};

/// The arrivals of page views in one thread.
pub(super) enum Arrivals {
    Closed(Closed),
    Open(Open),
}

/// A page view for a browser to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    /// The browser, by index in the thread.
    pub(super) browser: usize,
    /// When it should begin; its times are counted from this instant.
    pub(super) planned: Instant,
}

/// A closed load: each browser begins its next page view after the last one and the think time.
pub(super) struct Closed {
    users: Option<Stages>,
    start: Instant,
    /// The number of the thread's first browser among all.
    first: usize,
    thinking: BinaryHeap<Reverse<(Instant, usize)>>,
    /// The browsers that the stages do not need now.
    resting: Vec<usize>,
}

/// An open load: page views are due whether or not a browser is free.
pub(super) struct Open {
    stages: Stages,
    start: Instant,
    /// The number of the next page view among those of all threads, and when it is due.
    next: u64,
    due: Instant,
    /// How many threads share the numbers.
    threads: u64,
    /// The planned instants of page views that wait for a browser.
    waiting: VecDeque<Instant>,
    /// The free browsers; the one that became free last is used first, so that as few as possible work.
    idle: Vec<usize>,
    /// How long a page view waits for a browser before it is skipped.
    timeout: Duration,
    /// The planned instants of page views that were skipped.
    skipped: Vec<Instant>,
}

impl Arrivals {
    /// The arrivals of thread `thread` of `threads`, whose browsers are numbered from `first`.
    pub(super) fn new(
        load: &Load,
        (thread, threads): (usize, usize),
        first: usize,
        timeout: Duration,
        start: Instant,
    ) -> Self {
        match load {
            Load::Closed { users, .. } => Self::Closed(Closed {
                users: users.clone(),
                start,
                first,
                thinking: BinaryHeap::new(),
                resting: vec![],
            }),
            Load::Open(stages) => Self::Open(Open {
                due: start + stages.instant(thread as u64),
                stages: stages.clone(),
                start,
                next: thread as u64,
                threads: threads as u64,
                waiting: VecDeque::new(),
                idle: vec![],
                timeout,
                skipped: vec![],
            }),
        }
    }

    /// A browser is free and has chosen its next page view. Returns the page view if it begins now;
    /// in a closed load it begins after the think time.
    pub(super) fn free(&mut self, browser: usize, now: Instant, think: Duration) -> Option<Due> {
        match self {
            Self::Closed(closed) => closed.free(browser, now, think),
            Self::Open(open) => open.free(browser, now),
        }
    }

    /// When the next page view is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        match self {
            Self::Closed(closed) => closed.thinking.peek().map(|Reverse((due, _))| *due),
            Self::Open(open) => Some(open.due),
        }
    }

    /// Takes a page view that is due and has a browser.
    pub(super) fn due(&mut self, now: Instant) -> Option<Due> {
        match self {
            Self::Closed(closed) => {
                let Reverse((planned, browser)) = *closed.thinking.peek()?;
                if planned > now {
                    return None;
                }
                closed.thinking.pop();
                closed.begin(browser, planned, now)
            }
            Self::Open(open) => open.due(now),
        }
    }

    /// Called every few milliseconds: wakes browsers that the stages need, or skips page views that have
    /// waited too long.
    pub(super) fn tick(&mut self, now: Instant) {
        match self {
            Self::Closed(closed) => closed.wake(now),
            Self::Open(open) => open.skip_timed_out(now),
        }
    }

    /// The planned instants that were skipped since the last call.
    pub(super) fn take_skipped(&mut self) -> Vec<Instant> {
        match self {
            Self::Closed(_) => vec![],
            Self::Open(open) => std::mem::take(&mut open.skipped),
        }
    }

    /// The planned instants of page views that wait for a browser.
    pub(super) fn waiting(&self) -> impl Iterator<Item = Instant> {
        let waiting = match self {
            Self::Closed(_) => None,
            Self::Open(open) => Some(open.waiting.iter().copied()),
        };
        waiting.into_iter().flatten()
    }

    /// How many page views of this thread the schedule has within a window; `None` in a closed load.
    pub(super) fn due_within(&self, window: &Range<Instant>) -> Option<u64> {
        let Self::Open(open) = self else {
            return None;
        };
        let own = open.next % open.threads;
        let numbers = (own..).step_by(usize::try_from(open.threads).unwrap_or(1));
        let instants = numbers.map(|number| open.start + open.stages.instant(number));
        let due = instants
            .skip_while(|at| *at < window.start)
            .take_while(|at| *at <= window.end);
        Some(due.count() as u64)
    }

    /// Whether no browser thinks or rests.
    pub(super) fn is_idle(&self) -> bool {
        match self {
            Self::Closed(closed) => closed.thinking.is_empty() && closed.resting.is_empty(),
            Self::Open(_) => false,
        }
    }
}

impl Closed {
    fn free(&mut self, browser: usize, now: Instant, think: Duration) -> Option<Due> {
        if think.is_zero() {
            return self.begin(browser, now, now);
        }
        self.thinking.push(Reverse((now + think, browser)));
        None
    }

    fn begin(&mut self, browser: usize, planned: Instant, now: Instant) -> Option<Due> {
        if self.is_wanted(browser, now) {
            return Some(Due { browser, planned });
        }
        self.resting.push(browser);
        None
    }

    fn is_wanted(&self, browser: usize, now: Instant) -> bool {
        self.users.as_ref().is_none_or(|users| {
            let wanted = users.at(now.saturating_duration_since(self.start));
            // Rounded down: a ramp from 0 to 10 reaches 10 at its very end.
            ((self.first + browser) as f64) < wanted.floor()
        })
    }

    fn wake(&mut self, now: Instant) {
        let resting = std::mem::take(&mut self.resting);
        for browser in resting {
            if self.is_wanted(browser, now) {
                self.thinking.push(Reverse((now, browser)));
            } else {
                self.resting.push(browser);
            }
        }
    }
}

impl Open {
    fn free(&mut self, browser: usize, now: Instant) -> Option<Due> {
        self.skip_timed_out(now);
        match self.waiting.pop_front() {
            Some(planned) => Some(Due { browser, planned }),
            None => {
                self.idle.push(browser);
                None
            }
        }
    }

    fn due(&mut self, now: Instant) -> Option<Due> {
        while self.due <= now {
            let planned = self.due;
            self.next += self.threads;
            self.due = self.start + self.stages.instant(self.next);
            match self.idle.pop() {
                Some(browser) => return Some(Due { browser, planned }),
                None => self.waiting.push_back(planned),
            }
        }
        None
    }

    fn skip_timed_out(&mut self, now: Instant) {
        while let Some(planned) = self.waiting.front()
            && now.saturating_duration_since(*planned) > self.timeout
        {
            self.skipped.extend(self.waiting.pop_front());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::load::{Stage, Think};

    const TIMEOUT: Duration = Duration::from_secs(1);

    proptest! {
        #[test]
        fn all_threads_together_plan_each_page_view_once(threads in 1..5_usize, rate in 10.0..5000.0_f64) {
            let start = Instant::now();
            let load = Load::Open(Stages::constant(rate).unwrap());
            let end = start + Duration::from_millis(200);
            let mut planned = vec![];
            for thread in 0..threads {
                let mut arrivals = Arrivals::new(&load, (thread, threads), 0, TIMEOUT, start);
                while arrivals.due(end).is_some() {}
                planned.extend(arrivals.waiting());
            }
            planned.sort();
            for (number, instant) in planned.iter().enumerate() {
                let expected = start + Duration::from_secs_f64(number as f64 / rate);
                let off = instant.max(&expected).duration_since(*instant.min(&expected));
                prop_assert!(off < Duration::from_micros(1));
            }
            let expected = (rate * 0.2).floor() as usize + 1;
            prop_assert!(planned.len().abs_diff(expected) <= 1, "{} of {expected}", planned.len());
        }
    }

    #[test]
    fn a_planned_instant_travels_with_the_page_view_however_late_a_browser_is_free() {
        let start = Instant::now();
        let load = Load::Open(Stages::constant(1000.0).unwrap());
        let mut arrivals = Arrivals::new(&load, (0, 1), 0, TIMEOUT, start);
        assert_eq!(arrivals.free(0, start, Duration::ZERO), None);
        let at = |ms| start + Duration::from_millis(ms);
        // One browser takes the first; the other three wait, and keep their instants.
        let first = arrivals.due(at(3)).unwrap();
        assert_eq!((first.browser, first.planned), (0, start));
        assert_eq!(arrivals.due(at(3)), None);
        for ms in 1..=3 {
            let due = arrivals.free(0, at(500), Duration::ZERO).unwrap();
            assert_eq!(due.planned, at(ms));
        }
        assert!(arrivals.take_skipped().is_empty());
    }

    #[test]
    fn a_page_view_that_waits_too_long_is_skipped_and_counted() {
        let start = Instant::now();
        let load = Load::Open(Stages::constant(10.0).unwrap());
        let mut arrivals = Arrivals::new(&load, (0, 1), 0, TIMEOUT, start);
        let now = start + Duration::from_millis(2050);
        assert_eq!(arrivals.due(now), None);
        arrivals.tick(now);
        let skipped = arrivals.take_skipped();
        // Due at 0, 0.1 ... 2.0; those up to 1.0 have waited for more than a second.
        assert_eq!((skipped.len(), arrivals.waiting().count()), (11, 10));
    }

    #[test]
    fn stages_of_users_let_more_and_more_to_work() {
        let start = Instant::now();
        let ramp = Stage {
            from: 0.0,
            to: 10.0,
            time: Duration::from_secs(10),
        };
        let users = Some(Stages::of(vec![ramp]).unwrap());
        let load = Load::Closed {
            think: Think::NONE,
            users,
        };
        let mut arrivals = Arrivals::new(&load, (0, 1), 0, TIMEOUT, start);
        for browser in 0..10 {
            assert_eq!(arrivals.free(browser, start, Duration::ZERO), None);
        }
        let mut at_work = |secs: f64| {
            let now = start + Duration::from_secs_f64(secs);
            arrivals.tick(now);
            std::iter::from_fn(|| arrivals.due(now)).count()
        };
        assert_eq!(at_work(0.5), 0);
        assert_eq!(at_work(3.2), 3);
        assert_eq!(at_work(10.0), 7);
    }
}
