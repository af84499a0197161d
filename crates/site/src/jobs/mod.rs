//! What runs before and behind the pages: deliver the outbox, bring the files, fold counters, sweep,
//! draw ahead.

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
