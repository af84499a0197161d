//! The accelerator against the real nginx and the real memcached, each test with its own.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails its test")]

mod coherence;
mod equality;
mod faults;
mod front;
mod http;
mod keys;
mod site;
mod stack;
mod stampede;
