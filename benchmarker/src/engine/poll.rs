//! Waits for sockets: one epoll a thread, with timeouts in nanoseconds.
//!
//! With whole milliseconds, every planned request would be sent up to one millisecond late.

use std::io;
use std::num::NonZeroU64;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::io::Errno;
use rustix::thread::set_current_timer_slack;

/// How many events one wait returns.
const EVENTS_MAX: usize = 256;

/// The timer slack: how much longer the kernel may wait, to wake up less often. By default 50 us.
const SLACK_NS: NonZeroU64 = NonZeroU64::MIN;

/// The epoll of one thread.
pub(super) struct Poll {
    epoll: OwnedFd,
}

/// The buffer for events.
pub(super) struct Events(Vec<epoll::Event>);

/// An event of a socket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    /// The number that the socket was added under.
    pub(super) number: usize,
    /// Which of the sockets that were added under this number.
    pub(super) generation: u32,
    pub(super) readable: bool,
    pub(super) writable: bool,
    /// The peer has closed its side, or the socket is broken.
    pub(super) ended: bool,
}

impl Poll {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
        })
    }

    /// Minimizes the timer slack of this thread.
    pub(super) fn set_timer_slack() -> io::Result<()> {
        Ok(set_current_timer_slack(Some(SLACK_NS))?)
    }

    /// Adds a socket once, edge-triggered and for both directions: so requests cost no further calls of
    /// `epoll_ctl`. Closing the socket removes it.
    pub(super) fn add(&self, socket: impl AsFd, number: usize, generation: u32) -> io::Result<()> {
        let flags = epoll::EventFlags::IN
            | epoll::EventFlags::OUT
            | epoll::EventFlags::RDHUP
            | epoll::EventFlags::ET;
        let data = epoll::EventData::new_u64(u64::from(generation) << 32 | number as u64);
        Ok(epoll::add(&self.epoll, socket, data, flags)?)
    }

    /// Waits for events, at most for a time.
    pub(super) fn wait(&self, events: &mut Events, at_most: Duration) -> io::Result<()> {
        let timeout = Timespec {
            tv_sec: i64::try_from(at_most.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: at_most.subsec_nanos().into(),
        };
        events.0.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut events.0), Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Events {
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(EVENTS_MAX))
    }

    /// The events of the last wait.
    pub(super) fn iter(&self) -> impl Iterator<Item = Event> {
        self.0.iter().map(|event| {
            // A copy, because the kernel's struct is packed.
            let epoll::Event { flags, data } = *event;
            let is = |any: epoll::EventFlags| flags.intersects(any);
            Event {
                number: (data.u64() & u64::from(u32::MAX)) as usize,
                generation: (data.u64() >> 32) as u32,
                readable: is(epoll::EventFlags::IN),
                writable: is(epoll::EventFlags::OUT),
                ended: is(epoll::EventFlags::RDHUP
                    | epoll::EventFlags::HUP
                    | epoll::EventFlags::ERR),
            }
        })
    }
}
