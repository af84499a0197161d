//! Why the app did not store what it answered, in words: one place for each name of the accelerator.

use accelerator::{NotStored, Options};

use crate::cachectl::words::grouped;

/// Returns why a 200 was not stored, behind "The app did not store it:", and what to do.
pub(super) fn of(reason: NotStored, bytes: usize) -> (String, &'static str) {
    let item_len_max = grouped(Options::default().item_len_max as u64);
    let (why, advice) = match reason {
        NotStored::TooLarge => {
            let bytes = grouped(bytes as u64);
            return (
                format!("its {bytes} bytes are more than the {item_len_max} that an item may have"),
                "Make it smaller, or let nginx send it from disk. A larger limit is Options::item_len_max, and memcached's -I.",
            );
        }
        NotStored::QueueFull => (
            "the queue to memcached is full, and storing never makes a visitor wait",
            "Nothing, if it is rare: the next request stores it. Often: memcached is too slow or too busy.",
        ),
        NotStored::ServerDown => (
            "its memcached failed a moment ago and is left alone for up to 5 seconds",
            "Ask again in a few seconds.",
        ),
        NotStored::ServerError => (
            "memcached refused it, or broke off",
            "Look at memcached: its memory, its -I and its connections.",
        ),
        NotStored::NoLongerCurrent => (
            "it was deleted or hidden while it was made, or the database did not confirm that it is still public",
            "Nothing, if it was deleted. Otherwise look at the database.",
        ),
        NotStored::InFlight => (
            "another request is storing the same file at this moment",
            "Ask again.",
        ),
        NotStored::Incomplete => ("its body broke off", "Look at the app's log."),
        NotStored::NoLifetime => (
            "it would live for less than a second",
            "Let its handler say a longer StoredFor, or none.",
        ),
        NotStored::Policy => (
            "its handler did not say that anybody may keep it",
            "If everybody may see it, the handler must say so: Policy::Purgeable below /i/, Policy::Immutable below /static/.",
        ),
        NotStored::PolicyDoesNotFitPath => (
            "its handler promised what is not of this path: for ever is for /static/, for a time for /i/",
            "Let path and policy agree.",
        ),
        NotStored::WrongType => (
            "its type is not that of its extension, by which nginx would send it, or is none that is stored",
            "Let extension and Content-Type agree; the table is accelerator::media.",
        ),
        NotStored::SetCookie => (
            "it sets a cookie, so it was made for one person",
            "Set no cookie with a file.",
        ),
        NotStored::Vary => (
            "it varies by more than its encoding",
            "Let its address say what it varies by.",
        ),
        NotStored::Encoded => (
            "it came encoded, and a hit could not say so",
            "Answer plain; the accelerator gzips texts itself.",
        ),
        NotStored::Disabled => (
            "this app process knows no memcached",
            "Tell it by --memcached.",
        ),
        NotStored::Method
        | NotStored::Status
        | NotStored::Authorization
        | NotStored::NotAddressable => (
            "it counted this answer as none of a plain GET with a 200",
            "Ask again.",
        ),
    };
    (why.to_owned(), advice)
}
