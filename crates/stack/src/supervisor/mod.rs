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

mod app;
mod binaries;
mod budget;
mod child;
mod child_log;
mod demo_logins;
mod dir_identity;
mod disk_space;
mod fcgiwrap;
mod health;
mod leftovers;
mod log_throttle;
mod memcached;
mod nginx;
mod output;
mod ownership;
mod plan;
mod port;
mod postgres;
mod privileges;
mod probe;
mod process;
mod relocation;
mod replace_file;
mod request_log;
mod run_file;
mod shared_socket;
mod socket_dir;
mod state;
mod status;
mod stop;
mod supervise;
mod unix_user;
mod up;

pub use plan::{HeldSetting, Plan};
pub use process::is_ignored;
pub use run_file::Running;
pub use state::StateDir;
pub use status::describe;
pub use stop::{Stopped, reset, stop};
pub use up::up;
