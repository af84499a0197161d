//! Validators of cached responses, shared between the visitors of a thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;

/// How many different validators a thread shares between its visitors, some 150 bytes each. Beyond
/// that, those that no cache holds any more are dropped; if that frees none, new ones are not shared.
const SHARED_MAX: usize = 100_000;

/// The validators of a response (RFC 9111, 4.3.1), byte for byte: at least one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::engine) struct Validators {
    pub(in crate::engine) etag: Option<Box<[u8]>>,
    pub(in crate::engine) last_modified: Option<Box<[u8]>>,
}

impl Validators {
    /// Appends the header lines that make a request conditional: both if both are known, as browsers
    /// do and RFC 9110, 13.1.3, requires.
    pub(in crate::engine) fn write_to(&self, request: &mut Vec<u8>) {
        for (name, value) in [
            ("If-None-Match: ", &self.etag),
            ("If-Modified-Since: ", &self.last_modified),
        ] {
            if let Some(value) = value {
                request.extend_from_slice(name.as_bytes());
                request.extend_from_slice(value);
                request.extend_from_slice(b"\r\n");
            }
        }
    }
}

thread_local! {
    /// One copy of the same validators, however many visitors of this thread have the file.
    static SHARED: RefCell<HashMap<u64, Arc<Validators>, FixedState>> = const {
        RefCell::new(HashMap::with_hasher(FixedState::with_seed(0)))
    };
}

/// The validators with these bytes, allocated only when no visitor of this thread has them yet.
pub(super) fn shared(etag: Option<&[u8]>, last_modified: Option<&[u8]>) -> Option<Arc<Validators>> {
    if etag.is_none() && last_modified.is_none() {
        return None;
    }
    let key = FixedState::default().hash_one((etag, last_modified));
    SHARED.with_borrow_mut(|shared| {
        let known = shared.get(&key).filter(|known| {
            known.etag.as_deref() == etag && known.last_modified.as_deref() == last_modified
        });
        if let Some(known) = known {
            return Some(Arc::clone(known));
        }
        let new = Arc::new(Validators {
            etag: etag.map(Box::from),
            last_modified: last_modified.map(Box::from),
        });
        if shared.len() >= SHARED_MAX {
            shared.retain(|_, known| Arc::strong_count(known) > 1);
        }
        if shared.len() < SHARED_MAX {
            shared.insert(key, Arc::clone(&new));
        }
        Some(new)
    })
}
