//! The accelerator against the real nginx and the real memcached, each test with its own.

mod coherence;
mod equality;
mod faults;
mod front;
mod http;
mod keys;
mod site;
mod stack;
