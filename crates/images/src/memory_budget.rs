//! A limit on the memory of the pictures that one process renders at the same time.
//!
//! Each render thread reserves the bytes that a picture will need before it decodes or draws it, and waits while the
//! budget is used up. A few ordinary pictures fit at once. Reservations are granted first come, first served, so small
//! pictures do not starve a larger one. Large uploads use a lock of their own instead
//! ([`large_lock`](super::large_lock)).

use futures::executor::block_on;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::coop::unconstrained;

/// The budget of this process.
pub(super) static RENDER_BUDGET: MemoryBudget = MemoryBudget::new(RENDER_BUDGET_BYTES);

/// How many bytes the pictures may need that are rendered at the same time in this process: a JPEG of 24 megapixels, as
/// cameras make them, or the largest drawing and one of half its size.
pub(super) const RENDER_BUDGET_BYTES: u32 = 128 << 20;

/// A number of bytes that several threads share: a fair semaphore with a permit a byte.
#[derive(Debug)]
pub(super) struct MemoryBudget {
    bytes: u32,
    free: Semaphore,
}

impl MemoryBudget {
    pub(super) const fn new(bytes: u32) -> Self {
        Self {
            bytes,
            free: Semaphore::const_new(bytes as usize),
        }
    }

    /// Blocks the thread until these bytes are free and reserves them until the permit is dropped. A picture that
    /// needs more than the whole budget reserves all of it, and so is rendered alone.
    #[must_use]
    pub(super) fn reserve(&self, bytes: u64) -> Option<SemaphorePermit<'_>> {
        // Without the task budget of tokio, which would never be renewed if this blocks a task.
        block_on(unconstrained(self.reserved(bytes)))
    }

    async fn reserved(&self, bytes: u64) -> Option<SemaphorePermit<'_>> {
        let bytes = u32::try_from(bytes).map_or(self.bytes, |bytes| bytes.min(self.bytes));
        // The semaphore is never closed; without a permit the work would only be unbounded.
        self.free.acquire_many(bytes).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::{AtomicU64, Ordering};

    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn never_more_than_the_room_holds() {
        let budget = MemoryBudget::new(100);
        let inside = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for n in 0..16_u64 {
                let (budget, inside) = (&budget, &inside);
                scope.spawn(move || {
                    for round in 0..200 {
                        let bytes = 1 + (n * 31 + round * 17) % 150;
                        let reserved = budget.reserve(bytes);
                        let now = inside.fetch_add(bytes.min(100), Ordering::SeqCst);
                        assert!(now + bytes.min(100) <= 100, "{now} + {bytes}");
                        inside.fetch_sub(bytes.min(100), Ordering::SeqCst);
                        drop(reserved);
                    }
                });
            }
        });
        assert_eq!(budget.free.available_permits(), 100);
    }

    #[test]
    fn the_next_waits_until_there_is_room_for_it() {
        let budget = MemoryBudget::new(100);
        let first = budget.reserve(80);
        std::thread::scope(|scope| {
            let (sender, reserved) = std::sync::mpsc::channel();
            let budget = &budget;
            scope.spawn(move || {
                let permit = budget.reserve(30);
                let _ = sender.send(());
                drop(permit);
            });
            let waits = reserved.recv_timeout(std::time::Duration::from_secs(1));
            assert!(waits.is_err(), "110 of 100");
            drop(first);
            reserved.recv().unwrap();
        });
    }

    #[test]
    fn a_small_picture_waits_behind_a_larger_one() {
        let budget = MemoryBudget::new(100);
        let first = budget.reserve(50);
        let mut large = pin!(budget.reserved(80));
        assert!(large.as_mut().now_or_never().is_none(), "130 of 100");
        let mut small = pin!(budget.reserved(30));
        assert!(small.as_mut().now_or_never().is_none(), "it overtook");
        drop(first);
        let large = large.now_or_never().unwrap();
        assert!(small.as_mut().now_or_never().is_none(), "110 of 100");
        drop(large);
        assert!(small.now_or_never().is_some());
    }
}
