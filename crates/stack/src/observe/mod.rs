//! Observes running processes from outside: memcached's counters and items, CPU time from `/proc`.

pub mod cpu;
pub mod memcached;
