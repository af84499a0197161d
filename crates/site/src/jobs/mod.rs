//! Jobs at start-up and in the background: deliver the outbox, fold counters, sweep, warm up.

mod connections;
pub mod outbox;
mod pending;
mod schedule;
mod warm_up;

pub use connections::open_first as open_first_connection;
pub use outbox::Delivery;
pub use pending::deliver_pending;
pub use schedule::{Schedule, run, sweep, write_views};
pub use warm_up::warm_up;
