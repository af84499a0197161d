//! Explains why the app did not store its response: the accelerator's sentences, and advice of this site.

use accelerator::{NotStored, Options};

use crate::cachectl::format::grouped;

/// Returns why a 200 was not stored, as the end of "The app did not store it: ...", and what to do.
pub(super) fn of(reason: NotStored, bytes: usize) -> (String, &'static str) {
    match reason {
        NotStored::TooLarge => {
            let limit = grouped(Options::default().item_len_max as u64);
            let bytes = grouped(bytes as u64);
            let why = format!("its {bytes} bytes exceed the limit of {limit} for an item");
            (why, reason.advice())
        }
        NotStored::Disabled => (reason.why().to_owned(), "Start it with --memcached."),
        // This was a plain GET with a 200: the counter moved for another request.
        NotStored::Method
        | NotStored::Status
        | NotStored::Authorization
        | NotStored::NotAddressable => (
            "it did not count this response as a 200 to a plain GET".to_owned(),
            "Ask again.",
        ),
        _ => (reason.why().to_owned(), reason.advice()),
    }
}
