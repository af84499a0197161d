//! Looking at running programs from outside: memcached's counters and items, CPU time by `/proc`.

pub mod cpu;
pub mod memcached;
