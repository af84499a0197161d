//! The supervisor: starts every process of the site, restarts those that fail, and stops them in order.
//!
//! A [`Plan`] decides what runs. In reading order: [`up`] runs one site from start to stop; `supervise` keeps one
//! child running, `probe` checks whether it answers, `health` decides when to replace it, `child` starts and stops a
//! process; `postgres`, `memcached`, `app`, `fcgiwrap` and `nginx` define how each program runs; `request_log`
//! forwards the requests that nginx reports; `disk_space` keeps space for a full disk; `privileges` works in folders
//! of the children's user; `state` defines the state directory, `run_file` records what runs, `ownership` proves that
//! a process belongs to this directory, and `leftovers` stops what a killed supervisor left running.
//!
//! Invariants. A child is ready when it *answers*. Every child is stopped by its own signals with timeouts, then
//! killed, and always reaped. A child never outlives the supervisor: the kernel stops it when the supervisor is
//! killed, and the next start verifies that. A process is ended, or a folder of sockets removed, only if the kernel
//! shows that it belongs to this state directory, or if the kernel hides a process that this directory's run file
//! names.

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
