//! The generator against scripted servers: each sends exactly the bytes of its test, and stops the run
//! after enough requests.

#![expect(clippy::unwrap_used, reason = "a broken test setup may panic")]

mod browsing;
mod command;
mod failures;
mod files;
mod judging;
mod pacing;
mod protocol;
mod returning;
mod server;
mod visitors;
