//! Tools for a cache whose hits the application never sees: they combine what nginx, memcached and the app
//! processes report.
//!
//! [`explain`] says why one URL is or is not cached, [`stat`] what each server and all app processes have
//! counted. [`top`], [`hist`] and [`log`] show requests as nginx reports them while one of these runs: [`watch`]
//! receives the lines, [`request`] parses one. [`Site`] has the addresses of all programs, [`target`] parses the URL.

pub mod explain;
pub mod hist;
mod http;
pub mod log;
mod metrics;
pub mod request;
pub mod screen;
mod site;
pub mod stat;
pub mod target;
pub mod top;
pub mod watch;
mod words;

pub use site::Site;
pub use words::grouped;
