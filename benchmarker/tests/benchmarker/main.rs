//! The generator against scripted servers: each answers exactly what its test
//! wrote, and says when it has seen enough.

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
