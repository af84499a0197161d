//! What runs behind the pages: deliver the outbox, fold counters, sweep, draw ahead.

pub mod outbox;
mod rounds;
mod warm_up;

pub use rounds::{Rounds, run, write_views};
pub use warm_up::warm_up;
