//! The stack: starts every program of the site as a child, watches over it, and stops it in order.
//!
//! It decides nothing: a [`Plan`] says what runs. In reading order: [`up`] is the whole story;
//! `keeper` keeps one child running, `health` says when to give up on one, `probe` asks whether it
//! answers, `child` starts and stops a process; `postgres`, `memcached`, `app`, `fcgiwrap` and `nginx` say
//! how each program is run; `watch` passes on what nginx tells whoever
//! watches; `room` looks after the room on the disk; `rights` does what has to be done in folders of the children's user; `state` knows what lies where, `record` what runs, `place` what proves that it is of this directory,
//! and `left_over` ends what a kill -9 of the supervisor left.
//!
//! Invariants. A child is ready when it *answers*. Every child is stopped in its own way, with a
//! time-out, then killed, and always reaped. A child never outlives us: the kernel stops it when
//! we are killed, and the next start makes sure. A process or a folder of sockets is ended or removed
//! only if the kernel shows that it belongs to this state directory, or lets us not look at a process that the record
//! of this directory names.

mod account;
mod app;
mod budget;
mod child;
mod fcgiwrap;
mod flood;
mod follow;
mod health;
mod keeper;
mod left_over;
mod memcached;
mod moved;
mod nginx;
mod output;
mod pairs;
mod place;
mod plan;
mod port;
mod postgres;
mod private;
mod probe;
mod process;
mod programs;
mod record;
mod rights;
mod room;
mod spare;
mod state;
mod status;
mod stop;
mod up;
mod watch;

pub use plan::{HeldSetting, Plan};
pub use process::is_ignored;
pub use record::Running;
pub use state::StateDir;
pub use status::describe;
pub use stop::{Stopped, reset, stop};
pub use up::up;
