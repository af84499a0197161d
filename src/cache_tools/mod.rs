//! Tools for a cache whose hits the application never sees: what nginx, memcached and the app processes
//! know, put together for a person.
//!
//! [`explain`] says why one URL is or is not cached, [`stat`] what each server and all app processes have
//! counted. [`top`], [`hist`] and [`log`] tell what visitors ask for, as nginx says it while somebody
//! watches: [`watch`] listens, [`request`] reads one line. [`Site`] is where everybody is, [`target`] what a person typed.

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
pub(crate) use words::grouped;
