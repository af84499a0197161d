//! The accelerator against the real nginx and the real memcached, each test with its own.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper of a test fails its test, and prints its seed"
)]

mod coherence;
mod equality;
mod faults;
mod fence;
mod front;
mod http;
mod keys;
mod liar;
mod lies_to_nginx;
mod lies_to_writer;
mod limits;
mod lost;
mod memcached;
mod mirror;
mod pipeline;
mod properties;
mod rollout;
mod site;
mod stack;
mod stampede;
mod targets;
mod traps;
