//! Hands one rendered file to the queue of stores.

use std::sync::Arc;

use crate::accelerator::Accelerator;
use crate::cacheable::{CachedFile, Outcome, Permit};
use crate::not_stored::NotStored;

/// A permit to store one response: used once, or counted as [`NotStored::Incomplete`].
#[derive(Debug)]
pub(crate) struct Push {
    permit: Option<Permit>,
    accelerator: Accelerator,
}

impl Push {
    /// Binds the right to store a key to the duty to count what became of it.
    pub(crate) fn new(accelerator: Accelerator, permit: Permit) -> Self {
        Self {
            permit: Some(permit),
            accelerator,
        }
    }

    /// Queues a file, and shares it with all requests that arrive until it is stored.
    pub(crate) fn store(mut self, file: CachedFile) -> Outcome {
        let file = Arc::new(file);
        let stored = match self.permit.take() {
            Some(permit) => self.enqueue(permit, &file),
            None => Err(NotStored::Incomplete),
        };
        if let Err(reason) = stored {
            self.accelerator.counters().not_stored(reason);
        }
        Outcome { file, stored }
    }

    fn enqueue(&self, permit: Permit, file: &Arc<CachedFile>) -> Result<(), NotStored> {
        let item = file.item();
        if item.value.len() > self.accelerator.options().item_len_max {
            return Err(NotStored::TooLarge);
        }
        if permit.is_revoked() {
            return Err(NotStored::NoLongerCurrent);
        }
        permit.publish(Outcome {
            file: Arc::clone(file),
            stored: Ok(()),
        });
        self.accelerator.writer().store(permit, item)
    }

    /// Gives the permit back, and counts the reason.
    pub(crate) fn cancel(mut self, reason: NotStored) {
        self.permit = None;
        self.accelerator.counters().not_stored(reason);
    }
}

impl Drop for Push {
    fn drop(&mut self) {
        if self.permit.is_some() {
            self.accelerator
                .counters()
                .not_stored(NotStored::Incomplete);
        }
    }
}
