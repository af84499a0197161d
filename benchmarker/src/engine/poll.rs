//! Waiting for sockets: one epoll a thread, with time-outs to the nanosecond.
//!
//! A wait that counts whole milliseconds would send every planned request up to one late.

use std::io;
use std::num::NonZeroU64;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::io::Errno;
use rustix::thread::set_current_timer_slack;

/// How many events are taken at once.
const EVENTS_MAX: usize = 256;

/// What the kernel may wait longer than it was told, to wake up less often: by default 50 us.
const SLACK_NS: NonZeroU64 = NonZeroU64::MIN;

/// The sockets of one thread.
pub(super) struct Poll {
    epoll: OwnedFd,
}

/// Room for what happened; it stays in its thread.
pub(super) struct Events(Vec<epoll::Event>);

/// What happened to the socket that was added under this number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub(super) number: usize,
    /// Which of the sockets that were added under it.
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

    /// Has this thread woken up when it asked to be.
    pub(super) fn be_punctual() -> io::Result<()> {
        Ok(set_current_timer_slack(Some(SLACK_NS))?)
    }

    /// Adds a socket once, edge-triggered and for both directions: from then on no request costs a call to
    /// change that. Closing the socket takes it out.
    pub(super) fn add(&self, socket: impl AsFd, number: usize, generation: u32) -> io::Result<()> {
        let flags = epoll::EventFlags::IN
            | epoll::EventFlags::OUT
            | epoll::EventFlags::RDHUP
            | epoll::EventFlags::ET;
        let data = epoll::EventData::new_u64(u64::from(generation) << 32 | number as u64);
        Ok(epoll::add(&self.epoll, socket, data, flags)?)
    }

    /// Waits until something happens or the time is over.
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

    /// What happened in the last wait.
    pub(super) fn iter(&self) -> impl Iterator<Item = Event> {
        self.0.iter().map(|event| {
            // Copied out: the kernel's struct is packed.
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
