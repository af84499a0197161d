//! The generator against scripted servers: each answers exactly what its test
//! wrote, and says when it has seen enough.

mod browsing;
mod command;
mod failures;
mod protocol;
mod server;
