//! Room in memory for pictures at work, handed out in order.
//!
//! The process has one room for the pictures that its drawing threads unpack and draw. A few ordinary ones fit at once,
//! and the next one waits. First come, first served: small ones do not keep a larger one out for ever. Large
//! uploads do not come here: they take turns on a thread of their own ([`large`](super::large)).

use std::sync::{Condvar, Mutex, PoisonError};

/// How many bytes pictures at work may take in this process: a JPEG of 24 megapixels, as cameras make them, or the
/// largest drawing and one of half its size.
pub(super) static ROOM: Room = Room::new(ROOM_BYTES);

/// How many bytes [`ROOM`] has.
pub(super) const ROOM_BYTES: u64 = 128 << 20;

/// A bounded number of bytes that several threads share.
#[derive(Debug)]
pub(super) struct Room {
    bytes: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    taken: u64,
    next_ticket: u64,
    now_serving: u64,
}

/// A place in the room, free again when dropped.
#[derive(Debug)]
#[must_use]
pub(super) struct Place<'a> {
    room: &'a Room,
    bytes: u64,
}

impl Room {
    pub(super) const fn new(bytes: u64) -> Self {
        Self {
            bytes,
            state: Mutex::new(State {
                taken: 0,
                next_ticket: 0,
                now_serving: 0,
            }),
            changed: Condvar::new(),
        }
    }

    /// Waits for a place. What is larger than the room gets all of it: it then works alone.
    pub(super) fn enter(&self, bytes: u64) -> Place<'_> {
        let bytes = bytes.min(self.bytes);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        while state.now_serving != ticket || self.bytes - state.taken < bytes {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.taken += bytes;
        state.now_serving += 1;
        self.changed.notify_all();
        Place { room: self, bytes }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self
            .room
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.taken -= self.bytes;
        self.room.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn never_more_than_the_room_holds() {
        let room = Room::new(100);
        let inside = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for n in 0..16_u64 {
                let (room, inside) = (&room, &inside);
                scope.spawn(move || {
                    for round in 0..200 {
                        let bytes = 1 + (n * 31 + round * 17) % 150;
                        let place = room.enter(bytes);
                        let now = inside.fetch_add(bytes.min(100), Ordering::SeqCst);
                        assert!(now + bytes.min(100) <= 100, "{now} + {bytes}");
                        inside.fetch_sub(bytes.min(100), Ordering::SeqCst);
                        drop(place);
                    }
                });
            }
        });
        assert_eq!(room.state.lock().unwrap().taken, 0);
    }

    #[test]
    fn the_next_waits_until_there_is_room_for_it() {
        let room = Room::new(100);
        let first = room.enter(80);
        std::thread::scope(|scope| {
            let (tell, told) = std::sync::mpsc::channel();
            let room = &room;
            scope.spawn(move || {
                let place = room.enter(30);
                let _ = tell.send(());
                drop(place);
            });
            let waits = told.recv_timeout(std::time::Duration::from_secs(1));
            assert!(waits.is_err(), "110 of 100");
            drop(first);
            told.recv().unwrap();
        });
    }
}
